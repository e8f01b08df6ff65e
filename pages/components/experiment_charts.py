"""The evidence and the preference of two arms, room by room, with their numbers beside."""

import altair as alt
import streamlit as st

from pages.components.words import plain
from staging.experiments import StopRule, Unit
from staging.experiments_verdict import Look, Pair, e_words, path_of

MOST_POINTS = 300
"""More are not told apart on a screen."""
_HEIGHT = 190
_POWERS = [10.0**power for power in range(-3, 7)]


def pair_charts(pair: Pair, stop: StopRule, unit: Unit, key: str) -> None:
    """Draw how evidence and preference grew, as pictures and, one click away, as numbers."""
    looks = thinned(path_of(pair))
    if not looks:
        st.caption(f"No {unit} is decided yet: the charts begin with the first one.")
        return
    pictures, numbers = st.tabs(["Charts", "Numbers"])
    with pictures, st.grid(2, min_column_width=330):
        with st.container():
            st.markdown("**Evidence (e-value)**")
            st.altair_chart(
                _evidence(looks, stop, unit), key=f"{key}-evidence", alt=f"Evidence after each decided {unit}"
            )
        with st.container():
            st.markdown(f"**Share that prefers {plain(pair.second)}, with what is not ruled out**")
            st.altair_chart(
                _preference(looks, stop, unit), key=f"{key}-share", alt=f"Preference after each decided {unit}"
            )
    with numbers:
        st.dataframe(
            {
                f"Decided {unit}s": [look.units for look in looks],
                "e-value": [e_words(look.evidence) for look in looks],
                f"Prefer {pair.second}": [100 * look.share for look in looks],
                "From": [100 * look.low for look in looks],
                "To": [100 * look.high for look in looks],
            },
            hide_index=True,
            key=f"{key}-numbers",
            alt=f"Evidence and preference after each decided {unit}",
            column_config=dict.fromkeys(
                (f"Prefer {pair.second}", "From", "To"), st.column_config.NumberColumn(format="%.1f %%")
            ),
        )


def thinned(looks: list[Look]) -> list[Look]:
    """Return at most MOST_POINTS of them, evenly, and the last one always."""
    step = -(-len(looks) // MOST_POINTS)
    return [look for look in looks if (len(looks) - look.units) % max(1, step) == 0]


def _evidence(looks: list[Look], stop: StopRule, unit: Unit) -> alt.LayerChart:
    needed = 100 / stop.error_percent
    values = [{"Units": look.units, "e": max(1e-3, min(look.evidence, 1e6))} for look in looks]
    top = max(2 * needed, *(one["e"] for one in values))
    low = min(0.1, *(one["e"] for one in values))
    line = (
        alt.Chart(alt.InlineData(values=values))
        .mark_line(point=len(values) == 1, strokeWidth=2.5)
        .encode(
            x=_units(unit),
            y=alt.Y("e:Q", scale=alt.Scale(type="log", domain=[low, top]), title=None, axis=alt.Axis(values=_POWERS)),
            tooltip=[alt.Tooltip("Units:Q", title=f"Decided {unit}s"), alt.Tooltip("e:Q", format=".3~g")],
        )
    )
    enough = (
        alt.Chart(alt.InlineData(values=[{"y": needed, "Enough": f"stop at {needed:g}"}]))
        .mark_rule(strokeDash=[6, 4], color="#c8453e", strokeWidth=1.5)
        .encode(y="y:Q", tooltip=[alt.Tooltip("Enough:N")])
    )
    return alt.LayerChart(layer=[line, enough]).properties(height=_HEIGHT)


def _preference(looks: list[Look], stop: StopRule, unit: Unit) -> alt.LayerChart:
    values = [
        {"Units": look.units, "Share": look.share, "From": look.low, "To": look.high, "Even": 0.5} for look in looks
    ]
    base = alt.Chart(alt.InlineData(values=values)).encode(x=_units(unit))
    whole, axis = alt.Scale(domain=[0, 1]), alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1])
    band = base.mark_area(opacity=0.25) if len(values) > 1 else base.mark_bar(opacity=0.25, width=8)
    worth = stop.worth_points / 100
    near = (
        alt.Chart(alt.InlineData(values=[{"low": 0.5 - worth, "high": 0.5 + worth}]))
        .mark_rect(color="#888888", opacity=0.18)
        .encode(y=alt.Y("low:Q"), y2="high:Q")
    )
    even = alt.Chart(alt.InlineData(values=[{"y": 0.5}])).mark_rule(strokeDash=[6, 4], color="#888888").encode(y="y:Q")
    told = [
        alt.Tooltip("Units:Q", title=f"Decided {unit}s"),
        *(alt.Tooltip(f"{name}:Q", format=".1%") for name in ("Share", "From", "To")),
    ]
    lines = base.mark_line(point=len(values) == 1, strokeWidth=2.5).encode(
        y=alt.Y("Share:Q", scale=whole, title=None, axis=axis), tooltip=told
    )
    bands = band.encode(y=alt.Y("From:Q", scale=whole, title=None, axis=axis), y2="To:Q", tooltip=told)
    return alt.LayerChart(layer=[near, bands, even, lines]).properties(height=_HEIGHT)


def _units(unit: Unit) -> alt.X:
    return alt.X("Units:Q", title=f"decided {unit}s", axis=alt.Axis(tickMinStep=1, format="d"))
