"""The same photo in better light: white balance, exposure and local contrast. Nothing is moved, added or taken away."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from staging.stager.camera import Pixels
from staging.stager.colour import Light32, to_linear, to_pixels

LookName = Literal["natural", "bright", "warm"]


@dataclass(frozen=True, slots=True)
class ToneLook:
    """Where a look takes the photo."""

    middle: float
    """Linear light that the photo's middle is brought towards."""
    warmth: float
    """Of red over blue, once the cast is gone."""
    contrast: float
    """What is left of the differences between bright and dark parts of the room."""


LOOKS: Mapping[str, ToneLook] = {
    "natural": ToneLook(0.30, 1.02, 0.88),
    "bright": ToneLook(0.42, 1.03, 0.78),
    "warm": ToneLook(0.34, 1.12, 0.86),
}
WHITISH_SHARE, WHITISH_SATURATION = 0.25, 0.45
"""The brightest share of what is neither burnt out nor colourful tells the light's colour."""
CAST_REMOVED, MOST_CAST = 0.8, 1.4
MOST_STOPS = 1.0
"""A photo is brightened or darkened by a factor of two at most."""
BASE_SHARE = 0.06
"""Of the long side: what is larger is light, what is smaller is detail and stays."""
ROLL_FROM = 0.75
RADIANCE = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
FLOOR = np.float32(1e-3)


def tone(photo: Pixels, look: LookName = "bright") -> Pixels:
    """Return the photo (rows, columns, RGB) relit; every pixel stays where it is."""
    wanted = LOOKS[look]
    light = to_linear(photo) * _without_cast(photo) * _warm(wanted.warmth)
    grey = np.maximum(light @ RADIANCE, FLOOR)
    base = _base(grey)
    middle = float(np.exp(np.median(np.log(base))))
    stops = float(np.clip(np.log2(wanted.middle / middle), -MOST_STOPS, MOST_STOPS))
    gain = np.float32(2**stops) * (base / np.float32(middle)) ** np.float32(wanted.contrast - 1)
    return to_pixels(_rolled(light * gain[..., None]))


def _without_cast(photo: Pixels) -> Light32:
    """Return the gains (3,) that take most of the light's cast away."""
    small = to_linear(np.asarray(cv2.resize(photo, (160, 120), interpolation=cv2.INTER_AREA), dtype=np.uint8)).reshape(
        -1, 3
    )
    high, low = small.max(axis=1), small.min(axis=1)
    whitish = (high < 0.95) & (high > 0.05) & (1 - low / np.maximum(high, 1e-6) < WHITISH_SATURATION)
    if whitish.mean() < 0.02:
        return np.ones(3, np.float32)
    bright = small[whitish][high[whitish] >= np.quantile(high[whitish], 1 - WHITISH_SHARE)]
    cast = np.median(bright, axis=0)
    gains = np.clip((cast.mean() / cast) ** CAST_REMOVED, 1 / MOST_CAST, MOST_CAST)
    return np.asarray(gains / (gains @ RADIANCE), dtype=np.float32)


def _warm(warmth: float) -> Light32:
    gains = np.array([warmth**0.5, 1.0, warmth**-0.5])
    return np.asarray(gains / (gains @ RADIANCE), dtype=np.float32)


def _base(grey: Light32) -> Light32:
    """Return the light without detail, keeping the edges of lit parts (guided filter, He et al. 2013)."""
    logs = np.log(grey)
    size = max(3, round(BASE_SHARE * max(grey.shape)))
    window = (size, size)
    mean = cv2.blur(logs, window)
    spread = np.maximum(cv2.blur(logs * logs, window) - mean * mean, 0)
    slope = spread / (spread + np.float32(0.15))
    base = cv2.blur(slope, window) * logs + cv2.blur(mean - slope * mean, window)
    return np.asarray(np.exp(base), dtype=np.float32)


def _rolled(light: Light32) -> Light32:
    """Return the light with what is brighter than ROLL_FROM rolled off towards white, hue kept."""
    high = light.max(axis=2, keepdims=True)
    over = np.maximum(high - np.float32(ROLL_FROM), 0)
    room = np.float32(1 - ROLL_FROM)
    rolled = np.where(over > 0, ROLL_FROM + room * (1 - np.exp(-over / room)), high)
    return np.asarray(light * (rolled / np.maximum(high, 1e-6)), dtype=np.float32)
