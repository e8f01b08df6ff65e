"""Edit extent: enough was added to be a staging, and not so much that it is another room."""

from dataclasses import dataclass

from staging.quality.pair import ramp
from staging.quality.surfaces import Surfaces

ANOTHER_ROOM = 0.9
"""Above this share of edited pixels there is no room left to compare with: "structure" means nothing."""


@dataclass(frozen=True)
class EditExtent:
    """Shares of the picture."""

    edited: float
    """Pixels that changed."""
    new_edges: float
    """Pixels below the ceiling with a new edge."""


def measure(surfaces: Surfaces) -> EditExtent:
    """Return how much was changed."""
    pair = surfaces.pair
    return EditExtent(float(surfaces.edited.mean()), float(pair.new_edges[int(0.3 * pair.height) :].mean()))


def rate(found: EditExtent) -> float:
    """Return the part, 0 to 1."""
    enough = ramp(max(found.new_edges / 0.02, found.edited / 0.10), 0.15, 0.8)
    return min(enough, 1 - ramp(found.edited, 0.75, 1.0))
