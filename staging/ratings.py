"""Which model people prefer, and how surely: ratings of blind votes.

Votes of few raters on few rooms are not independent, and the intervals here say so (docs/ratings.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from staging.errors import BallotsRefused

IntArray = NDArray[np.int64]


class Outcome(StrEnum):
    """What a rater said of a pair."""

    LEFT = "left"
    RIGHT = "right"
    TIE = "tie"
    BOTH_BAD = "both bad"
    """Neither output may be used: reported on its own, and no part of the ratings."""


OUTCOMES = tuple(Outcome)
"""The code of an outcome in `Ballots.outcome` is its place here."""


@dataclass(frozen=True, eq=False)
class Ballots:
    """Votes as arrays: names once, and one code into them a vote; all five arrays are equally long."""

    rooms: tuple[str, ...]
    raters: tuple[str, ...]
    models: tuple[str, ...]
    room: IntArray
    rater: IntArray
    left: IntArray
    right: IntArray
    """The models' codes: `left` and `right` differ in every vote."""
    outcome: IntArray
    """Codes into `OUTCOMES`."""

    def __post_init__(self) -> None:
        if len({len(codes) for codes in (self.room, self.rater, self.left, self.right, self.outcome)}) > 1:
            raise BallotsRefused("Every vote needs a room, a rater, two models and an outcome.")
        for what, codes, names in (
            ("room", self.room, self.rooms),
            ("rater", self.rater, self.raters),
            ("model", self.left, self.models),
            ("model", self.right, self.models),
            ("outcome", self.outcome, OUTCOMES),
        ):
            if len(codes) and not (codes.min() >= 0 and codes.max() < len(names)):
                raise BallotsRefused(f"A vote has an unknown {what}.")
        if (same := np.flatnonzero(self.left == self.right)).size:
            model = self.models[int(self.left[same[0]])]
            raise BallotsRefused(f"A vote sets {model} against itself: a vote is between two models.")

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str, str, str]]) -> Self:
        """Return the votes of rows (room, rater, left model, right model, outcome).

        The names are sorted, so that the codes do not depend on the order of the votes. BallotsRefused
        for an outcome that is none of `Outcome`, and for a model against itself.
        """
        columns = list(zip(*rows, strict=True)) or [()] * 5
        rooms, raters, left, right, outcomes = columns
        known: dict[str, int] = {outcome: code for code, outcome in enumerate(OUTCOMES)}
        if unknown := sorted({str(outcome) for outcome in outcomes} - known.keys()):
            raise BallotsRefused(f"Unknown outcome {unknown[0]!r}: a vote ends with {_listed(OUTCOMES)}.")
        models = sorted({*left, *right})
        return cls(
            rooms=tuple(sorted(set(rooms))),
            raters=tuple(sorted(set(raters))),
            models=tuple(models),
            room=_codes(rooms, sorted(set(rooms))),
            rater=_codes(raters, sorted(set(raters))),
            left=_codes(left, models),
            right=_codes(right, models),
            outcome=np.array([known[outcome] for outcome in outcomes], dtype=np.int64),
        )

    def __len__(self) -> int:
        return len(self.outcome)


def _codes(values: Sequence[str], names: Sequence[str]) -> IntArray:
    places = {name: place for place, name in enumerate(names)}
    return np.array([places[value] for value in values], dtype=np.int64)


def _listed(words: Sequence[str]) -> str:
    """Return the words as "a, b or c"."""
    return f"{', '.join(words[:-1])} or {words[-1]}"
