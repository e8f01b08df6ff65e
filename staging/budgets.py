"""Budgets: what may be spent on what, in which time, and how much of it is left.

A budget is a document with all its versions. What counts against it are the costs of what ended in
its present period, and what is reserved for everything under way.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from staging.budgets_terms import Budget, BudgetVersion, Outlook, Scope, Standing, Wanted
from staging.errors import BudgetExceeded, BudgetRefused
from staging.periods import Period, days_of
from staging.registry import ModelRegistry
from staging.store import Document, Store
from staging.store.budgets import Account, Cursor, counted
from staging.store.documents import documents_in
from staging.store.predictions import Reserve

__all__ = [
    "LONGEST_KEY",
    "LONGEST_NAME",
    "MOST_USD",
    "Budget",
    "BudgetVersion",
    "Budgets",
    "Outlook",
    "Period",
    "Scope",
    "Standing",
    "Wanted",
]

KIND = "budget"
LONGEST_NAME = 60
LONGEST_KEY = 200
LONGEST_NOTE = 200
MOST_USD = Decimal(1_000_000)
MOST_THRESHOLDS = 10


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
        self._store.costs.refresh()
        day = today or self.today()
        with self._store.ledger.reading() as cursor:
            return tuple(_standings(cursor, _budgets(cursor), self.zone, day))

    def outlook(self, wanted: Sequence[Wanted]) -> tuple[Outlook, ...]:
        """Return how each budget that the predictions count against would stand with them, by name."""
        if _free(wanted):
            return ()
        self._store.costs.refresh()
        with self._store.ledger.reading() as cursor:
            return tuple(self._outlook(cursor, wanted))

    def reserve(self, wanted: Sequence[Wanted]) -> Reserve:
        """Return what sets the amounts aside in the transaction that queues the predictions.

        There it raises BudgetExceeded, and nothing is queued, when a hard budget has too little left for
        all of them. What costs nothing is never refused.
        """

        def reserve(cursor: Cursor) -> Mapping[str, Decimal | None]:
            if not _free(wanted):
                # Nobody else writes until this transaction ends: what is left stays so until it is taken.
                outlook = self._outlook(cursor, wanted)
                objections = [one.objection for one in outlook if one.standing.budget.hard and one.objection]
                if objections:
                    raise BudgetExceeded(f"Nothing was started. {' '.join(objections)}")
            return {one.prediction_id: one.usd for one in wanted}

        return reserve

    def _outlook(self, cursor: Cursor, wanted: Sequence[Wanted]) -> Iterable[Outlook]:
        dear = [one for one in wanted if one.usd != 0]
        touched = [budget for budget in _budgets(cursor) if any(budget.takes(one) for one in dear)]
        for standing in _standings(cursor, touched, self.zone, self.today()):
            mine = [one for one in dear if standing.budget.takes(one)]
            unpriced = tuple(dict.fromkeys(one.model for one in mine if one.usd is None))
            usd = sum((one.usd for one in mine if one.usd is not None), Decimal(0))
            yield Outlook(standing, usd, unpriced, self.zone)


def _free(wanted: Sequence[Wanted]) -> bool:
    return all(one.usd == 0 for one in wanted)


def _budgets(cursor: Cursor) -> list[Budget]:
    return [_read(document) for document in documents_in(cursor, KIND)]


def _standings(cursor: Cursor, budgets: Sequence[Budget], zone: str, day: date) -> list[Standing]:
    """Return how the budgets stand in their periods that the day lies in, as the transaction sees it."""
    periods = [days_of(budget.period, day) for budget in budgets]
    accounts = [
        Account(None if budget.scope is Scope.ALL else budget.scope.value, budget.key, days.first, days.last or day)
        for budget, days in zip(budgets, periods, strict=True)
    ]
    return [
        Standing(budget, days.first, days.last, days.name, counts.spent_usd, counts.reserved_usd)
        for budget, days, counts in zip(budgets, periods, counted(cursor, zone, accounts), strict=True)
    ]


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
