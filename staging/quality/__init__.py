"""What became of a room in a model's output: a report in numbers and words, and a picture of why.

`score` and `overlay` take RGB pixels; nothing is fetched, learnt or remembered, and the same pixels
give the same report on any machine. What each part means, and what the scorer cannot see, is in
docs/quality.md. Reports can be read without OpenCV, which has no wheel for Intel Macs.
"""

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING

from staging.errors import QualityUnavailable
from staging.quality.report import FAMILIES, FLAG_CODES, SCORER_VERSION, Flag, Opening, QualityReport

if TYPE_CHECKING:
    from staging.quality.pair import Pixels

__all__ = [
    "FAMILIES",
    "FLAG_CODES",
    "SCORER_VERSION",
    "Flag",
    "Opening",
    "QualityReport",
    "check_available",
    "overlay",
    "score",
]


def check_available() -> None:
    """Raise QualityUnavailable where OpenCV is not installed."""
    if importlib.util.find_spec("cv2") is None:
        raise QualityUnavailable(
            "Pictures cannot be scored on this machine: the package opencv-python-headless is not installed."
        )


def score(original: "Pixels", output: "Pixels", openings: Sequence[Opening] = ()) -> QualityReport:
    """Return what became of the room in `output`; both are (rows, columns, RGB) uint8 of any sizes.

    `openings` are the original's doors and windows, where a person has outlined them. ValueError for
    arrays that are no pictures, QualityUnavailable where OpenCV is not installed.
    """
    check_available()
    from staging.quality.scorer import score_pair  # here: OpenCV takes 0.2 s, and readers of reports need none

    return score_pair(original, output, tuple(openings))


def overlay(original: "Pixels", output: "Pixels", openings: Sequence[Opening] = ()) -> "Pixels":
    """Return what `score` saw, RGBA to lay over the original, of its size.

    Green is structure that was kept, red what was erased, blue what furniture hides, yellow what was
    added; arrows point from where structure was to where it is now.
    """
    check_available()
    from staging.quality.drawing import draw

    return draw(original, output, tuple(openings))
