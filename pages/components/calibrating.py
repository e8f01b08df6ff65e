"""The scorer against people: how surely it ranks, what a score means, where to cut, and whether that holds still."""

from collections.abc import Sequence

import streamlit as st

from pages.components.calibration_charts import drift_chart, reliability_chart
from pages.components.words import counted, plain
from staging.calibration import (
    KEPT_SHARE,
    LEAST_ROOMS,
    Labelled,
    Ranking,
    Threshold,
    by_reason,
    drift,
    flag_thresholds,
    ranking,
    reliability,
    score_threshold,
)
from staging.quality import FLAG_CODES

SEEN = (
    "People may see a score before they judge, and then agree with it more than they would have. What is judged "
    "blind, or before it is scored, tells more."
)


def show_scorer(told: Sequence[Labelled]) -> None:
    """Draw how the scorer agrees with what people accepted and rejected."""
    found = ranking(told)
    show_ranking(found, "score")
    if found.auc is None:
        return
    st.caption(SEEN)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("What a score means", anchor=False)
        if bins := reliability(told):
            reliability_chart(bins, key="calibration-reliability")
        else:
            st.info(f"The curve needs at least 20 scored outputs; there are {len(told)}.")
    with right:
        st.subheader("Over time", anchor=False)
        drift_chart(drift(told), key="calibration-drift")
    st.subheader("Suggested thresholds", anchor=False)
    st.caption(
        f"Each keeps at least {KEPT_SHARE:.0%} of what people accepted, and refuses as many of the rejected as it can. "
        "They are suggestions, reckoned and tried on the same outputs: expect a little less of new ones. "
        "An admin sets thresholds in Settings, Quality."
    )
    st.dataframe(
        [_row(one) for one in (score_threshold(told), *flag_thresholds(told, FLAG_CODES))],
        hide_index=True,
        key="calibration-thresholds",
    )
    if reasons := by_reason(told):
        st.subheader("By reason of rejection", anchor=False)
        st.caption("How surely the score tells what was rejected for this reason from what was accepted.")
        st.dataframe(
            [{"Reason": reason, "Rejected": one.rejected, "AUC": auc_words(one)} for reason, one in reasons],
            hide_index=True,
            key="calibration-reasons",
        )


def show_ranking(found: Ranking, what: str) -> None:
    """Draw the AUC with its interval; when there is too little to say, how much more it takes."""
    with st.container(horizontal=True):
        st.metric(
            "AUC",
            "–" if found.auc is None else f"{found.auc:.3f}",
            help=f"The share of pairs of an accepted and a rejected output of which the accepted one has the higher "
            f"{what}: 0.5 is chance, 1 is always.",
            width="content",
        )
        st.metric("95 % interval", _interval(found), help="Rooms are what varies.", width="content")
        st.metric("Accepted", found.accepted, width="content")
        st.metric("Rejected", found.rejected, width="content")
        st.metric("Rooms", found.rooms, width="content")
    if not found.enough:
        more = [
            counted(count, f"more {word} output") for count, word in zip(found.missing, _KINDS, strict=True) if count
        ]
        st.warning(
            f"Too few to say how well it agrees with people: at least {' and '.join(more)} are needed. "
            "Accept and reject outputs on the Compare page.",
            icon=":material/hourglass_empty:",
        )
    elif found.low is None and found.rooms >= LEAST_ROOMS:
        st.info("There is no interval: no room differs from another in how well its outputs are told apart.")
    elif found.low is None:
        st.info(
            f"There is no interval: these outputs show {counted(found.rooms, 'room')}, and it takes {LEAST_ROOMS}. "
            "Outputs of one room are alike, so more rooms tell more than more outputs."
        )


_KINDS = ("accepted", "rejected")


def auc_words(found: Ranking) -> str:
    """Return "0.93 (0.88 to 0.96)", "0.93", or that there is nothing to say."""
    if found.auc is None:
        return "nothing to say"
    return f"{found.auc:.2f}" if found.low is None else f"{found.auc:.2f} ({_interval(found)})"


def _interval(found: Ranking) -> str:
    return "–" if found.low is None or found.high is None else f"{found.low:.2f} to {found.high:.2f}"


def _row(one: Threshold) -> dict[str, object]:
    score = one.name == "score"
    if one.missing:
        suggestion = f"too few: {one.missing} more"
    elif one.cut is None:
        suggestion = "none keeps what people accept"
    else:
        suggestion = f"below {one.cut:.0f}" if score else f"severity from {one.cut:.2f}"
    return {
        "Of": "Score" if score else plain_code(one.name),
        "Refuse": suggestion,
        "Keeps of accepted": f"{one.kept:.0%}" if one.cut is not None else "",
        "Refuses of rejected": f"{one.refused:.0%}" if one.cut is not None else "",
        "Outputs": one.flagged,
    }


def plain_code(code: str) -> str:
    """Return a flag's code as badges show it."""
    return plain(FLAG_CODES.get(code, code)).capitalize()
