"""The costs as tables: by model, project, person, room type, arm and day, and the waste by reason."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from staging.store import CostReport, CostRow, RunTimes, Waste

MOST_ROWS = 100
"""As many rows are drawn; the exports have them all."""
_DOLLARS = st.column_config.NumberColumn(format="$%.4f")
_SECONDS = st.column_config.NumberColumn(format="%.1f s")
_EMPTY = {"Project": "no project", "Arm": "no experiment"}


def rows_by(report: CostReport) -> Mapping[str, Sequence[CostRow]]:
    """Return the report's rows by the name that a person chooses them by; days begin with the last."""
    return {
        "Model": report.by_model,
        "Project": report.by_project,
        "Person": report.by_person,
        "Room type": report.by_room_type,
        "Arm": report.by_arm,
        "Day": report.by_day[::-1],
    }


def called(name: str, key: str, names: Mapping[str, str]) -> str:
    """Return what a row is called; `names` says what some models are."""
    return (names.get(key, key) if name == "Model" else key) or _EMPTY.get(name, "none")


def costs_table(
    rows: Sequence[CostRow], name: str, names: Mapping[str, str], times: Sequence[RunTimes], key: str
) -> None:
    """Draw one table, at most a hundred rows of it; models have their run times beside."""
    shown = rows[:MOST_ROWS]
    columns: dict[str, list[object]] = {
        name: [called(name, row.key, names) for row in shown],
        "Spent": [known(row, row.cost_usd) for row in shown],
        "Per accepted": [known(row, row.usd_per_accepted) for row in shown],
        "At unknown price": [row.unknown_charges for row in shown],
        "Predictions": [row.predictions for row in shown],
        "Accepted": [row.accepted for row in shown],
        "Rejected": [row.rejected for row in shown],
        "Failed": [row.failed + row.canceled + row.unknown for row in shown],
        "Retries": [row.retries for row in shown],
        "Wasted": [known(row, row.rejected_usd + row.lost_usd) for row in shown],
        "Settled": [float(row.settled_usd) for row in shown],
    }
    formats: dict[str, ColumnConfig] = dict.fromkeys(("Spent", "Per accepted", "Wasted", "Settled"), _DOLLARS)
    if name == "Model":
        of = {one.model: one for one in times}
        columns["p50"] = [of[row.key].p50_seconds if row.key in of else None for row in shown]
        columns["p95"] = [of[row.key].p95_seconds if row.key in of else None for row in shown]
        formats |= {"p50": _SECONDS, "p95": _SECONDS}
    _draw(columns, formats, name, f"Costs by {name.lower()}", key)
    _more(len(rows))


def waste_table(waste: Sequence[Waste], key: str) -> None:
    """Draw what was wasted, by outcome and reason."""
    shown = waste[:MOST_ROWS]
    columns: dict[str, list[object]] = {
        "Reason": [one.reason for one in shown],
        "Outcome": [one.outcome for one in shown],
        "Spent": [None if one.cost_usd == 0 and one.unknown_charges else float(one.cost_usd) for one in shown],
        "At unknown price": [one.unknown_charges for one in shown],
        "Predictions": [one.predictions for one in shown],
    }
    _draw(columns, {"Spent": _DOLLARS}, "Reason", "Waste by reason", key)
    _more(len(waste))


def known(row: CostRow, amount: Decimal | None) -> float | None:
    """Return the amount to show; None where all there is to add up is unknown: that is not $0."""
    if amount is None or (row.cost_usd == 0 and row.unknown_charges):
        return None
    return float(amount)


def _draw(
    columns: Mapping[str, list[object]], formats: Mapping[str, ColumnConfig], first: str, alt: str, key: str
) -> None:
    st.dataframe(
        dict(columns),
        hide_index=True,
        key=key,
        alt=alt,
        placeholder="–",
        column_config={first: st.column_config.TextColumn(pinned=True, width="medium"), **formats},
    )


def _more(rows: int) -> None:
    if rows > MOST_ROWS:
        st.caption(f"And {rows - MOST_ROWS} more; the exports have them all.")
