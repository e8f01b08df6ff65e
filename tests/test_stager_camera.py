import math

import cv2
import numpy as np
import pytest

from staging.stager.camera import Camera, NoCamera, find_camera, working_copy
from tests.true_rooms import TRUE_ROOMS, sample

CAMERA = Camera(width=1536, height=1152, focal=800.0, centre_x=768.0, horizon=480.0, yaw=math.radians(20))


@pytest.mark.parametrize("name", TRUE_ROOMS)
def test_the_camera_of_a_room_is_found(name: str) -> None:
    photo, true = working_copy(sample(name)), TRUE_ROOMS[name]
    camera = find_camera(photo)
    height, width = photo.shape[:2]
    assert camera.focal_measured
    assert camera.focal == pytest.approx(true.focal * width, rel=0.03)
    assert math.degrees(camera.yaw) == pytest.approx(true.yaw_degrees, abs=0.5)
    assert camera.horizon == pytest.approx(0.5 * height - 0.06 * width, abs=2)
    assert camera.lean < 0.5
    assert camera.agreement > 0.8


@pytest.mark.parametrize("name", TRUE_ROOMS)
def test_a_mirrored_room_turns_the_other_way(name: str) -> None:
    camera = find_camera(working_copy(np.ascontiguousarray(sample(name)[:, ::-1])))
    assert math.degrees(camera.yaw) == pytest.approx(-TRUE_ROOMS[name].yaw_degrees, abs=0.7)


def test_the_direction_into_the_room_is_the_one_the_camera_looks_in() -> None:
    for name in TRUE_ROOMS:
        assert abs(find_camera(working_copy(sample(name))).yaw) <= math.pi / 4


@pytest.mark.parametrize(
    "photo",
    [np.full((576, 768, 3), 200, np.uint8), np.random.default_rng(0).integers(0, 256, (576, 768, 3)).astype(np.uint8)],
    ids=["blank wall", "noise"],
)
def test_a_photo_without_lines_has_no_camera(photo: np.ndarray) -> None:
    with pytest.raises(NoCamera):
        find_camera(photo)


def test_a_turned_photo_is_seen_to_lean() -> None:
    photo = working_copy(sample("office"))
    height, width = photo.shape[:2]
    turned = cv2.warpAffine(photo, cv2.getRotationMatrix2D((width / 2, height / 2), 3, 1.1), (width, height))
    assert find_camera(np.asarray(turned, dtype=np.uint8)).lean == pytest.approx(3, abs=0.5)


def test_floor_points_come_back_from_where_they_are_seen() -> None:
    points = np.array([(0.5, 3.0), (-1.2, 4.5), (2.0, 2.0)])
    pixels, depth = CAMERA.project(np.column_stack([points, np.zeros(3)]))
    assert (depth > 0).all()
    assert CAMERA.on_floor(pixels) == pytest.approx(points)


def test_what_is_at_eye_height_lies_on_the_horizon() -> None:
    pixels, _ = CAMERA.project(np.array([(0.3, 4.0, CAMERA.eye_height), (-2.0, 5.0, CAMERA.eye_height)]))
    assert pixels[:, 1] == pytest.approx(CAMERA.horizon)


def test_the_same_camera_at_half_the_size_sees_the_same() -> None:
    point = np.array([(0.7, 3.0, 0.4)])
    assert CAMERA.scaled(768, 576).project(point)[0] * 2 == pytest.approx(CAMERA.project(point)[0])


def test_every_photo_is_measured_at_one_size() -> None:
    assert working_copy(np.zeros((3000, 4000, 3), np.uint8)).shape == (576, 768, 3)
    assert working_copy(np.zeros((256, 300, 3), np.uint8)).shape[1] == 768
