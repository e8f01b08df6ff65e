"""Where prices were read, and the short ways to write one down.

The provider publishes prices on its pages only, so each was read from somebody's copy: the source and
the day of that copy stand beside every figure (2026-11-01 for copies without a day: the month they were
read). A price nobody published is unknown, with the reason.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from staging.registry import Price


@dataclass(frozen=True, slots=True)
class PriceSource:
    """Who published a figure, and the day of the copy that was read."""

    name: str
    dated: date


ARENA = PriceSource("Replicate's own replicate/image-editing-arena, constants.ts", date(2026, 3, 18))
"""Replicate's repository; its figures may be rounded, or those of a typical run."""
PUTER = PriceSource("HeyPuter/puter, its Replicate models.ts, tested there with a real key", date(2026, 8, 21))
DAIKINA = PriceSource("the price list in vecna/daikina", date(2025, 11, 27))
OPENAI_HK = PriceSource("an undated price list of openai-hk", date(2026, 11, 1))
TEST_LOG = PriceSource("one undated third-party test log", date(2026, 11, 1))
THIRD_PARTY = PriceSource("one undated third-party note", date(2026, 11, 1))
MODEL_PAGE = PriceSource("the model's page on replicate.com", date(2026, 11, 1))
NOWHERE = PriceSource("no published price found", date(2026, 11, 1))
OFFLINE = PriceSource("offline", date(2026, 11, 1))


def per_image(usd: str, source: PriceSource, note: str = "") -> Price:
    """Return a price for each picture that comes out."""
    return Price(usd_per_image=Decimal(usd), source=source.name, dated=source.dated, note=note)


def per_megapixel(usd: str, source: PriceSource, *, usd_per_run: str | None = None, note: str = "") -> Price:
    """Return a price for each started megapixel, in and out alike, on top of what a run costs."""
    return Price(
        usd_per_run=None if usd_per_run is None else Decimal(usd_per_run),
        usd_per_megapixel_in=Decimal(usd),
        usd_per_megapixel_out=Decimal(usd),
        source=source.name,
        dated=source.dated,
        note=note,
    )


def per_second(hardware: str, source: PriceSource, note: str = "") -> Price:
    """Return a price for each second of that hardware, at the rate of the one table of rates (data/hardware.toml)."""
    return Price(hardware=hardware, source=source.name, dated=source.dated, note=note)


def unknown(reason: str) -> Price:
    """Return a price that is not known, and why: it is shown as unknown and never counted as 0."""
    return Price(source=NOWHERE.name, dated=NOWHERE.dated, note=reason)
