"""The photo of a scene: everything put into Blender, the camera before it, and the picture rendered."""

import math
from pathlib import Path
from typing import Any

import bpy
import mathutils
import numpy as np
from fittings import put_details, put_units
from lights import put_light
from materials import METAL, WHITE, floor_material, pictured, plain
from scenes import BEHIND, FILM_MM
from terraces import put_house
from textures import bricks
from walls import Wall, put_mesh, put_wall

EXPOSURE = 0.6


def build(scene: dict[str, Any], skies: Path) -> None:
    """Make the scene the one in Blender."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    width, depth, height = scene["size"]
    paint, white = plain("paint", scene["wall"], 0.85), plain("white", WHITE, 0.35)
    metal = plain("metal", METAL, 0.25, 1.0)
    put_mesh(
        [(0, -BEHIND, 0), (width, -BEHIND, 0), (width, depth, 0), (0, depth, 0)],
        [(0, 1, 2, 3)],
        floor_material(scene["floor"]),
    )
    outdoors = "parapet" in scene
    if not outdoors:
        ceiling = [(0, -BEHIND, height), (0, depth, height), (width, depth, height), (width, -BEHIND, height)]
        put_mesh(ceiling, [(0, 1, 2, 3)], plain("ceiling", (0.84, 0.84, 0.83), 0.9))
        rear = [(0, -BEHIND, 0), (width, -BEHIND, 0), (width, -BEHIND, height), (0, -BEHIND, height)]
        put_mesh(rear, [(0, 1, 2, 3)], paint)
    x, y = np.array([1.0, 0, 0]), np.array([0, 1.0, 0])
    walls = {
        "back": Wall(np.array([0, depth, 0.0]), x, -y, width, 0.0),
        "left": Wall(np.array([0, -BEHIND, 0.0]), y, x, depth + BEHIND, BEHIND),
        "right": Wall(np.array([width, -BEHIND, 0.0]), y, -x, depth + BEHIND, BEHIND),
    }
    for name, wall in walls.items():
        mine = [one for one in scene["openings"] if one["wall"] == name]
        own = plain("accent", scene["accent"], 0.85) if name == "left" and "accent" in scene else paint
        if name == "back" and scene.get("brick"):
            own = pictured("brick", bricks(), 2.4, 0.9)
        put_wall(wall, scene["parapet"] if outdoors and name == "right" else height, mine, own, white)
        put_details(scene, wall, mine, white, metal)
    if outdoors:
        put_house(scene, walls, paint, white, metal)
    if scene.get("units"):
        put_units(walls[scene["units"]], depth)
    put_light(scene, skies)
    put_camera(scene)


def put_camera(scene: dict[str, Any]) -> None:
    """Put the camera."""
    told = bpy.data.cameras.new("camera")
    told.lens, told.sensor_width, told.clip_start, told.shift_y = scene["lens"], FILM_MM, 0.05, scene["shift"]
    body = bpy.data.objects.new("camera", told)
    bpy.context.collection.objects.link(body)
    bpy.context.scene.camera = body
    eye = mathutils.Vector(scene["camera"])
    flat = mathutils.Vector((*scene["looks_at"], scene["camera"][2])) - eye
    way = flat + mathutils.Vector((0, 0, math.tan(math.radians(scene["tilt"])) * flat.length))
    body.location, body.rotation_euler = eye, way.to_track_quat("-Z", "Y").to_euler()


def render(path: Path, pixels: list[int], samples: int, threads: int) -> None:
    """Render the scene in Blender into a JPEG."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.samples, cycles.use_adaptive_sampling, cycles.adaptive_threshold = samples, True, 0.06
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 8, 4, 3
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 6
    scene.render.resolution_x, scene.render.resolution_y = pixels
    if threads:
        scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.view_settings.view_transform, scene.view_settings.look = "AgX", "AgX - Medium High Contrast"
    scene.view_settings.exposure = EXPOSURE
    scene.render.image_settings.file_format, scene.render.image_settings.quality = "JPEG", 93
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
