"""The provider of offline models, with real worker processes."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import JsonValue

from staging.errors import ProviderRefused
from staging.images import Pictures
from staging.providers import offline
from staging.providers.base import Snapshot, Stage, Submission
from staging.providers.offline import OfflineProvider
from tests.true_rooms import sample

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pictures]:
    kept = Pictures(tmp_path_factory.mktemp("pictures"), b"k" * 32)
    yield kept
    kept.close()


def png(pixels: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


@pytest.fixture(scope="module")
def room(pictures: Pictures) -> str:
    """An office, small enough to be furnished in a moment."""
    return pictures.keep_room(png(sample("office", 400)), "office.png").digest


@pytest.fixture(scope="module")
def large_room(pictures: Pictures) -> str:
    """An office that takes several seconds."""
    return pictures.keep_room(png(sample("office")), "large office.png").digest


@pytest.fixture(scope="module")
def no_room(pictures: Pictures) -> str:
    """Noise."""
    noise = np.random.default_rng(0).integers(0, 256, (256, 320, 3)).astype(np.uint8)
    return pictures.keep_room(png(noise), "noise.png").digest


def furnish(name: str, digest: str, quality: str = "draft", deadline_seconds: float = 100.0) -> Submission:
    given: dict[str, JsonValue] = {
        "room": digest,
        "room_type": "office",
        "style": "modern",
        "seed": 1,
        "quality": quality,
    }
    return Submission(name, "offline/furnish", None, given, deadline_seconds)


def unchanged(name: str, digest: str) -> Submission:
    return Submission(name, "offline/unchanged", None, {"room": digest}, 100.0)


def run(pictures: Pictures, story: Callable[[OfflineProvider], Awaitable[None]]) -> None:
    """Play a story with a provider that has one place to work, and close it."""

    async def play() -> None:
        provider = OfflineProvider(pictures, workers=1)
        try:
            await story(provider)
        finally:
            await provider.close()

    asyncio.run(play())


async def until(
    provider: OfflineProvider, name: str, wanted: Callable[[Snapshot], bool], seconds: float = 120.0
) -> Snapshot:
    """Return the first snapshot that is as wanted."""
    give_up = time.monotonic() + seconds
    while True:
        snapshot = (await provider.snapshots({name: NOW}))[name]
        if wanted(snapshot):
            return snapshot
        assert time.monotonic() < give_up, f"still {snapshot}"
        await asyncio.sleep(0.02)


async def ended(provider: OfflineProvider, name: str) -> Snapshot:
    return await until(provider, name, lambda snapshot: snapshot.stage.final)


async def rendering(provider: OfflineProvider, name: str) -> Snapshot:
    return await until(provider, name, lambda snapshot: (snapshot.progress or 0) >= 0.25)


def workers(parent: int | None = None) -> list[int]:
    """Return the stager processes that this test, or another parent, has running."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _is_worker(int(entry.name), parent or os.getpid()):
            found.append(int(entry.name))
    return found


