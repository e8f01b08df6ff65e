"""The furniture and its shadows laid over the photo; every other pixel stays the photo's own, bit for bit."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from staging.stager.camera import Floats, Pixels
from staging.stager.colour import Light32, to_linear, to_pixels
from staging.stager.finish import UNFINISHED, Finish
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
SHADOW_PIXELS = 180.0
"""At 1024 pixels: further from furniture no shadow is cast that anybody sees; the render's unrest on dim walls is."""
COVERED = 0.02
STRIP_ROWS = 256
"""The photo is worked on in strips, so that 40 megapixels fit into the memory."""
GRAIN_SEED = 5
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


def make_layers(
    views: Views,
    fine: Light32,
    cover: Light32,
    floor: Light32,
    exposure: float,
    scale: float,
    glass: Light32 | None = None,
) -> Layers:
    """Return the layers of a render.

    `views` are coarse, `fine` is the furnished one as fine as it gets; `cover` may be finer still.
    `floor` is 1 where the views show floor, `glass` where they show a window, on which no shadow is
    looked for; `scale` is the width of the whole view over 1024.
    """
    height, width = views.empty.shape[:2]
    coarse = np.asarray(cv2.resize(cover, (width, height), interpolation=cv2.INTER_AREA), dtype=np.float32)
    shade, gist = _shade(views, coarse, floor, scale, np.zeros_like(coarse) if glass is None else glass)
    rows, columns = fine.shape[:2]
    covered = np.asarray(cv2.resize(cover, (columns, rows), interpolation=cv2.INTER_AREA), dtype=np.float32)
    behind = _larger(views.empty * gist[..., None], (columns, rows))
    clean = np.maximum(fine - (1 - covered[..., None]) * behind, 0) / np.maximum(covered[..., None], 0.25)
    # At the rim the wall's own light is mixed in, never quite as reckoned: what lies a pixel inside tells the colour.
    inner = np.asarray(cv2.erode(covered, np.ones((3, 3), np.uint8)), dtype=np.float32)
    weight = np.asarray(np.clip((inner - 0.6) / 0.4, 0, 1) ** 2 + 1e-3 * covered**2, dtype=np.float32)
    spread = _blur((clean * weight[..., None]).astype(np.float32), 1.5) / (_blur(weight, 1.5) + 1e-7)[..., None]
    solid = np.clip((inner - 0.85) / 0.15, 0, 1)[..., None]
    light = (clean * solid + spread * (1 - solid)) * np.float32(exposure)
    rolled = np.where(
        light > HIGHLIGHT, HIGHLIGHT + (1 - HIGHLIGHT) * (1 - np.exp(-(light - HIGHLIGHT) / (1 - HIGHLIGHT))), light
    )
    return Layers(cover=cover, furniture=rolled.astype(np.float32), shade=shade)


def _larger(light: Light32, size: tuple[int, int]) -> Light32:
    return np.asarray(cv2.resize(light, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _shade(views: Views, cover: Light32, floor: Light32, scale: float, glass: Light32) -> tuple[Light32, Light32]:
    """Return the light left by the furniture's shadows, and the same without detail, also under the furniture."""
    before, after = views.empty.mean(axis=2), views.furnished.mean(axis=2)
    bare = ((cover < COVERED) & (glass < COVERED)).astype(np.float32)

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
    reach = np.clip((SHADOW_PIXELS * scale - away) / (0.5 * SHADOW_PIXELS * scale), 0, 1)
    ratio = 1 - (1 - ratio) * reach
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


def flat_place(left: float, top: float, right: float, bottom: float) -> Floats:
    """Return the place of layers that cover this part of the photo, in its pixels, not necessarily whole.

    A place is a (3, 3) matrix: it takes homogeneous photo coordinates (pixels count from their upper left corners)
    to shares of the layers' width and height.
    """
    across, down = 1 / (right - left), 1 / (bottom - top)
    return np.array([[across, 0, -left * across], [0, down, -top * down], [0, 0, 1]])


def lay_over(photo: Pixels, layers: Layers, place: Floats, finish: Finish = UNFINISHED) -> Pixels:
    """Return the photo with the layers over it, at their place (see `flat_place`)."""
    result = photo.copy()
    height, width = photo.shape[:2]
    corners = np.linalg.inv(place) @ np.array([[0, 1, 1, 0], [0, 0, 1, 1], [1, 1, 1, 1]], dtype=float)
    outline = corners[:2] / corners[2]
    (left, top), (right, bottom) = outline.min(axis=1), outline.max(axis=1)
    first_column, last_column = max(0, int(left)), min(width, int(np.ceil(right)))
    first_row, last_row = max(0, int(top)), min(height, int(np.ceil(bottom)))
    random = np.random.default_rng(GRAIN_SEED)
    for start in range(first_row, last_row, STRIP_ROWS):
        rows = slice(start, min(start + STRIP_ROWS, last_row))
        columns = slice(first_column, last_column)
        size = (columns.stop - columns.start, rows.stop - rows.start)
        if min(size) <= 0:
            continue
        cover, furniture, shade = (
            _resample(layer, place, (columns.start, rows.start), size, outside)
            for layer, outside in ((layers.cover, 0.0), (layers.furniture, 0.0), (layers.shade, 1.0))
        )
        touched = (cover > 1 / 512) | (shade < 1 - 1 / 512)
        if not touched.any():
            continue
        part = result[rows, columns]
        furniture = finish.grained(furniture, random)
        cover = cover[..., None]
        light = to_linear(part) * shade[..., None] * (1 - cover) + furniture * cover
        part[touched] = to_pixels(light)[touched]
    return result


def _resample(layer: Light32, place: Floats, start: tuple[int, int], size: tuple[int, int], outside: float) -> Light32:
    """Return the layer as it falls on a rectangle of the photo's pixels; `outside` where it does not reach."""
    rows, columns = layer.shape[:2]
    to_layer = (
        np.diag([columns, rows, 1.0]) @ place @ np.array([[1, 0, start[0] + 0.5], [0, 1, start[1] + 0.5], [0, 0, 1.0]])
    )
    back = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]]) @ to_layer
    # A pixel beyond its rim a layer is what it is at the rim: its pixels are areas.
    rim = cv2.copyMakeBorder(layer, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    onto = np.array([[1, 0, 1.0], [0, 1, 1], [0, 0, 1]]) @ back
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpPerspective(
        rim, onto, size, flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=(outside, outside, outside)
    )
    return np.asarray(warped, dtype=np.float32)
