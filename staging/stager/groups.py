"""What stands together: the groups of furniture each type of room gets, by style and chance.

A group is laid out against a wall: x runs to the right as one faces the wall, y points at it, and
the wall is at y = 0; pieces at turn 0 have their backs to it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from staging.stager.carpentry import (
    BENCH_METRES,
    TABLE_METRES,
    floor_lamp,
    framed_picture,
    garden_table,
    long_bench,
    low_table,
    rug,
)
from staging.stager.furniture import Catalogue, Colour, Piece, Style

WALL_GAP_METRES = 0.05
"""Skirting boards keep furniture this far from the wall."""
HANGING_GAP_METRES = 0.04
PICTURE_FOOT_METRES = 1.3
"""Above every sofa and headboard; a picture's middle is then at the height of eyes."""
DESK_TOP_METRES = 0.85
BEFORE_TELEVISION = 0.1
"""How often the sofa turns its back to the room: it is the better plan in few rooms, and shows less."""


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
    z: float = 0.0
    """How high its foot is: above 0 for what hangs, or stands on a piece of the group that comes before it."""


@dataclass(frozen=True, slots=True)
class Group:
    """Pieces that keep their places to each other."""

    spots: tuple[Spot, ...]
    against_wall: bool = True
    needed: bool = False
    """True for the group that makes the room what it is."""
    faces_first: bool = False
    """True when it goes to the wall that the room's first piece faces."""


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

    def picture(self, width: float) -> Piece:
        """Return a framed picture in the style's colours."""
        colours = (self.fabric, self._rug_colours[0], self.style.wood)
        return framed_picture(
            width, round(width * self.about(0.72, 0.08), 2), colours, int(self.random.integers(2**31))
        )

    def about(self, middle: float, spread: float) -> float:
        """Return a number near the middle."""
        return float(middle + self.random.uniform(-spread, spread))

    def extra(self) -> bool:
        """Return whether a piece that the room can do without is there: as often as the style is full."""
        return self.chance(self.style.fullness)

    def chance(self, share: float) -> bool:
        """Return True that often."""
        return bool(self.random.random() < share)


def living(choose: Chooser) -> list[Group]:
    """A sofa with its table, rug and armchairs, opposite a television; or all that before the television."""
    table = low_table(choose.about(1.05, 0.1), choose.about(0.6, 0.05), choose.style.wood, choose.style.metal)
    if choose.chance(BEFORE_TELEVISION):
        return [_before_television(choose, table), *_company(choose)]
    sofa = choose.piece("sofa")
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
    spots += [*_on(choose, aside, table_y), *_above(choose, 1.0)]
    if choose.extra():
        lamp = floor_lamp(choose.style.metal)
        spots.append(Spot(lamp, -sides[0] * (sofa.width / 2 + 0.3), -(WALL_GAP_METRES + 0.25)))
    groups = [Group(tuple(spots), needed=True)]
    if choose.extra():
        groups.append(Group(_television(choose), faces_first=True))
    return groups + _company(choose)


def _television(choose: Chooser) -> tuple[Spot, ...]:
    """Return a television on its bench, against the wall."""
    bench = long_bench(choose.about(1.6, 0.1), 0.42, choose.style.wood, choose.style.metal)
    screen = choose.piece("television")
    y = -(WALL_GAP_METRES + bench.depth / 2)
    return Spot(bench, 0.0, y, needed=True), Spot(screen, 0.0, y, z=BENCH_METRES)


def _before_television(choose: Chooser, table: Piece) -> Group:
    """Return a sofa that faces the television on its wall, table and rug between them, an armchair beside."""
    sofa, armchair = choose.piece("sofa"), choose.piece("armchair")
    carpet = choose.rug(choose.about(2.4, 0.2), 1.7)
    bench, screen = _television(choose)
    away = choose.about(2.6, 0.15)
    table_y = -(away - 0.35 - table.depth / 2 - sofa.nook[1] / 2)
    side = 1.0 if choose.chance(0.5) else -1.0
    spots = (
        replace(bench, needed=True),
        screen,
        Spot(sofa, 0.0, -(away + sofa.depth / 2), turn=180, needed=True),
        Spot(table, 0.0, table_y, needed=True),
        Spot(carpet, 0.0, table_y),
        Spot(armchair, side * (table.width / 2 + 0.6 + armchair.depth / 2), table_y, turn=-side * choose.about(80, 8)),
        *_on(choose, 0.0, table_y),
    )
    return Group(spots, needed=True)


