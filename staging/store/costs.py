"""What was spent: sums over the ledger, exact to the last digit.

Days that are over come from the sums kept for them (`staging.store.daily`), the others from the ledger.
A prediction counts on the day it ended, in the lab's time zone. Every sum is SQL DECIMAL over the same
rows, so the rows by model, project, person, room type, arm and day each add up to the total. A charge
that nobody knows is counted beside the sums, never as 0.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from staging.predictions import State, Verdict
from staging.store.connection import LedgerFile, again_on_conflict
from staging.store.cost_reading import (
    DEAREST_MODELS,
    Asked,
    prepare,
    read_days,
    read_dimensions,
    read_models_by_day,
    read_run_times,
    read_total,
)
from staging.store.daily import AT_ONCE, DIMENSIONS, open_spans, seal
from staging.store.reports import CostFilter, CostReport, CostRow, DayOfModel, UnderWay, Waste

ALL = CostFilter()
_ZERO = Decimal("0.000000")


class CostLedger:
    """The costs. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile, zone: str) -> None:
        self._ledger = ledger
        self.zone = zone
        """The IANA name of the time zone whose days count."""

    def today(self) -> date:
        """Return the day it is in the lab's time zone."""
        return datetime.now(ZoneInfo(self.zone)).date()

    def report(self, first: date, last: date, wanted: CostFilter = ALL) -> CostReport:
        """Return what was spent from the first day to the last one, both counted."""
        self.refresh()
        return self.report_as_it_is(first, last, wanted)

    def report_as_it_is(self, first: date, last: date, wanted: CostFilter = ALL) -> CostReport:
        """Return the same without adding up any day for good: also of a ledger that is only read."""
        asked = Asked(self.zone, first, last, wanted)
        length = (last - first).days + 1
        earlier = asked._replace(first=first - timedelta(days=length), last=first - timedelta(days=1))
        with self._ledger.reading() as cursor:
            prepare(cursor, asked._replace(first=earlier.first))
            rows = read_dimensions(cursor, asked)
            days = read_days(cursor, asked)
            before = read_total(cursor, earlier)
            run_times = read_run_times(cursor, asked)
            groups = {name: _by_cost(_rows(rows, name)) for name in DIMENSIONS}
            dearest = [row.key for row in groups["model"][:DEAREST_MODELS]]
            models_by_day = read_models_by_day(cursor, asked, dearest)
        return CostReport(
            first=first,
            last=last,
            total=_row("", [tuple(measured) for dimension, _, *measured in rows if dimension == "all"]),
            before=_row("", before),
            by_model=groups["model"],
            by_project=groups["project"],
            by_person=groups["person"],
            by_room_type=groups["room_type"],
            by_arm=groups["arm"],
            by_day=_by_day(days),
            by_day_and_model=tuple(DayOfModel(*row) for row in models_by_day),
            waste=_waste(rows),
            run_times=run_times,
        )

    def daily(self, first: date, last: date, wanted: CostFilter = ALL) -> tuple[Decimal, ...]:
        """Return the known cost of each day from the first to the last, days that nothing ended on as 0."""
        with self._ledger.reading() as cursor:
            asked = Asked(self.zone, first, last, wanted)
            prepare(cursor, asked)
            rows = _by_day(read_days(cursor, asked))
        costs = {row.key: row.cost_usd for row in rows}
        return tuple(costs.get(str(first + timedelta(days=offset)), _ZERO) for offset in range((last - first).days + 1))

    def first_day(self) -> date | None:
        """Return the first day that anything ended on; None when nothing has."""
        self.refresh()
        with self._ledger.reading() as cursor:
            ((sealed,),) = cursor.execute("SELECT min(day) FROM app.sealed_days WHERE zone = ?", [self.zone]).fetchall()
            today = self.today()
            if sealed is None and open_spans(cursor, self.zone, today + timedelta(days=1)):
                return today
        first: date | None = sealed
        return first

    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """Return the models, projects and people that anything has ended for, by dimension."""
        self.refresh()
        today = self.today()
        with self._ledger.reading() as cursor:
            found = set(cursor.execute("SELECT DISTINCT dimension, key FROM app.monthly_totals").fetchall())
            asked = Asked(self.zone, today, today, ALL)
            prepare(cursor, asked)
            found.update(row[:2] for row in read_dimensions(cursor, asked))
        return {
            name: tuple(sorted(key for dimension, key in found if dimension == name))
            for name in ("model", "project", "person")
        }

    def under_way(self) -> UnderWay:
        """Return what has been asked for and has not ended."""
        ((count, reserved, unreserved),) = self._ledger.rows(
            "SELECT count(*), coalesce(sum(reserved_usd), 0)::DECIMAL(18, 6), count(*) FILTER (reserved_usd IS NULL) "
            "FROM app.open_predictions"
        )
        return UnderWay(count, reserved, unreserved)

    @again_on_conflict
    def refresh(self) -> None:
        """Add up the days that are over and were not, or no longer are; the last thing said of them counts."""
        with self._ledger.reading() as cursor:
            spans = open_spans(cursor, self.zone, self.today(), AT_ONCE)
        for span in spans:
            with self._ledger.writing() as cursor:
                seal(cursor, span, datetime.now(UTC))


