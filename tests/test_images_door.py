"""The door: whatever a file does, it becomes an answer or a refusal, and the app lives."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from PIL import Image

from staging import images_door
from staging.images_door import Door, DoorUnavailable, Refused, Seen
from staging.images_kinds import Limits, PictureKind
from staging.images_worker import PARENT_LOOK_SECONDS
from tests.hostile_pictures import (
    CANARY,
    encoded,
    heic_claiming,
    png,
    png_bomb,
    png_chunk,
    quarters,
    slow_jpeg,
    webp_bomb,
    with_everything,
)

ROOT = Path(__file__).resolve().parent.parent
LIMITS = Limits(most_bytes=25_000_000, most_pixels=40_000_000, least_side=1)
DAMAGED = "it is damaged or cut off, and cannot be read to its end."
GOOD = encoded(quarters(), "PNG")

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="macOS has no /proc and enforces no RLIMIT_AS")


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door(readers=1)
    yield door
    door.close()


@pytest.fixture(scope="module")
def shared_door() -> Iterator[Door]:
    """For files that are refused without any harm to the reader."""
    door = Door(readers=1)
    yield door
    door.close()


def look(door: Door, data: bytes, limits: Limits = LIMITS) -> Seen:
    return door.look(data, limits, [PictureKind.THUMBNAIL], digest=True)


def pids(door: Door) -> list[int]:
    return [reader._process.pid for reader in door._readers]


def wait_until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return as soon as it is true; fail when it does not become so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def gone(pid: int) -> bool:
    """True when the process has ended (a zombie has: nobody may be left to collect it)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def processor_seconds_of_children() -> float:
    """Return what ended child processes took."""
    times = os.times()
    return times.children_user + times.children_system


