"""Doors and windows kept and free: those that a person has outlined, or else those that the scorer finds itself."""

from dataclasses import dataclass

import cv2
import numpy as np

from staging.quality.evidence import Evidence
from staging.quality.frames import find_frames
from staging.quality.lines import Samples, sample, search
from staging.quality.pair import Floats, Mask, Pair, box_mean, ramp
from staging.quality.report import Opening
from staging.quality.surfaces import EDGES_NEARBY, SAME_COLOUR, Surfaces

_LEAST_PIXELS = 50
_REACH = 6
"""Working pixels by which an outline may miss the frame."""
_MARGIN, _LEAST_MARGIN, _MOST_MARGIN = 0.5, 9, 41
"""Side of the square around a pixel in which new edges count as a change of it: of the opening's narrower side, and
in pixels."""


@dataclass(frozen=True)
class OpeningFate:
    """What became of one opening; shares, 0 to 1, the upper part of a window counting more than the lower."""

    opening: Opening
    kept: float
    """Of its frame: what is hidden counts as lost."""
    same: float
    """Of its inside."""
    band: float
    """Unchanged share of the worst quarter of its height, the lowest third of a window aside."""
    like_wall: bool
    """Whether its inside now looks like what is beside it."""
    outlined: bool
    """By a person."""

    @property
    def left(self) -> float:
        """How much of the opening there still is to see."""
        return 0.5 * self.kept + 0.5 * self.same


def measure(evidence: Evidence, surfaces: Surfaces, outlined: tuple[Opening, ...]) -> tuple[OpeningFate, ...]:
    """Return what became of each opening that is large enough to tell."""
    pair = evidence.pair
    # Where all walls have another colour, or stand elsewhere, changed pixels tell nothing about an opening.
    comparable = evidence.drift.affine is None and surfaces.same[surfaces.wall].mean() > 0.5
    fates = []
    for opening in outlined or find_frames(pair):
        corners = (np.array(opening.corners) * [pair.width, pair.height]).astype(np.float32)
        mask = fill(corners, pair)
        if mask.sum() >= _LEAST_PIXELS:
            kept = _frame_kept(evidence, opening, corners)
            weights = _weights(opening, corners[:, 1].min(), corners[:, 1].max(), np.nonzero(mask)[0])
            same_here = _same(surfaces, corners)
            same = float(np.average(same_here[mask], weights=weights))
            band = _worst_band(opening, same_here, mask)
            if not comparable:
                same, band = kept, 1.0
            fates.append(OpeningFate(opening, kept, same, band, _is_like_wall(surfaces, mask), bool(outlined)))
    return tuple(fates)


def rate(fates: tuple[OpeningFate, ...]) -> float | None:
    """Return the part: that of the worst opening; None when there is none."""
    return min((rate_one(fate) for fate in fates), default=None)


def rate_one(fate: OpeningFate) -> float:
    """Return 0 for an opening that is gone or blocked, 1 for one that is kept and free."""
    seen = ramp(fate.left, 0.40, 0.74) * ramp(fate.kept, 0.25, 0.6)
    if fate.opening.kind == "door":
        return seen * ramp(fate.same, 0.35, 0.71)
    return seen * (0.3 + 0.7 * ramp(fate.band, 0.30, 0.65))


def fill(corners: Floats, pair: Pair) -> Mask:
    """Return the pixels inside the corners."""
    mask = np.zeros((pair.height, pair.width), np.uint8)
    cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1)
    return np.asarray(mask > 0)


def _weights(opening: Opening, top: float, bottom: float, rows: np.ndarray) -> Floats:
    """Return how much each row counts: low furniture stands before a window's lower part, and may."""
    down = np.clip((rows - top) / max(bottom - top, 1.0), 0, 1)
    return np.asarray(1 - 0.75 * down if opening.kind == "window" else 1 - 0.4 * down, np.float32)


def _frame_kept(evidence: Evidence, opening: Opening, corners: Floats) -> float:
    """Return the weighted share of the frame's edges that the output still has."""
    pair = evidence.pair
    sides = np.concatenate([corners, np.roll(corners, -1, 0)], 1)
    sides = sides[np.hypot(sides[:, 2] - sides[:, 0], sides[:, 3] - sides[:, 1]) > 4]
    samples = sample(np.asarray(sides, np.float32))
    points = samples.points
    inside = (points > 2).all(1) & (points < [pair.width - 3, pair.height - 3]).all(1)
    samples = samples.where(np.asarray(inside))
    own = search(pair.gradient, samples, _REACH, np.full(len(samples), 0.6, np.float32))
    clear = np.isfinite(own.offsets)
    if clear.sum() <= 5:
        return 1.0
    on_edge = Samples(
        samples.points[clear] + samples.normals[clear] * own.offsets[clear, None],
        samples.normals[clear],
        samples.segment[clear],
    )
    least = np.clip(0.25 * own.strengths[clear], 0.35, 4.0).astype(np.float32)
    found = search(pair.output_gradient, on_edge.moved(evidence.drift.affine), evidence.tight + 1, least)
    weights = _weights(opening, corners[:, 1].min(), corners[:, 1].max(), on_edge.points[:, 1])
    return float(np.average(np.isfinite(found.offsets), weights=weights))


def _same(surfaces: Surfaces, corners: Floats) -> Mask:
    """Return where nothing changed, as near to furniture's edges as the opening's size asks: what is beside a far,
    small door does not stand before it."""
    wide, high = corners.max(0) - corners.min(0)
    side = int(np.clip(_MARGIN * min(wide, high), _LEAST_MARGIN, _MOST_MARGIN)) | 1
    near = box_mean(surfaces.pair.new_edges, side) >= EDGES_NEARBY
    return np.asarray((surfaces.distance < SAME_COLOUR) & ~near)


def _worst_band(opening: Opening, same_here: Mask, mask: Mask) -> float:
    rows = np.unique(np.nonzero(mask)[0])
    tall = max(1, len(rows) // 4)
    if opening.kind == "window":
        rows = rows[: max(1, 2 * len(rows) // 3)]
    inside = mask[rows].sum(1).astype(np.float64)
    same = (same_here[rows] & mask[rows]).sum(1).astype(np.float64)
    window = np.ones(min(tall, len(rows)))
    return float((np.convolve(same, window, "valid") / np.maximum(np.convolve(inside, window, "valid"), 1)).min())


def _is_like_wall(surfaces: Surfaces, mask: Mask) -> bool:
    """True when the output's colours inside are in the mean those of a ring around the opening."""
    solid = mask.astype(np.uint8)
    ring = (cv2.dilate(solid, np.ones((41, 41))) > 0) & ~(cv2.dilate(solid, np.ones((21, 21))) > 0)
    core = cv2.erode(solid, np.ones((7, 7))) > 0
    if not ring.any() or not core.any():
        return False
    means = [np.median(surfaces.after[part], 0) for part in (core, ring)]
    return bool(np.linalg.norm(means[0] - means[1]) < 8)
