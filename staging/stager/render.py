"""What the furniture does to the light: path-traced, denoised, and no finer than it has to be.

Outlines and textures are seen at once where they are coarse; light on furniture and its shadows are
not. So the guides (what colour, which way it faces) are traced at full size, one ray a sample, and
the light at a fraction of it, with more samples where it stays unquiet. The empty room has no edge
that matters: it is traced at a quarter, and kept for the next staging of the same room.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import cv2
import mitsuba as mi
import numpy as np
import pyoidn

from staging.stager.camera import Camera, Floats
from staging.stager.colour import Light32
from staging.stager.frame import Crop
from staging.stager.presets import Preset
from staging.stager.scene import Look, Solid, sensor

BOUNCES = 3
SEED = 12
TILE = 48
"""Pixels a side in which more samples are taken, or not."""
QUIET = 0.05
"""The relative unrest of a tile that the denoiser removes without a trace."""
BASE_SHARE = 0.5
FINENESS = 4
"""The silhouette is drawn this many times finer, each way, and averaged."""
FIXED_BITS = 4
KEPT_EMPTY = 4

Progress = Callable[[float], None]


class Guides(NamedTuple):
    """What every pixel of the crop shows, (rows, columns, 3) each."""

    albedo: Light32
    normal: Light32
    """Unit vectors."""


def trace_guides(scenes: Callable[[Look], dict[str, Any]], samples: int) -> Guides:
    """Return the guides of the furnished room at the size of the scenes' sensor."""
    albedo = _trace(mi_scene(scenes(Look.ALBEDO)), 1, samples)
    normal = _trace(mi_scene(scenes(Look.NORMAL)), 1, samples) * 2 - 1
    length = np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), 1e-3)
    return Guides(np.clip(albedo, 0, 1), (normal / length).astype(np.float32))


def trace_light(scene: dict[str, Any], camera: Camera, crop: Crop, preset: Preset, progress: Progress) -> Light32:
    """Return the crop's light, not denoised. Tiles that are not quiet get more samples, up to the preset's most."""
    loaded = mi_scene(scene)
    half = max(1, round(preset.samples * BASE_SHARE))
    one = _trace(loaded, BOUNCES, half, SEED)
    progress(0.3)
    other = _trace(loaded, BOUNCES, half, SEED + 1)
    progress(0.6)
    light: Light32 = np.asarray((one + other) / 2, dtype=np.float32)
    taken = 2 * half
    unrest = np.abs(one - other).mean(axis=2) / (light.mean(axis=2) + 0.02)
    tiles = [(tile, extra) for tile in _tiles(crop) if (extra := _more(unrest, tile, crop, taken, preset)) > 0]
    for number, (tile, extra) in enumerate(tiles):
        part = np.s_[tile.top - crop.top :, tile.left - crop.left :]
        view = mi.load_dict(sensor(camera, (crop.left + crop.width, crop.top + crop.height), tile))
        more = _trace(loaded, BOUNCES, extra, SEED + 2 + number, view)
        known = light[part][: tile.height, : tile.width]
        known += (more - known) * np.float32(extra / (taken + extra))
        progress(0.6 + 0.4 * (number + 1) / len(tiles))
    progress(1.0)
    return light


def _tiles(crop: Crop) -> Iterator[Crop]:
    for top in range(crop.top, crop.top + crop.height, TILE):
        for left in range(crop.left, crop.left + crop.width, TILE):
            width, height = min(TILE, crop.left + crop.width - left), min(TILE, crop.top + crop.height - top)
            yield Crop(left, top, width, height)


def _more(unrest: Light32, tile: Crop, crop: Crop, taken: int, preset: Preset) -> int:
    """Return how many samples more the tile needs to be quiet: unrest falls with the root of their number."""
    rows = slice(tile.top - crop.top, tile.top - crop.top + tile.height)
    columns = slice(tile.left - crop.left, tile.left - crop.left + tile.width)
    wanted = taken * (float(unrest[rows, columns].mean()) / (QUIET * UNREST_OF_HALVES)) ** 2
    return int(min(wanted, preset.most_samples) - taken)


UNREST_OF_HALVES = 2.0
"""Halves of the samples differ from each other by this many times what their mean differs from the truth."""


def denoise(light: Light32, guides: Guides) -> Light32:
    """Return the light without its noise; the guides have its size."""
    clean = pyoidn.denoise(
        np.ascontiguousarray(light),
        albedo=np.ascontiguousarray(guides.albedo),
        normal=np.ascontiguousarray(guides.normal),
        hdr=True,
    )
    return np.asarray(clean, dtype=np.float32)


_EMPTY: OrderedDict[bytes, Light32] = OrderedDict()


