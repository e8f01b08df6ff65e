"""Which model people prefer, and how surely: ratings of blind votes.

Votes of few raters on few rooms are not independent, and the intervals here say so (docs/ratings.md).
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from staging.errors import BallotsRefused, GroupsNeverMet
from staging.ratings_fit import FloatArray, IntArray, fit, judged, wins
from staging.ratings_spread import judged_by, spread

MIDDLE = 1000.0
"""The mean of all ratings."""
ELO_PER_LOGIT = 400 / math.log(10)
"""A model 400 above another wins ten times for each time it loses, as in chess."""


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

    def among(self, models: Collection[str]) -> Self:
        """Return the votes between two of these models."""
        wanted = np.array([name in models for name in self.models], dtype=bool)
        return self._where(wanted[self.left] & wanted[self.right])

    def _where(self, kept: NDArray[np.bool_]) -> Self:
        arrays = {name: getattr(self, name)[kept] for name in ("room", "rater", "left", "right", "outcome")}
        return replace(self, **arrays)

    def sorted(self) -> Self:
        """Return the same votes with sorted names, each of which occurs: how they were coded no longer matters."""
        rooms, (room,) = _sorted(self.rooms, self.room)
        raters, (rater,) = _sorted(self.raters, self.rater)
        models, (left, right) = _sorted(self.models, self.left, self.right)
        return replace(self, rooms=rooms, raters=raters, models=models, room=room, rater=rater, left=left, right=right)


@dataclass(frozen=True, slots=True)
class ModelRating:
    """One model's place on the Elo-like scale."""

    model: str
    rating: float
    """The mean of all is 1000; 400 more are odds of ten to one."""
    low: float | None
    """The 95 % interval is `low` to `high`; None where one rater and one room are all there is."""
    high: float | None
    tier: int
    """1 is the best: nobody is surely better. A higher tier has more models that surely are."""
    surely_better: int
    """How many models are surely better than this one."""
    votes: int
    """Decided votes with this model: for it, against it, ties."""
    rooms: int
    raters: int
    """How many rooms and raters these votes are of."""
    both_bad: int
    """Votes that took neither this model's output nor the other's: in no rating."""

    @property
    def both_bad_rate(self) -> float:
        """The share of all votes with this model that took neither output."""
        return self.both_bad / (self.votes + self.both_bad)


@dataclass(frozen=True, slots=True)
class Gap:
    """How much better one model is rated than another."""

    better: str
    worse: str
    gap: float
    """On the Elo-like scale, 0 or more."""
    low: float | None
    high: float | None
    """The 95 % interval of the gap; None where nobody can say."""

    @property
    def chance(self) -> float:
        """How often the better one is expected to win a decided vote between the two."""
        return 1 / (1 + math.exp(-self.gap / ELO_PER_LOGIT))

    @property
    def sure(self) -> bool:
        """True when the interval leaves out 0."""
        return self.low is not None and self.low > 0


@dataclass(frozen=True, slots=True)
class Ratings:
    """What votes say of models that met, if by way of others."""

    models: tuple[ModelRating, ...]
    """The best first."""
    points: tuple[tuple[float, ...], ...]
    """How many votes row won against column, ties half; in the order of `models`."""
    gaps: tuple[Gap, ...]
    """Of every two models, the better one first; in the order of `models`."""
    unrated: tuple[tuple[str, int], ...]
    """Models that met others only in votes for neither, with how many."""
    votes: int
    """Decided votes."""
    both_bad: int
    rooms: int
    raters: int
    """How many rooms and raters the decided votes are of."""

    @property
    def sure(self) -> tuple[Gap, ...]:
        """The gaps whose sign is sure."""
        return tuple(gap for gap in self.gaps if gap.sure)


