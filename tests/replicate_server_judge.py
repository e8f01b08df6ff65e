"""The test server's judge: a fake, which looks at colours and says so. It answers as a real one is asked to."""

import io
import json
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageStat

FAKE = "A fake answer of the test server: no judge has looked at this."
_CHANGES = (
    "camera_moved",
    "windows_changed",
    "doors_changed",
    "walls_changed",
    "floor_changed",
    "colours_changed",
    "openings_blocked",
)
_SIDE = 32


def answer(*changes: str, grade: int = 8, **more: object) -> str:
    """Return an answer with these changes and this grade in every figure; `more` is laid over it."""
    told: dict[str, object] = {name: name in changes for name in _CHANGES}
    counts: dict[str, object] = dict.fromkeys(("windows_room", "windows_output", "doors_room", "doors_output"), 1)
    grades: dict[str, object] = dict.fromkeys(("furnished", "kept", "natural", "clean"), grade)
    return json.dumps(told | counts | grades | {"reason": FAKE} | more)


def fake_answer(pictures: Sequence[bytes]) -> str:
    """Return what the fake says of the pictures: nothing good of a black one, and a change where they differ much."""
    small = []
    for data in pictures:
        with Image.open(io.BytesIO(data)) as opened:
            small.append(opened.convert("RGB").resize((_SIDE, _SIDE)))
    if any(not picture.getbbox() for picture in small):
        return answer(*_CHANGES, grade=0)
    if len(small) == 2 and sum(ImageStat.Stat(ImageChops.difference(*small)).mean) / 3 > 40:
        return answer("walls_changed", grade=4)
    return answer()


def pieces(text: str) -> list[str]:
    """Return the text as Replicate streams it: in pieces."""
    return [text[at : at + 20] for at in range(0, len(text), 20)]
