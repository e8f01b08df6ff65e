"""The scenes of scenes.toml, and what a renderer knows of the photo of each: plain geometry, no Blender."""

import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
FILM_MM = 36.0
BEHIND = 1.0
"""Metres that the room goes on behind the camera's end."""
NEAR, ASIDE = 2.4, 1.3
"""Metres from the camera of a rectangle of floor that a person may click on: ahead, and to both sides."""


def read_scenes() -> dict[str, dict[str, Any]]:
    """Return the scenes by name, defaults filled in."""
    usual = {"pixels": [1536, 1152], "shift": -0.06, "tilt": 0.0, "fill": 20, "sun": 45}
    scenes = tomllib.loads((HERE / "scenes.toml").read_text(encoding="utf-8"))
    return {name: usual | scene for name, scene in scenes.items()}


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
