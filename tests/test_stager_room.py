import cv2
import numpy as np
import pytest

from staging.stager.camera import Pixels, find_camera, working_copy
from staging.stager.edges import EdgeMap
from staging.stager.room import LEAST_CONFIDENCE, find_room
from tests.true_rooms import TRUE_ROOMS, door_of, measured, sample


@pytest.mark.parametrize("name", TRUE_ROOMS)
def test_walls_and_ceiling_are_found(name: str) -> None:
    room = measured(name)
    eye = room.camera.eye_height
    found = (room.left / eye, room.right / eye, room.depth / eye, room.ceiling / eye)
    assert found == pytest.approx(TRUE_ROOMS[name].box, rel=0.05)
    assert room.confidence > LEAST_CONFIDENCE + 1


@pytest.mark.parametrize("name", [name for name, true in TRUE_ROOMS.items() if true.door])
def test_the_door_is_found_and_tells_the_scale(name: str) -> None:
    true, room = TRUE_ROOMS[name], measured(name)
    assert true.door is not None
    door = door_of(room)
    assert door.start == pytest.approx(true.door[0] - true.camera[0], abs=0.2)
    assert door.end == pytest.approx(true.door[1] - true.camera[0], abs=0.2)
    assert room.camera.eye_height == pytest.approx(true.camera[2], rel=0.06)


def test_a_window_is_no_door() -> None:
    (window,) = measured("bedroom").openings
    assert (window.kind, window.wall) == ("window", "back")
    assert window.sill == pytest.approx(0.9, abs=0.15)


def textured(seed: int) -> Pixels:
    """A picture of nothing, full of edges and lines."""
    random = np.random.default_rng(seed)
    picture = cv2.resize(random.integers(60, 200, (72, 96, 3)).astype(np.uint8), (768, 576))
    for _ in range(80):
        x0, y0, x1, y1 = (int(number) for number in random.integers(0, 768, 4))
        cv2.line(picture, (x0, y0 * 3 // 4), (x1, y1 * 3 // 4), [int(shade) for shade in random.integers(0, 255, 3)], 2)
    return np.asarray(picture, dtype=np.uint8)


@pytest.mark.parametrize("seed", range(2))
def test_a_picture_of_no_room_is_not_believed(seed: int) -> None:
    photo = textured(seed)
    assert find_room(photo, find_camera(photo)).confidence < LEAST_CONFIDENCE - 1


@pytest.mark.parametrize("name", ["office", "salon"])
def test_a_leaning_photo_is_not_believed(name: str) -> None:
    photo = working_copy(sample(name))
    height, width = photo.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 3, 1.1)
    leaning = np.asarray(cv2.warpAffine(photo, turn, (width, height)), dtype=np.uint8)
    assert find_room(leaning, find_camera(leaning)).confidence < LEAST_CONFIDENCE


@pytest.mark.parametrize("name", ["living", "loft"])
def test_a_photo_that_shows_no_floor_is_not_believed(name: str) -> None:
    photo = sample(name)
    upper = working_copy(photo[: photo.shape[0] // 2])
    assert find_room(upper, find_camera(upper)).confidence < LEAST_CONFIDENCE


def test_the_same_photo_gives_the_same_room() -> None:
    photo = working_copy(sample("office"))
    camera = find_camera(photo)
    assert find_room(photo, camera) == find_room(photo, camera)


def test_a_line_on_an_edge_is_borne_out_and_one_beside_it_is_not() -> None:
    photo = np.full((200, 300, 3), 60, np.uint8)
    photo[100:] = 180
    starts, ends = np.array([(20.0, 100.0), (20.0, 60.0)]), np.array([(280.0, 100.0), (280.0, 60.0)])
    support, seen = EdgeMap(photo).support(starts, ends)
    assert support == pytest.approx([1, 0], abs=0.05)
    assert seen == pytest.approx([1, 1])


def test_a_line_across_an_edge_is_not_borne_out() -> None:
    photo = np.full((200, 300, 3), 60, np.uint8)
    photo[100:] = 180
    support, _ = EdgeMap(photo).support(np.array([(150.0, 60.0)]), np.array([(150.0, 140.0)]))
    assert support[0] < 0.05
