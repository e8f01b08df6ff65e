"""One stager process as its parent sees it: asked, listened to, killed."""

import logging
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pydantic import JsonValue

from staging.frames import receive, send

log = logging.getLogger(__name__)

_PACKAGE_ROOT = Path(__file__).resolve().parents[2]


class WorkRefused(Exception):
    """The room cannot be staged; str() is a sentence fit to show. The worker is good for more."""

    def __init__(self, message: str, *, asks_for_floor: bool = False) -> None:
        """`asks_for_floor`: four points on the floor, by a person, would change the answer."""
        self.asks_for_floor = asks_for_floor
        super().__init__(message)


class WorkerLost(Exception):
    """The worker ended in the middle of its work; str() is a sentence fit to show."""


class Staged(NamedTuple):
    """What the stager made of a room."""

    picture: bytes
    """PNG, as large as the room."""
    seconds: Mapping[str, float]
    """By step."""
    confidence: float | None
    """Of the room's fit; None where no room was measured."""
    notes: tuple[str, ...]


class Worker:
    """A process that stages one room after the other. One thread talks to it; any may kill it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-s", "-P", "-m", "staging.stager.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Nothing else of our environment: a renderer has no use for tokens.
            env={"PYTHONPATH": str(_PACKAGE_ROOT), "MALLOC_ARENA_MAX": "2"},
            cwd="/",
        )

    def ask(self, question: Mapping[str, JsonValue], tell: Callable[[float, str], None]) -> Staged:
        """Return the room furnished; `tell` hears how far it is, 0 to 1, and what it does. WorkRefused, WorkerLost."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            send(self._process.stdin, question)
            while (answer := receive(self._process.stdout)) is not None:
                if "progress" in answer.header:
                    tell(float(answer.header["progress"]), str(answer.header["step"]))
                elif "refused" in answer.header:
                    asks = bool(answer.header.get("asks_for_floor"))
                    raise WorkRefused(str(answer.header["refused"]), asks_for_floor=asks)
                elif "broken" in answer.header:
                    log.error("the offline stager failed:\n%s", answer.header["broken"])
                    break
                else:
                    header = answer.header
                    return Staged(answer.blobs[0], header["seconds"], header["confidence"], tuple(header["notes"]))
        except (OSError, ValueError):
            pass  # it died while we spoke: the same as an end without an answer
        self.kill()
        log.warning("the offline stager's process %d ended with %s", self.pid, self._process.returncode)
        raise WorkerLost("The offline stager stopped in the middle of this room. Try it again.")

    @property
    def pid(self) -> int:
        """The process to look for."""
        return self._process.pid

    def kill(self) -> None:
        """The process is gone; whoever waits for its answer gets WorkerLost."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError, ValueError):  # a reader may be at it; what was not sent is of no use
                    stream.close()
