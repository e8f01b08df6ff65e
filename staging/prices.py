"""The price book: what each model costs from which day on, by which source, and who said so.

The shipped price of the registry holds until the first day of an entry that somebody wrote. A prediction
copies its price when it is asked for, so no entry ever changes what was asked for before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Self

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError, model_validator

from staging.errors import NotFound, ParametersRefused, PricesRefused
from staging.prices_rates import (
    MOST_USD,
    HardwareRate,
    HardwareRates,
    HardwareTable,
    Line,
    Note,
    Rate,
    Sku,
    fault_in,
    read_rates,
)
from staging.registry import ModelRegistry, ModelSpec, Price
from staging.store import Document, Store

__all__ = [
    "KIND",
    "MOST_USD",
    "Entry",
    "HardwareRate",
    "HardwareTable",
    "PriceBook",
    "PriceCard",
    "fault_in",
    "read_rates",
]

KIND = "price"
MOST_ENTRIES = 200
FIRST_DAY, LAST_DAY = date(2020, 1, 1), date(2100, 1, 1)
OFFLINE = "offline"


class _Checked(BaseModel):
    """A price as people may write it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    usd_per_run: Rate | None = None
    usd_per_image: Rate | None = None
    usd_per_second: Rate | None = None
    usd_per_megapixel_in: Rate | None = None
    usd_per_megapixel_out: Rate | None = None
    hardware: Sku | None = None
    source: Line
    dated: date
    note: Note = ""

    @model_validator(mode="after")
    def _seconds_are_of_something(self) -> Self:
        if self.usd_per_second is not None and self.hardware is None:
            raise ValueError("a price by the second names its hardware")
        return self


class Entry(BaseModel):
    """One price and the day from which it holds, in the lab's time zone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: date
    price: Price
    set_by: str
    set_at: datetime


class _Body(BaseModel):
    """A price document: what people wrote about one model's price."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entries: tuple[Entry, ...] = ()
    worst_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PriceCard:
    """All that the book says of one model."""

    spec: ModelSpec
    version: int
    """Of the document; -1 while nobody has written one."""
    entries: tuple[Entry, ...]
    """Those that people wrote, by their first day."""
    worst_usd: Decimal | None
    """The most that a run is declared to cost; None when nobody declared it."""
    table: HardwareTable
    fault: Price | None = None
    """The unknown price that holds because this release cannot read what people wrote; None when it can."""

    def in_force(self, on: date) -> Entry | None:
        """Return the entry that holds on that day; None is the shipped price."""
        begun = [entry for entry in self.entries if entry.since <= on]
        return begun[-1] if begun else None

    def price(self, on: date) -> Price:
        """Return what a run costs on that day, with the hardware table's rate where it has none of its own."""
        if self.fault is not None:
            return self.fault
        entry = self.in_force(on)
        return self.table.rated(self.spec.price if entry is None else entry.price)


