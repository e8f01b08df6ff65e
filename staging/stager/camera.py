"""Where the camera stood: horizon, focal length and yaw, from the lines of one photo.

A room is mostly three directions. In a level photo (its verticals are vertical) the two horizontal
ones meet in two vanishing points on one horizon, and those give the focal length and the angle
between the camera and the walls.

Room coordinates, in metres, everywhere in the stager: u to the right along the back wall, v into
the room, z up; the origin is on the floor below the camera.
"""

import itertools
import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]

WORKING_PIXELS = 768
"""The long side the lines are looked for at; the limits below were tuned at this size."""
USUAL_EYE_HEIGHT_METRES = 1.4
"""A photo alone has no scale: this sets it. Photographers of rooms hold the camera at 1.3 to 1.5 m."""
USUAL_FOCAL = 0.56
"""Focal length over the long side of the wide lenses rooms are taken with (about 20 mm)."""
SHORTEST_FOCAL, LONGEST_FOCAL = 0.36, 1.6
"""Of the width: a 13 mm to a 58 mm lens."""
FEWEST_LINES = 8
SHORTEST_LINE = 0.03
"""Of the diagonal."""
VERTICAL_DEGREES = 8.0
AGREEING_SINE = math.sin(math.radians(1.2))
LONGEST_LINES = 60
"""Vanishing points are guessed from pairs of these, and judged by all lines."""
BEST_GUESSES = 80


