"""Wall colour and light kept: what the upper surfaces changed by."""

from dataclasses import dataclass

import numpy as np

from staging.quality.pair import ramp
from staging.quality.surfaces import Surfaces


@dataclass(frozen=True)
class Colour:
    """Of the walls and the ceiling, in units of CIE L*a*b*."""

    tint: float
    """Median change of a* and b*."""
    tint_of_a_quarter: float
    """The change of a* and b* that a quarter exceeds."""
    light: float
    """Median change of L*: above 0 it is lighter."""


def measure(surfaces: Surfaces) -> Colour:
    """Return what the walls changed by."""
    change = surfaces.change[surfaces.wall]
    tint = np.hypot(change[:, 1], change[:, 2])
    return Colour(float(np.median(tint)), float(np.percentile(tint, 75)), float(np.median(change[:, 0])))


def rate(found: Colour) -> float:
    """Return the part, 0 to 1."""
    return (
        (1 - ramp(found.tint, 6, 14)) * (1 - ramp(found.tint_of_a_quarter, 7, 14)) * (1 - ramp(abs(found.light), 9, 26))
    )
