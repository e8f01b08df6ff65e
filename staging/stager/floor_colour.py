"""How much a box's floor looks like one: the photo's colours inside it and across its sides."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from staging.stager.boxes import NEARER_SHARE, Box, seen_at
from staging.stager.camera import Camera, Floats, Pixels

CONTRAST_PIXELS = 6.0
FULL_CONTRAST = 12.0
"""A difference in Lab that anybody sees."""
COLOUR_PIXELS = 160
"""The width at which the floor's colour is judged."""


class FloorColour:
    """How floor-like each pixel is: by its distance to the colours of the lowest rows."""

    def __init__(self, photo: Pixels, camera: Camera) -> None:
        self._camera = camera
        self._scale = COLOUR_PIXELS / photo.shape[1]
        small = cv2.resize(
            cv2.GaussianBlur(photo, (0, 0), 2), None, fx=self._scale, fy=self._scale, interpolation=cv2.INTER_AREA
        )
        lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
        height, width = lab.shape[:2]
        near = lab[int(0.86 * height) :, int(0.2 * width) : int(0.8 * width)].reshape(-1, 3)
        cv2.setRNGSeed(0)  # the same photo must always give the same room
        stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
        centres = cv2.kmeans(near, 3, np.zeros((len(near), 1), np.int32), stop, 2, cv2.KMEANS_PP_CENTERS)[2]
        weights = np.array([0.45, 1.4, 1.4], dtype=np.float32)  # light falls unevenly on a floor; its hue stays
        distances = np.linalg.norm((lab[:, :, None] - centres[None, None]) * weights, axis=3).min(axis=2)
        self._likeness: NDArray[np.float64] = np.clip(1.2 - distances / 9, -1, 1).astype(np.float64)
        self._likeness[np.arange(height) / self._scale < camera.horizon + 4] = -1
        self._floorlike = np.maximum(self._likeness, 0)
        self._all_floorlike = float(self._floorlike.sum())
        self._count = max(1, int((self._likeness > 0).sum()))
        self._fine = cv2.cvtColor(cv2.GaussianBlur(photo, (0, 0), 1.5).astype(np.float32) / 255, cv2.COLOR_RGB2Lab)

    def contrasts(self, boxes: Sequence[Box]) -> Floats:
        """Return, for each box, at most 1: how much the colour changes across the three sides of its floor.

        A seam between planks is an edge too, but both its sides are floor.
        """
        steps = np.linspace(0.05, 0.95, 24)
        left, right, depth = (np.array([getattr(box, side) for box in boxes]) for side in ("left", "right", "depth"))
        near = np.maximum(0.9, depth * NEARER_SHARE)
        found = []
        for (u0, v0), (u1, v1), outwards in (
            ((left, depth), (left, near), (-1, 0)),
            ((right, depth), (right, near), (1, 0)),
            ((left, depth), (right, depth), (0, 1)),
        ):
            u, v = u0[:, None] + (u1 - u0)[:, None] * steps, v0[:, None] + (v1 - v0)[:, None] * steps
            here = seen_at(self._camera, u, v)
            way = seen_at(self._camera, u + outwards[0] * 0.1, v + outwards[1] * 0.1) - here
            way *= CONTRAST_PIXELS / np.maximum(np.linalg.norm(way, axis=-1, keepdims=True), 1e-6)
            inner, outer = self._colours(here - way), self._colours(here + way)
            change = np.clip(np.linalg.norm(inner - outer, axis=-1) / FULL_CONTRAST, 0, 1)
            seen = np.isfinite(change)
            counts = seen.sum(axis=1)
            mean = np.where(seen, change, 0.0).sum(axis=1) / np.maximum(counts, 1)
            found.append(np.where(counts >= 4, mean, 0.5))
        return np.asarray(np.mean(found, axis=0))

    def _colours(self, pixels: Floats) -> Floats:
        """Return the Lab colours at pixels (…, 2); nan outside the photo."""
        height, width = self._fine.shape[:2]
        columns, rows = np.round(pixels[..., 0]), np.round(pixels[..., 1])
        inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        colours = np.full((*inside.shape, 3), np.nan)
        colours[inside] = self._fine[rows[inside].astype(int), columns[inside].astype(int)]
        return colours

    def fit(self, box: Box) -> float:
        """Return at most 1: how well the floor-like pixels and the box's floor are the same."""
        for near in (1.0, 2.0):
            outline = np.array(
                [(box.left, near), (box.left, box.depth), (box.right, box.depth), (box.right, near)], dtype=np.float64
            )
            pixels, depth = self._camera.project(np.column_stack([outline, np.zeros(4)]))
            if depth.min() > 0.1:
                break
        else:
            return -1.0
        mask = np.zeros(self._likeness.shape, np.uint8)
        cv2.fillConvexPoly(mask, np.clip(np.round(pixels * self._scale), -30000, 30000).astype(np.int32), 1)
        # Not as a product of vectors: BLAS would hand these few numbers to threads that wait for a core each.
        within = mask.astype(np.float64)
        inside = float(np.einsum("ij,ij->", self._likeness, within))
        missed = self._all_floorlike - float(np.einsum("ij,ij->", self._floorlike, within))
        return (inside - 0.3 * missed) / self._count
