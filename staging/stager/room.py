"""The room's box: where the back wall, the side walls and the ceiling stand.

The floor's rectangle is looked for so that its three visible sides, and the corners that rise from
it, lie on edges of the photo, and the photo is floor-coloured inside and not outside.
"""

from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from staging.stager.camera import Camera, Floats, Pixels
from staging.stager.edges import EdgeMap

LEAST_CONFIDENCE = 3.5
"""Below it the fit is not used. Rooms that fit score 4.2 to 5.4; rooms that came out wrong, and photos
without a room, score below 3.3 (staging/stager/README.md)."""
LEAN_ALLOWED_DEGREES = 1.5
"""Verticals that lean more are not those of a level camera, which everything here supposes."""
DEPTHS = np.geomspace(1.8, 9.0, 60)
LEFT_WALLS = np.linspace(-6.0, -0.3, 58)
RIGHT_WALLS = np.linspace(0.3, 6.0, 58)
NARROWEST_METRES = 1.8
CORNER_METRES = 2.3
"""How far up the corners between the walls are looked for: below every ceiling."""
NEARER_SHARE = 0.25
"""The side walls are looked at from the back wall to this share of its distance."""
CEILINGS = np.linspace(2.1, 4.2, 64)
BACK_WEIGHT, CORNER_WEIGHT, COLOUR_WEIGHT, CONTRAST_WEIGHT = 1.2, 0.7, 1.0, 0.8
SIDES_KEPT = 8
BOXES_JUDGED = 600
CEILINGS_JUDGED = 200
CEILING_NEARER_SHARE = 0.5
CEILING_WEIGHT = 0.4
CONTRAST_PIXELS = 6.0
FULL_CONTRAST = 12.0
"""A difference in Lab that anybody sees."""
COLOUR_PIXELS = 160
"""The width at which the floor's colour is judged."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A door or window in a wall: from `start` to `end` metres along it, from `sill` to `top` above the floor.

    Along the back wall metres are u, along the side walls v.
    """

    kind: str
    """"door" or "window"."""
    wall: str
    """"back", "left" or "right"."""
    start: float
    end: float
    sill: float
    top: float


@dataclass(frozen=True, slots=True)
class Room:
    """The room as a box around the camera, in room coordinates (see `staging.stager.camera`)."""

    camera: Camera
    depth: float
    """v of the back wall."""
    left: float
    """u of the left wall: negative."""
    right: float
    ceiling: float
    """Height above the floor."""
    confidence: float
    openings: tuple[Opening, ...] = field(default=())

    @property
    def width(self) -> float:
        """From wall to wall."""
        return self.right - self.left

    def scaled(self, width: int, height: int) -> "Room":
        """Return the same room for the photo resized to this size."""
        return replace(self, camera=self.camera.scaled(width, height))


@dataclass(frozen=True, slots=True)
class _Box:
    score: float
    depth: float
    left: float
    right: float
    ceiling: float = 0.0


def find_room(photo: Pixels, camera: Camera) -> Room:
    """Return the room that fits the photo (a `working_copy`) best, without its openings.

    Always returns one: whether to use it is told by its confidence (see LEAST_CONFIDENCE).
    """
    edges = EdgeMap(photo)
    boxes = _boxes_by_edges(edges, camera)
    colour = _FloorColour(photo, camera)
    judged = [
        replace(box, score=box.score + COLOUR_WEIGHT * colour.fit(box) + CONTRAST_WEIGHT * colour.contrast(box))
        for box in sorted(boxes, key=lambda box: -box.score)[:BOXES_JUDGED]
    ]
    judged = [_with_ceiling(edges, camera, box) for box in sorted(judged, key=lambda box: -box.score)[:CEILINGS_JUDGED]]
    if not judged:
        return Room(camera, depth=4.0, left=-1.5, right=1.5, ceiling=2.6, confidence=0.0)
    best = _settle(edges, camera, max(judged, key=lambda box: box.score))
    return Room(
        camera=camera,
        depth=best.depth,
        left=best.left,
        right=best.right,
        ceiling=best.ceiling,
        confidence=max(0.0, best.score) * camera.agreement * _plausibility(camera, best),
    )


def _plausibility(camera: Camera, box: _Box) -> float:
    """Return 1 for a fit that can be believed, down to 0 where what it stands on does not hold."""
    level = 1 - (camera.lean - LEAN_ALLOWED_DEGREES) / LEAN_ALLOWED_DEGREES
    within = 1.0 if box.depth < 0.95 * DEPTHS[-1] else 0.5  # the best of the search lies at its end: there is no best
    return float(np.clip(level, 0, 1)) * within


