"""What a terrace has in place of a ceiling: the house that it belongs to, outside and inside."""

from typing import Any

import bpy
import numpy as np
from lights import put_lamp
from materials import pictured, plain
from textures import planks
from walls import Wall, put_mesh


def put_house(scene: dict[str, Any], walls: dict[str, Wall], paint: Any, white: Any, metal: Any) -> None:
    """Put what a terrace has in place of a ceiling: parapets, copings, lamps, a downpipe, the room inside."""
    width, depth, height = scene["size"]
    dark, stone = plain("anthracite", (0.035, 0.038, 0.042), 0.45), plain("coping", (0.50, 0.48, 0.44), 0.8)
    low = scene["parapet"]
    for name, top in (("back", height), ("left", height), ("right", low)):
        wall = walls[name]
        if name != "back":
            wall.box((0, wall.length, 0.0, 0.015, 0, 0.1), stone)
        finish = dark if top == height else stone
        wall.box((-0.25, wall.length + 0.25, -0.3, 0.05, top, top + (0.16 if top == height else 0.05)), finish)
    right = walls["right"]
    put_mesh(
        [right.at(u, -0.22, z) for u, z in ((0, 0), (right.length, 0), (right.length, low), (0, low))],
        [(0, 1, 2, 3)],
        paint,
    )
    back = walls["back"]
    for one in scene["openings"]:
        if "glazed" not in one:
            continue
        for u in (one["from"] - 0.35, one["to"] + 0.25):
            back.box((u, u + 0.1, 0.0, 0.11, 1.75, 1.98), dark, 0.01)
        back.box((one["from"], one["to"], 0.0, 0.04, 0.0, 0.025), stone)
        back.box((0, one["from"], 0.0, 0.015, 0, 0.1), stone)
        back.box((one["to"], width, 0.0, 0.015, 0, 0.1), stone)
    bpy.ops.mesh.primitive_cylinder_add(radius=0.045, depth=height, location=(width - 0.35, depth - 0.08, height / 2))
    bpy.context.object.data.materials.append(metal)
    for z in (0.4, height - 0.4):
        back.box((width - 0.41, width - 0.29, 0, 0.13, z, z + 0.03), metal)
    put_inside(scene, white)


def put_inside(scene: dict[str, Any], white: Any) -> None:
    """Put the room that is seen through the glass: floor, walls, ceiling, and a lamp."""
    width, depth, height = scene["size"]
    near, far, top = depth + 0.24, depth + 4.2, height - 0.25
    wood = pictured("inside floor", planks([0.34, 0.23, 0.14], 0.14), 4.0, 0.4)
    plaster = plain("inside", (0.62, 0.60, 0.56), 0.9)
    put_mesh([(0, near, 0.01), (width, near, 0.01), (width, far, 0.01), (0, far, 0.01)], [(0, 1, 2, 3)], wood)
    put_mesh([(0, near, top), (0, far, top), (width, far, top), (width, near, top)], [(0, 1, 2, 3)], white)
    put_mesh([(0, far, 0), (width, far, 0), (width, far, top), (0, far, top)], [(0, 1, 2, 3)], plaster)
    for x in (0.0, width):
        put_mesh([(x, near, 0), (x, far, 0), (x, far, top), (x, near, top)], [(0, 1, 2, 3)], plaster)
    put_lamp((width / 2, depth + 2.2, top - 0.05), np.array([0, 0, -1.0]), (2.0, 2.0), 55, (1, 0.86, 0.7))
