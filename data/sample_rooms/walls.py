"""Walls with holes for their openings, and the meshes and boxes that everything else is made of too."""

import itertools
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np


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
