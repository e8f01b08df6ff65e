"""The two pictures at their common working size, and what every family asks of them."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

WORK_SIDE = 768
"""The long side in pixels at which both are looked at: a pair costs the same at any input size."""
LEAST_SIDE = 16
STRONG_EDGE, FAINT_EDGE, ANY_EDGE = 2.0, 1.1, 0.7
"""Gradients in grey levels a pixel."""
_CLEAN_CROP = 1024
"""Side of the middle part of the output that is looked at in its own pixels."""


@dataclass(frozen=True, eq=False)
class Gradient:
    """How grey changes from pixel to pixel, after a blur of sigma 1."""

    across: Floats
    down: Floats
    strength: Floats


@dataclass(frozen=True)
class Pair:
    """An original and an output, resized to one size; compared by identity."""

    original: Pixels
    output: Pixels
    original_size: tuple[int, int]
    """Width and height as given."""
    output_size: tuple[int, int]
    middle: Pixels
    """The middle of the output in its own pixels, grey: what resizing would hide."""

    @property
    def width(self) -> int:
        """Of the working size."""
        return int(self.original.shape[1])

    @property
    def height(self) -> int:
        """Of the working size."""
        return int(self.original.shape[0])

    @property
    def diagonal(self) -> float:
        """Of the working size, in pixels."""
        return float(np.hypot(self.width, self.height))

    @cached_property
    def grey(self) -> Pixels:
        """The original in grey."""
        return np.asarray(cv2.cvtColor(self.original, cv2.COLOR_RGB2GRAY), np.uint8)

    @cached_property
    def output_grey(self) -> Pixels:
        """The output in grey."""
        return np.asarray(cv2.cvtColor(self.output, cv2.COLOR_RGB2GRAY), np.uint8)

    @cached_property
    def gradient(self) -> Gradient:
        """The original's."""
        return gradient_of(self.grey)

    @cached_property
    def output_gradient(self) -> Gradient:
        """The output's."""
        return gradient_of(self.output_grey)

    @cached_property
    def lab(self) -> Floats:
        """The original's L*, a*, b*, without what is finer than two pixels."""
        return lab(self.original)

    @cached_property
    def output_lab(self) -> Floats:
        """The output's."""
        return lab(self.output)

    @cached_property
    def segments(self) -> tuple[Floats, Floats]:
        """All straight segments of the original, and those of it with its local contrast raised: (n, 4) each."""
        smooth = np.asarray(cv2.GaussianBlur(self.grey, (0, 0), 1.0), np.uint8)
        return detect_segments(self.grey), detect_segments(equalized(smooth))

    @cached_property
    def new_edges(self) -> Floats:
        """1 where the output has a strong edge and the original none nearby."""
        there = cv2.dilate((self.gradient.strength > STRONG_EDGE).astype(np.float32), np.ones((7, 7)))
        return np.asarray((self.output_gradient.strength > STRONG_EDGE) * (1 - there), np.float32)

    @cached_property
    def new_edge_density(self) -> Floats:
        """The share of new edges around each pixel."""
        return box_mean(self.new_edges, 41)

    @cached_property
    def new_faint_density(self) -> Floats:
        """The share of faint edges that are new, around each pixel."""
        there = cv2.dilate((self.gradient.strength > ANY_EDGE).astype(np.float32), np.ones((7, 7)))
        return box_mean(np.asarray((self.output_gradient.strength > FAINT_EDGE) * (1 - there), np.float32), 51)


def make_pair(original: Pixels, output: Pixels) -> Pair:
    """Return both at the working size; ValueError for arrays that are no pictures."""
    for name, picture in (("original", original), ("output", output)):
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise ValueError(f"The {name} must be (rows, columns, RGB) of uint8.")
        if min(picture.shape[:2]) < LEAST_SIDE:
            raise ValueError(f"The {name} must be at least {LEAST_SIDE} pixels wide and high.")
    height, width = original.shape[:2]
    scale = WORK_SIDE / max(width, height)
    size = max(LEAST_SIDE, round(width * scale)), max(LEAST_SIDE, round(height * scale))
    top, left = (max(0, (side - _CLEAN_CROP) // 2) // 8 * 8 for side in output.shape[:2])
    middle = cv2.cvtColor(output[top : top + _CLEAN_CROP, left : left + _CLEAN_CROP], cv2.COLOR_RGB2GRAY)
    return Pair(
        original=resize(original, size),
        output=resize(output, size),
        original_size=(width, height),
        output_size=(output.shape[1], output.shape[0]),
        middle=np.asarray(middle, np.uint8),
    )


def resize(picture: Pixels, size: tuple[int, int]) -> Pixels:
    """Return the picture at this width and height: averaged when made smaller."""
    way = cv2.INTER_AREA if picture.shape[1] > size[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(np.ascontiguousarray(picture), size, interpolation=way), np.uint8)


def gradient_of(grey: Pixels) -> Gradient:
    """Return the gradient in grey levels a pixel."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.0).astype(np.float32)
    across = np.asarray(cv2.Scharr(smooth, cv2.CV_32F, 1, 0) / 32, np.float32)
    down = np.asarray(cv2.Scharr(smooth, cv2.CV_32F, 0, 1) / 32, np.float32)
    return Gradient(across, down, np.asarray(cv2.magnitude(across, down), np.float32))


def equalized(grey: Pixels) -> Pixels:
    """Return the picture with its local contrast raised: faint corners become lines."""
    return np.asarray(cv2.createCLAHE(2.0, (8, 8)).apply(grey), np.uint8)


def detect_segments(grey: Pixels) -> Floats:
    """Return all straight segments, (n, 4): x0, y0, x1, y1."""
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(grey)[0]
    return np.zeros((0, 4), np.float32) if found is None else np.asarray(found, np.float32).reshape(-1, 4)


def box_mean(values: Floats, side: int) -> Floats:
    """Return the mean of the square of this side around each pixel."""
    return np.asarray(cv2.boxFilter(values, -1, (side, side)), np.float32)


def lab(picture: Pixels, sigma: float = 2.0) -> Floats:
    """Return CIE L*a*b* of the picture after a blur: L* 0 to 100."""
    smooth = cv2.GaussianBlur(picture, (0, 0), sigma)
    return np.asarray(cv2.cvtColor(smooth.astype(np.float32) / 255, cv2.COLOR_RGB2Lab), np.float32)


def ramp(value: float, bad: float, good: float) -> float:
    """Return 0 at `bad` and beyond, 1 at `good` and beyond, linear between."""
    return float(np.clip((value - bad) / (good - bad), 0, 1))
