"""What was spent: sums over the ledger, exact to the last digit.

Every sum is SQL DECIMAL over the same rows in one question, so the rows by model, by project, by
person and by day each add up to the total. An unknown charge is counted beside the sums, never as 0.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

import duckdb

from staging.errors import NotFound
from staging.store.connection import LedgerFile
from staging.store.tables import MICRODOLLAR, aware

_GROUPS = ("model", "project", "person", "day")

_REPORT = """
WITH counted AS (
    SELECT
        p.model, p.project, p.created_by AS person,
        coalesce(c.charged_at, e.ended_at, p.created_at) AS counted_at,
        e.state, v.verdict, c.charge_usd,
        c.charge_usd IS NULL AND (c.prediction_id IS NOT NULL OR e.prediction_id IS NOT NULL) AS charge_unknown
    FROM app.predictions AS p
    LEFT JOIN endings AS e ON e.prediction_id = p.id
    LEFT JOIN charges_now AS c ON c.prediction_id = p.id
    LEFT JOIN verdicts_now AS v ON v.prediction_id = p.id
),
dated AS (
    SELECT *, (counted_at AT TIME ZONE $timezone)::DATE AS day
    FROM counted
    WHERE counted_at >= coalesce($since::TIMESTAMPTZ, '-infinity')
        AND counted_at < coalesce($until::TIMESTAMPTZ, 'infinity')
)
SELECT
    grouping_id(model, project, person, day) AS grouped,
    model, project, person, day,
    count(*),
    count(*) FILTER (state = 'succeeded'),
    count(*) FILTER (state = 'failed'),
    count(*) FILTER (verdict = 'accepted'),
    coalesce(sum(charge_usd), 0::DECIMAL(18, 6)),
    count(*) FILTER (charge_unknown)
FROM dated
GROUP BY GROUPING SETS ((), (model), (project), (person), (day))
"""


@dataclass(frozen=True, slots=True)
class CostRow:
    """What one model, project, person or day came to."""

    key: str
    """The model's id, the project's or person's name, or the day as 2026-11-22."""
    predictions: int
    succeeded: int
    failed: int
    accepted: int
    charged_usd: Decimal
    """The known charges, of successes and failures alike."""
    unknown_charges: int
    """How many predictions were charged nobody knows what: not in `charged_usd`."""

    @property
    def usd_per_accepted(self) -> Decimal | None:
        """All known charges, rejected and failed ones too, over the accepted outputs; None without any."""
        if not self.accepted:
            return None
        return (self.charged_usd / self.accepted).quantize(MICRODOLLAR, ROUND_HALF_UP)


class UnknownCharges(NamedTuple):
    """How many predictions of a model have a charge that nobody knows."""

    model: str
    predictions: int


@dataclass(frozen=True, slots=True)
class CostReport:
    """What was spent between two moments. Each list of rows adds up to `total`, to the last digit."""

    total: CostRow
    by_model: tuple[CostRow, ...]
    by_project: tuple[CostRow, ...]
    by_person: tuple[CostRow, ...]
    by_day: tuple[CostRow, ...]
    """In order of time; the other lists start with the dearest."""

    @property
    def total_usd(self) -> Decimal:
        """The known charges."""
        return self.total.charged_usd

    @property
    def predictions(self) -> int:
        """How many predictions there were."""
        return self.total.predictions

    @property
    def succeeded(self) -> int:
        """How many of them succeeded."""
        return self.total.succeeded

    @property
    def accepted(self) -> int:
        """How many outputs were accepted."""
        return self.total.accepted

    @property
    def unknown(self) -> tuple[UnknownCharges, ...]:
        """The models with charges that nobody knows, to be shown beside every total."""
        return tuple(UnknownCharges(row.key, row.unknown_charges) for row in self.by_model if row.unknown_charges)


class CostLedger:
    """The charges. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile) -> None:
        self._ledger = ledger

    def report(self, since: datetime | None = None, until: datetime | None = None, timezone: str = "UTC") -> CostReport:
        """Return what was spent from `since` up to, not including, `until`; None is without limit.

        A prediction counts when its charge arose, which is when it ended; one that has no charge
        yet counts when it was asked for. Days are those of `timezone`, an IANA name; NotFound when
        there is no such zone.
        """
        values = {
            "since": None if since is None else aware(since),
            "until": None if until is None else aware(until),
            "timezone": timezone,
        }
        try:
            found = self._ledger.rows(_REPORT, values)
        except duckdb.NotImplementedException:
            raise NotFound(f"There is no time zone {timezone!r}: choose one such as Europe/Paris or UTC.") from None
        rows = defaultdict(list)
        for grouped, *keys, predictions, succeeded, failed, accepted, charged_usd, unknown in found:
            name, key = _group(grouped, keys)
            rows[name].append(CostRow(key, predictions, succeeded, failed, accepted, charged_usd, unknown))
        dearest = {
            name: tuple(sorted(group, key=lambda row: (-row.charged_usd, row.key))) for name, group in rows.items()
        }
        return CostReport(
            total=rows["total"][0],
            by_model=dearest.get("model", ()),
            by_project=dearest.get("project", ()),
            by_person=dearest.get("person", ()),
            by_day=tuple(sorted(rows["day"], key=lambda row: row.key)),
        )


def _group(grouped: int, keys: list[Any]) -> tuple[str, str]:
    """Return which grouping a row is of, and its key. In `grouped` a set bit says: not grouped by."""
    for place, (name, key) in enumerate(zip(_GROUPS, keys, strict=True)):
        if not grouped & (1 << (len(_GROUPS) - 1 - place)):
            return name, str(key)
    return "total", ""
