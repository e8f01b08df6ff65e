"""The engine over real HTTP: every way a prediction can go, and what is billed for it."""

import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from staging.desk import ModelChoice
from staging.engine import watch
from staging.errors import EventRefused
from staging.images import PictureKind
from staging.predictions import State
from tests.labs import MODEL, UNCHANGED, ask, finished, lab_at, only, photo, run_one, wait_for
from tests.replicate_server import ReplicateServer
from tests.replicate_server_options import Fault, failing

FIELD_REFUSED = {
    "title": "Input validation failed",
    "status": 422,
    "detail": "- input.output_format: output_format must be one of the following\n",
    "invalid_fields": [{"type": "enum", "field": "input.output_format", "description": "must be one of: jpg, png"}],
}


def test_a_prediction_ends_with_its_picture_its_times_and_its_charge(
    tmp_path: Path, replicate_server: ReplicateServer
) -> None:
    with lab_at(tmp_path, replicate_server) as lab:
        now = run_one(lab)
        assert now.state is State.SUCCEEDED
        (output,) = now.outputs
        assert lab.pictures.output_path(output.digest).read_bytes()[:4] in (b"\x89PNG", b"RIFF", b"\xff\xd8\xff\xe0")
        assert lab.pictures.url(output.digest, PictureKind.VIEW).startswith("/pictures/view/")
        assert now.charge_usd == Decimal("0.03")
        assert now.charge_basis is not None
        assert now.run_seconds is not None
        assert now.total_seconds is not None
        assert now.queue_seconds == pytest.approx(now.total_seconds - now.run_seconds)
    (billed,) = replicate_server.billed()
    assert billed["id"] == now.provider_id
    assert billed["input"] == now.input


def test_one_upload_serves_all_predictions_of_a_room(tmp_path: Path, replicate_server: ReplicateServer) -> None:
    with lab_at(tmp_path, replicate_server) as lab:
        finished(lab, ask(lab, ModelChoice(MODEL, seeds=4), "qwen/qwen-image-edit-plus"))
        run_one(lab)
    assert replicate_server.ledger()["calls"]["upload"] == 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(on="create", status=401), "token"),
        (Fault(on="create", status=402), "credit"),
        (Fault(on="create", status=422), "model"),
        (Fault(on="create", status=422, body=FIELD_REFUSED), "output_format"),
        (failing("The input or output was flagged as sensitive. Please try again. (E005)"), "sensitive"),
        (failing("CUDA out of memory (E1001)"), "memory"),
        (Fault(on="run", do="end", fields={"output": None}), "picture"),
        (Fault(on="run", do="end", fields={"output": "just words"}), "not an image"),
        (Fault(on="output", do="html"), "not an image"),
        (Fault(on="output", do="redirect", location="http://127.0.0.1:9/secret"), ""),
        (Fault(on="output", status=404), ""),
    ],
)
def test_a_final_no_is_a_failure_with_a_sentence(
    tmp_path: Path, replicate_server: ReplicateServer, fault: Fault, words: str
) -> None:
    replicate_server.add_faults(fault)
    with lab_at(tmp_path, replicate_server) as lab:
        now = run_one(lab)
    assert now.state is State.FAILED
    assert now.error is not None
    assert words in now.error.lower()
    assert now.error.rstrip().endswith((".", ")", "!"))
    assert "Traceback" not in now.error


@pytest.mark.parametrize(
    "fault",
    [
        Fault(on="create", status=429, times=2, body={"detail": "throttled", "status": 429, "retry_after": 1}),
        Fault(on="create", status=503, times=2),
        Fault(on="upload", status=503, times=1),
        Fault(on="api", do="reset", times=2),
        Fault(on="list", status=500, times=3),
        Fault(on="get", do="truncated", times=3),
        Fault(on="output", status=503, times=2),
        Fault(on="output", do="truncated", times=1),
    ],
)
def test_a_passing_fault_is_waited_out_and_nothing_is_bought_twice(
    tmp_path: Path, replicate_server: ReplicateServer, fault: Fault
) -> None:
    replicate_server.add_faults(fault)
    with lab_at(tmp_path, replicate_server) as lab:
        assert run_one(lab).state is State.SUCCEEDED
    assert len(replicate_server.billed()) == 1


@pytest.mark.parametrize("do", ["lost", "truncated", "html", "list"])
def test_a_lost_answer_is_found_again_and_never_billed_twice(
    tmp_path: Path, replicate_server: ReplicateServer, do: str
) -> None:
    replicate_server.add_faults(Fault(on="create", do=do, times=1, status=502 if do == "html" else 503))
    with lab_at(tmp_path, replicate_server) as lab:
        now = run_one(lab)
    assert now.state is State.SUCCEEDED
    assert [billed["id"] for billed in replicate_server.billed()] == [now.provider_id]


