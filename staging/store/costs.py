"""What was spent: sums over the ledger, exact to the last digit.

Days that are over come from the sums kept for them (`staging.store.daily`), the others from the ledger.
A prediction counts on the day it ended, in the lab's time zone. Every sum is SQL DECIMAL over the same
rows, so the rows by model, project, person, room type, arm and day each add up to the total. A charge
that nobody knows is counted beside the sums, never as 0.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from staging.predictions import State, Verdict
from staging.store.connection import LedgerFile, again_on_conflict
from staging.store.daily import (
    AT_ONCE,
    DIMENSIONS,
    LIVE_COSTS,
    LIVE_SECONDS,
    MEASURES,
    STEP,
    Span,
    open_spans,
    seal,
    totals_of,
)
from staging.store.reports import CostFilter, CostReport, CostRow, DayOfModel, RunTimes, UnderWay, Waste

DEAREST_MODELS = 6
"""So many models have their days told apart; the others are added up."""
ALL = CostFilter()
_MEASURES = ", ".join(MEASURES)
_SEALED = (
    "day BETWEEN $first AND $last AND day IN (SELECT day FROM app.sealed_days WHERE zone = $kept_zone AND NOT stale)"
)
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
        length = (last - first).days + 1
        earlier = (first - timedelta(days=length), first - timedelta(days=1))
        with self._ledger.reading() as cursor:
            rows = _read(cursor, self.zone, first, last, wanted)
            before = _read(cursor, self.zone, *earlier, wanted)
            run_times = _run_times(cursor, self.zone, first, last, wanted)
        groups = {name: _by_cost(_rows(rows, name)) for name in DIMENSIONS}
        return CostReport(
            first=first,
            last=last,
            total=_total(rows),
            before=_total(before),
            by_model=groups["model"],
            by_project=groups["project"],
            by_person=groups["person"],
            by_room_type=groups["room_type"],
            by_arm=groups["arm"],
            by_day=tuple(sorted(_rows(rows, "day"), key=lambda row: row.key)),
            by_day_and_model=_days_of_models(rows),
            waste=_waste(rows),
            run_times=run_times,
        )

    def daily(self, first: date, last: date, wanted: CostFilter = ALL) -> tuple[Decimal, ...]:
        """Return the known cost of each day from the first to the last, days that nothing ended on as 0."""
        with self._ledger.reading() as cursor:
            rows = _read(cursor, self.zone, first, last, wanted)
        costs = {row.key: row.cost_usd for row in _rows(rows, "day")}
        return tuple(costs.get(str(first + timedelta(days=offset)), _ZERO) for offset in range((last - first).days + 1))

    def first_day(self) -> date | None:
        """Return the first day that anything ended on; None when nothing has."""
        self.refresh()
        with self._ledger.reading() as cursor:
            ((sealed,),) = cursor.execute("SELECT min(day) FROM app.sealed_days WHERE zone = ?", [self.zone]).fetchall()
            today = self.today()
            if sealed is None and _read(cursor, self.zone, today, today, ALL):
                return today
        first: date | None = sealed
        return first

    def choices(self) -> Mapping[str, tuple[str, ...]]:
        """Return the models, projects and people that anything has ended for, by dimension."""
        self.refresh()
        today = self.today()
        with self._ledger.reading() as cursor:
            found = set(
                cursor.execute(
                    "SELECT DISTINCT dimension, key FROM app.daily_totals "
                    "WHERE day IN (SELECT day FROM app.sealed_days WHERE zone = ? AND NOT stale)",
                    [self.zone],
                ).fetchall()
            )
            found.update(row[:2] for row in _read(cursor, self.zone, today, today, CostFilter()))
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
    rows = _read(cursor, zone, first, last, CostFilter(**{dimension: key} if dimension else {}))
    total = _total(rows)
    return total.cost_usd + total.held_usd


# ── reading ─────────────────────────────────────────────────────────────────────────────────


def _read(
    cursor: duckdb.DuckDBPyConnection, zone: str, first: date, last: date, wanted: CostFilter
) -> list[tuple[Any, ...]]:
    """Return rows (dimension, key, outcome, measures...): one dimension at a time, and by day."""
    live, values = _live(cursor, LIVE_COSTS, zone, first, last)
    columns = f"day, {', '.join(DIMENSIONS)}, outcome, reason, {_MEASURES}"
    narrowed = "".join(f" AND {name} = ${name}" for name in wanted.chosen)
    costs = [f"SELECT {columns} FROM ({one}) WHERE true{narrowed}" for one in live]  # noqa: S608
    totals = []
    if wanted.chosen:
        values |= wanted.chosen
        costs.append(f"SELECT {columns} FROM app.daily_costs WHERE {_SEALED}{narrowed}")  # noqa: S608
    else:
        totals.append(f"SELECT day, dimension, key, outcome, {_MEASURES} FROM app.daily_totals WHERE {_SEALED}")  # noqa: S608
    with_costs = ""
    if costs:
        with_costs = f"costs AS MATERIALIZED ({' UNION ALL '.join(costs)}), "
        totals.append(f"SELECT day, dimension, key, outcome, {_MEASURES} FROM ({totals_of('costs')})")  # noqa: S608
    summed = ", ".join(f"sum({name})" for name in MEASURES)
    return cursor.execute(
        f"WITH {with_costs} totals AS MATERIALIZED ({' UNION ALL '.join(totals)}), "  # noqa: S608
        "dearest AS (SELECT key FROM totals WHERE dimension = 'model' "
        f"GROUP BY key ORDER BY sum(cost_usd) DESC, key LIMIT {DEAREST_MODELS}) "
        f"SELECT dimension, key, outcome, {summed} FROM totals GROUP BY dimension, key, outcome UNION ALL "
        f"SELECT 'day', day::VARCHAR, outcome, {summed} FROM totals WHERE dimension = 'model' GROUP BY day, outcome "
        f"UNION ALL SELECT 'day and model', day || ' ' || coalesce(d.key, ''), '', {summed} "
        "FROM totals AS t LEFT JOIN dearest AS d USING (key) WHERE dimension = 'model' GROUP BY day, d.key",
        values,
    ).fetchall()


def _live(
    cursor: duckdb.DuckDBPyConnection, question: str, zone: str, first: date, last: date
) -> tuple[list[str], dict[str, object]]:
    """Return the question for each span of days that are not sealed, and the values of all and of _SEALED."""
    asked: list[str] = []
    values: dict[str, object] = {"first": first, "last": last, "kept_zone": zone}
    for number, span in enumerate(open_spans(cursor, zone, last + timedelta(days=1))):
        if span.last < first:
            continue
        named = question
        for name, value in Span(max(span.first, first), span.last, zone).values.items():
            named = named.replace(f"${name}", f"${name}_{number}")
            values[f"{name}_{number}"] = value
        asked.append(named)
    return asked, values


def _run_times(
    cursor: duckdb.DuckDBPyConnection, zone: str, first: date, last: date, wanted: CostFilter
) -> tuple[RunTimes, ...]:
    live, values = _live(cursor, LIVE_SECONDS, zone, first, last)
    parts = [f"SELECT model, step, predictions FROM app.daily_seconds WHERE {_SEALED}"]  # noqa: S608
    parts += [f"SELECT model, step, predictions FROM ({one})" for one in live]  # noqa: S608
    rows = cursor.execute(
        f"SELECT model, step, sum(predictions)::BIGINT FROM ({' UNION ALL '.join(parts)}) "  # noqa: S608
        "GROUP BY model, step ORDER BY model, step",
        values,
    ).fetchall()
    steps: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for model, step, predictions in rows:
        if wanted.model in (None, model):
            steps[model].append((step, predictions))
    return tuple(
        RunTimes(model, sum(count for _, count in counted), _quantile(counted, 0.5), _quantile(counted, 0.95))
        for model, counted in steps.items()
    )


def _quantile(steps: Sequence[tuple[int, int]], share: float) -> float:
    """Return the middle of the step that so large a share of the runs reached."""
    wanted = math.ceil(share * sum(count for _, count in steps))
    reached = 0
    for step, count in steps:
        reached += count
        if reached >= wanted:
            return float(STEP ** (step + 0.5))
    return math.nan


# ── rows ────────────────────────────────────────────────────────────────────────────────────


def _rows(rows: Sequence[tuple[Any, ...]], dimension: str) -> list[CostRow]:
    """Return one row a key, made of its outcomes."""
    outcomes: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for of_dimension, key, *measured in rows:
        if of_dimension == dimension:
            outcomes[key].append(tuple(measured))
    return [_row(key, measured) for key, measured in outcomes.items()]


def _total(rows: Sequence[tuple[Any, ...]]) -> CostRow:
    return _row("", [tuple(measured) for dimension, _, *measured in rows if dimension == "model"])


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


def _days_of_models(rows: Sequence[tuple[Any, ...]]) -> tuple[DayOfModel, ...]:
    found = []
    for dimension, key, _, _, _, cost, *_ in rows:
        if dimension == "day and model":
            day, _, model = key.partition(" ")
            found.append(DayOfModel(date.fromisoformat(day), model, cost))
    return tuple(sorted(found))


def _by_cost(rows: Sequence[CostRow]) -> tuple[CostRow, ...]:
    return tuple(sorted(rows, key=lambda row: (-row.cost_usd, row.key)))


def _waste(rows: Sequence[tuple[Any, ...]]) -> tuple[Waste, ...]:
    found = [
        Waste(outcome, key, predictions, cost, unknown)
        for dimension, key, outcome, predictions, _, cost, _, _, unknown, _ in rows
        if dimension == "reason"
    ]
    return tuple(sorted(found, key=lambda one: (-one.cost_usd, one.outcome, one.reason)))
