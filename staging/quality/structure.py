"""Structure kept: the share of the room's visible lines that the output still has."""

from dataclasses import dataclass

import numpy as np

from staging.quality.evidence import Evidence, box_sum, segment_lengths, window_means
from staging.quality.pair import ramp

_WINDOWS = (0.14, 0.34), (0.26, 0.26)
"""Of the picture's width and height: about a door, about a window."""


@dataclass(frozen=True)
class Structure:
    """Shares, 0 to 1."""

    kept: float
    """Of the visible structure."""
    kept_above: float
    """The same in the upper part: walls, windows, ceiling."""
    erased_lines: float
    """Length of the lines that are gone, of all lines'."""
    worst_region: float
    """Share kept in the worst part of the picture of the size of a door or a window."""
    visible: float
    """Of all structure."""
    hidden_above: float
    """Share hidden in the part of the upper picture, of a window's size, where most is: where furniture is too tall
    to stand before anything but a bare wall."""


def measure(evidence: Evidence) -> Structure:
    """Return what became of the structure."""
    if not len(evidence.samples):
        return Structure(1.0, 1.0, 0.0, 1.0, 1.0, 0.0)
    above = evidence.samples.points[:, 1] < 0.55 * evidence.pair.height
    return Structure(
        kept=evidence.share_kept(),
        kept_above=evidence.share_kept(above),
        erased_lines=_erased_lines(evidence),
        worst_region=_worst_region(evidence),
        visible=float(evidence.visible.mean()),
        hidden_above=_hidden_above(evidence),
    )


def rate(found: Structure) -> float:
    """Return the part, 0 to 1."""
    whole = (
        0.5 * ramp(found.kept, 0.45, 0.82)
        + 0.3 * ramp(found.kept_above, 0.45, 0.9)
        + 0.2 * (1 - ramp(found.erased_lines, 0.10, 0.35))
    )
    whole *= (0.3 + 0.7 * ramp(found.worst_region, 0.15, 0.55)) * ramp(found.visible, 0.10, 0.35)
    return whole * (1 - 0.4 * ramp(found.hidden_above, 0.50, 0.85))


def _worst_region(evidence: Evidence) -> float:
    pair = evidence.pair
    worst = 1.0
    for width, height in _WINDOWS:
        visible, kept = (counts[::8, ::8] for counts in window_means(evidence, width, height))
        rows = np.arange(visible.shape[0])[:, None] * 8 / pair.height
        enough = (visible >= 0.07 * pair.diagonal) & (rows < 0.60)
        if enough.any():
            worst = min(worst, float((kept / np.maximum(visible, 1))[enough].min()))
    return worst


def _hidden_above(evidence: Evidence) -> float:
    pair = evidence.pair
    counts = np.zeros((2, pair.height, pair.width), np.float32)
    np.add.at(counts[0], evidence.places, evidence.hidden.astype(np.float32))
    np.add.at(counts[1], evidence.places, 1)
    size = int(0.10 * pair.width) | 1, int(0.20 * pair.height) | 1
    hidden, all_of_it = (box_sum(one, size)[: int(0.45 * pair.height) : 8, ::8] for one in counts)
    enough = all_of_it >= 0.04 * pair.diagonal
    return float((hidden / np.maximum(all_of_it, 1))[enough].max()) if enough.any() else 0.0


def _erased_lines(evidence: Evidence) -> float:
    count = len(evidence.segments)
    owner = evidence.samples.segment
    samples = np.bincount(owner, minlength=count).astype(float)
    visible = np.maximum(samples - np.bincount(owner, evidence.hidden, minlength=count), 0)
    kept = np.bincount(owner, evidence.kept, minlength=count) / np.maximum(visible, 1)
    gone = (visible > 4) & (visible > 0.6 * samples) & (kept < 0.3)
    lengths = segment_lengths(evidence)
    return float(lengths[gone].sum() / max(lengths.sum(), 1e-6))
