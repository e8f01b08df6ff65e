"""The costs to be taken away: every row of a report, exact, as CSV and as Parquet."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

from staging.exports.words import harmless
from staging.store import CostReport, CostRow, RunTimes, parquet

Cells = tuple[str | int | float | Decimal | None, ...]
_USD = "DECIMAL(38, 6)"
COLUMNS = {
    "dimension": "VARCHAR",
    "key": "VARCHAR",
    "predictions": "BIGINT",
    "succeeded": "BIGINT",
    "accepted": "BIGINT",
    "rejected": "BIGINT",
    "undecided": "BIGINT",
    "failed": "BIGINT",
    "canceled": "BIGINT",
    "unknown": "BIGINT",
    "retries": "BIGINT",
    "cost_usd": _USD,
    "usd_per_accepted": _USD,
    "rejected_usd": _USD,
    "lost_usd": _USD,
    "settled": "BIGINT",
    "settled_usd": _USD,
    "unknown_charges": "BIGINT",
    "held_usd": _USD,
    "p50_seconds": "DOUBLE",
    "p95_seconds": "DOUBLE",
}
"""What a row has, with its SQL type; docs/costs.md says what each means."""


def as_csv(report: CostReport) -> str:
    """Return all rows as CSV, amounts exact; a cell that a spreadsheet would run is quoted off."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows(report):
        told = (harmless(value) if isinstance(value, str) else value for value in row)
        writer.writerow(["" if value is None else value for value in told])
    return out.getvalue()


def as_parquet(report: CostReport) -> bytes:
    """Return all rows as one Parquet file, amounts as DECIMAL."""
    return parquet(COLUMNS, list(rows(report)))


def rows(report: CostReport) -> Iterator[Cells]:
    """Yield every row of the report as COLUMNS has them; `dimension` says what `key` is."""
    times = {one.model: one for one in report.run_times}
    yield _row("total", f"{report.first} to {report.last}", report.total)
    yield _row("before", f"{(report.last - report.first).days + 1} days before", report.before)
    for one in report.by_model:
        yield _row("model", one.key, one, times.get(one.key))
    for by, listed in (
        ("project", report.by_project),
        ("person", report.by_person),
        ("room type", report.by_room_type),
        ("arm", report.by_arm),
        ("day", report.by_day),
    ):
        for one in listed:
            yield _row(by, one.key, one)
    for waste in report.waste:
        known: dict[str, str | int | Decimal] = {
            "dimension": f"{waste.outcome} because of",
            "key": waste.reason,
            "predictions": waste.predictions,
            "cost_usd": waste.cost_usd,
            "unknown_charges": waste.unknown_charges,
        }
        yield tuple(known.get(column) for column in COLUMNS)


def _row(
    by: str, key: str, row: CostRow, times: RunTimes | None = None
) -> tuple[str | int | float | Decimal | None, ...]:
    own = {"dimension": by, "key": key}
    seconds = {"p50_seconds": times.p50_seconds, "p95_seconds": times.p95_seconds} if times else {}
    return tuple(
        own[column] if column in own else seconds.get(column) if column.endswith("_seconds") else getattr(row, column)
        for column in COLUMNS
    )
