"""Doors and windows kept and free, where a person has outlined them."""

from dataclasses import dataclass

import cv2
import numpy as np

from staging.quality.evidence import Evidence
from staging.quality.pair import Mask, Pair, ramp
from staging.quality.report import Opening
from staging.quality.surfaces import Surfaces


@dataclass(frozen=True)
class OpeningFate:
    """What became of one opening; shares, 0 to 1."""

    opening: Opening
    kept: float
    """Of all of its structure: what is hidden counts as lost."""
    same: float
    """Of its area."""
    hidden: float
    """Of its lost structure: behind something."""


def mask_of(opening: Opening, pair: Pair) -> Mask:
    """Return the opening's pixels at the working size."""
    mask = np.zeros((pair.height, pair.width), np.uint8)
    corners = np.round(np.array(opening.corners) * [pair.width, pair.height]).astype(np.int32)
    cv2.fillPoly(mask, [corners], 1)
    return np.asarray(mask > 0)


def measure(evidence: Evidence, surfaces: Surfaces, openings: tuple[Opening, ...]) -> tuple[OpeningFate, ...]:
    """Return what became of each opening that is large enough to tell."""
    fates = []
    for opening in openings:
        mask = mask_of(opening, evidence.pair)
        if mask.sum() < 50:
            continue
        near = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9)))[evidence.places] > 0
        kept = float(evidence.kept[near].mean()) if near.sum() > 5 else 1.0
        lost = near & ~evidence.kept
        hidden = float(evidence.hidden[lost].mean()) if lost.any() else 0.0
        fates.append(OpeningFate(opening, kept, float(surfaces.same[mask].mean()), hidden))
    return tuple(fates)


def rate(fates: tuple[OpeningFate, ...]) -> float | None:
    """Return the part: that of the worst opening; None when there is none."""
    return min((ramp(fate.kept, 0.35, 0.8) for fate in fates), default=None)
