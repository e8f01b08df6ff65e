"""How the room is lit and what colour it has, as far as one photo tells."""

from dataclasses import dataclass

import numpy as np

from staging.stager.camera import Floats
from staging.stager.colour import Light32
from staging.stager.room import Room

PAINT = 0.78
"""The reflectance the lightest wall is taken to have: white paint, as listings' rooms mostly are."""
BRIGHTER_SIDE = 1.05


@dataclass(frozen=True, slots=True)
class RoomLight:
    """Reflectances are linear RGB."""

    floor: Floats
    walls: Floats
    windows: tuple[str, ...]
    """The walls that light comes in through."""


def read_light(linear: Light32, room: Room) -> RoomLight:
    """Return the light of a photo in linear RGB; the room must be scaled to its size."""
    across = np.linspace(room.left * 0.6, room.right * 0.6, 6)
    into = np.linspace(room.depth * 0.45, room.depth * 0.9, 6)
    floor = _median_at(linear, room, [(u, v, 0.0) for u in across for v in into])
    along = np.linspace(room.left * 0.8, room.right * 0.8, 8)
    walls = _median_at(linear, room, [(u, room.depth, z) for u in along for z in (1.6, 2.2)])
    white = max(float(walls.max()), float(floor.max()) * 0.6, 1e-3)
    return RoomLight(
        floor=np.clip(floor / white * PAINT, 0.03, 0.85),
        walls=np.clip(walls / white * PAINT, 0.05, 0.85),
        windows=_lit_walls(linear, room),
    )


def _median_at(linear: Light32, room: Room, points: list[tuple[float, float, float]]) -> Floats:
    """Return the median colour at those of the room's points that are in the picture."""
    pixels, depth = room.camera.project(np.array(points))
    height, width = linear.shape[:2]
    inside = (depth > 0.3) & (pixels > 2).all(axis=1) & (pixels < [width - 3, height - 3]).all(axis=1)
    if not inside.any():
        return np.asarray(np.median(linear.reshape(-1, 3), axis=0), dtype=np.float64)
    columns, rows = pixels[inside].astype(int).T
    around = [
        np.median(linear[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3), axis=0)
        for x, y in zip(columns, rows, strict=True)
    ]
    return np.asarray(np.median(np.array(around), axis=0), dtype=np.float64)


def _lit_walls(linear: Light32, room: Room) -> tuple[str, ...]:
    """Return the walls with windows; where none was found, the brighter side of the picture."""
    found = {opening.wall for opening in room.openings if opening.kind == "window"}
    if found:
        return tuple(sorted(found))
    bright = linear.mean(axis=2)
    height, width = bright.shape
    upper = bright[: int(0.7 * height)]
    left, right = float(upper[:, : width // 4].mean()), float(upper[:, -width // 4 :].mean())
    if left > right * BRIGHTER_SIDE:
        return ("left",)
    if right > left * BRIGHTER_SIDE:
        return ("right",)
    return ("left", "right")
