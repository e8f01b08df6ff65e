"""Bradley-Terry by Newton: from counted votes to scores.

Everything here is arrays: models are 0 … K-1, scores are logits with mean 0 (a gap of 1 means odds of e).
Source: Bradley and Terry, Rank Analysis of Incomplete Block Designs (1952).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from staging.errors import BallotsRefused

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

HALF_GAME = 0.5
"""The prior: every pair that met is taken to have met half a game more, as a tie."""
STEPS = 200
LONGEST_STEP = 3.0
"""Where chances are next to 0 or 1, Newton would step far beyond the answer."""
NEAR = 1e-3
"""From here on each step squares the error."""
SETTLED = 1e-12


class Judged(NamedTuple):
    """Votes without order: each line is a distinct vote and `times` says how often it was given.

    `low` < `high` are the models; `doubled` is twice the score of `low`: 2 for a win, 1 for a tie, 0.
    """

    room: IntArray
    rater: IntArray
    low: IntArray
    high: IntArray
    doubled: IntArray
    times: IntArray


class Fit(NamedTuple):
    """Scores in logits with mean 0, and the information (minus the second derivative) at them, (K, K)."""

    scores: FloatArray
    information: FloatArray


def judged(room: IntArray, rater: IntArray, left: IntArray, right: IntArray, doubled: IntArray, models: int) -> Judged:
    """Return the votes sorted and counted, so that their order and their sides can no longer matter.

    `doubled` is twice the score of the left model.
    """
    low, high = np.minimum(left, right), np.maximum(left, right)
    of_low = np.where(left < right, doubled, 2 - doubled)
    raters = int(rater.max(initial=0)) + 1
    keys = (((room * raters + rater) * models + low) * models + high) * 3 + of_low
    keys, times = np.unique(keys, return_counts=True)
    keys, of_low = np.divmod(keys, 3)
    keys, high = np.divmod(keys, models)
    keys, low = np.divmod(keys, models)
    room, rater = np.divmod(keys, raters)
    return Judged(room, rater, low, high, of_low, times)


def wins(votes: Judged, models: int) -> IntArray:
    """Return twice the points of row over column, (K, K): a win counts 2, a tie 1 for each."""
    points = np.zeros((models, models), dtype=np.int64)
    np.add.at(points, (votes.low, votes.high), votes.doubled * votes.times)
    np.add.at(points, (votes.high, votes.low), (2 - votes.doubled) * votes.times)
    return points


def fit(points: IntArray, prior: float = HALF_GAME) -> Fit:
    """Return the most likely scores for these doubled points (see `wins`), all of whose models are connected.

    `prior` games as ties are added to each pair that met; with 0 there may be no finite answer, which is
    BallotsRefused.
    """
    met = (points + points.T) > 0
    score = points / 2 + np.where(met, prior / 2, 0.0)
    games = score + score.T
    models = len(points)
    scores, before = np.zeros(models), np.inf
    for _ in range(STEPS):
        expected = _expected(scores)
        slope = (score - games * expected).sum(axis=1)
        information = _information(games, expected)
        try:
            # The scores have a common level that votes say nothing of: the ones keep it where it is.
            step = np.linalg.solve(information + 1 / models, slope)
        except np.linalg.LinAlgError:
            break
        far = float(np.abs(step).max())
        scores = scores + step * min(1.0, LONGEST_STEP / max(far, SETTLED))
        if far < SETTLED or (far < NEAR and far > before / 2):  # the rest is rounding
            return Fit(scores - scores.mean(), information)
        before = far
    raise BallotsRefused("The ratings have no finite value: a model only won or only lost.")


def _expected(scores: FloatArray) -> FloatArray:
    """Return the chance that row beats column."""
    return np.asarray(1 / (1 + np.exp(scores[None, :] - scores[:, None])))


def _information(games: FloatArray, expected: FloatArray) -> FloatArray:
    weight = games * expected * expected.T
    return np.asarray(np.diag(weight.sum(axis=1)) - weight)
