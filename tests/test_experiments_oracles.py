"""The evidence and the interval beside what ville reckons."""

import numpy as np
import pytest
from ville.proportions import BernoulliCS, BernoulliTest

from staging.experiments_evidence import PRIOR, intervals, log_evidence


@pytest.mark.parametrize("share", [0.0, 0.5, 0.7, 0.95, 1.0])
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 15])
def test_evidence_and_intervals_are_villes(share: float, alpha: float) -> None:
    won = (np.random.default_rng(1).random(300) < share).astype(float)
    wins, units = won.cumsum().astype(int).tolist(), list(range(1, 301))
    test = BernoulliTest(0.5, alpha, prior=(PRIOR, PRIOR)).fit(won)
    band = BernoulliCS(alpha, prior=(PRIOR, PRIOR), intersect=False).fit(won)

    ours = intervals(wins, units, alpha)

    assert [log_evidence(k, n) for k, n in zip(wins, units, strict=True)] == pytest.approx(
        list(test.log_e_values_), abs=1e-9
    )
    assert [one.low for one in ours] == pytest.approx(list(band.lower_), abs=1e-9)
    assert [one.high for one in ours] == pytest.approx(list(band.upper_), abs=1e-9)