def _at(camera: Camera, u: Floats | float, v: Floats | float, z: Floats | float = 0.0) -> Floats:
    """Return the pixels of room points given by coordinate; points behind the camera land far outside."""
    points = np.stack(np.broadcast_arrays(u, v, z), axis=-1).astype(np.float64)
    pixels, depth = camera.project(points)
    return np.where((depth > 0.05)[..., None], pixels, -1e4)


def _side_scores(edges: EdgeMap, camera: Camera, depths: Floats, walls: Floats, reach: int = 3) -> Floats:
    """Return how well each side wall is borne out together with each back wall, (depths, walls)."""
    depth, wall = (grid.ravel() for grid in np.meshgrid(depths, walls, indexing="ij"))
    corner = _at(camera, wall, depth)
    floor, seen = edges.support(corner, _at(camera, wall, np.maximum(0.9, depth * NEARER_SHARE)), reach)
    rising, _ = edges.support(corner, _at(camera, wall, depth, CORNER_METRES), reach)
    scores = floor * np.minimum(1, seen * 2) + CORNER_WEIGHT * rising
    return np.asarray(scores.reshape(len(depths), len(walls)))


def _boxes_by_edges(edges: EdgeMap, camera: Camera) -> list[_Box]:
    """Return the boxes made of the best side walls for each depth, scored by their edges."""
    left_scores = _side_scores(edges, camera, DEPTHS, LEFT_WALLS)
    right_scores = _side_scores(edges, camera, DEPTHS, RIGHT_WALLS)
    boxes = []
    for index, depth in enumerate(DEPTHS):
        lefts = np.argsort(-left_scores[index], kind="stable")[:SIDES_KEPT]
        rights = np.argsort(-right_scores[index], kind="stable")[:SIDES_KEPT]
        boxes += [
            _Box(left_scores[index, i] + right_scores[index, j], float(depth), LEFT_WALLS[i], RIGHT_WALLS[j])
            for i in lefts
            for j in rights
            if RIGHT_WALLS[j] - LEFT_WALLS[i] >= NARROWEST_METRES
        ]
    back, _ = edges.support(
        np.array([_at(camera, box.left, box.depth) for box in boxes]),
        np.array([_at(camera, box.right, box.depth) for box in boxes]),
    )
    return [replace(box, score=float(box.score + BACK_WEIGHT * back[i])) for i, box in enumerate(boxes)]


def _settle(edges: EdgeMap, camera: Camera, box: _Box) -> _Box:
    """Return the box moved so that each side lies right on its edges; the score stays."""
    nudges = np.linspace(-0.06, 0.06, 25)
    for _ in range(3):
        depths = box.depth * (1 + nudges)
        back, _ = edges.support(_at(camera, box.left, depths), _at(camera, box.right, depths), reach=1)
        box = replace(box, depth=float(depths[_middle_of_best(back)]))
        lefts = box.left + nudges * max(1.5, -box.left)
        box = replace(box, left=_best_side(edges, camera, box, lefts))
        rights = box.right + nudges * max(1.5, box.right)
        box = replace(box, right=_best_side(edges, camera, box, rights))
        heights = box.ceiling * (1 + nudges)
        box = replace(
            box, ceiling=float(heights[_middle_of_best(_ceiling_scores(edges, camera, box, heights, reach=1))])
        )
    return box


def _best_side(edges: EdgeMap, camera: Camera, box: _Box, walls: Floats) -> float:
    """Return the side wall whose edges on the floor, in the corner and at the ceiling are borne out best."""
    scores = _side_scores(edges, camera, np.array([box.depth]), walls, reach=1)[0]
    far, near = box.depth, box.depth * CEILING_NEARER_SHARE
    top, seen = edges.support(_at(camera, walls, far, box.ceiling), _at(camera, walls, near, box.ceiling), reach=1)
    return float(walls[_middle_of_best(scores + CEILING_WEIGHT * top * np.minimum(1, seen * 2))])


def _middle_of_best(scores: Floats) -> int:
    """Return the middle of the run of near-best scores, so that a flat top has no bias to one end."""
    best = int(np.argmax(scores))
    good = scores > scores[best] - 0.05
    first = last = best
    while first > 0 and good[first - 1]:
        first -= 1
    while last < len(scores) - 1 and good[last + 1]:
        last += 1
    return (first + last) // 2


def _ceiling_scores(edges: EdgeMap, camera: Camera, box: _Box, heights: Floats, reach: int) -> Floats:
    """Return how well each height of the ceiling is borne out: by its three edges and by the corners up to it."""
    near = box.depth * CEILING_NEARER_SHARE
    scores = np.zeros(len(heights))
    for (u0, v0), (u1, v1) in (
        ((box.left, box.depth), (box.right, box.depth)),
        ((box.left, box.depth), (box.left, near)),
        ((box.right, box.depth), (box.right, near)),
    ):
        support, seen = edges.support(_at(camera, u0, v0, heights), _at(camera, u1, v1, heights), reach)
        scores += CEILING_WEIGHT * support * np.minimum(1, seen * 2)
    for u in (box.left, box.right):
        corner, _ = edges.support(_at(camera, u, box.depth, heights * 0.8), _at(camera, u, box.depth, heights), reach)
        scores += CEILING_WEIGHT * corner
    return scores


