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
"""Pixels across in which a detail is followed, and looked at again."""
_FARTHEST = 16.0
"""Pixels: what went farther is another thing, or the camera moved, which `staging.quality.drift` tells."""
_RETURNS_WITHIN = 0.7
"""Pixels: followed to the output and back, a detail comes home so nearly."""
_ALIKE = 0.85
"""The least correlation of a detail's patch with the one that it was followed to: furniture before it is no bend."""
_PART = 64
"""Pixels across of a part of the picture."""
_LEAST_DETAILS, _LEAST_IN_PART, _LEAST_PARTS = 20, 3, 5
_ROUNDS = 10


def measure(pair: Pair) -> float:
    """Return how far the median part of the picture is off the place where all together put it, over the diagonal.

    What moves, turns, scales or shears all of it is no bend. 0.0 when too little is found again to tell.
    """
    here, steps = _followed(equalized(pair.grey), equalized(pair.output_grey))
    alike = (_patches(pair.grey, here) * _patches(pair.output_grey, here + steps)).sum(axis=1) > _ALIKE
    here, steps = here[alike], steps[alike]
    if len(here) < _LEAST_DETAILS:
        return 0.0
    off = steps - _common(here, steps)
    columns, rows = (here // _PART).astype(int).T
    part = rows * 10_000 + columns
    known, counts = np.unique(part, return_counts=True)
    bends = [float(np.linalg.norm(np.median(off[part == one], axis=0))) for one in known[counts >= _LEAST_IN_PART]]
    return float(np.median(bends)) / pair.diagonal if len(bends) >= _LEAST_PARTS else 0.0


def _followed(grey: Pixels, output: Pixels) -> tuple[Floats, Floats]:
    """Return details, (n, 2) x and y, and how far each went: those that come home when followed back."""
    found = cv2.goodFeaturesToTrack(grey, _MOST_DETAILS, 0.005, _APART, blockSize=5)
    if found is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    details = np.asarray(found, np.float32)
    there, seen = _follow(grey, output, details)
    back, seen_again = _follow(output, grey, there)
    steps = (there - details)[:, 0]
    home = np.linalg.norm((back - details)[:, 0], axis=1) < _RETURNS_WITHIN
    kept = (seen[:, 0] == 1) & (seen_again[:, 0] == 1) & home & (np.abs(steps).max(axis=1) < _FARTHEST)
    return np.asarray(details[kept, 0], np.float32), np.asarray(steps[kept], np.float32)


def _follow(grey: Pixels, output: Pixels, details: Floats) -> tuple[Floats, Pixels]:
    """Return where each detail is in the output, and 1 for those that were found."""
    enough = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 12, 0.03)
    there, seen, _ = cv2.calcOpticalFlowPyrLK(
        grey, output, details, np.zeros_like(details), winSize=(_PATCH, _PATCH), maxLevel=2, criteria=enough
    )
    return np.asarray(there, np.float32), np.asarray(seen, np.uint8)


def _patches(grey: Pixels, centres: Floats) -> Floats:
    """Return the pixels around each centre, (n, patch * patch), of mean 0 and length 1."""
    side = np.arange(_PATCH, dtype=np.float32) - _PATCH // 2
    across = np.tile(centres[:, 0, None, None] + side, (1, _PATCH, 1)).reshape(-1, _PATCH)
    down = np.repeat(centres[:, 1, None] + side, _PATCH).reshape(-1, _PATCH)
    if not len(centres):
        return np.zeros((0, _PATCH * _PATCH), np.float32)
    pixels = cv2.remap(grey, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    found = pixels.reshape(len(centres), -1).astype(np.float32)
    found -= found.mean(axis=1, keepdims=True)
    return np.asarray(found / (np.linalg.norm(found, axis=1, keepdims=True) + 1e-3), np.float32)


def _common(here: Floats, steps: Floats) -> Floats:
    """Return the steps of the one affine map that most of the details follow."""
    places = np.column_stack([here, np.ones(len(here))]).astype(np.float64)
    counts = np.ones((len(here), 1))
    common = np.zeros_like(steps)
    for _ in range(_ROUNDS):
        affine = np.linalg.lstsq(places * counts, steps * counts, rcond=None)[0]
        common = np.asarray(places @ affine, np.float32)
        counts = 1 / (1 + ((steps - common) ** 2).sum(axis=1, keepdims=True))
    return common
