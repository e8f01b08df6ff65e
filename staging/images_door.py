"""The door for bytes: a few picture readers, and what becomes of a file that stops one.

A reader is a child process, started once (0.2 s) and used again and again (1 ms a picture). Measured
beside it: a forkserver child for each picture takes 28 ms, a spawned one 260 ms, and both import the
app's main module again. A reader that dies, hangs or runs out of memory is thrown away and the next
picture gets a new one.
"""

import logging
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from staging.frames import Frame, receive, send
from staging.images_kinds import Limits, PictureKind

READERS = 2
READER_MEMORY_BYTES = 2**30
"""Address space; a room of 40 megapixels takes up to 0.7 of it (WebP). Linux only: macOS does not enforce it."""

_LOG = logging.getLogger(__name__)
_PACKAGE_ROOT = Path(__file__).resolve().parent.parent


class Refused(Exception):
    """The picture did not pass; str() is the reason, fit to follow the file's name."""


class DoorUnavailable(Exception):
    """Nobody could look at the picture just now; str() says why. The picture is not to blame."""


class _ReaderLost(Exception):
    """The reader is of no more use; str() is the reason to give if the picture is to blame."""

    def __init__(self, reason: str, *, certain: bool = False) -> None:
        self.certain = certain
        """True when it was this picture: another reader would end the same way."""
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader found in a file, and the files it made of it."""

    format: str
    """Pillow's word: JPEG, PNG, WEBP or HEIF."""
    width: int
    height: int
    """Upright, in pixels."""
    digest: str
    """Of the pixels; "" when not asked for."""
    files: dict[PictureKind, bytes]


class Door:
    """Looks at pictures in limited child processes, at most `readers` at once. Any thread may ask."""

    def __init__(self, readers: int = READERS, memory_bytes: int = READER_MEMORY_BYTES) -> None:
        self._count = readers
        self._memory_bytes = memory_bytes
        # Last in, first out: with little to do one reader serves everything and the others never start.
        self._places: queue.LifoQueue[_Reader | None] = queue.LifoQueue()
        for _ in range(readers):
            self._places.put(None)
        # Protects these two: a reader that is started while closing must not stay behind.
        self._guard = threading.Lock()
        self._readers: set[_Reader] = set()
        self._closed = False

    def look(self, data: bytes, limits: Limits, wanted: Sequence[PictureKind], *, digest: bool) -> Seen:
        """Return what the file holds; Refused with the reason, DoorUnavailable when nobody could look."""
        if not data:
            raise Refused("it is empty.")
        if len(data) > limits.most_bytes:
            raise Refused(
                f"it has {len(data) / 1e6:.1f} MB, and at most {limits.most_bytes / 1e6:.0f} MB are taken. "
                "Save it smaller."
            )
        question = {"limits": asdict(limits), "wanted": list(wanted), "digest": digest}
        answer = self._ask(question, data, limits.total_seconds)
        if "refused" in answer.header:
            _LOG.info("A picture was refused: %s", answer.header.get("detail", answer.header["refused"]))
            raise Refused(answer.header["refused"])
        header = answer.header
        files = dict(zip(wanted, answer.blobs, strict=True))
        return Seen(header["format"], header["width"], header["height"], header["digest"], files)

    def frame(self, data: bytes, limits: Limits, size: tuple[int, int]) -> bytes:
        """Return the whole picture as WebP of exactly this size (width, height), on grey where its shape is another.

        Refused and DoorUnavailable as of `look`.
        """
        question = {"limits": asdict(limits), "wanted": [], "digest": True, "frame": list(size)}
        answer = self._ask(question, data, limits.total_seconds)
        if "refused" in answer.header:
            raise Refused(answer.header["refused"])
        return answer.blobs[0]

    def close(self) -> None:
        """All readers are gone; whoever asks or waits gets DoorUnavailable."""
        with self._guard:
            if self._closed:
                return
            self._closed = True
            for reader in self._readers:
                reader.kill()
        places = [self._places.get() for _ in range(self._count)]  # all of them: nobody is talking to a reader now
        for idle in places:
            if idle is not None:
                self._drop(idle)
            self._places.put(None)

    def _ask(self, question: dict[str, object], data: bytes, seconds: float) -> Frame:
        reader = self._places.get()
        fresh = reader is None
        ready: _Reader | None = None
        try:
            while True:
                reader = reader or self._start()
                try:
                    answer = reader.ask(question, data, seconds)
                    ready = reader
                    return answer
                except (_ReaderLost, DoorUnavailable) as lost:
                    if self._closed:
                        raise DoorUnavailable("The app is closing.") from None
                    if isinstance(lost, DoorUnavailable):
                        raise
                    if fresh or lost.certain:
                        raise Refused(str(lost)) from None
                    # What earlier pictures left behind in a reader, or somebody who ended it while it was idle,
                    # must not turn this picture away: a new reader decides.
                    fresh = True
                finally:
                    if ready is None:  # whatever happened: its next answer might be to this question
                        self._drop(reader)
                        reader = None
        finally:
            self._places.put(ready)

    def _start(self) -> "_Reader":
        with self._guard:
            if self._closed:
                raise DoorUnavailable("The app is closing.")
            reader = _Reader(self._memory_bytes)
            self._readers.add(reader)
            return reader

    def _drop(self, reader: "_Reader") -> None:
        with self._guard:
            self._readers.discard(reader)
        reader.stop()


