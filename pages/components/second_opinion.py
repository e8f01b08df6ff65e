"""What the judge says of a comparison's outputs, beside their scores; nothing while there is no judge."""

from collections.abc import Mapping

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
MOST_LINES = 10


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


def _table(lab: Lab, seen: ComparisonView, found: Mapping[str, Judgement]) -> None:
    """Draw score and judgement of each output that was asked about, those to be looked at first."""
    rooms = lab.store.rooms.of(seen.rooms)
    scores = lab.store.scores.of(list(found))
    lines: list[tuple[bool, str]] = []
    for cell in seen.cells.values():
        asked = cell.prediction.prediction
        one = found.get(asked.id)
        if one is None:
            continue
        quality = scores.get(asked.id)
        score = quality.score.overall if quality is not None and quality.score is not None else None
        title = f"{rooms[asked.room].name}, {model_name(asked.model, lab.registry, asked.parameters)}"
        title += "" if asked.seed is None else f", seed {asked.seed}"
        lines.append((one.steady is not False and not one.disagrees(score), opinion_words(title, one, score)))
    if not lines:
        st.caption("The judge has not been asked about these outputs. Whether to trust it stands on Calibration.")
        return
    lines.sort(key=lambda line: line[0])
    with st.container(height=360 if len(lines) > MOST_LINES else "content", border=False):
        st.markdown("\n".join(f"- {words}" for _, words in lines))


def opinion_words(title: str, one: Judgement, score: float | None) -> str:
    """Return one output's line: the judge's figure and the score beside it, never mixed, and what to look at."""
    mine = "–" if one.overall is None else f"{one.overall:.0f}"
    beside = "no score" if score is None else f"score {score:.0f}"
    words = [f"**{mine}** beside {beside}: {plain(title)}"]
    if one.pending:
        words.append("still to answer")
    words += [plain(error) for error in one.errors[:1]]
    if one.disagrees(score):
        words.append(f":orange[more than {DISAGREEMENT:.0f} apart: look at it]")
    if one.steady is False:
        words.append(":orange[contradicts itself when the pictures change places]")
    return " · ".join([*words, *one.changes])
