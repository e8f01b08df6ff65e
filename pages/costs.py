"""Costs: what was spent in these days, on which model, for which project, by whom, and per accepted picture."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from pages.components.spending import as_csv, chart, table, totals
from staging.lab import Lab, current
from staging.registry import Capability
from staging.store import CostReport, CostRow

FIRST_DAYS = 30


def timezone() -> str:
    """Return the reader's time zone, in which a day begins and ends."""
    name = st.context.timezone or "UTC"
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return "UTC"
    return name


def days() -> tuple[date, date] | None:
    """Draw the date filter; return its first and last day, or None while only one is chosen."""
    today = datetime.now(ZoneInfo(timezone())).date()
    chosen = st.date_input(
        "Days",
        (today - timedelta(days=FIRST_DAYS - 1), today),
        key="costs-days",
        bind="query-params",
        format="YYYY-MM-DD",
        width=280,
    )
    if not isinstance(chosen, tuple) or len(chosen) != 2:
        return None
    return chosen


def report_for(lab: Lab, first: date, last: date) -> CostReport:
    """Return the report from the first moment of the first day to the last of the last."""
    zone = ZoneInfo(timezone())
    since = datetime.combine(first, time(), zone).astimezone(UTC)
    until = datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
    return lab.store.costs.report(since, until, timezone())


def tables(report: CostReport) -> Mapping[str, Sequence[CostRow]]:
    """Return the report's tables by the name that a person chooses them by."""
    return {"Model": report.by_model, "Project": report.by_project, "Person": report.by_person, "Day": report.by_day}


def show(lab: Lab) -> None:
    """Draw the page for the chosen days."""
    span = days()
    if span is None:
        st.info("Choose the last day too.")
        return
    first, last = span
    report = report_for(lab, first, last)
    if not report.predictions:
        st.info("Nothing was run in these days. Choose other days, or run a comparison on the Compare page.")
        return
    by = tables(report)
    totals(report)
    chart(report.by_day, first, last)
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        name = st.segmented_control(
            "Table by", list(by), default="Model", required=True, key="costs-view", bind="query-params"
        )
        st.download_button(
            "Download CSV",
            as_csv(by),
            file_name=f"costs_{first}_{last}.csv",
            mime="text/csv",
            icon=":material/download:",
            key="costs-csv",
            on_click="ignore",
        )
    baselines = {
        spec.id.value: f"{spec.id} (offline baseline)"
        for spec in lab.registry
        if Capability.OFFLINE in spec.capabilities
    }
    table(by[name or "Model"], name or "Model", baselines if name == "Model" else {})


show(current())