def bedroom(choose: Chooser) -> list[Group]:
    """A bed between bedside tables with lamps, a rug half under it; a wardrobe, an armchair; plants."""
    bed, bedside, lamp = choose.piece("bed"), choose.piece("bedside table"), choose.piece("table lamp")
    carpet = choose.rug(bed.width + 1.1, 1.6)
    beside = bed.width / 2 + 0.06 + bedside.width / 2
    bedside_y = -(WALL_GAP_METRES + bedside.depth / 2)
    spots = [Spot(bed, 0.0, -(WALL_GAP_METRES + bed.depth / 2), needed=True)]
    lit = choose.extra()
    for x in (-beside, beside):
        spots.append(Spot(bedside, x, bedside_y))
        if lit:
            spots.append(Spot(lamp, x, bedside_y, z=bedside.height))
    spots.append(Spot(carpet, 0.0, -(WALL_GAP_METRES + bed.depth * 0.72)))
    spots += _above(choose, 0.9)
    if choose.extra() and choose.chance(0.6):
        bench = choose.piece("ottoman")
        spots.append(Spot(bench, 0.0, -(WALL_GAP_METRES + bed.depth + 0.08 + bench.depth / 2)))
    groups = [Group(tuple(spots), needed=True)]
    if choose.extra() and choose.chance(0.6):
        groups.append(_alone(choose.piece("wardrobe")))
    if choose.extra():
        armchair = choose.piece("armchair")
        groups.append(Group((Spot(armchair, 0.0, -(0.25 + armchair.depth / 2), turn=choose.about(0, 20)),)))
    return groups + _company(choose, books=False)


def dining(choose: Chooser) -> list[Group]:
    """A table with chairs all round, on a rug or not; a sideboard or a bookcase; plants."""
    groups = [_table_and_chairs(choose, choose.piece("dining table"))]
    if choose.extra() and choose.chance(0.5):
        board = long_bench(choose.about(1.6, 0.15), 0.42, choose.style.wood, choose.style.metal)
        plant = choose.piece("pot plant")
        y = -(WALL_GAP_METRES + board.depth / 2)
        dressed = (Spot(board, 0.0, y, needed=True), Spot(plant, 0.5, y, z=BENCH_METRES), *_above(choose, 0.9))
        groups.append(Group(dressed))
    return groups + _company(choose)


def kitchen(choose: Chooser) -> list[Group]:
    """A breakfast bar with its stools, or a small table; the kitchen's own units are fixtures and stay as they are."""
    if choose.chance(0.4):
        bar, stool = choose.piece("breakfast bar"), choose.piece("bar stool")
        away = bar.width / 2 + stool.depth / 2 - 0.05
        spots = [Spot(bar, 0.0, -bar.depth / 2, needed=True)]
        for index, place in enumerate((-0.3, 0.3)):
            y = -bar.depth / 2 + place
            spots.append(Spot(stool, away, y, turn=choose.about(-90, 12), needed=index == 0))
        return [Group(tuple(spots), needed=True), *_plants(choose)]
    table = choose.piece("bistro table" if choose.chance(0.5) else "dining table")
    return [_table_and_chairs(choose, table), *_plants(choose)]


def _table_and_chairs(choose: Chooser, table: Piece) -> Group:
    """Return a table with its chairs, free in the room."""
    chair = choose.piece("dining chair")
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
    if choose.extra():
        spots.append(
            Spot(choose.piece("pot plant"), choose.about(0, 0.1), 0.0, turn=choose.about(0, 180), z=table.height)
        )
    return Group(tuple(spots), against_wall=False, needed=True)


def office(choose: Chooser) -> list[Group]:
    """A desk with its chair and lamp, against the wall or facing the room; shelves, a board, an armchair; plants."""
    desk, chair = choose.piece("desk"), choose.piece("desk chair")
    if desk.height > DESK_TOP_METRES or choose.chance(0.5):  # one with shelves on it has a back that nobody should see
        y = -(WALL_GAP_METRES + desk.depth / 2)
        away = desk.depth + 0.02 + chair.depth / 2
        chair_spot = Spot(chair, choose.about(0, 0.15), -away, turn=180 + choose.about(0, 30), needed=True)
        spots = [Spot(desk, 0.0, y, needed=True), chair_spot]
    else:
        y = -(1.15 + desk.depth / 2)
        chair_spot = Spot(chair, choose.about(0, 0.15), -0.8, turn=choose.about(0, 25), needed=True)
        spots = [Spot(desk, 0.0, y, turn=180, needed=True), chair_spot]
    if choose.extra() and desk.height <= DESK_TOP_METRES:
        spots.append(Spot(choose.piece("table lamp"), desk.width / 2 - 0.25, y, z=desk.height))
    if choose.extra():
        spots.append(Spot(choose.piece("bin"), desk.width / 2 + 0.2, -0.25))
    groups = [Group(tuple(spots), needed=True), *_company(choose)]
    if choose.extra() and choose.chance(0.4):
        groups.append(_alone(choose.piece("board")))
    if choose.extra():
        armchair = choose.piece("armchair")
        groups.append(Group((Spot(armchair, 0.0, -(0.25 + armchair.depth / 2), turn=choose.about(0, 20)),)))
    return groups


