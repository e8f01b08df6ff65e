"""Photos taken with the lens tilted up, down or sideways, turned into what a level camera would have seen.

Verticals that lean towards each other meet in a point; turning the camera so that this point goes to
infinity makes them upright again. The turned picture is measured and rendered in; what is laid over
the photo is turned back, so that the photo's own pixels stay.
"""

import math

import cv2
import numpy as np

from staging.stager.camera import USUAL_FOCAL, Floats, Pixels

WIDEST_LEAN_DEGREES = 14.0
"""A line that leans more is no vertical."""
SHORTEST_LINE = 0.04
"""Of the diagonal."""
FEWEST_LINES = 5
LEAST_SPREAD = 0.25
"""Of the width: verticals near to each other do not tell where they meet."""
AGREEING_DEGREES = 1.0
LEAST_TILT_DEGREES = 0.4
"""A smaller tilt is within what the lines tell; the photo is taken as level."""
MOST_TILT_DEGREES = 8.0
ROUNDS = 12


def find_levelling(photo: Pixels, focal: float | None = None) -> Floats:
    """Return the (3, 3) matrix that takes pixels of the photo to those of a level one of the same size.

    `focal` is in pixels; a usual lens is taken without it: the verticals become parallel with any.
    The identity when the photo is level, or does not tell.
    """
    height, width = photo.shape[:2]
    length = focal or USUAL_FOCAL * max(width, height)
    ends = _uprights(photo)
    middle = np.array([width / 2, height / 2])
    if len(ends) < FEWEST_LINES or np.ptp(ends[:, [0, 2]].mean(axis=1)) < LEAST_SPREAD * width:
        return np.eye(3)
    up, agreeing = _common_direction((ends - np.tile(middle, 2)) / length)
    used = ends[agreeing]
    if len(used) < FEWEST_LINES or np.ptp(used[:, [0, 2]].mean(axis=1)) < LEAST_SPREAD * width:
        return np.eye(3)
    tilt = math.degrees(math.acos(min(1.0, float(up[1]))))
    if not LEAST_TILT_DEGREES <= tilt <= MOST_TILT_DEGREES:
        return np.eye(3)
    turn = _turning(up)
    lens = np.array([[length, 0, middle[0]], [0, length, middle[1]], [0, 0, 1.0]])
    levelling = lens @ turn @ np.linalg.inv(lens)
    at = levelling @ [*middle, 1.0]
    back = middle - at[:2] / at[2]  # the middle of the photo stays where it was: a level lens may be shifted
    return np.array([[1, 0, 0.0], [0, 1, back[1]], [0, 0, 1]]) @ levelling


def _uprights(photo: Pixels) -> Floats:
    """Return the ends (n, 4) of the lines that may be verticals."""
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(grey)[0]
    ends = np.zeros((0, 4)) if found is None else np.asarray(found, dtype=np.float64).reshape(-1, 4)
    steps = ends[:, 2:] - ends[:, :2]
    leaning = np.degrees(np.arctan2(np.abs(steps[:, 0]), np.abs(steps[:, 1])))
    long = np.hypot(steps[:, 0], steps[:, 1]) > SHORTEST_LINE * math.hypot(*grey.shape)
    return np.asarray(ends[long & (leaning < WIDEST_LEAN_DEGREES)])


def _common_direction(ends: Floats) -> tuple[Floats, np.ndarray]:
    """Return the direction (unit, downwards) that most of the lines run in, and which lines do.

    Lines are given by their ends in units of the focal length. Each line and the eye make a plane;
    a direction in space that a line runs in lies in its plane.
    """
    ones = np.ones((len(ends), 1))
    planes = np.cross(np.hstack([ends[:, :2], ones]), np.hstack([ends[:, 2:], ones]))
    lengths = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
    planes /= np.linalg.norm(planes, axis=1, keepdims=True)
    limit = math.radians(AGREEING_DEGREES)
    weights = lengths.copy()
    up = np.array([0.0, 1.0, 0.0])
    for _ in range(ROUNDS):
        _, vectors = np.linalg.eigh((planes * weights[:, None]).T @ planes)
        up = vectors[:, 0] * math.copysign(1.0, vectors[1, 0])
        stray = np.abs(planes @ up)
        weights = lengths / (1 + (stray / (0.5 * limit)) ** 2)
    return up, np.abs(planes @ up) < limit


def _turning(up: Floats) -> Floats:
    """Return the shortest turn (3, 3) that brings the direction to straight down."""
    down = np.array([0.0, 1.0, 0.0])
    axis = np.cross(up, down)
    sine = float(np.linalg.norm(axis))
    if sine < 1e-12:
        return np.eye(3)
    turn, _ = cv2.Rodrigues(axis / sine * math.atan2(sine, float(up @ down)))
    return np.asarray(turn, dtype=np.float64)


def levelled(photo: Pixels, levelling: Floats) -> Pixels:
    """Return the photo as a level camera would have seen it; beyond its sides its rim goes on."""
    if np.array_equal(levelling, np.eye(3)):
        return photo
    height, width = photo.shape[:2]
    flat = cv2.warpPerspective(
        photo, levelling, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(flat, dtype=np.uint8)


def moved(points: Floats, matrix: Floats) -> Floats:
    """Return points (n, 2) where the (3, 3) matrix takes them."""
    homogeneous = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return np.asarray(homogeneous[:, :2] / homogeneous[:, 2:])
