"""What each pixel shows of the empty room: it is a box, so no ray need be traced to know."""

import math

import numpy as np

from staging.stager.camera import Camera
from staging.stager.frame import Crop, Guides
from staging.stager.light import RoomLight
from staging.stager.room import Room
from staging.stager.scene import BEHIND_METRES, CEILING_PAINT, OFF_WALL_METRES, WINDOW_PAINT


def bare_guides(room: Room, light: RoomLight, camera: Camera, crop: Crop) -> Guides:
    """Return colours and directions of the box at the middles of the crop's pixels; `camera` is scaled to them."""
    columns = (np.arange(crop.left, crop.left + crop.width, dtype=np.float32) + 0.5 - camera.centre_x) / camera.focal
    rows = (camera.horizon - np.arange(crop.top, crop.top + crop.height, dtype=np.float32) - 0.5) / camera.focal
    cosine, sine = math.cos(camera.yaw), math.sin(camera.yaw)
    steps = columns[None] * cosine - sine, columns[None] * sine + cosine, rows[:, None]
    ends = (room.left, room.right), (-BEHIND_METRES, room.depth), (-camera.eye_height, room.ceiling - camera.eye_height)
    reaches = [
        np.where(step > 0, high, low) / np.where(np.abs(step) < 1e-9, 1e-9, step)
        for step, (low, high) in zip(steps, ends, strict=True)
    ]
    first = np.argmin(
        np.stack([np.broadcast_to(np.abs(reach), (crop.height, crop.width)) for reach in reaches]), axis=0
    )
    albedo = np.empty((crop.height, crop.width, 3), np.float32)
    normal = np.zeros((crop.height, crop.width, 3), np.float32)
    albedo[:] = light.walls
    low = steps[2] < 0
    albedo[(first == 2) & low] = light.floor
    albedo[(first == 2) & ~low] = CEILING_PAINT
    for axis, step in enumerate(steps):
        hit = first == axis
        normal[..., axis][hit] = np.broadcast_to(-np.sign(step), hit.shape)[hit]
    shown = np.minimum.reduce(list(np.broadcast_arrays(*map(np.abs, reaches))))
    for window in light.windows:
        axis, place = {"back": (1, room.depth - OFF_WALL_METRES), "left": (0, room.left + OFF_WALL_METRES)}.get(
            window.wall, (0, room.right - OFF_WALL_METRES)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = place / steps[axis]
            along, height = steps[1 - axis] * reach, camera.eye_height + steps[2] * reach
        inside = (reach > 0) & (reach <= shown) & (along > window.start) & (along < window.end)
        albedo[inside & (height > window.sill) & (height < window.top)] = WINDOW_PAINT
    return Guides(albedo, normal)
