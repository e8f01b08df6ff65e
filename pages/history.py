"""History: every comparison, found by words and filters, opened with a press."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import streamlit as st

from pages.components.addresses import COMPARISON
from pages.components.past import line_cards
from pages.components.picker import Group, just_picked, pick
from staging.lab import Lab, current
from staging.store import ComparisonFilter

A_PAGE = 24
LIST = "history-list"


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
    since, until = _span(days if isinstance(days, tuple) else (days,))
    return ComparisonFilter(
        words=words or "", project=project, by=by, model=model, since=since, until=until, archived=archived
    )


def _span(days: tuple[date, ...]) -> tuple[datetime | None, datetime | None]:
    """Return the moments between which the chosen days lie, as the reader's clock has them."""
    if not days:
        return None, None
    zone = ZoneInfo(st.context.timezone or "UTC")
    since, after = days[0], days[-1] + timedelta(days=1)
    begin, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (since, after))
    return begin, end if len(days) > 1 else None


def show(lab: Lab) -> None:
    """Draw the comparisons that pass the filters, a page at a time."""
    wanted = choose_filter(lab)
    st.session_state.setdefault("history-page", 0)
    if st.session_state.get("history-wanted") != wanted:
        st.session_state["history-wanted"] = wanted
        st.session_state["history-page"] = 0
    page = st.session_state["history-page"]
    lines = lab.store.comparisons.find(wanted, limit=A_PAGE + 1, offset=page * A_PAGE)
    if not lines:
        if wanted == ComparisonFilter():
            st.info("No comparison yet. Make the first one on the Compare page.", icon=":material/compare:")
        else:
            st.info("No comparison passes these filters.", icon=":material/filter_alt_off:")
        return
    shown = lines[:A_PAGE]
    pick([Group("", line_cards(lab, shown))], label="Comparisons", key=LIST)
    with st.container(horizontal=True, horizontal_alignment="center"):
        if page and st.button("Newer", icon=":material/chevron_left:", key="history-newer"):
            st.session_state["history-page"] = page - 1
            st.rerun()
        if len(lines) > A_PAGE and st.button("Older", icon=":material/chevron_right:", key="history-older"):
            st.session_state["history-page"] = page + 1
            st.rerun()


if (opened := just_picked(LIST)) is not None:
    st.switch_page(Path(__file__).with_name("compare.py"), query_params={COMPARISON: opened})
show(current())
