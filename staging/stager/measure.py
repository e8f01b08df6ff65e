"""The room in a photo: measured from its lines, or from what a person has said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from staging.stager.boxes import Box, open_sides, with_ceiling
from staging.stager.camera import Floats, NoCamera, Pixels, find_camera, working_copy
from staging.stager.edges import EdgeMap
from staging.stager.floor_clicks import NoFloor, camera_of_floor
from staging.stager.level import find_levelling, levelled, moved
from staging.stager.openings import find_openings, opening_of, to_scale
from staging.stager.room import LEAST_CONFIDENCE, Room, find_room

SAID_CONFIDENCE = 6.0
"""Of a floor that a person has outlined: that of the best fits."""
LEAST_DEPTH_METRES, LEAST_WIDTH_METRES = 1.8, 1.6
Points = tuple[tuple[float, float], ...]
"""Shares of the photo's width and height, from its upper left corner."""


class CannotStage(Exception):
    """The photo cannot be staged; the message is a sentence fit to show."""


class FloorUnknown(CannotStage):
    """Nobody knows where the floor is: four points on it, by a person, would tell."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A door or window as a person has outlined it."""

    kind: str
    """"door" or "window"."""
    corners: Points


@dataclass(frozen=True, slots=True)
class Said:
    """What a person has said of a room; empty where nobody has."""

    floor: Points = ()
    """Four corners of a rectangle on the floor, along the walls."""
    openings: tuple[Outline, ...] = field(default=())

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> "Said":
        """Return what plain data says: {"floor": [[x, y], …], "openings": [{"kind": …, "corners": [[x, y], …]}, …]}.

        CannotStage when it is not that.
        """
        try:
            floor = _points(told.get("floor") or ())
            openings = tuple(Outline(str(one["kind"]), _points(one["corners"])) for one in told.get("openings") or ())
        except (TypeError, ValueError, KeyError):
            raise CannotStage("What was said of the room cannot be read. Outline its floor again.") from None
        if len(floor) not in (0, 4) or any(len(one.corners) < 4 for one in openings):
            raise CannotStage("A floor is outlined by four points, a door or window by at least four.")
        return cls(floor, openings)


@dataclass(frozen=True, slots=True)
class Measured:
    """A room, and the level picture it was measured in."""

    room: Room
    photo: Pixels
    """The working copy, level."""
    level_photo: Pixels
    """The photo, level; itself where it was so."""
    to_level: Floats
    """(3, 3): from the photo's pixels to the level photo's."""
    notes: tuple[str, ...] = ()

    @property
    def pixels_across(self) -> int:
        """The photo's width."""
        return int(self.level_photo.shape[1])

    @property
    def finest(self) -> tuple[int, int]:
        """The photo's width and height."""
        return int(self.level_photo.shape[1]), int(self.level_photo.shape[0])


def measure(photo: Pixels, said: Said) -> Measured:
    """Return the room in the photo (rows, columns, RGB).

    CannotStage when it was not found with enough certainty and nobody has said where its floor is.
    """
    small = working_copy(photo)
    scale = np.diag([small.shape[1] / photo.shape[1], small.shape[0] / photo.shape[0], 1.0])
    levelling = find_levelling(small)
    flat = levelled(small, levelling)
    edges = EdgeMap(flat)
    notes = []
    if said.floor:
        room = _said_room(flat, edges, moved(np.array(said.floor) * [small.shape[1], small.shape[0]], levelling))
        notes.append("The floor is where a person has outlined it.")
    else:
        room = _found_room(flat, edges)
        if not room.camera.focal_measured:
            notes.append("The lens could not be measured; a usual one was assumed.")
    if said.openings:
        size = np.array([small.shape[1], small.shape[0]])
        outlined = [(one.kind, moved(np.array(one.corners) * size, levelling)) for one in said.openings]
        known = [found for kind, pixels in outlined if (found := opening_of(room, kind, pixels)) is not None]
        room = to_scale(replace(room, openings=tuple(known)))
    else:
        room = find_openings(flat, room, edges)
        room = replace(room, openings=tuple(one for one in room.openings if one.wall not in room.open_sides))
    if np.array_equal(levelling, np.eye(3)):
        return Measured(room, flat, photo, np.eye(3), tuple(notes))
    notes.append("The photo was taken with a tilted lens; it was measured as if level.")
    to_level = np.linalg.inv(scale) @ levelling @ scale
    return Measured(room, flat, levelled(photo, to_level), to_level, tuple(notes))


def _found_room(flat: Pixels, edges: EdgeMap) -> Room:
    try:
        room = find_room(flat, find_camera(flat), edges)
    except NoCamera:
        raise FloorUnknown(unsure(0.0)) from None
    if room.confidence < LEAST_CONFIDENCE:
        raise FloorUnknown(unsure(room.confidence))
    return room


def unsure(confidence: float) -> str:
    """Return the sentence for a room that was not found with enough certainty."""
    return (
        "The floor of this room could not be found with enough certainty "
        f"(confidence {confidence:.1f}, at least {LEAST_CONFIDENCE:.1f} is needed), so it was left unstaged. "
        "In the app, click the four corners of its floor, or take a photo that shows "
        "the back wall and both side walls."
    )


def _said_room(flat: Pixels, edges: EdgeMap, corners: Floats) -> Room:
    height, width = flat.shape[:2]
    try:
        camera, sides = camera_of_floor([(float(x), float(y)) for x, y in corners], width, height)
    except NoFloor:
        raise FloorUnknown(
            "The four points are not the corners of a rectangle on a floor. Click them again: where the floor meets "
            "the walls, or anywhere along them."
        ) from None
    left, right, _, far = (float(side) for side in sides)
    if right - left < LEAST_WIDTH_METRES or far < LEAST_DEPTH_METRES:
        raise FloorUnknown("The floor that was outlined is too small for furniture. Outline all of it that is seen.")
    box = with_ceiling(edges, camera, Box(0.0, far, left, right))
    return Room(
        camera,
        depth=far,
        left=left,
        right=right,
        ceiling=box.ceiling,
        confidence=SAID_CONFIDENCE,
        outlined=True,
        open_sides=open_sides(edges, camera, box),
    )


def _points(told: Sequence[Any]) -> Points:
    return tuple((float(x), float(y)) for x, y in told)
