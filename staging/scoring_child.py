"""One scorer process as its parent sees it: asked, listened to, killed."""

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pydantic import JsonValue

from staging.errors import QualityRefused, QualityUnavailable
from staging.frames import Frame, receive, send
from staging.quality import SCORER_VERSION, QualityReport

log = logging.getLogger(__name__)

MEMORY_BYTES = 4 * 2**30
"""Address space, on Linux: a room of 40 megapixels beside an output of 80, and the scorer's own work."""
WORK_SECONDS = 20.0
"""Processor time for a pair: forty times what one takes."""
CLOCK_SECONDS = 600.0
"""Clock time for a pair, the second net: a machine that is busy with better things must not lose a score."""
NICENESS = 10
"""Pages, the engine, picture readers and renderers come before scores."""


def worker(
    memory_bytes: int = MEMORY_BYTES, work_seconds: float = WORK_SECONDS, niceness: int | None = None
) -> list[str]:
    """Return the command that starts a scorer."""
    limits = [str(memory_bytes), str(work_seconds), str(NICENESS if niceness is None else niceness)]
    return [sys.executable, "-s", "-P", "-m", "staging.scoring_worker", *limits]


_PACKAGE_ROOT = Path(__file__).resolve().parent.parent


class PairRefused(Exception):
    """These two pictures cannot be scored; str() is a sentence fit to show. The process is good for more."""


class PairLost(Exception):
    """The scorer crashed or took too long; str() is a sentence fit to show. The process is gone."""


class Told(NamedTuple):
    """What the scorer said of a pair."""

    report: QualityReport
    overlay: bytes
    """WebP."""
    seconds: float
    """Processor time until the report, decoding included."""


class Child:
    """A process that scores one pair after the other. One thread talks to it; any may kill it."""

    def __init__(self, command: Sequence[str] | None = None, clock_seconds: float = CLOCK_SECONDS) -> None:
        """Start it; QualityUnavailable when that cannot be done."""
        self._clock_seconds = clock_seconds
        self._expired = False
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, run by our own interpreter
                list(command or worker()),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # decoders print what strangers wrote
                # Nothing else of our environment: what reads strangers' files holds no token. One thread each:
                # scores must not take a core from what people wait for.
                env={
                    "PYTHONPATH": str(_PACKAGE_ROOT),
                    "MALLOC_ARENA_MAX": "1",
                    "OMP_NUM_THREADS": "1",
                    "OPENBLAS_NUM_THREADS": "1",
                    "OPENCV_FOR_THREADS_NUM": "1",
                },
                cwd="/",
            )
        except OSError as error:
            raise QualityUnavailable(f"The scorer cannot be started: {error.strerror}.") from None
        self._ready = False

    @property
    def pid(self) -> int:
        """The process to look for."""
        return self._process.pid

    def ask(self, question: Mapping[str, JsonValue]) -> Told:
        """Return what it says of the pair. PairRefused, PairLost, or QualityUnavailable when it does not start."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        clock = threading.Timer(self._clock_seconds, self._expire)
        clock.daemon = True
        clock.start()
        answer: Frame | None = None
        try:
            if not self._ready:
                self._begin(receive(self._process.stdout))
            send(self._process.stdin, question)
            answer = receive(self._process.stdout)
        except (OSError, ValueError) as error:
            log.info("the scorer spoke out of turn: %r", error)
        finally:
            clock.cancel()
        return self._told(answer)

    def _begin(self, hello: Frame | None) -> None:
        if hello is None or not hello.header.get("ready"):
            self.kill()
            missing = "" if hello is None else str(hello.header.get("missing", ""))
            raise QualityUnavailable(missing or "The scorer does not start: run `python -m staging doctor` to see why.")
        if hello.header.get("version") != SCORER_VERSION:
            self.kill()
            raise QualityUnavailable("The scorer was updated while the app runs: start the app again.")
        self._ready = True

    def _told(self, answer: Frame | None) -> Told:
        if answer is not None and "refused" in answer.header:
            if "detail" in answer.header:
                log.warning("the scorer failed on a pair: %s", answer.header["detail"])
            raise PairRefused(str(answer.header["refused"]))
        if answer is not None and "lost" in answer.header:
            self.kill()
            raise PairLost(str(answer.header["lost"]))
        try:
            if answer is not None:
                return Told(
                    QualityReport.from_json(answer.header["report"]), answer.blobs[0], float(answer.header["seconds"])
                )
        except (KeyError, IndexError, TypeError, ValueError, QualityRefused) as error:
            log.warning("the scorer's answer cannot be read: %r", error)
        self.kill()
        ended = self._process.returncode
        if self._expired or ended == -signal.SIGPROF:
            raise PairLost("The scorer took too long on these two pictures.")
        log.warning("the scorer's process %d ended with %s", self.pid, ended)
        raise PairLost("The scorer crashed on these two pictures.")

    def _expire(self) -> None:
        self._expired = True
        self._process.kill()

    def kill(self) -> None:
        """The process is gone; whoever waits for its answer gets PairLost."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError, ValueError):  # a reader may be at it; what was not sent is of no use
                    stream.close()
