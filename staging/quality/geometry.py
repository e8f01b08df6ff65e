"""Camera and shape kept: drift of the whole, warp of parts, aspect."""

import math
from dataclasses import dataclass

import numpy as np

from staging.quality.evidence import Evidence
from staging.quality.pair import ramp


@dataclass(frozen=True)
class Geometry:
    """Distances are over the diagonal."""

    drift: float
    """How far the corners moved, root mean square."""
    moved: float
    """Share of the visible structure that is found, but elsewhere."""
    warp: float
    """How far lines are off their place: 85 % of them by weight are off by less."""
    aspect: float
    """|log| of the change of width over height."""


def measure(evidence: Evidence) -> Geometry:
    """Return how the picture moved."""
    pair = evidence.pair
    (width, height), (new_width, new_height) = pair.original_size, pair.output_size
    aspect = abs(math.log((new_width / new_height) / (width / height)))
    away = evidence.visible & np.isfinite(evidence.found.offsets) & ~evidence.kept
    seen = float((evidence.weights * evidence.visible).sum())
    moved = float((evidence.weights * away).sum()) / seen if seen > 0 else 0.0
    return Geometry(evidence.drift.share, moved, _warp(evidence), aspect)


def rate(found: Geometry) -> float:
    """Return the part, 0 to 1."""
    return (
        (1 - ramp(found.drift, 0.004, 0.03))
        * (1 - ramp(found.moved, 0.10, 0.40))
        * (1 - ramp(found.aspect, 0.015, 0.10))
        * (1 - ramp(found.warp, 0.0013, 0.007))
    )


def _warp(evidence: Evidence) -> float:
    found = evidence.visible & np.isfinite(evidence.found.offsets)
    visible = np.bincount(evidence.samples.segment, evidence.visible, minlength=len(evidence.segments))
    lines = []
    for segment in np.unique(evidence.samples.segment[found]):
        its = found & (evidence.samples.segment == segment)
        if its.sum() >= 6 and its.sum() > 0.5 * visible[segment]:
            lines.append((abs(float(np.median(evidence.found.offsets[its]))), float(evidence.weights[its].sum())))
    if not lines:
        return 0.0
    lines.sort()
    total = np.cumsum([weight for _, weight in lines])
    return lines[int(np.searchsorted(total, 0.85 * total[-1]))][0] / evidence.pair.diagonal