def _is_worker(pid: int, parent: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (
            state[0] != "Z"
            and int(state[1]) == parent
            and b"staging.stager.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
        )
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_unchanged_is_the_room_to_the_pixel(pictures: Pictures, room: str) -> None:
    async def story(provider: OfflineProvider) -> None:
        await provider.create(unchanged("p", room))
        snapshot = await ended(provider, "p")
        assert snapshot.stage is Stage.SUCCEEDED
        assert snapshot.metrics["image_count"] == 1
        (data,) = await provider.collect(snapshot)
        assert (np.array(Image.open(io.BytesIO(data))) == sample("office", 400)).all()
        assert workers() == []

    run(pictures, story)


def test_furnish_furnishes_and_tells_how_it_went(pictures: Pictures, room: str) -> None:
    async def story(provider: OfflineProvider) -> None:
        created = await provider.create(furnish("p", room))
        assert created.stage is Stage.STARTING
        seen: list[float] = []
        await until(provider, "p", lambda s: seen.append(s.progress or 0) or s.stage.final)  # type: ignore[func-returns-value]
        snapshot = await ended(provider, "p")
        assert (snapshot.stage, snapshot.error) == (Stage.SUCCEEDED, None)
        assert seen == sorted(seen)
        assert len(set(seen)) > 3
        steps = snapshot.metrics["stage_seconds"]
        assert isinstance(steps, dict)
        assert "render" in steps
        assert isinstance(snapshot.metrics["predict_time"], float)
        assert snapshot.started_at is not None
        assert snapshot.completed_at is not None
        (data,) = await provider.collect(snapshot)
        furnished = np.array(Image.open(io.BytesIO(data)))
        assert furnished.shape == sample("office", 400).shape
        assert 0.1 < (furnished != sample("office", 400)).any(axis=2).mean() < 0.8

    run(pictures, story)


def test_a_refusal_is_a_sentence_and_keeps_the_worker(pictures: Pictures, room: str, no_room: str) -> None:
    async def story(provider: OfflineProvider) -> None:
        await provider.create(furnish("noise", no_room))
        refused = await ended(provider, "noise")
        assert refused.stage is Stage.FAILED
        assert refused.error_kind == "floor"
        assert "could not be found with enough certainty" in str(refused.error)
        before = workers()
        await provider.create(furnish("office", room))
        assert (await ended(provider, "office")).stage is Stage.SUCCEEDED
        assert workers() == before
        assert len(before) == 1

    run(pictures, story)


def test_a_room_that_is_not_there_fails_with_a_sentence(pictures: Pictures) -> None:
    async def story(provider: OfflineProvider) -> None:
        await provider.create(unchanged("p", "f" * 64))
        snapshot = await ended(provider, "p")
        assert snapshot.stage is Stage.FAILED
        assert "Traceback" not in str(snapshot.error)
        assert "is not in the pictures folder" in str(snapshot.error)

    run(pictures, story)


def test_a_crash_fails_its_own_prediction_and_no_other(pictures: Pictures, room: str, large_room: str) -> None:
    async def story(provider: OfflineProvider) -> None:
        await provider.create(furnish("crash", large_room, quality="standard"))
        await rendering(provider, "crash")
        await provider.create(furnish("next", room))
        (pid,) = workers()
        os.kill(pid, signal.SIGSEGV)
        crashed = await ended(provider, "crash")
        assert crashed.stage is Stage.FAILED
        assert crashed.error == "The offline stager stopped in the middle of this room. Try it again."
        assert (await ended(provider, "next")).stage is Stage.SUCCEEDED

    run(pictures, story)


def test_a_cancel_stops_the_render_within_a_second(pictures: Pictures, room: str, large_room: str) -> None:
    async def story(provider: OfflineProvider) -> None:
        began = time.monotonic()
        await provider.create(furnish("p", large_room, quality="standard"))
        await rendering(provider, "p")
        (pid,) = workers()
        until_rendering, began = time.monotonic() - began, time.monotonic()
        await provider.cancel("p")
        assert (await ended(provider, "p")).stage is Stage.CANCELED
        while pid in workers():
            await asyncio.sleep(0.01)
        # Some 8 s pass until it renders, and more where others want the processor too.
        assert time.monotonic() - began < max(1.0, until_rendering / 8)
        await provider.create(furnish("next", room))
        assert (await ended(provider, "next")).stage is Stage.SUCCEEDED

    run(pictures, story)


def test_a_cancel_right_after_the_create_counts(pictures: Pictures, room: str) -> None:
    async def story(provider: OfflineProvider) -> None:
        await provider.create(furnish("p", room))
        await provider.cancel("p")
        assert (await ended(provider, "p")).stage is Stage.CANCELED
        assert workers() == []

    run(pictures, story)


def test_a_cancel_that_comes_too_late_changes_nothing(pictures: Pictures, room: str) -> None:
    async def story(provider: OfflineProvider) -> None:
        await provider.create(unchanged("p", room))
        done = await ended(provider, "p")
        await provider.cancel("p")
        assert (await ended(provider, "p")) == done
        assert await provider.collect(done)

    run(pictures, story)


def test_the_deadline_ends_what_runs_and_what_waits(pictures: Pictures, large_room: str) -> None:
    async def story(provider: OfflineProvider) -> None:
        await provider.create(furnish("runs", large_room, quality="standard", deadline_seconds=2.0))
        await until(provider, "runs", lambda snapshot: snapshot.stage is Stage.PROCESSING)
        await provider.create(furnish("waits", large_room, deadline_seconds=0.2))
        assert (await ended(provider, "waits")).stage is Stage.ABORTED
        assert (await ended(provider, "runs")).stage is Stage.CANCELED
        assert workers() == []

    run(pictures, story)


def test_no_more_run_at_once_than_there_are_workers(pictures: Pictures, large_room: str) -> None:
    async def story(provider: OfflineProvider) -> None:
        await provider.create(furnish("first", large_room))
        await rendering(provider, "first")
        await provider.create(furnish("second", large_room))
        await asyncio.sleep(0.3)  # time enough to start a worker, if it were to
        waiting = (await provider.snapshots({"second": NOW}))["second"]
        assert waiting.stage is Stage.STARTING
        assert len(workers()) == 1

    run(pictures, story)


def test_what_it_waited_for_a_worker_is_no_run_time(pictures: Pictures, room: str, large_room: str) -> None:
    async def story(provider: OfflineProvider) -> None:
        began = time.monotonic()
        await provider.create(furnish("first", large_room))
        await provider.create(furnish("second", room))
        first, second = await ended(provider, "first"), await ended(provider, "second")
        both = time.monotonic() - began
        ran = [float(str(snapshot.metrics["predict_time"])) for snapshot in (first, second)]
        assert sum(ran) < both + 0.1  # one after the other: no second counts for both
        assert second.started_at is not None
        assert second.completed_at is not None
        assert ran[1] == pytest.approx((second.completed_at - second.started_at).total_seconds(), abs=0.1)

    run(pictures, story)


def test_close_leaves_no_process(pictures: Pictures, large_room: str) -> None:
    async def story(provider: OfflineProvider) -> None:
        await provider.create(furnish("p", large_room))
        await rendering(provider, "p")
        assert len(workers()) == 1

    run(pictures, story)
    assert workers() == []


PARENT = """
import sys
from staging.providers.offline_worker import Worker
question = {"path": sys.argv[1], "room_type": "office", "style": "modern", "seed": 1, "quality": "standard"}
Worker().ask(question, lambda share, step: print(share, flush=True))
"""


def test_a_worker_ends_with_an_app_that_was_killed(pictures: Pictures, large_room: str) -> None:
    path = pictures.room_file(large_room).path
    environment = {"PYTHONPATH": str(ROOT)}
    began = time.monotonic()
    parent = subprocess.Popen([sys.executable, "-c", PARENT, path], stdout=subprocess.PIPE, text=True, env=environment)
    assert parent.stdout is not None
    with parent.stdout:
        for line in parent.stdout:
            if float(line) >= 0.25:  # in the middle of a render
                break
        (pid,) = workers(parent.pid)
        parent.kill()
        parent.wait()
    until_rendering, began = time.monotonic() - began, time.monotonic()
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1][:3]:
        assert time.monotonic() - began < max(5.0, until_rendering / 4), "the worker outlived the app"
        time.sleep(0.05)


