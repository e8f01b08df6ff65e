"""The ranking as pictures: ratings with intervals, who beat whom, quality against cost and time, reasons."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import altair as alt
import streamlit as st

from pages.components.ranking import Fault
from pages.components.spending_charts import short_names
from staging.ratings import Ratings

_ROW = 30
_LABELS = 150
_FRONT = "#0f766e"
_BEHIND = "#8a8f98"


class Offer(NamedTuple):
    """A model with its quality and what it takes, in dollars or seconds."""

    model: str
    rating: float
    takes: float


def front(offers: Sequence[Offer]) -> frozenset[str]:
    """Return the models that no other one beats in quality without taking more, or in what it takes without loss.

    The Pareto front: whoever chooses a model outside of it pays more, or waits longer, for less.
    """
    return frozenset(
        one.model
        for one in offers
        if not any(
            other.rating >= one.rating
            and other.takes <= one.takes
            and (other.rating > one.rating or other.takes < one.takes)
            for other in offers
        )
    )


def intervals_chart(ratings: Ratings, names: Mapping[str, str], key: str) -> None:
    """Draw each model's rating as a dot on its interval, the best on top."""
    labels = short_names([names.get(one.model, one.model) for one in ratings.models])
    values = [
        {
            "Model": label,
            "Rating": one.rating,
            "From": one.rating if one.low is None else one.low,
            "To": one.rating if one.high is None else one.high,
            "Tier": f"tier {one.tier}",
        }
        for label, one in zip(labels, ratings.models, strict=True)
    ]
    scale = alt.Scale(zero=False, padding=12)
    tiers = list(dict.fromkeys(str(value["Tier"]) for value in values))
    base = alt.Chart(alt.InlineData(values=values)).encode(
        y=alt.Y("Model:N", sort=labels, title=None, axis=alt.Axis(labelLimit=_LABELS)),
        color=alt.Color("Tier:N", sort=tiers, legend=alt.Legend(orient="bottom", title=None, columns=2)),
        tooltip=[
            alt.Tooltip("Model:N"),
            alt.Tooltip("Rating:Q", format=".0f"),
            alt.Tooltip("From:Q", format=".0f"),
            alt.Tooltip("To:Q", format=".0f"),
            alt.Tooltip("Tier:N"),
        ],
    )
    lines = base.mark_rule(strokeWidth=4, opacity=0.5).encode(
        x=alt.X("From:Q", title="rating, with its 95 % interval", scale=scale, axis=alt.Axis(tickCount=6)), x2="To:Q"
    )
    dots = base.mark_point(size=90, filled=True, opacity=1).encode(x=alt.X("Rating:Q", scale=scale))
    st.altair_chart(
        (lines + dots).properties(height=alt.Step(_ROW)), key=key, alt="Ratings of the models with 95 % intervals"
    )


def points_chart(ratings: Ratings, names: Mapping[str, str], key: str) -> None:
    """Draw which share of their decided votes each model won against each other one."""
    labels = short_names([names.get(one.model, one.model) for one in ratings.models])
    rows = [f"{place + 1} {label}" for place, label in enumerate(labels)]
    values = []
    for row, won in enumerate(ratings.points):
        for column, points in enumerate(won):
            votes = points + ratings.points[column][row]
            if row != column and votes:
                share = points / votes
                values.append(
                    {
                        "Model": rows[row],
                        "Against": str(column + 1),
                        "Other": labels[column],
                        "Won": share,
                        "Points": points,
                        "Votes": votes,
                    }
                )
    base = alt.Chart(alt.InlineData(values=values)).encode(
        y=alt.Y("Model:N", sort=rows, title=None, axis=alt.Axis(labelLimit=_LABELS)),
        x=alt.X(
            "Against:N",
            sort=[str(place + 1) for place in range(len(rows))],
            title="against",
            axis=alt.Axis(orient="top", labelAngle=0),
        ),
        tooltip=[
            alt.Tooltip("Model:N"),
            alt.Tooltip("Other:N", title="Against"),
            alt.Tooltip("Points:Q", title="Won, ties half", format=".1~f"),
            alt.Tooltip("Votes:Q", title="Decided votes", format=".0f"),
        ],
    )
    squares = base.mark_rect().encode(
        color=alt.Color(
            "Won:Q",
            legend=None,
            scale=alt.Scale(domain=[0, 0.5, 1], range=["#9a3412", "#f5f5f4", _FRONT]),
        )
    )
    far_from_even = (alt.datum.Won > 0.92) | (alt.datum.Won < 0.12)  # what can be read better
    numbers = base.mark_text().encode(
        text=alt.Text("Won:Q", format=".0%"), color=alt.condition(far_from_even, alt.value("white"), alt.value("black"))
    )
    st.altair_chart(
        (squares + numbers).properties(height=alt.Step(_ROW)), key=key, alt="Share of votes won by row against column"
    )


