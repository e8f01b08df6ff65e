"""No structure added: long straight lines near the ceiling that the original does not have."""

from dataclasses import dataclass

import numpy as np

from staging.quality.evidence import Evidence
from staging.quality.lines import lengths_of, longer, sample, search
from staging.quality.pair import Floats, detect_segments, ramp

_UPPER = 0.30


@dataclass(frozen=True)
class Added:
    """What the output has and the original has not."""

    above: float
    """Length of new lines in the upper part, over the diagonal."""
    segments: Floats
    """The new lines, (n, 4), wherever they are."""


def measure(evidence: Evidence) -> Added:
    """Return the new straight lines."""
    pair = evidence.pair
    segments = longer(detect_segments(pair.output_grey), 0.06 * pair.diagonal)
    if not len(segments):
        return Added(0.0, segments)
    samples = sample(segments)
    reach = evidence.tight + 1
    known = search(pair.gradient, samples, reach, np.full(len(samples), 0.8, np.float32), 0.9).within(reach)
    counts = np.bincount(samples.segment, minlength=len(segments))
    share = np.bincount(samples.segment, known, minlength=len(segments)) / np.maximum(counts, 1)
    new = share < 0.3
    above = new & ((segments[:, 1] + segments[:, 3]) / 2 < _UPPER * pair.height)
    return Added(float(lengths_of(segments[above]).sum()) / pair.diagonal, segments[new])


def rate(found: Added) -> float:
    """Return the part, 0 to 1."""
    return 1 - ramp(found.above, 0.35, 1.4)
