"""The evidence, the interval and the units to come, against the library, integrals and simulation."""

import math
import random

import numpy as np
import pytest

from staging.experiments_evidence import (
    FARTHEST,
    LEAN,
    PRIOR,
    evidence,
    interval,
    intervals,
    log_evidence,
    units_to_go,
)

# ville 0.1.0 with scipy 1.17.1, prior (5, 5): BernoulliTest(0.5).log_e_values_, BernoulliCS(0.05) without intersection.
# Kept as figures: ville would bring scipy into every developer's installation for this one table.
VILLE = (
    # wins, units, log e, low, high
    (0, 1, -1.1102230246251565e-16, 0.0, 0.9750000000000001),
    (1, 1, -1.1102230246251565e-16, 0.02500000000000001, 1.0),
    (3, 10, 0.06477664472483724, 0.041200504750994335, 0.7183694189058478),
    (14, 20, 0.551482244525042, 0.38397883256069676, 0.9197566357998255),
    (34, 47, 3.1441122311909098, 0.5035611801683115, 0.8871017426392875),
    (110, 182, 2.304297794046562, 0.49126828454499205, 0.7104629910039433),
    (0, 30, 12.367256348086103, 0.0, 0.31666020860616706),
    (30, 30, 12.367256348086103, 0.683339791393833, 1.0),
    (250, 500, -1.9903814395439667, 0.42973820401324647, 0.570261795986754),
)


def exact(wins: int, units: int) -> float:
    """Return the e-value by Simpson's rule over the Beta mixture."""
    p = np.linspace(0, 1, 20_001)[1:-1]
    logs = (PRIOR - 1 + wins) * np.log(p) + (PRIOR - 1 + units - wins) * np.log1p(-p)
    prior = (PRIOR - 1) * (np.log(p) + np.log1p(-p))
    weights = np.where(np.arange(len(p)) % 2 == 0, 4, 2)  # the ends are 0
    return float((weights * np.exp(logs)).sum() / (weights * np.exp(prior)).sum() * 2.0**units)


@pytest.mark.parametrize(("wins", "units"), [(0, 0), (1, 1), (3, 10), (34, 47), (110, 182), (0, 30), (30, 30)])
def test_the_evidence_is_the_integral_over_the_mixture(wins: int, units: int) -> None:
    assert evidence(wins, units) == pytest.approx(exact(wins, units), rel=1e-9)


@pytest.mark.parametrize(("wins", "units", "log_e", "low", "high"), VILLE)
def test_evidence_and_interval_are_villes(wins: int, units: int, log_e: float, low: float, high: float) -> None:
    assert log_evidence(wins, units) == pytest.approx(log_e, abs=1e-9)
    assert interval(wins, units, 0.05) == pytest.approx((low, high), abs=1e-12)


def test_the_evidence_is_a_fair_game() -> None:
    """Before the next toss of a fair coin the evidence is expected to stay as it is: what Ville's inequality needs."""
    for units in range(40):
        for wins in range(units + 1):
            expected = (evidence(wins, units + 1) + evidence(wins + 1, units + 1)) / 2
            assert expected == pytest.approx(evidence(wins, units), rel=1e-12)


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 3])
def test_an_even_share_is_outside_of_the_interval_just_when_the_evidence_suffices(alpha: float) -> None:
    for units in (5, 20, 47, 200):
        for wins in range(units + 1):
            low, high = interval(wins, units, alpha)
            assert (evidence(wins, units) > 1 / alpha) == (not low <= 0.5 <= high), (wins, units)


def test_the_interval_of_the_other_arm_is_the_mirror() -> None:
    for one, other in zip(intervals([3, 30], [10, 47], 0.05), intervals([7, 17], [10, 47], 0.05), strict=True):
        assert one == pytest.approx((1 - other.high, 1 - other.low), abs=1e-12)
    assert interval(0, 0, 0.05) == (0, 1)
    assert interval(0, 9, 0.05).low == 0
    assert interval(9, 9, 0.05).high == 1


def test_the_interval_covers_the_truth_however_often_one_looks() -> None:
    rng = random.Random(1)
    missed = 0
    for _ in range(400):
        wins = 0
        for units in range(1, 151):
            wins += rng.random() < 0.6
            # The ends need not be known: the truth is out just when its own evidence suffices.
            mixture = log_evidence(wins, units) - units * math.log(2)
            if mixture - wins * math.log(0.6) - (units - wins) * math.log(0.4) > math.log(20):
                low, high = interval(wins, units, 0.05)
                assert not low <= 0.6 <= high
                missed += 1
                break
    assert 0 < missed <= 400 * 0.05


def test_so_many_more_units_bring_the_verdict() -> None:
    for wins, units in ((17, 25), (36, 60), (14, 40)):
        more = units_to_go(wins, units, 0.05, 0.05)
        assert more is not None
        share = (wins + LEAN) / (units + 2 * LEAN)
        assert evidence(wins + more * share, units + more) >= 20
        assert evidence(wins + (more - 1) * share, units + more - 1) < 20


def test_an_even_panel_is_told_when_it_will_be_known_to_be_even() -> None:
    more = units_to_go(50, 100, 0.05, 0.05)

    assert more is not None
    low, high = interval((100 + more) // 2, 100 + more, 0.05)
    assert low == pytest.approx(0.45, abs=0.001)
    assert high == pytest.approx(0.55, abs=0.001)


def test_what_takes_too_long_is_not_told() -> None:
    assert units_to_go(500, 1_000, 0.05, 0.001) is None
    assert FARTHEST < 1_000_000


def test_the_units_to_come_are_those_that_came() -> None:
    """At 60/40, from 40 units on, half of the runs take less than twice and more than half of what was told."""
    rng = random.Random(3)
    ratios = []
    for _ in range(200):
        wins = 24
        told, units = units_to_go(wins, 40, 0.05, 0.05), 40
        while evidence(wins, units) < 20 and units < 2_000:
            wins += rng.random() < 0.6
            units += 1
        assert told is not None
        ratios.append((units - 40) / told)
    assert 0.5 < sorted(ratios)[100] < 2