class NoCamera(Exception):
    """The photo has too few straight lines to tell how it was taken."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A level camera over the floor; pixels count from the photo's upper left corner."""

    width: int
    height: int
    focal: float
    """In pixels."""
    centre_x: float
    horizon: float
    """The row that lies at eye height."""
    yaw: float
    """Radians from the depth direction to the optical axis; at most 45° either way."""
    eye_height: float = USUAL_EYE_HEIGHT_METRES
    agreement: float = 1.0
    """The share of line length that runs towards one of the two vanishing points."""
    focal_measured: bool = True
    """False when only one vanishing point was found and a usual lens was assumed."""
    lean: float = 0.0
    """Degrees by which the photo's verticals lean, as a whole or towards each other; 0 in a level photo."""

    def scaled(self, width: float, height: float) -> "Camera":
        """Return the same camera for the photo resized to this size."""
        across, down = width / self.width, height / self.height
        return replace(
            self,
            width=round(width),
            height=round(height),
            focal=self.focal * across,
            centre_x=self.centre_x * across,
            horizon=self.horizon * down,
        )

    def project(self, points: Floats) -> tuple[Floats, Floats]:
        """Return the pixels (…, 2) of room points (…, 3) and their depths before the camera (…)."""
        cosine, sine = math.cos(self.yaw), math.sin(self.yaw)
        points = np.asarray(points, dtype=np.float64)
        right = points[..., 0] * cosine + points[..., 1] * sine
        depth = -points[..., 0] * sine + points[..., 1] * cosine
        safe = np.where(np.abs(depth) < 1e-6, 1e-6, depth)
        columns = self.centre_x + self.focal * right / safe
        rows = self.horizon + self.focal * (self.eye_height - points[..., 2]) / safe
        return np.stack([columns, rows], axis=-1), depth

    def on_floor(self, pixels: Floats) -> Floats:
        """Return the floor points (…, 2) seen at pixels (…, 2); rows must lie below the horizon."""
        pixels = np.asarray(pixels, dtype=np.float64)
        depth = self.focal * self.eye_height / (pixels[..., 1] - self.horizon)
        right = (pixels[..., 0] - self.centre_x) * depth / self.focal
        cosine, sine = math.cos(self.yaw), math.sin(self.yaw)
        return np.stack([right * cosine - depth * sine, right * sine + depth * cosine], axis=-1)

    @property
    def forward(self) -> tuple[float, float]:
        """The optical axis on the floor plan, (u, v), of length 1."""
        return -math.sin(self.yaw), math.cos(self.yaw)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Line segments of the photo, one row each."""

    ends: Floats
    lengths: Floats
    middles: Floats
    directions: Floats

    def strays(self, points: Floats) -> Floats:
        """Return the sine of the angle (points, lines) between each line and its way to each point (…, 3)."""
        towards = points[:, None, :2] - points[:, None, 2:] * self.middles[None]
        towards /= np.maximum(np.linalg.norm(towards, axis=2, keepdims=True), 1e-9)
        return np.asarray(
            np.abs(towards[..., 0] * self.directions[None, :, 1] - towards[..., 1] * self.directions[None, :, 0])
        )

    def where(self, chosen: NDArray[np.bool_]) -> "_Lines":
        return _Lines(self.ends[chosen], self.lengths[chosen], self.middles[chosen], self.directions[chosen])


def working_copy(photo: Pixels) -> Pixels:
    """Return the photo (rows, columns, RGB) at the size the measuring steps work at."""
    scale = WORKING_PIXELS / max(photo.shape[:2])
    size = (max(1, round(photo.shape[1] * scale)), max(1, round(photo.shape[0] * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(photo, size, interpolation=way), dtype=np.uint8)


def find_camera(photo: Pixels) -> Camera:
    """Return the camera of a photo (rows, columns, RGB) as it is, best given a `working_copy`.

    NoCamera when the photo has too few straight lines.
    """
    height, width = photo.shape[:2]
    lines, lean = _find_lines(photo)
    columns_centre = width / 2
    guesses = _guess_depth_points(lines, width, height)
    best: tuple[float, Floats, Floats] | None = None
    for guess in guesses:
        agreeing = lines.strays(guess[None])[0] < AGREEING_SINE
        rest = lines.where(~agreeing)
        sideways = _guess_side_points(rest, guess, columns_centre, width)
        kept = (rest.strays(sideways) < AGREEING_SINE) @ rest.lengths
        winner = int(np.argmax(kept))
        score = float(lines.lengths[agreeing].sum() + kept[winner])
        if best is None or score > best[0]:
            best = (score, guess, sideways[winner])
    if best is None:
        raise NoCamera
    score, ahead, side = best
    focal_measured = bool(side[2] != 0)
    if focal_measured:
        focal = math.sqrt(-(side[0] - columns_centre) * (ahead[0] - columns_centre))
    else:
        focal = USUAL_FOCAL * max(width, height)
    yaw = math.atan2(ahead[0] - columns_centre, focal)
    focal, yaw, horizon = _refine(lines, focal, yaw, float(ahead[1]), columns_centre, focal_measured)
    if abs(yaw) > math.pi / 4:  # the other direction is the one that leads into the room
        yaw -= math.copysign(math.pi / 2, yaw)
    return Camera(
        width=width,
        height=height,
        focal=focal,
        centre_x=columns_centre,
        horizon=horizon,
        yaw=yaw,
        agreement=score / float(lines.lengths.sum()),
        focal_measured=focal_measured,
        lean=lean,
    )


def _find_lines(photo: Pixels) -> tuple[_Lines, float]:
    """Return the lines that are not vertical, and how much the others lean; NoCamera when they are too few."""
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    found = cv2.createLineSegmentDetector(cv2.LSD_REFINE_STD).detect(grey)[0]
    ends = np.zeros((0, 4)) if found is None else np.asarray(found, dtype=np.float64).reshape(-1, 4)
    steps = ends[:, 2:] - ends[:, :2]
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    degrees = np.degrees(np.arctan2(steps[:, 1], steps[:, 0])) % 180
    height, width = grey.shape
    long = lengths > SHORTEST_LINE * math.hypot(width, height)
    upright = long & (np.abs(degrees - 90) <= VERTICAL_DEGREES)
    wanted = long & ~upright
    if int(wanted.sum()) < FEWEST_LINES:
        raise NoCamera
    lean = _weighted_median(np.abs(degrees[upright] - 90), lengths[upright])
    ends, steps, lengths = ends[wanted], steps[wanted], lengths[wanted]
    return _Lines(ends, lengths, (ends[:, :2] + ends[:, 2:]) / 2, steps / lengths[:, None]), lean


def _weighted_median(values: Floats, weights: Floats) -> float:
    """Return the value that half of the weight lies below; 0 of nothing."""
    if not len(values):
        return 0.0
    order = np.argsort(values, kind="stable")
    heaped = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(heaped, heaped[-1] / 2)])


def _guess_depth_points(lines: _Lines, width: int, height: int) -> Floats:
    """Return the best meeting points (guesses, 3) of two lines near the picture's middle rows."""
    longest = np.argsort(-lines.lengths)[:LONGEST_LINES]
    ones = np.ones((len(longest), 1))
    chosen = lines.ends[longest]
    through = np.cross(np.hstack([chosen[:, :2], ones]), np.hstack([chosen[:, 2:], ones]))
    first, second = np.array(list(itertools.combinations(range(len(longest)), 2))).T
    meeting = np.cross(through[first], through[second])
    meeting = meeting[np.abs(meeting[:, 2]) > 1e-9 * np.linalg.norm(meeting, axis=1)]
    meeting = meeting / meeting[:, 2:]
    inside = (np.abs(meeting[:, 1] / height - 0.475) < 0.275) & (np.abs(meeting[:, 0] / width - 0.5) < 1.5)
    meeting = meeting[inside]
    votes = (lines.strays(meeting) < AGREEING_SINE) @ lines.lengths
    return np.asarray(meeting[np.argsort(-votes, kind="stable")[:BEST_GUESSES]])


