"""What a piece of furniture may not do in a room.

It stands on the floor, goes through no wall and no other piece, keeps away from doors and the lens,
is not tall before a window, can be seen, and leaves ways of 70 cm to every door.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from staging.stager.camera import Floats
from staging.stager.furniture import Piece
from staging.stager.room import Opening, Room

DOOR_CLEARANCE_METRES = 0.95
"""The swing of a door leaf."""
WINDOW_CLEARANCE_METRES = 0.6
BESIDE_METRES = 0.1
ABOVE_SILL_METRES = 0.3
"""A headboard may rise this far before a window; a bookcase may not."""
LOW_SILL_METRES = 0.3
"""A window down to here is walked through."""
WALKWAY_METRES = 0.7
NEAREST_METRES = 1.3
"""Before the lens; what is nearer is cut by the frame and looms."""
WALL_METRES = 0.02
APART_METRES = 0.03
FLAT_METRES = 0.05
"""What is flatter may be walked on and stood on: rugs."""
GRID_METRES = 0.1
SEATS = frozenset({"sofa", "armchair", "desk chair"})
"""A view of their backs, large, spoils a picture."""
HUNG = "picture"
"""The role of what hangs on a wall."""
UNDER_CEILING_METRES = 0.15
REST_METRES = 0.03
"""How exactly a thing's foot is at the height of what it stands on."""
LOOMING_SHARE = 0.62
"""Of the picture's height; a piece that takes more hides the room."""

_WITHIN = np.array([(u / 4, v / 4, z) for u in range(5) for v in range(5) for z in range(2)])
"""Places in a box, (50, 3), as shares of its sides."""
Rectangle = tuple[float, float, float, float]
"""u and v of the near left corner, u and v of the far right one."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A piece where it stands: its middle on the floor, turned counter-clockwise from above."""

    piece: Piece
    u: float
    v: float
    turn: float
    """Degrees; at 0 its back is to the back wall."""
    needed: bool = False
    z: float = 0.0
    """How high its foot is: above 0 for what hangs on a wall or stands on furniture."""

    @property
    def top(self) -> float:
        """How high it reaches."""
        return self.z + self.piece.height

    @property
    def flat(self) -> bool:
        """True of rugs."""
        return self.piece.height < FLAT_METRES

    @property
    def footprint(self) -> Rectangle:
        """The floor it takes, with sides along the walls."""
        angle = math.radians(self.turn)
        across = (abs(self.piece.width * math.cos(angle)) + abs(self.piece.depth * math.sin(angle))) / 2
        along = (abs(self.piece.width * math.sin(angle)) + abs(self.piece.depth * math.cos(angle))) / 2
        return self.u - across, self.v - along, self.u + across, self.v + along

    @property
    def corners(self) -> Floats:
        """The corners (8, 3) of the upright box around it, in room coordinates."""
        u0, v0, u1, v1 = self.footprint
        return np.array([(u, v, z) for u in (u0, u1) for v in (v0, v1) for z in (self.z, self.top)])


def overlap(one: Rectangle, other: Rectangle, gap: float = 0.0) -> bool:
    """Return True when the rectangles come nearer to each other than the gap."""
    return one[0] < other[2] + gap and other[0] < one[2] + gap and one[1] < other[3] + gap and other[1] < one[3] + gap


def clash(one: Placement, other: Placement) -> bool:
    """Return True when the pieces come too near to each other, neither standing on or hanging over the other."""
    apart = (one.z > 0 or other.z > 0) and (one.z >= other.top - REST_METRES or other.z >= one.top - REST_METRES)
    return not apart and overlap(one.footprint, other.footprint, APART_METRES)


