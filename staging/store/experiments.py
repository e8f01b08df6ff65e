"""What the ledger knows of experiments: who was assigned where, what each arm came to, how people voted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from staging.ratings import Outcome
from staging.store.connection import LedgerFile, again_on_conflict
from staging.store.tables import ASSIGNMENTS, selected, utc


@dataclass(frozen=True, slots=True)
class Assignment:
    """One unit and its arm."""

    experiment: str
    phase: int
    unit: str
    """A room's digest, or a project's name."""
    arm: str
    assigned_at: datetime
    assigned_by: str


@dataclass(frozen=True, slots=True)
class ArmFigures:
    """What the predictions made for one arm came to."""

    rooms: int = 0
    predictions: int = 0
    succeeded: int = 0
    failed: int = 0
    """Failed, or ended in doubt."""
    under_way: int = 0
    accepted: int = 0
    rejected: int = 0
    cost_usd: Decimal = Decimal("0.000000")
    """All known costs, of failures too."""
    unknown_costs: int = 0
    """Ended predictions whose cost nobody knows: not in the sum."""
    p50_seconds: float | None = None
    """Of the successes' run times."""

    @property
    def ended(self) -> int:
        """How many went well or failed; what people cancelled is neither."""
        return self.succeeded + self.failed

    @property
    def usd_per_accepted(self) -> Decimal | None:
        """All costs over the accepted outputs; None without any, or when a cost is unknown."""
        if not self.accepted or self.unknown_costs:
            return None
        return self.cost_usd / self.accepted


@dataclass(frozen=True, slots=True)
class ArmVote:
    """One vote between two arms, as keys "<experiment>/<phase>/<arm>"."""

    unit: str
    """A room's digest, or the name of a set of rooms."""
    project: str
    rater: str
    left: str
    right: str
    outcome: Outcome
    given_at: datetime


class ExperimentLedger:
    """What the ledger knows of experiments. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile) -> None:
        self._ledger = ledger

    @again_on_conflict
    def write_down(self, assignments: Sequence[Assignment]) -> None:
        """Keep the assignments; a unit that has an arm of the phase keeps the one it has."""
        with self._ledger.writing() as cursor:
            known = cursor.execute(
                "SELECT experiment, phase, unit FROM app.assignments WHERE list_contains(?, experiment)",
                [[one.experiment for one in assignments]],
            ).fetchall()
            taken = set(known)
            new = {
                key: one for one in reversed(assignments) if (key := (one.experiment, one.phase, one.unit)) not in taken
            }
            ASSIGNMENTS.insert(
                cursor, [tuple(getattr(one, column) for column in ASSIGNMENTS.columns) for one in new.values()]
            )

    def assignments(self, experiment: str, phase: int) -> list[Assignment]:
        """Return the phase's assignments, the first written down first."""
        rows = self._ledger.rows(
            f"SELECT unit, arm, {selected('assigned_at')}, assigned_by FROM app.assignments "  # noqa: S608
            "WHERE experiment = ? AND phase = ? ORDER BY assigned_at, unit",
            [experiment, phase],
        )
        return [Assignment(experiment, phase, unit, arm, utc(at), by) for unit, arm, at, by in rows]

    def figures(self, arms: Sequence[str]) -> dict[str, ArmFigures]:
        """Return what each arm, by its key, came to; an arm that nothing was made for has zeros."""
        rows = self._ledger.rows(_FIGURES, [list(arms)])
        return {arm: ArmFigures() for arm in arms} | {arm: ArmFigures(*figures) for arm, *figures in rows}

    def comparisons(self, arms: Sequence[str]) -> list[str]:
        """Return the comparisons that predictions of these arms were made in, the first first."""
        rows = self._ledger.rows(
            "SELECT DISTINCT comparison_id FROM app.predictions WHERE list_contains(?, arm) ORDER BY comparison_id",
            [list(arms)],
        )
        return [comparison_id for (comparison_id,) in rows]

    def votes(self, arms: Sequence[str]) -> list[ArmVote]:
        """Return the votes between two of these arms that count, in the order they were given.

        They are of real pairs, shown for the first time, neither skipped nor taken back.
        """
        rows = self._ledger.rows(_VOTES, {"arms": list(arms)})
        return [
            ArmVote(unit, project, rater, left, right, Outcome(choice), utc(at))
            for unit, project, rater, left, right, choice, at in rows
        ]


_FIGURES = """
WITH p AS (SELECT id, arm, room FROM app.predictions WHERE list_contains(?, arm))
SELECT
    p.arm, count(DISTINCT p.room), count(*),
    count(*) FILTER (n.state = 'succeeded'), count(*) FILTER (n.state IN ('failed', 'unknown')),
    count(*) FILTER (n.state IS NULL),
    count(*) FILTER (v.verdict = 'accepted'), count(*) FILTER (v.verdict = 'rejected'),
    coalesce(sum(coalesce(s.settled_usd, g.charge_usd)), 0)::DECIMAL(18, 6),
    count(*) FILTER (n.state IS NOT NULL AND s.settled_usd IS NULL AND g.charge_usd IS NULL),
    quantile_cont(n.run_seconds, 0.5) FILTER (n.state = 'succeeded')
FROM p
LEFT JOIN endings AS n ON n.prediction_id = p.id
LEFT JOIN charges_now AS g ON g.prediction_id = p.id
LEFT JOIN settlements_now AS s ON s.prediction_id = p.id
LEFT JOIN verdicts_now AS v ON v.prediction_id = p.id
GROUP BY p.arm
"""

_VOTES = """
SELECT unit, project, rater, left_arm, right_arm, choice, epoch_us(given_at)
FROM votes_now
WHERE showing = 0 AND kind = 'pair' AND choice <> 'skip' AND left_arm <> right_arm
    AND list_contains($arms, left_arm) AND list_contains($arms, right_arm)
ORDER BY given_at, ballot
"""
