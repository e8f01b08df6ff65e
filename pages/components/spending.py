"""What was spent, drawn: the figures, a bar for each day, a table, and all of it as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

import altair as alt
import streamlit as st

from pages.components.words import counted, dollars, plain
from staging.store import CostReport, CostRow


def totals(report: CostReport) -> None:
    """Draw the figures that matter most; unknown prices stand beside the money, never in it."""
    per_accepted = dollars(report.total_usd / report.accepted) if report.accepted else "–"
    with st.grid(4, min_column_width=150):
        st.metric("Spent", dollars(report.total_usd), border=True)
        st.metric("Per accepted picture", per_accepted, border=True)
        st.metric("Pictures made", f"{report.succeeded} of {report.predictions}", border=True)
        st.metric("Accepted", f"{report.accepted}", border=True)
    if report.unknown:
        named = ", ".join(f"{plain(model)} ({count})" for model, count in report.unknown)
        several = sum(count for _, count in report.unknown)
        st.warning(
            f"Not in these sums: {counted(several, 'prediction')} at an unknown price: {named}.", icon=":material/help:"
        )


def chart(rows: Sequence[CostRow], first: date, last: date) -> None:
    """Draw what was spent each day, the days without spending too; a word when there was none at all."""
    if not any(row.charged_usd for row in rows):
        st.caption("Nothing was charged in these days.")
        return
    spent = {row.key: row for row in rows}
    span = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    values = [
        {
            "Day": day.isoformat(),
            # A float is near enough for a bar's height; every figure in words stays Decimal.
            "Spent": float(spent[day.isoformat()].charged_usd) if day.isoformat() in spent else 0.0,
            "Predictions": spent[day.isoformat()].predictions if day.isoformat() in spent else 0,
        }
        for day in span
    ]
    bars = (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar(cornerRadiusTopLeft=2, cornerRadiusTopRight=2)
        .encode(
            x=alt.X("yearmonthdate(Day):O", title=None, axis=alt.Axis(format="%-d %b", labelOverlap=True)),
            y=alt.Y("Spent:Q", title="US dollars", axis=alt.Axis(format="$,.2f", tickCount=4)),
            tooltip=[
                alt.Tooltip("Day:T", format="%-d %b %Y"),
                alt.Tooltip("Spent:Q", format="$,.4f"),
                alt.Tooltip("Predictions:Q"),
            ],
        )
        .properties(height=220)
    )
    st.altair_chart(bars, key="costs-chart", alt="US dollars spent each day")


def table(rows: Sequence[CostRow], name: str, labels: Mapping[str, str]) -> None:
    """Draw one table, the dearest first (days by date); `labels` says what some keys are called."""
    st.dataframe(
        {
            name: [labels.get(row.key, row.key) or "none" for row in rows],
            "Spent": [_known(row, row.charged_usd) for row in rows],
            "At unknown price": [row.unknown_charges for row in rows],
            "Predictions": [row.predictions for row in rows],
            "Succeeded": [row.succeeded for row in rows],
            "Failed": [row.failed for row in rows],
            "Accepted": [row.accepted for row in rows],
            "Per accepted": [_known(row, row.usd_per_accepted) for row in rows],
        },
        hide_index=True,
        key=f"costs-table-{name.lower()}",
        alt=f"Costs by {name.lower()}",
        placeholder="–",
        column_config={
            name: st.column_config.TextColumn(pinned=True),
            "Spent": st.column_config.NumberColumn(format="$%.4f"),
            "Per accepted": st.column_config.NumberColumn(format="$%.4f"),
        },
    )


def _known(row: CostRow, amount: Decimal | None) -> float | None:
    """Return the amount to show; None where all there is to add up is unknown: that is not $0."""
    if amount is None or (amount == 0 and row.unknown_charges):
        return None
    return float(amount)


def as_csv(tables: Mapping[str, Sequence[CostRow]]) -> str:
    """Return every table as one CSV, amounts exact; a cell that a spreadsheet would run is quoted off."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [
            "by",
            "key",
            "predictions",
            "succeeded",
            "failed",
            "accepted",
            "charged_usd",
            "unknown_charges",
            "usd_per_accepted",
        ]
    )
    for name, rows in tables.items():
        for row in rows:
            key = f"'{row.key}" if row.key[:1] in "=+-@\t\r" and row.key else row.key
            figures = [row.predictions, row.succeeded, row.failed, row.accepted, row.charged_usd, row.unknown_charges]
            writer.writerow([name.lower(), key, *figures, "" if row.usd_per_accepted is None else row.usd_per_accepted])
    return out.getvalue()
