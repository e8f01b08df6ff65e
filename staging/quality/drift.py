"""Whether the camera moved: the one affine map that puts the original's details on the output's."""

from dataclasses import dataclass

import cv2
import numpy as np

from staging.quality.lines import Samples, search
from staging.quality.pair import Floats, Pair, Pixels, equalized

_RATIO = 0.78
"""Lowe's: a match counts when its second best is so much farther."""
_FARTHEST = 0.25
"""Of the diagonal: no match from one side of the room to the other."""
_LEAST_INLIERS = 12
_SCALE = 0.6


@dataclass(frozen=True)
class Drift:
    """Where the original's structure stands in the output."""

    affine: Floats | None
    """(2, 3), from the original's pixels to the output's; None when it did not move as a whole."""
    share: float
    """Root mean square of how far the corners moved, over the diagonal."""
    matches: int
    """Details found in both that agree on one map."""


def _smaller(grey: Pixels) -> Pixels:
    """Return the picture in which details are looked for: SIFT begins by doubling it, which is most of its time."""
    return np.asarray(cv2.resize(grey, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_AREA), np.uint8)


def find_affine(pair: Pair) -> tuple[Floats | None, int, int]:
    """Return the map of the details that agree, how many they are, and of how many; None when too few."""
    detector = cv2.SIFT.create(1500, contrastThreshold=0.015)
    (points, descriptors), (output_points, output_descriptors) = (
        detector.detectAndCompute(equalized(_smaller(grey)), None) for grey in (pair.grey, pair.output_grey)
    )
    if min(len(points), len(output_points)) < 8:
        return None, 0, 0
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(descriptors, output_descriptors, k=2)
    good = [two[0] for two in pairs if len(two) == 2 and two[0].distance < _RATIO * two[1].distance]
    if len(good) < 8:
        return None, 0, len(good)
    # OpenCV's centre of the first pixel is 0.
    here = (np.array([points[match.queryIdx].pt for match in good], np.float32) + 0.5) / _SCALE - 0.5
    there = (np.array([output_points[match.trainIdx].pt for match in good], np.float32) + 0.5) / _SCALE - 0.5
    near = np.linalg.norm(here - there, axis=1) < _FARTHEST * pair.diagonal
    here, there = here[near], there[near]
    if len(here) < 8:
        return None, 0, len(here)
    cv2.setRNGSeed(0)
    affine, agree = cv2.estimateAffine2D(here, there, method=cv2.USAC_MAGSAC, ransacReprojThreshold=2.5)
    if affine is None:
        return None, 0, len(here)
    sizes = np.linalg.svd(affine[:, :2])[1]
    if sizes.max() > 1.4 or sizes.min() < 0.7:
        return None, 0, len(here)
    return np.asarray(affine, np.float32), int(agree.sum()), len(here)


def find_drift(pair: Pair, samples: Samples, least: Floats, tight: int, reach: int) -> Drift:
    """Return the map when more of the structure is found by it than without."""
    affine, agreeing, matches = find_affine(pair)
    if affine is None or agreeing < _LEAST_INLIERS or not len(samples):
        return Drift(None, 0.0, agreeing)
    still = search(pair.output_gradient, samples, reach, least).within(tight).mean()
    found = search(pair.output_gradient, samples.moved(affine), reach, least)
    moved = found.within(tight)[found.inside].mean() if found.inside.any() else 0.0
    corners = np.array([[0, 0], [pair.width, 0], [pair.width, pair.height], [0, pair.height]], np.float64)
    steps = np.linalg.norm(corners @ affine[:, :2].T + affine[:, 2] - corners, axis=1)
    # A map that finds no more than none does is a chance agreement: the camera stood still, a window went.
    surely = steps.max() / pair.diagonal > 0.008 and moved > still + 0.02 and agreeing > 0.35 * matches
    if moved > still + 0.06 or surely:
        return Drift(affine, float(np.sqrt((steps**2).mean()) / pair.diagonal), agreeing)
    return Drift(None, 0.0, agreeing)
