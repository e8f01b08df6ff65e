"""The report of one output: an overall, its parts, and flags in words. Written to JSON and read back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from staging.errors import QualityRefused

SCORER_VERSION = "5"
"""Changes whenever any report could: a report is only ever compared with those of its own version."""

FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "structure": "Structure kept",
        "geometry": "Camera and shape kept",
        "colour": "Wall colour and light kept",
        "floor": "Floor kept",
        "openings": "Doors and windows kept and free",
        "technical": "Technically clean",
        "edit_extent": "Furnished, and not another room",
        "added": "No structure added",
    }
)
"""Each part of a report with its name for people, in the order in which they are shown."""

FLAG_CODES: Mapping[str, str] = MappingProxyType(
    {
        "room_replaced": "another room",
        "room_unchanged": "unchanged",
        "all_changed": "all changed",
        "structure_erased": "structure gone",
        "structure_moved": "structure moved",
        "structure_added": "structure added",
        "window_gone": "window gone",
        "door_gone": "door gone",
        "window_blocked": "window blocked",
        "door_blocked": "door blocked",
        "camera_moved": "camera moved",
        "shape_changed": "stretched",
        "walls_recoloured": "walls recoloured",
        "colour_cast": "colour cast",
        "light_changed": "light changed",
        "floor_changed": "floor changed",
        "blurred": "blurred",
        "noisy": "noisy",
        "compressed": "compressed",
        "oversaturated": "too colourful",
        "overexposed": "overexposed",
        "too_dark": "too dark",
    }
)
"""Every code a flag can have, with a name short enough for a badge."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A door or window of the original photo."""

    kind: Literal["door", "window"]
    corners: tuple[tuple[float, float], ...]
    """At least four (x, y), fractions of the photo's width and height, in order around it."""

    def __post_init__(self) -> None:
        if self.kind not in ("door", "window"):
            raise QualityRefused(f"An opening is a door or a window, not {self.kind!r}.")
        if len(self.corners) < 4:
            raise QualityRefused(f"The outline of a {self.kind} needs at least four corners, not {len(self.corners)}.")
        if not all(0 <= value <= 1 for corner in self.corners for value in corner):  # False for nan too
            raise QualityRefused(f"The corners of a {self.kind} are fractions of the photo's width and height, 0 to 1.")


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing that a person should know about an output."""

    code: str
    """One of FLAG_CODES."""
    words: str
    """A half-sentence fit to show: "camera moved 12 px"."""
    severity: float
    """0 to 1; from 0.5 on the output should not be used as it is."""


@dataclass(frozen=True)
class QualityReport:
    """What became of a room in one output."""

    version: str
    """SCORER_VERSION of the scorer that wrote it."""
    overall: float
    """0 to 100."""
    confidence: float
    """0 to 1: how much the scorer had to go by; low for rooms without lines or outputs of another room."""
    parts: Mapping[str, float | None]
    """By family, 0 to 1; None where it means nothing ("n/a")."""
    flags: tuple[Flag, ...]
    """The worst first."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", MappingProxyType(dict(self.parts)))

    def as_record(self) -> dict[str, Any]:
        """Return it as plain values."""
        flags = [{"code": flag.code, "words": flag.words, "severity": flag.severity} for flag in self.flags]
        return {
            "version": self.version,
            "overall": self.overall,
            "confidence": self.confidence,
            "parts": dict(self.parts),
            "flags": flags,
        }

    def to_json(self) -> str:
        """Return it as one line of JSON, which `from_json` reads back as an equal report."""
        return json.dumps(self.as_record(), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "QualityReport":
        """Return the report that `to_json` wrote; QualityRefused when the text is none."""
        try:
            record = json.loads(text)
            return cls(
                version=str(record["version"]),
                overall=float(record["overall"]),
                confidence=float(record["confidence"]),
                parts={str(name): None if part is None else float(part) for name, part in record["parts"].items()},
                flags=tuple(
                    Flag(str(flag["code"]), str(flag["words"]), float(flag["severity"])) for flag in record["flags"]
                ),
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            raise QualityRefused("This is not the report of a score, or it was damaged.") from None

    def __hash__(self) -> int:
        return hash(self.to_json())
