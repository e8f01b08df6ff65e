"""Where the camera stood and where the walls are, from four points on the floor that a person has clicked.

The points are the corners of a rectangle along the walls, best where the floor meets them. Its two
pairs of sides tell what the room's lines tell otherwise: horizon, focal length and yaw.
"""

import math
from collections.abc import Sequence

import numpy as np

from staging.stager.camera import (
    LONGEST_FOCAL,
    SHORTEST_FOCAL,
    USUAL_EYE_HEIGHT_METRES,
    USUAL_FOCAL,
    Camera,
    Floats,
)

MOST_STRAY = 0.02
"""Of the diagonal: points further from the corners of any floor's rectangle are no corners of one."""
FOCAL_PRIOR, HORIZON_PRIOR = 0.02, 0.004
"""How strongly a usual lens, and a horizon where photographers have it, are held to where the clicks hardly tell."""
USUAL_HORIZON = 0.45
"""Of the height."""
ROUNDS = 60
SETTLED, MOST_DAMPING = 1e-13, 1e6
"""The fit ends at a step that gains no more than this (shares of the long side, squared), or when none gains."""


class NoFloor(Exception):
    """The four points are not the corners of a rectangle on a floor."""


def camera_of_floor(corners: Sequence[tuple[float, float]], width: int, height: int) -> tuple[Camera, Floats]:
    """Return the level camera that sees a floor's rectangle at the corners, and its left, right, near and far side.

    Corners are pixels, in any order. Sides are u and v in room coordinates. NoFloor when there is none.
    """
    around = _in_order(np.asarray(corners, dtype=np.float64))
    best: tuple[float, Camera, Floats] | None = None
    for first in range(4):
        points = np.roll(around, -first, axis=0)  # far left, far right, near right, near left
        for focal in (0.45, 0.62, 0.9):
            found = _fit(points, focal, width, height)
            if found is not None and (best is None or found[0] < best[0] - 1e-9):
                best = found
    if best is None or best[0] > MOST_STRAY * math.hypot(width, height):
        raise NoFloor
    return best[1], best[2]


def _in_order(points: Floats) -> Floats:
    """Return the points clockwise in the picture; NoFloor when they are not four corners of a convex shape."""
    away = points - points.mean(axis=0)
    ordered = points[np.argsort(np.arctan2(away[:, 1], away[:, 0]))]
    steps = np.roll(ordered, -1, axis=0) - ordered
    turns = steps[:, 0] * np.roll(steps, -1, axis=0)[:, 1] - steps[:, 1] * np.roll(steps, -1, axis=0)[:, 0]
    if len(points) != 4 or not (turns > 1e-6).all():
        raise NoFloor
    return ordered


def _fit(points: Floats, focal: float, width: int, height: int) -> tuple[float, Camera, Floats] | None:
    """Return how far the fit is from the points (root of the mean square), the camera and the sides (Gauss–Newton)."""
    long_side = max(width, height)
    horizon = min(float(points[:, 1].min()) - 0.04 * height, USUAL_HORIZON * height)
    camera = _camera(np.array([focal, 0.0, horizon / height]), width, height)
    floor = camera.on_floor(points)
    yaw = math.atan2(floor[1, 1] - floor[0, 1], floor[1, 0] - floor[0, 0])
    values = np.array([focal, float(np.clip(yaw, -0.8, 0.8)), horizon / height, *_sides(camera, points)])

    def residuals(at: Floats) -> Floats:
        left, right, near, far = at[3:]
        corners = np.array([(left, far, 0.0), (right, far, 0), (right, near, 0), (left, near, 0)])
        seen, depth = _camera(at, width, height).project(corners)
        strays = np.where(depth[:, None] > 0.05, seen - points, 1e3) / long_side
        priors = [FOCAL_PRIOR * math.log(max(at[0], 1e-3) / USUAL_FOCAL), HORIZON_PRIOR * (at[2] - USUAL_HORIZON)]
        return np.concatenate([strays.ravel(), priors])

    damping, here = 1e-3, residuals(values)
    for _ in range(ROUNDS):
        steps = np.maximum(np.abs(values), 0.1) * 1e-5
        slopes = np.stack([(residuals(values + np.eye(7)[i] * steps[i]) - here) / steps[i] for i in range(7)], axis=1)
        normal = slopes.T @ slopes
        change = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-9), slopes.T @ here)
        tried = values - change
        there = residuals(tried)
        gain = float(here @ here) - float(there @ there)
        if gain > 0:
            values, here, damping = tried, there, max(damping / 4, 1e-9)
        else:
            damping *= 6
        if 0 < gain < SETTLED or damping > MOST_DAMPING:
            break
    camera = _camera(values, width, height)
    left, right, near, far = values[3:]
    plausible = SHORTEST_FOCAL * width < camera.focal < LONGEST_FOCAL * long_side and right > left and far > near > 0.05
    if not plausible or abs(values[1]) > math.pi / 4 + 0.05 or camera.horizon > points[:, 1].min():
        return None
    stray = float(np.sqrt(np.mean((here[:8] * long_side) ** 2) * 2))
    return stray, camera, np.array([left, right, near, far])


def _camera(values: Floats, width: int, height: int) -> Camera:
    return Camera(
        width=width,
        height=height,
        focal=float(values[0]) * max(width, height),
        centre_x=width / 2,
        horizon=float(values[2]) * height,
        yaw=float(values[1]),
        eye_height=USUAL_EYE_HEIGHT_METRES,
    )


def _sides(camera: Camera, points: Floats) -> Floats:
    """Return left, right, near and far as the points lie on the floor, before the fit."""
    floor = camera.on_floor(points)
    u, v = floor[:, 0], floor[:, 1]
    return np.array([(u[0] + u[3]) / 2, (u[1] + u[2]) / 2, max(0.3, (v[2] + v[3]) / 2), max(0.6, (v[0] + v[1]) / 2)])
