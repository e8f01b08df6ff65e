"""Render the sample rooms, and write down what a renderer knows of them.

    python3.11 -m venv rooms && rooms/bin/pip install bpy==5.0.1
    npm pack @pmndrs/assets && tar xzf pmndrs-assets-*.tgz
    rooms/bin/python data/sample_rooms/render.py --skies package/hdri --out OUT kitchen dining
    python data/sample_rooms/render.py --truth

Blender's licence (GPL) holds for Blender, not for pictures made with it; it is no dependency of the
product. Geometry, materials and textures are made here; the view outside is a CC0 HDRI. The same
scene and version of Blender give the same picture but for noise. `--truth` needs no Blender: it
writes truth.json, which the tests hold the stager against.
"""

import argparse
import base64
import itertools
import json
import math
import re
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

try:
    import bpy
    import mathutils
except ImportError:  # truth.json is made without it
    bpy = mathutils = None

HERE = Path(__file__).parent
FILM_MM = 36.0
BEHIND = 1.0
"""Metres that the room goes on behind the camera's end."""
WHITE, METAL = (0.82, 0.82, 0.80), (0.6, 0.6, 0.6)
EXPOSURE = 0.6
NEAR, ASIDE = 2.4, 1.3
"""Metres from the camera of a rectangle of floor that a person may click on: ahead, and to both sides."""


def read_scenes() -> dict[str, dict[str, Any]]:
    """Return the scenes by name, defaults filled in."""
    usual = {"pixels": [1536, 1152], "shift": -0.06, "tilt": 0.0, "fill": 20, "sun": 45}
    scenes = tomllib.loads((HERE / "scenes.toml").read_text(encoding="utf-8"))
    return {name: usual | scene for name, scene in scenes.items()}


# What is known of a photo: plain geometry, no Blender.


def truth(scene: dict[str, Any]) -> dict[str, Any]:
    """Return focal length over width, yaw and tilt (degrees), the box in metres about the eye, the openings seen."""
    width, depth, height = scene["size"]
    x, y, eye = scene["camera"]
    across, ahead = scene["looks_at"][0] - x, scene["looks_at"][1] - y
    columns, rows = scene["pixels"]
    openings = []
    for one in scene["openings"]:
        corners = _opening_corners(scene, one)
        seen = [_seen(scene, corner) for corner in corners]
        if all(point is not None for point in seen) and _area(np.clip(np.array(seen, float), 0, 1)) > 0.002:
            openings.append({"kind": one["kind"], "wall": one["wall"], "corners": np.round(seen, 4).tolist()})
    near, sides = y + NEAR, (max(0.1, x - ASIDE), min(width - 0.1, x + ASIDE))
    corners = ((sides[0], depth), (sides[1], depth), (sides[1], near), (sides[0], near))
    floor = [_seen(scene, (u, v, 0.0)) for u, v in corners]
    return {
        "room_type": scene["room_type"],
        "pixels": scene["pixels"],
        "focal_over_width": round(scene["lens"] / FILM_MM * max(columns, rows) / columns, 4),
        "yaw_degrees": round(math.degrees(math.atan2(-across, ahead)), 2),
        "tilt_degrees": scene["tilt"],
        "eye_metres": eye,
        "box_metres": {"left": -x, "right": round(width - x, 3), "depth": round(depth - y, 3), "ceiling": height},
        "floor": np.round(floor, 4).tolist(),
        "openings": openings,
    }


def _opening_corners(scene: dict[str, Any], one: dict[str, Any]) -> list[tuple[float, float, float]]:
    width, depth, _ = scene["size"]
    spot = {
        "back": lambda a, z: (a, depth, z),
        "left": lambda a, z: (0.0, a, z),
        "right": lambda a, z: (width, a, z),
    }[one["wall"]]
    sill = one.get("sill", 0.0)
    return [spot(one["from"], sill), spot(one["to"], sill), spot(one["to"], one["top"]), spot(one["from"], one["top"])]


