"""What stands together: the groups of furniture each type of room gets, by style and chance.

A group is laid out against a wall: x runs to the right as one faces the wall, y points at it, and
the wall is at y = 0; pieces at turn 0 have their backs to it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from staging.stager.carpentry import low_table, rug
from staging.stager.furniture import Catalogue, Colour, Piece, Style

WALL_GAP_METRES = 0.05
"""Skirting boards keep furniture this far from the wall."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One piece in its group."""

    piece: Piece
    x: float
    y: float
    turn: float = 0.0
    """Degrees, counter-clockwise from above."""
    needed: bool = False
    """False when the group makes sense without it."""


@dataclass(frozen=True, slots=True)
class Group:
    """Pieces that keep their places to each other."""

    spots: tuple[Spot, ...]
    against_wall: bool = True
    needed: bool = False
    """True for the group that makes the room what it is."""


class Chooser:
    """The choices of one staging: which pieces and colours, by style and seed."""

    def __init__(self, catalogue: Catalogue, style: Style, random: np.random.Generator) -> None:
        self.catalogue = catalogue
        self.style = style
        self.random = random
        self.fabric: Colour = style.fabrics[int(random.integers(len(style.fabrics)))]
        self._rug_colours = style.rugs[int(random.integers(len(style.rugs)))]

    def piece(self, role: str) -> Piece:
        """Return a piece for this role that suits the style."""
        able = self.catalogue.of(role, self.style)
        return able[int(self.random.integers(len(able)))]

    def rug(self, width: float, depth: float) -> Piece:
        """Return a rug in the style's colours."""
        ground, border = self._rug_colours
        return rug(width, depth, ground, border, seed=int(self.random.integers(2**31)))

    def about(self, middle: float, spread: float) -> float:
        """Return a number near the middle."""
        return float(middle + self.random.uniform(-spread, spread))

    def chance(self, share: float) -> bool:
        """Return True that often."""
        return bool(self.random.random() < share)


def living(choose: Chooser) -> list[Group]:
    """A sofa with its table, rug and armchairs; a bookcase; plants."""
    sofa = choose.piece("sofa")
    table = low_table(choose.about(1.05, 0.1), choose.about(0.6, 0.05), choose.style.wood, choose.style.metal)
    aside, front = sofa.nook
    table_y = -(WALL_GAP_METRES + front + 0.4 + table.depth / 2)
    carpet = choose.rug(choose.about(2.4, 0.2), 1.7)
    spots = [
        Spot(sofa, 0.0, -(WALL_GAP_METRES + sofa.depth / 2), needed=True),
        Spot(table, aside, table_y, needed=True),
        Spot(carpet, aside * 0.6, -(WALL_GAP_METRES + front - 0.2 + carpet.depth / 2)),
    ]
    sides = [1.0] if aside else [1.0, -1.0]
    if choose.chance(0.5):
        sides.reverse()
    armchair = choose.piece("armchair")
    for side in sides[: 1 + choose.chance(0.4)]:
        x = aside + side * (table.width / 2 + 0.45 + armchair.depth / 2)
        spots.append(Spot(armchair, x, table_y - 0.1, turn=-side * choose.about(72, 12)))
    return [Group(tuple(spots), needed=True), *_company(choose)]


def bedroom(choose: Chooser) -> list[Group]:
    """A bed between bedside tables, a rug half under it; a bookcase or an armchair; plants."""
    bed, bedside = choose.piece("bed"), choose.piece("bedside table")
    carpet = choose.rug(bed.width + 1.1, 1.6)
    beside = bed.width / 2 + 0.06 + bedside.width / 2
    bedside_y = -(WALL_GAP_METRES + bedside.depth / 2)
    spots = [
        Spot(bed, 0.0, -(WALL_GAP_METRES + bed.depth / 2), needed=True),
        Spot(bedside, -beside, bedside_y),
        Spot(bedside, beside, bedside_y),
        Spot(carpet, 0.0, -(WALL_GAP_METRES + bed.depth * 0.72)),
    ]
    armchair = choose.piece("armchair")
    reading = Group((Spot(armchair, 0.0, -(0.25 + armchair.depth / 2), turn=choose.about(0, 20)),))
    return [Group(tuple(spots), needed=True), reading, *_company(choose)]


def dining(choose: Chooser) -> list[Group]:
    """A table with chairs all round, on a rug or not; a bookcase; plants."""
    table, chair = choose.piece("dining table"), choose.piece("dining chair")
    tucked = chair.depth / 2 - 0.14
    spots = [Spot(table, 0.0, 0.0, needed=True)]
    if table.width < 1.5 * table.depth:
        away = table.width / 2 + tucked + 0.02
        for quarter in range(4):
            angle = quarter * math.pi / 2
            turn = math.degrees(angle) + choose.about(0, 5)
            spots.append(Spot(chair, -math.sin(angle) * away, math.cos(angle) * away, turn=turn, needed=quarter < 2))
    else:
        seats = (-0.62, 0.62) if choose.chance(0.5) else (-0.75, 0.0, 0.75)
        for side in (1, -1):
            for seat in seats:
                turn = (0 if side > 0 else 180) + choose.about(0, 5)
                y = side * (table.depth / 2 + tucked)
                spots.append(Spot(chair, seat + choose.about(0, 0.03), y, turn=turn, needed=True))
    if choose.chance(0.6):
        spots.append(Spot(choose.rug(table.width + 1.2, table.depth + 1.3), 0.0, 0.0))
    return [Group(tuple(spots), against_wall=False, needed=True), *_company(choose)]


def office(choose: Chooser) -> list[Group]:
    """A desk that faces the wall or the room, with its chair; a bookcase; an armchair; plants."""
    desk, chair = choose.piece("desk"), choose.piece("desk chair")
    if choose.chance(0.5):
        desk_spot = Spot(desk, 0.0, -(WALL_GAP_METRES + desk.depth / 2), needed=True)
        away = desk.depth + 0.02 + chair.depth / 2
        chair_spot = Spot(chair, choose.about(0, 0.15), -away, turn=180 + choose.about(0, 30), needed=True)
    else:
        desk_spot = Spot(desk, 0.0, -(1.15 + desk.depth / 2), turn=180, needed=True)
        chair_spot = Spot(chair, choose.about(0, 0.15), -0.8, turn=choose.about(0, 25), needed=True)
    armchair = choose.piece("armchair")
    reading = Group((Spot(armchair, 0.0, -(0.25 + armchair.depth / 2), turn=choose.about(0, 20)),))
    return [Group((desk_spot, chair_spot), needed=True), *_company(choose), reading]


def _company(choose: Chooser) -> list[Group]:
    """Return what any room may have beside its purpose."""
    bookcase, plant = choose.piece("bookcase"), choose.piece("plant")
    return [
        Group((Spot(bookcase, 0.0, -(WALL_GAP_METRES + bookcase.depth / 2)),)),
        Group((Spot(plant, 0.0, -(0.12 + plant.depth / 2), turn=choose.about(0, 180)),)),
    ]


GROUPS: dict[str, Callable[[Chooser], list[Group]]] = {
    "living": living,
    "bedroom": bedroom,
    "dining": dining,
    "kitchen": dining,
    "office": office,
    "other": living,
}
"""By `staging.rooms.RoomType` value; the types that are absent are refused."""