def _guess_side_points(lines: _Lines, ahead: Floats, centre_x: float, width: int) -> Floats:
    """Return possible second vanishing points (guesses, 3) on the horizon of the first.

    The first is at infinity. The others make a focal length that lenses have.
    """
    steps = lines.ends[:, 2:] - lines.ends[:, :2]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossings = lines.ends[:, 0] + steps[:, 0] * (ahead[1] - lines.ends[:, 1]) / steps[:, 1]
    product = -(crossings - centre_x) * (ahead[0] - centre_x)
    longest = np.argsort(-lines.lengths)[:LONGEST_LINES]
    able = np.isfinite(product) & (product > (SHORTEST_FOCAL * width) ** 2) & (product < (LONGEST_FOCAL * width) ** 2)
    crossings = crossings[longest][able[longest]]
    points = np.stack([crossings, np.full_like(crossings, ahead[1]), np.ones_like(crossings)], axis=1)
    return np.vstack([[1.0, 0.0, 0.0], points])


def _refine(
    lines: _Lines, focal: float, yaw: float, horizon: float, centre_x: float, focal_measured: bool
) -> tuple[float, float, float]:
    """Return focal length, yaw and horizon that fit all agreeing lines best (Gauss–Newton)."""

    def vanishing(values: Floats) -> Floats:
        cosine, sine = math.cos(values[1]), math.sin(values[1])
        length = values[0] if focal_measured else focal
        return np.array(
            [
                [length * sine + centre_x * cosine, values[2] * cosine, cosine],
                [length * cosine - centre_x * sine, -values[2] * sine, -sine],
            ]
        )

    def signed(values: Floats, part: _Lines, which: int) -> Floats:
        point = vanishing(values)[which]
        towards = point[:2] - point[2] * part.middles
        towards /= np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), 1e-9)
        stray = towards[:, 0] * part.directions[:, 1] - towards[:, 1] * part.directions[:, 0]
        return np.asarray(stray * part.lengths)

    values = np.array([focal, yaw, horizon])
    steps = np.array([focal * 1e-4, 1e-4, 0.05])
    for _ in range(6):
        strays = lines.strays(vanishing(values))
        sides = [lines.where((strays[i] < AGREEING_SINE) & (strays[i] <= strays[1 - i])) for i in range(2)]

        def residuals(at: Floats, sides: list[_Lines] = sides) -> Floats:
            return np.concatenate([signed(at, part, which) for which, part in enumerate(sides)])

        here = residuals(values)
        slopes = np.stack([(residuals(values + np.eye(3)[i] * steps[i]) - here) / steps[i] for i in range(3)], axis=1)
        normal = slopes.T @ slopes
        damping = np.diag(1e-3 * np.diag(normal) + 1e-9)
        values = values - np.linalg.solve(normal + damping, slopes.T @ here)
    if not (SHORTEST_FOCAL < values[0] / (2 * centre_x) < LONGEST_FOCAL):
        return focal, yaw, horizon
    return float(values[0]) if focal_measured else focal, float(values[1]), float(values[2])
