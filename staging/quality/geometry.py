"""Camera and shape kept: drift of the whole, warp of parts, aspect."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from staging.quality import bend
from staging.quality.evidence import Evidence
from staging.quality.pair import ramp

Values = NDArray[np.float64]

_NUDGE = 1.5
"""Working pixels: so far the whole may be shifted without being bent; regeneration does."""
_BEND = 0.00068, 0.00156
"""0.65 and 1.5 of 768 by 576 pixels: parts of good stagings are off by up to 0.55, also of those with texture anew."""
_FURNITURE_BEGINS = 0.6
"""Of the picture's height: below it an edge of furniture beside a line of the room is easily taken for the line."""


@dataclass(frozen=True)
class Geometry:
    """Distances are over the diagonal."""

    drift: float
    """How far the corners moved, root mean square."""
    moved: float
    """Share of the visible structure that is found, but elsewhere."""
    warp: float
    """How far lines are off their place: 85 % of them by weight are off by less."""
    warp_mean: float
    """The weighted mean of how far lines are off their place."""
    bend: float
    """How far the parts of the picture are off their place; see `staging.quality.bend`."""
    aspect: float
    """|log| of the change of width over height."""


def measure(evidence: Evidence) -> Geometry:
    """Return how the picture moved."""
    pair = evidence.pair
    (width, height), (new_width, new_height) = pair.original_size, pair.output_size
    aspect = abs(math.log((new_width / new_height) / (width / height)))
    found = evidence.found
    away = evidence.visible & np.isfinite(found.offsets) & ~found.within(evidence.tight)
    seen = float((evidence.weights * evidence.visible).sum())
    moved = float((evidence.weights * away).sum()) / seen if seen > 0 else 0.0
    return Geometry(evidence.drift.share, moved, *_warp(evidence), bend.measure(pair), aspect)


def rate(found: Geometry) -> float:
    """Return the part, 0 to 1."""
    return (
        (1 - ramp(found.drift, 0.004, 0.03))
        * (1 - ramp(found.moved, 0.10, 0.40))
        * (1 - ramp(found.aspect, 0.015, 0.10))
        * (1 - bent(found))
    )


def bent(found: Geometry) -> float:
    """Return how badly the room is bent, 0 to 1, by its lines or by its details: what hides a bend from one
    leaves it to the other."""
    return max(ramp(found.warp_mean + found.warp / 2, 0.0013, 0.0040), ramp(found.bend, *_BEND))


def _warp(evidence: Evidence) -> tuple[float, float]:
    found = evidence.visible & np.isfinite(evidence.found.offsets)
    above = evidence.samples.points[:, 1] < _FURNITURE_BEGINS * evidence.pair.height
    if evidence.weights[found & above].sum() > 0.4 * evidence.weights[found].sum():
        found &= above
    visible = np.bincount(evidence.samples.segment, evidence.visible, minlength=len(evidence.segments))
    offsets, normals, weights = [], [], []
    for segment in np.unique(evidence.samples.segment[found]):
        its = found & (evidence.samples.segment == segment)
        if its.sum() >= 6 and its.sum() > 0.5 * visible[segment]:
            offsets.append(float(np.median(evidence.found.offsets[its])))
            normals.append(evidence.samples.normals[its].mean(0))
            weights.append(float(evidence.weights[its].sum()))
    if not offsets:
        return 0.0, 0.0
    off = np.abs(_without_shift(np.array(offsets), np.array(normals), np.array(weights)))
    order = np.argsort(off, kind="stable")
    total = np.cumsum(np.array(weights)[order])
    most = float(off[order][int(np.searchsorted(total, 0.85 * total[-1]))])
    mean = float(np.average(off, weights=weights))
    return most / evidence.pair.diagonal, mean / evidence.pair.diagonal


def _without_shift(offsets: Values, normals: Values, weights: Values) -> Values:
    """Return the lines' offsets less those of the one small shift of the whole picture that explains most of them."""
    shift = np.zeros(2)
    for _ in range(3):
        counts = weights * (np.abs(offsets - normals @ shift) < 2.5)
        system = (normals * counts[:, None]).T @ normals + np.eye(2)  # one line more that did not move
        shift = np.clip(np.linalg.solve(system, (normals * counts[:, None]).T @ offsets), -_NUDGE, _NUDGE)
    return np.asarray(offsets - normals @ shift)