def _seen(scene: dict[str, Any], point: tuple[float, float, float]) -> tuple[float, float] | None:
    """Return where a point is seen, as shares of width and height; None behind the camera."""
    eye, aim = np.array(scene["camera"], float), np.array([*scene["looks_at"], scene["camera"][2]], float)
    flat = (aim - eye) / np.linalg.norm(aim - eye)
    right = np.cross(flat, [0, 0, 1])
    tilt = math.radians(scene["tilt"])
    ahead = flat * math.cos(tilt) + np.array([0, 0, math.sin(tilt)])
    up = np.cross(right, ahead)
    away = np.array(point) - eye
    if away @ ahead < 0.05:
        return None
    columns, rows = scene["pixels"]
    focal = scene["lens"] / FILM_MM * max(columns, rows)
    column = columns / 2 + focal * (away @ right) / (away @ ahead)
    row = rows / 2 - focal * (away @ up) / (away @ ahead) + scene["shift"] * max(columns, rows)
    return column / columns, row / rows


def _area(corners: np.ndarray) -> float:
    return abs(corners[:, 0] @ np.roll(corners[:, 1], 1) - corners[:, 1] @ np.roll(corners[:, 0], 1)) / 2


# Pictures of materials.


def _noise(rows: int, columns: int, size: float, seed: int, stretch: float = 1.0) -> np.ndarray:
    """Return smooth noise from 0 to 1, its grains `size` pixels high."""
    random = np.random.default_rng(seed)
    grid = random.random((max(2, int(rows / size) + 2), max(2, int(columns / (size * stretch)) + 2)))
    y, x = np.linspace(0, grid.shape[0] - 1.001, rows), np.linspace(0, grid.shape[1] - 1.001, columns)
    top, left = y.astype(int), x.astype(int)
    down, across = (y - top)[:, None], (x - left)[None]
    down, across = down * down * (3 - 2 * down), across * across * (3 - 2 * across)
    upper = grid[top][:, left] * (1 - across) + grid[top][:, left + 1] * across
    lower = grid[top + 1][:, left] * (1 - across) + grid[top + 1][:, left + 1] * across
    return upper * (1 - down) + lower * down


def planks(base: list[float], vary: float = 0.15, width: float = 0.15, seed: int = 1) -> np.ndarray:
    """Return four metres of a wooden floor."""
    random, pixels, metres = np.random.default_rng(seed), 2048, 4.0
    picture = np.zeros((pixels, pixels, 3))
    count = round(metres / width)
    for row in range(count):
        top, bottom = row * pixels // count, (row + 1) * pixels // count
        grain = (_noise(bottom - top, pixels, 2.5, seed * 100 + row, 60) - 0.5) * 0.22
        grain += (_noise(bottom - top, pixels, 9, seed * 100 + row + 50, 25) - 0.5) * 0.25
        start = -random.random() * 1.6
        while start < metres:
            end = start + 1.6 * (0.6 + 0.7 * random.random())
            left, right = int(max(0.0, start) * pixels / metres), int(min(metres, end) * pixels / metres)
            shade = (1 + vary * (random.random() - 0.5) * 2) * (1 + 0.05 * (random.random(3) - 0.5))
            picture[top:bottom, left:right] = np.array(base) * shade * (1 + grain[:, left:right, None])
            picture[top:bottom, max(0, left - 1) : left + 1] *= 0.45
            start = end
        picture[top : top + 2] *= 0.5
    return np.clip(picture, 0, 1)


def tiles(base: list[float], width: float = 0.6, seed: int = 2) -> np.ndarray:
    """Return 3.6 metres of a tiled floor with grey joints."""
    random, pixels = np.random.default_rng(seed), 1800
    count = round(3.6 / width)
    side = pixels // count
    picture = np.zeros((pixels, pixels, 3))
    for row in range(count):
        for column in range(count):
            key = seed * 1000 + row * count + column
            shade = 1 + 0.05 * (random.random() - 0.5) * 2 + (_noise(side, side, 60, key) - 0.5) * 0.1
            shade = shade + (_noise(side, side, 12, key + 7) - 0.5) * 0.05
            picture[row * side : (row + 1) * side, column * side : (column + 1) * side] = (
                np.array(base) * shade[..., None]
            )
    for line in range(count + 1):
        at = min(pixels, line * side)
        picture[max(0, at - 2) : at + 2] = picture[:, max(0, at - 2) : at + 2] = np.array(base) * 0.75
    return np.clip(picture, 0, 1)


