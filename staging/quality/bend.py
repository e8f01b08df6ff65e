"""Whether the room was bent: details are followed from the original to the output, part by part of the picture.

Lines tell it too (`staging.quality.geometry`), but one of many parallel lines is taken for its neighbour
once it moved by half of their distance: brick and boards hide a bend. A patch of pixels is itself only.
"""

import cv2
import numpy as np

from staging.quality.pair import Floats, Pair, Pixels, equalized

_MOST_DETAILS = 500
_APART = 8
"""Pixels from one detail to the next."""
_PATCH = 15
"""Pixels across in which a detail is followed."""
_RETURNS_WITHIN = 0.7
"""Pixels: followed to the output and back, a detail comes home so nearly; what furniture hides does not."""
_PART = 64
"""Pixels across of a part of the picture."""
_LEAST_IN_PART, _LEAST_PARTS = 3, 5
"""Fewer details in a part, or fewer parts that have them, say nothing."""
_ROUNDS = 10


def measure(pair: Pair) -> float:
    """Return how far the median part of the picture is off the place where all together put it, over the diagonal.

    What moves, turns, scales or shears all of it is no bend. 0.0 when too little is found again to tell.
    """
    here, steps = _followed(equalized(pair.grey), equalized(pair.output_grey))
    columns, rows = (here // _PART).astype(int).T
    part = rows * 10_000 + columns
    known, counts = np.unique(part, return_counts=True)
    known = known[counts >= _LEAST_IN_PART]
    if len(known) < _LEAST_PARTS:
        return 0.0
    off = steps - _common(here, steps)
    bends = [float(np.linalg.norm(np.median(off[part == one], axis=0))) for one in known]
    return float(np.median(bends)) / pair.diagonal


def _followed(grey: Pixels, output: Pixels) -> tuple[Floats, Floats]:
    """Return details, (n, 2) x and y, and how far each went: those that come home when followed back."""
    found = cv2.goodFeaturesToTrack(grey, _MOST_DETAILS, 0.005, _APART, blockSize=5)
    if found is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    details = np.asarray(found, np.float32)
    there, seen = _follow(grey, output, details)
    back, seen_again = _follow(output, grey, there)
    home = np.linalg.norm((back - details)[:, 0], axis=1) < _RETURNS_WITHIN
    kept = (seen[:, 0] == 1) & (seen_again[:, 0] == 1) & home
    return details[kept, 0], (there - details)[kept, 0]


def _follow(grey: Pixels, output: Pixels, details: Floats) -> tuple[Floats, Pixels]:
    """Return where each detail is in the output, and 1 for those that were found."""
    enough = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 12, 0.03)
    there, seen, _ = cv2.calcOpticalFlowPyrLK(
        grey, output, details, np.zeros_like(details), winSize=(_PATCH, _PATCH), maxLevel=2, criteria=enough
    )
    return np.asarray(there, np.float32), np.asarray(seen, np.uint8)


def _common(here: Floats, steps: Floats) -> Floats:
    """Return the steps of the one affine map that most of the details follow, by Geman and McClure's weights."""
    places = np.column_stack([here, np.ones(len(here))]).astype(np.float64)
    weights = np.ones((len(here), 1))
    common = np.zeros_like(steps)
    for _ in range(_ROUNDS):
        affine = np.linalg.lstsq(places * weights, steps * weights, rcond=None)[0]
        common = np.asarray(places @ affine, np.float32)
        weights = 1 / (1 + ((steps - common) ** 2).sum(axis=1, keepdims=True))  # a pixel off counts a quarter
    return common