class Rules:
    """The rules of one room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        ways = [opening for opening in room.openings if opening.kind == "door" or opening.sill < LOW_SILL_METRES]
        self.doorways = [self._floor_before(opening, DOOR_CLEARANCE_METRES) for opening in ways]
        self._windows = [
            (self._floor_before(opening, WINDOW_CLEARANCE_METRES), opening.sill)
            for opening in room.openings
            if opening not in ways
        ]
        self._door_pixels = [self._points_on(opening) for opening in ways]

    def allow(self, placement: Placement, placed: Sequence[Placement], least_seen: float) -> bool:
        """Return True when the piece may stand there beside those already placed."""
        u0, _, u1, v1 = footprint = placement.footprint
        room = self._room
        if u0 < room.left + WALL_METRES or u1 > room.right - WALL_METRES or v1 > room.depth - WALL_METRES:
            return False
        if placement.flat:
            if any(overlap(footprint, way) for way in self.doorways) or self._nearest(placement) < NEAREST_METRES / 2:
                return False
            return self.seen(placement) >= 0.5
        if any(overlap(footprint, way) for way in self.doorways):
            return False
        if any(placement.top > sill + ABOVE_SILL_METRES and overlap(footprint, floor) for floor, sill in self._windows):
            return False
        if any(clash(placement, other) for other in placed):
            return False
        if placement.z and not self._held(placement, placed):
            return False
        return self._nearest(placement) >= NEAREST_METRES and self.seen(placement) >= least_seen

    def _held(self, placement: Placement, placed: Sequence[Placement]) -> bool:
        """Return True when what is above the floor hangs below the ceiling, or stands on something."""
        if placement.piece.role == HUNG:
            # Where a floor was outlined there may be no wall at its side: nothing must hang in the air.
            return not self._room.outlined and placement.top < self._room.ceiling - UNDER_CEILING_METRES
        for other in placed:
            u0, v0, u1, v1 = other.footprint
            if abs(other.top - placement.z) < REST_METRES and u0 < placement.u < u1 and v0 < placement.v < v1:
                return True
        return False

    def score(self, placed: Sequence[Placement]) -> float:
        """Return how good an allowed arrangement looks: much to see, nothing looming, the room kept open."""
        seen = sum((5.0 if placement.needed else 0.5) * self.seen(placement) for placement in placed)
        looming = sum(max(0.0, self._height_share(placement) - LOOMING_SHARE) for placement in placed)
        near = sum(self._nearest(placement) < (1.8 if placement.needed else 2.3) for placement in placed)
        covering = sum(
            placement.top > sill and overlap(placement.footprint, floor)
            for placement in placed
            for floor, sill in self._windows
        )
        hiding = sum(self._hidden_doors(placement) for placement in placed if not placement.flat)
        backs = sum(self._turned_away(placement) for placement in placed if placement.piece.role in SEATS)
        return seen - 5.0 * backs - 6.0 * looming - 0.4 * near - 0.6 * covering - 2.0 * hiding

    def _turned_away(self, placement: Placement) -> float:
        """Return how much of the picture shows the back of a seat: its share of the height, if it is turned away."""
        turn = math.radians(placement.turn)
        towards = np.array([-placement.u, -placement.v]) / max(math.hypot(placement.u, placement.v), 0.1)
        return max(0.0, -float(towards @ (math.sin(turn), -math.cos(turn)))) * self._height_share(placement)

    def _hidden_doors(self, placement: Placement) -> float:
        """Return how much of the doors the piece hides from the camera, as a share summed over the doors."""
        pixels, _ = self._room.camera.project(placement.corners)
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        return sum(float(((door > low) & (door < high)).all(axis=1).mean()) for door in self._door_pixels)

    def ways_are_free(self, placed: Sequence[Placement]) -> bool:
        """Return True when a walkway leads from the camera's end of the room to every door."""
        room = self._room
        columns = max(2, math.ceil(room.width / GRID_METRES))
        rows = max(2, math.ceil(room.depth / GRID_METRES))
        free = np.ones((rows, columns), np.uint8)
        for placement in placed:
            if not placement.flat and not placement.z:
                u0, v0, u1, v1 = placement.footprint
                low = math.floor((u0 - room.left) / GRID_METRES), math.floor(v0 / GRID_METRES)
                high = math.ceil((u1 - room.left) / GRID_METRES), math.ceil(v1 / GRID_METRES)
                free[max(0, low[1]) : max(0, high[1]), max(0, low[0]) : max(0, high[0])] = 0
        body = round(WALKWAY_METRES / GRID_METRES)
        passable = cv2.erode(free, np.ones((body, body), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=1)
        count, labels = cv2.connectedComponents(passable, connectivity=4)
        if count < 2:
            return False
        start = np.argwhere(labels[: max(1, rows // 3)] > 0)
        if not len(start):
            return False
        reached = labels[tuple(start[0])]
        for u0, v0, u1, v1 in self.doorways:
            column = int(np.clip(((u0 + u1) / 2 - room.left) / GRID_METRES, 0, columns - 1))
            row = int(np.clip((v0 + v1) / 2 / GRID_METRES, 0, rows - 1))
            if labels[row, column] != reached:
                return False
        return True

    def draw_place(self, against_wall: bool, random: np.random.Generator) -> tuple[float, float, float]:
        """Return a place for a group, as u, v and turn: on a wall, or anywhere on the floor."""
        room = self._room
        if not against_wall:
            u = random.uniform(room.left + 0.8, room.right - 0.8)
            v = random.uniform(min(2.0, 0.5 * room.depth), room.depth - 0.7)
            return float(u), float(v), float(random.choice([0.0, 90.0]))
        wall = random.choice(["back", "left", "right"], p=[0.5, 0.25, 0.25])
        if wall == "back":
            return float(random.uniform(room.left, room.right)), room.depth, 0.0
        v = float(random.uniform(NEAREST_METRES, room.depth))
        return (room.left, v, 90.0) if wall == "left" else (room.right, v, -90.0)

    def opposite(self, placement: Placement) -> tuple[float, float, float] | None:
        """Return the place on the wall that the piece faces, as `draw_place` does; None when it is not in the photo."""
        turn = placement.turn % 360
        if abs(turn - 90) < 1:
            return self._room.right, placement.v, -90.0
        if abs(turn - 270) < 1:
            return self._room.left, placement.v, 90.0
        return None

    def seen(self, placement: Placement) -> float:
        """Return the share of the piece's box that lies in the picture."""
        u0, v0, u1, v1 = placement.footprint
        pixels, depth = self._room.camera.project(
            np.array([u0, v0, placement.z]) + _WITHIN * np.array([u1 - u0, v1 - v0, placement.piece.height])
        )
        columns, rows = pixels.T
        camera = self._room.camera
        shown = (depth > 0.3) & (columns > 0) & (columns < camera.width) & (rows > 0) & (rows < camera.height)
        return int(np.count_nonzero(shown)) / len(_WITHIN)

    def _nearest(self, placement: Placement) -> float:
        """Return how far before the camera the piece begins."""
        return float(self._room.camera.project(placement.corners)[1].min())

    def _height_share(self, placement: Placement) -> float:
        pixels, _ = self._room.camera.project(placement.corners)
        return float(np.ptp(pixels[:, 1])) / self._room.camera.height

    def _points_on(self, opening: Opening) -> Floats:
        """Return pixels spread over an opening."""
        room = self._room
        along = np.linspace(opening.start, opening.end, 4)
        points = []
        for height in np.linspace(opening.sill, opening.top, 6):
            for place in along:
                if opening.wall == "back":
                    points.append((place, room.depth, height))
                else:
                    points.append((room.left if opening.wall == "left" else room.right, place, height))
        return room.camera.project(np.array(points))[0]

    def _floor_before(self, opening: Opening, clearance: float) -> Rectangle:
        """Return the floor that belongs to an opening."""
        start, end = opening.start - BESIDE_METRES, opening.end + BESIDE_METRES
        room = self._room
        if opening.wall == "back":
            return start, room.depth - clearance, end, room.depth
        if opening.wall == "left":
            return room.left, start, room.left + clearance, end
        return room.right - clearance, start, room.right, end
