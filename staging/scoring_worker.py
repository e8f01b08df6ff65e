"""The scorer as a process of its own: a room and an output in, a report and its overlay out.

It takes frames on standard input and answers on standard output until its input closes or the app is
gone. It has no secret, no database and no way to write a file; whatever two pictures make it do, the
app sees an answer, an end of file or a clock that ran out. Run by `staging.scoring_child` only.
"""

import contextlib
import os
import resource
import select
import signal
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from staging import images_pixels
from staging.errors import StagingError
from staging.frames import Frame, receive, send
from staging.images_kinds import Limits
from staging.quality import SCORER_VERSION, Opening, check_available

PARENT_LOOK_SECONDS = 2.0
LIMITS = Limits(most_bytes=160_000_000, most_pixels=80_000_000, least_side=16)
"""For files that have passed the door already."""


def main() -> int:
    """Serve until nobody asks any more; argv: the most bytes of address space, seconds of work on a pair, niceness."""
    app = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the app, which closes our input
    os.nice(int(sys.argv[3]))
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # A library that prints must not break the frames.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    questions = sys.stdin.buffer
    missing = ""
    try:
        check_available()
        _load()  # before the limits hold, so that they are the pictures'
    except StagingError as error:
        missing = str(error)
    _limit(int(sys.argv[1]))
    rooms: dict[str, Any] = {}
    with contextlib.suppress(BrokenPipeError):
        send(answers, {"ready": not missing, "missing": missing, "version": SCORER_VERSION})
        while _asked(questions, app) and (question := receive(questions)):
            send(answers, *_answer(question, rooms, float(sys.argv[2])))
    return 0


def _load() -> None:
    """Have all modules of the scorer in memory."""
    from staging.quality import drawing, flags, scorer  # noqa: F401


def _limit(most_memory_bytes: int) -> None:
    """Bound what any pair can make this process take, for good."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash must not leave a photo in a core file
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # nothing here has a reason to write a file
    if sys.platform == "linux":  # macOS takes the call and does not enforce it
        resource.setrlimit(resource.RLIMIT_AS, (most_memory_bytes, most_memory_bytes))


def _asked(questions: BinaryIO, app: int) -> bool:
    """Wait for a question; False when the app is gone, even if a fork of it still holds our pipe."""
    while not select.select([questions], [], [], PARENT_LOOK_SECONDS)[0]:
        if os.getppid() != app:
            return False
    return True


def _answer(question: Frame, rooms: dict[str, Any], most_seconds: float) -> tuple[dict[str, object], list[bytes]]:
    """Return the report and the overlay, of one measurement, or why there are none. Never raises."""
    from staging.quality.drawing import draw_findings
    from staging.quality.scorer import examine, report_of

    began = time.process_time()
    try:
        # Unhandled, SIGPROF ends the process inside any C code; its clock is this process' own work only.
        signal.setitimer(signal.ITIMER_PROF, most_seconds)
        path = str(question.header["room"])
        if path not in rooms:
            rooms.clear()  # outputs of one room come one after the other
            rooms[path] = images_pixels.clean_picture(Path(path).read_bytes(), LIMITS).image
        room = rooms[path]
        output = images_pixels.clean_picture(Path(question.header["output"]).read_bytes(), LIMITS).image
        outlined = tuple(
            Opening(one["kind"], tuple((x, y) for x, y in one["corners"])) for one in question.header["openings"]
        )
        findings = examine(np.asarray(room), np.asarray(output), outlined)
        found: dict[str, object] = {"report": report_of(findings).to_json()}
        found["seconds"] = round(time.process_time() - began, 4)
        blobs = [images_pixels.encode_overlay(draw_findings(findings))]
    except images_pixels.PictureRefused as refusal:
        return {"refused": f"A picture cannot be read: {refusal}"}, []
    except MemoryError:
        rooms.clear()
        return {"lost": "It takes more memory to score than a pair may."}, []
    except Exception as error:  # noqa: BLE001 - whatever the pictures made it do is told, and the next pair has its turn
        return {"refused": "The scorer failed on these two pictures.", "detail": repr(error)[:500]}, []
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return found, blobs


if __name__ == "__main__":
    sys.exit(main())
