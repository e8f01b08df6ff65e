"""What each pixel shows of the empty room: it is a box, so no ray need be traced to know."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from staging.stager.camera import Camera
from staging.stager.colour import Light32
from staging.stager.frame import Crop, Guides
from staging.stager.light import RoomLight
from staging.stager.room import Opening, Room
from staging.stager.scene import BEHIND_METRES, CEILING_PAINT, OFF_WALL_METRES, WINDOW_PAINT


def bare_guides(room: Room, light: RoomLight, camera: Camera, crop: Crop) -> Guides:
    """Return colours and directions of the box at the middles of the crop's pixels; `camera` is scaled to them."""
    steps = _steps(camera, crop)
    reaches = _reaches(room, steps)
    first = np.argmin(np.stack(reaches), axis=0)
    albedo = np.empty((crop.height, crop.width, 3), np.float32)
    normal = np.zeros((crop.height, crop.width, 3), np.float32)
    albedo[:] = light.walls
    low = steps[2] < 0
    albedo[(first == 2) & low] = light.floor
    albedo[(first == 2) & ~low] = CEILING_PAINT
    for axis, step in enumerate(steps):
        hit = first == axis
        normal[..., axis][hit] = -np.sign(step)[hit]
    albedo[panes(room, light.windows, camera, crop)] = WINDOW_PAINT
    return Guides(albedo, normal)


def panes(room: Room, windows: Sequence[Opening], camera: Camera, crop: Crop) -> NDArray[np.bool_]:
    """Return which pixels of the crop show one of the windows, if nothing stands before it: (rows, columns)."""
    steps = _steps(camera, crop)
    shown = np.minimum.reduce(_reaches(room, steps))
    found = np.zeros(shown.shape, np.bool_)
    for window in windows:
        axis, place = {
            "back": (1, room.depth - OFF_WALL_METRES),
            "left": (0, room.left + OFF_WALL_METRES),
            "right": (0, room.right - OFF_WALL_METRES),
        }[window.wall]
        reach = place / np.where(np.abs(steps[axis]) < 1e-9, 1e-9, steps[axis])
        along, height = steps[1 - axis] * reach, camera.eye_height + steps[2] * reach
        inside = (reach > 0) & (reach <= shown) & (along > window.start) & (along < window.end)
        found |= inside & (height > window.sill) & (height < window.top)
    return found


def _steps(camera: Camera, crop: Crop) -> list[Light32]:
    """Return the way each pixel looks, along u, v and z."""
    columns = (np.arange(crop.left, crop.left + crop.width, dtype=np.float32) + 0.5 - camera.centre_x) / camera.focal
    rows = (camera.horizon - np.arange(crop.top, crop.top + crop.height, dtype=np.float32) - 0.5) / camera.focal
    cosine, sine = math.cos(camera.yaw), math.sin(camera.yaw)
    return list(np.broadcast_arrays(columns[None] * cosine - sine, columns[None] * sine + cosine, rows[:, None]))


def _reaches(room: Room, steps: Sequence[Light32]) -> list[Light32]:
    """Return how many steps lead to the wall across u, that across v, and floor or ceiling."""
    eye = room.camera.eye_height
    ends = (room.left, room.right), (-BEHIND_METRES, room.depth), (-eye, room.ceiling - eye)
    return [
        np.abs(np.where(step > 0, high, low) / np.where(np.abs(step) < 1e-9, 1e-9, step))
        for step, (low, high) in zip(steps, ends, strict=True)
    ]
