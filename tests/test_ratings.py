"""Ratings: votes as arrays."""

import numpy as np
import pytest

from staging.errors import BallotsRefused
from staging.ratings import OUTCOMES, Ballots, Outcome

ROWS = [
    ("kitchen", "eva", "b", "a", "left"),
    ("attic", "ada", "a", "c", "both bad"),
    ("kitchen", "ada", "c", "b", "tie"),
]


def test_votes_become_codes_into_sorted_names() -> None:
    ballots = Ballots.of(ROWS)

    assert (ballots.rooms, ballots.raters, ballots.models) == (("attic", "kitchen"), ("ada", "eva"), ("a", "b", "c"))
    again = zip(ballots.room, ballots.rater, ballots.left, ballots.right, ballots.outcome, strict=True)
    names = (ballots.rooms, ballots.raters, ballots.models, ballots.models, OUTCOMES)
    assert [tuple(known[code] for known, code in zip(names, row, strict=True)) for row in again] == ROWS
    assert len(ballots) == 3


def test_no_votes_are_votes_too() -> None:
    assert len(Ballots.of([])) == 0


def test_an_unknown_outcome_is_never_taken_for_a_tie() -> None:
    with pytest.raises(BallotsRefused, match="Unknown outcome 'draw': a vote ends with left, right, tie or both bad"):
        Ballots.of([*ROWS, ("kitchen", "eva", "a", "b", "draw")])


def test_a_model_against_itself_is_refused() -> None:
    with pytest.raises(BallotsRefused, match="sets a against itself"):
        Ballots.of([("kitchen", "eva", "a", "a", "tie")])


@pytest.mark.parametrize(
    ("column", "said"), [("room", "room"), ("rater", "rater"), ("left", "model"), ("outcome", "outcome")]
)
@pytest.mark.parametrize("code", [-1, 4])
def test_codes_that_name_nothing_are_refused(column: str, said: str, code: int) -> None:
    good = {name: np.array([0]) for name in ("room", "rater", "left")} | {
        "right": np.array([1]),
        "outcome": np.array([0]),
    }

    with pytest.raises(BallotsRefused, match=f"unknown {said}"):
        Ballots(("r",), ("p",), ("a", "b"), **{**good, column: np.array([code])})


def test_a_vote_that_lacks_something_is_refused() -> None:
    one, two = np.array([0]), np.array([0, 0])

    with pytest.raises(BallotsRefused, match="needs a room"):
        Ballots(("r",), ("p",), ("a", "b"), one, one, one, np.array([1]), two)


def test_the_outcomes_are_written_as_people_say_them() -> None:
    assert [str(outcome) for outcome in Outcome] == ["left", "right", "tie", "both bad"]
