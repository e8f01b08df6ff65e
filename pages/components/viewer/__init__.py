"""The viewer: a room before and after under one slider, or a few pictures side by side, zoomed together."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pages.components.assets import component

_VIEWER = component(Path(__file__).parent, '<div class="viewer"></div>')

MOST_PANES = 4


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture to look at."""

    id: str
    url: str
    label: str
    alt: str


def view(
    shots: Sequence[Shot],
    *,
    key: str,
    ratio: float,
    mode: Literal["slider", "panes"] = "slider",
    previous: str | None = None,
    following: str | None = None,
    height: int = 560,
) -> str | None:
    """Show the shots, the original first; zoom, pan and the slider's place live in the browser.

    `ratio` is the original's width over height: every pane has it, and a picture of another shape
    is fitted inside whole. `previous` and `following` are what the two arrows lead to; the one that
    was just pressed is returned, once. ValueError when the slider is asked for other than two shots.
    """
    if mode == "slider" and len(shots) != 2:
        raise ValueError("the slider compares exactly two pictures")
    result = _VIEWER(
        key=key,
        data={
            "shots": [asdict(shot) for shot in shots[:MOST_PANES]],
            "mode": mode,
            "ratio": round(max(0.5, ratio), 4),
            "height": height,
            "previous": previous,
            "next": following,
        },
        on_go_change=lambda: None,
    )
    return result.go if result.go in (previous, following) else None
