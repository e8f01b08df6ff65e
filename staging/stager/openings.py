"""Where the doors and windows are: rectangles on the walls whose sides lie on edges of the photo.

It exists so that nothing is put before a door and nothing tall before a window; a false alarm costs
a little floor, so it errs towards finding too much.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from staging.stager.camera import Camera, Floats, Pixels
from staging.stager.edges import EdgeMap
from staging.stager.room import Opening, Room

STEP_METRES = 0.03
CORNER_METRES = 0.12
"""Edges nearer to a corner or the ceiling are the corner's, the skirting's or the cornice's own."""
NEAREST_METRES = 1.2
"""Walls nearer to the camera than this are out of the picture or too slanted."""
CLEAR_SIDE = 0.6
"""The least support of an upright side that may be a jamb."""
CLEAR_RECTANGLE = 0.68
"""The least mean support of an opening's sides."""
MOST_ABOVE = 0.5
"""A jamb ends at the lintel; an upright that goes on above it is a corner or a pillar."""
REACH_PIXELS = 1
USUAL_DOOR_METRES = 2.13
"""With half of its casing, whose inner or outer edge may have been found."""
FAR_BEYOND_METRES = 0.6
"""An outline that reaches further beyond a wall is not on it."""
SCALES = 0.85, 1.2
"""A camera is held no lower and no higher than these make of the usual eye height."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """The sizes one kind of opening has, in metres."""

    kind: str
    narrowest: float
    widest: float
    sills: Floats
    tops: Floats
    upright: tuple[float, float]
    """Every opening of this kind covers these heights."""


DOOR = _Shape("door", 0.65, 1.25, np.array([0.0]), np.arange(1.85, 2.45, 0.03), (0.15, 1.85))
WINDOW = _Shape("window", 0.5, 3.2, np.arange(0.15, 1.3, 0.04), np.arange(1.7, 2.9, 0.04), (1.25, 1.7))


class _Wall:
    """One wall of the room, asked in its own metres: along it and above the floor."""

    def __init__(self, room: Room, name: str) -> None:
        self.name = name
        self._room = room
        low, high = (room.left, room.right) if name == "back" else (NEAREST_METRES - CORNER_METRES, room.depth)
        self.places: Floats = np.arange(low + CORNER_METRES, high - CORNER_METRES, STEP_METRES)
        self.highest = room.ceiling - CORNER_METRES

    def pixels(self, along: Floats | float, height: Floats | float) -> Floats:
        """Return where the wall's points are seen; far outside when they are behind the camera."""
        along, height = np.broadcast_arrays(np.asarray(along, float), np.asarray(height, float))
        if self.name == "back":
            u, v = along, np.full_like(along, self._room.depth)
        else:
            u, v = np.full_like(along, self._room.left if self.name == "left" else self._room.right), along
        pixels, depth = self._room.camera.project(np.stack([u, v, height], axis=-1))
        return np.where((depth > 0.3)[..., None], pixels, -1e4)


def find_openings(photo: Pixels, room: Room, edges: EdgeMap | None = None) -> Room:
    """Return the room with the doors and windows that the photo (a `working_copy`), or its `edges`, shows."""
    edges = edges or EdgeMap(photo)
    found: list[Opening] = []
    for name in ("back", "left", "right"):
        wall = _Wall(room, name)
        for shape in (DOOR, WINDOW):
            found += [opening for opening in _search(edges, wall, shape) if not _meets(opening, found)]
    return to_scale(replace(room, openings=tuple(found)))


def to_scale(room: Room) -> Room:
    """Return the room in true metres as far as its doors tell: they are much the same height everywhere."""
    tops = [opening.top for opening in room.openings if opening.kind == "door"]
    if not tops:
        return room
    factor = float(np.clip(USUAL_DOOR_METRES / min(tops), *SCALES))  # a tall one may be a window down to the floor
    return replace(
        room,
        camera=replace(room.camera, eye_height=room.camera.eye_height * factor),
        depth=room.depth * factor,
        left=room.left * factor,
        right=room.right * factor,
        ceiling=room.ceiling * factor,
        openings=tuple(
            replace(
                opening,
                start=opening.start * factor,
                end=opening.end * factor,
                sill=opening.sill * factor,
                top=opening.top * factor,
            )
            for opening in room.openings
        ),
    )


