"""Between the photo's sRGB and the linear light that renders and shadows are reckoned in."""

import numpy as np
from numpy.typing import NDArray

from staging.stager.camera import Pixels
from staging.stager.furniture import Colour

Light32 = NDArray[np.float32]
"""Linear light, (rows, columns, RGB) or (rows, columns)."""


def _decode(encoded: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


_DECODED = _decode(np.arange(256) / 255).astype(np.float32)


def to_linear(photo: Pixels) -> Light32:
    """Return the photo's light, 0 to 1."""
    return np.asarray(_DECODED[photo])


def colour_to_linear(colour: Colour) -> list[float]:
    """Return a colour's reflectance by channel."""
    return [float(channel) for channel in _decode(np.array(colour))]


def to_pixels(light: Light32) -> Pixels:
    """Return light as sRGB pixels; what is brighter than white becomes white."""
    light = np.clip(light, 0, 1)
    encoded = np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-8) ** (1 / 2.4) - 0.055)
    return np.asarray(encoded * 255 + 0.5, dtype=np.float32).astype(np.uint8)
