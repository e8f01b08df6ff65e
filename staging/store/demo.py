"""Demo history taken out of the ledger: the one case in which rows are deleted that are no derived sums.

Append-only is a promise about facts. Demo rows are none: their people do not exist, and they bear
the names of `staging.demo_cast.ACTORS`, which no sign-in can give (docs/decisions/0072 and 0076).
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import duckdb

from staging.store.audit import AuditLedger
from staging.store.connection import LedgerFile, again_on_conflict

# What hangs on a prediction, then what holds predictions together.
_OF_PREDICTIONS = (
    "events",
    "outputs",
    "verdicts",
    "adoptions",
    "cancel_requests",
    "settlements",
    "reservations",
    "open_predictions",
    "scores",
    "automatic_marks",
)
_OF_BUDGETS = ("alerts", "alert_deliveries", "alert_readings")
_DERIVED = ("sealed_days", "daily_costs", "daily_totals", "daily_seconds", "monthly_totals", "monthly_seconds")
_MARKER = "demo"
"""The kind of the document that says that there is demo history."""
_SHIPPED_BY = "Staging Lab"
"""Who wrote what is kept of a shipped file beside somebody's first edit of it."""
_MINE = "SELECT id FROM app.predictions WHERE list_contains(?, created_by)"


class DemoGone(NamedTuple):
    """The digests of pictures that were of demo history only."""

    outputs: tuple[str, ...] = ()
    overlays: tuple[str, ...] = ()


class NoAudit(AuditLedger):
    """An audit log that nothing enters."""

    def append(self, *_said: object, **_more: object) -> None:
        """Nothing is kept."""


class DemoLedger:
    """The rows of made-up people. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile, audit: AuditLedger) -> None:
        self._ledger, self._audit = ledger, audit

    def count(self, actors: Sequence[str]) -> int:
        """Return how many predictions these have asked for."""
        ((count,),) = self._ledger.rows(f"SELECT count(*) FROM ({_MINE})", [list(actors)])  # noqa: S608
        return int(count)

    @again_on_conflict
    def remove(self, actors: Sequence[str], by: str, at: datetime) -> DemoGone:
        """Delete what these asked for, said and wrote first, in one transaction; return the pictures nobody else has.

        What others said of it goes too: votes and marks on these pictures, later versions of these documents.
        What others asked for stays, in a comparison of these too. Sums by day are reckoned anew when they are next
        asked for. The removal is in the audit log.
        """
        names = [*actors]
        with self._audit.writing() as cursor:
            ids = _column(cursor, _MINE, [names])
            gone = DemoGone(_outputs(cursor, ids), _overlays(cursor, ids))
            ballots = _ballots(cursor, ids, names)
            _delete(cursor, "votes", "ballot", ballots)
            _delete(cursor, "ballots", "id", ballots)
            for table in _OF_PREDICTIONS:
                _delete(cursor, table, "prediction_id", ids)
            _delete(cursor, "predictions", "id", ids)
            _delete(cursor, "deletions", "digest", gone.outputs)
            _delete_comparisons(cursor, names)
            _delete_keys(cursor, names)
            _delete_documents(cursor, names)
            for table in _DERIVED:
                cursor.execute(f"DELETE FROM app.{table}")  # noqa: S608
            told = {"predictions": len(ids), "votes": len(ballots)}
            self._audit.append(cursor, by, "remove demo", "history", told, None, at)
        return gone


def _column(cursor: duckdb.DuckDBPyConnection, sql: str, values: list[Any]) -> list[str]:
    return [row[0] for row in cursor.execute(sql, values).fetchall()]


def _delete(cursor: duckdb.DuckDBPyConnection, table: str, column: str, keys: Sequence[str]) -> None:
    cursor.execute(f"DELETE FROM app.{table} WHERE list_contains(?, {column})", [list(keys)])  # noqa: S608


def _outputs(cursor: duckdb.DuckDBPyConnection, ids: list[str]) -> tuple[str, ...]:
    """Return the digests of outputs of these predictions only, that are no room's either."""
    sql = (
        "SELECT DISTINCT digest FROM app.outputs WHERE list_contains($ids, prediction_id) AND digest NOT IN "
        "(SELECT digest FROM app.outputs WHERE NOT list_contains($ids, prediction_id)) AND digest NOT IN "
        "(SELECT digest FROM app.rooms)"
    )
    return tuple(row[0] for row in cursor.execute(sql, {"ids": ids}).fetchall())


