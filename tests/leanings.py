"""Votes made for tests: rooms and raters lean, as they do."""

from collections.abc import Sequence

import numpy as np

from staging.ratings import OUTCOMES, Ballots, Outcome
from staging.ratings_fit import FloatArray

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
