"""The sums of a report: from the months and days that are kept, and for the other days from the ledger."""

import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import duckdb

from staging.store.daily import (
    ALL,
    DIMENSIONS,
    LIVE_COSTS,
    LIVE_SECONDS,
    MEASURES,
    REASON,
    STEP,
    SUMMED,
    Span,
    open_spans,
    totals_of,
)
from staging.store.reports import CostFilter, RunTimes

DEAREST_MODELS = 6
LONGEST_BY_DAY = timedelta(days=100)
"""In longer reports what was spent on each model is told by month: nobody can tell a thousand bars apart."""

_MEASURES = ", ".join(MEASURES)
_TOTALS = f"day, dimension, key, outcome, {_MEASURES}"
_SEALED_DAYS = "(SELECT day FROM app.sealed_days WHERE zone = $kept_zone AND NOT stale)"
_SEALED = f"day BETWEEN $first AND $last AND day IN {_SEALED_DAYS}"
# Whole months of the report, all of whose days are sealed.
_WHOLE_MONTHS = f"""(
    SELECT date_trunc('month', day)::DATE AS month FROM {_SEALED_DAYS} WHERE day BETWEEN $first AND $last
    GROUP BY month HAVING count(*) = day(last_day(month))
)"""  # noqa: S608 - constants of ours

Row = tuple[Any, ...]


class Asked(NamedTuple):
    """What a report is of."""

    zone: str
    first: date
    last: date
    wanted: CostFilter


def read_dimensions(cursor: duckdb.DuckDBPyConnection, asked: Asked) -> list[Row]:
    """Return rows (dimension, key, outcome, measures...), one dimension at a time."""
    totals, values = _totals(asked, (ALL, *DIMENSIONS, REASON), by_month=True)
    return cursor.execute(
        f"WITH {totals} SELECT dimension, key, outcome, {SUMMED} FROM totals GROUP BY dimension, key, outcome",  # noqa: S608
        values,
    ).fetchall()


def read_total(cursor: duckdb.DuckDBPyConnection, asked: Asked, dimension: str = ALL, key: str = "") -> list[Row]:
    """Return rows (outcome, measures...) of all, or of one key of a dimension."""
    totals, values = _totals(asked, (dimension,), by_month=True)
    return cursor.execute(
        f"WITH {totals} SELECT outcome, {SUMMED} FROM totals "  # noqa: S608
        "WHERE dimension = $of_dimension AND key = $of_key GROUP BY outcome",
        values | {"of_dimension": dimension, "of_key": key},
    ).fetchall()


def read_days(cursor: duckdb.DuckDBPyConnection, asked: Asked) -> list[Row]:
    """Return rows (day, outcome, measures...)."""
    totals, values = _totals(asked, (ALL,), by_month=False)
    return cursor.execute(
        f"WITH {totals} SELECT day, outcome, {SUMMED} FROM totals WHERE dimension = '{ALL}' GROUP BY day, outcome",  # noqa: S608
        values,
    ).fetchall()


def read_models_by_day(cursor: duckdb.DuckDBPyConnection, asked: Asked, models: Sequence[str]) -> list[Row]:
    """Return rows (day or first of the month, model, known cost); '' is all models but these."""
    by_month = asked.last - asked.first > LONGEST_BY_DAY
    totals, values = _totals(asked, ("model",), by_month=by_month)
    day = "date_trunc('month', day)::DATE" if by_month else "day"
    return cursor.execute(
        f"WITH {totals} SELECT {day} AS moment, CASE WHEN list_contains($models, key) THEN key ELSE '' END AS model, "  # noqa: S608
        "sum(cost_usd) FROM totals WHERE dimension = 'model' GROUP BY moment, 2 ORDER BY moment, 2",
        values | {"models": list(models)},
    ).fetchall()


