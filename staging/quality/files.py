"""Pictures and outlines in files, as the scorer takes and gives them."""

import json
from pathlib import Path

import cv2
import numpy as np

from staging.errors import QualityRefused
from staging.quality.pair import Pixels
from staging.quality.report import Opening

MOST_OPENINGS = 50
"""In a room; more is a mistake."""
_MOST_BYTES = 1_000_000


def pixels_of(data: bytes, name: str) -> Pixels:
    """Return the (rows, columns, RGB) of a JPEG, PNG or WebP; QualityRefused names the file.

    Not for strangers' files: those go through `staging.images` first, which decodes in a child with limits.
    """
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB) if data else None
    if found is None:
        raise QualityRefused(f"{name} is not a picture that can be read.")
    return np.asarray(found, np.uint8)


def png_of(picture: Pixels) -> bytes:
    """Return the RGB or RGBA pixels as PNG."""
    way = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
    encoded, png = cv2.imencode(".png", cv2.cvtColor(picture, way), [cv2.IMWRITE_PNG_COMPRESSION, 3])
    if not encoded:
        raise QualityRefused("The picture cannot be written as PNG.")
    return bytes(png)


def read_openings(path: Path) -> tuple[Opening, ...]:
    """Return the openings of a JSON file: [{"kind": "door", "corners": [[x, y], …]}, …], fractions 0 to 1.

    QualityRefused names the file, and the opening where there is one.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise QualityRefused(f"{path} is larger than 1 MB: it should hold the outlines of one room.")
        listed = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise QualityRefused(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise QualityRefused(f"{path} is not JSON in UTF-8.") from None
    if not isinstance(listed, list) or len(listed) > MOST_OPENINGS:
        raise QualityRefused(f"{path} must hold a list of at most {MOST_OPENINGS} openings.")
    return tuple(_opening(path, number, record) for number, record in enumerate(listed, 1))


def _opening(path: Path, number: int, record: object) -> Opening:
    try:
        if not isinstance(record, dict):
            raise TypeError
        corners = tuple((float(x), float(y)) for x, y in record["corners"])
        return Opening(record["kind"], corners)
    except QualityRefused as refused:
        raise QualityRefused(f"{path}, opening {number}: {refused}") from None
    except (TypeError, ValueError, KeyError):
        wanted = '{"kind": "door" or "window", "corners": [[x, y], …]}'
        raise QualityRefused(f"{path}, opening {number}: it must read {wanted}.") from None
