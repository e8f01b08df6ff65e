"""Which costs are looked at: days, model, project and person, all of them in the address."""

from collections.abc import Mapping
from datetime import date, timedelta

import streamlit as st

from staging.lab import Lab
from staging.store import CostFilter

DAYS, PRESET = "costs-days", "costs-preset"
FIRST_DAYS = 30
_NO_PROJECT = "no project"


def choose_days(lab: Lab) -> tuple[date, date] | None:
    """Draw the days and their short cuts; return the first and last day, or None while only one is chosen."""
    today = lab.store.costs.today()
    presets = presets_of(today, lab.store.costs.first_day() or today)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    chosen = row.date_input(
        "Days",
        presets[f"{FIRST_DAYS} days"],
        min_value=date(2000, 1, 1),
        max_value=today + timedelta(days=366),
        key=DAYS,
        bind="query-params",
        format="YYYY-MM-DD",
        width=250,
    )
    span = (chosen[0], chosen[1]) if isinstance(chosen, tuple) and len(chosen) == 2 else None
    # What is pressed follows from the days, also after a link or another choice of days.
    st.session_state[PRESET] = next((name for name, days in presets.items() if days == span), None)
    row.pills(
        "Short cuts",
        list(presets),
        key=PRESET,
        on_change=_take,
        args=(presets,),
        label_visibility="collapsed",
        wrap=True,
    )
    return span


def presets_of(today: date, first: date) -> Mapping[str, tuple[date, date]]:
    """Return the short cuts: a name and its first and last day."""
    this_month = today.replace(day=1)
    last_month = this_month - timedelta(days=1)
    rolling = {f"{days} days": (today - timedelta(days=days - 1), today) for days in (7, FIRST_DAYS, 90)}
    return {
        "This month": (this_month, today),
        "Last month": (last_month.replace(day=1), last_month),
        **rolling,
        "All": (min(first, today), today),
    }


def _take(presets: Mapping[str, tuple[date, date]]) -> None:
    name = st.session_state[PRESET]
    if name is not None:
        st.session_state[DAYS] = presets[name]


def choose_filter(lab: Lab, names: Mapping[str, str]) -> CostFilter:
    """Draw the filters and return what they say; `names` says what some models are called."""
    known = lab.store.costs.choices()

    def choose(label: str, dimension: str, called: Mapping[str, str]) -> str | None:
        shown = {called.get(key, key): key for key in known[dimension]}
        picked = st.selectbox(
            label,
            list(shown),
            index=None,
            placeholder="All",
            key=f"costs-{dimension}",
            bind="query-params",
        )
        return None if picked is None else shown[picked]

    with st.grid(3, min_column_width=150, width=760):
        return CostFilter(
            model=choose("Model", "model", names),
            project=choose("Project", "project", {"": _NO_PROJECT}),
            person=choose("Person", "person", {}),
        )
