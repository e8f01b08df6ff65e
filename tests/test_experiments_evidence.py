"""The evidence, the interval and the units to come, against integrals and simulation; ville: the oracles' test."""

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
