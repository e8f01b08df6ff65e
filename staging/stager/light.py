"""How the room is lit and what colour it has, as far as one photo tells."""

from dataclasses import dataclass

import numpy as np

from staging.stager.camera import Floats
from staging.stager.colour import Light32
from staging.stager.room import Opening, Room

PAINT = 0.78
"""The reflectance the lightest wall is taken to have: white paint, as listings' rooms mostly are."""
BRIGHTER_SIDE = 1.05
WHITISH = 0.35
"""Of the brightest surfaces: a more saturated one tells its own colour and not the light's."""
CAST_KEPT = 0.6
"""How much of a cast of the whitish surfaces is the light's; the rest is paint. Cream walls are sold as white."""
MOST_CAST = 1.35
WINDOW_HALF_METRES = 0.9, 0.7
"""Of a usual window."""


@dataclass(frozen=True, slots=True)
class RoomLight:
    """Reflectances are linear RGB."""

    floor: Floats
    walls: Floats
    windows: tuple[Opening, ...]
    """What light comes in through."""
    warmth: Floats
    """The light's own colour, of mean 1: above 1 in red for lamps, in blue for an overcast sky."""

    @property
    def key(self) -> bytes:
        """Equal for lights that give the same picture."""
        return b"".join(part.tobytes() for part in (self.floor, self.walls, self.warmth)) + repr(self.windows).encode()


def read_light(linear: Light32, room: Room) -> RoomLight:
    """Return the light of a photo in linear RGB; the room must be scaled to its size."""
    across = np.linspace(room.left * 0.6, room.right * 0.6, 6)
    into = np.linspace(room.depth * 0.45, room.depth * 0.9, 6)
    floor = _median_at(linear, room, [(u, v, 0.0) for u in across for v in into])
    along = np.linspace(room.left * 0.8, room.right * 0.8, 8)
    walls = _median_at(linear, room, [(u, room.depth, z) for u in along for z in (1.6, 2.2)])
    ceiling = _median_at(linear, room, [(u, v, room.ceiling) for u in across for v in into])
    warmth = _warmth([walls, ceiling])
    white = max(float((walls / warmth).max()), float((floor / warmth).max()) * 0.6, 1e-3)
    return RoomLight(
        floor=np.clip(floor / warmth / white * PAINT, 0.03, 0.85),
        walls=np.clip(walls / warmth / white * PAINT, 0.05, 0.85),
        windows=_windows(linear, room),
        warmth=warmth,
    )


def _warmth(surfaces: list[Floats]) -> Floats:
    """Return the light's colour: what the whitish surfaces have in common; white where none is whitish."""
    casts = []
    for surface in surfaces:
        brightest = float(surface.max())
        if brightest > 0.02 and 1 - float(surface.min()) / brightest < WHITISH:
            casts.append(surface / surface.mean())
    if not casts:
        return np.ones(3)
    cast = np.clip(np.mean(casts, axis=0) ** CAST_KEPT, 1 / MOST_CAST, MOST_CAST)
    return np.asarray(cast / cast.mean())


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


def _windows(linear: Light32, room: Room) -> tuple[Opening, ...]:
    """Return the windows; where none was found, one of usual size in the brighter side of the picture, or in both."""
    found = tuple(opening for opening in room.openings if opening.kind == "window")
    if found:
        return found
    bright = linear.mean(axis=2)
    height, width = bright.shape
    upper = bright[: int(0.7 * height)]
    left, right = float(upper[:, : width // 4].mean()), float(upper[:, -width // 4 :].mean())
    walls = (
        ["left"] if left > right * BRIGHTER_SIDE else ["right"] if right > left * BRIGHTER_SIDE else ["left", "right"]
    )
    (half, half_height), middle = WINDOW_HALF_METRES, room.depth * 0.6
    return tuple(
        Opening("window", wall, middle - half, middle + half, 1.5 - half_height, 1.5 + half_height) for wall in walls
    )
