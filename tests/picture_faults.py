"""What regeneration does to every picture, and what goes wrong with pictures: faults with a known name."""

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def _whole(picture: NDArray[np.float64] | NDArray[np.float32]) -> Pixels:
    return np.clip(picture + 0.5, 0, 255).astype(np.uint8)


def _field(dice: np.random.Generator, shape: tuple[int, int], cells: int) -> NDArray[np.float32]:
    """Return a smooth field from -1 to 1."""
    coarse = dice.normal(0, 1, (cells, cells + 1)).astype(np.float32)
    field = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(field / np.abs(field).max(), np.float32)


def jpeg(picture: Pixels, quality: int) -> Pixels:
    """Return the picture once through JPEG."""
    encoded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB), np.uint8)


def bent(picture: Pixels, dice: np.random.Generator, pixels: float) -> Pixels:
    """Return the picture with its parts moved by up to so many pixels."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    dx, dy = (pixels * _field(dice, (height, width), 5) for _ in range(2))
    return np.asarray(cv2.remap(picture, x + dx, y + dy, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT), np.uint8)


def resampled(picture: Pixels, dice: np.random.Generator) -> Pixels:
    """Return the picture as a good model gives it back: resized twice, a part of a pixel aside, its tone a little
    off, JPEG."""
    height, width = picture.shape[:2]
    scale = float(dice.choice([0.85, 1.25, 1.4]))
    large = cv2.resize(
        picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    )
    aside = np.array([[1, 0, dice.uniform(-0.6, 0.6)], [0, 1, dice.uniform(-0.6, 0.6)]])
    large = cv2.warpAffine(large, aside, large.shape[1::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    small = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC)
    toned = 255 * np.power(small / 255.0, 1 + dice.uniform(-0.06, 0.06)) * (1 + dice.uniform(-0.03, 0.03, 3))
    return jpeg(_whole(toned + dice.normal(0, 1.0, toned.shape)), int(dice.integers(86, 95)))


def regenerated(picture: Pixels, dice: np.random.Generator) -> Pixels:
    """Return the picture as a diffusion model gives it back: decoded from a coarse code.

    Fine texture is made anew rather than kept, parts move by less than a pixel, tones drift slowly over the
    picture, edges are a little soft and then sharpened.
    """
    height, width = picture.shape[:2]
    soft = cv2.GaussianBlur(bent(picture, dice, 0.8), (0, 0), 0.7).astype(np.float32)
    fine = picture.astype(np.float32) - cv2.GaussianBlur(picture, (0, 0), 2.0)
    strength = cv2.GaussianBlur(np.abs(fine).mean(2), (0, 0), 4)
    strong_edges = cv2.GaussianBlur((np.abs(fine).mean(2) > 12).astype(np.float32), (0, 0), 2)
    grain = cv2.GaussianBlur(dice.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 1.0)
    texture = (grain * np.minimum(strength, 4) * 1.6 * (1 - np.minimum(1, 3 * strong_edges)))[..., None]
    drift = np.stack([2.0 * _field(dice, (height, width), 4) for _ in range(3)], -1)
    drift = drift + (3.5 * _field(dice, (height, width), 4))[..., None]
    sharp = soft + 0.7 * (soft - cv2.GaussianBlur(soft, (0, 0), 1.6))
    return jpeg(_whole(sharp + texture + drift), int(dice.integers(84, 95)))


def _oversaturated(picture: Pixels) -> Pixels:
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV).astype(np.float32)
    return np.asarray(cv2.cvtColor(_whole(hsv * [1, 1.9, 1.03]), cv2.COLOR_HSV2RGB), np.uint8)


def _low_resolution(picture: Pixels) -> Pixels:
    small = cv2.resize(picture, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, picture.shape[1::-1], interpolation=cv2.INTER_CUBIC), np.uint8)


def _zoomed(picture: Pixels) -> Pixels:
    height, width = picture.shape[:2]
    part = picture[int(0.05 * height) : int(0.95 * height), int(0.05 * width) : int(0.95 * width)]
    return np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _shifted(picture: Pixels) -> Pixels:
    height, width = picture.shape[:2]
    return np.ascontiguousarray(picture[: int(0.97 * height), int(0.03 * width) :])


FAULTS: Mapping[str, Callable[[Pixels, np.random.Generator], Pixels]] = {
    "blur": lambda picture, dice: np.asarray(
        cv2.GaussianBlur(picture, (0, 0), 2.0 * picture.shape[1] / 1024), np.uint8
    ),
    "lowres": lambda picture, dice: _low_resolution(picture),
    "crop_zoom": lambda picture, dice: _zoomed(picture),
    "shift": lambda picture, dice: _shifted(picture),
    "aspect": lambda picture, dice: np.asarray(cv2.resize(picture, (picture.shape[0],) * 2), np.uint8),
    "oversat": lambda picture, dice: _oversaturated(picture),
    "overexp": lambda picture, dice: _whole(picture * 1.35 + 12),
    "cast": lambda picture, dice: _whole(picture * np.array([1.10, 0.97, 0.78])),
    "jpeg": lambda picture, dice: jpeg(picture, 9),
    "noise": lambda picture, dice: _whole(picture + dice.normal(0, 11, picture.shape)),
    "wobble": lambda picture, dice: bent(picture, dice, 7 * picture.shape[1] / 1024),
}
"""Faults of a whole picture, by name; in `jpeg` and `noise` nothing may follow that hides them."""
LAST = ("jpeg", "noise")
