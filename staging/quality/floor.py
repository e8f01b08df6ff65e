"""Floor kept: how much of the lower picture still is the floor it was."""

from dataclasses import dataclass

import cv2
import numpy as np

from staging.quality.pair import box_mean, lab, ramp
from staging.quality.surfaces import Surfaces

_BEGINS = 0.66
_FINE, _MARGIN = 1.2, 16
"""Sigma of the blur that leaves patterns, and rows above that it reaches into."""
_PATCH = 25
"""Pixels of the square in which patterns are compared."""


@dataclass(frozen=True)
class Floor:
    """Shares of the lower picture."""

    same: float
    """Unchanged in colour."""
    pattern: float
    """Unchanged in colour, and in its pattern where it has one."""
    patterned: float
    """With a pattern."""


def measure(surfaces: Surfaces) -> Floor:
    """Return what became of the floor."""
    first = int(_BEGINS * surfaces.pair.height) + 1
    below = np.s_[first:]
    lower = np.s_[max(0, first - _MARGIN) :]
    grey = [
        lab(picture[lower], _FINE)[min(first, _MARGIN) :, :, 0] * 2.55
        for picture in (surfaces.pair.original, surfaces.output)
    ]
    bands = [np.asarray(one - cv2.GaussianBlur(one, (0, 0), 6), np.float32) for one in grey]
    energy = [box_mean(band * band, _PATCH) for band in bands]
    shared = box_mean(bands[0] * bands[1], _PATCH)
    likeness = shared / np.sqrt(np.maximum(energy[0], 0.3) * np.maximum(energy[1], 0.3))
    patterned = energy[0] > 1.5
    same = surfaces.same[below]
    kept = same & (~patterned | (likeness > 0.35))
    return Floor(float(same.mean()), float(kept.mean()), float(patterned.mean()))


def rate(found: Floor) -> float:
    """Return the part, 0 to 1."""
    return ramp(found.pattern, 0.07, 0.23)
