"""The words that the app and its picture readers share: which files of a picture, within which limits."""

from dataclasses import dataclass
from enum import StrEnum


class PictureKind(StrEnum):
    """The files of one picture."""

    ORIGINAL = "original"
    """A room: its clean pixels as lossless PNG. An output: its bytes as received."""
    VIEW = "view"
    """WebP, at most 1600 pixels on the long side."""
    THUMBNAIL = "thumbnail"
    """WebP, at most 480 pixels on the long side."""
    SENT = "sent"
    """A large room as models get it: lossless PNG, at most 2048 pixels on the long side."""
    OVERLAY = "overlay"
    """What the automatic scorer saw, to be laid over an output: WebP, at most 1600 pixels on the long side."""


KEPT_AT_ONCE = (PictureKind.ORIGINAL, PictureKind.VIEW, PictureKind.THUMBNAIL)
"""What is made of every room when it comes in; SENT is made when a model first wants it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a picture may be, and what looking at it may take."""

    most_bytes: int
    most_pixels: int
    least_side: int
    """Pixels on the short side."""
    decode_seconds: float = 8.0
    """Processor time until clean pixels: a stranger's file is in charge of no more than this.

    Processor time, because a busy machine must not turn a good photo away; the slowest good file, a
    HEIC of 40 megapixels, takes 3 seconds on the 2-core machine this was measured on.
    """
    total_seconds: float = 120.0
    """Clock time for everything, the second net: whatever happens, the reader is gone after it."""
