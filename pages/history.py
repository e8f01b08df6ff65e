"""History: every comparison, found by words and filters, and all favourites; opened with a press."""

from pathlib import Path

import streamlit as st

from pages.components.addresses import COMPARISON, VIEW
from pages.components.past import favourite_cards, line_cards
from pages.components.picker import Group, just_picked, pick
from pages.components.words import span
from staging.lab import Lab, current
from staging.store import ComparisonFilter

A_PAGE = 24
LIST = "history-list"
HEARTS = "history-favourites"
CHANGED = "Only comparisons with an output of which the automatic scorer says that the room's architecture changed."
PAGE = "{}-page"
"""Where the session keeps which page of a list is shown."""


def choose_filter(lab: Lab) -> ComparisonFilter:
    """Draw the filters and return what they say."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Search",
            key="history-words",
            bind="query-params",
            placeholder="Name, note, room, model, style",
            icon=":material/search:",
        )
        project = st.selectbox(
            "Project", lab.store.rooms.projects(), index=None, placeholder="Any", key="history-project"
        )
        models = sorted(spec.id.value for spec in lab.registry)
        model = st.selectbox("Model", models, index=None, placeholder="Any", key="history-model")
        by = st.selectbox("By", lab.store.comparisons.people(), index=None, placeholder="Anybody", key="history-by")
        days = st.date_input("Days", [], key="history-days", format="YYYY-MM-DD")
        archived = st.toggle("Archived", key="history-archived")
        changed = st.toggle("Structure changed", key="history-changed", bind="query-params", help=CHANGED)
    since, until = span(days if isinstance(days, tuple) else (days,), st.context.timezone)
    return ComparisonFilter(
        words=words or "",
        project=project,
        by=by,
        model=model,
        since=since,
        until=until,
        archived=archived,
        structure_changed=changed,
    )


def show_comparisons(lab: Lab) -> None:
    """Draw the comparisons that pass the filters, a page at a time."""
    wanted = choose_filter(lab)
    if st.session_state.get("history-wanted") != wanted:
        st.session_state["history-wanted"] = wanted
        st.session_state[PAGE.format(LIST)] = 0
    lines = lab.store.comparisons.find(wanted, A_PAGE + 1, first_of(LIST))
    if not lines:
        if wanted == ComparisonFilter():
            st.info("No comparison yet. Make the first one on the Compare page.", icon=":material/compare:")
        else:
            st.info("No comparison passes these filters.", icon=":material/filter_alt_off:")
        return
    pick([Group("", line_cards(lab, lines[:A_PAGE]))], label="Comparisons", key=LIST)
    turn_pages(LIST, more=len(lines) > A_PAGE)


def show_favourites(lab: Lab) -> None:
    """Draw the outputs with a heart, of all rooms, a page at a time."""
    favourites = lab.store.comparisons.favourites(A_PAGE + 1, first_of(HEARTS))
    if not favourites:
        st.info("No favourites yet. Give a picture a heart in the viewer (key h).", icon=":material/favorite:")
        return
    pick([Group("", favourite_cards(lab, favourites[:A_PAGE]))], label="Favourites", key=HEARTS)
    turn_pages(HEARTS, more=len(favourites) > A_PAGE)


def first_of(kind: str) -> int:
    """Return how many come before the page that is shown."""
    page: int = st.session_state.setdefault(PAGE.format(kind), 0)
    return page * A_PAGE


def turn_pages(kind: str, *, more: bool) -> None:
    """Draw the ways to newer and older ones, where there are any."""
    name = PAGE.format(kind)
    with st.container(horizontal=True, horizontal_alignment="center"):
        for label, icon, step, there in (
            ("Newer", ":material/chevron_left:", -1, st.session_state[name] > 0),
            ("Older", ":material/chevron_right:", 1, more),
        ):
            if there and st.button(label, icon=icon, key=f"{kind}-{label.lower()}"):
                st.session_state[name] += step
                st.rerun()


def leave_for_what_was_picked(lab: Lab) -> None:
    """Go on to the comparison, or to the viewer on the favourite, that was just pressed."""
    compare = Path(__file__).with_name("compare.py")
    if (comparison_id := just_picked(LIST)) is not None:
        st.switch_page(compare, query_params={COMPARISON: comparison_id})
    if (prediction_id := just_picked(HEARTS)) is not None:
        asked = lab.store.predictions.get(prediction_id).prediction
        st.switch_page(compare, query_params={COMPARISON: asked.comparison_id, VIEW: prediction_id})


def show(lab: Lab) -> None:
    """Draw comparisons or favourites, as chosen."""
    kinds = {"Comparisons": show_comparisons, "Favourites": show_favourites}
    kind = st.segmented_control(
        "Show",
        list(kinds),
        default="Comparisons",
        required=True,
        key="history-kind",
        label_visibility="collapsed",
        persist_state="session",
    )
    kinds[kind or "Comparisons"](lab)


leave_for_what_was_picked(current())
show(current())
