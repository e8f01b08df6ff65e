"""The pixels of both pictures beside each other, once the output is put back in its place."""

from dataclasses import dataclass

import cv2
import numpy as np

from staging.quality.drift import Drift
from staging.quality.evidence import colour_distance
from staging.quality.pair import STRONG_EDGE, Floats, Gradient, Mask, Pair, Pixels, box_mean, lab

_GAINS = np.array([10, 4, 5], np.float32)
SAME_COLOUR, EDGES_NEARBY = 7.0, 0.05
"""Units of L*a*b* and the share of new edges around a pixel, below both of which nothing changed there."""


@dataclass(frozen=True)
class Surfaces:
    """Maps of the working size."""

    pair: Pair
    before: Floats
    """L*, a*, b* of the original."""
    after: Floats
    """Of the output, put where the original is."""
    output: Pixels
    """The output's pixels, put where the original is."""
    gain: Floats
    """The change of L*, a*, b* of the walls as a whole, within what light does."""
    distance: Floats
    """Colour difference once the gain is taken off."""
    smooth: Mask
    """Away from edges in both: wall, ceiling, floor."""
    wall: Mask
    """The smooth part of the upper picture."""
    same: Mask
    """Where nothing changed."""
    edited: Mask

    @property
    def change(self) -> Floats:
        """L*, a*, b* of the output less the original's."""
        return np.asarray(self.after - self.before, np.float32)


def compare(pair: Pair, drift: Drift) -> Surfaces:
    """Return both pictures' surfaces."""
    output = pair.output
    if drift.affine is not None:
        back = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = pair.width, pair.height
        put_back = cv2.warpAffine(output, drift.affine, size, flags=back, borderMode=cv2.BORDER_REPLICATE)
        output = np.asarray(put_back, np.uint8)
    before, after = pair.lab, pair.output_lab if drift.affine is None else lab(output)
    change = after - before
    smooth = np.asarray(_calm(pair.gradient) & _calm(pair.output_gradient))
    rows = np.broadcast_to(np.arange(pair.height)[:, None] / pair.height, smooth.shape)
    wall = smooth & (rows < 0.6)
    if wall.mean() <= 0.02:
        wall = rows < 0.6
    gain = np.clip(np.median(change[wall], 0), -_GAINS, _GAINS).astype(np.float32)
    distance = colour_distance(np.asarray(change - gain, np.float32))
    changed = ((distance > 9) | (pair.new_edge_density > 0.08)).astype(np.uint8)
    opened = cv2.morphologyEx(changed, cv2.MORPH_OPEN, np.ones((5, 5)))
    edited = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((9, 9)))
    same = (distance < SAME_COLOUR) & (pair.new_edge_density < EDGES_NEARBY)
    return Surfaces(
        pair,
        before,
        after,
        output,
        gain,
        distance,
        smooth,
        np.asarray(wall),
        same,
        np.asarray(edited > 0),
    )


def _calm(gradient: Gradient) -> Mask:
    return np.asarray(box_mean((gradient.strength > STRONG_EDGE).astype(np.float32), 9) < 0.02)
