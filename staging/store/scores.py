"""Scores in the ledger: every try of the automatic scorer, what counts now, and what still waits for it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import duckdb

from staging.origins import LAB, Author
from staging.predictions import Mark, Verdict
from staging.store.audit import AuditLedger
from staging.store.ballots import BallotFilter
from staging.store.connection import LedgerFile, again_on_conflict
from staging.store.lives import read_marks
from staging.store.scored import (
    AUTOMATIC_MARKS,
    SCORES,
    ArmScores,
    AutomaticDeed,
    AutomaticMark,
    ModelQuality,
    Quality,
    Score,
    ScoreState,
    ToScore,
    mark_of,
    row_of,
    score_of,
)

BY_THRESHOLDS = Author("quality thresholds", LAB)
"""Who rejects automatically, as the audit log calls it."""
REJECTED = "reject automatically"
MOST_LOST = 2
"""Tries by one version of the scorer that may crash or take too long before an output is left alone."""


class Judged(NamedTuple):
    """What the thresholds make of a score."""

    deed: AutomaticDeed
    why: tuple[str, ...]
    thresholds: int


class ScoreLedger:
    """The scores. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile, audit: AuditLedger) -> None:
        self._ledger = ledger
        self._audit = audit

    @again_on_conflict
    def record(self, score: Score, judged: Judged | None = None) -> Score | None:
        """Keep the try, and what the thresholds make of it; return it with its sequence.

        None, and nothing is kept, when the prediction is gone: demo history may be removed while it is scored.

        Where a person has decided, `judged` is left out: no threshold takes the place of their word. An
        automatic rejection is in the audit log with the same transaction.
        """
        with self._audit.writing() as cursor:
            if not cursor.execute("SELECT 1 FROM app.predictions WHERE id = ?", [score.prediction_id]).fetchall():
                return None
            counted = cursor.execute(
                "SELECT count(*) FROM app.scores WHERE prediction_id = ? AND position = ?",
                [score.prediction_id, score.position],
            ).fetchone()
            sequence = counted[0] if counted else 0
            kept = replace(score, sequence=sequence)
            SCORES.insert(cursor, [row_of(kept)])
            if judged is not None and _undecided(cursor, score.prediction_id):
                key = (score.prediction_id, score.position, sequence)
                values = (judged.deed.value, list(judged.why), judged.thresholds, score.scored_at)
                AUTOMATIC_MARKS.insert(cursor, [(*key, *values)])
                if judged.deed is AutomaticDeed.REJECTED:
                    told = {"score": score.overall, "why": list(judged.why), "thresholds": judged.thresholds}
                    at = score.scored_at
                    self._audit.append(cursor, BY_THRESHOLDS, REJECTED, score.prediction_id, None, told, at)
            return kept

    # ── what is known ────────────────────────────────────────────────────────────────────────

    def of(self, ids: Sequence[str]) -> dict[str, Quality]:
        """Return what is known of the first output of each prediction; those never tried are absent."""
        if not ids:
            return {}
        with self._ledger.reading() as cursor:
            return _known(cursor, ids)

    def tries(self, prediction_id: str) -> list[Score]:
        """Return every try on the prediction's outputs, in order: old scores with their versions too."""
        with self._ledger.reading() as cursor:
            return _scores(cursor, "prediction_id = ? ORDER BY position, sequence", [prediction_id])

    def counts(self, version: str) -> dict[str, int]:
        """Return how many outputs this version has scored, and how many tries on which it ended otherwise."""
        rows = self._ledger.rows(
            "SELECT state, count(*) FROM (SELECT prediction_id, position, arg_max(state, sequence) AS state "
            "FROM app.scores WHERE version = ? GROUP BY ALL) GROUP BY state",
            [version],
        )
        return dict.fromkeys(ScoreState, 0) | {ScoreState(state): count for state, count in rows}

    def reasons(self, version: str, limit: int = 20) -> list[tuple[str, int]]:
        """Return why this version left outputs without a score, the most frequent reason first."""
        rows = self._ledger.rows(
            "SELECT reason, count(*) FROM (SELECT arg_max(state, sequence) AS state, arg_max(reason, sequence) AS "
            "reason FROM app.scores WHERE version = ? GROUP BY prediction_id, position) WHERE state <> 'scored' "
            "GROUP BY reason ORDER BY count(*) DESC, reason LIMIT ?",
            [version, limit],
        )
        return [(reason, count) for reason, count in rows]

    def overlays(self, digests: Sequence[str]) -> list[str]:
        """Return the overlays that were made of these rooms or outputs, by any version."""
        rows = self._ledger.rows(
            "SELECT DISTINCT s.overlay FROM app.scores AS s JOIN app.predictions AS p ON p.id = s.prediction_id "
            "JOIN app.outputs AS o ON o.prediction_id = s.prediction_id AND o.position = s.position "
            "WHERE s.overlay IS NOT NULL AND (list_contains($digests, p.room) OR list_contains($digests, o.digest)) "
            "ORDER BY s.overlay",
            {"digests": list(digests)},
        )
        return [overlay for (overlay,) in rows]

    # ── what waits ───────────────────────────────────────────────────────────────────────────

    def waiting(self, version: str, outlines: Mapping[str, str], limit: int) -> list[ToScore]:
        """Return outputs that this version has not scored yet: the new ones first, the newest of each first.

        `outlines` has the digest of the outlines that hold now, by room; a score that knew others waits again.
        """
        rows = self._ledger.rows(
            f"SELECT prediction_id, position, room, digest, again FROM ({_WAITING}) "  # noqa: S608
            "ORDER BY again, prediction_id DESC, position LIMIT $limit",
            {**_wanted(version, outlines), "limit": limit},
        )
        return [ToScore(*row) for row in rows]

    def count_waiting(self, version: str, outlines: Mapping[str, str]) -> tuple[int, int]:
        """Return how many outputs wait that were never tried, and how many of the others."""
        ((new, again),) = self._ledger.rows(
            f"SELECT count(*) FILTER (NOT again), count(*) FILTER (again) FROM ({_WAITING})",  # noqa: S608
            _wanted(version, outlines),
        )
        return new, again

    # ── what it comes to ─────────────────────────────────────────────────────────────────────

    def of_models(self, version: str, wanted: BallotFilter) -> list[ModelQuality]:
        """Return what this version says of each model's outputs, the best mean first.

        Of the filter only room type, style, project and the moments between which the outputs were made are read.
        """
        where, values = "s.version = $version", {"version": version}
        for name, condition in _MODELS_WHERE.items():
            if (value := getattr(wanted, name)) is not None:
                where += f" AND {condition}"
                values[name] = value
        with self._ledger.reading() as cursor:
            of = _MODELS.format(where=where)
            figures = cursor.execute(
                f"WITH of AS ({of}) SELECT model, count(*), avg(overall), quantile_cont(overall, 0.1), "  # noqa: S608
                "count(*) FILTER (structure_changed) FROM of GROUP BY model ORDER BY avg(overall) DESC, model",
                values,
            ).fetchall()
            parts = cursor.execute(
                f"WITH of AS ({of}), one AS (SELECT model, parts, unnest(json_keys(parts)) AS name FROM of) "  # noqa: S608
                "SELECT model, name, avg((parts ->> name)::DOUBLE) AS mean FROM one GROUP BY ALL "
                "HAVING mean IS NOT NULL ORDER BY model, name",
                values,
            ).fetchall()
            flags = cursor.execute(
                f"WITH of AS ({of}), one AS (SELECT DISTINCT model, prediction_id, "  # noqa: S608
                "unnest(json_extract_string(flags, '$[*].code')) AS code FROM of) "
                "SELECT model, code, count(*) FROM one GROUP BY ALL ORDER BY count(*) DESC, code",
                values,
            ).fetchall()
        return [
            ModelQuality(
                model,
                scored,
                mean,
                low,
                changed,
                {name: mean for of_model, name, mean in parts if of_model == model},
                {code: count for of_model, code, count in flags if of_model == model},
            )
            for model, scored, mean, low, changed in figures
        ]

    def of_arms(self, version: str, arms: Sequence[str]) -> dict[str, ArmScores]:
        """Return what this version says of each arm's outputs, by its key; those without a score are absent."""
        rows = self._ledger.rows(
            "SELECT p.arm, count(*), avg(s.overall), count(*) FILTER (s.structure_changed) FROM app.predictions AS p "
            "JOIN scores_now AS s ON s.prediction_id = p.id AND s.position = 0 "
            "WHERE s.version = $version AND list_contains($arms, p.arm) GROUP BY p.arm",
            {"version": version, "arms": list(arms)},
        )
        return {arm: ArmScores(*figures) for arm, *figures in rows}


