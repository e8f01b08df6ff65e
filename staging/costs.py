"""What a prediction costs: an estimate before, a charge after, both with their basis.

The provider reports no price, so a charge is the copied price times what the prediction reports,
and says so. Unknown is `None`, never 0. Amounts are US dollars, rounded to the ledger's six places.
Rules: facts of Replicate's billing pages, 2026-11 (docs/decisions/).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from pydantic import JsonValue

from staging.predictions import Output, State
from staging.providers.base import Snapshot, Stage
from staging.registry import OutputShape, Price

CENT_FRACTION = Decimal("0.000001")
MEGAPIXEL = 1_000_000


@dataclass(frozen=True, slots=True)
class Charge:
    """An amount with how it was reckoned; `usd` is None when nobody can say."""

    usd: Decimal | None
    basis: str
    inputs: Mapping[str, JsonValue] = field(default_factory=dict)
    """What the price was multiplied with, so that the amount can be reckoned again."""


@dataclass(frozen=True, slots=True)
class Quantities:
    """What one prediction used, as far as it is known."""

    images: int | None = None
    seconds: float | None = None
    megapixels_in: int | None = None
    """Billed by started megapixel."""
    megapixels_out: int | None = None


def megapixels(width: int, height: int) -> int:
    """Return the started megapixels of a picture: what is billed by the megapixel is rounded up."""
    return max(1, math.ceil(width * height / MEGAPIXEL))


def reckon(price: Price, used: Quantities, rule: str) -> Charge:
    """Return the sum of the price's parts; unknown when a part's quantity is not known."""
    if not price.known:
        return Charge(None, f"{rule}: price unknown ({price.source})")
    quantities = (1, used.images, used.seconds, used.megapixels_in, used.megapixels_out)
    parts = [
        (name, rate, quantity)
        for (name, rate), quantity in zip(_rates(price), quantities, strict=True)
        if rate is not None
    ]
    inputs: dict[str, JsonValue] = {name: quantity for name, _, quantity in parts}
    missing = [name for name, _, quantity in parts if quantity is None]
    if missing:
        return Charge(None, f"{rule}: how much per {missing[0]} was not reported", inputs)
    total = sum((rate * Decimal(str(quantity)) for _, rate, quantity in parts), Decimal(0))
    terms = " + ".join(f"{rate} × {quantity} {name}" for name, rate, quantity in parts)
    return Charge(total.quantize(CENT_FRACTION, ROUND_HALF_UP), f"{rule}: {terms} ({price.source})", inputs)


def reckon_again(price: Price, inputs: Mapping[str, JsonValue]) -> Decimal | None:
    """Return the amount of a charge with these inputs, none meaning nothing was charged.

    None when the inputs are not those of the price: the amount cannot be reckoned from them.
    """
    rates = {name: rate for name, rate in _rates(price) if rate is not None}
    if not inputs:
        return Decimal(0)
    if rates.keys() != inputs.keys() or any(not isinstance(quantity, int | float) for quantity in inputs.values()):
        return None
    total = sum((rate * Decimal(str(inputs[name])) for name, rate in rates.items()), Decimal(0))
    return total.quantize(CENT_FRACTION, ROUND_HALF_UP)


class Sizes(NamedTuple):
    """Width and height, in pixels, of what goes into a model and what to expect of it."""

    room: tuple[int, int]
    """As it is sent."""
    output: tuple[int, int]


def estimate(price: Price, *, sizes: Sizes, seconds: float | None) -> Charge:
    """Return what one image of this room will cost, as far as can be known before the run.

    `seconds` is the run time to expect of the model.
    """
    return reckon(price, full(Quantities(seconds=seconds), sizes), "estimate")


def charge(
    price: Price,
    snapshot: Snapshot,
    *,
    sizes: Sizes,
    outputs: tuple[Output, ...],
    shape: OutputShape,
) -> Charge:
    """Return what a prediction that ended with the provider is taken to have cost.

    Succeeded: the full price of what it reports. Aborted before it started: nothing. Failed or
    cancelled: time-priced models for the active seconds; models priced by output for nothing when
    they failed, and in full when they were cancelled while running.
    """
    if shape is OutputShape.PICTURE:
        return Charge(Decimal(0), "offline: made on this machine, not charged")
    metrics = snapshot.metrics
    images = _count(metrics.get("image_count")) or (len(outputs) or None)
    used = Quantities(
        images=images,
        seconds=_seconds(metrics.get("predict_time")),
        megapixels_in=megapixels(*sizes.room),
        megapixels_out=sum(megapixels(output.width, output.height) for output in outputs) or None,
    )
    match snapshot.stage:
        case Stage.ABORTED:
            return Charge(Decimal(0), "aborted before it started: not charged")
        case Stage.FAILED if price.known and price.usd_per_second is None:
            return Charge(Decimal(0), "failed: no output to charge for (not stated by the provider)")
        case Stage.FAILED:
            return reckon(price, used, "failed: active time is charged")
        case Stage.CANCELED:
            if snapshot.started_at is None and used.seconds is None:
                return Charge(Decimal(0), "cancelled before it started: not charged")
            return reckon(price, full(used, sizes), "cancelled while running: charged")
        case _ if shape is OutputShape.TEXT:
            return reckon(price, full(used, sizes), "a judgement, as priced")
        case _ if not outputs:
            # It ran and was billed, whatever became of its picture.
            return reckon(price, full(used, sizes), "succeeded without a picture for us: charged")
        case _:
            return reckon(price, used, "as reported")


def charge_unknown(price: Price, *, sizes: Sizes, seconds: float | None) -> Charge:
    """Return the full price of a prediction nobody can account for: counted until a person settles it."""
    return reckon(price, full(Quantities(seconds=seconds), sizes), "unknown outcome: full price until settled")


def not_created(state: State) -> Charge:
    """Return the charge of a prediction that never reached the provider."""
    return Charge(Decimal(0), f"{state}: never created with the provider")


def full(used: Quantities, sizes: Sizes) -> Quantities:
    """Return the quantities with what is missing filled in as for one whole output."""
    return Quantities(
        images=used.images or 1,
        seconds=used.seconds,
        megapixels_in=used.megapixels_in or megapixels(*sizes.room),
        megapixels_out=used.megapixels_out or megapixels(*sizes.output),
    )


def _rates(price: Price) -> tuple[tuple[str, Decimal | None], ...]:
    """Return the parts of a price by the name that a charge's basis and inputs give them."""
    return (
        ("run", price.usd_per_run),
        ("image", price.usd_per_image),
        (f"second of {price.hardware or 'its hardware'}", price.usd_per_second),
        ("megapixel in", price.usd_per_megapixel_in),
        ("megapixel out", price.usd_per_megapixel_out),
    )


def _count(value: JsonValue) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _seconds(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None
