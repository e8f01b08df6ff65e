"""The viewer: a room's photo and its outputs under one zoom, compared in five ways, and judged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from pages.components.assets import component

_VIEWER = component(Path(__file__).parent, '<div class="viewer"></div>')

NARROWEST = 0.5
"""Width over height of the narrowest frame: a narrower room stands whole in the middle of it."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture to look at. The size is the whole picture's, in pixels."""

    id: str
    code: str
    """Names the shot in the address, the same at every visit: letters and digits, short."""
    label: str
    alt: str
    thumbnail: str
    """Shown first, until the view is there: addresses on this server, all three."""
    view: str
    full: str | None
    """The file at its own size, fetched when a person looks closer than the view allows; None when
    no browser shows it."""
    width: int
    height: int
    framing: str = ""
    """How its size and shape differ from the room's, in words."""
    framing_brief: str = ""
    """The same for where there is little room."""
    other_shape: bool = False
    facts: tuple[tuple[str, str], ...] = ()
    """Label and value of all that is known of it, for the information drawer."""
    judged: bool = False
    """True for an output, which can be opened and marked; False for the original."""
    overlay: str | None = None
    """A picture of the same shape to lay over it, where there is one."""
    overlay_label: str = ""
    score: str = ""
    """What the automatic scorer says of it, in a sentence; "" for nothing."""
    flags: tuple[str, ...] = ()
    """What it saw, in words."""
    automatic: str = ""
    """What thresholds made of that, in a sentence; no person's word."""


@dataclass(frozen=True, slots=True)
class Marked:
    """What is thought of an output now."""

    verdict: str
    reasons: tuple[str, ...]
    stars: int | None
    note: str
    favourite: bool


def view(
    shots: Sequence[Shot],
    marks: Mapping[str, Marked],
    *,
    key: str,
    opened: str,
    room: str,
    ratio: float,
    reasons: Sequence[str],
    heard: int,
    first: int,
    total: int,
    previous: str | None,
    following: str | None,
    on_go: Callable[[Any], None],
    on_mark: Callable[[Any], None],
    height: int = 640,
) -> None:
    """Show the shots, the original first. Mode, choice, zoom and position live in the browser and in its address.

    `opened` is the output that is judged; the room's outputs are number `first` and on, of `total` in the
    comparison, between `previous` and `following` of other rooms; `ratio` is the room's width over height, in
    which a picture of another shape is fitted whole.

    Before the script runs, `on_go` is told the id of the output to open, and `on_mark` a list of marks
    ({turn, id, changes}): what a browser sends, to be looked at before it is believed. A mark is sent again
    with later ones until `heard` is at least its turn.
    """
    _VIEWER(
        key=key,
        data={
            "shots": [asdict(shot) for shot in shots],
            "marks": {prediction: asdict(mark) for prediction, mark in marks.items()},
            "opened": opened,
            "room": room,
            "ratio": round(max(NARROWEST, ratio), 4),
            "reasons": list(reasons),
            "heard": heard,
            "first": first,
            "total": total,
            "previous": previous,
            "next": following,
            "height": height,
        },
        on_go_change=lambda: on_go(st.session_state[key].go),
        on_mark_change=lambda: on_mark(st.session_state[key].mark),
    )