class _Reader:
    """One child process, spoken to by one thread at a time."""

    def __init__(self, memory_bytes: int) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, run by our own interpreter
                [sys.executable, "-s", "-P", "-m", "staging.images_worker", str(memory_bytes)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # decoders print what strangers wrote
                # Nothing else of our environment: a process that reads strangers' files holds no token.
                env={"PYTHONPATH": str(_PACKAGE_ROOT), "MALLOC_ARENA_MAX": "1"},
                cwd="/",
            )
        except OSError as error:
            raise DoorUnavailable(f"The picture reader cannot be started: {error.strerror}.") from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._questions = self._process.stdin
        self._answers = self._process.stdout
        self._ready = False
        self._expired = False

    def ask(self, question: dict[str, object], data: bytes, seconds: float) -> Frame:
        """Return the answer; _ReaderLost when none came, DoorUnavailable when the reader cannot start."""
        clock = threading.Timer(seconds, self._expire)
        clock.daemon = True
        clock.start()
        answer = None
        try:
            if not self._ready:
                self._ready = receive(self._answers) is not None
            if self._ready:
                send(self._questions, question, [data])
                answer = receive(self._answers)
        except (OSError, ValueError) as error:
            _LOG.info("A picture reader spoke out of turn: %r", error)
        finally:
            clock.cancel()
        if answer is None:
            raise self._loss()
        if "out_of_memory" in answer.header:
            raise _ReaderLost("it takes more memory to read than a picture may. Save it smaller.")
        return answer

    def _loss(self) -> "_ReaderLost | DoorUnavailable":
        self.kill()
        ended = self._process.wait()
        if self._expired or ended == -signal.SIGPROF:
            return _ReaderLost("it takes too long to read; it may be damaged.", certain=True)
        if not self._ready:
            return DoorUnavailable("The picture reader does not start. Run `python -m staging doctor` to see why.")
        _LOG.warning("A picture reader ended with %s", ended)
        return _ReaderLost("it made the picture reader stop; it is damaged.")

    def _expire(self) -> None:
        self._expired = True
        self.kill()

    def kill(self) -> None:
        """Whoever is talking to it gets the end of the file."""
        self._process.kill()

    def stop(self) -> None:
        """The process is gone and nothing of it is left."""
        self.kill()
        for stream in (self._questions, self._answers):
            with suppress(OSError):  # what was not yet sent
                stream.close()
        self._process.wait()
