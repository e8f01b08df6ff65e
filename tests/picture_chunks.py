"""What a stored PNG or WebP file is made of, read by hand: no library decides what counts as metadata."""

import struct
import zlib
from pathlib import Path


class NotOnlyPixels(AssertionError):
    """A stored file holds something besides pixels."""


def assert_only_pixels(path: Path) -> None:
    """The file is a PNG of IHDR, IDAT and IEND, or a WebP of one lossy frame, and nothing before or after."""
    data = path.read_bytes()
    if path.suffix == ".png":
        kinds = png_chunks(data)
        allowed = {"IHDR", "IDAT", "IEND"}
    else:
        kinds = webp_chunks(data)
        allowed = {"VP8 "}
    if not kinds or set(kinds) - allowed:
        raise NotOnlyPixels(f"{path.name} holds {kinds}")


def png_chunks(data: bytes) -> list[str]:
    """Return the chunks' names in order; NotOnlyPixels when there is a byte outside of them."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        raise NotOnlyPixels("no PNG signature")
    kinds, at = [], 8
    while at < len(data):
        if len(data) - at < 12:
            raise NotOnlyPixels("bytes after the last chunk")
        (length,) = struct.unpack_from(">I", data, at)
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack_from(">I", data, at + 8 + length)
        if checksum != zlib.crc32(kind + content):
            raise NotOnlyPixels("a chunk's checksum is wrong")
        kinds.append(kind.decode("latin-1"))
        at += 12 + length
    return kinds


def webp_chunks(data: bytes) -> list[str]:
    """Return the chunks' names in order; NotOnlyPixels when there is a byte outside of them."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise NotOnlyPixels("no WebP signature")
    if struct.unpack_from("<I", data, 4)[0] + 8 != len(data):
        raise NotOnlyPixels("bytes after the end")
    kinds, at = [], 12
    while at < len(data):
        kinds.append(data[at : at + 4].decode("latin-1"))
        (length,) = struct.unpack_from("<I", data, at + 4)
        at += 8 + length + length % 2
    if at != len(data):
        raise NotOnlyPixels("the last chunk is longer than the file")
    return kinds
