"""What became of every sample of the original's structure: kept, hidden behind furniture, or erased."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from staging.quality.drift import Drift, find_drift
from staging.quality.lines import LEAST_STRENGTH, Samples, Search, lengths_of, sample, search, structure_segments
from staging.quality.pair import Floats, Mask, Pair

_CROWDED = 12.0
"""Samples in the square of 61 pixels around one, above which they share one vote: a floor of a hundred planks
must not outvote the one line of the ceiling."""
_BOTH_SURFACES = 7
"""Pixels to both sides of a line where its two surfaces are looked at."""
_GAINS = np.array([10, 4, 5], np.float32)
"""The most that a change of the whole picture's L*, a*, b* is taken for light rather than paint."""
_LOWER_PART = 0.55, 0.72
"""Of the picture's height: from the first on lines count less, as furniture of the floor's colour erases them; below
the second they are texture of the floor."""
LIGHT_WEIGHTS = np.array([0.6, 1, 1], np.float32)
"""Of L*, a*, b* in a difference: light changes more easily than paint."""


@dataclass(frozen=True)
class Evidence:
    """The samples and their fates; masks and weights are one a sample."""

    pair: Pair
    segments: Floats
    samples: Samples
    found: Search
    """In the output, around where they were in the original."""
    drift: Drift
    tight: int
    """Pixels within which a sample counts as kept."""
    reach: int
    """Pixels within which it was looked for."""
    kept: Mask
    hidden: Mask
    weights: Floats
    furniture: Mask
    """Pixels of the picture where furniture stands."""

    @cached_property
    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of the samples' pixels."""
        return places_of(self.samples, self.pair)

    @property
    def visible(self) -> Mask:
        """Samples that nothing hides."""
        return ~self.hidden

    @property
    def erased(self) -> Mask:
        """Samples that should be seen and are not."""
        return ~self.hidden & ~self.kept

    def share_kept(self, chosen: Mask | None = None) -> float:
        """Return the weighted share of the visible samples that were kept; 1 when none is visible."""
        of = np.ones(len(self.samples), bool) if chosen is None else chosen
        seen = float((self.weights * (of & self.visible)).sum())
        return float((self.weights * (of & self.kept)).sum()) / seen if seen > 0 else 1.0