def _with_ceiling(edges: EdgeMap, camera: Camera, box: _Box) -> _Box:
    scores = _ceiling_scores(edges, camera, box, CEILINGS, reach=2)
    best = _middle_of_best(scores)
    return replace(box, ceiling=float(CEILINGS[best]), score=box.score + float(scores[best]))


class _FloorColour:
    """How floor-like each pixel is: by its distance to the colours of the lowest rows."""

    def __init__(self, photo: Pixels, camera: Camera) -> None:
        self._camera = camera
        self._scale = COLOUR_PIXELS / photo.shape[1]
        small = cv2.resize(
            cv2.GaussianBlur(photo, (0, 0), 2), None, fx=self._scale, fy=self._scale, interpolation=cv2.INTER_AREA
        )
        lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
        height, width = lab.shape[:2]
        near = lab[int(0.86 * height) :, int(0.2 * width) : int(0.8 * width)].reshape(-1, 3)
        cv2.setRNGSeed(0)  # the same photo must always give the same room
        stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
        centres = cv2.kmeans(near, 3, np.zeros((len(near), 1), np.int32), stop, 2, cv2.KMEANS_PP_CENTERS)[2]
        weights = np.array([0.45, 1.4, 1.4], dtype=np.float32)  # light falls unevenly on a floor; its hue stays
        distances = np.linalg.norm((lab[:, :, None] - centres[None, None]) * weights, axis=3).min(axis=2)
        self._likeness: NDArray[np.float64] = np.clip(1.2 - distances / 9, -1, 1).astype(np.float64)
        self._likeness[np.arange(height) / self._scale < camera.horizon + 4] = -1

        self._fine = cv2.cvtColor(cv2.GaussianBlur(photo, (0, 0), 1.5).astype(np.float32) / 255, cv2.COLOR_RGB2Lab)

    def contrast(self, box: _Box) -> float:
        """Return at most 1: how much the colour changes across the three sides of the box's floor.

        A seam between planks is an edge too, but both its sides are floor.
        """
        steps = np.linspace(0.05, 0.95, 24)
        near = max(0.9, box.depth * NEARER_SHARE)
        found = []
        for (u0, v0), (u1, v1), outwards in (
            ((box.left, box.depth), (box.left, near), (-1, 0)),
            ((box.right, box.depth), (box.right, near), (1, 0)),
            ((box.left, box.depth), (box.right, box.depth), (0, 1)),
        ):
            u, v = u0 + (u1 - u0) * steps, v0 + (v1 - v0) * steps
            here = _at(self._camera, u, v)
            way = _at(self._camera, u + outwards[0] * 0.1, v + outwards[1] * 0.1) - here
            way *= CONTRAST_PIXELS / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-6)
            inner, outer = self._colours(here - way), self._colours(here + way)
            change = np.clip(np.linalg.norm(inner - outer, axis=1) / FULL_CONTRAST, 0, 1)
            seen = np.isfinite(change)
            found.append(float(change[seen].mean()) if seen.sum() >= 4 else 0.5)
        return float(np.mean(found))

    def _colours(self, pixels: Floats) -> Floats:
        """Return the Lab colours at pixels (n, 2); nan outside the photo."""
        height, width = self._fine.shape[:2]
        columns, rows = np.round(pixels.T)
        inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        colours = np.full((len(pixels), 3), np.nan)
        colours[inside] = self._fine[rows[inside].astype(int), columns[inside].astype(int)]
        return colours

    def fit(self, box: _Box) -> float:
        """Return at most 1: how well the floor-like pixels and the box's floor are the same."""
        for near in (1.0, 2.0):
            outline = np.array(
                [(box.left, near), (box.left, box.depth), (box.right, box.depth), (box.right, near)], dtype=np.float64
            )
            pixels, depth = self._camera.project(np.column_stack([outline, np.zeros(4)]))
            if depth.min() > 0.1:
                break
        else:
            return -1.0
        mask = np.zeros(self._likeness.shape, np.uint8)
        cv2.fillConvexPoly(mask, np.clip(np.round(pixels * self._scale), -30000, 30000).astype(np.int32), 1)
        inside = float(self._likeness[mask == 1].sum())
        missed = float(np.maximum(self._likeness[mask == 0], 0).sum())
        return (inside - 0.3 * missed) / max(1, int((self._likeness > 0).sum()))
