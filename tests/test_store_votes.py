"""Votes in the ledger: one of each rater on each pair, and only what counts is counted."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from staging.errors import NotFound, VoteRefused
from staging.predictions import Reason
from staging.ratings import OUTCOMES, Outcome
from staging.store import BallotFilter, Choice, Kind, Pin, RaterChecks, RaterState, Side, Store, Vote
from staging.store.tables import VOTES
from staging.store.votes import VoteLedger
from tests.ballots import ballot, turned, two_outputs, voted
from tests.ledgers import NOW, later

RACERS = 50
EVERYTHING = BallotFilter()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


def counted(store: Store, wanted: BallotFilter = EVERYTHING) -> list[tuple[str, str, str, str, str]]:
    """Return the votes that count as rows (room, rater, left, right, outcome), sorted."""
    found = store.votes.ballots(wanted)
    return sorted(
        (
            found.rooms[found.room[n]],
            found.raters[found.rater[n]],
            found.models[found.left[n]],
            found.models[found.right[n]],
            OUTCOMES[found.outcome[n]].value,
        )
        for n in range(len(found))
    )


def race(store: Store, deed: Callable[[VoteLedger, Vote, str], None]) -> list[str]:
    """Let many threads vote on one ballot at once, and return the choices that the ledger keeps."""
    shown = store.votes.show(ballot())
    start = Barrier(RACERS)

    def vote(number: int) -> bool:
        start.wait()
        try:
            deed(store.votes, Vote(shown.id, (Choice.LEFT, Choice.RIGHT)[number % 2], later(number)), "ada")
        except VoteRefused:
            return False
        return True

    with ThreadPoolExecutor(RACERS) as threads:
        taken = sum(threads.map(vote, range(RACERS)))
    kept = [choice for (choice,) in store.ledger.rows("SELECT choice FROM app.votes")]
    assert taken == len(kept)
    return kept


def test_of_fifty_votes_at_once_on_one_pair_one_stands(store: Store) -> None:
    (choice,) = race(store, VoteLedger.give)
    assert counted(store) == [("room 1", "ada", "qwen/qwen-image-edit", "reve/edit", choice)]


def test_without_a_look_in_the_transaction_many_votes_are_kept(store: Store) -> None:
    """The control: without the look inside the transaction several votes are kept."""
    looked = Barrier(RACERS)

    def look_then_write(votes: VoteLedger, vote: Vote, rater: str) -> None:
        shown, stands = votes.get(vote.ballot), votes.answered(vote.ballot)
        looked.wait()
        if stands:
            raise VoteRefused("too late")
        with votes._ledger.writing() as cursor:
            ((sequence,),) = cursor.execute("SELECT count(*) FROM app.votes").fetchall()
            about = (vote.ballot, "pair", "room 1", "living", "modern", "", "m/one", "m/two", None, None)
            said: tuple[object, ...] = (vote.choice.value, [], None, None, None, None, None, vote.given_at)
            VOTES.insert(cursor, [(rater, shown.pair, 0, sequence, *about, *said)])

    assert len(race(store, look_then_write)) == RACERS


def test_of_fifty_showings_at_once_of_one_pair_one_is_kept(store: Store) -> None:
    first = ballot()
    start = Barrier(RACERS)

    def show(number: int) -> str:
        start.wait()
        return store.votes.show(replace(first, id=f"{number}")).id

    with ThreadPoolExecutor(RACERS) as threads:
        shown = set(threads.map(show, range(RACERS)))
    assert [(one,) for one in shown] == store.ledger.rows("SELECT id FROM app.ballots")


def test_a_ballot_comes_back_as_it_was_shown_whichever_side_is_left(store: Store) -> None:
    first = store.votes.show(ballot(left=Side(("a", "b"), "m/one", "x/1/a"), right=Side(("c", "d"), "m/two")))
    assert store.votes.get(first.id) == first
    again = replace(first, id="other", left=first.right, right=first.left, made_at=later(9))
    assert store.votes.show(again) == first
    assert store.votes.show(turned(first)).showing == 1
    with pytest.raises(NotFound):
        store.votes.get("nobody")


@pytest.mark.parametrize("sides", [((), ()), (("a",), ("a",)), (("a", "b"), ("c",))])
def test_what_is_no_pair_is_not_shown(store: Store, sides: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    with pytest.raises(ValueError, match="as many outputs on one side"):
        store.votes.show(ballot(left=Side(sides[0], "m/one"), right=Side(sides[1], "m/two")))


def test_the_second_vote_on_a_pair_is_refused_and_the_first_stands(store: Store) -> None:
    shown = voted(store, ballot())
    with pytest.raises(VoteRefused, match="your first vote stands"):
        store.votes.give(Vote(shown.id, Choice.RIGHT, later(6)), "ada")
    assert [row[-1] for row in counted(store)] == ["left"]
    assert store.votes.state("ada", NOW).waiting == ()


def test_a_vote_that_is_taken_back_counts_no_more_and_can_be_given_anew(store: Store) -> None:
    shown = voted(store, ballot())
    store.votes.take_back(shown.id, "ada", later(6))
    assert (counted(store), store.votes.answered(shown.id)) == ([], False)
    assert store.votes.state("ada", NOW).waiting == (shown,)
    with pytest.raises(VoteRefused, match="no vote of yours"):
        store.votes.take_back(shown.id, "ada", later(7))
    store.votes.give(Vote(shown.id, Choice.TIE, later(8)), "ada")
    assert [row[-1] for row in counted(store)] == ["tie"]
    assert store.ledger.rows("SELECT choice FROM app.votes ORDER BY sequence") == [("left",), ("withdrawn",), ("tie",)]


def test_where_a_rater_is_tells_votes_skips_and_what_waits(store: Store) -> None:
    assert store.votes.state("ada", NOW) == RaterState((), frozenset(), 0, None, 0, 0)
    first = voted(store, ballot(unit="a"), at=later(1))
    second = voted(store, ballot(unit="b"), Choice.SKIP, later(7))
    third = voted(store, turned(first), at=later(6))
    waiting = [store.votes.show(ballot(made_at=later(9 - n))) for n in range(2)]
    voted(store, ballot("ben"), at=later(9))
    state = store.votes.state("ada", later(5))
    assert state.waiting == (waiting[1], waiting[0])
    assert state.answered == {first.pair, second.pair}
    assert (state.shown, state.last, state.today, state.total) == (5, (second.id, "b"), 1, 2)
    store.votes.take_back(second.id, "ada", later(8))
    assert store.votes.state("ada", later(5)).last == (third.id, "a")


def test_nobody_votes_on_or_takes_back_somebody_elses_ballot(store: Store) -> None:
    shown = store.votes.show(ballot("ada"))
    with pytest.raises(VoteRefused, match="somebody else's"):
        store.votes.give(Vote(shown.id, Choice.LEFT, later(5)), "ben")
    store.votes.give(Vote(shown.id, Choice.LEFT, later(5)), "ada")
    with pytest.raises(VoteRefused):
        store.votes.take_back(shown.id, "ben", later(6))


@pytest.mark.parametrize("choice", [Choice.TIE, Choice.SKIP])
def test_there_is_no_reason_where_nobody_lost(store: Store, choice: Choice) -> None:
    shown = store.votes.show(ballot())
    vote = Vote(shown.id, choice, later(5))
    for senseless in (replace(vote, reasons=(Reason.LIGHT,)), replace(vote, pin=Pin("left", 0, 0.5, 0.5))):
        with pytest.raises(VoteRefused, match="there is no loser here"):
            store.votes.give(senseless, "ada")
    assert not store.votes.answered(shown.id)


def test_a_vote_that_makes_no_sense_is_refused_and_leaves_nothing(store: Store) -> None:
    shown = store.votes.show(ballot())
    left = Vote(shown.id, Choice.LEFT, later(5))
    for senseless in (
        replace(left, choice=Choice.WITHDRAWN),
        replace(left, pin=Pin("left", 0, 0.5, 0.5)),
        replace(left, pin=Pin("right", 1, 0.5, 0.5)),
        replace(left, pin=Pin("right", 0, 1.01, 0.5)),
        replace(left, pin=Pin("right", 0, 0.5, float("nan"))),
        replace(left, reasons=(Reason.LIGHT, Reason.LIGHT)),
        replace(left, seconds=float("nan")),
        replace(left, seconds=-1.0),
    ):
        with pytest.raises(VoteRefused):
            store.votes.give(senseless, "ada")
    assert store.ledger.rows("SELECT * FROM app.votes") == []
    store.votes.give(left, "ada")


def test_reasons_pin_and_seconds_are_kept(store: Store) -> None:
    voted(store, ballot(), reasons=(Reason.LIGHT, Reason.SCALE), pin=Pin("right", 0, 0.25, 1.0), seconds=3.5)
    voted(store, ballot(), seconds=40_000.0)
    rows = store.ledger.rows("SELECT reasons, pin_side, pin_view, pin_x, pin_y, seconds FROM app.votes ORDER BY ALL")
    assert rows == [('["light", "scale"]', "right", 0, 0.25, 1.0, 3.5), ("[]", None, None, None, None, None)]


def test_only_first_showings_of_real_pairs_count(store: Store) -> None:
    for choice in Choice:
        if choice is not Choice.WITHDRAWN:
            voted(store, ballot(), choice)
    voted(store, ballot(left=Side(("a",), "m/one"), right=Side(("b",), "m/one"), kind=Kind.TWIN))
    repeated = voted(store, ballot())
    voted(store, turned(repeated), Choice.LEFT)
    store.votes.show(ballot())
    assert Counter(row[-1] for row in counted(store)) == Counter({outcome.value: 1 for outcome in Outcome}) + Counter(
        [Outcome.LEFT.value]
    )


def test_votes_are_found_by_what_they_were_about(store: Store) -> None:
    voted(store, ballot(unit="a", room_type="kitchen"))
    voted(store, ballot(unit="b", style="scandinavian"))
    voted(store, ballot(unit="c", project="Elm St"))
    voted(store, ballot("ben", unit="d"), at=later(100))
    arms = Side(("p",), "m/one", "x/1/a"), Side(("q",), "m/one", "x/1/b")
    voted(store, ballot(unit="e", left=arms[0], right=arms[1]))
    for wanted, units in (
        (EVERYTHING, "abcd"),
        (BallotFilter(room_type="kitchen"), "a"),
        (BallotFilter(style="scandinavian"), "b"),
        (BallotFilter(project="Elm St"), "c"),
        (BallotFilter(rater="ben"), "d"),
        (BallotFilter(since=later(50)), "d"),
        (BallotFilter(until=later(100)), "abc"),
        (BallotFilter(room_type="kitchen", rater="ben"), ""),
        (BallotFilter(arms=("x/1/a", "x/1/b")), "e"),
        (BallotFilter(arms=("x/1/a", "x/2/b")), ""),
    ):
        assert "".join(row[0] for row in counted(store, wanted)) == units
    assert counted(store, BallotFilter(arms=("x/1/a", "x/1/b")))[0][2:] == ("x/1/a", "x/1/b", "left")


def test_reasons_are_counted_against_the_loser_or_both(store: Store) -> None:
    one, other = ballot().left.model, ballot().right.model
    voted(store, ballot(), Choice.LEFT, reasons=(Reason.LIGHT, Reason.SCALE))
    voted(store, ballot(), Choice.RIGHT, reasons=(Reason.LIGHT,))
    voted(store, ballot(), Choice.BOTH_BAD, reasons=(Reason.LIGHT,))
    voted(store, ballot(), Choice.LEFT)
    assert store.votes.faults(EVERYTHING) == {
        (one, Reason.LIGHT): 2,
        (other, Reason.LIGHT): 2,
        (other, Reason.SCALE): 1,
    }


def test_checks_say_how_often_a_rater_says_the_same_again(store: Store) -> None:
    for first, second in (
        (Choice.LEFT, Choice.RIGHT),
        (Choice.RIGHT, Choice.LEFT),
        (Choice.LEFT, Choice.LEFT),
        (Choice.TIE, Choice.TIE),
        (Choice.BOTH_BAD, Choice.TIE),
    ):
        voted(store, turned(voted(store, ballot(), first)), second)
    for choice in (Choice.LEFT, Choice.TIE, Choice.SKIP):
        twins = ballot(left=Side((f"{choice}",), "m/one"), right=Side(("b",), "m/one"), kind=Kind.TWIN)
        voted(store, twins, choice)
    voted(store, ballot("ben"), Choice.RIGHT)
    assert store.votes.checks() == [
        RaterChecks("ada", votes=12, left=5, right=2, repeats=5, same=3, twins=2, twins_decided=1),
        RaterChecks("ben", votes=1, left=0, right=1, repeats=0, same=0, twins=0, twins_decided=0),
    ]


def test_what_can_be_repeated_is_decided_rested_and_not_repeated_yet(store: Store) -> None:
    shown = [voted(store, ballot(made_at=later(n)), at=later(n)) for n in range(4)]
    voted(store, ballot(made_at=later(4)), Choice.TIE, later(4))
    voted(store, turned(shown[0]))
    assert store.votes.repeatable("ada", rest=0) == shown[1:]
    assert store.votes.repeatable("ada", rest=1) == shown[1:3]
    assert store.votes.repeatable("ben", rest=0) == []


def test_verify_knows_ballots_and_votes(store: Store) -> None:
    one, other = two_outputs(store)
    shown = voted(store, ballot(left=Side((one,), "reve/edit"), right=Side((other,), "qwen/qwen-image-edit")))
    assert store.ledger.rows("FROM contradictions") == []
    for tampering, sentence in (
        ("UPDATE app.votes SET sequence = 1", f"Ballot {shown.id} has a gap among its votes."),
        ("UPDATE app.votes SET rater = 'ben'", f"Ballot {shown.id} has a vote, but was never shown to that rater."),
        (
            "UPDATE app.votes SET left_model = 'm/other'",
            f"Ballot {shown.id} has a vote that says otherwise what was shown.",
        ),
        (
            "UPDATE app.ballots SET left_predictions = '[\"gone\"]'",
            f"Ballot {shown.id} shows prediction gone, which has no output.",
        ),
        (
            "UPDATE app.ballots SET left_predictions = right_predictions",
            f"Ballot {shown.id} does not show the pair that it is kept under.",
        ),
    ):
        store.ledger.run(f"BEGIN; {tampering}")
        assert (sentence,) in store.ledger.rows("FROM contradictions")
        store.ledger.run("ROLLBACK")
    assert store.ledger.rows("FROM contradictions") == []


def test_a_hundred_thousand_votes_are_read_as_columns(store: Store) -> None:
    """Row by row they would take seconds."""
    store.ledger.run(
        "INSERT INTO app.votes SELECT 'rater ' || n % 12, md5(n::VARCHAR), 0, 0, 'id-' || hash(n), 'pair', 'room ' || "
        "n % 60, 'living', 'modern', '', 'model ' || n % 4, 'model ' || 4 + n % 8, NULL, NULL, 'left', '[]', NULL, "
        "NULL, NULL, NULL, 1.5, TIMESTAMPTZ '2026-01-01 00:00:00+00' FROM range(100000) AS r(n)"
    )
    took = []
    for _ in range(5):
        start = time.perf_counter()
        found = store.votes.ballots(EVERYTHING)
        took.append(time.perf_counter() - start)
    assert (len(found), len(found.rooms), len(found.raters), len(found.models)) == (100_000, 60, 12, 12)
    assert min(took) < 1.5


def test_filters_offer_what_the_votes_that_count_are_of(store: Store) -> None:
    assert store.votes.first_given() is None
    voted(store, ballot(room_type="kitchen", project="Elm"), at=later(9))
    voted(store, ballot("bo", style="coastal"), at=later(5))
    voted(store, ballot("cy", room_type="office"), Choice.SKIP, at=later(1))

    assert store.votes.choices() == {
        "room_type": ("kitchen", "living"),
        "style": ("coastal", "modern"),
        "project": ("", "Elm"),
        "rater": ("ada", "bo"),
    }
    assert store.votes.first_given() == later(5)
