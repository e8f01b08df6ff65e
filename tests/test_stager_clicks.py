"""Four points on the floor tell what the lines of a photo could not."""

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from staging.stager.camera import Camera
from staging.stager.floor_clicks import NoFloor, camera_of_floor
from staging.stager.measure import SAID_CONFIDENCE, CannotStage, Said, measure
from staging.stager.openings import opening_of, project_opening
from tests.true_rooms import TRUE_ROOMS, measured, sample


def corners(name: str, near: float = 1.6, across: float = 0.8) -> list[tuple[float, float]]:
    """A rectangle of a sample's floor, from its back wall to so many eye heights before the camera, as shares.

    Its sides lie `across` of the way to the side walls.
    """
    true = TRUE_ROOMS[name]
    left, right, depth, _ = true.box
    camera = Camera(
        width=768,
        height=576,
        focal=true.focal * 768,
        centre_x=384,
        horizon=288 - 0.06 * 768,
        yaw=math.radians(true.yaw_degrees),
        eye_height=1.0,
    )
    left, right = left * across, right * across
    points = np.array([(left, depth, 0), (right, depth, 0), (right, near, 0), (left, near, 0)])
    return [(float(x) / 768, float(y) / 576) for x, y in camera.project(points)[0]]


@cache
def in_order(name: str) -> Camera:
    return camera_of_floor([(x * 768, y * 576) for x, y in corners(name)], 768, 576)[0]


@pytest.mark.parametrize("name", TRUE_ROOMS)
def test_four_clicks_tell_lens_direction_and_floor(name: str) -> None:
    true = TRUE_ROOMS[name]
    camera, sides = camera_of_floor([(x * 768, y * 576) for x, y in corners(name)], 768, 576)
    assert camera.focal / 768 == pytest.approx(true.focal, rel=0.05)
    assert math.degrees(camera.yaw) == pytest.approx(true.yaw_degrees, abs=1)
    assert sides[3] / camera.eye_height == pytest.approx(true.box[2], rel=0.05)


@pytest.mark.parametrize("order", [(2, 0, 3, 1), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_the_order_of_the_clicks_does_not_matter(order: Sequence[int]) -> None:
    points = [(x * 768, y * 576) for x, y in corners("office")]
    straight = in_order("office")
    mixed, _ = camera_of_floor([points[i] for i in order], 768, 576)
    assert mixed.yaw == pytest.approx(straight.yaw, abs=1e-3)


def test_a_hand_that_shakes_is_forgiven() -> None:
    random = np.random.default_rng(0)
    shaken = np.array(corners("salon")) * [768, 576] + random.normal(0, 3, (4, 2))
    points = [(float(x), float(y)) for x, y in shaken]
    camera, _ = camera_of_floor(points, 768, 576)
    assert math.degrees(camera.yaw) == pytest.approx(TRUE_ROOMS["salon"].yaw_degrees, abs=4)


@pytest.mark.parametrize(
    "points",
    [
        [(0.1, 0.9), (0.9, 0.9), (0.5, 0.5), (0.5, 0.7)],
        [(0.5, 0.5)] * 4,
        [(0.1, 0.1), (0.2, 0.2), (0.3, 0.3), (0.4, 0.4)],
        [(0.3, 0.9), (0.7, 0.9), (0.98, 0.6), (0.02, 0.6)],
    ],
    ids=["no rectangle", "one point", "a line", "wider far away"],
)
def test_what_is_no_floor_is_refused_with_a_sentence(points: list[tuple[float, float]]) -> None:
    with pytest.raises(CannotStage, match="not the corners of a rectangle on a floor"):
        measure(np.full((576, 768, 3), 190, np.uint8), Said(floor=tuple(points)))
    with pytest.raises(NoFloor):
        camera_of_floor([(x * 768, y * 576) for x, y in points], 768, 576)


def test_a_room_that_could_not_be_measured_is_with_four_clicks() -> None:
    blank = np.full((576, 768, 3), 190, np.uint8)
    with pytest.raises(CannotStage, match="In the app, click the four corners of its floor"):
        measure(blank, Said())
    told = measure(blank, Said(floor=tuple(corners("office"))))
    assert told.room.confidence == SAID_CONFIDENCE
    assert math.degrees(told.room.camera.yaw) == pytest.approx(TRUE_ROOMS["office"].yaw_degrees, abs=1.5)
    assert told.notes == ("The floor is where a person has outlined it.",)


@pytest.mark.parametrize(
    "told",
    [{"floor": [[0.1, 0.2]]}, {"floor": "here"}, {"openings": [{"kind": "door"}]}, {"floor": [[0, 0, 0]] * 4}],
)
def test_what_was_said_in_no_known_form_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(CannotStage):
        Said.read(told)


def test_an_outlined_door_is_one_on_the_wall_that_it_is_drawn_on() -> None:
    for name in ("living", "salon"):
        room = measured(name)
        for opening in room.openings:
            outline = project_opening(room.camera, room, opening)
            found = opening_of(room, opening.kind, outline)
            assert found is not None
            assert (found.wall, found.kind) == (opening.wall, opening.kind)
            assert (found.start, found.end) == pytest.approx((opening.start, opening.end), abs=0.05)


def test_outlined_openings_take_the_place_of_found_ones() -> None:
    room = measured("living")
    outline = project_opening(room.camera, room, room.openings[0]) / [768, 576]
    said = Said.read({"openings": [{"kind": "door", "corners": outline.tolist()}]})
    found = measure(sample("living", 768), said).room.openings
    assert [opening.kind for opening in found] == ["door"]


def test_an_outline_on_no_wall_is_left_out() -> None:
    room = measured("office")
    on_the_floor = room.camera.project(np.array([(0, 1.5, 0), (0.6, 1.5, 0), (0.6, 2.2, 0), (0, 2.2, 0.0)]))[0]
    assert opening_of(room, "door", on_the_floor) is None


@pytest.mark.parametrize(("across", "open_sides"), [(0.6, ("left", "right")), (1.0, ())])
def test_an_outline_that_ends_at_no_wall_is_not_lit_as_if_it_did(across: float, open_sides: tuple[str, ...]) -> None:
    room = measure(sample("living"), Said(floor=tuple(corners("living", across=across)))).room
    lit = room.as_lit()
    assert room.open_sides == open_sides
    assert (lit.left < room.left - 1, lit.right > room.right + 1) == (bool(open_sides), bool(open_sides))
    assert lit.depth == room.depth
    assert {one.wall for one in room.openings}.isdisjoint(open_sides)
