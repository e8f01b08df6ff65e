import cv2
import numpy as np
import pytest

from staging.stager.finish import UNFINISHED, Finish, read_finish
from tests.true_rooms import sample


@pytest.mark.parametrize("deviation", [2.0, 4.0, 6.0])
def test_the_grain_of_a_photo_is_measured(deviation: float) -> None:
    photo = sample("office", 640)
    noise = np.random.default_rng(1).normal(0, deviation, photo.shape[:2])[..., None]
    grainy = np.clip(photo + noise, 0, 255).astype(np.uint8)
    assert read_finish(grainy).grain == pytest.approx(deviation, rel=0.3)


def test_a_clean_photo_has_none() -> None:
    assert read_finish(sample("salon", 640)).grain == 0


def test_a_soft_photo_is_seen_to_be() -> None:
    photo = sample("office", 1024)
    soft = np.asarray(cv2.GaussianBlur(photo, (0, 0), 2.0), dtype=np.uint8)
    assert read_finish(photo).softness < 0.9
    assert read_finish(soft).softness == pytest.approx(2.0, abs=0.7)


def test_a_picture_without_an_edge_or_of_one_shade_tells_nothing() -> None:
    for shade in (0, 128, 255):
        assert read_finish(np.full((64, 64, 3), shade, np.uint8)) == UNFINISHED


def test_grain_is_laid_over_furniture_as_strong_as_the_photos() -> None:
    light = np.full((200, 200, 3), 0.25, np.float32)
    grained = Finish(grain=4.0, softness=0.0).grained(light, np.random.default_rng(0))
    encoded = 255 * (1.055 * grained ** (1 / 2.4) - 0.055)
    assert encoded.std() == pytest.approx(4.0, rel=0.25)
    assert UNFINISHED.grained(light, np.random.default_rng(0)) is light


def test_softening_counts_in_the_photos_pixels() -> None:
    spot = np.zeros((41, 41), np.float32)
    spot[20, 20] = 1
    assert Finish(0.0, 2.0).softened(spot, 1.0)[20, 20] < Finish(0.0, 2.0).softened(spot, 2.0)[20, 20]
    assert UNFINISHED.softened(spot, 1.0) is spot
