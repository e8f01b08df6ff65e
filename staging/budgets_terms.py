"""A budget, how it stands, and how it would stand with a run."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from staging.periods import Period, begins_anew

THRESHOLDS = (50, 80, 95, 100)


class Scope(StrEnum):
    """What a budget is for."""

    ALL = "all"
    MODEL = "model"
    PROJECT = "project"
    PERSON = "person"
    """Who asked for it."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent on something in each of its periods."""

    name: str
    scope: Scope
    key: str
    """The model's id, or the project's or person's name; '' for all, and for what belongs to no project."""
    period: Period
    limit_usd: Decimal
    hard: bool
    """True: what could go above the limit is not started. False: it is started, and told."""
    thresholds: tuple[int, ...] = THRESHOLDS
    """Per cent of the limit at which somebody is told, in rising order."""

    def takes(self, one: "Wanted") -> bool:
        """True when the prediction would count against it."""
        match self.scope:
            case Scope.ALL:
                return True
            case Scope.MODEL:
                return one.model == self.key
            case Scope.PROJECT:
                return one.project == self.key
            case Scope.PERSON:
                return one.person == self.key

    @property
    def about(self) -> str:
        """What it is for: "everything, a month"."""
        things = {
            Scope.ALL: "everything",
            Scope.PROJECT: f"the project {self.key}" if self.key else "what belongs to no project",
        }
        thing = things.get(self.scope, self.key)
        return f"{thing}, in total" if self.period is Period.TOTAL else f"{thing}, a {self.period}"


class Wanted(NamedTuple):
    """A prediction that is to be queued, as budgets see it."""

    prediction_id: str
    model: str
    project: str
    person: str
    usd: Decimal | None
    """The most that it may cost; None when nobody can say."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a budget stands in one of its periods."""

    budget: Budget
    first: date
    """The period's first day in the lab's time zone; `date.min` of a total."""
    last: date | None
    """Its last day; None of a total, which has no end."""
    period: str
    """"2026-11", "2026-W47", "2026-11-23" or "total"."""
    spent_usd: Decimal
    """The costs of what ended in the period, and what was reserved for those that nobody knows."""
    reserved_usd: Decimal
    """What is set aside for all that is under way."""

    @property
    def left_usd(self) -> Decimal:
        """The limit less what is spent and reserved; below 0 when the budget is overspent."""
        return self.budget.limit_usd - self.spent_usd - self.reserved_usd

    @property
    def share(self) -> Decimal:
        """What is spent and reserved, as a part of the limit: 1 is all of it."""
        return (self.spent_usd + self.reserved_usd) / self.budget.limit_usd


@dataclass(frozen=True, slots=True)
class Outlook:
    """How a budget would stand with a run that counts against it."""

    standing: Standing
    """Without the run."""
    wanted_usd: Decimal
    """What the run would reserve in it."""
    unpriced: tuple[str, ...]
    """The models of the run that nobody can say the most of: not in `wanted_usd`."""
    zone: str

    @property
    def left_usd(self) -> Decimal:
        """What would be left with the run."""
        return self.standing.left_usd - self.wanted_usd

    @property
    def objection(self) -> str:
        """Why the budget cannot take the run, as one sentence; empty when it can.

        A hard budget refuses the run then; a soft one lets it go beyond the limit.
        """
        budget = self.standing.budget
        if self.unpriced and budget.hard:
            models = ", ".join(self.unpriced)
            return (
                f"Nobody knows what {models} may cost, so the hard budget “{budget.name}” ({budget.about}) cannot "
                "hold: declare a worst price on the Prices page, or choose another model."
            )
        if self.left_usd >= 0:
            return ""
        left = self.standing.left_usd
        has = (
            f"has {exact_dollars(left)} of {exact_dollars(budget.limit_usd)} left"
            if left >= 0
            else (f"is overspent by {exact_dollars(-left)} of {exact_dollars(budget.limit_usd)}")
        )
        return (
            f"The {'hard' if budget.hard else 'soft'} budget “{budget.name}” ({budget.about}) {has} "
            f"{self._until()}, and this run may cost {exact_dollars(self.wanted_usd)} of it."
        )

    def _until(self) -> str:
        if self.standing.last is None:
            return "for good (raise it on the Budgets page to go on)"
        at = begins_anew(self.standing.last, self.zone)
        return f"until {at:%-d %B %Y, %H:%M} ({self.zone})"


@dataclass(frozen=True, slots=True)
class BudgetVersion:
    """What somebody wrote of a budget, once."""

    name: str
    version: int
    """Counts from 0."""
    budget: Budget | None
    """None: it was removed with this version, or cannot be read."""
    fault: str
    """Why this release cannot read it; empty where it can."""
    note: str
    written_at: datetime
    written_by: str


def exact_dollars(usd: Decimal) -> str:
    """Return "$1,200.00" or "$0.0385": two places, more where there are more."""
    places = max(2, -int(usd.normalize().as_tuple().exponent))
    return f"${usd:,.{places}f}"