def test_equal_predictions_with_lost_answers_each_find_one_of_their_own(
    tmp_path: Path, replicate_server: ReplicateServer
) -> None:
    # nano-banana takes no seed: all four inputs are the same to the letter.
    replicate_server.add_faults(Fault(on="create", do="lost", probability=0.5))
    with lab_at(tmp_path, replicate_server) as lab:
        view = finished(lab, ask(lab, ModelChoice("google/nano-banana", seeds=4)))
    ours = {cell.prediction.provider_id for cell in view.cells.values()}
    assert len(ours) == 4
    assert ours == {billed["id"] for billed in replicate_server.billed()}


def test_a_create_that_was_never_taken_is_sent_again(tmp_path: Path, replicate_server: ReplicateServer) -> None:
    replicate_server.add_faults(Fault(on="create", do="silent", seconds=0.1, times=1))
    with lab_at(tmp_path, replicate_server) as lab:
        assert run_one(lab).state is State.SUCCEEDED
    assert len(replicate_server.billed()) == 1


def test_a_restart_goes_on_where_the_last_process_stopped(tmp_path: Path, replicate_server: ReplicateServer) -> None:
    replicate_server.reset(seconds=2.0)
    with lab_at(tmp_path, replicate_server) as lab:
        comparison = ask(lab, ModelChoice(MODEL, seeds=3))
        wait_for(lambda: all(c.prediction.provider_id for c in lab.desk.look(comparison).cells.values()))
    with lab_at(tmp_path, replicate_server) as lab:
        view = finished(lab, comparison)
    assert {cell.prediction.state for cell in view.cells.values()} == {State.SUCCEEDED}
    assert len(replicate_server.billed()) == 3


def test_offline_work_begins_anew_after_a_restart(tmp_path: Path) -> None:
    with lab_at(tmp_path) as lab:
        comparison = ask(lab, UNCHANGED)
    with lab_at(tmp_path) as lab:
        now = only(finished(lab, comparison))
    assert (now.state, now.charge_usd) == (State.SUCCEEDED, Decimal(0))
    assert now.charge_basis == "offline: made on this machine, not charged"


def test_a_queued_prediction_is_cancelled_without_a_create(tmp_path: Path, replicate_server: ReplicateServer) -> None:
    replicate_server.reset(seconds=20.0)
    with lab_at(tmp_path, replicate_server, concurrency=1) as lab:
        comparison = ask(lab, ModelChoice(MODEL, seeds=2))
        wait_for(lambda: len(replicate_server.billed()) == 1)
        lab.desk.cancel_comparison(comparison, "tester")
        view = finished(lab, comparison)
        assert {cell.prediction.state for cell in view.cells.values()} == {State.CANCELED}
        bases = {cell.prediction.charge_basis for cell in view.cells.values()}
        assert "canceled: never created with the provider" in bases
    assert replicate_server.ledger()["calls"]["create"] == 1
    assert replicate_server.ledger()["calls"]["cancel"] >= 1


def test_a_deadline_ends_what_does_not_end_by_itself(tmp_path: Path, replicate_server: ReplicateServer) -> None:
    replicate_server.reset(seconds=60.0)
    with lab_at(tmp_path, replicate_server, deadline_seconds=2.0) as lab:
        now = run_one(lab)
    assert now.state is State.FAILED
    assert now.error_kind == "deadline"
    assert now.error is not None
    assert "2 seconds" in now.error


def test_an_outage_longer_than_the_deadline_loses_no_picture(
    tmp_path: Path, replicate_server: ReplicateServer, mocker: MockerFixture
) -> None:
    mocker.patch.object(watch, "GRACE", timedelta(seconds=0.2))
    with lab_at(tmp_path, replicate_server, deadline_seconds=1.0) as lab:
        replicate_server.add_faults(*(Fault(on=call, status=503) for call in ("get", "list", "cancel")))
        comparison = ask(lab, MODEL)
        wait_for(lambda: replicate_server.ledger()["calls"].get("cancel", 0) >= 2)
        time.sleep(0.5)  # past the grace: what gave up on the provider has done so by now
        replicate_server.clear_faults()
        assert only(finished(lab, comparison)).state is State.SUCCEEDED


@pytest.mark.parametrize("status", ["aborted", "dancing"])
def test_a_status_the_package_does_not_know_is_still_an_end(
    tmp_path: Path, replicate_server: ReplicateServer, status: str
) -> None:
    replicate_server.add_faults(Fault(on="run", do="end", fields={"status": status, "output": None}))
    with lab_at(tmp_path, replicate_server, deadline_seconds=3.0) as lab:
        assert run_one(lab).state in (State.CANCELED, State.FAILED)