def trace_empty(key: bytes, scenes: Callable[[Look], dict[str, Any]], samples: int) -> Light32:
    """Return the empty room's light, denoised; the same key again gives the same picture at once."""
    if key not in _EMPTY:
        guides = trace_guides(scenes, 2)
        _EMPTY[key] = denoise(_trace(mi_scene(scenes(Look.LIGHT)), BOUNCES, samples), guides)
        while len(_EMPTY) > KEPT_EMPTY:
            _EMPTY.popitem(last=False)
    _EMPTY.move_to_end(key)
    return _EMPTY[key]


def mi_scene(scene: dict[str, Any]) -> Any:
    """Return the scene as Mitsuba has it.

    Read in parallel, or with shapes merged, the lamps come in another order each time, and the noise with them.
    """
    return mi.load_dict(scene, parallel=False, optimize=False)


def _trace(loaded: Any, bounces: int, samples: int, seed: int = SEED, view: Any = None) -> Light32:
    """Return the scene's picture, (rows, columns, RGB)."""
    integrator = mi.load_dict({"type": "path", "max_depth": bounces, "hide_emitters": bounces > 1})
    seen = {} if view is None else {"sensor": view}
    picture = mi.render(loaded, integrator=integrator, spp=samples, seed=mi.UInt32(seed), **seen)
    return np.array(picture, dtype=np.float32)


def silhouette(solids: Sequence[Solid], camera: Camera, crop: Crop, finer: float) -> Light32:
    """Return how much of each pixel the furniture covers, 0 to 1, `finer` times as fine as the render.

    Nothing in the room stands before the furniture, so its outline is all its triangles together:
    drawing them is exact and much quicker than tracing rays. `camera` has the finer size.
    """
    size = max(1, round(crop.width * finer)), max(1, round(crop.height * finer))
    canvas = np.zeros((size[1] * FINENESS, size[0] * FINENESS), np.uint8)
    stretch = np.array(size) * FINENESS / [crop.width * finer, crop.height * finer]
    for solid in solids:
        pixels, _ = camera.project(solid.positions)
        places = (pixels - np.array([crop.left, crop.top]) * finer) * stretch - 0.5
        corners = np.round(np.clip(places, -30000, 30000) * (1 << FIXED_BITS)).astype(np.int32)[solid.part.faces]
        for triangle in corners:
            cv2.fillConvexPoly(canvas, triangle, 255, cv2.LINE_8, FIXED_BITS)
    covered = np.asarray(cv2.resize(canvas, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    return covered / np.float32(255)


def bring_back(coarse: Light32, coarse_guides: Guides, fine_guides: Guides) -> Light32:
    """Return coarse light at the size of the fine guides, sharp along their edges.

    What falls on a surface changes slowly along it; its colour does not. So the light is divided by
    the coarse colours, taken from those neighbours that face the same way and have the same colour,
    and multiplied by the fine ones.
    """
    rows, columns = fine_guides.albedo.shape[:2]
    falling = np.asarray(coarse / np.maximum(coarse_guides.albedo, 0.02), dtype=np.float32)
    down, across = (
        (np.arange(rows) + 0.5) * coarse.shape[0] / rows,
        (np.arange(columns) + 0.5) * coarse.shape[1] / columns,
    )
    total = np.zeros((rows, columns, 3), np.float32)
    weights = np.full((rows, columns, 1), 1e-6, np.float32)
    total += _nearest(falling, down, across) * np.float32(1e-6)
    for step_down in (-1.0, 0.0, 1.0):
        for step_across in (-1.0, 0.0, 1.0):
            y, x = _clamped(down + step_down, coarse.shape[0]), _clamped(across + step_across, coarse.shape[1])
            tent = np.clip(1.5 - np.abs(y + 0.5 - down), 0, 1)[:, None] * np.clip(1.5 - np.abs(x + 0.5 - across), 0, 1)
            at = np.ix_(y, x)
            facing = (coarse_guides.normal[at] * fine_guides.normal).sum(axis=2)
            unlike = np.abs(coarse_guides.albedo[at] - fine_guides.albedo).sum(axis=2)
            like = np.clip(facing, 0, 1) ** 16 * np.exp(-8 * unlike)
            weight = np.asarray(tent * like, dtype=np.float32)[..., None]
            total += falling[at] * weight
            weights += weight
    return np.asarray(total / weights * np.maximum(fine_guides.albedo, 0.02), dtype=np.float32)


def _clamped(places: Floats, count: int) -> Any:
    return np.clip(np.floor(places), 0, count - 1).astype(np.intp)


def _nearest(picture: Light32, down: Floats, across: Floats) -> Light32:
    return picture[np.ix_(_clamped(down, picture.shape[0]), _clamped(across, picture.shape[1]))]
