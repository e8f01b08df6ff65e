"""The outliner: doors and windows drawn over a photo, by mouse, finger and keyboard."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pages.components.assets import component
from staging.quality import Opening

_OUTLINER = component(Path(__file__).parent, '<div class="outliner"></div>')


@dataclass(frozen=True, slots=True)
class Photo:
    """The photo to draw on, by its address, with its size in pixels."""

    url: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a person pressed Save on: what the browser sends, to be looked at before it is believed."""

    version: int
    """Of the outlines they began with."""
    shapes: Any


def outline(
    photo: Photo, kept: Sequence[Opening], version: int, *, suggested: Sequence[Opening], turn: int, key: str
) -> Drawn | None:
    """Draw the outlines and return what was just saved, once, or None.

    `kept` are the outlines of this version: another version replaces what is on the screen. `suggested` are
    laid over it, once for each `turn`, as outlines not yet saved.
    """
    result = _OUTLINER(
        key=key,
        data={
            "photo": {"url": photo.url, "width": photo.width, "height": photo.height, "alt": photo.alt},
            "shapes": [_told(opening) for opening in kept],
            "version": version,
            "suggested": [_told(opening) for opening in suggested],
            "turn": turn,
        },
        on_saved_change=lambda: None,
    )
    saved = result.saved
    if not isinstance(saved, dict) or not isinstance(saved.get("version"), int):
        return None
    return Drawn(saved["version"], saved.get("shapes"))


def _told(opening: Opening) -> dict[str, object]:
    return {"kind": opening.kind, "corners": [list(corner) for corner in opening.corners]}
