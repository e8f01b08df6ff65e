"""The words that the app and its picture readers share: what is asked, within which limits, how it is sent.

A frame is four bytes of length, a JSON object, and the blobs whose sizes the object lists. JSON and
not pickle: what comes back was made by a process that handled a stranger's file, and is data only.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Any, NamedTuple

_LENGTH = struct.Struct(">I")
_LONGEST_HEADER_BYTES = 65_536
_LARGEST_BLOB_BYTES = 512_000_000


class PictureKind(StrEnum):
    """The three files of one picture."""

    ORIGINAL = "original"
    """A room: its clean pixels as lossless PNG. An output: its bytes as received."""
    VIEW = "view"
    """WebP, at most 1600 pixels on the long side."""
    THUMBNAIL = "thumbnail"
    """WebP, at most 480 pixels on the long side."""


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


class Frame(NamedTuple):
    """One message: a JSON object and its blobs."""

    header: dict[str, Any]
    blobs: list[bytes]


def send(stream: IO[bytes], header: Mapping[str, Any], blobs: Sequence[bytes] = ()) -> None:
    """Write one frame and flush; OSError when the other side is gone."""
    text = json.dumps({**header, "sizes": [len(blob) for blob in blobs]}).encode()
    stream.write(_LENGTH.pack(len(text)) + text)
    for blob in blobs:
        stream.write(blob)
    stream.flush()


def receive(stream: IO[bytes]) -> Frame | None:
    """Return the next frame, None when the other side closed; ValueError when it is not a frame."""
    start = stream.read(_LENGTH.size)
    if len(start) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(start)
    if length > _LONGEST_HEADER_BYTES:
        raise ValueError("the header is too long")
    text = stream.read(length)
    if len(text) < length:
        return None
    header = json.loads(text)
    if not isinstance(header, dict) or not isinstance(header.get("sizes"), list):
        raise ValueError("the header is not what was agreed")
    blobs = []
    for size in header["sizes"]:
        if not isinstance(size, int) or not 0 <= size <= _LARGEST_BLOB_BYTES:
            raise ValueError("a blob's size is out of bounds")
        blob = stream.read(size)
        if len(blob) < size:
            return None
        blobs.append(blob)
    return Frame(header, blobs)
