"""Tilted lenses: found, undone for measuring, and done again for what is laid over the photo."""

import math

import cv2
import numpy as np
import pytest

from staging.stager.camera import find_camera, working_copy
from staging.stager.composite import Layers, flat_place, lay_over
from staging.stager.level import find_levelling, levelled, moved
from staging.stager.measure import Said, measure
from tests.true_rooms import TRUE_ROOMS, sample

WIDTH, HEIGHT = 768, 576


def tilting(name: str, up_degrees: float, roll_degrees: float = 0.0) -> np.ndarray:
    """The matrix of a lens turned so, for a sample at working size, whose own lens is shifted."""
    focal = TRUE_ROOMS[name].focal * WIDTH
    lens = np.array([[focal, 0, WIDTH / 2], [0, focal, HEIGHT / 2 - 0.06 * WIDTH], [0, 0, 1]])
    pitch, _ = cv2.Rodrigues(np.array([math.radians(up_degrees), 0, 0]))
    roll, _ = cv2.Rodrigues(np.array([0, 0, math.radians(roll_degrees)]))
    centred = np.array([[focal, 0, WIDTH / 2], [0, focal, HEIGHT / 2], [0, 0, 1]])
    return np.asarray(centred @ roll @ pitch @ np.linalg.inv(lens))


def tilted(name: str, up_degrees: float, roll_degrees: float = 0.0) -> np.ndarray:
    photo = working_copy(sample(name))
    matrix = tilting(name, up_degrees, roll_degrees)
    turned = cv2.warpPerspective(photo, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, dtype=np.uint8)


@pytest.mark.parametrize("name", TRUE_ROOMS)
def test_a_level_photo_stays_as_it_is(name: str) -> None:
    photo = working_copy(sample(name))
    assert (find_levelling(photo) == np.eye(3)).all()
    assert levelled(photo, np.eye(3)) is photo


@pytest.mark.parametrize(("name", "up", "roll"), [("office", 4.0, 0.0), ("salon", -4.0, 0.0), ("living", 3.0, 1.5)])
def test_the_verticals_of_a_tilted_photo_become_upright(name: str, up: float, roll: float) -> None:
    photo = tilted(name, up, roll)
    assert find_camera(photo).lean > 0.5
    flat = levelled(photo, find_levelling(photo))
    assert find_camera(flat).lean < 0.4


@pytest.mark.parametrize(("name", "up"), [("office", 5.0), ("salon", -5.0), ("loft", 4.0)])
def test_a_room_is_measured_through_a_tilted_lens(name: str, up: float) -> None:
    photo, true = tilted(name, up), TRUE_ROOMS[name]
    measured = measure(photo, Said())
    assert any("tilted" in note for note in measured.notes)
    assert measured.room.camera.focal / WIDTH == pytest.approx(true.focal, rel=0.1)
    assert math.degrees(measured.room.camera.yaw) == pytest.approx(true.yaw_degrees, abs=2)


def test_what_is_laid_over_a_tilted_photo_lies_where_it_was_seen() -> None:
    photo = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    turn = tilting("office", 4.0)
    one = np.ones((60, 80), np.float32)
    layers = Layers(one, np.full((60, 80, 3), 0.0, np.float32), one)
    place = flat_place(300, 250, 420, 340) @ np.linalg.inv(turn)
    laid = (lay_over(photo, layers, place) != photo).any(axis=2)
    outline = moved(np.array([(300.0, 250), (420, 250), (420, 340), (300, 340)]), turn)
    drawn = cv2.fillConvexPoly(np.zeros((HEIGHT, WIDTH), np.uint8), np.round(outline).astype(np.int32), 1) > 0
    assert (laid & drawn).sum() / (laid | drawn).sum() > 0.96
