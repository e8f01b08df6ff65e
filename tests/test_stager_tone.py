"""offline/tone: light and colour change, nothing else does."""

import cv2
import numpy as np
import pytest

from staging.stager.camera import Pixels
from staging.stager.tone import LOOKS, LookName, tone
from tests.true_rooms import sample


def edges(picture: Pixels) -> np.ndarray:
    grey = cv2.createCLAHE(4.0, (8, 8)).apply(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
    return np.asarray(cv2.Canny(grey, 60, 160) > 0)


@pytest.mark.parametrize("look", LOOKS)
def test_every_edge_stays_where_it_is(look: LookName) -> None:
    photo = sample("office", 640)
    relit = tone(photo, look)
    assert relit.shape == photo.shape
    near = cv2.dilate(edges(relit).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert near[edges(photo)].mean() > 0.85


def test_a_dark_photo_becomes_brighter_and_a_bright_one_is_not_burnt() -> None:
    photo = sample("office", 320)
    dark = (photo * 0.45).astype(np.uint8)
    assert tone(dark).mean() > dark.mean() * 1.3
    assert (tone(photo) == 255).all(axis=2).mean() < 0.02


def test_a_cast_is_taken_away() -> None:
    photo = sample("office", 320)
    yellow = np.clip(photo * [1.0, 0.95, 0.82], 0, 255).astype(np.uint8)

    def blueness(picture: Pixels) -> float:
        return float(picture[..., 2].mean() / picture[..., 0].mean())

    assert blueness(tone(yellow)) > blueness(yellow) * 1.07


def test_warm_is_warmer_than_natural() -> None:
    photo = sample("salon", 320)
    warm, natural = tone(photo, "warm").astype(float), tone(photo, "natural").astype(float)
    assert (warm[..., 0] - warm[..., 2]).mean() > (natural[..., 0] - natural[..., 2]).mean() + 2


@pytest.mark.parametrize("shade", [0, 255])
def test_a_picture_of_one_shade_comes_back_whole(shade: int) -> None:
    flat = np.full((40, 60, 3), shade, np.uint8)
    assert tone(flat).shape == flat.shape


def test_the_same_photo_gives_the_same_bytes() -> None:
    photo = sample("loft", 320)
    assert (tone(photo) == tone(photo)).all()
