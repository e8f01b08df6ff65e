from dataclasses import replace
from functools import cache

import pytest

from staging.stager.carpentry import framed_picture, long_bench
from staging.stager.furniture import Catalogue, Piece
from staging.stager.groups import GROUPS
from staging.stager.layout import NoPlace, arrange
from staging.stager.room import Opening, Room
from staging.stager.rules import DOOR_CLEARANCE_METRES, Placement, Rules, overlap
from tests.true_rooms import TRUE_ROOMS, measured

CATALOGUE = Catalogue()
SOFA = next(piece for piece in CATALOGUE.pieces if piece.name == "sofa2")
BOOKCASE = next(piece for piece in CATALOGUE.pieces if piece.role == "bookcase")
BENCH = long_bench(1.6, 0.42, (0.4, 0.3, 0.2), (0.1, 0.1, 0.1))
SEEDS = range(6)


@cache
def placements(name: str, seed: int, room_type: str | None = None, style: str = "modern") -> tuple[Placement, ...]:
    kind = room_type or TRUE_ROOMS[name].room_type
    return arrange(measured(name), CATALOGUE, room_type=kind, style=style, seed=seed).placements


def before_door(room: Room, door: Opening) -> tuple[float, float, float, float]:
    assert door.wall == "back"
    return door.start, room.depth - DOOR_CLEARANCE_METRES, door.end, room.depth


@pytest.mark.parametrize("name", TRUE_ROOMS)
def test_furniture_stays_within_the_walls(name: str) -> None:
    room = measured(name)
    for seed in SEEDS:
        for placement in placements(name, seed):
            u0, v0, u1, v1 = placement.footprint
            assert room.left < u0 < u1 < room.right
            assert 0 < v0 < v1 < room.depth


@pytest.mark.parametrize("name", [name for name, true in TRUE_ROOMS.items() if true.door])
def test_nothing_stands_before_a_door(name: str) -> None:
    room = measured(name)
    (door,) = [opening for opening in room.openings if opening.kind == "door" and opening.wall == "back"]
    for seed in SEEDS:
        for placement in placements(name, seed):
            assert not overlap(placement.footprint, before_door(room, door)), placement


def test_a_room_whose_door_is_not_known_has_furniture_there() -> None:
    """The control of the test above: without the rule furniture does stand there."""
    room = measured("living")
    (door,) = [opening for opening in room.openings if opening.kind == "door"]
    blind = replace(room, openings=())
    blocked = [
        placement
        for seed in range(20)
        for placement in arrange(blind, CATALOGUE, room_type="living", style="modern", seed=seed).placements
        if overlap(placement.footprint, before_door(room, door))
    ]
    assert blocked


@pytest.mark.parametrize("name", TRUE_ROOMS)
def test_groups_do_not_stand_in_each_other(name: str) -> None:
    for seed in SEEDS:
        solid = [placement for placement in placements(name, seed) if placement.piece.role in ("bookcase", "plant")]
        others = [placement for placement in placements(name, seed) if placement not in solid]
        for one in solid:
            assert not any(overlap(one.footprint, other.footprint) for other in others)


def test_the_same_seed_gives_the_same_layout() -> None:
    again = arrange(measured("living"), CATALOGUE, room_type="living", style="modern", seed=3)
    assert again.placements == placements("living", 3)


def test_other_seeds_give_other_layouts() -> None:
    assert len({placements("living", seed) for seed in SEEDS}) == len(SEEDS)


def test_the_style_changes_the_furniture() -> None:
    names = {frozenset(p.piece.name for p in placements("loft", 1, style=style)) for style in ("modern", "traditional")}
    assert len(names) == 2


@pytest.mark.parametrize("room_type", GROUPS)
def test_each_room_type_gets_what_it_is_for(room_type: str) -> None:
    purpose = {"living": "sofa", "bedroom": "bed", "dining": "dining table", "office": "desk", "other": "sofa"}
    purpose |= {"kitchen": "table", "outdoor": "garden"}
    roles = {placement.piece.role for placement in placements("loft", 1, room_type)}
    assert any(purpose[room_type] in role or role == "breakfast bar" for role in roles)


def test_a_room_too_small_for_it_gets_nothing() -> None:
    cupboard = replace(measured("office"), left=-0.9, right=0.9, depth=2.2, openings=())
    with pytest.raises(NoPlace):
        arrange(cupboard, CATALOGUE, room_type="bedroom", style="modern", seed=1)


def at(piece: Piece, u: float, v: float) -> Placement:
    return Placement(piece, u, v, 0.0)


def test_nothing_tall_stands_before_a_window() -> None:
    room = measured("bedroom")
    (window,) = room.openings
    rules, middle = Rules(room), (window.start + window.end) / 2
    assert not rules.allow(at(BOOKCASE, middle, room.depth - 0.3), [], 0.5)
    assert rules.allow(at(SOFA, middle, room.depth - 0.5), [], 0.5)
    assert Rules(replace(room, openings=())).allow(at(BOOKCASE, middle, room.depth - 0.3), [], 0.5)


def test_a_way_to_the_door_stays_free() -> None:
    room = measured("living")
    rules = Rules(room)
    wall = replace(BOOKCASE, name="wall", width=room.width - 0.4)
    assert not rules.ways_are_free([at(wall, (room.left + room.right) / 2, 3.0)])
    assert rules.ways_are_free([at(replace(wall, width=room.width - 2.5), room.left + 1.5, 3.0)])


def test_a_picture_hangs_on_a_wall_and_never_in_the_air() -> None:
    room = measured("living")
    piece = framed_picture(0.8, 0.6, ((0.2, 0.2, 0.3), (0.8, 0.8, 0.7), (0.4, 0.3, 0.2)), seed=1)
    hung = Placement(piece, 0.0, room.depth - 0.04, 0.0, z=1.3)
    assert Rules(room).allow(hung, [], 0.5)
    assert not Rules(room).allow(replace(hung, z=room.ceiling - 0.3), [], 0.5)
    assert not Rules(replace(room, outlined=True)).allow(hung, [], 0.5)


def test_a_lamp_stands_on_a_table_and_not_beside_it() -> None:
    room = measured("loft")
    rules, table = Rules(room), at(BENCH, 0.0, 4.0)
    lamp = next(piece for piece in CATALOGUE.pieces if piece.role == "table lamp")
    assert rules.allow(Placement(lamp, 0.1, 4.0, 0.0, z=BENCH.height), [table], 0.5)
    assert not rules.allow(Placement(lamp, 0.1, 4.0, 0.0, z=BENCH.height), [], 0.5)
    assert not rules.allow(Placement(lamp, 0.1, 3.0, 0.0, z=BENCH.height), [table], 0.5)


def test_what_is_out_of_the_picture_is_not_placed() -> None:
    room = measured("salon")
    rules = Rules(room)
    assert rules.seen(at(SOFA, room.left + 0.6, 0.5)) < 0.3
    assert rules.seen(at(SOFA, 2.0, 3.5)) == 1