def spent(
    cursor: duckdb.DuckDBPyConnection, zone: str, first: date, last: date, dimension: str = "", key: str = ""
) -> Decimal:
    """Return what the days from the first to the last came to, of one model, project or person or of all.

    Known costs, and what was reserved for those that nobody knows; what has not ended is not in it.
    `dimension` is one of "model", "project" and "person", or empty for all. `cursor` may stand in a
    transaction that writes: what was committed before it is counted, and nothing else can be.
    """
    asked = Asked(zone, first, last, ALL)
    prepare(cursor, asked)
    total = _row("", read_total(cursor, asked, dimension or "all", key))
    return total.cost_usd + total.held_usd


# ── rows ────────────────────────────────────────────────────────────────────────────────────


def _rows(rows: Sequence[tuple[Any, ...]], dimension: str) -> list[CostRow]:
    """Return one row a key, made of its outcomes."""
    outcomes: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for of_dimension, key, *measured in rows:
        if of_dimension == dimension:
            outcomes[key].append(tuple(measured))
    return [_row(key, measured) for key, measured in outcomes.items()]


def _by_day(rows: Sequence[tuple[Any, ...]]) -> tuple[CostRow, ...]:
    """Return one row a day, in order, made of rows (day, outcome, measures...)."""
    outcomes: dict[date, list[tuple[Any, ...]]] = defaultdict(list)
    for day, *measured in rows:
        outcomes[day].append(tuple(measured))
    return tuple(_row(str(day), measured) for day, measured in sorted(outcomes.items()))


def _row(key: str, outcomes: Sequence[tuple[Any, ...]]) -> CostRow:
    """Return the row of these (outcome, measures...)."""
    counts: dict[str, int] = defaultdict(int)
    costs: dict[str, Decimal] = defaultdict(lambda: _ZERO)
    retries = settled = unknown_charges = 0
    settled_usd = held_usd = _ZERO
    for outcome, predictions, again, cost, bills, billed, unknown, held in outcomes:
        counts[outcome] += predictions
        costs[outcome] += cost
        retries += again
        settled += bills
        settled_usd += billed
        unknown_charges += unknown
        held_usd += held
    return CostRow(
        key=key,
        predictions=sum(counts.values()),
        accepted=counts[Verdict.ACCEPTED],
        rejected=counts[Verdict.REJECTED],
        undecided=counts[Verdict.UNDECIDED],
        failed=counts[State.FAILED],
        canceled=counts[State.CANCELED],
        unknown=counts[State.UNKNOWN],
        retries=retries,
        cost_usd=sum(costs.values(), _ZERO),
        settled=settled,
        settled_usd=settled_usd,
        unknown_charges=unknown_charges,
        held_usd=held_usd,
        rejected_usd=costs[Verdict.REJECTED],
        lost_usd=costs[State.FAILED] + costs[State.CANCELED] + costs[State.UNKNOWN],
    )


def _by_cost(rows: Sequence[CostRow]) -> tuple[CostRow, ...]:
    return tuple(sorted(rows, key=lambda row: (-row.cost_usd, row.key)))


def _waste(rows: Sequence[tuple[Any, ...]]) -> tuple[Waste, ...]:
    found = [
        Waste(outcome, key, predictions, cost, unknown)
        for dimension, key, outcome, predictions, _, cost, _, _, unknown, _ in rows
        if dimension == "reason"
    ]
    return tuple(sorted(found, key=lambda one: (-one.cost_usd, one.outcome, one.reason)))
