"""How well a supposed line is borne out by the edges of the photo."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from staging.stager.camera import Floats, Pixels

SAMPLES = 60
"""Places along a line at which an edge is looked for."""
STEPS = (0.8, 2), (3.0, 1)
"""Grey levels a pixel, and what passing each counts: less is noise, little may be a soft shadow."""
FULL_COUNT = sum(count for _, count in STEPS)
ALONG_COSINE = 0.93
"""An edge counts when it runs within 21° of the line."""
DIRECTIONS = 24
"""Lines are told apart by direction in steps of 7.5°."""
SHORTEST_PIXELS = 12.0
FEWEST_SAMPLES = 8
MARGIN_PIXELS = 2


class EdgeMap:
    """The edges of one photo, to be asked about thousands of lines at once."""

    def __init__(self, photo: Pixels) -> None:
        grey = cv2.GaussianBlur(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), (0, 0), 1.2).astype(np.float32)
        self._across = cv2.Scharr(grey, cv2.CV_32F, 1, 0) / 32
        self._down = cv2.Scharr(grey, cv2.CV_32F, 0, 1) / 32
        self._height, self._width = grey.shape
        self._clear: list[NDArray[np.uint8]] = []
        self._by_reach: dict[int, NDArray[np.uint8]] = {}
        self._chances: dict[int, Floats] = {}

    def support(self, starts: Floats, ends: Floats, reach: int = 3) -> tuple[Floats, Floats]:
        """Return, for each line, the share of its visible part that lies on an edge, and the share visible.

        A faint edge counts in part. `reach` is how many pixels beside the line an edge may be.
        Both are 0 for a line that is too short or hardly in the picture.
        """
        starts, ends = np.broadcast_arrays(np.asarray(starts, dtype=np.float64), np.asarray(ends, dtype=np.float64))
        steps = ends - starts
        lengths = np.hypot(steps[:, 0], steps[:, 1])
        along = (np.arange(SAMPLES) + 0.5) / SAMPLES
        columns = starts[:, :1] + steps[:, :1] * along
        rows = starts[:, 1:] + steps[:, 1:] * along
        inside = (columns > MARGIN_PIXELS) & (columns < self._width - MARGIN_PIXELS - 1)
        inside &= (rows > MARGIN_PIXELS) & (rows < self._height - MARGIN_PIXELS - 1)
        directions = np.round(np.arctan2(steps[:, 1], steps[:, 0]) / math.pi * DIRECTIONS).astype(np.intp) % DIRECTIONS
        on_edge = self._edges(reach)[  # also fills in the chances
            directions[:, None],
            np.where(inside, rows + 0.5, 0).astype(np.intp),
            np.where(inside, columns + 0.5, 0).astype(np.intp),
        ]
        seen = inside.sum(axis=1)
        able = (lengths >= SHORTEST_PIXELS) & (seen >= FEWEST_SAMPLES)
        share = (on_edge * inside).sum(axis=1) / np.maximum(seen * FULL_COUNT, 1)
        chance = self._chances[reach][directions]  # foliage has edges along any line
        share = np.clip((share - chance) / (1 - chance), 0, 1)
        return np.where(able, share, 0.0), np.where(able, seen / SAMPLES, 0.0)

    def _edges(self, reach: int) -> NDArray[np.uint8]:
        """Return, by direction, how clear an edge of that direction (0 to FULL_COUNT) each pixel has within reach."""
        if reach not in self._by_reach:
            layers = np.empty((DIRECTIONS, self._height, self._width), np.uint8)
            for direction, edge in enumerate(self._clear_edges()):
                sideways = _sideways(direction)
                kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.uint8)
                tip = round(sideways[0] * reach), round(sideways[1] * reach)
                cv2.line(kernel, (reach - tip[0], reach - tip[1]), (reach + tip[0], reach + tip[1]), 1)
                layers[direction] = cv2.dilate(edge, kernel)
            self._by_reach[reach] = layers
            found = np.array([cv2.sumElems(layer)[0] for layer in layers])
            self._chances[reach] = found / (self._height * self._width) / FULL_COUNT
        return self._by_reach[reach]

    def _clear_edges(self) -> list[NDArray[np.uint8]]:
        """Return, by direction, how clear an edge of that direction each pixel is itself."""
        if not self._clear:
            along = ALONG_COSINE * np.hypot(self._across, self._down)
            limits = [(np.maximum(along, np.float32(step)), count) for step, count in STEPS]
            for direction in range(DIRECTIONS):
                sideways = _sideways(direction)
                crossing = np.abs(self._across * sideways[0] + self._down * sideways[1])
                edge = np.zeros(crossing.shape, np.uint8)
                for limit, count in limits:
                    edge += (crossing > limit).view(np.uint8) * np.uint8(count)
                self._clear.append(edge)
        return self._clear


def _sideways(direction: int) -> tuple[float, float]:
    """Return the unit step across lines of the direction."""
    angle = direction * math.pi / DIRECTIONS
    return -math.sin(angle), math.cos(angle)