def outdoor(choose: Chooser) -> list[Group]:
    """A garden table with chairs, or two loungers; a bench; planters and a lantern."""
    if choose.chance(0.6):
        table = garden_table(choose.about(1.3, 0.1), 0.8, choose.style.wood, choose.style.metal)
        chair = choose.piece("garden chair")
        y = table.depth / 2 + chair.depth / 2 - 0.12
        spots = [Spot(table, 0.0, 0.0, needed=True)]
        for side in (1, -1):
            turn = 0 if side > 0 else 180
            spots += [Spot(chair, x, side * y, turn=turn + choose.about(0, 6), needed=True) for x in (-0.33, 0.33)]
        spots.append(Spot(choose.piece("pot plant"), 0.0, 0.0, z=table.height))
        groups = [Group(tuple(spots), against_wall=False, needed=True)]
    else:
        lounger = choose.piece("garden lounger")
        table = low_table(0.45, 0.45, choose.style.wood, choose.style.metal)
        y = -(0.3 + lounger.depth / 2)
        pair = [Spot(lounger, x, y, turn=choose.about(0, 8), needed=True) for x in (-0.75, 0.75)]
        drinks = Spot(table, 0.0, y, needed=False)
        groups = [Group((*pair, drinks, *_on(choose, 0.0, y)), needed=True)]
        if choose.extra():
            groups.append(Group((Spot(choose.piece("parasol"), 0.0, -1.4),)))
    if choose.extra():
        groups.append(_alone(choose.piece("garden bench")))
    groups += [_alone(choose.piece("planter")) for _ in range(1 + choose.extra())]
    if choose.extra():
        groups.append(_alone(choose.piece("garden lantern")))
    return groups + _plants(choose)


def _on(choose: Chooser, x: float, y: float) -> list[Spot]:
    """Return what may stand on a low table."""
    if not choose.extra():
        return []
    return [Spot(choose.piece("pot plant"), x + choose.about(0, 0.12), y, turn=choose.about(0, 180), z=TABLE_METRES)]


def _above(choose: Chooser, width: float) -> list[Spot]:
    """Return what may hang on the wall, over the middle of a group: one picture, or two beside each other."""
    if not choose.extra():
        return []
    if choose.chance(0.5):
        return [Spot(choose.picture(choose.about(width, 0.1)), 0.0, -HANGING_GAP_METRES, z=PICTURE_FOOT_METRES)]
    one, other = choose.picture(0.55), choose.picture(0.55)
    return [Spot(piece, x, -HANGING_GAP_METRES, z=PICTURE_FOOT_METRES) for piece, x in ((one, -0.34), (other, 0.34))]


def _alone(piece: Piece) -> Group:
    """Return a piece against a wall by itself."""
    return Group((Spot(piece, 0.0, -(WALL_GAP_METRES + piece.depth / 2)),))


def _plants(choose: Chooser) -> list[Group]:
    plant = choose.piece("plant")
    return [Group((Spot(plant, 0.0, -(0.12 + plant.depth / 2), turn=choose.about(0, 180)),))]


def _company(choose: Chooser, *, books: bool = True) -> list[Group]:
    """Return what any room may have beside its purpose: shelves, a plant, a picture; rarely a piano."""
    groups = []
    if books and choose.extra():
        if choose.catalogue.suits("piano", choose.style) and choose.chance(0.15):
            groups.append(_alone(choose.piece("piano")))
        low = choose.chance(0.3)
        shelf = choose.piece("low shelf" if low else "bookcase")
        spots = [Spot(shelf, 0.0, -(WALL_GAP_METRES + shelf.depth / 2), needed=True)]
        if low:
            spots.append(Spot(choose.piece("pot plant"), 0.0, spots[0].y, z=shelf.height))
        groups.append(Group(tuple(spots)))
    if choose.chance(0.5) and choose.extra():
        art = choose.picture(choose.about(0.7, 0.15))
        groups.append(Group((Spot(art, 0.0, -HANGING_GAP_METRES, z=PICTURE_FOOT_METRES),)))
    return groups + _plants(choose)


GROUPS: dict[str, Callable[[Chooser], list[Group]]] = {
    "living": living,
    "bedroom": bedroom,
    "dining": dining,
    "kitchen": kitchen,
    "office": office,
    "outdoor": outdoor,
    "other": living,
}
"""By `staging.rooms.RoomType` value; the types that are absent are refused."""
