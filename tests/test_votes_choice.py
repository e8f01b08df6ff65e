"""Which pairs there are, and which comes next: uncertain gaps, few votes, every room and model in turn."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable

import numpy as np
import pytest

from staging.store import Contender, Meetings
from staging.votes_choice import gains, gap_variances, next_match
from staging.votes_contests import Contests, Match, Unit
from tests.contenders import contender

MODELS = ("m/a", "m/b", "m/c", "m/d")


def lab(models: Iterable[str] = MODELS, rooms: int = 6) -> Contests:
    """Return the contests of models that all have furnished all rooms."""
    outputs = [(model, f"room {number}") for number in range(rooms) for model in models]
    return Contests([contender(number, model, room) for number, (model, room) in enumerate(outputs)], Unit.PICTURE)


def session(
    contests: Contests, votes: int, winner: Callable[[Match], float] = lambda match: 0.5, seed: int = 1
) -> list[Match]:
    """Return the matches of a rater who judges so many, each after the other."""
    met: Counter[tuple[tuple[str, str], str, str]] = Counter()
    won: defaultdict[tuple[tuple[str, str], str, str], float] = defaultdict(float)
    judged: list[Match] = []
    chance = random.Random(seed)
    for _ in range(votes):
        meetings = [Meetings(*key, count, won[key]) for key, count in met.items()]
        seen = {match.pair for match in judged}
        match = next_match(contests.by_players, meetings, _among(seen), (), chance)
        if match is None:
            break
        judged.append(match)
        met[match.players, match.unit, match.style] += 1
        won[match.players, match.unit, match.style] += winner(match)
    return judged


def _among(seen: Collection[str]) -> Callable[[Match], bool]:
    return lambda match: match.pair in seen


def pairs(contenders: list[Contender], unit: Unit = Unit.PICTURE) -> set[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    found = Contests(contenders, unit).by_players.values()
    return {(one.unit, one.first.predictions, one.second.predictions) for matches in found for one in matches}


def test_a_pair_is_of_one_room_and_style_by_two_models() -> None:
    there = [
        contender(1, "m/a"),
        contender(2, "m/b"),
        contender(3, "m/b", style="scandinavian"),
        contender(4, "m/c", "room 2"),
        contender(5, "external/vendor"),
    ]
    assert pairs(there) == {
        ("room 1", ("p001",), ("p002",)),
        ("room 1", ("p001",), ("p005",)),
        ("room 1", ("p002",), ("p005",)),
    }


def test_the_newest_output_of_a_model_and_its_parameters_stands_for_the_earlier_ones() -> None:
    there = [contender(1, "m/a"), contender(2, "m/a"), contender(3, "m/a", variant="other"), contender(4, "m/b")]
    assert pairs(there) == {("room 1", ("p002",), ("p004",)), ("room 1", ("p003",), ("p004",))}


def test_an_experiments_outputs_stay_and_its_arms_meet_also_with_one_model() -> None:
    there = [
        contender(1, "m/a", arm="x/1/first"),
        contender(2, "m/a", arm="x/1/second"),
        contender(3, "m/a", arm="x/2/first"),
        contender(4, "m/a"),
    ]
    (match,) = (one for matches in Contests(there, Unit.PICTURE).by_players.values() for one in matches)
    assert (match.players, match.first.arm, match.second.arm) == (
        ("x/1/first", "x/1/second"),
        "x/1/first",
        "x/1/second",
    )


def test_the_same_picture_is_not_set_against_itself() -> None:
    assert pairs([contender(1, "m/a", digest="same"), contender(2, "m/b", digest="same")]) == set()


def test_a_set_is_what_both_models_made_of_a_projects_rooms() -> None:
    there = [
        contender(number, model, room, project="Elm St", room_type=kind)
        for number, (model, room, kind) in enumerate(
            [
                ("m/a", "r1", "living"),
                ("m/a", "r2", "living"),
                ("m/a", "r3", "kitchen"),
                ("m/b", "r1", "living"),
                ("m/b", "r2", "living"),
                ("m/b", "r3", "kitchen"),
                ("m/c", "r1", "living"),
            ]
        )
    ]
    assert pairs(there, Unit.ROOM) == {("Elm St: living", ("p000", "p001"), ("p003", "p004"))}
    assert pairs(there, Unit.PROJECT) == {("Elm St", ("p000", "p001", "p002"), ("p003", "p004", "p005"))}
    assert (
        pairs(
            [contender(1, "m/a"), contender(2, "m/b"), contender(3, "m/a", "r2"), contender(4, "m/b", "r2")],
            Unit.PROJECT,
        )
        == set()
    )


def test_twins_are_two_different_pictures_by_one_model() -> None:
    there = [
        contender(1, "m/a"),
        contender(2, "m/a"),
        contender(3, "m/b", digest="same"),
        contender(4, "m/b", digest="same"),
        contender(5, "m/c"),
        contender(6, "m/c", variant="other"),
    ]
    (twin,) = Contests(there, Unit.PICTURE).twins
    assert (twin.first.predictions, twin.second.predictions) == (("p001",), ("p002",))
    assert Contests(there, Unit.PROJECT).twins == []


def test_the_gaps_variance_is_that_of_a_regression() -> None:
    """Two models with a lone meeting: the prior's and the vote's information add up."""
    games = np.array([[0.0, 8.0], [8.0, 0.0]])
    won = np.array([[0.0, 4.0], [4.0, 0.0]])
    variance, likely = gap_variances(games, won)
    assert likely[0, 1] == pytest.approx(0.5)
    # Along the gap the prior's precision is halved: two strengths, each with its own.
    assert variance[0, 1] == pytest.approx(1 / (0.5 / 2 + 8 * 0.25))


def test_a_vote_tells_most_where_the_gap_is_open_and_votes_are_few() -> None:
    meetings = [
        Meetings(("m/a", "m/b"), "room", "modern", 40, 20.0),
        Meetings(("m/a", "m/c"), "room", "modern", 40, 40.0),
        Meetings(("m/a", "m/d"), "room", "modern", 2, 1.0),
    ]
    told = gains(MODELS, meetings)
    assert (told == told.T).all()
    assert told[0, 3] > 3 * told[0, 1]  # few votes, and many
    assert told[0, 1] > told[0, 2]  # as many votes: open, and foregone


def test_every_pair_of_models_and_every_room_comes_in_turn() -> None:
    judged = session(lab(), 36)
    assert len({match.pair for match in judged}) == 36  # all there are, none twice
    first = session(lab(rooms=20), 60)
    of_pair = Counter(match.players for match in first)
    of_room = Counter(match.unit for match in first)
    assert len(of_pair) == 6
    assert max(of_pair.values()) <= 2 * min(of_pair.values())
    assert set(of_room.values()) <= {2, 3, 4}


def test_by_chance_alone_rooms_would_come_unevenly() -> None:
    """The control: what the test above would say of a draw."""
    chance = random.Random(1)
    of_room = Counter(chance.randrange(20) for _ in range(60))
    assert not set(of_room.values()) <= {2, 3, 4}


def test_a_new_model_is_judged_more_than_those_that_are_known() -> None:
    met = [
        Meetings((one, other), f"room {number}", "modern", 10, 5.0)
        for number in range(6)
        for one, other in [("m/a", "m/b"), ("m/a", "m/c"), ("m/b", "m/c")]
    ]
    contests, chance = lab(), random.Random(3)
    drawn = [next_match(contests.by_players, met, lambda match: False, (), chance) for _ in range(60)]
    with_new = sum("m/d" in match.players for match in drawn if match)
    assert with_new >= 55  # by chance alone 30


def test_a_settled_pair_is_judged_less_than_an_open_one() -> None:
    def winner(match: Match) -> float:
        return 1.0 if match.players == ("m/a", "m/b") else 0.5

    of_pair = Counter(match.players for match in session(lab(MODELS[:3], rooms=40), 90, winner))
    assert of_pair["m/a", "m/b"] < min(of_pair["m/a", "m/c"], of_pair["m/b", "m/c"])


def test_the_same_seed_chooses_the_same() -> None:
    chosen = [[match.pair for match in session(lab(), 12, seed=seed)] for seed in (5, 5, 6)]
    assert chosen[0] == chosen[1] != chosen[2]


def test_a_room_that_was_just_seen_comes_last() -> None:
    contests, chance = lab(MODELS[:2], rooms=3), random.Random(0)
    drawn = {
        match.unit
        for _ in range(20)
        if (match := next_match(contests.by_players, [], lambda one: False, {"room 0", "room 2"}, chance))
    }
    assert drawn == {"room 1"}


def test_nothing_comes_when_all_are_judged() -> None:
    assert next_match(lab().by_players, [], lambda match: True, (), random.Random(0)) is None
    assert next_match({}, [], lambda match: False, (), random.Random(0)) is None
