"""One report from all families."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import cv2

from staging.quality import added, colour, edit_extent, floor, geometry, openings, structure, technical
from staging.quality.added import Added
from staging.quality.colour import Colour
from staging.quality.edit_extent import EditExtent
from staging.quality.evidence import Evidence, gather
from staging.quality.floor import Floor
from staging.quality.geometry import Geometry
from staging.quality.openings import OpeningFate
from staging.quality.pair import Pair, Pixels, make_pair, ramp
from staging.quality.report import FAMILIES, SCORER_VERSION, Opening, QualityReport
from staging.quality.structure import Structure
from staging.quality.surfaces import Surfaces, compare
from staging.quality.technical import Technical

WEIGHTS: Mapping[str, float] = {
    "structure": 0.30,
    "geometry": 0.20,
    "colour": 0.14,
    "floor": 0.08,
    "edit_extent": 0.12,
    "technical": 0.12,
    "added": 0.04,
}
"""Of the parts in the mean that an output gets before its worst part is taken off it."""
MILD: Mapping[str, float] = {"floor": 0.3, "added": 1.0}
"""Parts that alone never pull an output below this share."""
WORST_WEIGHT = 0.75
"""How much of the overall the worst part decides: one ruined thing ruins a picture."""

LEAST_DETAILS = 40
"""Details that agree on one map, below which an output in which all was changed is another room; else it has another
colour or grain everywhere."""


@dataclass(frozen=True)
class Findings:
    """Everything measured on a pair, before it is rated; what tests and tuning look at."""

    pair: Pair
    evidence: Evidence
    surfaces: Surfaces
    structure: Structure
    geometry: Geometry
    colour: Colour
    floor: Floor
    openings: tuple[OpeningFate, ...]
    technical: Technical
    edit_extent: EditExtent
    added: Added


@contextmanager
def one_thread() -> Iterator[None]:
    """OpenCV sums in one order, and leaves the other cores to whoever has them; as before afterwards."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


def examine(original: Pixels, output: Pixels, outlined: tuple[Opening, ...] = ()) -> Findings:
    """Measure the pair; ValueError for arrays that are no pictures."""
    with one_thread():
        pair = make_pair(original, output)
        evidence = gather(pair)
        surfaces = compare(pair, evidence.drift)
        return Findings(
            pair=pair,
            evidence=evidence,
            surfaces=surfaces,
            structure=structure.measure(evidence),
            geometry=geometry.measure(evidence),
            colour=colour.measure(surfaces),
            floor=floor.measure(surfaces),
            openings=openings.measure(evidence, surfaces, outlined),
            technical=technical.measure(evidence, surfaces),
            edit_extent=edit_extent.measure(surfaces),
            added=added.measure(evidence),
        )


def score_pair(original: Pixels, output: Pixels, outlined: tuple[Opening, ...] = ()) -> QualityReport:
    """Return the report of the pair; see `staging.quality.score`."""
    return report_of(examine(original, output, outlined))


def report_of(findings: Findings) -> QualityReport:
    """Return the report of what was measured."""
    from staging.quality.flags import flags_of

    parts = rate(findings)
    return QualityReport(
        version=SCORER_VERSION,
        overall=round(overall_of(parts), 1),
        confidence=round(confidence_of(findings), 2),
        parts={name: None if parts[name] is None else round(parts[name] or 0.0, 3) for name in FAMILIES},
        flags=flags_of(findings, parts, another=is_another_room(findings)),
    )


def rate(findings: Findings) -> dict[str, float | None]:
    """Return every part by family, 0 to 1; None where it means nothing."""
    another = is_another_room(findings)
    all_changed = findings.edit_extent.edited > edit_extent.ANOTHER_ROOM
    return {
        "structure": None if all_changed else structure.rate(findings.structure),
        "geometry": None if another else geometry.rate(findings.geometry),
        "colour": colour.rate(findings.colour),
        "floor": floor.rate(findings.floor),
        "openings": None if another else openings.rate(findings.openings),
        "technical": technical.rate(findings.technical),
        "edit_extent": edit_extent.rate(findings.edit_extent),
        "added": None if another else added.rate(findings.added),
    }


def is_another_room(findings: Findings) -> bool:
    """True when all was changed and too few of the original's details are found again."""
    return findings.edit_extent.edited > edit_extent.ANOTHER_ROOM and findings.evidence.drift.matches < LEAST_DETAILS


def overall_of(parts: Mapping[str, float | None]) -> float:
    """Return 0 to 100: the weighted mean of the parts, pulled down by the worst of them.

    A part that means nothing for another room altogether counts as lost; openings that nobody outlined
    do not count.
    """
    known = {name: part if part is not None else 0.0 for name, part in parts.items() if name in WEIGHTS}
    mean = sum(WEIGHTS[name] * part for name, part in known.items())
    least = [MILD.get(name, 0.0) + (1 - MILD.get(name, 0.0)) * part for name, part in known.items()]
    outlined = parts["openings"]
    if outlined is not None:
        least.append(outlined)
    return 100 * mean * (1 - WORST_WEIGHT + WORST_WEIGHT * min(least))


def confidence_of(findings: Findings) -> float:
    """Return 0 to 1: how much structure there was to go by, and how much of it can be seen."""
    lines = ramp(float(findings.evidence.weights.sum()), 20, 150)
    seen = ramp(findings.structure.visible, 0.1, 0.4)
    return (0.2 + 0.8 * lines) * (0.4 + 0.6 * seen)
