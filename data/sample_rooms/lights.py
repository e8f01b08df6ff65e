"""What lights a scene: the sky, the sun, lamps."""

import base64
import math
import re
import tempfile
from pathlib import Path
from typing import Any

import bpy
import mathutils
import numpy as np
from materials import METAL, WHITE, plain


def put_light(scene: dict[str, Any], skies: Path) -> None:
    """Put sky, sun and lamps."""
    width, depth, height = scene["size"]
    world = bpy.data.worlds.new("world")
    bpy.context.scene.world = world
    world.use_nodes = True
    tree = world.node_tree
    sky = tree.nodes.new("ShaderNodeTexEnvironment")
    sky.image = bpy.data.images.load(str(unpack_sky(skies, scene["sky"])))
    tree.links.new(sky.outputs[0], tree.nodes["Background"].inputs[0])
    outdoors = "parapet" in scene
    tree.nodes["Background"].inputs[1].default_value = 0.55 if outdoors else 2.2
    place, turn = tree.nodes.new("ShaderNodeTexCoord"), tree.nodes.new("ShaderNodeMapping")
    turn.inputs["Rotation"].default_value = (0, 0, math.radians(scene.get("sky_turn", 0)))
    tree.links.new(place.outputs["Generated"], turn.inputs[0])
    tree.links.new(turn.outputs[0], sky.inputs[0])
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle, sun.color = (2.6 if outdoors else 3.0), 0.02, (1, 0.94, 0.85)
    if outdoors:
        put_daylight(tree)
    body = bpy.data.objects.new("sun", sun)
    bpy.context.collection.objects.link(body)
    lit = next((one["wall"] for one in scene["openings"] if one["kind"] == "window"), "left")
    way, low = {"left": (1, 0.35), "right": (-1, 0.3), "back": (0.25, -1)}[lit], math.radians(scene["sun"])
    way = scene.get("sun_way", way)
    aim = mathutils.Vector((way[0] * math.cos(low), way[1] * math.cos(low), -math.sin(low)))
    body.rotation_euler = aim.to_track_quat("-Z", "Y").to_euler()
    if outdoors:
        return
    down, ahead = np.array([0, 0, -1.0]), np.array([0, 1.0, 0])
    put_lamp((width / 2, depth * 0.35, height - 0.05), down, (2.5, 2.5), scene["fill"], (1, 1, 1))
    put_lamp((width / 2, -0.9, 1.5), ahead, (2.0, 2.0), scene["fill"] * 0.55, (1, 1, 1))
    metal = plain("fitting", METAL if scene.get("spots") else WHITE, 0.3)
    radius, flat = (0.05, 0.012) if scene.get("spots") else (0.16, 0.08)
    places = (
        [(width * a, depth * b) for a in (0.3, 0.7) for b in (0.45, 0.8)]
        if scene.get("spots")
        else [(width / 2, depth * 0.55)]
    )
    for x, y in places:
        bpy.ops.mesh.primitive_cylinder_add(radius=radius, depth=flat, location=(x, y, height - flat / 2))
        bpy.context.object.data.materials.append(metal)


def put_daylight(tree: Any) -> None:
    """Have the sky's picture seen, and an even daylight shine: the picture's own sun is a smear of a wrong colour."""
    even, seen, mixed = (tree.nodes.new(f"ShaderNode{kind}") for kind in ("Background", "LightPath", "MixShader"))
    even.inputs[0].default_value, even.inputs[1].default_value = (0.78, 0.88, 1.0, 1), 0.42
    tree.links.new(seen.outputs["Is Camera Ray"], mixed.inputs[0])
    tree.links.new(even.outputs[0], mixed.inputs[1])
    tree.links.new(tree.nodes["Background"].outputs[0], mixed.inputs[2])
    tree.links.new(mixed.outputs[0], tree.nodes["World Output"].inputs[0])


def put_lamp(place: Any, towards: np.ndarray, size: tuple[float, float], watts: float, colour: Any) -> None:
    """Put a soft light that the camera does not see."""
    lamp = bpy.data.lights.new("lamp", "AREA")
    lamp.shape, lamp.size, lamp.size_y, lamp.energy, lamp.color = "RECTANGLE", *size, watts, colour
    body = bpy.data.objects.new("lamp", lamp)
    bpy.context.collection.objects.link(body)
    body.location = place
    body.rotation_euler = mathutils.Vector(towards).to_track_quat("-Z", "Z").to_euler()
    body.visible_camera = body.visible_glossy = False


def unpack_sky(skies: Path, name: str) -> Path:
    """Return the HDRI as a file; the package holds it as base64 in a script."""
    held = re.search(r"base64,([A-Za-z0-9+/=]+)", (skies / f"{name}.exr.js").read_text())
    if held is None:
        raise SystemExit(f"{skies / name}.exr.js holds no picture")
    path = Path(tempfile.mkdtemp()) / f"{name}.exr"
    path.write_bytes(base64.b64decode(held[1]))
    return path
