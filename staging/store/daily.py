"""What ended on each day, added up once and for all, so that reports of years are quick.

A day of the lab's time zone is sealed when it is over. What is said later of one of its predictions
(a mark, a settlement, a room's type) unseals it, and whoever asks next seals it anew. Everything here
follows from the other tables: `daily_differences` reckons it again and compares.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import duckdb

from staging.store.tables import aware

ALL, REASON = "all", "reason"
"""Dimensions of the sums beside DIMENSIONS: by nothing, and what was lost by its reason."""
DIMENSIONS = ("model", "project", "person", "room_type", "arm")
MEASURES = ("predictions", "retries", "cost_usd", "settled", "settled_usd", "unknown_charges", "held_usd")
STEP = 1.02
"""Run times are counted by steps of two per cent."""
AT_ONCE = timedelta(days=31)
"""Days reckoned in one go: bounds the memory when years are sealed for the first time."""

# One row a prediction that ended between $since and $until. The semi-joins let DuckDB pass over the
# blocks that cannot hold the ids, which sort by time.
_ENDED = """
ended AS MATERIALIZED (
    SELECT prediction_id, state, (happened_at AT TIME ZONE $zone)::DATE AS day, error_kind, run_seconds, charge_usd
    FROM app.events
    WHERE state IN ('succeeded', 'failed', 'canceled', 'unknown') AND happened_at >= $since AND happened_at < $until
),
judged AS (
    SELECT prediction_id, arg_max(verdict, sequence) AS verdict, arg_max(reasons, sequence) AS reasons
    FROM app.verdicts SEMI JOIN ended USING (prediction_id)
    GROUP BY prediction_id
),
settled AS (
    SELECT prediction_id, arg_max(usd, sequence) AS settled_usd
    FROM app.settlements SEMI JOIN ended USING (prediction_id)
    GROUP BY prediction_id
),
kinds AS (SELECT room, arg_max(room_type, version) AS room_type FROM app.room_versions GROUP BY room),
counted AS (
    SELECT
        e.day, p.model, p.project, p.created_by AS person,
        coalesce(k.room_type, 'other') AS room_type, coalesce(p.arm, '') AS arm,
        CASE WHEN e.state = 'succeeded' THEN coalesce(j.verdict, 'undecided') ELSE e.state END AS outcome,
        CASE
            WHEN e.state = 'failed' THEN coalesce(e.error_kind, 'unknown')
            WHEN e.state = 'succeeded' AND j.verdict = 'rejected'
                THEN coalesce(nullif(list_aggregate(json_extract_string(j.reasons, '$[*]'), 'string_agg', ' + '), ''),
                              'no reason given')
            ELSE ''
        END AS reason,
        e.state = 'succeeded' AS made, e.run_seconds,
        p.retry_of IS NOT NULL AS retry,
        coalesce(s.settled_usd, e.charge_usd) AS cost_usd, s.settled_usd,
        r.usd AS reserved_usd
    FROM ended AS e
    JOIN app.predictions AS p ON p.id = e.prediction_id
    LEFT JOIN judged AS j ON j.prediction_id = e.prediction_id
    LEFT JOIN settled AS s ON s.prediction_id = e.prediction_id
    LEFT JOIN app.reservations AS r ON r.prediction_id = e.prediction_id
    LEFT JOIN kinds AS k ON k.room = p.room
)
"""
_MEASURED = """
    count(*) AS predictions,
    count(*) FILTER (retry) AS retries,
    coalesce(sum(cost_usd), 0)::DECIMAL(38, 6) AS cost_usd,
    count(settled_usd) AS settled,
    coalesce(sum(settled_usd), 0)::DECIMAL(38, 6) AS settled_usd,
    count(*) FILTER (cost_usd IS NULL) AS unknown_charges,
    coalesce(sum(reserved_usd) FILTER (cost_usd IS NULL), 0)::DECIMAL(38, 6) AS held_usd
