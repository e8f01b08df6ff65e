"""What a person should know about an output, in words."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from staging.quality.colour import OTHER_PAINT
from staging.quality.evidence import Evidence, window_means
from staging.quality.geometry import bent
from staging.quality.openings import OpeningFate, rate_one
from staging.quality.pair import ramp
from staging.quality.report import Flag

if TYPE_CHECKING:
    from staging.quality.scorer import Findings

LEAST_SEVERITY = 0.2
"""What is milder is not worth a person's time."""


def flags_of(findings: "Findings", parts: Mapping[str, float | None], *, another: bool) -> tuple[Flag, ...]:
    """Return the flags of an output, the worst first; only one when it is `another` room."""
    if another:
        return (Flag("room_replaced", "this is another room", 1.0),)
    found = [Flag(flag.code, flag.words, round(flag.severity, 2)) for flag in _all(findings, parts)]
    return tuple(
        sorted(
            (flag for flag in found if flag.severity >= LEAST_SEVERITY), key=lambda flag: (-flag.severity, flag.code)
        )
    )


def side_of(x: float, width: int) -> str:
    """Return where in the picture: "on the left", "in the middle", "on the right"."""
    return "on the left" if x < 0.36 * width else "on the right" if x > 0.64 * width else "in the middle"


def _all(findings: "Findings", parts: Mapping[str, float | None]) -> Iterator[Flag]:
    yield from _of_the_room(findings, parts)
    yield from _of_the_camera(findings)
    for fate in findings.openings:
        yield from _of_an_opening(fate)
    yield from _of_colour(findings)
    yield from _of_the_picture(findings)


def _of_the_room(findings: "Findings", parts: Mapping[str, float | None]) -> Iterator[Flag]:
    extent = findings.edit_extent
    enough = ramp(max(extent.new_edges / 0.02, extent.edited / 0.10), 0.15, 0.8)
    yield Flag("room_unchanged", "the room is unchanged", 1 - enough)
    yield Flag("all_changed", "nearly all of the picture was changed", ramp(extent.edited, 0.75, 0.9))
    kept = parts["structure"]
    if kept is not None:
        where = _worst_place(findings.evidence)
        yield Flag("structure_erased", f"walls, doors or windows {where} are gone", 1 - kept)
    added = parts["added"]
    if added is not None:
        yield Flag("structure_added", "new lines near the ceiling", (1 - added) * 0.6)
    yield Flag("floor_changed", "the floor was changed", 1 - (parts["floor"] or 0.0))


def _of_the_camera(findings: "Findings") -> Iterator[Flag]:
    geometry, (width, height) = findings.geometry, findings.pair.original_size
    pixels = round(geometry.drift * float(np.hypot(width, height)))
    yield Flag("camera_moved", f"camera moved {pixels} px", ramp(geometry.drift, 0.001, 0.015))
    moved = max(ramp(geometry.moved, 0.10, 0.40), bent(geometry))
    yield Flag("structure_moved", "parts of the room are out of place", moved)
    new_width, new_height = findings.pair.output_size
    words = f"the shape changed from {width}×{height} to {new_width}×{new_height}"
    yield Flag("shape_changed", words, ramp(geometry.aspect, 0.01, 0.06))


def _of_an_opening(fate: OpeningFate) -> Iterator[Flag]:
    kind, severity = fate.opening.kind, 1 - rate_one(fate)
    x = float(np.mean([corner[0] for corner in fate.opening.corners]))
    where = side_of(x, 1)
    if fate.like_wall and fate.kept < 0.4:
        yield Flag(f"{kind}_gone", f"{kind} {where} is gone", severity)
    else:
        yield Flag(f"{kind}_blocked", f"{kind} {where} is blocked", severity)


def _of_colour(findings: "Findings") -> Iterator[Flag]:
    found = findings.colour
    tint = max(ramp(found.tint, 6, 14), ramp(found.tint_of_a_quarter, 7, 14), ramp(found.of_a_surface, *OTHER_PAINT))
    yield Flag("walls_recoloured", "the walls have another colour", tint)
    words = "the room is lighter" if found.light > 0 else "the room is darker"
    yield Flag("light_changed", words, ramp(abs(found.light), 9, 26))


def _of_the_picture(findings: "Findings") -> Iterator[Flag]:
    found = findings.technical
    yield Flag("blurred", "the picture is blurred", 1 - ramp(found.sharpness, 0.32, 0.60))
    yield Flag("noisy", "the picture is noisy", ramp(found.noise, 1.0, 4))
    yield Flag("compressed", "the picture shows compression blocks", ramp(found.blocks, 1.9, 3.5))
    colourful = max(ramp(found.chroma_gain, 1.3, 1.9), ramp(found.chroma, 70, 100))
    yield Flag("oversaturated", "colours are stronger than in the room", colourful)
    yield Flag("overexposed", "bright parts are burnt out", ramp(found.white, 0.06, 0.25))
    yield Flag("too_dark", "dark parts are black", ramp(found.black, 0.05, 0.2))


def _worst_place(evidence: Evidence) -> str:
    """Return where most of the visible structure is missing."""
    if not len(evidence.samples):
        return "in the middle"
    visible, kept = window_means(evidence, 0.2, 0.3)
    lost = visible - kept
    return side_of(float(np.unravel_index(int(lost.argmax()), lost.shape)[1]), evidence.pair.width)
