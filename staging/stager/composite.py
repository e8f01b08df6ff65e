"""The furniture and its shadows laid over the photo; every other pixel stays the photo's own, bit for bit."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from staging.stager.camera import Floats, Pixels
from staging.stager.colour import Light32, to_linear, to_pixels
from staging.stager.frame import Views

DARKEST_SHADOW = 0.12
FLOOR_SHADOW, WALL_SHADOW = 1.6, 0.6
"""The box is lit from its whole ceiling: shadows on the floor come out fainter than in rooms, those on walls darker."""
UNSEEN_SHADE = 0.02
"""A shadow fainter than this, away from the furniture, is the render's unrest and is left out."""
UNSHADED_QUANTILE = 0.8
"""Of the bare pixels, this share is taken to have some shadow."""
CONTACT_PIXELS = 60.0
"""At 1024 pixels: near furniture shadows keep their detail, further away only their gist."""
COVERED = 0.02
STRIP_ROWS = 256
"""The photo is worked on in strips, so that 40 megapixels fit into the memory."""
HIGHLIGHT = 0.7
"""Brighter furniture is rolled off towards white instead of being cut."""


@dataclass(frozen=True, slots=True)
class Layers:
    """What is laid over the photo. All three cover the same part of it, at whatever resolution they have."""

    cover: Light32
    """0 to 1: how much of the pixel is furniture."""
    furniture: Light32
    """Its linear light, (rows, columns, RGB)."""
    shade: Light32
    """The share of the photo's light that is left, at most 1."""


def make_layers(views: Views, cover: Light32, floor: Light32, exposure: float, scale: float) -> Layers:
    """Return the layers of a render.

    `cover` may be finer than the views; `floor` is 1 where they show floor; `scale` is the size of
    the whole render over 1024.
    """
    height, width = views.empty.shape[:2]
    coarse = np.asarray(cv2.resize(cover, (width, height), interpolation=cv2.INTER_AREA), dtype=np.float32)
    shade, gist = _shade(views, coarse, floor, scale)
    behind = views.empty * gist[..., None]
    clean = np.maximum(views.furnished - (1 - coarse[..., None]) * behind, 0) / np.maximum(coarse[..., None], 0.25)
    weight = coarse**2
    spread = _blur((clean * weight[..., None]).astype(np.float32), 1.5) / (_blur(weight, 1.5) + 1e-6)[..., None]
    solid = np.clip((coarse - 0.85) / 0.15, 0, 1)[..., None]  # at the rim a pixel is part wall: take its neighbours'
    light = (clean * solid + spread * (1 - solid)) * np.float32(exposure)
    rolled = np.where(
        light > HIGHLIGHT, HIGHLIGHT + (1 - HIGHLIGHT) * (1 - np.exp(-(light - HIGHLIGHT) / (1 - HIGHLIGHT))), light
    )
    return Layers(cover=cover, furniture=rolled.astype(np.float32), shade=shade)


def _shade(views: Views, cover: Light32, floor: Light32, scale: float) -> tuple[Light32, Light32]:
    """Return the light left by the furniture's shadows, and the same without detail, also under the furniture."""
    before, after = views.empty.mean(axis=2), views.furnished.mean(axis=2)
    bare = (cover < COVERED).astype(np.float32)

    def left(sigma: float) -> Light32:
        ratio = (_blur(after * bare, sigma) + 1e-4) / (_blur(before * bare, sigma) + 1e-4)
        return np.asarray(ratio, dtype=np.float32)

    sharp, gist = left(1.2 * scale), left(8 * scale)
    whole = float(np.quantile(gist[bare > 0], UNSHADED_QUANTILE)) if bare.any() else 1.0
    sharp, gist = (
        sharp / whole,
        gist / whole,
    )  # dark furniture dims the whole box a little; a camera would expose for it
    away = cv2.distanceTransform((cover < 0.05).astype(np.uint8), cv2.DIST_L2, 5)
    near = np.exp(-away / (CONTACT_PIXELS * scale)).astype(np.float32)
    ratio = gist * (1 - near) + sharp * near
    ratio = 1 - np.maximum(0, 1 - ratio - UNSEEN_SHADE * (1 - near))
    shade = np.clip(ratio, 0, 1) ** (WALL_SHADOW + (FLOOR_SHADOW - WALL_SHADOW) * _blur(floor, 1.5 * scale))
    return np.clip(shade, DARKEST_SHADOW, 1).astype(np.float32), np.clip(gist, DARKEST_SHADOW, 1)


def _blur(light: Light32, sigma: float) -> Light32:
    return np.asarray(cv2.GaussianBlur(light, (0, 0), sigma), dtype=np.float32)


def find_exposure(linear: Light32, empty: Light32, surfaces: Sequence[Light32]) -> float:
    """Return what to multiply the render by to match the photo.

    Each surface is a mask of what both show bare, the floor for one; all count the same, however
    much of the picture they take, for furniture has upper and front sides.
    """
    gains = []
    for surface in surfaces:
        seen = surface > 0.5
        if seen.any():
            photo, render = (float(np.median(light[seen].mean(axis=-1))) for light in (linear, empty))
            gains.append(max(photo, 1e-4) / max(render, 1e-4))
    return float(np.exp(np.mean(np.log(gains)))) if gains else 1.0


def lay_over(photo: Pixels, layers: Layers, place: tuple[float, float, float, float]) -> Pixels:
    """Return the photo with the layers over it.

    `place` is the part of the photo they cover: left, top, right and bottom, in its pixels, not
    necessarily whole.
    """
    result = photo.copy()
    left, top, right, bottom = place
    height, width = photo.shape[:2]
    first_column, last_column = max(0, int(left)), min(width, int(np.ceil(right)))
    first_row, last_row = max(0, int(top)), min(height, int(np.ceil(bottom)))
    for start in range(first_row, last_row, STRIP_ROWS):
        rows = slice(start, min(start + STRIP_ROWS, last_row))
        columns = slice(first_column, last_column)
        size = (columns.stop - columns.start, rows.stop - rows.start)
        cover, furniture, shade = (
            _resample(layer, place, (columns.start, rows.start), size)
            for layer in (layers.cover, layers.furniture, layers.shade)
        )
        touched = (cover > 1 / 512) | (shade < 1 - 1 / 512)
        if not touched.any():
            continue
        part = result[rows, columns]
        cover = cover[..., None]
        light = to_linear(part) * shade[..., None] * (1 - cover) + furniture * cover
        part[touched] = to_pixels(light)[touched]
    return result


def _resample(
    layer: Light32, place: tuple[float, float, float, float], start: tuple[int, int], size: tuple[int, int]
) -> Light32:
    """Return the layer as it falls on a rectangle of the photo's pixels."""
    left, top, right, bottom = place
    across = layer.shape[1] / (right - left)
    down = layer.shape[0] / (bottom - top)
    back: Floats = np.array(
        [
            [across, 0, (start[0] + 0.5 - left) * across - 0.5],
            [0, down, (start[1] + 0.5 - top) * down - 0.5],
        ]
    )
    return np.asarray(
        cv2.warpAffine(
            layer, back, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
        ),
        dtype=np.float32,
    )