def speckle(base: list[float], strength: float, sizes: tuple[int, ...], seed: int = 3) -> np.ndarray:
    """Return carpet or concrete: noise of several sizes."""
    picture = sum((_noise(1024, 1024, size, seed + n) - 0.5) * strength for n, size in enumerate(sizes))
    return np.clip(np.array(base) * (1 + np.asarray(picture)[..., None]), 0, 1)


def bricks(seed: int = 5) -> np.ndarray:
    """Return 2.4 metres of a brick wall."""
    random, pixels = np.random.default_rng(seed), 1536
    scale = pixels / 2.4
    picture = np.ones((pixels, pixels, 3)) * (0.58, 0.55, 0.5)
    for row in range(30):
        for column in range(-1, 11):
            left, top = (column + 0.5 * (row % 2)) * 0.24 * scale, row * 0.08 * scale
            x0, x1 = int(max(0, left + 0.006 * scale)), int(min(pixels, left + 0.234 * scale))
            y0, y1 = int(top + 0.006 * scale), int(top + 0.074 * scale)
            if x1 > x0:
                shade = (1 + 0.5 * (random.random() - 0.5)) * (1 + 0.15 * (random.random(3) - 0.5))
                picture[y0:y1, x0:x1] = np.array((0.46, 0.22, 0.15)) * shade
    return np.clip(picture * (1 + (_noise(pixels, pixels, 8, seed)[..., None] - 0.5) * 0.35), 0, 1)


# The scene in Blender.


@dataclass
class Wall:
    """A wall's own directions: along it, into the room, up."""

    origin: np.ndarray
    along: np.ndarray
    inwards: np.ndarray
    length: float
    before: float
    """Metres of it that lie before y = 0."""

    def at(self, along: float, inwards: float, height: float) -> tuple[float, float, float]:
        """Return the point in the room's own metres."""
        spot = self.origin + self.along * along + self.inwards * inwards
        return float(spot[0]), float(spot[1]), height

    def box(self, sides: tuple[float, float, float, float, float, float], material: Any, bevel: float = 0.003) -> None:
        """Put a box on the wall: from and to along it, inwards, and up."""
        a, b = self.at(sides[0], sides[2], sides[4]), self.at(sides[1], sides[3], sides[5])
        put_box(tuple(map(min, a, b)), tuple(map(max, a, b)), material, bevel)


def plain(name: str, colour: Any, rough: float = 0.6, metallic: float = 0.0) -> Any:
    """Return a material of one colour."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    surface = material.node_tree.nodes["Principled BSDF"]
    surface.inputs["Base Color"].default_value = (*colour, 1)
    surface.inputs["Roughness"].default_value = rough
    surface.inputs["Metallic"].default_value = metallic
    return material


def pictured(name: str, picture: np.ndarray, metres: float, rough: float, *, turned: bool = False) -> Any:
    """Return a material that repeats a picture every so many metres."""
    rows, columns = picture.shape[:2]
    image = bpy.data.images.new(name, columns, rows)
    encoded = np.where(picture <= 0.0031308, picture * 12.92, 1.055 * np.maximum(picture, 1e-6) ** (1 / 2.4) - 0.055)
    pixels = np.ones((rows, columns, 4), np.float32)
    pixels[..., :3] = encoded
    image.pixels.foreach_set(pixels.ravel())
    image.pack()
    material = plain(name, (1, 1, 1), rough)
    tree = material.node_tree
    texture, place, mapping = (tree.nodes.new(f"ShaderNode{kind}") for kind in ("TexImage", "TexCoord", "Mapping"))
    texture.image, texture.projection = image, "BOX"
    mapping.inputs["Scale"].default_value = (1 / metres,) * 3
    mapping.inputs["Rotation"].default_value = (0, 0, math.radians(90 if turned else 0))
    mapping.inputs["Location"].default_value = (0.137, 0.211, 0.05)
    tree.links.new(place.outputs["Object"], mapping.inputs[0])
    tree.links.new(mapping.outputs[0], texture.inputs[0])
    tree.links.new(texture.outputs[0], tree.nodes["Principled BSDF"].inputs["Base Color"])
    return material


def floor_material(told: dict[str, Any]) -> Any:
    """Return the floor's material."""
    kind, base, turned = told["kind"], told["base"], told.get("turned", False)
    if kind == "planks":
        return pictured("floor", planks(base, told["vary"], told.get("width", 0.15)), 4.0, 0.36, turned=turned)
    if kind == "tiles":
        return pictured("floor", tiles(base, told.get("width", 0.6)), 3.6, told.get("rough", 0.25))
    if kind == "carpet":
        return pictured("floor", speckle(base, 0.28, (7, 3, 2)), 1.2, 0.95)
    return pictured("floor", speckle(base, 0.16, (220, 70, 25, 4)), 4.3, 0.3)


