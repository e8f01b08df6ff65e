"""Assignment by hash, and the check of the split."""

import random
import subprocess
import sys

import pytest

from staging.experiments_split import arm_of, chi_square_tail, sample_ratio, share_of

UNITS = 100_000


@pytest.mark.parametrize("weights", [{"A": 1, "B": 1}, {"A": 9, "B": 1}, {"A": 1, "B": 2, "C": 3}, {"A": 1, "B": 999}])
def test_a_hundred_thousand_units_are_split_within_one_per_cent(weights: dict[str, int]) -> None:
    counts = dict.fromkeys(weights, 0)
    for number in range(UNITS):
        counts[arm_of("experiment/1", f"room {number}", weights)] += 1

    for arm, weight in weights.items():
        assert abs(counts[arm] / UNITS - weight / sum(weights.values())) <= 0.01
    assert not sample_ratio(counts, weights).alert


def test_a_unit_keeps_its_arm_and_another_phase_draws_anew() -> None:
    weights = {"A": 1, "B": 1}
    first = [arm_of("x/1", f"{number}", weights) for number in range(2_000)]

    assert first == [arm_of("x/1", f"{number}", weights) for number in range(2_000)]
    again = [arm_of("x/2", f"{number}", weights) for number in range(2_000)]
    assert 0.45 < sum(one == other for one, other in zip(first, again, strict=True)) / 2_000 < 0.55


def test_another_process_assigns_alike() -> None:
    code = "from staging.experiments_split import share_of; print(share_of('x/1', 'room'))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert float(told.stdout) == share_of("x/1", "room")


def test_salt_and_unit_are_not_run_together() -> None:
    assert share_of("x/1", "1") != share_of("x/11", "")
    assert 0 <= share_of("", "") < 1


def test_nobody_is_assigned_without_a_weight() -> None:
    with pytest.raises(ValueError, match="no arm has a weight"):
        arm_of("x", "room", {"A": 0})


# scipy 1.17.1, chi2.sf(statistic, freedom)
@pytest.mark.parametrize(
    ("statistic", "freedom", "tail"),
    [
        (3.841458820694124, 1, 0.05),
        (10.827566170662733, 1, 0.001),
        (5.991464547107979, 2, 0.05),
        (13.815510557964274, 2, 0.001),
        (7.814727903251179, 3, 0.05),
        (16.26623619623813, 3, 0.001),
        (20.515005652432873, 5, 0.001),
        (0.5, 4, 0.9735009788392561),
        (200.0, 1, 2.0884875837625688e-45),
        (0.0, 3, 1.0),
    ],
)
def test_the_tail_of_chi_square_is_the_tables(statistic: float, freedom: int, tail: float) -> None:
    assert chi_square_tail(statistic, freedom) == pytest.approx(tail, rel=1e-12)


def test_chi_square_refuses_what_it_is_not() -> None:
    for statistic, freedom in ((-1.0, 1), (1.0, 0)):
        with pytest.raises(ValueError, match="chi-square"):
            chi_square_tail(statistic, freedom)


def test_a_lost_hundredth_of_a_large_split_is_an_alert() -> None:
    assert sample_ratio({"A": 50_000, "B": 50_000}, {"A": 1, "B": 1}).words.startswith("The split is as asked for")
    lost = sample_ratio({"A": 50_600, "B": 49_400}, {"A": 1, "B": 1})

    assert lost.alert
    assert "A: 50600 (expected 50000), B: 49400" in lost.words


def test_an_honest_split_is_hardly_ever_an_alert() -> None:
    rng = random.Random(5)
    alerts = 0
    for _ in range(2_000):
        counts = {"A": 0, "B": 0}
        for _ in range(60):
            counts[rng.choice("AB")] += 1
        alerts += sample_ratio(counts, {"A": 1, "B": 1}).alert
    assert alerts <= 8


def test_a_few_units_are_no_split() -> None:
    few = sample_ratio({"A": 9}, {"A": 1, "B": 1})

    assert few.chance is None
    assert not few.alert
    assert few.words.startswith("Too few units")
    assert sample_ratio({}, {"A": 1, "B": 1}).words == "Nothing was assigned yet, so there is no split to check."
