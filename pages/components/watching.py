"""One comparison as it runs and afterwards: the grid, what may be done in it, and the viewer."""

import streamlit as st

from pages.components import cells
from pages.components.addresses import FLOOR, GRID, VIEW, address_of, go
from pages.components.calm import calmly
from pages.components.finishing import expect_end_of
from pages.components.flooring import ask_for_floors, open_floor
from pages.components.grid import Act, grid
from pages.components.judging import take
from pages.components.viewing import open_viewer
from pages.components.words import counted, plain
from staging.access import Permission, person
from staging.desk import ComparisonView
from staging.lab import Lab

POLL_SECONDS = 1.0
REFUSED = "compare-retry-refused"
"""Where the session keeps what came of the last press on trying all failures again, and of which comparison."""
CELLS_A_SECOND = 150
"""A larger grid is looked at less often: each look sends all of it."""


def watch(lab: Lab, comparison_id: str) -> None:
    """Draw the comparison; while it runs, look again every second or so, and stop when all is done."""
    take(lab)
    first = [lab.desk.look(comparison_id)]
    running = first[0].unfinished > 0 or unscored(lab, first[0]) > 0
    pause = max(POLL_SECONDS, len(first[0].cells) / CELLS_A_SECOND)

    @st.fragment(run_every=pause if running else None)
    @calmly
    def live() -> None:
        seen = first.pop() if first else lab.desk.look(comparison_id)
        # Once, so that the timer stops. Under an open dialog it waits until that is closed: a whole
        # rerun closes a dialog for a moment and opens a new one, and zoom and divider would be lost.
        if running and not seen.unfinished and not unscored(lab, seen) and not _dialog_open():
            st.rerun()
        _progress(lab, seen)
        ask_for_floors(lab, seen)
        rooms = lab.store.rooms.of(seen.rooms)
        act, arranged = grid(
            cells.columns(seen, lab.registry),
            cells.rows(seen, rooms, lab.pictures),
            key=f"compare-grid-{comparison_id}",
            look=st.query_params.get(GRID, ""),
        )
        _keep(GRID, arranged)
        if act is not None:
            _do(lab, act)

    live()
    if VIEW in st.query_params:
        open_viewer(lab, comparison_id)
    elif FLOOR in st.query_params:
        open_floor(lab, comparison_id)


def _dialog_open() -> bool:
    return VIEW in st.query_params or FLOOR in st.query_params


def unscored(lab: Lab, seen: ComparisonView) -> int:
    """Return how many pictures are there whose first score comes within seconds."""
    return lab.scoring.awaited((cell.prediction for cell in seen.cells.values()), seen.quality)


def _keep(name: str, value: str) -> None:
    """Have the address say so; nothing is written when it does already."""
    if value and st.query_params.get(name) != value:
        st.query_params[name] = value
    elif not value and name in st.query_params:
        del st.query_params[name]


def _progress(lab: Lab, seen: ComparisonView) -> None:
    share, words = cells.summary(seen)
    lost = sum(cells.can_retry(cell.prediction) for cell in seen.cells.values())
    with st.container(horizontal=True, vertical_alignment="center"):
        if seen.unfinished:
            st.progress(share, text=words)
            if st.button("Cancel all", icon=":material/close:", key="compare-cancel-all"):
                lab.desk.cancel_comparison(seen.comparison.id, person(Permission.RUN))
                st.rerun(scope="fragment")
        else:
            st.markdown(plain(words), width="stretch")
        if lost > 1 and st.button(f"Retry {lost} failed", icon=":material/refresh:", key="compare-retry-failed"):
            retried = lab.desk.retry_failed(seen.comparison.id, person(Permission.RUN))
            st.session_state[REFUSED] = (seen.comparison.id, retried)
            if retried.tried:
                expect_end_of(seen.comparison.id)
            st.rerun()  # the timer may have to start again
        if st.button("New comparison", icon=":material/add:", key="compare-new"):
            go({})
    comparison_id, retried = st.session_state.get(REFUSED, ("", None))
    if comparison_id == seen.comparison.id and retried and retried.left:
        left = f"{counted(retried.left, 'picture')} of {retried.left + retried.tried} not tried again."
        st.warning(plain(f"{left} {retried.refusal}"), icon=":material/account_balance_wallet:")


def _do(lab: Lab, act: Act) -> None:
    match act.deed:
        case "open":
            go(st.query_params.to_dict() | address_of(lab, act.prediction_id))
        case "cancel":
            lab.desk.cancel([act.prediction_id], person(Permission.RUN))
            st.rerun(scope="fragment")
        case "retry":
            lab.desk.retry(act.prediction_id, person(Permission.RUN))
            expect_end_of(lab.store.predictions.get(act.prediction_id).prediction.comparison_id)
            st.rerun()  # the timer may have to start again
