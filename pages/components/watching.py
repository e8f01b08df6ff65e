"""One comparison as it runs and afterwards: the grid, what may be done in it, and the viewer."""

import streamlit as st

from pages.components import cells
from pages.components.calm import calmly
from pages.components.grid import Act, grid
from pages.components.viewing import VIEW, open_viewer
from pages.components.words import plain
from staging.access import person
from staging.desk import ComparisonView
from staging.lab import Lab

POLL = "1s"


def watch(lab: Lab, comparison_id: str) -> None:
    """Draw the comparison; while it runs, look again every second, and stop when all is done."""
    running = lab.desk.look(comparison_id).unfinished > 0

    @st.fragment(run_every=POLL if running else None)
    @calmly
    def live() -> None:
        seen = lab.desk.look(comparison_id)
        # Once, so that the timer stops. Under an open dialog it waits until that is closed: a whole
        # rerun closes a dialog for a moment and opens a new one, and zoom and divider would be lost.
        if running and not seen.unfinished and VIEW not in st.query_params:
            st.rerun()
        _progress(lab, seen)
        rooms = {digest: lab.store.rooms.get(digest) for digest in seen.rooms}
        act = grid(cells.columns(seen, lab.registry), cells.rows(seen, rooms, lab.pictures), key="compare-grid")
        if act is not None:
            _do(lab, act)

    live()
    if VIEW in st.query_params:
        open_viewer(lab, comparison_id)


def _progress(lab: Lab, seen: ComparisonView) -> None:
    share, words = cells.summary(seen)
    with st.container(horizontal=True, vertical_alignment="center"):
        if seen.unfinished:
            st.progress(share, text=words)
            if st.button("Cancel all", icon=":material/close:", key="compare-cancel-all"):
                lab.desk.cancel_comparison(seen.comparison.id, person())
                st.rerun(scope="fragment")
        else:
            st.markdown(plain(words), width="stretch")
        if st.button("New comparison", icon=":material/add:", key="compare-new"):
            st.query_params.clear()
            st.rerun()


def _do(lab: Lab, act: Act) -> None:
    match act.deed:
        case "open":
            st.query_params[VIEW] = act.prediction_id
            st.rerun()
        case "cancel":
            lab.desk.cancel([act.prediction_id], person())
            st.rerun(scope="fragment")
        case "retry":
            lab.desk.retry(act.prediction_id, person())
            st.rerun()  # the timer may have to start again
