"""The real process: what it answers, what it refuses to start on, how it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from staging.desk import ModelChoice
from staging.predictions import State
from staging.store import Store
from tests.labs import MODEL, lab_at, photo, wait_for
from tests.replicate_server import ReplicateServer

REPOSITORY = Path(__file__).parents[1]


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("STAGING_", "REPLICATE_"))}
    return {**kept, "STAGING_DATA_DIR": str(folder), **more}


def start(folder: Path, port: int, *arguments: str, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), *arguments],
        cwd=REPOSITORY,
        env=environment(folder, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(folder: Path, **more: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with start(folder, port, **more) as process:
        try:
            wait_for(lambda: process.poll() is not None or answers(url), 30)
            assert process.poll() is None, process.stdout.read() if process.stdout else ""
            yield process, url
        finally:
            process.kill()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_it_serves_and_ends_within_two_seconds_of_a_sigterm(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, url):
        assert httpx.get(url).status_code == 200
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        assert time.monotonic() - began < 2.0
        output = process.stdout.read() if process.stdout else ""
        assert "Traceback" not in output
    with lab_at(tmp_path) as lab:  # the folder is free again, and the sample rooms are in it
        assert len(lab.store.rooms.list()) == 5


def test_a_second_start_says_who_holds_the_folder_and_exits(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, _):
        second = start(tmp_path, free_port())
        output, _ = second.communicate(timeout=20)
        assert second.returncode == 1
        assert re.search(rf"held by process {process.pid} on ", output)
        assert "Traceback" not in output


@pytest.mark.parametrize(
    ("arguments", "more", "words"),
    [
        (("--server.address", "0.0.0.0"), {}, "this machine only"),
        ((), {"STAGING_DEFAULT_MODEL": "nobody/nothing"}, "Known models: .*qwen/qwen-image-edit"),
        ((), {"STAGING_DATADIR": "x"}, "Did you mean STAGING_DATA_DIR"),
        ((), {"STAGING_CONCURRENCY": "many"}, "STAGING_CONCURRENCY cannot be used"),
    ],
)
def test_what_it_cannot_start_on_is_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...], more: dict[str, str], words: str
) -> None:
    process = start(tmp_path, free_port(), *arguments, **more)
    output, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "Staging Lab cannot start." in output
    assert re.search(words, output)
    assert "Traceback" not in output


def test_the_old_version_variable_is_ignored_with_one_warning(tmp_path: Path) -> None:
    with serving(tmp_path, REPLICATE_MODEL_VERSION="0123abc") as (process, _):
        process.terminate()
        output = process.stdout.read() if process.stdout else ""
    assert output.count("REPLICATE_MODEL_VERSION is ignored") == 1
    assert "registry" in output


def test_a_sigterm_loses_nothing_that_is_under_way(tmp_path: Path, replicate_server: ReplicateServer) -> None:
    replicate_server.reset(seconds=3.0)
    with lab_at(tmp_path, replicate_server) as lab:
        room = lab.desk.keep_room(photo(), "room.png", "tester")
        plan = lab.desk.plan(
            [room.digest], [ModelChoice(MODEL, seeds=4)], style="modern", prompts={room.digest: "Furnish."}
        )
        lab.engine.stop()
        comparison = lab.desk.start(plan, "tester")
    with serving(tmp_path, **replicate_server.environment) as (process, _):
        wait_for(lambda: len(replicate_server.billed()) == 4)
        process.terminate()
        process.wait(10)
    with serving(tmp_path, **replicate_server.environment) as (process, _):
        wait_for(lambda: replicate_server.ledger()["calls"].get("output", 0) >= 4 or process.poll() is not None)
        process.terminate()
        process.wait(10)
    with lab_at(tmp_path, replicate_server) as lab:
        wait_for(lambda: lab.desk.look(comparison).unfinished == 0)
    store = Store.open(tmp_path / "staging.duckdb")
    try:
        assert {now.state for now in store.predictions.of_comparison(comparison)} == {State.SUCCEEDED}
    finally:
        store.close()
    assert len(replicate_server.billed()) == 4
