"""Calibration: how well automatic scores, and the judge, agree with what people accept and reject."""

import streamlit as st

from pages.components.calibrating import show_scorer
from pages.components.judge_trust import show_judge
from pages.components.words import counted
from staging.calibration import Labelled
from staging.lab import Lab, current
from staging.labels import Pair, labelled


def about(lab: Lab, pairs: list[Pair], told: list[Labelled]) -> None:
    """Draw what there is to go by, and the way to take it away."""
    rooms = len({pair.label.room for pair in pairs})
    words = f"{counted(len(pairs), 'output')} accepted or rejected, of {counted(rooms, 'room')}."
    if len(told) < len(pairs):
        words += f" {len(pairs) - len(told)} of them have no score by this release's scorer yet."
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(words, width="stretch")
        if pairs:
            st.link_button(
                "Labelled pairs (zip)",
                lab.takeaway.links.url("labels", "all"),
                icon=":material/folder_zip:",
                key="calibration-export",
                help="Rooms and outputs as kept, and a CSV with verdicts, reasons, scores and outlines.",
            )


def show(lab: Lab) -> None:
    """Draw the page."""
    pairs = lab.labels.pairs()
    told = labelled(pairs)
    about(lab, pairs, told)
    section = st.segmented_control(
        "Calibration of",
        ["Scorer", "Judge"],
        default="Scorer",
        required=True,
        key="calibration-section",
        bind="query-params",
        label_visibility="collapsed",
    )
    if section == "Judge":
        show_judge(lab, pairs, told)
    else:
        show_scorer(told)


show(current())
