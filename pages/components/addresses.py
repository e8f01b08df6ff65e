"""The query parameters that say what is on the screen: a link with them shows the same."""

from collections.abc import Mapping
from time import monotonic
from typing import NamedTuple, NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from staging.lab import Lab

COMPARISON = "comparison"
"""The comparison being looked at."""
GRID = "grid"
"""How its grid is arranged, as the browser packs it."""
VIEW = "view"
"""The prediction being looked at."""
ROOM = "room"
"""The beginning of the digest of the room being looked at."""
LONGEST_ROOM = 12
FLOOR = "floor"
"""The room whose floor is being outlined."""
LOOK = "look"
"""In which the browser keeps the viewer's mode, choice, zoom and position; only removed by the pages."""

HELD = "address-held"
HOLD_SECONDS = 2.0
"""As long as a question that was sent before may come after."""
LONGEST_START_SECONDS = 30.0
"""From a press to the run that follows it: what did not come by then was ended, and holds nothing any more."""


class Held(NamedTuple):
    """An address of a page that was left for another one of the same page."""

    page: str
    before: Mapping[str, str]
    wanted: Mapping[str, str]
    since: float
    """Monotonic seconds: when it was left, then when the next run began."""
    begun: bool = False
    """Whether the next run has begun: a busy server takes its time to get there."""


def address_of(lab: Lab, prediction_id: str) -> dict[str, str]:
    """Return the query parameters that lead to this output: with them the page opens the viewer on it."""
    room = lab.store.predictions.get(prediction_id).prediction.room
    return {VIEW: prediction_id, ROOM: room[:LONGEST_ROOM]}


def go(wanted: Mapping[str, str]) -> NoReturn:
    """Run the page anew with exactly these query parameters.

    Every question of a browser carries the address it had when it asked. A timer's that was on its
    way meanwhile would bring the old address back, and the press would seem not to have been heard:
    `hold_address` sees to that.
    """
    st.session_state[HELD] = Held(_page(), st.query_params.to_dict(), dict(wanted), monotonic())
    _write(wanted)
    st.rerun()


def hold_address() -> None:
    """The address is the one that `go` was last told, if a late question has just put the one before it back."""
    held: Held | None = st.session_state.get(HELD)
    if held is None:
        return
    if not held.begun and monotonic() < held.since + LONGEST_START_SECONDS:
        held = st.session_state[HELD] = held._replace(since=monotonic(), begun=True)
    context = get_script_run_ctx()
    went_back = context is not None and context.is_history_navigation  # what a person wants, however soon
    if went_back or held.page != _page() or monotonic() > held.since + HOLD_SECONDS:
        let_go()
    elif st.query_params.to_dict() == held.before:
        _write(held.wanted)


def let_go() -> None:
    """Whatever the address is from now on, it stays."""
    st.session_state.pop(HELD, None)


def _write(wanted: Mapping[str, str]) -> None:
    """The address says just this. What stays the same is not written: a widget may be bound to it."""
    for name in [name for name in st.query_params if name not in wanted]:
        del st.query_params[name]
    for name, value in wanted.items():
        if st.query_params.get(name) != value:
            st.query_params[name] = value


def _page() -> str:
    context = get_script_run_ctx()
    return context.page_script_hash if context is not None else ""
