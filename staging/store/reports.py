"""What a report of costs says: of days, models, projects, people, room types, arms and reasons."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from staging.store.tables import MICRODOLLAR

_ZERO = Decimal("0.000000")


@dataclass(frozen=True, slots=True)
class CostFilter:
    """What a report is narrowed down to; None is all."""

    model: str | None = None
    project: str | None = None
    """'' is what belongs to no project."""
    person: str | None = None

    @property
    def chosen(self) -> dict[str, str]:
        """The dimensions that are narrowed down, with their values."""
        known = {"model": self.model, "project": self.project, "person": self.person}
        return {name: value for name, value in known.items() if value is not None}


@dataclass(frozen=True, slots=True)
class CostRow:
    """What one model, project, person, room type, arm or day came to."""

    key: str
    """The model's id, the project's or person's name, ..., or the day as 2026-11-22."""
    predictions: int = 0
    """Those that have ended."""
    accepted: int = 0
    rejected: int = 0
    undecided: int = 0
    failed: int = 0
    canceled: int = 0
    unknown: int = 0
    """Nobody can say whether the provider ran them: charged at full price until settled."""
    retries: int = 0
    """How many of the predictions were made again for another one."""
    cost_usd: Decimal = _ZERO
    """The known costs, of successes and failures alike: as settled, else as reckoned."""
    settled: int = 0
    """How many of the predictions were settled by the provider's bill or a person."""
    settled_usd: Decimal = _ZERO
    """The part of `cost_usd` that was settled; the rest is an estimate with its basis."""
    unknown_charges: int = 0
    """How many predictions cost nobody knows what: not in `cost_usd`."""
    held_usd: Decimal = _ZERO
    """What was reserved for those: it goes on counting against budgets, and is not in `cost_usd`."""
    rejected_usd: Decimal = _ZERO
    """The part of `cost_usd` that went into rejected outputs."""
    lost_usd: Decimal = _ZERO
    """The part of `cost_usd` that went into what failed, was cancelled or is unknown."""

    @property
    def succeeded(self) -> int:
        """How many brought a picture."""
        return self.accepted + self.rejected + self.undecided

    @property
    def usd_per_accepted(self) -> Decimal | None:
        """All known costs, rejected, failed and repeated ones too, over the accepted outputs; None without any."""
        if not self.accepted:
            return None
        return (self.cost_usd / self.accepted).quantize(MICRODOLLAR, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Waste:
    """What went into outputs that nobody took, for one reason."""

    outcome: str
    """"failed" or "rejected"."""
    reason: str
    """The kind of failure, or the reasons of the rejection joined by " + "."""
    predictions: int
    cost_usd: Decimal
    unknown_charges: int


@dataclass(frozen=True, slots=True)
class RunTimes:
    """How long successes of a model ran, by the provider's clock; right to one per cent."""

    model: str
    runs: int
    p50_seconds: float
    p95_seconds: float


class DayOfModel(NamedTuple):
    """What was spent on one model on one day, or in one month: in reports of more than 100 days."""

    day: date
    """The first one of a month."""
    model: str
    """Its id; empty for all models but the six dearest, added up."""
    cost_usd: Decimal


class UnderWay(NamedTuple):
    """What has not ended: in no sum yet."""

    predictions: int
    reserved_usd: Decimal
    """The most that it may cost, as far as something was reserved."""
    unreserved: int
    """How many of the predictions have nothing reserved: their price is not known."""


@dataclass(frozen=True, slots=True)
class CostReport:
    """What was spent on some days. Each list of rows adds up to `total`, to the last digit."""

    first: date
    last: date
    total: CostRow
    before: CostRow
    """The total of as many days right before these."""
    by_model: tuple[CostRow, ...]
    by_project: tuple[CostRow, ...]
    by_person: tuple[CostRow, ...]
    by_room_type: tuple[CostRow, ...]
    by_arm: tuple[CostRow, ...]
    by_day: tuple[CostRow, ...]
    """Only days that something ended on, in order of time; the other lists start with the dearest."""
    by_day_and_model: tuple[DayOfModel, ...]
    """In order of time. It adds up to `total` too."""
    waste: tuple[Waste, ...]
    """The dearest first."""
    run_times: tuple[RunTimes, ...]
    """By model, of all projects and people: a filter by those does not narrow them."""
