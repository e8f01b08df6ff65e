"""What the furniture does to the light: path-traced, denoised, and no finer than it has to be.

Outlines and textures are seen at once where they are coarse; light on furniture and its shadows are
not. So the guides (what colour, which way it faces) are traced at full size, one ray a sample, where
furniture is seen, and the light at a fraction of it, with more samples where furniture is near and it
stays unquiet. The empty room has nothing small in it: its light is traced coarser still, brought back
along the edges of its box, and kept for the next staging of the same room.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import mitsuba as mi
import numpy as np
import pyoidn

from staging.stager.camera import Camera
from staging.stager.colour import Light32
from staging.stager.frame import Crop, Guides
from staging.stager.patches import Chosen, by_patch, holding, rectangles
from staging.stager.presets import Preset
from staging.stager.scene import Look, Solid

BOUNCES = 3
SEED = 12
QUIET = 0.11
"""The relative unrest of a patch, a pixel, that the denoiser removes without a trace."""
LEVEL = 8
"""Patches get more samples by multiples of this, so that those with as many can be traced as one."""
FINENESS = 4
"""The silhouette is drawn this many times finer, each way, and averaged."""
FIXED_BITS = 4
KEPT_EMPTY = 4

Progress = Callable[[float], None]
View = Callable[[Crop], dict[str, Any]]
"""Makes the sensor that sees a part of the picture."""


def trace_guides(
    bare: Guides, crop: Crop, wanted: Chosen, scenes: Callable[[Look, Crop], dict[str, Any]], view: View, samples: int
) -> Guides:
    """Return the empty room's guides with the furniture in them, traced where it is `wanted`: (rows, columns).

    `scenes` makes the furnished room in a look, seen by the `view` of a part.
    """
    parts = [_within(part, crop) for part in rectangles(holding(wanted), (crop.width, crop.height))]
    albedo, normal = bare.albedo.copy(), bare.normal.copy()
    if not parts:
        return bare
    for look, onto, spent in ((Look.ALBEDO, albedo, samples), (Look.NORMAL, normal, max(1, samples // 2))):
        loaded = mi_scene(scenes(look, parts[0]))
        for part in parts:
            seen = _trace(loaded, 1, spent, view=mi.load_dict(view(part)))
            onto[_window(part, crop)] = np.clip(seen, 0, 1) if look is Look.ALBEDO else seen * 2 - 1
    length = np.maximum(np.linalg.norm(normal, axis=2, keepdims=True), np.float32(1e-3))
    return Guides(albedo, normal / length)


def trace_light(
    scene: dict[str, Any], crop: Crop, near: Chosen, view: View, preset: Preset, progress: Progress
) -> Light32:
    """Return the crop's light, not denoised.

    Patches that hold something `near` (rows, columns) and are not quiet get more samples, up to the
    preset's most. Away from furniture little light is asked for: shadows there are smoothed anyway.
    """
    loaded = mi_scene(scene)
    half = _evenly(max(1, preset.samples // 2))
    one = _trace(loaded, BOUNCES, half, SEED)
    progress(0.25)
    other = _trace(loaded, BOUNCES, half, SEED + 1)
    progress(0.5)
    light: Light32 = np.asarray((one + other) / 2, dtype=np.float32)
    taken = 2 * half
    unrest = np.abs(one - other).mean(axis=2) / (light.mean(axis=2) + np.float32(0.02))
    more = np.where(holding(near), _more(by_patch(unrest), taken, preset.most_samples), 0)
    work = [
        (_within(part, crop), _evenly(int(extra)))
        for extra in np.unique(more[more > 0])
        for part in rectangles(more == extra, (crop.width, crop.height))
    ]
    for number, (part, extra) in enumerate(work):
        seen = _trace(loaded, BOUNCES, extra, SEED + 2 + number, mi.load_dict(view(part)))
        known = light[_window(part, crop)]
        known += (seen - known) * np.float32(extra / (taken + extra))
        progress(0.5 + 0.5 * (number + 1) / len(work))
    progress(1.0)
    return light


def _more(unrest: Light32, taken: int, most: int) -> np.ndarray:
    """Return how many samples more each patch needs to be quiet: unrest falls with the root of their number."""
    wanted = taken * (unrest / (QUIET * UNREST_OF_HALVES)) ** 2
    return np.asarray(np.ceil((np.minimum(wanted, most) - taken) / LEVEL).clip(0) * LEVEL).astype(np.intp)


UNREST_OF_HALVES = 2.0
"""Halves of the samples differ from each other by this many times what their mean differs from the truth."""


def _evenly(samples: int) -> int:
    """Return as many samples or a few more: the sampler spreads them over a grid, and would round up by itself."""
    rows = math.isqrt(samples)
    return rows * math.ceil(samples / rows)


def _within(part: Crop, crop: Crop) -> Crop:
    """Return the part of a crop, in the picture's pixels."""
    return Crop(crop.left + part.left, crop.top + part.top, part.width, part.height)


