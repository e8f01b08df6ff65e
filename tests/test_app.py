"""The real process: what it answers, what it refuses to start on, how it ends."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from staging.desk import ModelChoice
from staging.predictions import State
from tests.app_server import AppServer
from tests.labs import MODEL, lab_at, photo, wait_for
from tests.replicate_server import ReplicateServer


@pytest.fixture
def app(tmp_path: Path) -> Iterator[AppServer]:
    server = AppServer(tmp_path / "data", {"STAGING_SAMPLE_ROOMS": "false"})
    yield server
    server.kill()


def test_it_serves_ends_within_two_seconds_of_a_sigterm_and_frees_its_folder(app: AppServer) -> None:
    began = time.monotonic()
    app.start()
    started = time.monotonic() - began
    assert httpx.get(app.url).status_code == 200
    assert httpx.get(f"{app.url}/healthz").status_code == 200
    upload = httpx.put(f"{app.url}/_stcore/upload_file/a/b", headers={"Origin": "https://evil.example"})
    assert (upload.status_code, upload.json()["detail"]) == (403, "A page of another site may not ask for this.")
    assert app.stop() < max(2.0, started / 2)  # a start takes some 4 s, and more where others want the processor too
    assert "Traceback" not in app.log()
    with lab_at(app.data_dir) as lab:
        assert lab.store.rooms.list() == []


def test_a_second_start_says_who_holds_the_folder_and_exits(app: AppServer) -> None:
    first = app.spawn()
    app.wait_until_healthy()
    second = AppServer(app.data_dir)
    second.log_path = app.data_dir.with_suffix(".second.log")
    assert second.spawn().wait(120) == 1
    assert re.search(rf"Staging Lab cannot start\. .* is held by process {first.pid} on ", second.log())
    assert "Traceback" not in second.log()
    assert httpx.get(f"{app.url}/healthz").status_code == 200


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"STREAMLIT_SERVER_ADDRESS": "0.0.0.0"}, "this machine only"),
        ({"STAGING_DEFAULT_MODEL": "nobody/nothing"}, "Known models: .*qwen/qwen-image-edit"),
        ({"STAGING_DATADIR": "x"}, "Did you mean STAGING_DATA_DIR"),
        ({"STAGING_CONCURRENCY": "many"}, "STAGING_CONCURRENCY cannot be used"),
    ],
)
def test_what_it_cannot_start_on_is_a_sentence(tmp_path: Path, more: dict[str, str], words: str) -> None:
    server = AppServer(tmp_path / "data", more)
    assert server.spawn().wait(120) == 1
    assert "Staging Lab cannot start." in server.log()
    assert re.search(words, server.log())
    assert "Traceback" not in server.log()


def test_the_old_version_variable_is_ignored_with_one_warning(tmp_path: Path) -> None:
    server = AppServer(tmp_path / "data", {"REPLICATE_MODEL_VERSION": "0123abc", "STAGING_SAMPLE_ROOMS": "false"})
    try:
        server.start()
    finally:
        server.kill()
    assert server.log().count("REPLICATE_MODEL_VERSION is ignored") == 1
    assert "registry" in server.log()


def test_a_sigterm_loses_nothing_that_is_under_way(tmp_path: Path, replicate_server: ReplicateServer) -> None:
    replicate_server.reset(seconds=3.0)
    data_dir = tmp_path / "data"
    with lab_at(data_dir, replicate_server) as lab:
        room = lab.desk.keep_room(photo(), "room.png", "tester")
        choices = [ModelChoice(MODEL, seeds=4)]
        plan = lab.desk.plan([room.digest], choices, style="modern", prompts={room.digest: "Furnish."})
        lab.engine.stop()
        comparison = lab.desk.start(plan, "tester")  # queued only: nothing carries it yet
    app = AppServer(data_dir, replicate_server.environment)
    try:
        began = time.monotonic()
        app.start()
        started = time.monotonic() - began
        wait_for(lambda: len(replicate_server.billed()) == 4)
        assert app.stop() < max(2.0, started / 2)
    finally:
        app.kill()
    with lab_at(data_dir, replicate_server) as lab:
        wait_for(lambda: lab.desk.look(comparison).unfinished == 0)
        states = {cell.prediction.state for cell in lab.desk.look(comparison).cells.values()}
    assert states == {State.SUCCEEDED}
    assert len(replicate_server.billed()) == 4
