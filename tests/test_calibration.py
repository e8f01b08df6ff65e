"""How well scores agree with people: the figures against reckoning by hand, by brute force and by simulation."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staging.calibration import (
    LEAST_OF_EACH,
    LEAST_ROOMS,
    Labelled,
    by_reason,
    drift,
    flag_thresholds,
    ranking,
    reliability,
    score_threshold,
    wilson,
)

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def one(score: float, accepted: bool, room: str = "a", at: datetime = AT, **flags: float) -> Labelled:
    return Labelled(f"{room}-{score}-{accepted}", room, accepted, score, at, flags)


def many(good: Sequence[float], bad: Sequence[float]) -> list[Labelled]:
    told = [*((score, True) for score in good), *((score, False) for score in bad)]
    return [one(score, accepted, f"room {at % 10}") for at, (score, accepted) in enumerate(told)]


# ── ranking ──────────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.integers(0, 8), min_size=1, max_size=25), st.lists(st.integers(0, 8), min_size=1, max_size=25))
@settings(max_examples=50, deadline=None)
def test_the_auc_is_the_share_of_pairs_that_are_in_order(good: list[int], bad: list[int]) -> None:
    pairs = [(0.5 if a == b else float(a > b)) for a in good for b in bad]

    assert ranking(many(good, bad)).auc == pytest.approx(sum(pairs) / len(pairs))


def test_with_an_output_a_room_the_interval_is_delongs() -> None:
    """Every room its own: the clustered variance is then DeLong's, up to the n/(n−1) of each group."""
    rng = np.random.default_rng(7)
    good, bad = rng.normal(60, 10, 200), rng.normal(50, 10, 200)
    told = [(score, True) for score in good] + [(score, False) for score in bad]
    found = ranking([one(float(score), ok, f"room {at}") for at, (score, ok) in enumerate(told)])

    assert found.auc is not None
    assert found.low is not None
    assert found.high is not None
    above = (good[:, None] > bad[None]).mean(axis=1)
    below = (good[:, None] > bad[None]).mean(axis=0)
    error = math.sqrt(above.var(ddof=1) / 200 + below.var(ddof=1) / 200)
    logit = math.log(found.auc / (1 - found.auc))
    reach = 1.959964 * error / (found.auc * (1 - found.auc))
    assert found.low == pytest.approx(1 / (1 + math.exp(reach - logit)), abs=1e-3)
    assert found.high == pytest.approx(1 / (1 + math.exp(-reach - logit)), abs=1e-3)


def test_the_interval_covers_the_truth_where_outputs_of_a_room_are_alike() -> None:
    """400 draws of 30 rooms with effects of their own: 95 % intervals hold the truth; blind to rooms, far fewer do."""
    rng = np.random.default_rng(11)
    truth = 0.5 * (1 + math.erf(15 / math.sqrt(2 * (8**2 + 12**2)) / math.sqrt(2)))
    held = blind = 0
    for _ in range(400):
        told, apart = [], []
        for room in range(30):
            # A room is good or bad as a whole, and its outputs share an effect: the worst case for counting outputs.
            accepted, effect = room % 2 == 0, rng.normal(0, 12)
            for at in range(6):
                score = (65 if accepted else 50) + effect + rng.normal(0, 8)
                told.append(one(score, accepted, f"room {room}"))
                apart.append(one(score, accepted, f"room {room} {at}"))
        for labelled, count in ((told, "held"), (apart, "blind")):
            found = ranking(labelled)
            assert found.low is not None
            assert found.high is not None
            inside = found.low <= truth <= found.high
            held += inside and count == "held"
            blind += inside and count == "blind"

    assert held >= 0.92 * 400
    assert blind <= 0.80 * 400


def test_few_rooms_have_no_interval_and_few_labels_say_how_many_are_missing() -> None:
    few = ranking([one(60, True, "a"), one(40, False, "b")])

    assert few.auc == 1.0
    assert few.low is None
    assert not few.enough
    assert few.missing == (LEAST_OF_EACH - 1, LEAST_OF_EACH - 1)
    assert ranking([one(60, True)]).auc is None
    assert ranking([]).missing == (LEAST_OF_EACH, LEAST_OF_EACH)
    rooms = [one(float(at), at % 3 == 0, f"room {at}") for at in range(LEAST_ROOMS)]
    assert ranking(rooms).low is not None


def test_that_no_room_differs_is_no_reason_to_be_sure() -> None:
    same = ranking([one(50, at % 2 == 0, f"room {at}") for at in range(40)])
    apart = ranking([one(50 + at % 2, at % 2 == 1, f"room {at}") for at in range(40)])

    assert (same.auc, same.low) == (0.5, None)
    assert (apart.auc, apart.low) == (1.0, None)


