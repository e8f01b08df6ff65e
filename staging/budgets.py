"""Budgets: what may be spent on what, in which time, and how much of it is left.

A budget is a document with all its versions. What counts against it are the costs of what ended in
its present period, and what is reserved for everything under way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from staging.errors import BudgetRefused
from staging.periods import Days, Period, days_of
from staging.registry import ModelRegistry
from staging.store import Document, Store
from staging.store.budgets import Cursor, counted

__all__ = [
    "LONGEST_KEY",
    "LONGEST_NAME",
    "MOST_USD",
    "Budget",
    "BudgetVersion",
    "Budgets",
    "Period",
    "Scope",
    "Standing",
]

KIND = "budget"
LONGEST_NAME = 60
LONGEST_KEY = 200
LONGEST_NOTE = 200
MOST_USD = Decimal(1_000_000)
MOST_THRESHOLDS = 10
THRESHOLDS = (50, 80, 95, 100)


class Scope(StrEnum):
    """What a budget is for."""

    ALL = "all"
    MODEL = "model"
    PROJECT = "project"
    PERSON = "person"


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


class _Body(BaseModel):
    """A budget as it is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scope: Scope
    key: Annotated[str, Field(max_length=LONGEST_KEY)]
    period: Period
    limit_usd: Annotated[Decimal, Field(gt=0, le=MOST_USD, max_digits=18, decimal_places=6)]
    hard: bool
    thresholds: Annotated[tuple[Annotated[int, Field(ge=1, le=1000)], ...], Field(max_length=MOST_THRESHOLDS)]


_FAULTS = {
    "scope": "A budget is for all, or for one model, project or person.",
    "key": f"What a budget is for has at most {LONGEST_KEY} characters.",
    "period": "A budget is for a day, a week, a month or in total.",
    "limit_usd": f"The limit is an amount above $0 and at most ${MOST_USD:,}, with at most 6 decimal places.",
    "hard": "A budget is hard or soft.",
    "thresholds": f"Thresholds are whole per cents from 1 to 1000, at most {MOST_THRESHOLDS} of them.",
}


def _now() -> datetime:
    return datetime.now(UTC)


class Budgets:
    """The budgets. Every method may be called from any thread."""

    def __init__(self, store: Store, registry: ModelRegistry, clock: Callable[[], datetime] = _now) -> None:
        self._store = store
        self._registry = registry
        self._clock = clock

    @property
    def zone(self) -> str:
        """The IANA name of the time zone whose days, weeks and months count."""
        return self._store.costs.zone

    def today(self) -> date:
        """Return the day it is in that zone."""
        return self._clock().astimezone(ZoneInfo(self.zone)).date()

    def list(self) -> tuple[Budget, ...]:
        """Return the budgets by name; BudgetRefused when one of them cannot be read."""
        return tuple(_read(document) for document in self._store.documents.list(KIND))

    def save(self, budget: Budget, by: str, at: datetime, *, note: str = "", follows: int | None = None) -> None:
        """Keep the budget under its name.

        `follows` is the version that was edited: EditedMeanwhile when somebody has written another one
        since. None is for a new one. BudgetRefused says what makes no sense, or that the name is taken.
        """
        name, body = _checked(budget, self._registry)
        documents = self._store.documents
        if follows is None:
            before = documents.versions(KIND, name)
            if before and before[0].body is not None:
                raise BudgetRefused(f"There is a budget called “{name}” already: edit it, or choose another name.")
            follows = before[0].version if before else -1
        documents.write(KIND, name, body.model_dump(mode="json"), by, at, note=_note(note), follows=follows)

    def remove(self, name: str, by: str, at: datetime, *, note: str = "", follows: int | None = None) -> None:
        """Take the budget away; its versions stay. NotFound, or EditedMeanwhile as of `save`."""
        documents = self._store.documents
        if follows is None:
            follows = documents.get(KIND, name).version
        documents.write(KIND, name, None, by, at, note=_note(note), follows=follows)

    def history(self) -> tuple[BudgetVersion, ...]:
        """Return every version of every budget, the newest first."""
        versions = [_version(document) for document in self._store.documents.every_version(KIND)]
        return tuple(sorted(versions, key=lambda one: (one.written_at, one.name, one.version), reverse=True))

    def standings(self, today: date | None = None) -> tuple[Standing, ...]:
        """Return how each budget stands in its period that the day lies in, by name.

        Reservations are those of now, whichever day is asked for.
        """
        day = today or self.today()
        budgets = self.list()
        with self._store.ledger.reading() as cursor:
            return tuple(standing(cursor, budget, self.zone, day) for budget in budgets)


def standing(cursor: Cursor, budget: Budget, zone: str, day: date) -> Standing:
    """Return how the budget stands in its period that the day lies in, as the transaction sees it."""
    days: Days = days_of(budget.period, day)
    dimension = "" if budget.scope is Scope.ALL else budget.scope.value
    counts = counted(cursor, zone, days.first, days.last or day, dimension, budget.key)
    return Standing(budget, days.first, days.last, days.name, counts.spent_usd, counts.reserved_usd)


def _checked(budget: Budget, registry: ModelRegistry) -> tuple[str, _Body]:
    """Return the budget's name and what is kept of it; BudgetRefused says what makes no sense."""
    name = " ".join(budget.name.split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise BudgetRefused(f"The name of a budget has 1 to {LONGEST_NAME} printable characters.")
    key = budget.key.strip()
    if budget.scope is Scope.ALL and key:
        raise BudgetRefused(f"A budget for all is for no single thing: leave out “{key}”, or choose what it is for.")
    if budget.scope in (Scope.MODEL, Scope.PERSON) and not key:
        raise BudgetRefused(f"Say which {budget.scope} the budget is for.")
    if budget.scope is Scope.MODEL and not registry.exists(key):
        raise BudgetRefused(f"No model is called {key!r}: choose one of those on the Models page.")
    body = _body(
        {
            "scope": budget.scope,
            "key": key,
            "period": budget.period,
            "limit_usd": budget.limit_usd,
            "hard": budget.hard,
            "thresholds": tuple(sorted(set(budget.thresholds))),
        }
    )
    return name, body


def _body(values: object) -> _Body:
    try:
        return _Body.model_validate(values)
    except ValidationError as error:
        place = error.errors()[0]["loc"]
        raise BudgetRefused(_FAULTS.get(str(place[0]) if place else "", "That is no budget.")) from None


def _note(note: str) -> str:
    note = " ".join(note.split())
    if len(note) > LONGEST_NOTE:
        raise BudgetRefused(f"A note has at most {LONGEST_NOTE} characters; this one has {len(note)}.")
    return note


def _read(document: Document) -> Budget:
    """Return the budget; BudgetRefused when this release cannot read it."""
    try:
        body = _body(document.body)
    except BudgetRefused as error:
        raise BudgetRefused(
            f"The budget “{document.name}” cannot be read by this release, and nothing runs until it is removed on "
            f"the Budgets page. {error}"
        ) from None
    return Budget(document.name, **{name: getattr(body, name) for name in _Body.model_fields})


def _version(document: Document) -> BudgetVersion:
    budget, fault = None, ""
    if document.body is not None:
        try:
            budget = _read(document)
        except BudgetRefused as error:
            fault = str(error)
    return BudgetVersion(
        document.name, document.version, budget, fault, document.note, document.written_at, document.written_by
    )
