"""What each step of the stager saw, as a picture to look at."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from staging.stager.camera import Floats, Pixels
from staging.stager.colour import Light32, to_pixels
from staging.stager.light import RoomLight
from staging.stager.openings import project_opening
from staging.stager.room import Room
from staging.stager.rules import DOOR_CLEARANCE_METRES, Placement, Rules

Show = Callable[[str, Callable[[], Pixels]], None]
"""Told the name of a step, and how to draw its picture (rows, columns, RGB); it draws only what is wanted."""
WALL, HORIZON, DOOR, WINDOW = (230, 60, 60), (240, 180, 0), (40, 160, 60), (40, 110, 230)
LIGHT = (250, 200, 20)
SWATCH_PIXELS = 64
BEHIND = -9999
"""Where `project_opening` puts what lies behind the camera, or less."""
PLAN_PIXELS_A_METRE = 90
GREY, DARK = (200, 200, 200), (60, 60, 60)


def UNSEEN(_name: str, _draw: Callable[[], Pixels]) -> None:
    """Show nothing."""


def draw_room(photo: Pixels, room: Room) -> Pixels:
    """Return the photo with the horizon, the edges of walls, floor and ceiling, and the openings drawn in."""
    picture = photo.copy()
    height, width = picture.shape[:2]
    camera = room.camera
    row = round(camera.horizon)
    cv2.line(picture, (0, row), (width, row), HORIZON, 1)
    near = 0.4
    corners = [(u, v) for u in (room.left, room.right) for v in (near, room.depth)]
    edges = [((u, near, z), (u, room.depth, z)) for u in (room.left, room.right) for z in (0.0, room.ceiling)]
    edges += [((room.left, room.depth, z), (room.right, room.depth, z)) for z in (0.0, room.ceiling)]
    edges += [((u, v, 0.0), (u, v, room.ceiling)) for u, v in corners if v == room.depth]
    for start, end in edges:
        along = np.linspace(np.array(start), np.array(end), 40)
        _draw_line(picture, *camera.project(along), WALL)
    for opening in room.openings:
        points = project_opening(camera, room, opening)
        _draw_line(picture, np.vstack([points, points[:1]]), np.ones(5), DOOR if opening.kind == "door" else WINDOW)
    told = (
        f"confidence {room.confidence:.1f}  focal {camera.focal / camera.width:.2f} w  yaw {np.degrees(camera.yaw):.1f}"
    )
    cv2.putText(picture, told, (8, height - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 3)
    cv2.putText(picture, told, (8, height - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.5, DARK, 1)
    return picture


def _draw_line(picture: Pixels, points: Floats, depth: Floats, colour: tuple[int, int, int]) -> None:
    kept = np.clip(np.round(points[depth > 0.1]), -9999, 9999).astype(np.int32)
    cv2.polylines(picture, [kept.reshape(-1, 1, 2)], isClosed=False, color=colour, thickness=2, lineType=cv2.LINE_AA)


def draw_plan(room: Room, placements: Sequence[Placement]) -> Pixels:
    """Return the room from above: furniture by role, the floor that belongs to doors, the camera below."""
    metre = PLAN_PIXELS_A_METRE
    size = round((room.depth + 1) * metre), round((room.width + 1) * metre)
    picture = np.full((*size, 3), 255, np.uint8)

    def at(u: float, v: float) -> tuple[int, int]:
        return round((u - room.left + 0.5) * metre), round((room.depth - v + 0.5) * metre)

    cv2.rectangle(picture, at(room.left, room.depth), at(room.right, 0), DARK, 2)
    for u0, v0, u1, v1 in Rules(room).doorways:
        cv2.rectangle(picture, at(u0, v1), at(u1, v0), DOOR, -1)
    cv2.putText(picture, f"doors kept free: {DOOR_CLEARANCE_METRES} m", (6, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, DARK, 1)
    cv2.circle(picture, at(0, 0), 6, WALL, -1)
    for placement in sorted(placements, key=lambda one: one.top):
        u0, v0, u1, v1 = placement.footprint
        cv2.rectangle(picture, at(u0, v1), at(u1, v0), GREY if not placement.flat else (240, 235, 220), -1)
        cv2.rectangle(picture, at(u0, v1), at(u1, v0), DARK, 1)
        cv2.putText(picture, placement.piece.role, at(u0 + 0.03, placement.v), cv2.FONT_HERSHEY_SIMPLEX, 0.35, DARK, 1)
    return picture


def draw_found_light(photo: Pixels, room: Room, light: RoomLight) -> Pixels:
    """Return the photo with the windows that light comes in through, found or supposed, and swatches of the colours
    of walls, floor and light."""
    picture = photo.copy()
    for window in light.windows:
        points = project_opening(room.camera, room, window)
        if points.min() > BEHIND:  # a supposed window may reach beside the camera
            _draw_line(picture, np.vstack([points, points[:1]]), np.ones(5), LIGHT)
    whitest = light.warmth / light.warmth.max()
    for place, (name, colour) in enumerate((("walls", light.walls), ("floor", light.floor), ("light", whitest))):
        left = 8 + place * (SWATCH_PIXELS + 8)
        swatch = picture[8 : 8 + SWATCH_PIXELS, left : left + SWATCH_PIXELS]
        swatch[:] = draw_light(np.broadcast_to(colour, swatch.shape).astype(np.float32))
        cv2.rectangle(picture, (left, 8), (left + SWATCH_PIXELS, 8 + SWATCH_PIXELS), DARK, 1)
        cv2.putText(picture, name, (left + 6, 8 + SWATCH_PIXELS - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.5, DARK, 1)
    return picture


def draw_light(light: Light32) -> Pixels:
    """Return linear light, in colour or grey, as a picture; what is brighter than 1 is white."""
    grey = light if light.ndim == 3 else np.repeat(light[..., None], 3, axis=2)
    return to_pixels(np.asarray(grey, dtype=np.float32))
