"""Which part of the photo is rendered, and how large."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from staging.stager.camera import Camera, Floats
from staging.stager.colour import Light32
from staging.stager.room import Room
from staging.stager.rules import HUNG, Placement

SHADOW_METRES = 0.9
"""Beyond it a shadow indoors is too soft to be seen."""
HUNG_SHADOW_METRES = 0.2
SHADOW_HEIGHT_SHARE = 0.8
MARGIN_PIXELS = 8


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of a picture, in its pixels."""

    left: int
    top: int
    width: int
    height: int

    def scaled(self, factor: float) -> "Crop":
        """Return the same part of the picture made that much larger; `factor` must be whole or the edges move."""
        return Crop(
            round(self.left * factor), round(self.top * factor), round(self.width * factor), round(self.height * factor)
        )


@dataclass(frozen=True, slots=True)
class Views:
    """Linear light of the crop, with and without the furniture, (rows, columns, RGB)."""

    furnished: Light32
    empty: Light32


class Guides(NamedTuple):
    """What every pixel of the crop shows, (rows, columns, 3) each."""

    albedo: Light32
    normal: Light32
    """Unit vectors."""


def fit_size(width: int, height: int, long_side: int) -> tuple[int, int]:
    """Return the size with this long side, or the photo's own when that is smaller."""
    factor = min(1.0, long_side / max(width, height))
    return max(1, round(width * factor)), max(1, round(height * factor))


def needed_part(room: Room, placements: Sequence[Placement], size: tuple[int, int]) -> Crop:
    """Return the part of a render of this size in which furniture or its shadows can be seen."""
    width, height = size
    camera = room.camera.scaled(width, height)
    corners = []
    for placement in placements:
        u0, v0, u1, v1 = placement.footprint
        reach = HUNG_SHADOW_METRES if placement.piece.role == HUNG else SHADOW_METRES
        low = max(room.left, u0 - reach), max(0.6, v0 - reach)
        high = min(room.right, u1 + reach), min(room.depth, v1 + reach)
        foot = max(0.0, placement.z - reach)
        tall = placement.z + placement.piece.height * SHADOW_HEIGHT_SHARE
        around = [(u, v, z) for u in (low[0], high[0]) for v in (low[1], high[1]) for z in (foot, tall)]
        corners.append(_seen(camera, np.vstack([np.array(around), placement.corners])))
    pixels = np.concatenate(corners)
    left, top = np.floor(pixels.min(axis=0)).astype(int) - MARGIN_PIXELS
    right, bottom = np.ceil(pixels.max(axis=0)).astype(int) + MARGIN_PIXELS
    left, top = max(0, int(left)), max(0, int(top))
    right, bottom = min(width, int(right)), min(height, int(bottom))
    return Crop(left, top, right - left, bottom - top)


def _seen(camera: Camera, points: Floats) -> Floats:
    """Return the pixels of points; those beside or behind the camera count as far below the picture."""
    pixels, depth = camera.project(points)
    below = np.array([camera.width / 2, camera.height * 2.0])
    return np.asarray(np.where((depth > 0.3)[:, None], pixels, below), dtype=np.float64)


def floor_mask(room: Room, size: tuple[int, int], crop: Crop, from_wall: float) -> Light32:
    """Return 1 where the crop shows floor at least so many metres from its walls, and 0 elsewhere."""
    camera = room.camera.scaled(*size)
    rows, columns = np.mgrid[crop.top : crop.top + crop.height, crop.left : crop.left + crop.width]
    below = rows > camera.horizon + 2
    pixels = np.stack([columns + 0.5, np.where(below, rows + 0.5, camera.horizon + 3)], axis=-1)
    floor = camera.on_floor(pixels)
    inside = (floor[..., 0] > room.left + from_wall) & (floor[..., 0] < room.right - from_wall)
    inside &= floor[..., 1] < room.depth - from_wall
    return np.asarray(below & inside, dtype=np.float32)


def back_wall_mask(room: Room, size: tuple[int, int], crop: Crop) -> Light32:
    """Return 1 where the crop shows the back wall, if nothing stands before it, and 0 elsewhere."""
    camera = room.camera.scaled(*size)
    margin = 0.1
    left, right, top = room.left + margin, room.right - margin, room.ceiling - margin
    outline = np.array([(u, room.depth, z) for u, z in ((left, margin), (right, margin), (right, top), (left, top))])
    pixels, _ = camera.project(outline)
    mask = np.zeros((crop.height, crop.width), np.uint8)
    cv2.fillConvexPoly(mask, np.clip(np.round(pixels - [crop.left, crop.top]), -9999, 9999).astype(np.int32), 1)
    return mask.astype(np.float32)


def fade_to_edges(shade: Light32, crop: Crop, size: tuple[int, int], pixels: int) -> Light32:
    """Return the shade faded out towards those sides of the crop that are not the picture's own sides."""
    distance = np.full(shade.shape, math.inf)
    rows, columns = np.arange(shade.shape[0])[:, None], np.arange(shade.shape[1])[None]
    if crop.left > 0:
        distance = np.minimum(distance, columns)
    if crop.top > 0:
        distance = np.minimum(distance, rows)
    if crop.left + crop.width < size[0]:
        distance = np.minimum(distance, shade.shape[1] - 1 - columns)
    if crop.top + crop.height < size[1]:
        distance = np.minimum(distance, shade.shape[0] - 1 - rows)
    share = np.clip(distance / pixels, 0, 1)
    return np.asarray(1 - (1 - shade) * share, dtype=np.float32)
