"""Straight lines of a picture, and the search for each of their points in another one.

A room's structure is its lines: where walls meet, frames, skirtings, cornices. LSD finds them; each
is sampled every few pixels, and each sample is looked for along its normal, to a part of a pixel.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from staging.quality.pair import Floats, Gradient, Mask, Pair

STEP = 4
"""Pixels between samples of a line."""
LEAST_STRENGTH = 0.6
"""Samples where the original's own gradient is weaker are no lines."""
_TRACED = 1600


def longer(segments: Floats, least_length: float) -> Floats:
    """Return those of at least this many pixels."""
    return np.asarray(segments[lengths_of(segments) >= least_length], np.float32)


def lengths_of(segments: Floats) -> Floats:
    """Return how long each is, in pixels."""
    return np.asarray(np.hypot(segments[:, 2] - segments[:, 0], segments[:, 3] - segments[:, 1]), np.float32)


def without_twins(segments: Floats) -> Floats:
    """Return the segments, the longest first, without those that mostly lie on a longer one."""
    order = np.argsort(-lengths_of(segments), kind="stable")
    taken = np.zeros((_TRACED, _TRACED), np.uint8)
    along = (np.arange(16) + 0.5) / 16
    kept = []
    for segment in segments[order]:
        x0, y0, x1, y1 = (float(value) for value in segment)
        x = np.clip(x0 + (x1 - x0) * along, 0, _TRACED - 1).astype(int)
        y = np.clip(y0 + (y1 - y0) * along, 0, _TRACED - 1).astype(int)
        angle = int(1 + (math.degrees(math.atan2(y1 - y0, x1 - x0)) % 180) / 12)
        if np.isin(taken[y, x], [angle, angle - 1 or 15, angle % 15 + 1]).mean() > 0.6:
            continue
        kept.append(segment)
        cv2.line(taken, (int(x0), int(y0)), (int(x1), int(y1)), angle, 5)
    return np.asarray(kept, np.float32).reshape(-1, 4)


@dataclass(frozen=True)
class Samples:
    """Points on segments: (n, 2) places, unit normals, and the index of each one's segment."""

    points: Floats
    normals: Floats
    segment: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.points)

    def where(self, chosen: Mask) -> "Samples":
        """Return those that are chosen."""
        return Samples(self.points[chosen], self.normals[chosen], self.segment[chosen])

    def moved(self, affine: Floats | None) -> "Samples":
        """Return them where the (2, 3) map puts them; as they are for None."""
        if affine is None:
            return self
        turn = affine[:, :2].astype(np.float64)
        tangents = np.stack([-self.normals[:, 1], self.normals[:, 0]], 1) @ turn.T
        tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
        normals = np.stack([tangents[:, 1], -tangents[:, 0]], 1)
        return Samples(
            (self.points @ turn.T + affine[:, 2]).astype(np.float32), normals.astype(np.float32), self.segment
        )


def sample(segments: Floats) -> Samples:
    """Return points along the segments, STEP apart, at least three on each."""
    points, normals, owners = [np.zeros((0, 2))], [np.zeros((0, 2))], [np.zeros(0, np.intp)]
    for index, (x0, y0, x1, y1) in enumerate(segments.astype(np.float64)):
        length = math.hypot(x1 - x0, y1 - y0)
        count = max(3, int(length / STEP))
        along = (np.arange(count) + 0.5) / count
        points.append(np.stack([x0 + (x1 - x0) * along, y0 + (y1 - y0) * along], 1))
        normals.append(np.tile([-(y1 - y0) / length, (x1 - x0) / length], (count, 1)))
        owners.append(np.full(count, index, np.intp))
    return Samples(
        np.concatenate(points).astype(np.float32), np.concatenate(normals).astype(np.float32), np.concatenate(owners)
    )


@dataclass(frozen=True)
class Search:
    """What was found along each sample's normal."""

    offsets: Floats
    """Signed pixels to the nearest edge of the same direction; inf where there is none."""
    strengths: Floats
    """The gradient there."""
    inside: Mask
    """Whether any of the searched pixels lies in the picture."""

    def within(self, pixels: float) -> Mask:
        """True for samples found at most so far away."""
        return np.asarray(np.abs(self.offsets) <= pixels)


def search(gradient: Gradient, samples: Samples, reach: int, least: Floats, parallel: float = 0.94) -> Search:
    """Look up to `reach` pixels to both sides for an edge at least as strong as `least` (one a sample)."""
    count = len(samples)
    if not count:
        return Search(np.zeros(0, np.float32), np.zeros(0, np.float32), np.zeros(0, bool))
    steps = np.arange(-reach, reach + 1, dtype=np.float32)
    points, normals = samples.points, samples.normals.astype(np.float32)
    x = (points[:, 0:1] + normals[:, 0:1] * steps).astype(np.float32)
    y = (points[:, 1:2] + normals[:, 1:2] * steps).astype(np.float32)
    across = cv2.remap(gradient.across, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    down = cv2.remap(gradient.down, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    height, width = gradient.strength.shape
    inside = (x >= 1) & (x < width - 1) & (y >= 1) & (y < height - 1)
    if count > 5:  # summed over five neighbours along the line: faint corners rise above the noise
        across, down = cv2.blur(across, (1, 5)), cv2.blur(down, (1, 5))
    strength = np.hypot(across, down)
    over = np.abs(across * normals[:, 0:1] + down * normals[:, 1:2])
    before, after = np.pad(over, ((0, 0), (1, 0)))[:, :-1], np.pad(over, ((0, 0), (0, 1)))[:, 1:]
    hit = (over >= before) & (over >= after) & (over > least[:, None]) & inside
    hit &= over / np.maximum(strength, 1e-3) > parallel
    cost = np.where(hit, np.abs(steps)[None], np.float32(1e9))
    best = cost.argmin(1)
    rows = np.arange(count)
    middle = over[rows, best]
    left, right = over[rows, np.maximum(best - 1, 0)], over[rows, np.minimum(best + 1, len(steps) - 1)]
    bend = left - 2 * middle + right
    curved = np.abs(bend) > 1e-4
    part = np.where(curved, np.clip(0.5 * (left - right) / np.where(curved, bend, 1), -0.5, 0.5), 0)
    offsets = np.where(cost[rows, best] < 1e8, steps[best] + part, np.inf)
    return Search(offsets.astype(np.float32), middle.astype(np.float32), np.asarray(inside.any(1)))


def structure_segments(pair: Pair) -> Floats:
    """Return the original's lines, faint corners too, each once."""
    plain, raised = pair.segments
    found = without_twins(np.concatenate([longer(plain, 0.035 * pair.diagonal), longer(raised, 0.05 * pair.diagonal)]))
    return found if len(sample(found)) >= 20 else longer(plain, 0.02 * pair.diagonal)