"""
SUMMED = ", ".join(
    f"sum({name})::DECIMAL(38, 6) AS {name}" if name.endswith("usd") else f"sum({name})::BIGINT AS {name}"
    for name in MEASURES
)

LIVE_COSTS = f"""
WITH {_ENDED}
SELECT day, {", ".join(DIMENSIONS)}, outcome, reason, {_MEASURED}
FROM counted GROUP BY ALL
"""  # noqa: S608 - constants of ours
"""The rows of app.daily_costs for $since, $until and $zone, reckoned from the ledger."""

LIVE_SECONDS = f"""
WITH {_ENDED}
SELECT day, model, floor(ln(greatest(run_seconds, 0.001)) / ln({STEP}))::INTEGER AS step, count(*) AS predictions
FROM counted WHERE made AND run_seconds IS NOT NULL GROUP BY ALL
"""  # noqa: S608 - constants of ours
"""The rows of app.daily_seconds, likewise."""


MONTHLY = {
    "monthly_totals": (
        "SELECT date_trunc('month', day)::DATE AS month, dimension, key, outcome, reason, "  # noqa: S608 - ours
        f"{SUMMED} FROM app.daily_totals"
    ),
    "monthly_seconds": (
        "SELECT date_trunc('month', day)::DATE AS month, model, step, sum(predictions)::BIGINT AS predictions "
        "FROM app.daily_seconds"
    ),
}
"""What each table of months is of the days kept."""


def totals_of(costs: str, dimensions: Collection[str] = (ALL, *DIMENSIONS, REASON)) -> str:
    """Return the question that adds rows like those of app.daily_costs up to rows of app.daily_totals."""
    parts = []
    for dimension in dimensions:
        key = {ALL: "''", REASON: "reason"}.get(dimension, dimension)
        reason, where = ("reason", " WHERE outcome IN ('failed', 'rejected')") if dimension == REASON else ("''", "")
        parts.append(
            f"SELECT day, '{dimension}' AS dimension, {key} AS key, outcome, {reason} AS reason, {SUMMED} "  # noqa: S608
            f"FROM {costs}{where} GROUP BY ALL"
        )
    return " UNION ALL ".join(parts)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days of a time zone."""

    first: date
    last: date
    zone: str

    @property
    def values(self) -> dict[str, object]:
        """What the questions above take."""
        zone = ZoneInfo(self.zone)
        return {
            "since": aware(datetime.combine(self.first, time(), zone).astimezone(UTC)),
            "until": aware(datetime.combine(self.last + timedelta(days=1), time(), zone).astimezone(UTC)),
            "zone": self.zone,
        }


def open_spans(
    cursor: duckdb.DuckDBPyConnection, zone: str, until: date, most: timedelta = timedelta.max
) -> list[Span]:
    """Return the days before `until` that are not sealed, as spans without a gap, none longer than `most`.

    They begin with the first day that anything ended on.
    """
    # Nothing ended before the first sealed day: `unseal` sees to that.
    ((first,),) = cursor.execute("SELECT min(day) FROM app.sealed_days WHERE zone = ?", [zone]).fetchall()
    if first is None:
        ((first,),) = cursor.execute(
            "SELECT min((happened_at AT TIME ZONE ?)::DATE) FROM app.events "
            "WHERE state IN ('succeeded', 'failed', 'canceled', 'unknown')",
            [zone],
        ).fetchall()
    if first is None:
        return []
    days = cursor.execute(
        "SELECT day::DATE AS day FROM unnest(generate_series(?::DATE, ?::DATE - 1, INTERVAL 1 DAY)) AS t(day) "
        "ANTI JOIN (SELECT day FROM app.sealed_days WHERE zone = ? AND NOT stale) USING (day) ORDER BY day",
        [first, until, zone],
    ).fetchall()
    return _spans([day for (day,) in days], zone, most)


def _spans(days: Sequence[date], zone: str, most: timedelta) -> list[Span]:
    spans: list[Span] = []
    for day in days:
        if spans and day - spans[-1].last == timedelta(days=1) and day - spans[-1].first < most:
            spans[-1] = Span(spans[-1].first, day, zone)
        else:
            spans.append(Span(day, day, zone))
    return spans


def seal(cursor: duckdb.DuckDBPyConnection, span: Span, at: datetime) -> None:
    """The days of the span are added up and sealed; `cursor` stands in a writing transaction."""
    days = [span.first, span.last]
    for table in ("daily_costs", "daily_totals", "daily_seconds", "sealed_days"):
        cursor.execute(f"DELETE FROM app.{table} WHERE day BETWEEN ? AND ?", days)  # noqa: S608
    cursor.execute(f"INSERT INTO app.daily_costs BY NAME {LIVE_COSTS}", span.values)
    reckoned = "(FROM app.daily_costs WHERE day BETWEEN $first AND $last)"
    cursor.execute(
        f"INSERT INTO app.daily_totals BY NAME {totals_of(reckoned)}", {"first": span.first, "last": span.last}
    )
    cursor.execute(f"INSERT INTO app.daily_seconds BY NAME {LIVE_SECONDS}", span.values)
    months = [span.first.replace(day=1), span.last]
    for table, question in MONTHLY.items():
        cursor.execute(f"DELETE FROM app.{table} WHERE month BETWEEN ? AND ?", months)  # noqa: S608
        cursor.execute(
            f"INSERT INTO app.{table} {question} WHERE day BETWEEN ? AND last_day(?::DATE) GROUP BY ALL", months
        )
    cursor.execute(
        "INSERT INTO app.sealed_days "
        "SELECT day::DATE, ?, ?, false FROM unnest(generate_series(?::DATE, ?::DATE, INTERVAL 1 DAY)) AS t(day)",
        [span.zone, aware(at), *days],
    )


