"""A picture reader: one child process that looks at strangers' files, one after the other.

It takes frames on standard input and answers on standard output until its input closes or the app
is gone. It has no secret, no database and no way to write a file; whatever a file makes it do, the
app sees an answer, an end of file or a clock that ran out. Run by `staging.images_door` only.
"""

import contextlib
import os
import resource
import select
import signal
import sys
from typing import BinaryIO

from staging.frames import Frame, receive, send
from staging.images_kinds import Limits, PictureKind

PARENT_LOOK_SECONDS = 2.0


def main() -> int:
    """Serve pictures until nobody asks any more; argv: the most bytes of address space."""
    app = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the app, which closes our input
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # A decoder that prints must not break the frames.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    questions = sys.stdin.buffer
    from staging import images_pixels  # noqa: F401 - loaded before the limits hold, so that they are the pictures'

    _limit(int(sys.argv[1]))
    with contextlib.suppress(BrokenPipeError):
        send(answers, {"ready": True})
        while _asked(questions, app) and (question := receive(questions)):
            send(answers, *_answer(question))
    return 0


def _limit(most_memory_bytes: int) -> None:
    """Bound what any file can make this process take, for good."""
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


def _answer(question: Frame) -> tuple[dict[str, object], list[bytes]]:
    """Return the answer to one question: what was found and made, or why not. Never raises."""
    from staging import images_pixels

    limits = Limits(**question.header["limits"])
    wanted = [PictureKind(kind) for kind in question.header["wanted"]]
    only_views = PictureKind.ORIGINAL not in wanted and not question.header["digest"]
    long_side = images_pixels.VIEW_LONG_SIDE if only_views else None
    try:
        # Unhandled, SIGPROF ends the process inside any C code; its clock is this process' own work only.
        signal.setitimer(signal.ITIMER_PROF, limits.decode_seconds)
        clean = images_pixels.clean_picture(question.blobs[0], limits, long_side)
        signal.setitimer(signal.ITIMER_PROF, 0)
        if "frame" in question.header:
            return {}, [images_pixels.framed(clean.image, *question.header["frame"])]
        blobs = [images_pixels.encode(clean.image, kind) for kind in wanted]
        found = {
            "format": clean.format,
            "width": clean.width,
            "height": clean.height,
            "digest": images_pixels.pixel_digest(clean.image) if question.header["digest"] else "",
        }
    except images_pixels.PictureRefused as refusal:
        return {"refused": str(refusal)}, []
    except MemoryError:
        return {"out_of_memory": True}, []
    except Exception as error:  # noqa: BLE001 - decoders raise anything (SyntaxError, struct.error); this is the one door
        return {"refused": "it is damaged or cut off, and cannot be read to its end.", "detail": repr(error)[:300]}, []
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return found, blobs


if __name__ == "__main__":
    sys.exit(main())
