"""Calibration as pictures: what a score means, and whether scores and people drift apart."""

from collections.abc import Sequence

import altair as alt
import streamlit as st

from staging.calibration import Bin, Period

_LINE = "#0f766e"
_REJECTED = "#b45309"


def reliability_chart(bins: Sequence[Bin], key: str) -> None:
    """Draw the share of outputs that people accepted against their score, each dot on its interval."""
    values = [
        {
            "Score": one.mean,
            "Accepted": one.share,
            "From": one.share_low,
            "To": one.share_high,
            "Scores": f"{one.low:.0f} to {one.high:.0f}",
            "Outputs": one.count,
        }
        for one in bins
    ]
    base = alt.Chart(alt.InlineData(values=values)).encode(
        x=alt.X("Score:Q", title="Score", scale=alt.Scale(domain=[0, 100])),
        tooltip=[
            alt.Tooltip("Scores:N"),
            alt.Tooltip("Accepted:Q", format=".0%"),
            alt.Tooltip("From:Q", format=".0%"),
            alt.Tooltip("To:Q", format=".0%"),
            alt.Tooltip("Outputs:Q"),
        ],
    )
    share = alt.Y("Accepted:Q", title="Accepted by people", axis=alt.Axis(format=".0%"), scale=alt.Scale(domain=[0, 1]))
    reach = base.mark_rule(color=_LINE, strokeWidth=2, opacity=0.5).encode(y=alt.Y("From:Q"), y2="To:Q")
    line = base.mark_line(color=_LINE, strokeWidth=1.5, opacity=0.7).encode(y=share)
    dots = base.mark_point(color=_LINE, filled=True, size=70, opacity=1).encode(y=share)
    st.altair_chart(
        (reach + line + dots).properties(height=280), key=key, alt="The share of outputs accepted, by their score"
    )


def drift_chart(periods: Sequence[Period], key: str) -> None:
    """Draw the mean score of what was accepted and of what was rejected, by four weeks; a word for a single one."""
    values = [
        {"From": one.first.isoformat(), "Outputs": word, "Mean score": mean, "AUC": auc}
        for one in periods
        for auc in ("–" if one.ranking.auc is None else f"{one.ranking.auc:.2f}",)
        for word, mean in (("accepted", one.mean_accepted), ("rejected", one.mean_rejected))
        if mean is not None
    ]
    lines = (
        alt.Chart(alt.InlineData(values=values))
        .mark_line(point=alt.OverlayMarkDef(size=60, filled=True))
        .encode(
            x=alt.X("yearmonthdate(From):O", title="Four weeks from", axis=alt.Axis(format="%-d %b %y", labelAngle=0)),
            y=alt.Y("Mean score:Q", scale=alt.Scale(domain=[0, 100])),
            color=alt.Color(
                "Outputs:N",
                scale=alt.Scale(domain=["accepted", "rejected"], range=[_LINE, _REJECTED]),
                legend=alt.Legend(orient="bottom", title=None),
            ),
            tooltip=[
                alt.Tooltip("From:T", format="%-d %b %Y"),
                alt.Tooltip("Outputs:N"),
                alt.Tooltip("Mean score:Q", format=".1f"),
                alt.Tooltip("AUC:N"),
            ],
        )
        .properties(height=280)
    )
    st.altair_chart(lines, key=key, alt="The mean score of accepted and of rejected outputs, every four weeks")
    if len(periods) < 2:
        st.caption("All of it was judged within four weeks: whether scores drift shows later.")