def unseal(cursor: duckdb.DuckDBPyConnection, moments: Sequence[datetime]) -> None:
    """The days of these moments are not used by any report until they are added up anew."""
    if moments:
        _unseal(cursor, "SELECT unnest(?::TIMESTAMPTZ[]) AS moment", [[aware(moment) for moment in moments]])


def unseal_predictions(cursor: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> None:
    """The days that these predictions ended on are not used by any report until they are added up anew."""
    if ids:
        _unseal(
            cursor,
            "SELECT happened_at AS moment FROM app.events WHERE prediction_id BETWEEN ? AND ? "
            "AND list_contains(?, prediction_id) AND state IN ('succeeded', 'failed', 'canceled', 'unknown')",
            [min(ids), max(ids), list(ids)],
        )


def _unseal(cursor: duckdb.DuckDBPyConnection, moments: str, values: list[object]) -> None:
    cursor.execute(
        f"UPDATE app.sealed_days AS s SET stale = true FROM ({moments}) AS m "  # noqa: S608
        "WHERE (m.moment AT TIME ZONE s.zone)::DATE = s.day AND NOT s.stale",
        values,
    )
    # A clock may be set back: what ended before the first sealed day makes all begin anew, for reports
    # look at no day before that one.
    cursor.execute(
        f"DELETE FROM app.sealed_days AS s USING ({moments}) AS m "  # noqa: S608
        "WHERE (m.moment AT TIME ZONE s.zone)::DATE < (SELECT min(f.day) FROM app.sealed_days AS f)",
        values,
    )


def unseal_room(cursor: duckdb.DuckDBPyConnection, room: str) -> None:
    """The days that predictions of this room ended on are not used until they are added up anew."""
    ids = [key for (key,) in cursor.execute("SELECT id FROM app.predictions WHERE room = ?", [room]).fetchall()]
    unseal_predictions(cursor, ids)


def daily_differences(cursor: duckdb.DuckDBPyConnection) -> tuple[int, list[str]]:
    """Return how many sealed rows there are, and a sentence for each day or month that is not as the ledger says."""
    checked, wrong = 0, []
    spans = []
    for zone, days in cursor.execute(
        "SELECT zone, list(DISTINCT day ORDER BY day) FROM app.sealed_days WHERE NOT stale GROUP BY zone"
    ).fetchall():
        spans += _spans(days, zone, AT_ONCE)
    compared = [
        (f"app.{table}", "day", f"FROM ({live}) SELECT *", span.values, {"first": span.first, "last": span.last})
        for span in spans
        for table, live in (
            ("daily_costs", LIVE_COSTS),
            ("daily_totals", totals_of(f"({LIVE_COSTS})")),
            ("daily_seconds", LIVE_SECONDS),
        )
    ]
    whole = {"first": date.min, "last": date.max}
    compared += [(f"app.{table}", "month", f"{asked} GROUP BY ALL", {}, whole) for table, asked in MONTHLY.items()]
    for table, key, again, values, bounds in compared:
        kept = f"FROM {table} WHERE {key} BETWEEN $first AND $last"
        ((count,),) = cursor.execute(f"SELECT count(*) {kept}", bounds).fetchall()
        checked += count
        columns = ", ".join(row[0] for row in cursor.execute(f"DESCRIBE {table}").fetchall())
        rows = cursor.execute(
            f"WITH told AS (SELECT {columns} {kept}), again AS (SELECT {columns} FROM ({again})) "  # noqa: S608
            f"SELECT DISTINCT {key} FROM ((FROM told EXCEPT ALL FROM again) UNION ALL "
            f"(FROM again EXCEPT ALL FROM told)) ORDER BY {key}",
            values | bounds,
        ).fetchall()
        wrong += [f"What {table} says of {when} does not follow from the ledger." for (when,) in rows]
    return checked, wrong