def _overlays(cursor: duckdb.DuckDBPyConnection, ids: list[str]) -> tuple[str, ...]:
    """Return the overlays of scores of these predictions only."""
    sql = (
        "SELECT DISTINCT overlay FROM app.scores WHERE overlay IS NOT NULL AND list_contains($ids, prediction_id) "
        "AND overlay NOT IN (SELECT overlay FROM app.scores "
        "WHERE overlay IS NOT NULL AND NOT list_contains($ids, prediction_id))"
    )
    return tuple(row[0] for row in cursor.execute(sql, {"ids": ids}).fetchall())


def _ballots(cursor: duckdb.DuckDBPyConnection, ids: list[str], names: list[str]) -> list[str]:
    """Return the ballots that these people were shown, or that show one of these predictions."""
    mine = set(ids)
    shown = cursor.execute(
        "SELECT id, rater, left_predictions::VARCHAR, right_predictions::VARCHAR FROM app.ballots"
    ).fetchall()
    return [
        key for key, rater, left, right in shown if rater in names or mine & {*json.loads(left), *json.loads(right)}
    ]


def _delete_comparisons(cursor: duckdb.DuckDBPyConnection, names: list[str]) -> None:
    """Delete the comparisons in which nobody else's prediction stands, and the jobs."""
    mine = _column(cursor, "SELECT id FROM app.comparisons WHERE list_contains(?, created_by)", [names])
    kept = set(_column(cursor, "SELECT DISTINCT comparison_id FROM app.predictions", []))
    gone = [key for key in mine if key not in kept]
    _delete(cursor, "comparison_versions", "comparison_id", gone)
    _delete(cursor, "comparisons", "id", gone)
    _delete(cursor, "jobs", "holder", names)


def _delete_keys(cursor: duckdb.DuckDBPyConnection, names: list[str]) -> None:
    keys = _column(cursor, "SELECT id FROM app.api_keys WHERE list_contains(?, made_by)", [names])
    _delete(cursor, "api_key_uses", "key_id", keys)
    _delete(cursor, "api_key_revocations", "key_id", keys)
    _delete(cursor, "api_keys", "id", keys)


def _delete_documents(cursor: duckdb.DuckDBPyConnection, names: list[str]) -> None:
    """Delete the documents that these wrote first, with all that hangs on them, and their versions of others."""
    first = cursor.execute(
        "SELECT kind, name FROM app.documents GROUP BY kind, name "
        "HAVING list_contains(?, arg_min(written_by, version)) OR kind = ?",
        [names, _MARKER],
    ).fetchall()
    for table in _OF_BUDGETS:
        _delete(cursor, table, "budget", [name for kind, name in first if kind == "budget"])
    _delete(cursor, "assignments", "experiment", [name for kind, name in first if kind == "experiment"])
    for kind, name in first:
        cursor.execute("DELETE FROM app.documents WHERE kind = ? AND name = ?", [kind, name])
    edited = cursor.execute(
        "SELECT kind, name, max(version) FILTER (NOT list_contains($names, written_by) AND written_by <> $shipped) "
        "FROM app.documents GROUP BY kind, name HAVING bool_or(list_contains($names, written_by))",
        {"names": names, "shipped": _SHIPPED_BY},
    ).fetchall()
    for kind, name, last_of_others in edited:
        # Versions count without a gap: what somebody's own edit followed stays below it, under its writer's name. What
        # was shipped is kept only beside an edit.
        cursor.execute(
            "DELETE FROM app.documents WHERE kind = ? AND name = ? AND version > ?",
            [kind, name, -1 if last_of_others is None else last_of_others],
        )