class PriceBook:
    """The prices of all models. Every method may be called from any thread."""

    def __init__(self, registry: ModelRegistry, store: Store, shipped_rates: Mapping[str, HardwareRate]) -> None:
        self._registry = registry
        self._documents = store.documents
        self._today = store.costs.today
        self.hardware = HardwareRates(store.documents, shipped_rates)

    def today(self) -> date:
        """Return the day it is in the lab's time zone: prices begin with a day of it."""
        return self._today()

    def price(self, model: str, on: date) -> Price:
        """Return the price that holds on that day; UnknownModel when no such model is registered."""
        return self.card(model).price(on)

    def worst_usd(self, model: str) -> Decimal | None:
        """Return the most that a run of the model is declared to cost; None when nobody declared it."""
        return self.card(model).worst_usd

    def card(self, model: str) -> PriceCard:
        """Return what the book says of the model; UnknownModel when no such model is registered."""
        spec = self._registry.get(model)
        try:
            written = self._documents.get(KIND, spec.id.value)
        except NotFound:
            written = None
        return _card(spec, written, self.hardware.table())

    def cards(self) -> list[PriceCard]:
        """Return what the book says of every model, judges too, in the registry's order."""
        written = {document.name: document for document in self._documents.list(KIND)}
        table = self.hardware.table()
        return [_card(spec, written.get(spec.id.value), table) for spec in self._registry.every()]

    def present(self) -> Mapping[str, Price]:
        """Return today's price of every model, by its id."""
        today = self.today()
        return {card.spec.id.value: card.price(today) for card in self.cards()}

    def history(self, model: str) -> list[Document]:
        """Return every version of what people wrote about the model's price, the newest first."""
        return self._documents.versions(KIND, self._registry.get(model).id.value)

    def add(
        self, model: str, since: date, price: Mapping[str, object], by: str, at: datetime, *, note: str, follows: int
    ) -> PriceCard:
        """The model costs this from that day on; return its card.

        A day that is over or today: from now on. PricesRefused says what is wrong, EditedMeanwhile that
        somebody has written since `follows`.
        """
        card = self.card(model)
        wanted = [*((entry.since, entry.price) for entry in card.entries), (since, checked(price))]
        return self._write(card, wanted, card.worst_usd, by, at, note, follows)

    def take_back(self, model: str, entry: Entry, by: str, at: datetime, *, note: str, follows: int) -> PriceCard:
        """The entry will never hold; PricesRefused when it has begun already, EditedMeanwhile as of `add`."""
        card = self.card(model)
        kept = [(one.since, one.price) for one in card.entries if one != entry]
        return self._write(card, kept, card.worst_usd, by, at, note, follows)

    def declare_worst(
        self, model: str, usd: Decimal | None, by: str, at: datetime, *, note: str, follows: int
    ) -> PriceCard:
        """The most that a run costs is declared, or with None no longer; errors as of `add`."""
        card = self.card(model)
        return self._write(card, [(entry.since, entry.price) for entry in card.entries], usd, by, at, note, follows)

    def replace(
        self,
        model: str,
        entries: Sequence[tuple[date, Mapping[str, object]]],
        worst_usd: Decimal | None,
        by: str,
        at: datetime,
        *,
        note: str,
        follows: int,
    ) -> PriceCard:
        """All that people say of the model's price is this; entries that have begun must be among it, unchanged.

        Errors as of `add`.
        """
        wanted = [(since, checked(price)) for since, price in entries]
        return self._write(self.card(model), wanted, worst_usd, by, at, note, follows)

    def _write(
        self,
        card: PriceCard,
        wanted: Sequence[tuple[date, Price]],
        worst_usd: Decimal | None,
        by: str,
        at: datetime,
        note: str,
        follows: int,
    ) -> PriceCard:
        if card.spec.provider == OFFLINE:
            raise PricesRefused(f"{card.spec.name} runs on this machine for nothing: it has no price to set.")
        if worst_usd is not None and not (worst_usd.is_finite() and 0 < worst_usd <= MOST_USD):
            raise PricesRefused(f"The worst price is more than $0 and at most ${MOST_USD:,}, not {worst_usd}.")
        if len(note) > 500:
            raise PricesRefused(f"A note has at most 500 characters; this one has {len(note)}.")
        entries = _entries(card, wanted, self.today(), by, at)
        body: JsonValue = _Body(entries=entries, worst_usd=worst_usd).model_dump(mode="json")
        document = self._documents.write(
            KIND, card.spec.id.value, body, by, at, note=" ".join(note.split()), follows=follows
        )
        return _card(card.spec, document, card.table)


def checked(price: Mapping[str, object]) -> Price:
    """Return the price; PricesRefused says what is wrong with it."""
    try:
        return Price(**_Checked.model_validate(dict(price)).model_dump())
    except ValidationError as error:
        raise PricesRefused(f"The price cannot be kept: {fault_in(error)}") from None


def _entries(
    card: PriceCard, wanted: Sequence[tuple[date, Price]], today: date, by: str, at: datetime
) -> tuple[Entry, ...]:
    """Return the entries by their first day: those known keep who set them and when."""
    if len(wanted) > MOST_ENTRIES:
        raise PricesRefused(f"A model has at most {MOST_ENTRIES} entries; these are {len(wanted)}.")
    known = list(card.entries)
    entries: list[Entry] = []
    for since, price in wanted:
        if not FIRST_DAY <= since < LAST_DAY:
            raise PricesRefused(f"A price begins between {FIRST_DAY} and {LAST_DAY}, not on {since}.")
        old = next((entry for entry in known if (entry.since, entry.price) == (since, price)), None)
        if old is not None:
            known.remove(old)
        entries.append(old or Entry(since=since, price=price, set_by=by, set_at=at))
    if begun := [entry for entry in known if entry.since <= today]:
        raise PricesRefused(
            f"The entry of {begun[0].since} has begun, and what has begun stays in the book. Add one that takes "
            "its place."
        )
    # Of two with one first day the later written one holds.
    return tuple(sorted(entries, key=lambda entry: (entry.since, entry.set_at)))


def _card(spec: ModelSpec, written: Document | None, table: HardwareTable) -> PriceCard:
    if written is None:
        return PriceCard(spec, -1, (), None, table)
    try:
        body = _Body.model_validate(written.body)
    except ValidationError as error:
        note = f"This release cannot read version {written.version} of the price: {fault_in(error)} Write it anew."
        fault = Price(source="the price book", dated=written.written_at.date(), note=note)
        return PriceCard(spec, written.version, (), None, table, fault)
    return PriceCard(spec, written.version, body.entries, body.worst_usd, table)


def worst_of(highest_usd: Decimal | None, declared_usd: Decimal | None) -> Decimal | None:
    """Return the most that a run may cost: as reckoned or as declared, whichever is more; None when nobody knows."""
    return max((usd for usd in (highest_usd, declared_usd) if usd is not None), default=None)


def usd(text: str, what: str) -> Decimal:
    """Return the amount that somebody typed; ParametersRefused when it is none."""
    try:
        amount = Decimal(text.strip().removeprefix("$"))
    except ArithmeticError:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise ParametersRefused(f"{what}: write dollars as 0.04, not {text.strip()[:40]!r}.")
    return amount