def rate(ballots: Ballots) -> Ratings:
    """Return the ratings of these votes; the order of votes, sides and codes has no part in it.

    GroupsNeverMet when no chain of decided votes joins all models, BallotsRefused without any decided vote.
    """
    neither = ballots.outcome == OUTCOMES.index(Outcome.BOTH_BAD)
    bad = _times(ballots.models, ballots.left[neither], ballots.right[neither])
    decided = ballots._where(~neither).sorted()
    if not len(decided):
        raise BallotsRefused("No vote prefers a model or calls a tie: there is nothing to rate yet.")
    models = len(decided.models)
    votes = judged(decided.room, decided.rater, decided.left, decided.right, _DOUBLED[decided.outcome], models)
    points = wins(votes, models)
    _refuse_groups(decided.models, points)
    found = fit(points)
    far = spread(votes, found)
    scale = [MIDDLE + ELO_PER_LOGIT * found.scores, ELO_PER_LOGIT * far.of_scores()]
    order = np.lexsort((np.arange(models), -found.scores))
    gaps = _gaps(decided.models, order, found.scores * ELO_PER_LOGIT, far.of_gaps() * ELO_PER_LOGIT)
    beaten = {model: sum(gap.sure and gap.worse == model for gap in gaps) for model in decided.models}
    tiers = sorted(set(beaten.values()))
    rooms, raters = (judged_by(votes, way, models) for way in (votes.room, votes.rater))
    played = points.sum(axis=0) + points.sum(axis=1)
    rated = []
    for place in order:
        model, (rating, half) = decided.models[place], (float(values[place]) for values in scale)
        known = math.isfinite(half)
        rated.append(
            ModelRating(
                model=model,
                rating=rating,
                low=rating - half if known else None,
                high=rating + half if known else None,
                tier=tiers.index(beaten[model]) + 1,
                surely_better=beaten[model],
                votes=int(played[place]) // 2,
                rooms=int(rooms[place]),
                raters=int(raters[place]),
                both_bad=bad.get(model, 0),
            )
        )
    return Ratings(
        models=tuple(rated),
        points=tuple(tuple(float(points[row, column]) / 2 for column in order) for row in order),
        gaps=gaps,
        unrated=tuple((model, times) for model, times in sorted(bad.items()) if model not in beaten),
        votes=len(decided),
        both_bad=int(neither.sum()),
        rooms=len(decided.rooms),
        raters=len(decided.raters),
    )


_DOUBLED = np.array([{Outcome.LEFT: 2, Outcome.TIE: 1}.get(outcome, 0) for outcome in OUTCOMES], dtype=np.int64)
"""Twice the score of the left model, by the code of the outcome."""


def _refuse_groups(models: Sequence[str], points: IntArray) -> None:
    """Raise GroupsNeverMet, with the fewest votes that would join the models, unless all are joined."""
    met = (points + points.T) > 0
    played = (points + points.T).sum(axis=1)
    left, groups = set(range(len(models))), []
    while left:
        group, edge = set(), {min(left)}
        while edge:
            group |= edge
            edge = set(np.flatnonzero(met[sorted(edge)].any(axis=0)).tolist()) - group
        left -= group
        groups.append(sorted(group))
    if len(groups) == 1:
        return
    groups.sort(key=lambda group: (-len(group), group))
    known = [models[max(group, key=lambda place: (played[place], -place))] for group in groups]
    named = tuple(tuple(models[place] for place in group) for group in groups)
    raise GroupsNeverMet(
        f"These {len(groups)} groups of models never met, so no ranking across them is right: "
        f"{'; '.join(', '.join(group) for group in named)}. "
        f"Votes on {' and on '.join(f'{known[0]} against {other}' for other in known[1:])} would join them.",
        named,
    )


def _gaps(models: Sequence[str], order: IntArray, elo: FloatArray, half: FloatArray) -> tuple[Gap, ...]:
    gaps = []
    for place, better in enumerate(order):
        for worse in order[place + 1 :]:
            gap, width = float(elo[better] - elo[worse]), float(half[better, worse])
            known = math.isfinite(width)
            low, high = (gap - width, gap + width) if known else (None, None)
            gaps.append(Gap(models[better], models[worse], gap, low, high))
    return tuple(gaps)


def _times(models: Sequence[str], left: IntArray, right: IntArray) -> dict[str, int]:
    """Return how many of these votes each model that is in any had."""
    times = np.bincount(np.concatenate([left, right]), minlength=len(models))
    return {model: int(many) for model, many in zip(models, times, strict=True) if many}


def _sorted(names: Sequence[str], *codes: IntArray) -> tuple[tuple[str, ...], list[IntArray]]:
    """Return the names that a code means, sorted, and the codes into them."""
    used = np.zeros(len(names), dtype=bool)
    for some in codes:
        used[some] = True
    order = sorted(np.flatnonzero(used).tolist(), key=lambda place: names[place])
    places = np.zeros(len(names), dtype=np.int64)
    places[order] = np.arange(len(order))
    return tuple(names[place] for place in order), [places[some] for some in codes]


def _codes(values: Sequence[str], names: Sequence[str]) -> IntArray:
    places = {name: place for place, name in enumerate(names)}
    return np.array([places[value] for value in values], dtype=np.int64)


def _listed(words: Sequence[str]) -> str:
    """Return the words as "a, b or c"."""
    return f"{', '.join(words[:-1])} or {words[-1]}"
