"""The same view twice, with and without the furniture, path-traced and denoised."""

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import mitsuba as mi
import numpy as np
import pyoidn

from staging.stager.camera import Camera
from staging.stager.colour import Light32
from staging.stager.frame import Crop, Views
from staging.stager.scene import Look, Solid

BOUNCES = 3
SEED = 12
"""Of the path tracer, the same for both views: their noise is then alike and goes when one is divided by the other."""
GUIDE_SAMPLES = 3
"""Guides are free of noise but for the edges within a pixel."""
FINENESS = 4
"""The silhouette is drawn this many times finer, each way, and averaged."""
FIXED_BITS = 4

Scenes = Callable[[Look, bool], dict[str, Any]]
"""Returns the scene of a look, with the furniture or without."""


def render_views(scenes: Scenes, samples: int, progress: Callable[[float], None]) -> Views:
    """Return both views. `samples` a pixel; progress runs from 0 to 1."""
    furnished = _render({look: scenes(look, True) for look in Look}, samples)
    progress(0.6)
    empty = _render({look: scenes(look, False) for look in Look}, samples)
    progress(1.0)
    return Views(furnished, empty)


def _render(scenes: dict[Look, dict[str, Any]], samples: int) -> Light32:
    light = _trace(scenes[Look.LIGHT], BOUNCES, samples)
    albedo = _trace(scenes[Look.ALBEDO], 1, GUIDE_SAMPLES)
    normal = _trace(scenes[Look.NORMAL], 1, GUIDE_SAMPLES) * 2 - 1
    return np.asarray(pyoidn.denoise(light, albedo=np.clip(albedo, 0, 1), normal=normal, hdr=True), dtype=np.float32)


def _trace(scene: dict[str, Any], bounces: int, samples: int) -> Light32:
    """Return the scene's picture, (rows, columns, RGB)."""
    integrator = mi.load_dict({"type": "path", "max_depth": bounces, "hide_emitters": bounces > 1})
    # Read in parallel, or with shapes merged, the lamps come in another order each time, and the noise with them.
    loaded = mi.load_dict(scene, parallel=False, optimize=False)
    picture = mi.render(loaded, integrator=integrator, spp=samples, seed=mi.UInt32(SEED))
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
