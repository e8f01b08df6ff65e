"""Floor kept: how much of the lower picture still is the floor it was."""

from dataclasses import dataclass

from staging.quality.pair import ramp
from staging.quality.surfaces import Surfaces

_BEGINS = 0.66


@dataclass(frozen=True)
class Floor:
    """Shares of the lower picture."""

    same: float
    """Unchanged."""


def measure(surfaces: Surfaces) -> Floor:
    """Return what became of the floor."""
    return Floor(float(surfaces.same[int(_BEGINS * surfaces.pair.height) + 1 :].mean()))


def rate(found: Floor) -> float:
    """Return the part, 0 to 1."""
    return ramp(found.same, 0.06, 0.24)
