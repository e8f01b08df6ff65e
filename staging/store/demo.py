"""Demo history taken out of the ledger: the one case in which rows are deleted that are no derived sums.

Append-only is a promise about facts. Demo rows are none: their people do not exist, and they bear
the names of `staging.demo.PEOPLE`, which no sign-in can give (docs/decisions/0072).
"""

import json
from collections.abc import Sequence

from staging.store.connection import LedgerFile, again_on_conflict

# What hangs on a prediction, then what holds predictions together.
_OF_PREDICTIONS = ("events", "outputs", "verdicts", "adoptions", "cancel_requests", "settlements", "reservations")
_DERIVED = ("sealed_days", "daily_costs", "daily_totals", "daily_seconds", "monthly_totals", "monthly_seconds")
_MINE = (
    "SELECT p.id FROM app.predictions AS p JOIN app.comparisons AS c ON c.id = p.comparison_id "
    "WHERE list_contains(?, c.created_by)"
)


class DemoLedger:
    """The rows of made-up people. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile) -> None:
        self._ledger = ledger

    def count(self, people: Sequence[str]) -> int:
        """Return how many predictions these people have asked for."""
        ((count,),) = self._ledger.rows(f"SELECT count(*) FROM ({_MINE})", [list(people)])  # noqa: S608
        return int(count)

    @again_on_conflict
    def remove(self, people: Sequence[str]) -> tuple[str, ...]:
        """Delete what these people asked for and said, in one transaction; return the outputs' digests nobody else has.

        What others voted on these pictures goes too. Sums by day are reckoned anew when they are next asked for.
        """
        names = [list(people)]
        with self._ledger.writing() as cursor:
            ids = [row[0] for row in cursor.execute(_MINE, names).fetchall()]
            digests = cursor.execute(
                "SELECT DISTINCT digest FROM app.outputs WHERE list_contains(?, prediction_id) AND digest NOT IN "
                "(SELECT digest FROM app.outputs WHERE NOT list_contains(?, prediction_id))",
                [ids, ids],
            ).fetchall()
            mine, shown = (
                set(ids),
                cursor.execute(
                    "SELECT id, rater, left_predictions::VARCHAR, right_predictions::VARCHAR FROM app.ballots"
                ).fetchall(),
            )
            ballots = [
                key
                for key, rater, left, right in shown
                if rater in people or mine & {*json.loads(left), *json.loads(right)}
            ]
            for table, column, keys in (
                ("votes", "ballot", ballots),
                ("ballots", "id", ballots),
                *((table, "prediction_id", ids) for table in _OF_PREDICTIONS),
                ("predictions", "id", ids),
            ):
                cursor.execute(f"DELETE FROM app.{table} WHERE list_contains(?, {column})", [keys])  # noqa: S608
            cursor.execute(
                "DELETE FROM app.comparison_versions WHERE comparison_id IN "
                "(SELECT id FROM app.comparisons WHERE list_contains(?, created_by))",
                names,
            )
            cursor.execute("DELETE FROM app.comparisons WHERE list_contains(?, created_by)", names)
            for table in _DERIVED:
                cursor.execute(f"DELETE FROM app.{table}")  # noqa: S608
        return tuple(row[0] for row in digests)
