"""The room's box: where the back wall, the side walls and the ceiling stand.

The floor's rectangle is looked for so that its three visible sides, and the corners that rise from
it, lie on edges of the photo, and the photo is floor-coloured inside and not outside.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from staging.stager.boxes import DEPTHS, Box, boxes_by_edges, settle, with_ceiling
from staging.stager.camera import Camera, Pixels
from staging.stager.edges import EdgeMap
from staging.stager.floor_colour import FloorColour

LEAST_CONFIDENCE = 3.5
"""Below it the fit is not used. Measured on the sample rooms and variants of them (mirrored, noisy, cropped), and on
pictures of no room (nature, noise, test charts, leaning or halved rooms): right fits score 4.0 to 6.2, wrong ones 2.7
at most; in between lay one room, cropped so that its lens was misread (3.4)."""
LEAN_ALLOWED_DEGREES = 1.5
"""Verticals that lean more are not those of a level camera, which everything here supposes."""
COLOUR_WEIGHT, CONTRAST_WEIGHT = 1.0, 0.8
BOXES_JUDGED, CEILINGS_JUDGED = 400, 80
GOES_ON_METRES = 2.0
"""How far the floor goes on beyond an outline that ends at no wall: further than shadows do."""


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
    outlined: bool = False
    """True when a person has said where the floor is: its sides lie along the walls, and need not be walls."""
    open_sides: tuple[str, ...] = ()
    """The sides ("left", "right", "back") of an outlined floor at which the photo shows no wall."""

    @property
    def width(self) -> float:
        """From wall to wall."""
        return self.right - self.left

    def as_lit(self) -> "Room":
        """Return the room with its floor going on at its open sides: they would be shaded as walls otherwise."""
        return replace(
            self,
            left=self.left - GOES_ON_METRES * ("left" in self.open_sides),
            right=self.right + GOES_ON_METRES * ("right" in self.open_sides),
            depth=self.depth + GOES_ON_METRES * ("back" in self.open_sides),
            openings=tuple(one for one in self.openings if one.wall not in self.open_sides),
        )

    def scaled(self, width: int, height: int) -> "Room":
        """Return the same room for the photo resized to this size."""
        return replace(self, camera=self.camera.scaled(width, height))


def find_room(photo: Pixels, camera: Camera, edges: EdgeMap | None = None) -> Room:
    """Return the room that fits the photo (a `working_copy`) best, without its openings.

    Always returns one: whether to use it is told by its confidence (see LEAST_CONFIDENCE). `edges`
    are the photo's own, where they are known already.
    """
    edges = edges or EdgeMap(photo)
    boxes = boxes_by_edges(edges, camera)
    colour = FloorColour(photo, camera)
    likely = sorted(boxes, key=lambda box: -box.score)[:BOXES_JUDGED]
    judged = [
        replace(box, score=box.score + COLOUR_WEIGHT * colour.fit(box) + CONTRAST_WEIGHT * float(contrast))
        for box, contrast in zip(likely, colour.contrasts(likely), strict=True)
    ]
    judged = [with_ceiling(edges, camera, box) for box in sorted(judged, key=lambda box: -box.score)[:CEILINGS_JUDGED]]
    if not judged:
        return Room(camera, depth=4.0, left=-1.5, right=1.5, ceiling=2.6, confidence=0.0)
    best = settle(edges, camera, max(judged, key=lambda box: box.score))
    return Room(
        camera=camera,
        depth=best.depth,
        left=best.left,
        right=best.right,
        ceiling=best.ceiling,
        confidence=max(0.0, best.score) * camera.agreement * _plausibility(camera, best),
    )


def _plausibility(camera: Camera, box: Box) -> float:
    """Return 1 for a fit that can be believed, down to 0 where what it stands on does not hold."""
    level = 1 - (camera.lean - LEAN_ALLOWED_DEGREES) / LEAN_ALLOWED_DEGREES
    within = 1.0 if box.depth < 0.95 * DEPTHS[-1] else 0.5  # the best of the search lies at its end: there is no best
    return float(np.clip(level, 0, 1)) * within
