"""A rater's ballots: the same until judged, with checks among them, and what they say of the rater."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from staging.errors import NotFound, VoteRefused
from staging.store import Ballot, BallotFilter, Choice, Kind, Store, Vote
from staging.votes import AHEAD, Interval, Queue, Standing, Unit, Voting, interval
from tests.contenders import judged_lab, output_of
from tests.ledgers import digest, ending, later, room

MODELS = ("reve/edit", "qwen/qwen-image-edit", "bytedance/seedream-4")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


def voting(store: Store, check_share: float = 0.0, seed: str = "seed") -> Voting:
    return Voting(store, check_share=check_share, seed=seed)


def upcoming(of: Voting, rater: str, queue: Queue | None = None, unit: Unit = Unit.PICTURE) -> list[Ballot]:
    return list(of.look(rater, queue, unit).ballots)


def judge(
    of: Voting, votes: int, rater: str = "ada", choice: Choice = Choice.LEFT, queue: Queue | None = None
) -> list[Ballot]:
    """Return the ballots that the rater has judged, one after the other."""
    judged = []
    for _ in range(votes):
        ballots = upcoming(of, rater, queue)
        if not ballots:
            break
        judged.append(ballots[0])
        of.give(Vote(ballots[0].id, choice, datetime.now(UTC)), rater)
    return judged


def test_ballots_stay_the_same_until_they_are_judged_and_every_pair_comes_once(store: Store) -> None:
    judged_lab(store, MODELS, rooms=4)
    lab = voting(store)
    first = upcoming(lab, "ada")
    assert upcoming(lab, "ada") == first
    assert len({one.id for one in first}) == AHEAD
    lab.give(Vote(first[0].id, Choice.TIE, later(5)), "ada")
    assert upcoming(lab, "ada")[: AHEAD - 1] == first[1:]
    judged = judge(lab, 40)
    assert len(judged) == 11
    assert {one.kind for one in judged} == {Kind.PAIR}  # no checks were asked for
    assert len({one.pair for one in judged} | {first[0].pair}) == 12
    assert lab.look("ada").standing == Standing(today=11, total=12, left=0)
    assert len(upcoming(lab, "ben")) == AHEAD


def test_two_windows_show_one_rater_the_same_ballots(store: Store) -> None:
    judged_lab(store, MODELS, rooms=4)
    ids = [[one.id for one in upcoming(voting(store), "ada")] for _ in range(2)]
    assert ids[0] == ids[1]


def test_the_sides_are_shuffled_for_each_rater(store: Store) -> None:
    judged_lab(store, MODELS[:2], rooms=2)
    lab = voting(store)
    left = {rater: {one.unit: one.left.model for one in judge(lab, 2, rater)} for rater in "abcdef"}
    for unit in left["a"]:
        assert {of_rater[unit] for of_rater in left.values()} == set(MODELS[:2])


def test_an_undone_vote_is_the_next_to_be_judged(store: Store) -> None:
    judged_lab(store, MODELS, rooms=4)
    lab = voting(store)
    first, second = judge(lab, 2)
    assert lab.undo("ada", datetime.now(UTC)) == second.id
    assert upcoming(lab, "ada")[0] == second
    assert lab.undo("ada", datetime.now(UTC)) == first.id
    assert [one.id for one in upcoming(lab, "ada")[:2]] == [first.id, second.id]
    with pytest.raises(VoteRefused, match="no vote of yours"):
        lab.undo("ada", datetime.now(UTC))
    with pytest.raises(VoteRefused):
        lab.undo("ada", datetime.now(UTC), first.id)
    assert lab.look("ada").standing.total == 0


def test_a_skipped_pair_counts_nowhere_and_does_not_come_again(store: Store) -> None:
    judged_lab(store, MODELS[:2], rooms=3)
    lab = voting(store)
    assert len(judge(lab, 10, choice=Choice.SKIP)) == 3
    assert (len(store.votes.ballots(BallotFilter())), lab.look("ada").standing.total) == (0, 0)
    lab.undo("ada", datetime.now(UTC))
    assert len(upcoming(lab, "ada")) == 1


def test_a_newer_output_or_an_archived_room_changes_what_is_judged(store: Store) -> None:
    judged_lab(store, MODELS[:2], rooms=2)
    lab = voting(store)
    assert {one.unit for one in upcoming(lab, "ada")} == {digest(1), digest(2)}
    store.rooms.archive(digest(1), "ada", later(20))
    assert {one.unit for one in upcoming(lab, "ada")} == {digest(2)}
    judge(lab, 1)
    judged_lab(store, MODELS[:1], rooms=2)  # which takes room 1 back into use
    assert {one.unit for one in upcoming(lab, "ada")} == {digest(1), digest(2)}


def test_so_large_a_share_of_the_ballots_are_checks_and_tell_of_the_rater(store: Store) -> None:
    judged_lab(store, MODELS, rooms=14, tries=2)
    lab = voting(store, 0.5)
    assert lab.figures() == ([], None)
    judged = judge(lab, 36, "eve")
    kinds = Counter(one.kind for one in judged)
    assert 9 <= kinds[Kind.REPEAT] + kinds[Kind.TWIN] <= 27
    assert kinds[Kind.REPEAT] > 0
    assert kinds[Kind.TWIN] > 0
    assert len(store.votes.ballots(BallotFilter())) == kinds[Kind.PAIR]
    places = {one.pair: place for place, one in enumerate(judged) if one.kind is Kind.PAIR}
    for place, one in enumerate(judged):
        if one.kind is Kind.REPEAT:
            before = judged[places[one.pair]]
            assert (one.left, one.right) == (before.right, before.left)
            assert place - places[one.pair] > 5
        if one.kind is Kind.TWIN:
            assert one.left.model == one.right.model
            assert one.left.predictions != one.right.predictions

    # Always left: a repeat is never judged as at first, and every twin has a winner.
    ((eve,), left) = lab.figures()
    assert eve.consistency == interval(0, kinds[Kind.REPEAT])
    assert eve.twins_decided == interval(kinds[Kind.TWIN], kinds[Kind.TWIN])
    assert eve.left == left == interval(36, 36)


def test_where_a_model_has_one_output_only_no_twin_is_made(store: Store) -> None:
    judged_lab(store, MODELS, rooms=8)
    kinds = Counter(one.kind for one in judge(voting(store, 0.5), 18))
    assert kinds[Kind.TWIN] == 0
    assert kinds[Kind.REPEAT] > 0


def test_an_interval_is_wilsons() -> None:
    """Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, 0 of 20."""
    found = interval(81, 263)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    none = interval(0, 20)
    assert none == Interval(0.0, 0.0, none.high if none else 0.0, 20)
    assert none is not None
    assert round(none.high, 4) == 0.1611
    assert interval(0, 0) is None


def test_sets_are_judged_as_one_unit(store: Store) -> None:
    judged_lab(store, MODELS[:2], rooms=3, project="Elm St")
    lab = voting(store)
    (one,) = upcoming(lab, "ada", unit=Unit.PROJECT)
    assert (one.unit, len(one.left.predictions), len(one.right.predictions)) == ("Elm St", 3, 3)
    lab.give(Vote(one.id, Choice.LEFT, later(5)), "ada")
    assert store.votes.ballots(BallotFilter(project="Elm St")).rooms == ("Elm St",)
    assert upcoming(lab, "ada", unit=Unit.PROJECT) == []
    assert {len(each.left.predictions) for each in upcoming(lab, "ada")} == {1}


def test_a_queue_shows_its_comparisons_until_it_is_closed(store: Store) -> None:
    judged_lab(store, MODELS, rooms=3)
    chosen = judged_lab(store, MODELS[:2], rooms=2)
    lab = voting(store)
    queue = lab.queues.make("First  round", [chosen], Unit.PICTURE, "ada")
    assert (queue.name, lab.look("ben", queue).standing.left) == ("First round", 2)
    assert [lab.queues.get(queue.id), *lab.queues.list()] == [queue, queue]
    judged = judge(lab, 1, "ben", queue=queue)
    assert (judged[0].queue, lab.look("ben", queue).standing.left) == (queue.id, 1)
    closed = lab.queues.close(queue.id, "ada")
    assert closed.closed
    assert upcoming(lab, "ben", closed) == []
    assert upcoming(lab, "eve", closed) == []
    reopened = lab.queues.close(queue.id, "ada", closed=False)
    assert len(judge(lab, 9, "ben", queue=reopened)) == 1
    assert [one.note for one in store.documents.versions("vote queue", queue.id)] == ["opened again", "closed", "made"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "1 to 80 characters"),
        ("x" * 81, "1 to 80 characters"),
        ("Is Reve better?", "“reve”"),
        ("our QWEN test", "“qwen”"),
        ("seedream-4 or not", "“seedream"),
    ],
)
def test_a_queues_name_is_no_hint(store: Store, name: str, sentence: str) -> None:
    chosen = judged_lab(store, MODELS, rooms=1)
    with pytest.raises(VoteRefused, match=sentence):
        voting(store).queues.make(name, [chosen], Unit.PICTURE, "ada")
    assert store.documents.list("vote queue") == []


def test_a_queue_is_made_of_comparisons_that_are_there(store: Store) -> None:
    queues = voting(store).queues
    with pytest.raises(VoteRefused, match="Choose 1 to 200"):
        queues.make("empty", [], Unit.PICTURE, "ada")
    with pytest.raises(NotFound):
        queues.make("gone", ["nothing"], Unit.PICTURE, "ada")
    with pytest.raises(NotFound, match="leads to no queue"):
        queues.get("nothing")


def test_a_vendors_picture_stands_beside_the_models_of_its_comparison(store: Store) -> None:
    judged_lab(store, MODELS[:1], rooms=1, style="modern")
    comparison_id = store.comparisons.list()[0].id
    asked = store.predictions.of_comparison(comparison_id)[0].prediction
    made = replace(asked, id="vendor", model="external/vendor", style="", arm=None)
    store.predictions.bring_in(
        store.comparisons.get(comparison_id), made, ending(made, sequence=1, outputs=(output_of(99),))
    )
    (one,) = upcoming(voting(store), "ada")
    assert {one.left.model, one.right.model} == {MODELS[0], "external/vendor"}
    assert one.style == "modern"


def test_an_empty_lab_has_nothing_to_judge(store: Store) -> None:
    store.rooms.add(room())
    assert upcoming(voting(store), "ada") == []