def read_run_times(cursor: duckdb.DuckDBPyConnection, asked: Asked) -> tuple[RunTimes, ...]:
    """Return how long successes ran, by model; of all projects and people."""
    live, values = _live(cursor, LIVE_SECONDS, asked)
    parts = [
        f"SELECT model, step, predictions FROM app.monthly_seconds WHERE month IN {_WHOLE_MONTHS}",  # noqa: S608
        (
            f"SELECT model, step, predictions FROM app.daily_seconds WHERE {_SEALED} "  # noqa: S608
            f"AND date_trunc('month', day)::DATE NOT IN {_WHOLE_MONTHS}"
        ),
        *(f"SELECT model, step, predictions FROM ({one})" for one in live),  # noqa: S608
    ]
    rows = cursor.execute(
        f"SELECT model, step, sum(predictions)::BIGINT FROM ({' UNION ALL '.join(parts)}) "  # noqa: S608
        "GROUP BY model, step ORDER BY model, step",
        values,
    ).fetchall()
    steps: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for model, step, predictions in rows:
        if asked.wanted.model in (None, model):
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


def prepare(cursor: duckdb.DuckDBPyConnection, asked: Asked) -> None:
    """Reckon what is not kept of these days, once for all questions: they are asked after this.

    It goes into a temporary table of this cursor: the days that are not sealed, or with a filter all days.
    """
    live, values = _live(cursor, LIVE_COSTS, asked)
    columns = f"day, {', '.join(DIMENSIONS)}, outcome, reason, {_MEASURES}"
    narrowed = "".join(f" AND {name} = ${name}" for name in asked.wanted.chosen)
    values |= asked.wanted.chosen
    costs = [f"SELECT {columns} FROM ({one}) WHERE true{narrowed}" for one in live]  # noqa: S608
    kept = narrowed or " AND false"
    costs.append(f"SELECT {columns} FROM app.daily_costs WHERE {_SEALED}{kept}")  # noqa: S608
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE open_costs AS {' UNION ALL '.join(costs)}", values)


def _totals(asked: Asked, dimensions: Collection[str], *, by_month: bool) -> tuple[str, dict[str, object]]:
    """Return the SQL that makes `totals` of _TOTALS, and its values; a month's day is its first."""
    values: dict[str, object] = {"first": asked.first, "last": asked.last}
    opened = "(FROM open_costs WHERE day BETWEEN $first AND $last)"
    parts = [f"SELECT {_TOTALS} FROM ({totals_of(opened, dimensions)})"]  # noqa: S608
    if not asked.wanted.chosen:
        values |= {"kept_zone": asked.zone, "dimensions": list(dimensions)}
        days = f"{_SEALED} AND list_contains($dimensions, dimension)"
        if by_month:
            days += f" AND date_trunc('month', day)::DATE NOT IN {_WHOLE_MONTHS}"
            parts.append(
                f"SELECT month AS {_TOTALS} FROM app.monthly_totals "  # noqa: S608
                f"WHERE month IN {_WHOLE_MONTHS} AND list_contains($dimensions, dimension)"
            )
        parts.append(f"SELECT {_TOTALS} FROM app.daily_totals WHERE {days}")  # noqa: S608
    return f"totals AS ({' UNION ALL '.join(parts)})", values


def _live(cursor: duckdb.DuckDBPyConnection, question: str, asked: Asked) -> tuple[list[str], dict[str, object]]:
    """Return the question for each span of days that are not sealed, and the values of all and of _SEALED."""
    questions: list[str] = []
    values: dict[str, object] = {"first": asked.first, "last": asked.last, "kept_zone": asked.zone}
    for number, span in enumerate(open_spans(cursor, asked.zone, asked.last + timedelta(days=1))):
        if span.last < asked.first:
            continue
        named = question
        for name, value in Span(max(span.first, asked.first), span.last, asked.zone).values.items():
            named = named.replace(f"${name}", f"${name}_{number}")
            values[f"{name}_{number}"] = value
        questions.append(named)
    return questions, values