@pytest.fixture
def busy(door: Door) -> Iterator[Future[Seen]]:
    """A reader that is in the middle of a file that keeps it for a minute or more."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(look, door, slow_jpeg(20_000), replace(LIMITS, decode_seconds=0.0))
        wait_until(lambda: any(reader._ready for reader in door._readers))
        yield future
        door.close()


@pytest.mark.parametrize(
    ("data", "megapixels"),
    [(png_bomb(), 81), (webp_bomb(), 134), (heic_claiming(100_000, 100_000), 10_000)],
    ids=["PNG", "WebP", "HEIC"],
)
def test_a_bomb_is_refused_for_its_size_before_it_goes_off(shared_door: Door, data: bytes, megapixels: int) -> None:
    assert len(data) < 10_000
    with pytest.raises(Refused, match=rf"\({megapixels} megapixels\), and at most 40 megapixels are taken"):
        look(shared_door, data)


def test_a_heic_that_claims_another_size_than_it_has_is_refused(shared_door: Door) -> None:
    with pytest.raises(Refused, match=DAMAGED):
        look(shared_door, heic_claiming(6000, 6000))


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.9])
def test_a_truncated_file_is_refused(shared_door: Door, format_: str, part: float) -> None:
    data = encoded(quarters(), format_)
    with pytest.raises(Refused, match=DAMAGED):
        look(shared_door, data[: max(12, int(len(data) * part))])


def test_what_decoders_raise_outside_of_oserror_is_a_refusal(shared_door: Door) -> None:
    rows = bytes(301 * 300)
    pixels = zlib.compress(rows)
    syntax = png(300, 300, 8, 0, rows)[:33] + png_chunk(b"IDAT", pixels[:20]) + png_chunk(b"\1\2\3\4", b"")
    value = png(300, 300, 8, 0, rows, png_chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(70_000_000))))
    for data, error in ((syntax, SyntaxError), (value, ValueError), (heic_claiming(6000, 6000), ValueError)):
        with pytest.raises(error), Image.open(io.BytesIO(data)) as image:
            image.load()  # the control: this is what an app that decodes by itself gets
        with pytest.raises(Refused, match=DAMAGED):
            look(shared_door, data)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_what_hangs_on_after_the_picture_is_not_kept(shared_door: Door, format_: str) -> None:
    polyglot = encoded(quarters(), format_) + b"PK\x03\x04<script>" + CANARY + b"</script>"
    seen = shared_door.look(polyglot, LIMITS, list(PictureKind), digest=True)
    assert all(CANARY not in content for content in seen.files.values())


def test_a_file_that_takes_too_long_is_refused_and_the_next_one_goes_through(door: Door) -> None:
    started = time.monotonic()
    with pytest.raises(Refused, match="it takes too long to read"):
        look(door, slow_jpeg(20_000), replace(LIMITS, decode_seconds=0.5))
    assert time.monotonic() - started < 10
    assert look(door, GOOD).width == 320


def test_without_the_time_limit_the_same_file_goes_on_and_on(busy: "Future[Seen]") -> None:
    with pytest.raises(StillRunning):
        busy.result(timeout=2.5)


def test_a_slow_file_is_not_tried_twice(door: Door) -> None:
    look(door, GOOD)  # a used reader: a crash in it would be tried again in a new one
    before = processor_seconds_of_children()
    with pytest.raises(Refused, match="it takes too long"):
        look(door, slow_jpeg(20_000), replace(LIMITS, decode_seconds=1.0))
    assert 0.9 < processor_seconds_of_children() - before < 2.0


def test_making_the_files_is_not_on_the_strangers_clock(door: Door) -> None:
    """30 megapixels: a fifth of a second to read, two to write."""
    data = encoded(quarters(6000, 5000), "JPEG")
    seen = door.look(data, replace(LIMITS, decode_seconds=1.2), list(PictureKind), digest=True)
    assert seen.width == 6000


def test_a_reader_that_stands_still_is_ended_by_the_second_clock(door: Door) -> None:
    look(door, GOOD)
    os.kill(pids(door)[0], signal.SIGSTOP)  # takes no processor time, so the first clock never rings
    with pytest.raises(Refused, match="it takes too long to read"):
        look(door, GOOD, replace(LIMITS, total_seconds=0.5))
    assert look(door, GOOD).width == 320


@linux_only
def test_a_file_that_takes_too_much_memory_is_refused_and_the_next_one_goes_through() -> None:
    large = encoded(Image.new("L", (6000, 5000)), "PNG")
    tight, roomy = Door(readers=1, memory_bytes=200_000_000), Door(readers=1)
    try:
        with pytest.raises(Refused, match="it takes more memory to read than a picture may"):
            look(tight, large)
        assert look(tight, GOOD).width == 320
        assert look(roomy, large).width == 6000  # the control: only the memory was in its way
    finally:
        tight.close()
        roomy.close()


def test_a_crash_in_the_middle_is_a_refusal_and_the_next_one_goes_through(door: Door, busy: "Future[Seen]") -> None:
    os.kill(pids(door)[0], signal.SIGSEGV)
    with pytest.raises(Refused, match="it made the picture reader stop"):
        busy.result(timeout=60)
    assert look(door, GOOD).width == 320


def test_a_reader_that_was_ended_while_idle_turns_no_picture_away(door: Door) -> None:
    look(door, GOOD)
    first = pids(door)[0]
    os.kill(first, signal.SIGKILL)
    assert look(door, GOOD).width == 320
    assert pids(door) != [first]


def test_an_answer_that_was_not_read_is_never_taken_for_the_next_pictures(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(door, GOOD)

    def short_of_memory(_stream: object) -> NoReturn:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(images_door, "receive", short_of_memory)
        with pytest.raises(MemoryError):
            look(door, GOOD)
    assert look(door, encoded(quarters(600, 500), "PNG")).width == 600


def test_a_reader_is_used_again(door: Door) -> None:
    look(door, GOOD)
    first = pids(door)
    for data in (GOOD, encoded(quarters(), "JPEG"), b"no picture"):
        try:
            look(door, data)
        except Refused:
            assert data == b"no picture"
    assert pids(door) == first


def test_a_reader_that_cannot_start_is_not_the_pictures_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    for executable, reason in (("/no/such/python", "cannot be started"), ("/bin/false", "does not start")):
        monkeypatch.setattr(sys, "executable", executable)
        door = Door(readers=1)
        with pytest.raises(DoorUnavailable, match=reason):
            look(door, GOOD)
        door.close()


@linux_only
def test_a_reader_holds_no_secret_and_is_limited(
    door: Door, monkeypatch: pytest.MonkeyPatch, canary_token: str
) -> None:
    monkeypatch.setenv("REPLICATE_API_TOKEN", canary_token)
    look(door, GOOD)
    process = Path(f"/proc/{pids(door)[0]}")
    environment = process.joinpath("environ").read_bytes()
    assert canary_token.encode() not in environment
    assert {part.split(b"=")[0] for part in environment.split(b"\0") if part} == {b"PYTHONPATH", b"MALLOC_ARENA_MAX"}
    limits = {line[:26].strip(): line[26:].split()[:2] for line in process.joinpath("limits").read_text().splitlines()}
    assert limits["Max address space"] == [str(2**30)] * 2
    assert limits["Max core file size"] == ["0", "0"]
    assert limits["Max file size"] == ["0", "0"]


def test_no_more_readers_than_agreed_however_many_ask() -> None:
    door = Door(readers=2)
    most = 0
    watched = threading.Event()

    def watch() -> None:
        nonlocal most
        while not watched.wait(0.005):
            most = max(most, len(pids(door)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    data = encoded(quarters(1024, 1024), "PNG")
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda _: look(door, data).digest, range(16)))
    watched.set()
    watcher.join()
    door.close()
    assert len(set(seen)) == 1
    assert most == 2


def test_closing_ends_readers_and_tells_who_waits_to_try_again(door: Door, busy: "Future[Seen]") -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(look, door, GOOD)
        reader = pids(door)[0]
        door.close()
        for asked in (busy, waiting):
            with pytest.raises(DoorUnavailable, match="closing"):
                asked.result(timeout=60)
    assert pids(door) == []
    assert gone(reader)
    with pytest.raises(DoorUnavailable, match="closing"):
        look(door, GOOD)


APP = """
import os, sys, threading, time
from staging.images_door import Door
from staging.images_kinds import Limits
from tests.hostile_pictures import encoded, quarters, slow_jpeg
door = Door(readers=1)
limits = Limits(25_000_000, 40_000_000, 1, decode_seconds=1.0)
door.look(encoded(quarters(), "PNG"), limits, [], digest=True)
how = sys.argv[1]
if how == "hanging":
    reader = next(iter(door._readers))._process.pid
    busy = lambda: int(open(f"/proc/{reader}/stat").read().rpartition(")")[2].split()[11])
    before = busy()
    threading.Thread(target=door.look, args=(slow_jpeg(20_000), limits, []), kwargs={"digest": True}).start()
    while busy() < before + 20:  # hundredths of a second
        time.sleep(0.01)
