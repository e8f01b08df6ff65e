"""The photo's own grain and softness, so that furniture in it looks taken by the same camera."""

from dataclasses import dataclass

import cv2
import numpy as np

from staging.stager.camera import Pixels
from staging.stager.colour import Light32

FLAT_SHARE = 0.3
"""The flattest part of a photo: what varies there is grain, and little else."""
TO_DEVIATION = 1.4826
"""From the median of absolute values to the standard deviation, of normal noise."""
LEAST_GRAIN, MOST_GRAIN = 0.6, 8.0
"""Grey levels: less nobody sees, more is no camera's."""
EDGE_SHARE = 0.002
SHARP_SIGMA = 0.55
"""The blur of an edge as a renderer draws it, in pixels."""
MOST_SOFT = 2.5


@dataclass(frozen=True, slots=True)
class Finish:
    """What the photo's camera does to a picture."""

    grain: float
    """Standard deviation in sRGB grey levels, at the photo's own size; 0: none to be seen."""
    softness: float
    """Sigma in the photo's pixels, by which a sharp picture is blurred to look like it; 0: it is sharp."""

    def softened(self, light: Light32, pixels_each: float) -> Light32:
        """Return light (one of whose pixels is so many of the photo's) as soft as the photo."""
        sigma = self.softness / pixels_each
        return light if sigma < 0.3 else np.asarray(cv2.GaussianBlur(light, (0, 0), sigma), dtype=np.float32)

    def grained(self, light: Light32, random: np.random.Generator) -> Light32:
        """Return the light with the photo's grain, whose strength in light follows the curve of sRGB."""
        if self.grain == 0:
            return light
        noise = random.standard_normal(light.shape[:2], dtype=np.float32)
        slope = np.maximum(light, 0.002) ** np.float32(0.58)  # of linear light by sRGB, but for a factor
        return np.asarray(
            np.maximum(light + noise[..., None] * slope * np.float32(self.grain / 255 * 2.1), 0), np.float32
        )


UNFINISHED = Finish(0.0, 0.0)


def read_finish(photo: Pixels) -> Finish:
    """Return what the photo's camera did, as far as flat parts and the sharpest edges tell."""
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return Finish(_grain(grey), _softness(grey))


def _grain(grey: Light32) -> float:
    """Return the deviation of the photo's flattest places (after Immerkær, Fast noise variance estimation, 1996)."""
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32) / 6
    unrest = np.abs(cv2.filter2D(grey, -1, mask))
    around = cv2.blur(cv2.absdiff(grey, cv2.blur(grey, (7, 7))), (7, 7))
    usable = (grey > 8) & (grey < 247)
    if not usable.any():
        return 0.0
    flat = usable & (around <= np.quantile(around[usable], FLAT_SHARE))
    deviation = float(np.median(unrest[flat])) * TO_DEVIATION
    return 0.0 if deviation < LEAST_GRAIN else min(deviation, MOST_GRAIN)


def _softness(grey: Light32) -> float:
    """Return how much blurrier the photo's sharpest edges are than rendered ones.

    The step of an edge over its steepest slope is its width: sigma times the root of 2 pi.
    """
    slope = np.hypot(cv2.Scharr(grey, cv2.CV_32F, 1, 0), cv2.Scharr(grey, cv2.CV_32F, 0, 1)) / 32
    window = np.ones((9, 9), np.uint8)
    step = cv2.dilate(grey, window) - cv2.erode(grey, window)
    strong = step > 60
    count = int(strong.sum())
    if count < EDGE_SHARE * grey.size:
        return 0.0
    steepest = np.quantile(slope[strong] / step[strong], 0.98)
    sigma = 1 / (max(float(steepest), 1e-3) * np.sqrt(2 * np.pi))
    return 0.0 if sigma <= SHARP_SIGMA * 1.5 else min(float(np.sqrt(sigma**2 - SHARP_SIGMA**2)), MOST_SOFT)