def test_without_the_extra_it_says_what_to_install(
    pictures: Pictures, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("staging.providers.offline.NEEDED", {"no_such_module": "mitsuba"})

    async def story(provider: OfflineProvider) -> None:
        await provider.create(furnish("p", room))
        snapshot = await ended(provider, "p")
        assert snapshot.stage is Stage.FAILED
        assert snapshot.error == "mitsuba not installed: run `make install` and start again."
        await provider.create(unchanged("q", room))
        assert (await ended(provider, "q")).stage is Stage.SUCCEEDED

    run(pictures, story)


def test_a_picture_can_be_asked_for_again_for_a_while(
    pictures: Pictures, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(provider: OfflineProvider) -> None:
        await provider.create(unchanged("p", room))
        snapshot = await ended(provider, "p")
        assert await provider.collect(snapshot) == await provider.collect(snapshot)
        monkeypatch.setattr(offline, "KEPT_FOR", timedelta(0))
        await provider.create(unchanged("q", room))  # the next one lets go of what is old
        with pytest.raises(ProviderRefused, match="Run it again"):
            await provider.collect(snapshot)

    run(pictures, story)


def test_a_room_is_uploaded_by_naming_it(pictures: Pictures, room: str) -> None:
    async def story(provider: OfflineProvider) -> None:
        uploaded = await provider.upload(pictures.room_file(room))
        assert uploaded.url == room
        assert (uploaded.expires_at - datetime.now(UTC)).days > 300
        assert list(await provider.recent(NOW)) == []
        assert await provider.snapshots({"nobody": NOW}) == {}

    run(pictures, story)