def _wanted(version: str, outlines: Mapping[str, str]) -> dict[str, Any]:
    return {
        "version": version,
        "rooms": list(outlines),
        "outlines": list(outlines.values()),
        "most_lost": MOST_LOST,
    }


def _undecided(cursor: duckdb.DuckDBPyConnection, prediction_id: str) -> bool:
    return read_marks(cursor, [prediction_id]).get(prediction_id, Mark()).verdict is Verdict.UNDECIDED


def _scores(cursor: duckdb.DuckDBPyConnection, where: str, values: list[Any]) -> list[Score]:
    rows = cursor.execute(f"SELECT {SCORES.select_list} FROM app.scores WHERE {where}", values).fetchall()  # noqa: S608
    return [score_of(row) for row in rows]


def _known(cursor: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> dict[str, Quality]:
    # Bounds let DuckDB pass over the blocks that cannot hold the ids, which sort by time.
    bounds = "prediction_id BETWEEN ? AND ? AND list_contains(?, prediction_id) AND position = 0"
    values = [min(ids), max(ids), list(ids)]
    tries: dict[str, list[Score]] = {}
    for score in _scores(cursor, f"{bounds} ORDER BY prediction_id, sequence", values):
        tries.setdefault(score.prediction_id, []).append(score)
    rows = cursor.execute(
        f"SELECT {AUTOMATIC_MARKS.select_list} FROM app.automatic_marks WHERE {bounds}",  # noqa: S608
        values,
    ).fetchall()
    marks: dict[tuple[str, int], AutomaticMark] = {(row[0], row[2]): mark_of(row) for row in rows}
    known = {}
    for prediction_id, of in tries.items():
        counts = next((score for score in reversed(of) if score.state is ScoreState.SCORED), None)
        mark = marks.get((prediction_id, counts.sequence)) if counts else None
        known[prediction_id] = Quality(of[-1], counts, mark)
    return known


_WAITING = """
WITH last AS (
    SELECT
        prediction_id, position,
        arg_max(version, sequence) AS version, arg_max(outlines, sequence) AS outlines,
        arg_max(state, sequence) AS state, count(*) FILTER (state = 'lost' AND version = $version) AS lost
    FROM app.scores
    GROUP BY prediction_id, position
), told AS (SELECT unnest($rooms::VARCHAR[]) AS room, unnest($outlines::VARCHAR[]) AS outlines)
SELECT o.prediction_id, o.position, p.room, o.digest, l.version IS NOT NULL AS again
FROM app.outputs AS o
JOIN app.predictions AS p ON p.id = o.prediction_id
LEFT JOIN last AS l ON l.prediction_id = o.prediction_id AND l.position = o.position
LEFT JOIN told AS t ON t.room = p.room
WHERE l.version IS NULL
    OR (l.state <> 'gone' AND (l.version <> $version OR l.outlines <> coalesce(t.outlines, '')))
    OR (l.state = 'lost' AND l.lost < $most_lost)
"""

_MODELS = """
SELECT p.model, s.prediction_id, s.overall, s.structure_changed, s.parts, s.flags
FROM scores_now AS s
JOIN app.predictions AS p ON p.id = s.prediction_id
JOIN endings AS e ON e.prediction_id = p.id
LEFT JOIN rooms_now AS r ON r.digest = p.room
WHERE s.position = 0 AND {where}
"""
_MODELS_WHERE = {
    "room_type": "r.room_type = $room_type",
    "style": "p.style = $style",
    "project": "p.project = $project",
    "since": "e.ended_at >= $since",
    "until": "e.ended_at < $until",
}
