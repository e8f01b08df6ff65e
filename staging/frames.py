"""Messages between the app and its child processes: a JSON object and blobs, over pipes.

A frame is four bytes of length, a JSON object, and the blobs whose sizes the object lists. JSON and
not pickle: what comes back may have been made by a process that handled a stranger's file, and is
data only.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from typing import IO, Any, NamedTuple

_LENGTH = struct.Struct(">I")
_LONGEST_HEADER_BYTES = 65_536
_LARGEST_BLOB_BYTES = 512_000_000


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