def put_mesh(corners: list[Any], faces: list[tuple[int, ...]], material: Any) -> Any:
    """Put a mesh into the scene."""
    mesh = bpy.data.meshes.new("mesh")
    mesh.from_pydata(corners, [], faces)
    mesh.materials.append(material)
    body = bpy.data.objects.new("mesh", mesh)
    bpy.context.collection.objects.link(body)
    return body


def put_box(low: Any, high: Any, material: Any, bevel: float = 0.003) -> None:
    """Put a box into the scene, its edges a little rounded."""
    (a, b, c), (d, e, f) = low, high
    corners = [(a, b, c), (d, b, c), (d, e, c), (a, e, c), (a, b, f), (d, b, f), (d, e, f), (a, e, f)]
    sides = [(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
    rounded = put_mesh(corners, sides, material).modifiers.new("bevel", "BEVEL")
    rounded.width, rounded.segments = min(bevel, 0.45 * min(d - a, e - b, f - c)), 2


def put_wall(wall: Wall, height: float, openings: list[dict[str, Any]], paint: Any, reveal: Any) -> None:
    """Put a wall with holes for its openings, and the depth of each hole."""
    holes = [(o["from"] + wall.before, o["to"] + wall.before, o.get("sill", 0.0), o["top"]) for o in openings]
    holes = [hole for hole, told in zip(holes, openings, strict=True) if told["kind"] == "window" or "glazed" in told]
    along = sorted({0.0, wall.length, *(end for hole in holes for end in hole[:2])})
    heights = sorted({0.0, height, *(end for hole in holes for end in hole[2:])})
    corners: list[Any] = []
    for a, b in itertools.pairwise(along):
        for c, d in itertools.pairwise(heights):
            if not any(h[0] < (a + b) / 2 < h[1] and h[2] < (c + d) / 2 < h[3] for h in holes):
                corners += [wall.at(a, 0, c), wall.at(b, 0, c), wall.at(b, 0, d), wall.at(a, 0, d)]
    put_mesh(corners, [(i, i + 1, i + 2, i + 3) for i in range(0, len(corners), 4)], paint)
    for a, b, c, d in holes:
        sides = [((a, c), (b, c)), ((b, c), (b, d)), ((b, d), (a, d)), ((a, d), (a, c))]
        deep = [
            wall.at(u, inwards, z)
            for (u0, z0), (u1, z1) in sides
            for u, z, inwards in ((u0, z0, 0.0), (u1, z1, 0.0), (u1, z1, -0.22), (u0, z0, -0.22))
        ]
        put_mesh(deep, [(i, i + 1, i + 2, i + 3) for i in range(0, 16, 4)], reveal)


def put_window(wall: Wall, told: dict[str, Any], frame: Any) -> None:
    """Put a window's frame, bars and sill, and a soft light where it is."""
    a, b = told["from"] + wall.before, told["to"] + wall.before
    c, d, rim = told.get("sill", 0.0), told["top"], 0.06
    for sides in (
        (a, b, c, c + rim),
        (a, b, d - rim, d),
        (a, a + rim, c + rim, d - rim),
        (b - rim, b, c + rim, d - rim),
    ):
        wall.box((sides[0], sides[1], -0.19, -0.12, sides[2], sides[3]), frame)
    for n in range(1, told.get("columns", 1)):
        u = a + (b - a) * n / told["columns"]
        wall.box((u - 0.045, u + 0.045, -0.19, -0.11, c + rim, d - rim), frame)
    for n in range(1, told.get("rows", 1)):
        z = c + (d - c) * n / told["rows"]
        wall.box((a + rim, b - rim, -0.18, -0.12, z - 0.025, z + 0.025), frame)
    if c > 0.1:
        wall.box((a - 0.06, b + 0.06, -0.12, 0.06, c - 0.035, c), frame)
    put_lamp(
        wall.at((a + b) / 2, -0.3, (c + d) / 2), wall.inwards, (b - a, d - c), 26 * (b - a) * (d - c), (0.93, 0.97, 1)
    )


def put_door(wall: Wall, told: dict[str, Any], leaf: Any, metal: Any) -> None:
    """Put a door with its casing, panels and handle."""
    a, b, top, casing = told["from"] + wall.before, told["to"] + wall.before, told["top"], 0.09
    wall.box((a, b, -0.01, 0.012, 0.008, top), leaf)
    for sides in ((a - casing, a, 0, top + casing), (b, b + casing, 0, top + casing), (a, b, top, top + casing)):
        wall.box((sides[0], sides[1], 0, 0.03, sides[2], sides[3]), leaf)
    for low, high in ((0.25, 0.95), (1.1, top - 0.15)):
        left, right, bar = a + 0.14, b - 0.14, 0.035
        for sides in ((left, right, low, low + bar), (left, right, high - bar, high)):
            wall.box((sides[0], sides[1], 0.01, 0.02, sides[2], sides[3]), leaf)
        low, high = low + bar, high - bar  # faces that lie in each other come out black
        for sides in ((left, left + bar, low, high), (right - bar, right, low, high)):
            wall.box((sides[0], sides[1], 0.01, 0.02, sides[2], sides[3]), leaf)
    wall.box((b - 0.085, b - 0.045, 0.012, 0.018, 0.92, 1.12), metal)
    wall.box((b - 0.18, b - 0.06, 0.045, 0.062, 1.02, 1.04), metal)


def put_units(wall: Wall, depth: float) -> None:
    """Put kitchen units along a wall: a row of cupboards under a worktop, a tall one, upper ones, a hood."""
    front, top, dark = (
        plain("unit", (0.74, 0.75, 0.74), 0.4),
        plain("worktop", (0.26, 0.22, 0.19), 0.35),
        plain("dark", (0.05, 0.05, 0.05), 0.3),
    )
    end = depth + BEHIND
    start = end - 3.6
    wall.box((start - 0.62, start - 0.02, 0, 0.62, 0, 2.2), front)
    wall.box((start, end, 0, 0.56, 0.1, 0.86), front)
    wall.box((start, end, 0, 0.5, 0, 0.1), dark)
    wall.box((start - 0.01, end, 0, 0.62, 0.86, 0.9), top)
    wall.box((start, end, 0, 0.012, 0.9, 1.4), plain("splash", (0.6, 0.63, 0.62), 0.2), 0.001)
    for n in range(6):
        u = start + n * 0.6
        wall.box((u + 0.004, u + 0.596, 0.56, 0.58, 0.12, 0.85), front)
        if n not in (2, 3):
            wall.box((u + 0.004, u + 0.596, 0, 0.36, 1.42, 2.2), front)
    wall.box((start + 1.21, start + 2.39, 0, 0.45, 1.5, 1.62), dark)
    wall.box((start + 1.5, start + 2.1, 0.05, 0.55, 0.9, 0.906), dark, 0.001)


def glass() -> Any:
    """Return a pane's material: seen through, with the sky mirrored in it."""
    material = plain("glass", (1, 1, 1))
    tree = material.node_tree
    clear, mirror, share, mixed = (
        tree.nodes.new(f"ShaderNode{kind}") for kind in ("BsdfTransparent", "BsdfGlossy", "Fresnel", "MixShader")
    )
    mirror.inputs["Roughness"].default_value = 0.0
    share.inputs["IOR"].default_value = 1.5
    tree.links.new(share.outputs[0], mixed.inputs[0])
    tree.links.new(clear.outputs[0], mixed.inputs[1])
    tree.links.new(mirror.outputs[0], mixed.inputs[2])
    tree.links.new(mixed.outputs[0], tree.nodes["Material Output"].inputs[0])
    return material


def put_glazed_door(wall: Wall, told: dict[str, Any], frame: Any, metal: Any) -> None:
    """Put a sliding door of glass: leaves beside each other, each framed, with a handle on the first."""
    a, b, top, rim = told["from"] + wall.before, told["to"] + wall.before, told["top"], 0.07
    for sides in ((a, b, top - rim, top), (a, a + rim, 0, top), (b - rim, b, 0, top), (a, b, 0, 0.04)):
        wall.box((sides[0], sides[1], -0.16, -0.06, sides[2], sides[3]), frame)
    leaves = told["glazed"]
    width = (b - a - 2 * rim) / leaves
    for n in range(leaves):
        left, right, deep = a + rim + n * width, a + rim + (n + 1) * width, -0.1 - 0.035 * (n % 2)
        for u0, u1, z0, z1 in (
            (left, left + 0.06, 0.04, top - rim),
            (right - 0.06, right, 0.04, top - rim),
            (left + 0.06, right - 0.06, 0.04, 0.13),
            (left + 0.06, right - 0.06, top - rim - 0.06, top - rim),
        ):
            wall.box((u0, u1, deep - 0.03, deep, z0, z1), frame)
        pane = [
            wall.at(u, deep - 0.015, z) for u, z in ((left, 0.1), (right, 0.1), (right, top - rim), (left, top - rim))
        ]
        put_mesh(pane, [(0, 1, 2, 3)], glass())
    wall.box((a + rim + width - 0.05, a + rim + width - 0.02, -0.1, -0.06, 0.95, 1.2), metal)


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


def put_lamp(place: Any, towards: np.ndarray, size: tuple[float, float], watts: float, colour: Any) -> None:
    """Put a soft light that the camera does not see."""
    lamp = bpy.data.lights.new("lamp", "AREA")
    lamp.shape, lamp.size, lamp.size_y, lamp.energy, lamp.color = "RECTANGLE", *size, watts, colour
    body = bpy.data.objects.new("lamp", lamp)
    bpy.context.collection.objects.link(body)
    body.location = place
    body.rotation_euler = mathutils.Vector(towards).to_track_quat("-Z", "Z").to_euler()
    body.visible_camera = body.visible_glossy = False


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


def put_details(scene: dict[str, Any], wall: Wall, openings: list[dict[str, Any]], white: Any, metal: Any) -> None:
    """Put what hangs on a wall: windows, doors, skirting, cornice, a socket."""
    height = scene["size"][2]
    gaps = []
    for one in openings:
        if "glazed" in one:
            put_glazed_door(wall, one, plain("frame", (0.035, 0.038, 0.042), 0.45), metal)
        elif one["kind"] == "window":
            put_window(wall, one, white)
        else:
            put_door(wall, one, white, metal)
        if one.get("sill", 0.0) < 0.1:
            gaps.append((one["from"] + wall.before - 0.09, one["to"] + wall.before + 0.09))
    if "parapet" in scene:  # no skirting, and no socket
        return
    at = 0.0
    for start, end in [*sorted(gaps), (wall.length, wall.length)]:
        if start > at:
            wall.box((at, start, 0, 0.016, 0, 0.1), white)
        at = max(at, end)
    if scene.get("cornice"):
        wall.box((0, wall.length, 0, 0.09, height - 0.05, height), white, 0.01)
    wall.box((wall.length * 0.62, wall.length * 0.62 + 0.085, 0, 0.009, 0.28, 0.365), white)


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


def unpack_sky(skies: Path, name: str) -> Path:
    """Return the HDRI as a file; the package holds it as base64 in a script."""
    held = re.search(r"base64,([A-Za-z0-9+/=]+)", (skies / f"{name}.exr.js").read_text())
    if held is None:
        raise SystemExit(f"{skies / name}.exr.js holds no picture")
    path = Path(tempfile.mkdtemp()) / f"{name}.exr"
    path.write_bytes(base64.b64decode(held[1]))
    return path


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


def main() -> None:
    """Render the named scenes, or write truth.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--truth", action="store_true", help="write truth.json of all scenes")
    parser.add_argument("--skies", type=Path, help="the folder hdri of npm's @pmndrs/assets")
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--width", type=int, help="pixels, for a trial")
    parser.add_argument("--threads", type=int, default=0)
    asked = parser.parse_args()
    scenes = read_scenes()
    if asked.truth:
        known = {f"{name}.jpg": truth(scene) for name, scene in scenes.items()}
        (HERE / "truth.json").write_text(json.dumps(known, indent=1) + "\n")
    for name in asked.names:
        scene = scenes[name]
        if asked.width:
            scene["pixels"] = [asked.width, round(asked.width * scene["pixels"][1] / scene["pixels"][0])]
        build(scene, asked.skies)
        render(asked.out.resolve() / f"{name}.jpg", scene["pixels"], asked.samples, asked.threads)


if __name__ == "__main__":
    main()