def _window(part: Crop, crop: Crop) -> tuple[slice, slice]:
    """Return where the part of the picture lies in an array of the crop."""
    top, left = part.top - crop.top, part.left - crop.left
    return np.s_[top : top + part.height, left : left + part.width]


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


def trace_empty(key: bytes, scene: Callable[[], dict[str, Any]], guides: Guides, samples: int) -> Light32:
    """Return the empty room's light, denoised; the same key again gives the same picture at once.

    The guides have the size of the scene's sensor.
    """
    if key not in _EMPTY:
        _EMPTY[key] = denoise(_trace(mi_scene(scene()), BOUNCES, samples), guides)
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
    picture = mi.render(loaded, integrator=integrator, spp=_evenly(samples), seed=mi.UInt32(seed), **seen)
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


def bring_back(coarse: Light32, coarse_guides: Guides, fine_guides: Guides, wanted: Chosen | None = None) -> Light32:
    """Return coarse light at the size of the fine guides, sharp along their edges.

    What falls on a surface changes slowly along it; its colour does not. So the light is divided by
    the coarse colours, taken from those neighbours that face the same way and have the same colour,
    and multiplied by the fine ones. Where it is not `wanted` (rows, columns), it is only enlarged.
    """
    rows, columns = fine_guides.albedo.shape[:2]
    if wanted is None:
        wanted = np.ones((rows, columns), np.bool_)
    fine = np.asarray(cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_LINEAR), dtype=np.float32)
    row, column = np.nonzero(wanted)
    least = np.float32(0.02)
    falling = (coarse / np.maximum(coarse_guides.albedo, least)).reshape(-1, 3)
    albedo, normal = fine_guides.albedo[row, column], fine_guides.normal[row, column]
    near_albedo, near_normal = coarse_guides.albedo.reshape(-1, 3), coarse_guides.normal.reshape(-1, 3)
    height, width = coarse.shape[:2]
    down = ((row + 0.5) * (height / rows)).astype(np.float32)
    across = ((column + 0.5) * (width / columns)).astype(np.float32)
    total = falling[_clamped(down, height) * width + _clamped(across, width)] * np.float32(1e-6)
    weights = np.full(len(row), 1e-6, np.float32)
    for step_down in (-1, 0, 1):
        y = _clamped(down + step_down, height)
        tent_down = np.clip(np.float32(1.5) - np.abs(y + np.float32(0.5) - down), 0, 1)
        for step_across in (-1, 0, 1):
            x = _clamped(across + step_across, width)
            tent = tent_down * np.clip(np.float32(1.5) - np.abs(x + np.float32(0.5) - across), 0, 1)
            at = y * width + x
            like = np.einsum("ij,ij->i", near_normal[at], normal).clip(0, 1)
            for _ in range(4):
                like *= like
            like *= np.exp(-8 * np.abs(near_albedo[at] - albedo).sum(axis=1))
            like *= tent
            total += falling[at] * like[:, None]
            weights += like
    fine[row, column] = total / weights[:, None] * np.maximum(albedo, least)
    return fine


def _clamped(places: Light32, count: int) -> Any:
    return np.clip(np.floor(places), 0, count - 1).astype(np.int32)
