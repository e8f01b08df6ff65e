"""Votes made for tests: rooms and raters lean, as they do. And how often intervals hold the truth of them."""

from collections.abc import Sequence
from functools import cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from staging.ratings import OUTCOMES, Ballots, Outcome
from staging.ratings_fit import FloatArray, Judged, fit, judged, wins
from staging.ratings_spread import LEVEL, spread

Row = tuple[str, str, str, str, str]
"""Room, rater, left, right, outcome."""

ROOM_SD, RATER_SD = 0.5, 0.4
"""How far rooms and raters lean towards a model, in logits: facts of statistics, 2026-11."""


def leaning(
    seed: int, votes: int, skill: Sequence[float], rooms: int, raters: int, ties: float = 0.0, both_bad: float = 0.0
) -> Ballots:
    """Return votes on models of these skills (logits), each room and each rater with leanings of its own."""
    dice = np.random.default_rng(seed)
    models = len(skill)
    of_room = dice.normal(0, ROOM_SD, (rooms, models))
    of_rater = dice.normal(0, RATER_SD, (raters, models))
    room, rater, left = (dice.integers(0, many, votes) for many in (rooms, raters, models))
    right = (left + dice.integers(1, models, votes)) % models
    liking: FloatArray = np.asarray(skill) + of_room[room] + of_rater[rater]
    each = np.arange(votes)
    wins = dice.random(votes) < 1 / (1 + np.exp(liking[each, right] - liking[each, left]))
    outcome = np.where(wins, OUTCOMES.index(Outcome.LEFT), OUTCOMES.index(Outcome.RIGHT))
    outcome[dice.random(votes) < ties] = OUTCOMES.index(Outcome.TIE)
    outcome[dice.random(votes) < both_bad] = OUTCOMES.index(Outcome.BOTH_BAD)
    return Ballots(
        rooms=tuple(f"room {n:04}" for n in range(rooms)),
        raters=tuple(f"rater {n:03}" for n in range(raters)),
        models=tuple(f"model {n:02}" for n in range(models)),
        room=room,
        rater=rater,
        left=left,
        right=right,
        outcome=outcome,
    )


def rows_of(ballots: Ballots) -> list[Row]:
    """Return the votes as rows of names."""
    arrays = (ballots.room, ballots.rater, ballots.left, ballots.right, ballots.outcome)
    names = (ballots.rooms, ballots.raters, ballots.models, ballots.models, OUTCOMES)
    columns = ([str(known[code]) for code in codes] for known, codes in zip(names, arrays, strict=True))
    return [(a, b, c, d, e) for a, b, c, d, e in zip(*columns, strict=True)]


SCORE = np.array([{Outcome.LEFT: 2, Outcome.TIE: 1}.get(outcome, 0) for outcome in OUTCOMES])
"""Twice the left model's score."""
SKILL = (0.6, 0.36, 0.12, -0.12, -0.36, -0.6)
ROOMS, RATERS = 60, 12
FIRST_SEED = 20_261_123


class Held(NamedTuple):
    """Which share of intervals held the truth."""

    gaps: float
    ratings: float
    gaps_per_vote: float
    """Of gaps, had each vote been taken for independent."""


def lines_of(ballots: Ballots) -> Judged:
    """Return the votes without order; there must be none for neither."""
    doubled = SCORE[ballots.outcome]
    return judged(ballots.room, ballots.rater, ballots.left, ballots.right, doubled, len(ballots.models))


def held(votes: int, panels: int) -> Held:
    """Return how often 95 % intervals held the truth, over so many panels of 12 raters and 60 rooms."""
    truth, models = population(), len(SKILL)
    upper = np.triu_indices(models, 1)
    normal = NormalDist().inv_cdf((1 + LEVEL) / 2)
    found = np.zeros(3)
    for seed in range(panels):
        lines = lines_of(leaning(FIRST_SEED + seed, votes, SKILL, ROOMS, RATERS))
        at = fit(wins(lines, models))
        far = spread(lines, at)
        off = at.scores - truth
        gap_off = np.abs(off[:, None] - off[None, :])[upper]
        own = far.independent.diagonal()
        alone = normal * np.sqrt(own[:, None] + own[None, :] - 2 * far.independent)[upper]
        found += (
            np.mean(gap_off <= far.of_gaps()[upper]),
            np.mean(np.abs(off) <= far.of_scores()),
            np.mean(gap_off <= alone),
        )
    return Held(*(float(share) for share in found / panels))


@cache
def population() -> FloatArray:
    """Return the scores over all rooms and raters there could be: leanings make chances less extreme than SKILL."""
    dice = np.random.default_rng(1)
    liking = np.asarray(SKILL) + dice.normal(0, np.hypot(ROOM_SD, RATER_SD), (20_000, len(SKILL)))
    chance = np.mean(1 / (1 + np.exp(liking[:, None, :] - liking[:, :, None])), axis=0)
    np.fill_diagonal(chance, 0)
    return fit(np.rint(chance * 1e9).astype(np.int64)).scores
