"""Which rectangles of a picture are worth a ray of their own: those that hold what is looked for, few and large.

Each one is a call of the renderer, which costs the same however small it is, and waits for its slowest thread.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from staging.stager.frame import Crop

PATCH = 32
"""Pixels a side: what the renderer gives to a thread at a time."""

Chosen = NDArray[np.bool_]
"""(rows, columns) of pixels or of patches."""


def by_patch(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of each patch's pixels; those at the right and lower sides may be smaller."""
    rows, columns = values.shape
    down, across = -(-rows // PATCH), -(-columns // PATCH)
    wide = cv2.copyMakeBorder(values, 0, down * PATCH - rows, 0, across * PATCH - columns, cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(wide, (across, down), interpolation=cv2.INTER_AREA), dtype=np.float32)


def holding(wanted: Chosen) -> Chosen:
    """Return, for each patch, whether it holds a wanted pixel."""
    rows, columns = wanted.shape
    down, across = -(-rows // PATCH), -(-columns // PATCH)
    wide = np.zeros((down * PATCH, across * PATCH), np.bool_)
    wide[:rows, :columns] = wanted
    return np.asarray(wide.reshape(down, PATCH, across, PATCH).any(axis=(1, 3)))


def rectangles(patches: Chosen, size: tuple[int, int]) -> list[Crop]:
    """Return the chosen patches of a picture of this size (width, height), joined to rectangles, none over another."""
    open_runs: dict[tuple[int, int], int] = {}
    found: list[Crop] = []
    height = len(patches)
    for row in range(height + 1):
        runs = _runs(patches[row]) if row < height else []
        for run in [run for run in open_runs if run not in runs]:
            found.append(_crop(run, open_runs.pop(run), row, size))
        for run in runs:
            open_runs.setdefault(run, row)
    return found


def _runs(row: Chosen) -> list[tuple[int, int]]:
    """Return where the runs of True begin and end."""
    steps = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in steps.reshape(-1, 2)]


def _crop(run: tuple[int, int], first: int, end: int, size: tuple[int, int]) -> Crop:
    left, top = run[0] * PATCH, first * PATCH
    return Crop(left, top, min(run[1] * PATCH, size[0]) - left, min(end * PATCH, size[1]) - top)
