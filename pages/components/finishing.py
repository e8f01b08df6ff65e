"""A word on whatever page a person is when a comparison of theirs has finished."""

import streamlit as st

from pages.components.calm import calmly
from pages.components.words import counted, moment, plain
from staging.access import person
from staging.lab import Lab

LOOK_EVERY = "2s"
_AWAITED = "finishing-awaited"


def expect_end_of(comparison_id: str) -> None:
    """Tell this visitor when the comparison has finished."""
    st.session_state.setdefault(_AWAITED, set()).add(comparison_id)


def tell_what_finished(lab: Lab, *, shown: str | None) -> None:
    """Draw nothing now; a toast when a comparison ends that this person asked for or waits for.

    `shown` is the comparison that is on the screen: who sees it end needs no word about it. While
    nothing runs, nothing is asked.
    """
    if _AWAITED not in st.session_state:  # a new visit: theirs may still be running
        st.session_state[_AWAITED] = lab.store.comparisons.running(by=person())
    _tell(lab, shown)

    @st.fragment(run_every=LOOK_EVERY if st.session_state[_AWAITED] else None)
    @calmly
    def look_again() -> None:
        _tell(lab, shown)

    look_again()


def _tell(lab: Lab, shown: str | None) -> None:
    awaited: set[str] = st.session_state[_AWAITED]
    if not awaited:
        return
    for comparison_id in awaited - lab.store.comparisons.running(among=awaited):
        awaited.discard(comparison_id)
        if comparison_id == shown:
            continue
        line = lab.store.comparisons.line(comparison_id)
        name = line.comparison.name or f"The comparison of {moment(line.comparison.created_at, st.context.timezone)}"
        made = f"{line.succeeded} of {counted(line.predictions, 'picture')} made"
        st.toast(
            f"**{plain(name)}** is finished: {made}. [Look at it](/?comparison={comparison_id})",
            icon=":material/task_alt:",
            duration="long",
        )
