"""Comparisons and predictions in the ledger: asked for once, one event after another, nothing lost."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from staging.errors import AlreadyAdopted, EventRefused, LedgerDamaged, NotFound
from staging.ids import new_id
from staging.predictions import FINAL_STATES, Event, State, Verdict
from staging.registry import Price
from staging.store import ComparisonFilter, Store
from tests.ledgers import NOW, comparison, decided, digest, ending, later, output, prediction, queued, steps, succeeded


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


# ── asked for ────────────────────────────────────────────────────────────────────────────────────


def test_a_prediction_comes_back_as_it_was_asked_for(store: Store) -> None:
    asked = comparison(name="Elm St, first try", project="Elm St")
    odd = prediction(
        asked,
        version="f" * 64,
        prompt="Möbel, 'quoted' \"twice\"\n\tand \x00 and 🛋 and \\",
        parameters={"nested": {"list": [1, 2.5, None, "ü"]}, "off": False},
        seed=2**53,
        price=Price(usd_per_second=Decimal("0.000975"), hardware="L40S", source="s", dated=NOW.date(), note="n"),
        estimate_usd=None,
        retry_of=new_id(),
    )
    store.predictions.queue(asked, [odd], later(1))
    now = store.predictions.get(odd.id)
    assert now.prediction == odd
    assert (now.state, now.state_at, now.sequence) == (State.QUEUED, later(1), 0)
    assert store.comparisons.get(asked.id) == asked


def test_a_comparison_is_read_in_the_order_it_was_asked_for(store: Store) -> None:
    asked = comparison()
    predictions = [prediction(asked, seed=seed) for seed in range(20)]
    predictions = predictions[10:] + predictions[:10]  # ids do not say the order
    store.predictions.queue(asked, predictions, NOW)
    assert [now.prediction for now in store.predictions.of_comparison(asked.id)] == predictions


@pytest.mark.parametrize("apart", [False, True], ids=["of one moment", "an hour apart"])
def test_predictions_asked_for_at_the_same_time_are_kept_apart(store: Store, apart: bool) -> None:
    """Rows are looked up by bounds on ids: those of others that lie between must not come along."""
    one, other = comparison(), comparison()
    ids = [new_id() for _ in range(4)]
    if apart:
        ids = [f"0197{hour}000{key[8:]}" for hour, key in enumerate(ids)]
    mine, theirs = (
        [prediction(asked, id=key, seed=seed) for seed, key in enumerate(ids[start::2])]
        for start, asked in enumerate((one, other))
    )
    store.predictions.queue(one, mine, NOW)
    store.predictions.queue(other, theirs, NOW)
    for number, asked in enumerate([*mine, *theirs]):
        store.predictions.append([*steps(asked), ending(asked, outputs=(output(number),))])
    store.predictions.mark(theirs[0].id, decided(Verdict.ACCEPTED), "ada", NOW)
    seen = [
        (now.prediction.id, now.sequence, now.outputs, now.verdict) for now in store.predictions.of_comparison(one.id)
    ]
    assert seen == [(asked.id, 4, (output(number),), Verdict.UNDECIDED) for number, asked in enumerate(mine)]
    with pytest.raises(EventRefused, match="has ended"):
        store.predictions.append([Event(asked.id, 1, State.RUNNING, NOW) for asked in mine])


def test_two_people_who_retry_at_once_make_one_try(store: Store) -> None:
    (first,) = queued(store)
    comparison = store.comparisons.get(first.comparison_id)

    def again(_: int) -> bool:
        try:
            store.predictions.queue(comparison, [replace(first, id=new_id(), retry_of=first.id)], NOW)
        except EventRefused:
            return False
        return True

    with ThreadPoolExecutor(8) as people:
        made = list(people.map(again, range(8)))
    assert made.count(True) == 1
    assert len(store.predictions.of_comparison(comparison.id)) == 2


def test_a_retry_joins_its_comparison_at_the_end(store: Store) -> None:
    asked = comparison(name="first")
    first, second = prediction(asked), prediction(asked)
    store.predictions.queue(asked, [first, second], NOW)
    again = replace(first, id=new_id(), retry_of=first.id)
    store.predictions.queue(replace(asked, name="another name"), [again], later(1))
    assert [now.prediction.id for now in store.predictions.of_comparison(asked.id)] == [first.id, second.id, again.id]
    assert store.comparisons.list() == [asked]


def test_queueing_is_all_or_nothing(store: Store) -> None:
    (known,) = queued(store)
    asked = comparison()
    with pytest.raises(EventRefused, match="queued already"):
        store.predictions.queue(asked, [prediction(asked), prediction(asked, id=known.id)], NOW)
    assert store.predictions.of_comparison(asked.id) == []
    with pytest.raises(NotFound):
        store.comparisons.get(asked.id)


def test_a_prediction_of_another_comparison_is_a_mistake(store: Store) -> None:
    with pytest.raises(ValueError, match="another comparison"):
        store.predictions.queue(comparison(), [prediction(comparison())], NOW)


def test_comparisons_are_listed_newest_first(store: Store) -> None:
    asked = [comparison(created_at=later(seconds)) for seconds in (3, 1, 2)]
    for one in asked:
        store.predictions.queue(one, [prediction(one)], NOW)
    assert store.comparisons.list(limit=2) == [asked[0], asked[2]]
    assert [line.comparison for line in store.comparisons.find(ComparisonFilter(), limit=1, offset=1)] == [asked[2]]


def test_what_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="no prediction 'nothing'"):
        store.predictions.get("nothing")
    with pytest.raises(NotFound, match="check the link"):
        store.comparisons.get("'; DROP TABLE app.events; --")
    assert store.predictions.of_comparison("nothing") == []


# ── events ───────────────────────────────────────────────────────────────────────────────────────


def test_a_life_adds_up_to_what_is_known_now(store: Store) -> None:
    (asked,) = queued(store)
    store.predictions.append([*steps(asked, "p1"), ending(asked, outputs=(output(1), output(2)))])
    now = store.predictions.get(asked.id)
    assert (now.state, now.sequence, now.state_at) == (State.SUCCEEDED, 4, later(10))
    assert (now.submitted_at, now.running_at, now.ended_at) == (later(1), later(2), later(10))
    assert (now.provider_id, now.input) == ("p1", {"prompt": asked.prompt, "seed": 1})
    assert now.metrics == {"predict_time": 6.5, "image_count": 1}
    assert (now.queue_seconds, now.run_seconds, now.total_seconds) == (0.5, 6.5, 7.0)
    assert (now.charge_usd, now.charge_inputs) == (Decimal("0.03"), {"image": 1})
    assert now.outputs == (output(1), output(2))


def test_a_field_that_is_none_adds_nothing_to_what_is_known(store: Store) -> None:
    (asked,) = queued(store)
    store.predictions.append([Event(asked.id, 1, State.SUBMITTING, later(1), error="slow down", input={"a": 1})])
    store.predictions.append([Event(asked.id, 2, State.QUEUED, later(2))])
    store.predictions.append([Event(asked.id, 3, State.SUBMITTING, later(3))])
    now = store.predictions.get(asked.id)
    assert (now.error, now.input, now.submitted_at) == ("slow down", {"a": 1}, later(3))


def test_a_basis_without_an_amount_makes_the_charge_unknown(store: Store) -> None:
    (asked,) = queued(store)
    store.predictions.append([Event(asked.id, 1, State.SUBMITTING, later(1), charge_usd=Decimal(1), charge_basis="a")])
    assert store.predictions.get(asked.id).charge_usd == 1
    store.predictions.append([ending(asked, State.FAILED, 2, charge_basis="nobody knows")])
    now = store.predictions.get(asked.id)
    assert (now.charge_usd, now.charge_basis) == (None, "nobody knows")


def test_an_amount_is_kept_to_the_millionth_of_a_dollar(store: Store) -> None:
    first, second = queued(store, 2)
    store.predictions.append(
        [
            ending(first, State.FAILED, 1, charge_usd=Decimal("123456789012.123456"), charge_basis="b"),
            ending(second, State.FAILED, 1, charge_usd=Decimal("0.0000005"), charge_basis="b"),
        ]
    )
    assert store.predictions.get(first.id).charge_usd == Decimal("123456789012.123456")
    assert store.predictions.get(second.id).charge_usd == Decimal("0.000001")


@pytest.mark.parametrize("sequence", [0, 2, 3])
def test_an_event_must_follow_the_last_one(store: Store, sequence: int) -> None:
    (asked,) = queued(store)
    store.predictions.append([Event(asked.id, 1, State.SUBMITTING, later(1))])
    if sequence != 2:
        with pytest.raises(EventRefused, match=f"Step {sequence}"):
            store.predictions.append([Event(asked.id, sequence, State.RUNNING, later(2))])
        assert store.predictions.get(asked.id).sequence == 1
    else:
        store.predictions.append([Event(asked.id, sequence, State.RUNNING, later(2))])
        assert store.predictions.get(asked.id).sequence == 2


@pytest.mark.parametrize("final", sorted(FINAL_STATES))
def test_nothing_follows_a_final_event(store: Store, final: State) -> None:
    (asked,) = queued(store)
    store.predictions.append([ending(asked, final, 1, outputs=())])
    with pytest.raises(EventRefused, match="has ended"):
        store.predictions.append([Event(asked.id, 2, State.QUEUED, later(11))])
    assert store.predictions.get(asked.id).state is final


def test_an_event_of_a_prediction_that_was_never_queued_is_refused(store: Store) -> None:
    with pytest.raises(EventRefused, match="never queued"):
        store.predictions.append([Event(new_id(), 0, State.QUEUED, NOW)])


def test_events_are_written_all_or_none(store: Store) -> None:
    first, second = queued(store, 2)
    with pytest.raises(EventRefused):
        store.predictions.append([*steps(first), Event(second.id, 5, State.RUNNING, NOW)])
    assert store.predictions.get(first.id).sequence == 0
    assert store.predictions.adopted("replicate", [f"at-provider-{first.id}"]) == set()


def test_of_many_writers_one_takes_a_step(store: Store) -> None:
    (asked,) = queued(store)
    refused: list[EventRefused] = []
    start = threading.Barrier(8)

    def take() -> None:
        start.wait()
        try:
            store.predictions.append([Event(asked.id, 1, State.SUBMITTING, later(1))])
        except EventRefused as error:
            refused.append(error)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 7
    assert store.ledger.rows("SELECT count(*) FROM app.events WHERE sequence = 1") == [(1,)]


def test_no_events_are_nothing_to_write(store: Store) -> None:
    store.predictions.append([])
    assert store.ledger.rows("SELECT count(*) FROM app.events") == [(0,)]


def test_a_prediction_whose_events_were_taken_away_is_one_sentence(store: Store) -> None:
    (asked,) = queued(store)
    store.ledger.run("DELETE FROM app.events")
    with pytest.raises(LedgerDamaged, match="run `python -m staging verify`"):
        store.predictions.of_comparison(asked.comparison_id)


# ── adoption ─────────────────────────────────────────────────────────────────────────────────────


def test_a_providers_prediction_belongs_to_one_of_ours(store: Store) -> None:
    first, second = queued(store, 2)
    store.predictions.append([Event(first.id, 1, State.RUNNING, later(1), provider_id="p1")])
    with pytest.raises(AlreadyAdopted, match=f"p1 belongs to prediction {first.id}"):
        store.predictions.append([Event(second.id, 1, State.RUNNING, later(1), provider_id="p1")])
    assert store.predictions.get(second.id).sequence == 0


def test_two_of_ours_cannot_adopt_the_same_in_one_go(store: Store) -> None:
    first, second = queued(store, 2)
    with pytest.raises(AlreadyAdopted):
        store.predictions.append([Event(one.id, 1, State.RUNNING, NOW, provider_id="p1") for one in (first, second)])
    assert store.predictions.adopted("replicate", ["p1"]) == set()


def test_a_prediction_may_name_its_own_again_and_own_several(store: Store) -> None:
    (asked,) = queued(store)
    for sequence, provider_id in enumerate(("p1", "p1", "p2"), start=1):
        store.predictions.append([Event(asked.id, sequence, State.RUNNING, later(sequence), provider_id=provider_id)])
    assert store.predictions.adopted("replicate", ["p1", "p2", "p3"]) == {"p1", "p2"}
    assert store.predictions.get(asked.id).provider_id == "p2"


def test_the_same_id_at_another_provider_is_another_prediction(store: Store) -> None:
    (first,) = queued(store)
    (second,) = queued(store, provider="offline")
    store.predictions.append([Event(one.id, 1, State.RUNNING, NOW, provider_id="p1") for one in (first, second)])
    assert store.predictions.adopted("offline", ["p1"]) == {"p1"}


# ── what is open, cancelled, judged ──────────────────────────────────────────────────────────────


def test_unfinished_are_those_without_a_final_event(store: Store) -> None:
    open_, *ended = queued(store, 1 + len(FINAL_STATES))
    for one, state in zip(ended, sorted(FINAL_STATES), strict=True):
        store.predictions.append([ending(one, state, 1, outputs=())])
    store.predictions.append([Event(open_.id, 1, State.RUNNING, later(1))])
    assert [now.prediction.id for now in store.predictions.unfinished()] == [open_.id]


def test_a_wish_to_cancel_is_kept_with_who_asked_first(store: Store) -> None:
    first, second = queued(store, 2)
    store.predictions.request_cancel([first.id, first.id], "ben", later(1))
    store.predictions.request_cancel([first.id], "cem", later(2))
    assert [now.cancel_requested for now in (store.predictions.get(first.id), store.predictions.get(second.id))] == [
        True,
        False,
    ]
    assert store.ledger.rows("SELECT requested_by FROM app.cancel_requests") == [("ben",)]


def test_the_last_verdict_counts_and_all_are_kept(store: Store) -> None:
    (asked,) = succeeded(store)
    assert store.predictions.get(asked.id).verdict is Verdict.UNDECIDED
    for verdict in (Verdict.ACCEPTED, Verdict.REJECTED, Verdict.ACCEPTED, Verdict.REJECTED):
        store.predictions.mark(asked.id, decided(verdict), "ada", NOW)
    assert store.predictions.get(asked.id).verdict is Verdict.REJECTED
    assert store.ledger.rows("SELECT count(*) FROM app.verdicts") == [(4,)]


def test_only_a_success_can_be_judged(store: Store) -> None:
    (asked,) = queued(store)
    with pytest.raises(EventRefused, match="no output to judge"):
        store.predictions.mark(asked.id, decided(Verdict.ACCEPTED), "ada", NOW)
    with pytest.raises(NotFound):
        store.predictions.mark("nothing", decided(Verdict.ACCEPTED), "ada", NOW)


# ── the view that people read ────────────────────────────────────────────────────────────────────


def test_the_view_says_the_same_as_the_program(store: Store) -> None:
    """Both fold the events: the program in Python for the few that it needs, the view in SQL for all."""
    asked = queued(store, 6)
    done, unknown, failed, running, cancelled, _ = asked
    store.predictions.append([*steps(done), ending(done)])
    store.predictions.append([ending(unknown, State.UNKNOWN, 1, charge_usd=Decimal("0.5"), charge_basis="full price")])
    store.predictions.append(
        [
            Event(failed.id, 1, State.SUBMITTING, later(1), charge_usd=Decimal(1), charge_basis="x", error="first"),
            Event(failed.id, 2, State.QUEUED, later(2)),
            Event(failed.id, 3, State.SUBMITTING, later(1.5), input={"again": True}),
            ending(failed, State.FAILED, 4, charge_basis="nobody knows", error="refused", error_kind="input"),
        ]
    )
    store.predictions.append(steps(running))
    store.predictions.request_cancel([cancelled.id], "ben", later(3))
    store.predictions.mark(done.id, decided(Verdict.REJECTED), "ben", later(20))
    store.predictions.mark(done.id, decided(Verdict.ACCEPTED), "ada", later(21))
    columns = (
        "state, epoch_us(state_at), epoch_us(submitted_at), epoch_us(running_at), epoch_us(ended_at), provider_id, "
        "error, error_kind, queue_seconds, run_seconds, total_seconds, charge_usd, charge_basis, output_digest, "
        "cancel_requested_at IS NOT NULL, verdict"
    )
    told = store.ledger.rows(f"SELECT {columns} FROM predictions_now ORDER BY position")
    known = [
        (
            now.state.value,
            *(
                None if at is None else round(at.timestamp() * 1e6)
                for at in (now.state_at, now.submitted_at, now.running_at, now.ended_at)
            ),
            now.provider_id,
            now.error,
            now.error_kind,
            now.queue_seconds,
            now.run_seconds,
            now.total_seconds,
            now.charge_usd,
            now.charge_basis,
            now.outputs[0].digest if now.outputs else None,
            now.cancel_requested,
            now.verdict.value,
        )
        for now in store.predictions.of_comparison(done.comparison_id)
    ]
    assert told == known


def test_a_row_of_the_view_answers_who_when_what_and_how_much(store: Store) -> None:
    (asked,) = succeeded(store)
    ((*row,),) = store.ledger.rows(
        "SELECT asked_by, epoch_us(asked_at), room, model, version, provider, provider_id, prompt, parameters, input, "
        "seed, state, queue_seconds, run_seconds, total_seconds, price, charge_usd, charge_basis, error, "
        "output_digest, output_size_bytes FROM predictions_now"
    )
    assert row == [
        "ada",
        round(NOW.timestamp() * 1e6),
        digest(1),
        "qwen/qwen-image-edit",
        None,
        "replicate",
        f"at-provider-{asked.id}",
        "Furnish this room.",
        '{"go_fast": false}',
        '{"prompt": "Furnish this room.", "seed": 1}',
        1,
        "succeeded",
        0.5,
        6.5,
        7.0,
        row[15],
        Decimal("0.03"),
        "as reported: 0.03 × 1 image",
        None,
        output().digest,
        output().size_bytes,
    ]
    assert '"usd_per_image": "0.03"' in row[15]
