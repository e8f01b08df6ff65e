"""What the judge says of a comparison's outputs, beside their scores; nothing while there is no judge."""

import streamlit as st

from pages.components.calm import calmly
from pages.components.judge_trust import POLL_SECONDS, asked, price_words
from pages.components.words import plain
from staging.desk import ComparisonView
from staging.externals import model_name
from staging.judge import MOST_AT_ONCE
from staging.judgements import DISAGREEMENT, Judgement
from staging.lab import Lab

KEY = "second-opinion"


def second_opinion(lab: Lab, comparison_id: str) -> None:
    """Draw the popover with the judge's figures, and the button that asks it; nothing while it is off."""
    if not lab.judge.setup().enabled:
        return
    popover = st.popover("Judge", icon=":material/balance:", key=KEY, on_change="rerun", width="content")
    if popover.open:
        with popover:
            _opinions(lab, comparison_id)


def _opinions(lab: Lab, comparison_id: str) -> None:
    seen = lab.desk.look(comparison_id)
    ids = _judged_ids(seen)
    pending = any(one.pending for one in lab.judge.of(ids).values())

    @st.fragment(run_every=POLL_SECONDS if pending else None)
    @calmly
    def live() -> None:
        found = lab.judge.of(ids)
        if pending and not any(one.pending for one in found.values()):
            st.rerun()
        _table(lab, seen, found)
        if lab.judge.refusal:
            st.caption(plain(lab.judge.refusal))
            return
        new = [one for one in ids if one not in found or found[one].errors][:MOST_AT_ONCE]
        if not new:
            return
        planned = lab.judge.plan(new)
        st.caption(plain(price_words(planned)) + ".")
        if st.button("Ask the judge", icon=":material/balance:", key=f"{KEY}-ask-{len(found)}"):
            if refusal := asked(lab, planned):
                st.error(plain(refusal), icon=":material/error:")
            else:
                st.rerun()

    live()


def _judged_ids(seen: ComparisonView) -> list[str]:
    return [cell.prediction.prediction.id for cell in seen.cells.values() if cell.prediction.outputs]


def _table(lab: Lab, seen: ComparisonView, found: dict[str, Judgement]) -> None:
    """Draw score and judgement of each output that was asked about."""
    rooms = {digest: room.name for digest, room in lab.store.rooms.of(seen.rooms).items()}
    scores = lab.store.scores.of(list(found))
    rows = []
    for cell in seen.cells.values():
        prediction = cell.prediction.prediction
        one = found.get(prediction.id)
        if one is None:
            continue
        quality = scores.get(prediction.id)
        score = quality.score.overall if quality is not None and quality.score is not None else None
        rows.append(
            {
                "Score": score,
                "Judge": one.overall,
                "Says": _says(one, score),
                "Room": rooms.get(prediction.room, ""),
                "Model": model_name(prediction.model, lab.registry, prediction.parameters),
            }
        )
    if not rows:
        st.caption("The judge has not been asked about these outputs. Whether to trust it stands on Calibration.")
        return
    st.dataframe(
        rows,
        hide_index=True,
        key=f"{KEY}-table",
        column_config={
            "Score": st.column_config.NumberColumn(format="%.0f", width=60),
            "Judge": st.column_config.NumberColumn(format="%.0f", width=60),
        },
    )


def _says(one: Judgement, score: float | None) -> str:
    if one.pending:
        return "still to answer"
    words = list(one.errors[:1])
    if one.disagrees(score):
        words.append(f"more than {DISAGREEMENT:.0f} apart: look at it")
    if one.steady is False:
        words.append("contradicts itself")
    return "; ".join([*words, *one.changes])
