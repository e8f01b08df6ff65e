"""What the provider's hardware costs by the second: one table, shipped in data/hardware.toml, edited in the app."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, TypeAdapter, ValidationError

from staging.errors import PricesRefused, SettingsRefused
from staging.registry import Price
from staging.store import Document, DocumentLedger

KIND = "hardware rates"
NAME = "hardware rates"
MOST_USD = Decimal(1_000)
"""For one run, image, second or megapixel: beyond it somebody has slipped."""
Rate = Annotated[Decimal, Field(ge=0, le=MOST_USD, decimal_places=9)]
Line = Annotated[
    str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True, pattern=r"^[^\x00-\x1f]+$")
]
Note = Annotated[str, StringConstraints(max_length=500, strip_whitespace=True, pattern=r"^[^\x00-\x1f]*$")]
Sku = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,59}$")]


class HardwareRate(BaseModel):
    """What a second of one hardware costs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sku: Sku
    """The provider's own name for it, by which prices name it."""
    name: Line
    """As people say it."""
    usd_per_second: Rate
    source: Line
    dated: date
    """When the source was read."""
    note: Note = ""


_RATES = TypeAdapter(tuple[HardwareRate, ...])


@dataclass(frozen=True, slots=True)
class HardwareTable:
    """The rates as they are now."""

    version: int
    """Of the document; -1 while nobody has edited the shipped table."""
    rates: Mapping[str, HardwareRate]
    """By sku, in the table's order; none when this release cannot read what people wrote."""
    fault: str = ""
    """Why it cannot."""

    def rated(self, price: Price) -> Price:
        """Return the price with the table's rate where it names hardware and has none of its own.

        Unknown as a whole when the table does not know that hardware: a sum without one of its parts
        would be too low.
        """
        if price.hardware is None or price.usd_per_second is not None:
            return price
        rate = self.rates.get(price.hardware)
        if rate is None:
            note = f"The hardware table has no rate for {price.hardware}. {price.note}".strip()
            return Price(hardware=price.hardware, source=price.source, dated=price.dated, note=note)
        source = f"{price.source}; rate of {rate.sku}: {rate.source}, {rate.dated}"
        return price.model_copy(update={"usd_per_second": rate.usd_per_second, "source": source})


class HardwareRates:
    """The one table of hardware rates, every version kept. Every method may be called from any thread."""

    def __init__(self, documents: DocumentLedger, shipped: Mapping[str, HardwareRate]) -> None:
        self._documents = documents
        self._shipped = shipped

    def table(self) -> HardwareTable:
        """Return the rates that hold now: the shipped ones and, over them, those that people wrote."""
        for document in self._documents.list(KIND):
            if document.name == NAME:
                try:
                    written = {rate.sku: rate for rate in _RATES.validate_python(document.body)}
                except ValidationError as error:
                    return HardwareTable(document.version, {}, f"This release cannot read the rates: {fault_in(error)}")
                return HardwareTable(document.version, {**self._shipped, **written})
        return HardwareTable(-1, self._shipped)

    def history(self) -> list[Document]:
        """Return every version of what people wrote, the newest first."""
        return self._documents.versions(KIND, NAME)

    def keep(self, values: Mapping[str, object], by: str, at: datetime, *, note: str, follows: int) -> HardwareTable:
        """Keep one hardware's rate, new or over the one it had; predictions asked for keep the old one.

        PricesRefused says what is wrong with it, EditedMeanwhile that somebody has edited the table since.
        """
        try:
            rate = HardwareRate.model_validate(dict(values))
        except ValidationError as error:
            raise PricesRefused(f"The rate cannot be kept: {fault_in(error)}") from None
        own = {sku: one for sku, one in self.table().rates.items() if one != self._shipped.get(sku)}
        body: JsonValue = _RATES.dump_python((*(own | {rate.sku: rate}).values(),), mode="json")
        self._documents.write(KIND, NAME, body, by, at, note=note.strip(), follows=follows)
        return self.table()


def read_rates(path: Path) -> dict[str, HardwareRate]:
    """Return the shipped rates by sku; SettingsRefused says what is wrong in the file."""
    try:
        file = tomllib.loads(path.read_text(encoding="utf-8"))
        usual = {name: file[name] for name in ("source", "dated")}
        rates = _RATES.validate_python([usual | one for one in file["hardware"]])
    except OSError as error:
        raise SettingsRefused(f"The hardware rates in {path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        raise SettingsRefused(f"The hardware rates in {path} cannot be used: {fault_in(error)}") from None
    except (ValueError, KeyError, TypeError) as error:  # not TOML, not UTF-8, or no table
        raise SettingsRefused(f"The hardware rates in {path} cannot be used: {error!r}.") from None
    return {rate.sku: rate for rate in rates}


def fault_in(error: ValidationError) -> str:
    """Return the first fault as a sentence: where it is and what is wrong there."""
    fault = error.errors()[0]
    place = ".".join(str(part) for part in fault["loc"])
    said = str(fault["ctx"]["error"]) if "error" in fault.get("ctx", {}) else fault["msg"]
    said = said[:1].lower() + said[1:]
    return f"{place}: {said}." if place else f"{said}."