def places_of(samples: Samples, pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns of the samples' pixels."""
    pixels = np.clip(np.round(samples.points).astype(int), 0, [pair.width - 1, pair.height - 1])
    return pixels[:, 1], pixels[:, 0]


def gather(pair: Pair) -> Evidence:
    """Find the original's structure and look for it in the output."""
    segments = structure_segments(pair)
    samples = sample(segments)
    own = search(pair.gradient, samples, 2, np.full(len(samples), 0.5, np.float32)).strengths
    clear = own > LEAST_STRENGTH
    samples, own = samples.where(clear), own[clear]
    least = np.clip(0.25 * own, 0.35, 4.0).astype(np.float32)
    tight, reach = max(2, round(0.004 * pair.diagonal)), round(0.03 * pair.diagonal)
    found = search(pair.output_gradient, samples, reach, least)
    kept = found.within(tight)
    drift = find_drift(pair, samples, least, tight, reach)
    if drift.affine is not None:  # what moved with the whole picture was not erased
        kept |= search(pair.output_gradient, samples.moved(drift.affine), reach, least).within(tight + 1)
    gain = overall_gain(pair)
    furniture, inside = find_furniture(pair, gain)
    rows, columns = places_of(samples, pair)
    crowd = np.maximum(pair.new_edge_density, pair.new_faint_density)[rows, columns]
    foreign = foreign_colour(pair, samples, gain)
    # Where a door gave way to bricks there are new edges too, but in the mean the colour of one of the old surfaces.
    busy = (crowd > 0.05) & (foreign_colour(pair, samples, gain, coarse=True) > 3)
    hidden = ~kept & (busy | (foreign > 8) | inside[rows, columns])
    return Evidence(
        pair, segments, samples, found, drift, tight, reach, kept, hidden, weights_of(samples, pair), furniture
    )


def weights_of(samples: Samples, pair: Pair) -> Floats:
    """Return how much each sample counts: less in a crowd, less on the floor, where lines are texture."""
    rows, columns = places_of(samples, pair)
    many = np.zeros((pair.height, pair.width), np.float32)
    np.add.at(many, (rows, columns), 1)
    near = cv2.boxFilter(many, -1, (61, 61), normalize=False)[rows, columns]
    crowded = _CROWDED / np.maximum(near, _CROWDED)
    return np.asarray(crowded * lower_weight(samples, pair), np.float32)


def lower_weight(samples: Samples, pair: Pair) -> Floats:
    """Return 1 for samples in the upper part, less below."""
    return np.asarray(np.interp(samples.points[:, 1] / pair.height, _LOWER_PART, (1.0, 0.3)), np.float32)


def overall_gain(pair: Pair) -> Floats:
    """Return the change of L*, a*, b* of the upper half as a whole, within what light does."""
    change = (pair.output_lab - pair.lab)[: pair.height // 2].reshape(-1, 3)
    return np.asarray(np.clip(np.median(change, 0), -_GAINS, _GAINS), np.float32)


def foreign_colour(pair: Pair, samples: Samples, gain: Floats, *, coarse: bool = False) -> Floats:
    """Return how far the output's colours beside each sample are from both of its old surfaces.

    Where a line was erased one of the two surfaces has spread over it; where furniture stands neither is seen.
    """
    if not len(samples):
        return np.zeros(0, np.float32)
    before, after = pair.lab, pair.output_lab
    if coarse:
        before, after = (np.asarray(cv2.blur(one, (11, 11)), np.float32) for one in (before, after))
    after = after - gain
    limits = np.array([pair.width - 1, pair.height - 1])
    old, new = [], []
    for step in (-_BOTH_SURFACES, _BOTH_SURFACES):
        places = np.clip(samples.points + samples.normals * step, 0, limits).astype(np.float32)
        x, y = np.ascontiguousarray(places[:, 0:1]), np.ascontiguousarray(places[:, 1:2])
        old.append(cv2.remap(before, x, y, cv2.INTER_LINEAR)[:, 0])
        new.append(cv2.remap(after, x, y, cv2.INTER_LINEAR)[:, 0])
    far = [np.linalg.norm((there - here) * LIGHT_WEIGHTS, axis=1) for here in old for there in new]
    return np.asarray(np.min(far, axis=0), np.float32)


def colour_distance(change: Floats) -> Floats:
    """Return the size of each difference of L*, a*, b*, light counting less."""
    light, a, b = (change[..., channel] * LIGHT_WEIGHTS[channel] for channel in range(3))
    return np.asarray(np.sqrt(light * light + a * a + b * b), np.float32)


def find_furniture(pair: Pair, gain: Floats) -> tuple[Mask, Mask]:
    """Return where furniture stands, and its inside: changed parts that reach down into the lower picture.

    The inside hides structure; the rim does not, or every erased line beside a sofa would be excused.
    """
    changed = (colour_distance(pair.output_lab - pair.lab - gain) > 6.5) | (pair.new_faint_density > 0.06)
    opened = cv2.morphologyEx(changed.astype(np.uint8), cv2.MORPH_OPEN, np.ones((7, 7)))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(opened)
    stands = np.zeros(count, bool)
    large = boxes[1:, cv2.CC_STAT_AREA] > 0.008 * pair.width * pair.height
    stands[1:] = large & (boxes[1:, cv2.CC_STAT_TOP] + boxes[1:, cv2.CC_STAT_HEIGHT] > 0.62 * pair.height)
    there = stands[labels]
    filled = cv2.morphologyEx(there.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((21, 21)))
    return np.asarray(there), np.asarray(cv2.erode(filled, np.ones((15, 15))) > 0)


def window_means(evidence: Evidence, width: float, height: float) -> tuple[Floats, Floats]:
    """Return the visible and the kept samples in a window of this share of the picture around each pixel.

    Counted each, but less in the lower part, as in `weights_of`.
    """
    pair = evidence.pair
    maps = []
    for chosen in (evidence.visible, evidence.kept):
        counts = np.zeros((pair.height, pair.width), np.float32)
        np.add.at(counts, evidence.places, chosen * lower_weight(evidence.samples, pair))
        size = int(width * pair.width) | 1, int(height * pair.height) | 1
        maps.append(box_sum(counts, size))
    return maps[0], maps[1]


def box_sum(values: Floats, size: tuple[int, int]) -> Floats:
    """Return the sum of the window around each pixel; nothing lies outside."""
    return np.asarray(cv2.boxFilter(values, -1, size, normalize=False, borderType=cv2.BORDER_CONSTANT), np.float32)


def segment_lengths(evidence: Evidence) -> Floats:
    """Return the length of every segment in pixels."""
    return lengths_of(evidence.segments)