def opening_of(room: Room, kind: str, corners: Floats) -> Opening | None:
    """Return the opening outlined by these pixels (n, 2), on the wall that they fit best; None when on no wall.

    The wall is the one that most of the outline lies on. Its lower side, for a door, is the floor.
    """
    best: tuple[float, Opening] | None = None
    for name in ("back", "left", "right"):
        found = _on_wall(room, name, corners)
        if found is None:
            continue
        along, heights = found
        low, high = (room.left, room.right) if name == "back" else (0.0, room.depth)
        beyond = np.maximum(low - along, along - high).clip(0).max() + np.maximum(heights - room.ceiling, 0).max()
        beyond += np.maximum(-heights - 0.1, 0).max()
        if best is None or beyond < best[0]:
            start, end = float(np.clip(along.min(), low, high)), float(np.clip(along.max(), low, high))
            sill = 0.0 if kind == "door" else max(0.0, float(heights.min()))
            best = (float(beyond), Opening(kind, name, start, end, sill, float(heights.max())))
    if best is None or best[0] > FAR_BEYOND_METRES or best[1].end - best[1].start < 0.1:
        return None
    return best[1]


def _on_wall(room: Room, name: str, corners: Floats) -> tuple[Floats, Floats] | None:
    """Return where the rays through the pixels meet a wall, along it and above the floor; None behind the camera."""
    camera = room.camera
    cosine, sine = math.cos(camera.yaw), math.sin(camera.yaw)
    across = (corners[:, 0] - camera.centre_x) / camera.focal
    du, dv = across * cosine - sine, across * sine + cosine
    if name == "back":
        far = room.depth / np.where(np.abs(dv) < 1e-6, 1e-6, dv)
        along = far * du
    else:
        far = (room.left if name == "left" else room.right) / np.where(np.abs(du) < 1e-6, 1e-6, du)
        along = far * dv
    if (far <= 0.05).any():
        return None
    heights = camera.eye_height - far * (corners[:, 1] - camera.horizon) / camera.focal
    return along, heights


def _search(edges: EdgeMap, wall: _Wall, shape: _Shape) -> list[Opening]:
    """Return this kind's openings in the wall, the clearest first, none over another."""
    low, high = shape.upright
    sides, seen = edges.support(wall.pixels(wall.places, low), wall.pixels(wall.places, high), REACH_PIXELS)
    peak = np.array([sides[max(0, i - 2) : i + 3].max() for i in range(len(sides))])
    uprights = wall.places[(sides >= CLEAR_SIDE) & (sides == peak) & (seen > 0.7)]
    pairs = np.array(
        [
            (first, second)
            for first in uprights
            for second in uprights
            if shape.narrowest <= second - first <= shape.widest
        ]
    ).reshape(-1, 2)
    judged = []
    for first, second in pairs:
        opening, score = _judge(edges, wall, shape, float(first), float(second))
        if score >= CLEAR_RECTANGLE:
            judged.append((score, opening))
    kept: list[Opening] = []
    for _, opening in sorted(judged, key=lambda one: -one[0]):
        if not _meets(opening, kept):
            kept.append(opening)
    return kept


def _judge(edges: EdgeMap, wall: _Wall, shape: _Shape, first: float, second: float) -> tuple[Opening, float]:
    """Return the best opening between two uprights, and the mean support of its sides."""
    heights = shape.tops[shape.tops < max(wall.highest, shape.tops[0] + 0.01)]
    tops, _ = edges.support(wall.pixels(first, heights), wall.pixels(second, heights), REACH_PIXELS)
    top = float(heights[int(np.argmax(tops))])
    supports = [float(tops.max())]
    sill = 0.0
    if shape.kind == "window":
        sills, _ = edges.support(wall.pixels(first, shape.sills), wall.pixels(second, shape.sills), REACH_PIXELS)
        sill = float(shape.sills[int(np.argmax(sills))])
        supports.append(float(sills.max()))
    at = np.array([first, second])
    jambs, _ = edges.support(wall.pixels(at, sill + 0.05), wall.pixels(at, top), REACH_PIXELS)
    above, _ = edges.support(wall.pixels(at, top + 0.12), wall.pixels(at, top + 0.5), REACH_PIXELS)
    opening = Opening(shape.kind, wall.name, first, second, sill, top)
    if float(above.max()) > MOST_ABOVE:
        return opening, 0.0
    return opening, float(np.mean([*supports, *jambs]))


def _meets(opening: Opening, others: list[Opening]) -> bool:
    return any(
        opening.wall == other.wall and opening.start < other.end and other.start < opening.end for other in others
    )


def project_opening(camera: Camera, room: Room, opening: Opening) -> Floats:
    """Return the opening's four corners in the photo, (4, 2), from lower left clockwise as seen from inside."""
    wall = _Wall(room.scaled(camera.width, camera.height), opening.wall)
    along = np.array([opening.start, opening.start, opening.end, opening.end])
    return wall.pixels(along, np.array([opening.sill, opening.top, opening.top, opening.sill]))
