"""What counts against budgets, read within one transaction so that nothing is counted twice or missed.

The sums are those of `staging.store.costs.spent`, for all budgets at once and in a few milliseconds:
they are asked for while nobody else can write.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

import duckdb

from staging.store.daily import Span

Cursor: TypeAlias = duckdb.DuckDBPyConnection
"""A transaction of the ledger, to be handed on."""

_ZERO = Decimal("0.000000")
_NOTHING_BEFORE = date(2000, 1, 1)
"""Before the first prediction of anybody; `date.min` is no moment in every zone."""
_PLACES = {"model": 0, "project": 1, "person": 2}
"""Where the rows of `_LIVE` and `_OPEN` have each dimension."""

_SEALED = """
SELECT wanted.number, sum(t.cost_usd + t.held_usd)::DECIMAL(18, 6)
FROM (
    SELECT
        unnest(?::INTEGER[]) AS number, unnest(?::VARCHAR[]) AS dimension, unnest(?::VARCHAR[]) AS key,
        unnest(?::DATE[]) AS first, unnest(?::DATE[]) AS last
) AS wanted
JOIN app.daily_totals AS t
    ON t.dimension = coalesce(wanted.dimension, 'all') AND t.key = wanted.key
    AND t.day BETWEEN wanted.first AND wanted.last
WHERE t.day IN (SELECT day FROM app.sealed_days WHERE zone = ? AND NOT stale)
GROUP BY wanted.number
"""

# What a prediction that has ended counts: as settled, else as reckoned, else what was reserved for it.
_LIVE = """
WITH ended AS MATERIALIZED (
    SELECT prediction_id, (happened_at AT TIME ZONE $zone)::DATE AS day, charge_usd
    FROM app.events
    WHERE state IN ('succeeded', 'failed', 'canceled', 'unknown') AND happened_at >= $since AND happened_at < $until
),
settled AS (
    SELECT prediction_id, arg_max(usd, sequence) AS usd
    FROM app.settlements SEMI JOIN ended USING (prediction_id)
    GROUP BY prediction_id
)
SELECT p.model, p.project, p.created_by, e.day, sum(coalesce(s.usd, e.charge_usd, r.usd))
FROM ended AS e
JOIN app.predictions AS p ON p.id = e.prediction_id
LEFT JOIN settled AS s ON s.prediction_id = e.prediction_id
LEFT JOIN app.reservations AS r ON r.prediction_id = e.prediction_id
GROUP BY ALL
"""

_OPEN = """
SELECT model, project, person, sum(reserved_usd)
FROM app.open_predictions WHERE reserved_usd > 0 GROUP BY ALL
"""


class Account(NamedTuple):
    """What is to be counted: the days from the first to the last, of one thing or of all."""

    dimension: str | None
    """"model", "project" or "person"; None for all."""
    key: str
    first: date
    last: date

    def takes(self, row: tuple[Any, ...]) -> bool:
        """True when a row that begins with model, project and person belongs to it."""
        return self.dimension is None or row[_PLACES[self.dimension]] == self.key


class Counted(NamedTuple):
    """What counts against a limit, in US dollars."""

    spent_usd: Decimal
    """What has ended: known costs, and what was reserved for those that nobody knows."""
    reserved_usd: Decimal
    """What is set aside for all that has not ended."""


def counted(cursor: Cursor, zone: str, accounts: Sequence[Account]) -> list[Counted]:
    """Return what each account came to on its days, and what is open in it now.

    `cursor` may stand in the transaction that queues: what was committed before it is counted, and
    nothing else can be.
    """
    if not accounts:
        return []
    first, last = min(one.first for one in accounts), max(one.last for one in accounts)
    # A day counts once: by its sums while it is sealed, else by what the ledger has of it.
    days = cursor.execute("SELECT day, stale FROM app.sealed_days WHERE zone = ? ORDER BY day", [zone]).fetchall()
    if days:
        first = max(first, days[0][0])  # nothing ended before: `staging.store.daily` sees to that
    sealed_days = [day for day, stale in days if not stale]
    live: list[tuple[Any, ...]] = []
    for span in _not_sealed(sealed_days, first, last, zone):
        live += cursor.execute(_LIVE, span.values).fetchall()
    sealed: dict[int, Decimal] = {}
    if sealed_days and sealed_days[-1] >= first:
        values = [*zip(*accounts, strict=True)]
        sealed = dict(cursor.execute(_SEALED, [list(range(len(accounts))), *map(list, values), zone]).fetchall())
    is_open = cursor.execute(_OPEN).fetchall()
    return [
        Counted(
            spent_usd=sealed.get(number, _ZERO)
            + sum((row[4] for row in live if row[4] and one.first <= row[3] <= one.last and one.takes(row)), _ZERO),
            reserved_usd=sum((row[3] for row in is_open if one.takes(row)), _ZERO),
        )
        for number, one in enumerate(accounts)
    ]


def _not_sealed(sealed: Sequence[date], first: date, last: date, zone: str) -> list[Span]:
    """Return the days from the first to the last that are not among the sealed ones, as unbroken spans."""
    spans = []
    begin = max(first, _NOTHING_BEFORE)
    for day in sealed:
        if begin <= day <= last:
            if begin < day:
                spans.append(Span(begin, day - timedelta(days=1), zone))
            begin = day + timedelta(days=1)
    return [*spans, Span(begin, last, zone)] if begin <= last else spans
