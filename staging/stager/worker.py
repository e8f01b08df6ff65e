"""The stager as a process of its own: rooms in, pictures out, until nobody asks any more.

Run by `staging.providers.offline_worker` only. It has no token, no database and no network; it reads
the room's picture and writes nothing but its answers.
"""

import os
import sys
import threading
import time
import traceback
from typing import Any, BinaryIO

from staging.frames import receive, send

PARENT_LOOK_SECONDS = 1.0
NICENESS = 5
"""Pages and the engine come before rendering."""


def main() -> int:
    """Serve until standard input closes or the app is gone."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    os.nice(NICENESS)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # A renderer that prints must not break the frames.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    try:
        while question := receive(sys.stdin.buffer):
            try:
                _answer(question.header, answers)
            except BrokenPipeError:
                raise
            except Exception:  # noqa: BLE001 - whatever it was, the app logs it
                send(answers, {"broken": traceback.format_exc()})
    except BrokenPipeError:
        return 0
    return 0


def _answer(question: dict[str, Any], answers: BinaryIO) -> None:
    import cv2
    import numpy as np

    photo = cv2.imread(str(question["path"]), cv2.IMREAD_COLOR_RGB)
    if photo is None:
        send(answers, {"refused": "The room's picture cannot be read any more. Upload it again."})
        return
    pixels = np.asarray(photo, dtype=np.uint8)
    if question.get("work") == "tone":
        from staging.stager.tone import tone

        _hand_over(
            tone(pixels, question.get("look", "bright")), {"seconds": {}, "confidence": None, "notes": []}, answers
        )
        return

    from staging.stager.measure import CannotStage, FloorUnknown, Said
    from staging.stager.stage import stage

    try:
        staged = stage(
            pixels,
            room_type=str(question.get("room_type", "other")),
            style=str(question.get("style", "")),
            seed=int(question.get("seed") or 0),
            preset=question.get("quality", "standard"),
            said=Said.read(question.get("said") or {}),
            progress=lambda share, step: send(answers, {"progress": share, "step": step}),
        )
    except CannotStage as error:
        send(answers, {"refused": str(error), "asks_for_floor": isinstance(error, FloorUnknown)})
        return
    told = {"seconds": dict(staged.seconds), "confidence": staged.confidence, "notes": list(staged.notes)}
    _hand_over(staged.picture, told, answers)


def _hand_over(picture: Any, told: dict[str, Any], answers: BinaryIO) -> None:
    """Send the picture as PNG, and what is told of it."""
    import cv2

    _, png = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 3])
    send(answers, told, [png.tobytes()])


def _end_with(app: int) -> None:
    """End this process when its parent is gone, in the middle of a render too."""
    while os.getppid() == app:
        time.sleep(PARENT_LOOK_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
