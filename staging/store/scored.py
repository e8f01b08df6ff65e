"""Rows of the automatic scorer: what it said of an output, and what the thresholds made of that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from staging.store.tables import Table

SCORES = Table(
    "app.scores",
    {
        "prediction_id": "VARCHAR",
        "position": "INTEGER",
        "sequence": "INTEGER",
        "version": "VARCHAR",
        "outlines": "VARCHAR",
        "state": "VARCHAR",
        "overall": "DOUBLE",
        "confidence": "DOUBLE",
        "structure_changed": "BOOLEAN",
        "parts": "JSON",
        "flags": "JSON",
        "reason": "VARCHAR",
        "seconds": "DOUBLE",
        "overlay": "VARCHAR",
        "scored_at": "TIMESTAMPTZ",
    },
)
AUTOMATIC_MARKS = Table(
    "app.automatic_marks",
    {
        "prediction_id": "VARCHAR",
        "position": "INTEGER",
        "sequence": "INTEGER",
        "deed": "VARCHAR",
        "why": "JSON",
        "thresholds": "INTEGER",
        "marked_at": "TIMESTAMPTZ",
    },
)


class ScoreState(StrEnum):
    """What became of a try."""

    SCORED = "scored"
    REFUSED = "refused"
    """The scorer can say nothing of these two pictures: the same try would end the same way."""
    LOST = "lost"
    """The scorer crashed or took too long."""
    GONE = "gone"
    """A picture is not kept any more: no later version can score it either."""


class AutomaticDeed(StrEnum):
    """What the thresholds make of an output."""

    MARKED = "marked"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class ScoreFlag:
    """One thing that the scorer saw."""

    code: str
    words: str
    severity: float
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class Score:
    """One try of the scorer on one output."""

    prediction_id: str
    position: int
    """Of the output among the prediction's, from 0."""
    version: str
    """The scorer's."""
    state: ScoreState
    scored_at: datetime
    outlines: str = ""
    """Which outlines of doors and windows it was told, by their digest; "" for none."""
    overall: float | None = None
    """0 to 100; None without a score."""
    confidence: float | None = None
    """0 to 1."""
    structure_changed: bool | None = None
    """Whether one of the flags says that the architecture is not the room's any more."""
    parts: Mapping[str, float | None] = field(default_factory=dict)
    """0 to 1 by family; None where that means nothing."""
    flags: tuple[ScoreFlag, ...] = ()
    """The worst first."""
    reason: str = ""
    """Why there is no score."""
    seconds: float | None = None
    overlay: str | None = None
    """Under which digest the picture of what was kept and what was not is in the pictures folder."""
    sequence: int = -1
    """Among the tries on this output, from 0; −1 before it is kept."""

    @property
    def worst(self) -> ScoreFlag | None:
        """The flag to show where there is room for one."""
        return self.flags[0] if self.flags else None


@dataclass(frozen=True, slots=True)
class AutomaticMark:
    """What the thresholds made of an output: no person's word, and never instead of one."""

    deed: AutomaticDeed
    why: tuple[str, ...]
    """In sentences."""
    thresholds: int
    """The version of the thresholds."""
    marked_at: datetime


@dataclass(frozen=True, slots=True)
class Quality:
    """What is known of an output's quality now."""

    last: Score
    """The last try, whatever became of it."""
    score: Score | None
    """The last try with a score, which counts; of an older scorer until a newer one had its turn."""
    automatic: AutomaticMark | None = None
    """What the thresholds made of the score that counts."""


@dataclass(frozen=True, slots=True)
class ToScore:
    """An output that waits for the scorer."""

    prediction_id: str
    position: int
    room: str
    """The room's digest."""
    digest: str
    """The output's."""
    again: bool
    """True when it was tried before: by an older scorer, with other outlines, or in vain."""


@dataclass(frozen=True, slots=True)
class ModelQuality:
    """What the scorer says of a model's outputs."""

    model: str
    scored: int
    mean: float
    """Of the overall scores, 0 to 100."""
    low: float
    """One output in ten scored lower."""
    structure_changed: int
    """Outputs whose architecture is not the room's any more."""
    parts: Mapping[str, float]
    """The mean of each family, 0 to 1, over the outputs in which it means something."""
    flags: Mapping[str, int]
    """Outputs with each flag, by its code, the most frequent first."""


@dataclass(frozen=True, slots=True)
class ArmScores:
    """What the scorer says of the outputs of an experiment's arm."""

    scored: int
    mean: float
    structure_changed: int

    @property
    def structure_rate(self) -> float:
        """The share of the scored outputs whose architecture changed."""
        return self.structure_changed / self.scored


def row_of(score: Score) -> tuple[Any, ...]:
    """Return the score as SCORES writes it."""
    told: dict[str, Any] = {
        "parts": dict(score.parts),
        "flags": [{"code": flag.code, "words": flag.words, "severity": flag.severity} for flag in score.flags],
        "state": score.state.value,
    }
    return tuple(told.get(column, getattr(score, column)) for column in SCORES.columns)


def score_of(row: tuple[Any, ...]) -> Score:
    """Return the score that `row_of` wrote, read as SCORES reads."""
    known = SCORES.read(row)
    flags = tuple(ScoreFlag(one["code"], one["words"], one["severity"]) for one in known["flags"])
    return Score(**known | {"state": ScoreState(known["state"]), "flags": flags})


def mark_of(row: tuple[Any, ...]) -> AutomaticMark:
    """Return the mark, read as AUTOMATIC_MARKS reads."""
    known = AUTOMATIC_MARKS.read(row)
    return AutomaticMark(AutomaticDeed(known["deed"]), tuple(known["why"]), known["thresholds"], known["marked_at"])
