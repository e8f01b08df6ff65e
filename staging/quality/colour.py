"""Wall colour and light kept: what the upper surfaces changed by."""

from dataclasses import dataclass

import numpy as np

from staging.quality.evidence import colour_distance
from staging.quality.pair import Floats, ramp
from staging.quality.surfaces import Surfaces

_STRIDE, _TILE = 4, 12
"""Every fourth pixel is enough; tiles are 12 of those wide and high."""
_SURFACE = 85
"""Percentile of the tiles: a wall in other paint is at least about a seventh of the smooth upper picture, where the
ceiling may fill more than half of it, and furniture that is smooth and stands so high is less."""
OTHER_PAINT = 4.0, 7.5
"""Of `of_a_surface`: up to the first it is light, from the second on it is another paint."""


@dataclass(frozen=True)
class Colour:
    """Of the walls and the ceiling, in units of CIE L*a*b*."""

    tint: float
    """Median change of a* and b*."""
    tint_of_a_quarter: float
    """The change of a* and b* that a quarter exceeds."""
    light: float
    """Median change of L*: above 0 it is lighter."""
    of_a_surface: float
    """How far one surface changed otherwise than most of the upper picture, light counting less."""


def measure(surfaces: Surfaces) -> Colour:
    """Return what the walls changed by."""
    change = surfaces.change[surfaces.wall]
    tint = np.hypot(change[:, 1], change[:, 2])
    return Colour(
        float(np.median(tint)), float(np.percentile(tint, 75)), float(np.median(change[:, 0])), _of_a_surface(surfaces)
    )


def rate(found: Colour) -> float:
    """Return the part, 0 to 1."""
    return (
        (1 - ramp(found.tint, 6, 14))
        * (1 - ramp(found.tint_of_a_quarter, 7, 14))
        * (1 - ramp(found.of_a_surface, *OTHER_PAINT))
        * (1 - ramp(abs(found.light), 9, 26))
    )


def _of_a_surface(surfaces: Surfaces) -> float:
    """Return how far the tiles of a surface changed, against the median of all tiles; 0 where nothing is smooth."""
    change, wall = surfaces.change[::_STRIDE, ::_STRIDE], surfaces.wall[::_STRIDE, ::_STRIDE]
    tiles: list[Floats] = []
    for top in range(0, wall.shape[0] - _TILE + 1, _TILE):
        for left in range(0, wall.shape[1] - _TILE + 1, _TILE):
            place = np.s_[top : top + _TILE, left : left + _TILE]
            if wall[place].mean() > 0.5:
                tiles.append(np.median(change[place][wall[place]], 0))
    if not tiles:
        return 0.0
    medians = np.array(tiles, np.float32)
    apart = np.asarray(medians - np.median(medians, 0), np.float32)
    return float(np.percentile(colour_distance(apart), _SURFACE))