def test_an_output_past_its_hour_is_expired_and_its_cost_kept(
    tmp_path: Path, replicate_server: ReplicateServer
) -> None:
    with lab_at(tmp_path, replicate_server) as lab:
        replicate_server.add_faults(Fault(on="output", status=503))
        comparison = ask(lab, MODEL)
        wait_for(lambda: only(lab.desk.look(comparison)).state is State.COLLECTING)
    replicate_server.clear_faults()
    replicate_server.advance(3700)
    with lab_at(tmp_path, replicate_server) as lab:
        now = only(finished(lab, comparison))
    assert (now.state, now.error_kind) == (State.FAILED, "expired")
    assert now.charge_usd == Decimal("0.03")


def test_an_output_within_its_hour_is_fetched_after_a_pause(tmp_path: Path, replicate_server: ReplicateServer) -> None:
    with lab_at(tmp_path, replicate_server) as lab:
        replicate_server.add_faults(Fault(on="output", status=503))
        comparison = ask(lab, MODEL)
        wait_for(lambda: only(lab.desk.look(comparison)).state is State.COLLECTING)
    replicate_server.clear_faults()
    replicate_server.advance(3000)
    with lab_at(tmp_path, replicate_server) as lab:
        assert only(finished(lab, comparison)).state is State.SUCCEEDED


def test_a_doubt_older_than_the_providers_memory_is_unknown_at_full_price(
    tmp_path: Path, replicate_server: ReplicateServer
) -> None:
    replicate_server.add_faults(Fault(on="create", do="lost"), Fault(on="list", status=503))
    with lab_at(tmp_path, replicate_server, output_lifetime_seconds=1.5) as lab:
        now = run_one(lab)
    assert now.state is State.UNKNOWN
    assert now.charge_usd == Decimal("0.03")
    assert now.error is not None
    assert "full price" in now.error


def test_a_failed_prediction_is_tried_again_in_its_own_cell(tmp_path: Path, replicate_server: ReplicateServer) -> None:
    replicate_server.add_faults(failing("Prediction interrupted; please retry (code: PA)", times=1))
    with lab_at(tmp_path, replicate_server) as lab:
        comparison = ask(lab, MODEL, UNCHANGED)
        (failed,) = [
            cell.prediction
            for cell in finished(lab, comparison).cells.values()
            if cell.prediction.state is State.FAILED
        ]
        again = lab.desk.retry(failed.prediction.id, "tester")
        view = finished(lab, comparison)
        assert len(view.cells) == 2
        assert view.cells[failed.prediction.room, MODEL, 0].prediction.prediction.id == again
        assert {cell.prediction.state for cell in view.cells.values()} == {State.SUCCEEDED}
        with pytest.raises(EventRefused, match="already been tried again"):
            lab.desk.retry(failed.prediction.id, "tester")


def test_without_a_token_what_was_queued_says_what_to_set(tmp_path: Path, replicate_server: ReplicateServer) -> None:
    replicate_server.reset(seconds=20)
    with lab_at(tmp_path, replicate_server, concurrency=1) as lab:
        comparison = ask(lab, ModelChoice(MODEL, seeds=2))
        wait_for(lambda: len(replicate_server.billed()) == 1)
    with lab_at(tmp_path) as lab:
        wait_for(
            lambda: any(cell.prediction.state is State.FAILED for cell in lab.desk.look(comparison).cells.values())
        )
        states = {cell.prediction.state: cell.prediction for cell in lab.desk.look(comparison).cells.values()}
        assert "REPLICATE_API_TOKEN" in (states[State.FAILED].error or "")
        assert State.RUNNING in states  # with the provider, and billed: it waits for the token


def test_a_stop_is_quick_and_loses_nothing(tmp_path: Path, replicate_server: ReplicateServer) -> None:
    replicate_server.reset(latency_seconds=0.3)
    with lab_at(tmp_path, replicate_server) as lab:
        comparison = ask(lab, ModelChoice(MODEL, seeds=8), rooms=[photo(1), photo(2)])
        wait_for(lambda: replicate_server.ledger()["calls"].get("create", 0) > 0)
        began = time.monotonic()
        lab.engine.stop()
        assert time.monotonic() - began < 8.0
        assert not lab.engine.running
    with lab_at(tmp_path, replicate_server) as lab:
        view = finished(lab, comparison)
    assert {cell.prediction.state for cell in view.cells.values()} == {State.SUCCEEDED}
    assert len(replicate_server.billed()) == 16