def test_reasons_are_told_apart_and_an_output_counts_with_each_of_its_own() -> None:
    told = [one(80, True, "a")]
    told += [replace(one(50, False, f"r{at}"), reasons=("light", "scale")) for at in range(3)]
    told += [replace(one(90, False, "b"), reasons=("light",))]

    (light, lights), (scale, scales) = by_reason(told)

    assert (light, lights.rejected, lights.auc) == ("light", 4, 0.75)
    assert (scale, scales.rejected, scales.auc) == ("scale", 3, 1.0)


# ── reliability ──────────────────────────────────────────────────────────────────────────────────


def test_the_reliability_curve_shares_out_the_outputs_by_score() -> None:
    bins = reliability(many(range(50, 100), range(50)))

    assert sum(one.count for one in bins) == 100
    assert [one.share for one in bins] == sorted(one.share for one in bins)
    assert bins[0].share == 0.0
    assert bins[-1].share == 1.0
    assert bins[-1].share_low < 0.95
    assert all(one.low <= one.mean <= one.high for one in bins)
    assert reliability(many([1.0] * 9, [0.0] * 9)) == []


def test_wilsons_interval_is_the_published_one() -> None:
    """Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263 is 0.2553 to 0.3662."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)


# ── thresholds ───────────────────────────────────────────────────────────────────────────────────


def test_the_score_threshold_keeps_what_people_accept_and_refuses_as_much_as_it_may() -> None:
    good, bad = [float(at) for at in range(50, 150)], [float(at) for at in range(100)]

    found = score_threshold(many(good, bad))

    assert found.cut == 53.0
    assert found.kept == pytest.approx(0.97)
    assert found.refused == pytest.approx(0.53)


@given(
    st.lists(st.integers(0, 30), min_size=LEAST_OF_EACH, max_size=60),
    st.lists(st.integers(0, 30), min_size=LEAST_OF_EACH, max_size=60),
)
@settings(max_examples=50, deadline=None)
def test_what_a_threshold_says_of_itself_is_what_it_does(good: list[int], bad: list[int]) -> None:
    found = score_threshold(many(good, bad))

    if found.cut is None:
        assert (found.kept, found.refused) == (1.0, 0.0)
        return
    assert found.kept == pytest.approx(sum(score >= found.cut for score in good) / len(good))
    assert found.refused == pytest.approx(sum(score < found.cut for score in bad) / len(bad))
    assert found.kept >= 0.97


def test_a_flag_gets_the_severity_that_accepted_outputs_do_not_reach() -> None:
    told = [one(80, True, f"r{at}", door_blocked=0.3) for at in range(5)]
    told += [one(80, True, f"r{at}") for at in range(95)]
    told += [one(50, False, f"r{at}", door_blocked=0.4 + at / 100, blurred=0.2) for at in range(30)]

    blurred, blocked = flag_thresholds(told, ("blurred", "door_blocked", "noisy"))

    assert (blocked.name, blocked.flagged, blocked.cut) == ("door_blocked", 35, 0.4)
    assert (blocked.kept, blocked.refused) == (1.0, 1.0)
    assert (blurred.name, blurred.cut, blurred.refused) == ("blurred", 0.2, 1.0)


def test_a_flag_that_accepted_outputs_bear_as_badly_gets_no_threshold() -> None:
    told = [one(80, True, f"r{at}", noisy=0.9) for at in range(40)]
    told += [one(50, False, f"r{at}", noisy=0.5) for at in range(40)]

    (noisy,) = flag_thresholds(told, ("noisy",))

    assert (noisy.cut, noisy.missing) == (None, 0)


def test_too_few_labels_suggest_nothing_and_say_how_many_are_missing() -> None:
    told = [one(80, True, f"r{at}") for at in range(12)] + [one(50, False, "r", noisy=0.5) for _ in range(25)]

    assert score_threshold(told).missing == LEAST_OF_EACH - 12
    assert flag_thresholds(told, ("noisy",))[0].cut is None


# ── drift ────────────────────────────────────────────────────────────────────────────────────────


def test_drift_goes_by_stretches_of_days_and_leaves_empty_ones_out() -> None:
    told = [one(80, True, at=AT), one(40, False, at=AT), one(70, True, at=AT + timedelta(days=90))]

    first, last = drift(told)

    assert (first.ranking.auc, first.mean_accepted, first.mean_rejected) == (1.0, 80.0, 40.0)
    assert (last.ranking.auc, last.mean_accepted, last.mean_rejected) == (None, 70.0, None)
    assert (last.first - first.first).days % 28 == 0
    assert first.first <= AT.date() < first.first + timedelta(days=28)
