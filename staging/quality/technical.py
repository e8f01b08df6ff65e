"""Technically clean: sharpness, noise, compression, saturation, exposure, each against the original."""

from dataclasses import dataclass

import cv2
import numpy as np

from staging.quality.evidence import Evidence
from staging.quality.pair import Floats, Mask, Pixels, ramp
from staging.quality.surfaces import Surfaces


@dataclass(frozen=True)
class Technical:
    """Against the original unless said otherwise."""

    sharpness: float
    """Of structure that was kept: below 1 it is softer."""
    noise: float
    """Grey levels that the grain of smooth surfaces grew by."""
    blocks: float
    """Steps at every eighth column of the output, over those between: JPEG's blocks."""
    chroma_gain: float
    """Colourfulness of what did not change otherwise: above 1 it is more colourful."""
    chroma: float
    """Of the output alone: 5 % of it are more colourful (in a* b*)."""
    white: float
    """Share that became white without detail."""
    black: float
    """Share that became black without detail."""


def measure(evidence: Evidence, surfaces: Surfaces) -> Technical:
    """Return the output's technical state."""
    pair = evidence.pair
    smooth = surfaces.smooth
    grain = [_grain(grey, smooth) for grey in (pair.grey, pair.output_grey)]
    return Technical(
        sharpness=_sharpness(evidence),
        noise=grain[1] - grain[0],
        blocks=_blocks(pair.middle),
        chroma_gain=_chroma_gain(surfaces),
        chroma=float(np.percentile(np.hypot(surfaces.after[..., 1], surfaces.after[..., 2]), 95)),
        white=_share(pair.output, 250, 255) - _share(pair.original, 250, 255),
        black=_share(pair.output, 0, 5) - _share(pair.original, 0, 5),
    )


def rate(found: Technical) -> float:
    """Return the part, 0 to 1."""
    return (
        ramp(found.sharpness, 0.32, 0.60)
        * (1 - ramp(found.noise, 1.0, 4))
        * (1 - ramp(found.blocks, 1.9, 3.5))
        * (1 - ramp(found.chroma_gain, 1.3, 1.9))
        * (1 - ramp(found.chroma, 70, 100))
        * (1 - ramp(found.white, 0.06, 0.25))
        * (1 - ramp(found.black, 0.05, 0.2))
    )


def _share(picture: Pixels, low: int, high: int) -> float:
    """Return the share of pixels all of whose channels lie in the range."""
    inside = np.asarray(cv2.inRange(picture, (low,) * 3, (high,) * 3))
    return float(np.count_nonzero(inside)) / inside.size


def _laplacian(grey: Pixels) -> Floats:
    return np.asarray(np.abs(cv2.Laplacian(grey.astype(np.float32), cv2.CV_32F, ksize=3)), np.float32)


def _sharpness(evidence: Evidence) -> float:
    pair = evidence.pair
    if evidence.kept.sum() <= 20:
        before, after = (cv2.Laplacian(grey, cv2.CV_32F).std() for grey in (pair.grey, pair.output_grey))
        return float((after + 1) / (before + 1))
    rows, columns = (index[evidence.kept] for index in evidence.places)
    around = np.ones((5, 5))
    before, after = (cv2.dilate(_laplacian(grey), around)[rows, columns] for grey in (pair.grey, pair.output_grey))
    return float(np.median((after + 1) / (before + 1)))


def _grain(grey: Pixels, smooth: Mask) -> float:
    if smooth.sum() <= 500:
        return 0.0
    return float((grey.astype(np.float32) - cv2.medianBlur(grey, 3))[smooth].std())


def _blocks(grey: Pixels) -> float:
    steps = np.abs(np.diff(grey.astype(np.float32), axis=1)).mean(0)
    by_place = steps[: len(steps) // 8 * 8].reshape(-1, 8).mean(0)
    return float(by_place[7] / (np.delete(by_place, 7).mean() + 1e-3)) if len(steps) >= 64 else 1.0


def _chroma_gain(surfaces: Surfaces) -> float:
    before, after = surfaces.before, surfaces.after
    chroma = np.hypot(before[..., 1], before[..., 2])
    lit = np.abs(surfaces.change[..., 0] - surfaces.gain[0]) < 14
    chosen = (chroma > 10) & lit & (surfaces.pair.new_edge_density < 0.03)
    if chosen.mean() <= 0.008:
        return 1.0
    along = (before[..., 1] * after[..., 1] + before[..., 2] * after[..., 2]) / np.maximum(chroma * chroma, 1)
    return float(np.median(along[chosen]))
