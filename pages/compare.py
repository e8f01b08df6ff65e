"""Compare: choose rooms and models, run, and watch the grid fill. `?comparison=` is its permalink."""

import streamlit as st

from pages.components.addresses import COMPARISON, FLOOR, GRID, VIEW, go, hold_address
from pages.components.asking import ORDER, ask_for_comparison
from pages.components.past import manage
from pages.components.second_opinion import second_opinion
from pages.components.taking import take_away
from pages.components.watching import watch
from pages.components.words import moment, plain
from staging.errors import NotFound
from staging.lab import Lab, current


def show_comparison(lab: Lab, comparison_id: str) -> None:
    """Draw one comparison."""
    try:
        comparison = lab.store.comparisons.get(comparison_id)
    except NotFound as error:
        st.warning(plain(str(error)), icon=":material/link_off:")
        if st.button("New comparison", icon=":material/add:", key="compare-new"):
            go({})
        return
    if st.session_state.get(ORDER) == comparison_id:
        del st.session_state[ORDER]
    when = moment(comparison.created_at, st.context.timezone)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(plain(comparison.name or when), anchor=False, width="stretch")
        take_away(lab, comparison_id)
        manage(lab, comparison)
        second_opinion(lab, comparison_id)
    archived = "archived" if comparison.archived else ""
    about = [f"By {comparison.created_by}", when if comparison.name else "", comparison.project, archived]
    st.caption(" · ".join(plain(part) for part in about if part))
    if comparison.note:
        st.markdown(plain(comparison.note))
    watch(lab, comparison_id)


hold_address()
if COMPARISON in st.query_params:
    show_comparison(current(), st.query_params[COMPARISON])
else:
    for name in (VIEW, GRID, FLOOR):
        st.query_params.pop(name, None)
    ask_for_comparison(current())
