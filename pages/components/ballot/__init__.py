"""The ballot: two pictures of a room, side by side and without a name, and what a rater says of them."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from pages.components.assets import component

_BALLOT = component(Path(__file__).parent, '<div class="ballot"></div>')


@dataclass(frozen=True, slots=True)
class View:
    """Addresses of the two pictures and of the room; none of them says anything."""

    left: str
    right: str
    room: str
    ratio: float
    """Width over height of all three."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A ballot as the browser gets it."""

    id: str
    views: tuple[View, ...]


def ballot(
    papers: Sequence[Paper],
    *,
    key: str,
    reasons: Sequence[str],
    heard: int,
    today: int,
    total: int,
    left: int,
    can_undo: bool,
    nothing: str,
    on_say: Callable[[Any], None],
) -> None:
    """Show the first paper, and load the pictures of the others; `nothing` is said when there is none.

    `today` and `total` votes are given, `left` pairs are to be judged. Before the script runs, `on_say` is
    told a list of {turn, id, choice, reasons, pin, seconds}, or of {turn, id, undo}: what a browser sends, to
    be looked at before it is believed. Each is sent again with later ones until `heard` is at least its turn;
    until then the browser counts and shows as if it were done.
    """
    _BALLOT(
        key=key,
        data={
            "papers": [asdict(paper) for paper in papers],
            "reasons": list(reasons),
            "heard": heard,
            "today": today,
            "total": total,
            "left": left,
            "can_undo": can_undo,
            "nothing": nothing,
        },
        on_say_change=lambda: on_say(st.session_state[key].say),
    )