def offers_chart(offers: Sequence[Offer], names: Mapping[str, str], takes: str, style: str, key: str) -> None:
    """Draw quality against what a model takes, with the Pareto front; a word when nothing is known."""
    if not offers:
        st.caption("Nothing is known of it yet for these models.")
        return
    best = front(offers)
    labels = short_names([names.get(one.model, one.model) for one in offers])
    values = [
        {
            "Model": label,
            "Rating": one.rating,
            takes: one.takes,
            "Front": "nothing beats it" if one.model in best else "another gives more",
        }
        for label, one in zip(labels, offers, strict=True)
    ]
    base = alt.Chart(alt.InlineData(values=values)).encode(
        x=alt.X(f"{takes}:Q", axis=alt.Axis(format=style, tickCount=4), scale=alt.Scale(padding=50)),
        y=alt.Y("Rating:Q", title="rating", scale=alt.Scale(zero=False, padding=20)),
        tooltip=[
            alt.Tooltip("Model:N"),
            alt.Tooltip("Rating:Q", format=".0f"),
            alt.Tooltip(f"{takes}:Q", format=style),
        ],
    )
    line = (
        base.transform_filter(alt.datum.Front == "nothing beats it")
        .mark_line(interpolate="step-after", strokeDash=[4, 3], color=_FRONT)
        .encode(order=alt.Order(f"{takes}:Q"))
    )
    dots = base.mark_point(size=110, filled=True, opacity=1).encode(
        color=alt.Color(
            "Front:N",
            scale=alt.Scale(domain=["nothing beats it", "another gives more"], range=[_FRONT, _BEHIND]),
            legend=alt.Legend(orient="bottom", title=None),
        )
    )
    # Names of those behind would lie upon each other; the table and the pointer tell them.
    ink = "#fafafa" if st.context.theme.type == "dark" else "#31333f"
    words = base.transform_filter(alt.datum.Front == "nothing beats it").mark_text(dy=-14, color=ink)
    words = words.encode(text="Model:N")
    st.altair_chart(
        (line + dots + words).properties(height=300), key=key, alt=f"Rating against {takes}, with the Pareto front"
    )


def faults_chart(faults: Sequence[Fault], key: str) -> None:
    """Draw how often each reason was given, the most frequent on top."""
    reasons = [one.reason for one in faults]
    values = [
        {"Reason": one.reason, "Where": where, "Times": times}
        for one in faults
        for where, times in (("lost a vote", one.lost), ("rejected", one.rejected))
    ]
    bars = (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar()
        .encode(
            y=alt.Y("Reason:N", sort=reasons, title=None),
            x=alt.X("sum(Times):Q", title="times given", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color("Where:N", legend=alt.Legend(orient="bottom", title=None)),
            tooltip=[alt.Tooltip("Reason:N"), alt.Tooltip("Where:N"), alt.Tooltip("Times:Q")],
        )
        .properties(height=alt.Step(_ROW))
    )
    st.altair_chart(bars, key=key, alt="Reasons given against models, the most frequent first")