fork = os.fork() if how == "forked" else 1
if fork == 0:
    time.sleep(60)  # holds the reader's pipe open, as a careless process pool would
print(next(iter(door._readers))._process.pid, fork, flush=True)
time.sleep(60)
"""


@linux_only
@pytest.mark.parametrize("how", ["idle", "hanging", "forked"])
def test_no_reader_outlives_an_app_that_is_killed(how: str) -> None:
    with subprocess.Popen([sys.executable, "-c", APP, how], cwd=ROOT, stdout=subprocess.PIPE, text=True) as app:
        assert app.stdout is not None
        reader, fork = (int(number) for number in app.stdout.readline().split())
        assert not gone(reader)
        app.kill()
        try:
            wait_until(lambda: gone(reader), PARENT_LOOK_SECONDS + 10)
        finally:
            if fork > 1:
                os.kill(fork, signal.SIGKILL)


def test_ctrl_c_leaves_the_reader_to_the_app(door: Door) -> None:
    look(door, GOOD)
    first = pids(door)
    os.kill(first[0], signal.SIGINT)
    assert look(door, GOOD).width == 320
    assert pids(door) == first


def test_everything_a_file_can_carry_fits_through_one_door_at_once(shared_door: Door) -> None:
    for format_ in ("JPEG", "PNG", "WEBP", "HEIF"):
        assert look(shared_door, with_everything(format_)).width == 320
