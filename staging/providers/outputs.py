"""Where the pictures, or the words, are in what a model returned, in every shape that Replicate's models have.

Seen (facts/replicate.md §3): one URI, a list of URIs, data: URIs, an object with URIs in it, null,
nothing at all, and text. Nothing is fetched here.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from pydantic import JsonValue

from staging.errors import OutputRefused

LARGEST_PICTURE_BYTES = 60 * 1024 * 1024
"""A 40-megapixel PNG of a photo is about this large."""
LONGEST_TEXT = 20_000
MOST_PICTURES = 20
"""The most that a known model makes at once is 15 (seedream)."""
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_PICTURE_KEYS = ("images", "image", "outputs", "output", "results", "result", "urls", "url", "uri")
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class RemotePicture:
    """A picture to be fetched."""

    url: str


@dataclass(frozen=True, slots=True)
class InlinePicture:
    """A picture that came with the answer."""

    data: bytes


def pictures_in(output: JsonValue) -> list[RemotePicture | InlinePicture]:
    """Return the pictures of an output, in order, at least one; OutputRefused says why there is none."""
    texts = list(_strings(output, 0))
    uris = [text for text in texts if _URI.fullmatch(text)]
    if not uris:
        written = " ".join("".join(texts).split())
        if not written:
            raise OutputRefused("The model ended without a picture. Retry, or change the prompt.")
        shown = written if len(written) <= 80 else written[:79] + "…"
        raise OutputRefused(f"The model's result is not an image but text: “{shown}”.")
    if len(uris) > MOST_PICTURES:
        raise OutputRefused(f"The model returned {len(uris)} pictures; more than {MOST_PICTURES} are not taken.")
    return [_inline(uri) if uri[:5].lower() == "data:" else RemotePicture(uri) for uri in uris]


def text_in(output: JsonValue) -> str:
    """Return the text of an output, which comes whole or in pieces; OutputRefused when there is none."""
    text = "".join(_strings(output, 0)).strip()
    if not text:
        raise OutputRefused("The model ended without an answer. Ask it again.")
    if len(text) > LONGEST_TEXT:
        raise OutputRefused(f"The model's answer is longer than {LONGEST_TEXT} characters.")
    return text


def _strings(output: JsonValue, depth: int) -> Iterator[str]:
    """Yield the strings of a JSON value; of an object only the ones under a picture's key, if it has one."""
    if depth > _DEEPEST:
        return
    if isinstance(output, str):
        yield output
    elif isinstance(output, list):
        for item in output:
            yield from _strings(item, depth + 1)
    elif isinstance(output, dict):
        # Beside the picture such objects hold masks, depth maps and the like under other names.
        key = next((key for key in _PICTURE_KEYS if output.get(key)), None)
        for value in output.values() if key is None else [output[key]]:
            yield from _strings(value, depth + 1)


def _inline(uri: str) -> InlinePicture:
    """Return the content of a data: URI."""
    if len(uri) > LARGEST_PICTURE_BYTES * 4 // 3 + 1024:
        raise OutputRefused(f"The result is larger than {LARGEST_PICTURE_BYTES // 2**20} MB.")
    head, comma, content = uri[5:].partition(",")
    media_type = head.partition(";")[0].lower()
    if not comma or not media_type.startswith("image/"):
        raise OutputRefused(f"The model's result is not an image but {media_type[:40] or 'unnamed data'}.")
    if not head.lower().endswith(";base64"):
        return InlinePicture(unquote_to_bytes(content))
    try:
        return InlinePicture(base64.b64decode(content, validate=True))
    except binascii.Error:
        raise OutputRefused("The result cannot be read: its data is damaged.") from None
