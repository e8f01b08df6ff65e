"""What the ledger says of each model, for cards and estimates."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from staging.predictions import Mark, Reason, State, Verdict
from staging.rooms import RoomType
from staging.store import BallotFilter, ModelHistory, Store
from staging.store.history import RECENT
from tests.ledgers import NOW, decided, ending, later, queued, room, succeeded

QWEN = "qwen/qwen-image-edit"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


def test_a_models_time_is_the_median_of_its_successes(store: Store) -> None:
    asked = queued(store, 5)
    for one, seconds in zip(asked, (2.0, 4.0, 9.0, None, 100.0), strict=True):
        state = State.FAILED if seconds == 100.0 else State.SUCCEEDED
        store.predictions.append([ending(one, state, 1, run_seconds=seconds)])

    known = store.history.of_models()

    assert (known[QWEN].seconds, known[QWEN].runs) == (4.0, 4)
    assert "reve/edit" not in known


def test_acceptance_counts_what_was_judged_and_each_models_own(store: Store) -> None:
    first, second, third, _ = succeeded(store, 4)
    (other,) = succeeded(store, 1, model="reve/edit")
    for one, verdict in (
        (first, Verdict.ACCEPTED),
        (second, Verdict.REJECTED),
        (third, Verdict.ACCEPTED),
        (third, Verdict.UNDECIDED),
        (other, Verdict.ACCEPTED),
    ):
        store.predictions.mark(one.id, decided(verdict), "ada", NOW)

    known = store.history.of_models()

    assert known[QWEN] == ModelHistory(4, 6.5, 6.5, 6.5, 1, 2, Decimal("0.03"))
    assert (known["reve/edit"].accepted, known["reve/edit"].judged) == (1, 1)


def test_only_the_last_predictions_speak_for_a_model(store: Store) -> None:
    old = queued(store, 5)
    store.predictions.append([ending(one, sequence=1, run_seconds=90.0) for one in old])
    new = queued(store, RECENT)
    store.predictions.append([ending(one, sequence=1, run_seconds=3.0) for one in new])

    known = store.history.of_models()[QWEN]

    assert (known.runs, known.seconds, known.slow_seconds) == (RECENT, 3.0, 3.0)


def test_what_is_under_way_is_counted_until_it_ends(store: Store) -> None:
    one, two = queued(store, 2)
    assert store.history.under_way() == {QWEN: 2}

    store.predictions.append([ending(one, State.CANCELED, 1)])
    assert store.history.under_way() == {QWEN: 1}

    store.predictions.append([ending(two, State.FAILED, 1)])
    assert store.history.under_way() == {}


def test_nothing_is_reckoned_again_until_something_has_happened(store: Store) -> None:
    (asked,) = succeeded(store)
    known = store.history.of_models()

    assert store.history.of_models() is known
    store.predictions.mark(asked.id, decided(Verdict.ACCEPTED), "ada", NOW)
    assert store.history.of_models()[QWEN].accepted == 1


def test_reasons_of_rejections_are_counted_by_model(store: Store) -> None:
    store.rooms.add(room(1, room_type=RoomType.BEDROOM))
    one, other, third = succeeded(store, 3)

    def rejected(*reasons: Reason) -> Callable[[Mark], Mark]:
        return lambda mark: replace(mark, verdict=Verdict.REJECTED, reasons=reasons)

    store.predictions.mark(one.id, rejected(Reason.SCALE, Reason.LIGHT), "ada", NOW)
    store.predictions.mark(other.id, rejected(Reason.SCALE), "bo", later(60))
    store.predictions.mark(third.id, rejected(Reason.STYLE), "bo", NOW)
    store.predictions.mark(third.id, decided(Verdict.ACCEPTED), "bo", later(1))

    assert store.history.rejections(BallotFilter()) == {(QWEN, "light"): 1, (QWEN, "scale"): 2}
    assert store.history.rejections(BallotFilter(rater="bo")) == {(QWEN, "scale"): 1}
    assert store.history.rejections(BallotFilter(until=later(60))) == {(QWEN, "light"): 1, (QWEN, "scale"): 1}
    assert store.history.rejections(BallotFilter(since=later(60), style="modern", project="")) == {(QWEN, "scale"): 1}
    assert store.history.rejections(BallotFilter(room_type="kitchen")) == {}
    assert len(store.history.rejections(BallotFilter(room_type="bedroom"))) == 2
