"""The costs as pictures: by day and model, by what was chosen, per accepted picture, and how long models ran.

A bar's height is a float, which is near enough; every figure in words stays Decimal.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import altair as alt
import streamlit as st

from pages.components.spending_tables import called
from staging.store import LONGEST_BY_DAY, CostReport, CostRow, RunTimes, Waste

MOST_BARS = 12
_ROW = 26
_LABELS = 150
_SAYS_ENOUGH = 8
"""Letters: "edit" is no name for reve/edit."""
_OTHER = "other models"
_MONEY = alt.Axis(format="$,.2~f", tickCount=4)


def days_chart(report: CostReport, names: Mapping[str, str], key: str) -> None:
    """Draw what was spent each day or month by model, times without spending too; a word when there was none."""
    if not any(one.cost_usd for one in report.by_day_and_model):
        st.caption("Nothing was charged in these days.")
        return
    # The report itself tells models apart by months in long spans.
    step = "month" if report.last - report.first > LONGEST_BY_DAY else "day"
    spent: dict[tuple[date, str], float] = defaultdict(float)
    for one in report.by_day_and_model:
        spent[_begin(one.day, step), one.model] += float(one.cost_usd)
    models = [row.key for row in report.by_model if any(model == row.key for _, model in spent)]
    if any(not model for _, model in spent):
        models.append("")
    short = short_names([names.get(model, model) for model in models])
    times = sorted(
        {_begin(report.first + timedelta(days=offset), step) for offset in range((report.last - report.first).days + 1)}
    )
    values = [
        {"Time": time.isoformat(), "Model": name or _OTHER, "Spent": spent[time, model]}
        for time in times
        for model, name in zip(models, short, strict=True)
        if spent.get((time, model)) or model == models[0]
    ]
    shown = "%b %Y" if step == "month" else "%-d %b"
    bars = (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar()
        .encode(
            x=alt.X("yearmonthdate(Time):O", title=None, axis=alt.Axis(format=shown, labelOverlap=True, labelAngle=0)),
            y=alt.Y("sum(Spent):Q", title=f"US dollars a {step}", axis=_MONEY),
            color=alt.Color(
                "Model:N",
                scale=alt.Scale(domain=[name or _OTHER for name in short]),
                legend=alt.Legend(orient="bottom", columns=2, labelLimit=_LABELS, title=None),
            ),
            order=alt.Order("Model:N"),
            tooltip=[
                alt.Tooltip("Time:T", format="%-d %b %Y", title=step.capitalize()),
                alt.Tooltip("Model:N"),
                alt.Tooltip("Spent:Q", format="$,.4f"),
            ],
        )
        .properties(height=290 + 20 * (len(models) // 2))
    )
    st.altair_chart(bars, key=key, alt=f"US dollars spent each {step}, by model")


def bars_by(rows: Sequence[CostRow], name: str, names: Mapping[str, str], key: str) -> None:
    """Draw what the dearest came to, and what an accepted picture of each cost."""
    shown = [(called(name, row.key, names), row) for row in rows[:MOST_BARS]]
    with st.grid(2, min_column_width=320):
        _bars("Spent", [(label, float(row.cost_usd)) for label, row in shown if row.cost_usd], "$,.4f", f"{key}-spent")
        accepted = [(label, float(row.usd_per_accepted)) for label, row in shown if row.usd_per_accepted]
        _bars("Per accepted picture", accepted, "$,.4f", f"{key}-accepted")


def waste_bars(waste: Sequence[Waste], key: str) -> None:
    """Draw what was wasted for the dearest reasons."""
    shown = [(f"{one.reason} ({one.outcome})", float(one.cost_usd)) for one in waste[:MOST_BARS] if one.cost_usd]
    _bars("Wasted", shown, "$,.4f", key)


def run_times_chart(times: Sequence[RunTimes], names: Mapping[str, str], key: str) -> None:
    """Draw from the median to the 95th percentile how long each model's successes ran, those of most runs."""
    most = sorted(times, key=lambda one: -one.runs)[:MOST_BARS]
    if not most:
        return
    labels = short_names([names.get(one.model, one.model) for one in most])
    values = [
        {"Model": label, "p50": one.p50_seconds, "p95": one.p95_seconds, "Runs": one.runs}
        for label, one in zip(labels, most, strict=True)
    ]
    base = alt.Chart(alt.InlineData(values=values)).encode(
        y=alt.Y("Model:N", sort=labels, title=None, axis=alt.Axis(labelLimit=_LABELS)),
        tooltip=[
            alt.Tooltip("Model:N"),
            alt.Tooltip("p50:Q", format=",.1f", title="p50, seconds"),
            alt.Tooltip("p95:Q", format=",.1f", title="p95, seconds"),
            alt.Tooltip("Runs:Q"),
        ],
    )
    lines = base.mark_bar(height=6, opacity=0.5).encode(x=alt.X("p50:Q", title="seconds"), x2="p95:Q")
    dots = base.mark_point(size=70, filled=True, opacity=1).encode(x="p50:Q")
    st.markdown("**Run time, p50 (dot) to p95**")
    st.altair_chart(
        (lines + dots).properties(height=alt.Step(_ROW)), key=key, alt="Seconds that models ran, median to p95"
    )


def _bars(title: str, values: Sequence[tuple[str, float]], style: str, key: str) -> None:
    with st.container():
        st.markdown(f"**{title}**")
        if not values:
            st.caption("Nothing to show.")
            return
        labels = short_names([label for label, _ in values])
        bars = (
            alt.Chart(
                alt.InlineData(
                    values=[{"Name": label, title: value} for label, (_, value) in zip(labels, values, strict=True)]
                )
            )
            .mark_bar(cornerRadiusEnd=2)
            .encode(
                x=alt.X(f"{title}:Q", title="US dollars", axis=_MONEY),
                y=alt.Y("Name:N", sort=labels, title=None, axis=alt.Axis(labelLimit=_LABELS)),
                tooltip=[alt.Tooltip("Name:N"), alt.Tooltip(f"{title}:Q", format=style)],
            )
            .properties(height=alt.Step(_ROW))
        )
        st.altair_chart(bars, key=key, alt=f"{title} in US dollars, as bars")


def _begin(day: date, step: str) -> date:
    """Return the day that the bar begins with."""
    return day.replace(day=1) if step == "month" else day


def short_names(names: Sequence[str]) -> list[str]:
    """Return the names without their owners where that says enough: a phone has no room for both."""
    tails = [name.rpartition("/")[2] for name in names]
    return [
        tail if len(tail) >= _SAYS_ENOUGH and tails.count(tail) == 1 else name
        for name, tail in zip(names, tails, strict=True)
    ]
