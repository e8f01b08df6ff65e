"""The box of walls, floor and ceiling that the photo's edges bear out best."""

from dataclasses import dataclass, replace

import numpy as np

from staging.stager.camera import Camera, Floats
from staging.stager.edges import EdgeMap

DEPTHS = np.geomspace(1.8, 9.0, 60)
LEFT_WALLS = np.linspace(-6.0, -0.3, 58)
RIGHT_WALLS = np.linspace(0.3, 6.0, 58)
NARROWEST_METRES = 1.8
CORNER_METRES = 2.3
"""How far up the corners between the walls are looked for: below every ceiling."""
NEARER_SHARE = 0.25
"""The side walls are looked at from the back wall to this share of its distance."""
CEILINGS = np.linspace(2.1, 4.2, 64)
CEILING_NEARER_SHARE = 0.5
BACK_WEIGHT, CORNER_WEIGHT, CEILING_WEIGHT = 1.2, 0.7, 0.4
SIDES_KEPT = 8
LEAST_OF_A_WALL = 0.4
"""True walls of the sample rooms score 0.4 to 1.7 but for two that hardly show; open floor 0.4 at most, but for edges
that lie there by chance."""


@dataclass(frozen=True, slots=True)
class Box:
    """A room's box, in room coordinates; the score is how well the photo bears it out."""

    score: float
    depth: float
    left: float
    right: float
    ceiling: float = 0.0


def seen_at(camera: Camera, u: Floats | float, v: Floats | float, z: Floats | float = 0.0) -> Floats:
    """Return the pixels of room points given by coordinate; points behind the camera land far outside."""
    points = np.stack(np.broadcast_arrays(u, v, z), axis=-1).astype(np.float64)
    pixels, depth = camera.project(points)
    return np.where((depth > 0.05)[..., None], pixels, -1e4)


def _side_scores(edges: EdgeMap, camera: Camera, depths: Floats, walls: Floats, reach: int = 3) -> Floats:
    """Return how well each side wall is borne out together with each back wall, (depths, walls)."""
    depth, wall = (grid.ravel() for grid in np.meshgrid(depths, walls, indexing="ij"))
    corner = seen_at(camera, wall, depth)
    floor, seen = edges.support(corner, seen_at(camera, wall, np.maximum(0.9, depth * NEARER_SHARE)), reach)
    rising, _ = edges.support(corner, seen_at(camera, wall, depth, CORNER_METRES), reach)
    scores = floor * np.minimum(1, seen * 2) + CORNER_WEIGHT * rising
    return np.asarray(scores.reshape(len(depths), len(walls)))


def open_sides(edges: EdgeMap, camera: Camera, box: Box) -> tuple[str, ...]:
    """Return those of "left", "right" and "back" at which the photo's edges bear out no wall."""
    sides = _side_scores(edges, camera, np.array([box.depth]), np.array([box.left, box.right]))[0]
    depth = np.array([box.depth])
    back, _ = edges.support(seen_at(camera, box.left, depth), seen_at(camera, box.right, depth))
    scores = zip(("left", "right", "back"), (*sides, *back), strict=True)
    return tuple(side for side, score in scores if score < LEAST_OF_A_WALL)


def boxes_by_edges(edges: EdgeMap, camera: Camera) -> list[Box]:
    """Return the boxes made of the best side walls for each depth, scored by their edges."""
    left_scores = _side_scores(edges, camera, DEPTHS, LEFT_WALLS)
    right_scores = _side_scores(edges, camera, DEPTHS, RIGHT_WALLS)
    boxes = []
    for index, depth in enumerate(DEPTHS):
        lefts = np.argsort(-left_scores[index], kind="stable")[:SIDES_KEPT]
        rights = np.argsort(-right_scores[index], kind="stable")[:SIDES_KEPT]
        boxes += [
            Box(left_scores[index, i] + right_scores[index, j], float(depth), LEFT_WALLS[i], RIGHT_WALLS[j])
            for i in lefts
            for j in rights
            if RIGHT_WALLS[j] - LEFT_WALLS[i] >= NARROWEST_METRES
        ]
    sides = np.array([(box.left, box.right, box.depth) for box in boxes]).reshape(-1, 3)
    corners = seen_at(camera, sides[:, 0], sides[:, 2]), seen_at(camera, sides[:, 1], sides[:, 2])
    back, _ = edges.support(*corners)
    return [replace(box, score=float(box.score + BACK_WEIGHT * back[i])) for i, box in enumerate(boxes)]


def settle(edges: EdgeMap, camera: Camera, box: Box) -> Box:
    """Return the box moved so that each side lies right on its edges; the score stays."""
    nudges = np.linspace(-0.06, 0.06, 25)
    for _ in range(3):
        depths = box.depth * (1 + nudges)
        back, _ = edges.support(seen_at(camera, box.left, depths), seen_at(camera, box.right, depths), reach=1)
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


def _best_side(edges: EdgeMap, camera: Camera, box: Box, walls: Floats) -> float:
    """Return the side wall whose edges on the floor, in the corner and at the ceiling are borne out best."""
    scores = _side_scores(edges, camera, np.array([box.depth]), walls, reach=1)[0]
    far, near = box.depth, box.depth * CEILING_NEARER_SHARE
    top, seen = edges.support(
        seen_at(camera, walls, far, box.ceiling), seen_at(camera, walls, near, box.ceiling), reach=1
    )
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


def _ceiling_scores(edges: EdgeMap, camera: Camera, box: Box, heights: Floats, reach: int) -> Floats:
    """Return how well each height of the ceiling is borne out: by its three edges and by the corners up to it."""
    near = box.depth * CEILING_NEARER_SHARE
    scores = np.zeros(len(heights))
    for (u0, v0), (u1, v1) in (
        ((box.left, box.depth), (box.right, box.depth)),
        ((box.left, box.depth), (box.left, near)),
        ((box.right, box.depth), (box.right, near)),
    ):
        support, seen = edges.support(seen_at(camera, u0, v0, heights), seen_at(camera, u1, v1, heights), reach)
        scores += CEILING_WEIGHT * support * np.minimum(1, seen * 2)
    for u in (box.left, box.right):
        corner, _ = edges.support(
            seen_at(camera, u, box.depth, heights * 0.8), seen_at(camera, u, box.depth, heights), reach
        )
        scores += CEILING_WEIGHT * corner
    return scores


def with_ceiling(edges: EdgeMap, camera: Camera, box: Box) -> Box:
    """Return the box with the ceiling that is borne out best, and its score with it."""
    scores = _ceiling_scores(edges, camera, box, CEILINGS, reach=2)
    best = _middle_of_best(scores)
    return replace(box, ceiling=float(CEILINGS[best]), score=box.score + float(scores[best]))
