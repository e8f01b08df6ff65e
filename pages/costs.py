"""Costs: what was spent in these days, on what, by whom, per accepted picture; what comes until the month is over."""

from datetime import UTC, datetime

import streamlit as st

from pages.components.calm import calmly
from pages.components.cost_filters import choose_days, choose_filter
from pages.components.foretelling import Foretold, foretell
from pages.components.spending import figures, foreseen, what_is_not_in_it
from pages.components.spending_charts import bars_by, days_chart, run_times_chart, waste_bars
from pages.components.spending_tables import costs_table, rows_by, waste_table
from pages.components.words import counted, plain
from staging.exports.costs import as_csv, as_parquet
from staging.exports.report import Meeting, as_html
from staging.lab import Lab, current
from staging.registry import Capability
from staging.store import CostFilter, CostReport

WASTE = "Waste"


def baselines(lab: Lab) -> dict[str, str]:
    """Return what the offline baselines are called: nobody must take them for a bargain."""
    return {
        spec.id.value: f"{spec.id} (offline baseline)"
        for spec in lab.registry
        if Capability.OFFLINE in spec.capabilities
    }


def meeting(lab: Lab, report: CostReport, wanted: CostFilter, foretold: Foretold) -> Meeting:
    """Return what the page for a meeting says."""
    return Meeting(
        report=report,
        zone=lab.store.costs.zone,
        filters={name.capitalize(): value or "no project" for name, value in wanted.chosen.items()},
        under_way=lab.store.costs.under_way(),
        forecast=foretold.forecast,
        forecast_of=foretold.of,
        names=baselines(lab),
        made_at=datetime.now(UTC),
    )


def exports(about: Meeting) -> None:
    """Draw the ways to take it all away; each file is made when it is asked for."""
    report = about.report
    name = f"costs_{report.first}_{report.last}"
    with st.container(horizontal=True):
        for label, suffix, mime, icon, make in (
            ("CSV", "csv", "text/csv", "table", lambda: as_csv(report)),
            ("Parquet", "parquet", "application/vnd.apache.parquet", "database", lambda: as_parquet(report)),
            ("Page for a meeting", "html", "text/html", "print", lambda: as_html(about)),
        ):
            st.download_button(
                label,
                make,
                file_name=f"{name}.{suffix}",
                mime=mime,
                icon=f":material/{icon}:",
                key=f"costs-{suffix}",
                on_click="ignore",
            )


@st.fragment
@calmly
def details(report: CostReport, names: dict[str, str], narrowed: bool) -> None:
    """Draw the charts and the table of what is chosen."""
    by = rows_by(report)
    name = st.segmented_control(
        "Costs by", [*by, WASTE], default="Model", required=True, key="costs-view", bind="query-params"
    )
    if name == WASTE:
        if not report.waste:
            st.caption("Nothing failed and nothing was rejected in these days.")
            return
        waste_bars(report.waste, "costs-bars-waste")
        waste_table(report.waste, "costs-table-waste")
        return
    chosen = by[name or "Model"]
    if name == "Arm" and [row.key for row in chosen] == [""]:
        st.caption("No experiment ran in these days: all of this was run outside of experiments.")
    if name not in ("Day", "Arm") or len(chosen) > 1:
        bars_by(chosen, name or "Model", names, f"costs-bars-{name}")
    costs_table(chosen, name or "Model", names, report.run_times, f"costs-table-{name}")
    if name == "Model":
        run_times_chart(report.run_times, names, "costs-run-times")
        if narrowed and report.run_times:
            st.caption("Run times are those of all projects and people.")


def show(lab: Lab) -> None:
    """Draw the page for the chosen days."""
    names = baselines(lab)
    span = choose_days(lab)
    wanted = choose_filter(lab, names)
    if span is None:
        st.info("Choose the last day too.")
        return
    first, last = span
    report = lab.store.costs.report(first, last, wanted)
    length = (last - first).days + 1
    st.caption(
        f"{first:%-d %b %Y} to {last:%-d %b %Y}, days of {plain(lab.store.costs.zone)}, "
        f"compared with the {counted(length, 'day')} before."
    )
    foretold = foretell(lab.store.costs, first, last, wanted)
    if not report.total.predictions:
        st.info("Nothing was run in these days. Choose other days or filters, or run a comparison on the Compare page.")
        if last > lab.store.costs.today():
            foreseen(foretold)
        return
    about = meeting(lab, report, wanted, foretold)
    figures(report, about.under_way, foretold)
    what_is_not_in_it(report, names)
    picture, numbers = st.tabs(["By day", "Numbers"])
    with picture:
        days_chart(report, names, "costs-chart")
    with numbers:
        costs_table(rows_by(report)["Day"], "Day", {}, (), "costs-numbers")
    details(report, names, narrowed=wanted.project is not None or wanted.person is not None)
    exports(about)


show(current())
