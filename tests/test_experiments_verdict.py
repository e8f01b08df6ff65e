"""One decision a unit, guardrails, and the verdict in words."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from staging.experiments_evidence import evidence
from staging.experiments_terms import Guards, StopRule, Unit
from staging.experiments_verdict import (
    Answer,
    Guard,
    Held,
    Pair,
    Toss,
    Verdict,
    about,
    e_words,
    guards_of,
    pairs_of,
    path_of,
    verdict_of,
)
from staging.ratings import Outcome
from staging.store import ArmFigures, ArmScores, ArmVote
from tests.bench.bench_experiments import Evidence, Panel, draw, leads, stops
from tests.ledgers import NOW

KEYS = {"x/1/A": "A", "x/1/B": "B", "x/1/C": "C"}
TWO = {"x/1/A": "A", "x/1/B": "B"}
STOP = StopRule()
ONE_VOTE = StopRule(votes_per_unit=1)


def vote(unit: str, winner: str | None, *, over: str = "A", rater: str = "ada", **facts: Any) -> ArmVote:
    """Return a vote between two arms; who is named wins, on the left."""
    names = (winner, over) if winner else ("B", over)
    outcome = Outcome.LEFT if winner else Outcome.TIE
    known: dict[str, Any] = {
        "unit": unit,
        "project": "Elm",
        "rater": rater,
        "left": f"x/1/{names[0]}",
        "right": f"x/1/{names[1]}",
        "outcome": outcome,
        "given_at": NOW,
    }
    return ArmVote(**known | facts)


def swapped(one: ArmVote) -> ArmVote:
    other = {Outcome.LEFT: Outcome.RIGHT, Outcome.RIGHT: Outcome.LEFT}.get(one.outcome, one.outcome)
    return replace(one, left=one.right, right=one.left, outcome=other)


def pair(wins: int, losses: int, ties: int = 0, *, names: str = "AB", pairs: int = 1, **facts: Any) -> Pair:
    """Return a pair whose units were decided so."""
    said = [True] * wins + [False] * losses + [None] * ties
    tosses = tuple(Toss(str(number), second) for number, second in enumerate(said))
    known: dict[str, Any] = {"waiting": 0, "votes": 3 * len(said), "both_bad": 0, "raters": 5, "error": 0.05}
    return Pair(names[0], names[1], tosses, pairs=pairs, **known | facts)


def verdict(*pairs: Pair, guards: Sequence[Guard] = (), stop: StopRule = STOP) -> Verdict:
    return verdict_of(pairs, guards, stop, Unit.ROOM)


# ── units ───────────────────────────────────────────────────────────────────────────────────


def test_a_unit_is_decided_by_the_majority_of_its_first_votes_and_stays_so() -> None:
    votes = [vote("1", "B"), vote("1", "A", over="B"), vote("1", "B")]
    late = [vote("1", "A", over="B") for _ in range(9)]

    (early,) = pairs_of(votes[:2], TWO, STOP, Unit.ROOM)
    (now,) = pairs_of(votes, TWO, STOP, Unit.ROOM)
    (later,) = pairs_of(votes + late, TWO, STOP, Unit.ROOM)

    assert (early.tosses, early.waiting) == ((), 1)
    assert now.tosses == later.tosses == (Toss("1", True),)
    assert (later.votes, later.waiting) == (12, 0)


def test_thirty_votes_on_one_room_are_one_decision() -> None:
    (one,) = pairs_of([vote("1", "B", rater=f"{n}") for n in range(30)], TWO, STOP, Unit.ROOM)

    assert (one.units, one.wins, one.raters) == (1, 1, 30)
    assert one.evidence == evidence(1, 1) < 2


def test_sides_do_not_matter() -> None:
    votes = [vote("1", "B"), vote("1", None), vote("1", "B"), vote("2", "A", over="B")]

    assert pairs_of(votes, TWO, STOP, Unit.ROOM) == pairs_of([swapped(one) for one in votes], TWO, STOP, Unit.ROOM)


def test_a_unit_without_a_majority_is_decided_for_neither() -> None:
    both_bad = replace(vote("1", None), outcome=Outcome.BOTH_BAD)
    (one,) = pairs_of([vote("1", "B"), vote("1", "A", over="B"), both_bad], TWO, STOP, Unit.ROOM)

    assert (one.units, one.ties, one.both_bad) == (0, 1, 1)
    assert one.evidence == 1


def test_where_the_unit_is_the_project_its_rooms_are_one_decision() -> None:
    votes = [vote(f"{n}", "B", project=project) for project in ("Elm", "Ash") for n in range(6)]

    (by_project,) = pairs_of(votes, TWO, STOP, Unit.PROJECT)
    (by_room,) = pairs_of(votes, TWO, ONE_VOTE, Unit.ROOM)

    assert [toss.unit for toss in by_project.tosses] == ["Elm", "Ash"]
    assert by_room.units == 6


def test_every_two_arms_are_a_pair_and_evidence_is_divided_by_their_number() -> None:
    votes = [vote(f"{n}", "C") for n in range(20)]
    found = pairs_of(votes, KEYS, ONE_VOTE, Unit.ROOM)

    assert [(one.first, one.second, one.units) for one in found] == [("A", "B", 0), ("A", "C", 20), ("B", "C", 0)]
    assert found[1].evidence == pytest.approx(evidence(20, 20) / 3)
    assert found[1].alpha == pytest.approx(0.05 / 3)


def test_the_path_ends_where_the_pair_stands() -> None:
    one = pair(9, 4, 2)
    looks = path_of(one)

    assert len(looks) == one.units == 13
    assert looks[-1].evidence == pytest.approx(one.evidence)
    assert (looks[-1].low, looks[-1].high) == pytest.approx(one.interval)
    assert looks[0].share == 1
    assert path_of(pair(0, 0)) == []


def test_the_bench_decides_rooms_as_the_product_does() -> None:
    panel = Panel(20, 9, 3)
    room, won = draw(panel, np.random.default_rng(1))
    votes = [
        vote(str(unit), "B" if second else "A", over="A" if second else "B", given_at=NOW + timedelta(seconds=n))
        for n, (unit, second) in enumerate(zip(room.tolist(), won.tolist(), strict=True))
    ]
    lead, number = leads(panel, room, won)
    closing = number == panel.decide

    (one,) = pairs_of(votes, TWO, STOP, Unit.ROOM)

    assert [(toss.unit, toss.second) for toss in one.tosses] == [
        (str(unit), ahead > 0) for unit, ahead in zip(room[closing].tolist(), lead[closing].tolist(), strict=True)
    ]


def test_looked_at_after_every_vote_a_room_at_a_time_errs_as_seldom_as_promised() -> None:
    """The control in the same runs: by votes the same evidence errs often, the repeated z-test most of the time."""
    rates = stops(Panel(60, 33, 3, in_order=True), runs=300)

    assert rates["room"] <= 0.05
    assert rates["vote"] > 0.3
    assert rates["z"] > 0.6


# ── guardrails ──────────────────────────────────────────────────────────────────────────────


def figures(**facts: Any) -> ArmFigures:
    known: dict[str, Any] = {
        "rooms": 40,
        "predictions": 40,
        "succeeded": 40,
        "accepted": 20,
        "rejected": 10,
        "cost_usd": Decimal(2),
    }
    return ArmFigures(**known | facts)


def held(a: ArmFigures, b: ArmFigures, guards: Guards = Guards(), scores: Any = None) -> dict[tuple[str, str], Guard]:  # noqa: B008
    return {(one.name, one.arm): one for one in guards_of({"A": a, "B": b}, guards, scores or {})}


def test_an_arm_that_fails_much_more_often_breaks_its_guardrail() -> None:
    found = held(figures(), figures(succeeded=35, failed=5))

    assert found["failures", "B"].held is Held.BROKEN
    assert found["failures", "B"].sentence == "B fails 12% of its runs, A 0% (limit: 5 points more)."
    assert found["failures", "A"].held is Held.HOLDS
    assert held(figures(), figures(succeeded=38, failed=2))["failures", "B"].held is Held.HOLDS


def test_few_runs_say_nothing_of_failures() -> None:
    found = held(figures(), figures(succeeded=2, failed=8))["failures", "B"]

    assert found.held is Held.NOT_KNOWN
    assert found.sentence == "Too few runs of B to say: each needs 20."


def test_an_arm_whose_accepted_image_is_much_dearer_breaks_its_guardrail() -> None:
    found = held(figures(), figures(cost_usd=Decimal("3.01")))

    assert found["cost", "B"].held is Held.BROKEN
    assert found["cost", "B"].sentence == "An accepted image of B costs $0.1505, of A $0.1000 (limit: 50 % more)."
    assert held(figures(), figures(cost_usd=Decimal(3)))["cost", "B"].held is Held.HOLDS


def test_an_unknown_cost_is_never_taken_for_nothing() -> None:
    found = held(figures(), figures(cost_usd=Decimal(0), unknown_costs=3))["cost", "B"]

    assert found.held is Held.NOT_KNOWN
    assert found.sentence == "The cost of 3 runs of B is not known."
    assert held(figures(accepted=4), figures())["cost", "A"].held is Held.NOT_KNOWN


def test_scores_are_guarded_where_there_are_any() -> None:
    guards = Guards(score_drop=10)

    assert held(figures(), figures(), guards)["score", "B"].held is Held.NOT_KNOWN
    broken = held(figures(), figures(), guards, {"A": ArmScores(20, 90, 0), "B": ArmScores(20, 70, 0)})["score", "B"]
    assert (broken.held, broken.sentence) == (
        Held.BROKEN,
        "The mean score of B is 70.0, of A 90.0 (limit: 10 lower).",
    )
    near = {"A": ArmScores(20, 90, 0), "B": ArmScores(20, 85, 0)}
    assert held(figures(), figures(), guards, near)["score", "B"].held is Held.HOLDS
    few = held(figures(), figures(), guards, {"A": ArmScores(20, 90, 0), "B": ArmScores(19, 10, 0)})["score", "B"]
    assert (few.held, few.sentence) == (Held.NOT_KNOWN, "Too few scored outputs of B to say: each needs 20.")
    assert not held(figures(), figures(), Guards(failure_points=None, cost_percent=None))


def test_an_arm_that_changes_the_structure_more_often_breaks_its_guardrail() -> None:
    guards = Guards(structure_points=10)
    scores = {"A": ArmScores(20, 90, 1), "B": ArmScores(20, 95, 4)}

    broken = held(figures(), figures(), guards, scores)["structure", "B"]

    assert (broken.held, broken.sentence) == (
        Held.BROKEN,
        "B changes the structure in 20% of its outputs, A in 5% (limit: 10 points more).",
    )
    assert held(figures(), figures(), guards, scores)["structure", "A"].held is Held.HOLDS
    assert held(figures(), figures(), guards, {"A": ArmScores(19, 90, 0)})["structure", "B"].held is Held.NOT_KNOWN
    assert (
        held(figures(), figures(), guards, {**scores, "B": ArmScores(20, 95, 3)})["structure", "B"].held is Held.HOLDS
    )


# ── the verdict ─────────────────────────────────────────────────────────────────────────────


def test_before_any_vote_it_says_what_to_do() -> None:
    told = verdict(pair(0, 0, votes=0))

    assert (told.answer, told.stop) == (Answer.BEGIN, False)
    assert told.sentence == "Nothing is judged yet: run all arms on the same rooms, then vote."


def test_a_preference_that_is_sure_enough_ends_it() -> None:
    told = verdict(pair(34, 11))

    assert (told.answer, told.winner, told.stop) == (Answer.PREFERRED, "B", True)
    assert told.sentence == f"Stop: this panel prefers B (e = {e_words(evidence(34, 45))})."
    assert verdict(pair(11, 34)).winner == "A"
    assert verdict(pair(50, 0)).sentence == "Stop: this panel prefers B (e > 1,000)."


def test_it_takes_evidence_of_twenty() -> None:
    """Of 40 rooms, 28 are too few, 29 are enough; of five per cent."""
    assert evidence(28, 40) < 20 <= evidence(30, 40)
    assert verdict(pair(28, 12)).answer is Answer.GO_ON
    assert verdict(pair(30, 10)).answer is Answer.PREFERRED


def test_a_few_units_say_nothing_of_how_many_more() -> None:
    assert verdict(pair(1, 0)).sentence == "Keep going: 1 room decided, too early to say how many more."
    assert verdict(pair(5, 4)).sentence == "Keep going: 9 rooms decided, too early to say how many more."


def test_it_says_about_how_many_more_rooms() -> None:
    told = verdict(pair(22, 12))

    assert told.answer is Answer.GO_ON
    assert told.to_go is not None
    assert told.sentence == f"Keep going: about {about(told.to_go)} more rooms."
    assert 20 < told.to_go < 120


def test_rooms_without_a_majority_make_it_longer() -> None:
    without, half = verdict(pair(22, 12)), verdict(pair(22, 12, 34))

    assert without.to_go is not None
    assert half.to_go == 2 * without.to_go


def test_what_most_likely_ends_without_a_verdict_is_told_early() -> None:
    told = verdict(pair(51, 49))

    assert told.sentence == "Keep going: 400 more rooms reach the limit, most likely without a verdict."


def test_no_difference_that_is_worth_it_ends_it() -> None:
    told = verdict(pair(1_000, 1_010), stop=StopRule(most_units=5_000))

    assert (told.answer, told.winner) == (Answer.EVEN, None)
    assert told.sentence == "Stop: no difference worth more than 5 points."
    assert verdict(pair(1_000, 1_010), stop=StopRule(most_units=5_000, worth_points=1)).answer is Answer.GO_ON


def test_the_limit_ends_it_with_what_is_known() -> None:
    told = verdict(pair(255, 240, 5))
    low, high = pair(255, 240).interval

    assert told.answer is Answer.LIMIT
    assert told.sentence == (
        "Stop: 500 rooms are decided, the limit, and it is still open. "
        f"Between {100 * low:.0f} and {100 * high:.0f} % of rooms prefer B to A."
    )


def test_a_broken_guardrail_of_the_winner_is_a_veto() -> None:
    broken = Guard("failures", "B", Held.BROKEN, "B fails 12% of its runs, A 0% (limit: 5 points more).")

    told = verdict(pair(34, 11), guards=[broken])

    assert (told.answer, told.winner) == (Answer.VETOED, "B")
    assert told.sentence.startswith("Stop, but do not promote B: this panel prefers B (e = ")
    assert told.sentence.endswith("yet B fails 12% of its runs, A 0% (limit: 5 points more).")
    assert verdict(pair(11, 34), guards=[broken]).answer is Answer.PREFERRED
    assert verdict(pair(34, 11), guards=[replace(broken, held=Held.NOT_KNOWN)]).answer is Answer.PREFERRED


def test_of_three_arms_one_must_beat_each_other() -> None:
    won = [pair(34, 6, names="AC", pairs=3), pair(34, 6, names="BC", pairs=3)]
    open_pair = pair(5, 7, names="AB", pairs=3)

    assert verdict(open_pair, *won).winner == "C"
    assert verdict(open_pair, won[0], pair(20, 15, names="BC", pairs=3)).answer is Answer.GO_ON


def test_of_three_arms_two_may_be_alike() -> None:
    alike = pair(1_500, 1_500, names="BC", pairs=3)
    worse = [pair(1_900, 1_100, names="AB", pairs=3), pair(1_900, 1_100, names="AC", pairs=3)]

    told = verdict(worse[0], worse[1], alike, stop=StopRule(most_units=5_000))

    assert told.sentence == (
        "Stop: no difference worth more than 5 points between B and C, and this panel likes A less."
    )


def test_three_arms_alike_are_seldom_told_apart() -> None:
    """The evidence is divided by the pairs: without it, three pairs would err about three times as often."""
    rng, log_e = np.random.default_rng(2), Evidence(1_000)
    units = np.arange(1, 1_001)
    wrong = undivided = 0
    for _ in range(400):
        best = max(log_e((rng.random(1_000) < 0.5).cumsum(), units).max() for _ in range(3))
        wrong += best >= math.log(20 * 3)
        undivided += best >= math.log(20)
    assert wrong <= 400 * 0.05 < undivided


@pytest.mark.parametrize(("number", "said"), [(1, 1), (9, 9), (12, 15), (57, 60), (101, 110), (1_234, 1_300)])
def test_numbers_are_no_more_exact_than_they_are(number: int, said: int) -> None:
    assert about(number) == said


@pytest.mark.parametrize(("value", "said"), [(0.314, "0.31"), (1.0, "1"), (34.4, "34"), (1e9, "more than 1,000")])
def test_evidence_is_said_as_people_read_it(value: float, said: str) -> None:
    assert e_words(value) == said
