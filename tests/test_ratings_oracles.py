"""Ratings beside what others reckon: a published example, statsmodels, arenakit."""

import numpy as np
import pytest
import statsmodels.api as sm
from arenakit import bt
from arenakit.schema import PairCounts

from staging.ratings import Ballots
from staging.ratings_fit import FloatArray, fit, wins
from staging.ratings_spread import clustered, spread, student, surprises
from tests.leanings import SCORE, leaning, lines_of

SKILL = (0.8, 0.3, 0.1, -0.4, -0.8)


def test_wikipedias_example() -> None:
    points = 2 * np.array([[0, 2, 0, 1], [3, 0, 5, 0], [0, 3, 0, 1], [4, 0, 3, 0]])

    strengths = np.exp(fit(points, prior=0).scores)

    assert strengths == pytest.approx([0.640, 1.043, 0.660, 2.270], abs=5e-4)


def by_statsmodels(ballots: Ballots, groups: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return statsmodels' scores with mean 0, and their errors with these clusters."""
    models, each = len(SKILL), np.arange(len(ballots))
    design = np.zeros((len(ballots), models))
    design[each, ballots.left], design[each, ballots.right] = 1, -1
    answered = SCORE[ballots.outcome] / 2
    found = sm.GLM(answered, design[:, 1:], family=sm.families.Binomial()).fit(
        tol=1e-14, cov_type="cluster", cov_kwds={"groups": groups}
    )
    scores = np.r_[0, found.params]
    covariance = np.zeros((models, models))
    covariance[1:, 1:] = found.cov_params()
    centred = np.eye(models) - 1 / models
    return scores - scores.mean(), np.sqrt(np.diag(centred @ covariance @ centred))


def test_scores_and_errors_are_those_of_statsmodels() -> None:
    ballots = leaning(4, 6_000, SKILL, rooms=60, raters=12, ties=0.15)
    votes = lines_of(ballots)
    found = fit(wins(votes, len(SKILL)), prior=0)
    bread = spread(votes, found).independent

    for whole, lines in ((ballots.room, votes.room), (ballots.rater, votes.rater)):
        scores, errors = by_statsmodels(ballots, whole.astype(float))
        assert found.scores == pytest.approx(scores, abs=1e-9)
        own = clustered(votes, surprises(votes, found), lines, bread)
        assert np.sqrt(np.diag(own)) == pytest.approx(errors, rel=1e-3)

    _, errors = by_statsmodels(ballots, np.column_stack([ballots.room, ballots.rater]))
    assert np.sqrt(np.diag(spread(votes, found).covariance)) == pytest.approx(errors, rel=1e-3)


def test_scores_are_those_of_arenakit() -> None:
    votes = lines_of(leaning(5, 3_000, SKILL, rooms=60, raters=12))
    points = wins(votes, len(SKILL))

    none = np.zeros_like(points)
    counts = PairCounts(wf=points / 2, ws=none, tt=none)
    assert fit(points, prior=0).scores == pytest.approx(bt.fit_bt(counts, prior=0.0).scores, abs=1e-8)


@pytest.mark.parametrize(
    ("degrees", "quantile"), [(1, 12.706205), (2, 4.302653), (11, 2.200985), (12, 2.178813), (59, 2.000995)]
)
def test_students_quantiles_are_those_of_the_tables(degrees: int, quantile: float) -> None:
    assert student(degrees) == pytest.approx(quantile, abs=1e-6)
