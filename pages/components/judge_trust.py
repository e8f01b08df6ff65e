"""The judge on the Calibration page: whether there is one, what it costs to try it, and whether it can be trusted."""

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from pages.components.calibrating import show_ranking
from pages.components.calm import calmly
from pages.components.words import counted, dollars, plain
from staging.access import Permission, acting, person
from staging.calibration import Labelled, ranking
from staging.errors import StagingError
from staging.judge import JudgeSetup, Round
from staging.judgements import DISAGREEMENT, Judgement, Trust, trust
from staging.lab import Lab
from staging.labels import Pair

POLL_SECONDS = 2.0
ABOUT = (
    "A judge is a vision-language model that is shown the empty room and the output, in both orders. It first answers "
    "closed questions about the building; any change caps what it can give. Its figure stands beside the score and is "
    "never mixed into it."
)
MOST_SHOWN = 50


def show_judge(lab: Lab, pairs: Sequence[Pair], told: Sequence[Labelled]) -> None:
    """Draw the judge's switch, the trial on labelled pairs, and what came of it."""
    st.caption(ABOUT)
    setup = lab.judge.setup()
    if acting().may(Permission.ADMINISTER):
        _switch(lab, setup)
    elif not setup.enabled:
        st.info("The judge is off. An admin can switch it on here.")
    if not setup.enabled:
        return
    if lab.judge.refusal:
        st.warning(plain(lab.judge.refusal), icon=":material/cloud_off:")
    pending = any(one.pending for one in lab.judge.everything(setup.model))

    @st.fragment(run_every=POLL_SECONDS if pending else None)
    @calmly
    def live() -> None:
        found = lab.judge.everything(setup.model)
        awaited = sum(one.pending for one in found)
        if pending and not awaited:
            st.rerun()
        if awaited:
            st.caption(f"{counted(awaited, 'answer')} still to come.")
        _results(found, pairs, told)

    if not lab.judge.refusal:
        _trial(lab, pairs)
    live()


def _switch(lab: Lab, setup: JudgeSetup) -> None:
    judges = {spec.id.value: spec.name for spec in lab.registry.judges()}
    with st.form("judge-setup", border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            enabled = st.toggle("Ask a judge", setup.enabled, key=f"judge-on-{setup.version}")
            model = st.selectbox(
                "Judge",
                list(judges),
                index=list(judges).index(setup.model),
                format_func=judges.__getitem__,
                key=f"judge-model-{setup.version}",
            )
            saved = st.form_submit_button("Save", icon=":material/check:")
        st.caption("Room photos and outputs are sent to the provider for this. Every question is paid for.")
    if saved:
        by = person(Permission.ADMINISTER)
        lab.judge.set(by, datetime.now(UTC), enabled=enabled, model=model or setup.model, follows=setup.version)
        st.rerun()


def _trial(lab: Lab, pairs: Sequence[Pair]) -> None:
    """Draw what a trial on labelled pairs costs, and the button that starts it."""
    if not pairs:
        st.info("There is nothing to try the judge on: nobody has accepted or rejected an output yet.")
        return
    if st.button("Try it on labelled outputs…", icon=":material/science:", key="judge-trial"):
        _confirm(lab, lab.judge.plan_trial(pairs))


def price_words(planned: Round) -> str:
    """Return "8 questions about 2 outputs, at most $0.03"."""
    cost = "at a price that nobody knows" if planned.usd is None else f"at most {dollars(planned.usd)}"
    return f"{counted(len(planned.questions), 'question')} about {counted(planned.outputs, 'output')}, {cost}"


def _confirm(lab: Lab, planned: Round) -> None:
    @st.dialog("Try the judge?")
    @calmly
    def ask() -> None:
        st.markdown(plain(price_words(planned)) + ".")
        st.caption(
            "Each output in both orders; in its place, once, an output of another room and a black picture, which "
            "it has to refuse."
        )
        if st.button("Ask", type="primary", icon=":material/play_arrow:", key="judge-trial-ask"):
            lab.judge.ask(planned, person(Permission.RUN))
            st.rerun()

    ask()


def _results(found: Sequence[Judgement], pairs: Sequence[Pair], told: Sequence[Labelled]) -> None:
    outputs = {one.subject: one for one in found if not one.control and one.overall is not None}
    judged = [
        Labelled(
            pair.label.prediction_id,
            pair.label.room,
            pair.label.verdict.value == "accepted",
            outputs[pair.label.prediction_id].overall or 0.0,
            pair.label.at,
        )
        for pair in pairs
        if pair.label.prediction_id in outputs
    ]
    if not found:
        st.info("It has not been asked yet, so nobody knows whether it can be trusted.")
        return
    agreement = ranking(judged)
    show_ranking(agreement, "figure of the judge")
    _verdict(trust(found), enough=agreement.enough)
    _beside(outputs, pairs, told)


def _verdict(seen: Trust, *, enough: bool) -> None:
    """Draw whether the judge can be trusted, and why not."""
    with st.container(horizontal=True):
        for label, count, of, told in (
            ("Orders agree", seen.steady, seen.judged, "The same within 20 points when the pictures change places."),
            ("Other room seen", seen.swapped_caught, seen.swapped, "It noticed that the room is another one."),
            ("Black refused", seen.black_caught, seen.black, "It gave a black picture at most 30."),
        ):
            st.metric(label, f"{count} of {of}" if of else "–", help=told, width="content")
    if seen.faults:
        st.error("Do not trust this judge. " + " ".join(map(plain, seen.faults)), icon=":material/gpp_bad:")
    elif not (seen.swapped and seen.black):
        st.info("It was not tried on another room and on black pictures: nobody knows whether it can be trusted.")
    elif not enough:
        st.info("It passes the controls. Whether it agrees with people takes more labelled outputs to say.")
    else:
        st.success(
            "It passes the controls. How well it agrees with people is the figure above.", icon=":material/check:"
        )


def _beside(outputs: dict[str, Judgement], pairs: Sequence[Pair], told: Sequence[Labelled]) -> None:
    """Draw judge and scorer beside each other, those furthest apart first."""
    scores = {one.prediction_id: one.score for one in told}
    rows: list[tuple[float, dict[str, object]]] = []
    for pair in pairs:
        one, score = outputs.get(pair.label.prediction_id), scores.get(pair.label.prediction_id)
        if one is None or one.overall is None:
            continue
        apart = None if score is None else one.overall - score
        row: dict[str, object] = {
            "Room": pair.label.room_name,
            "Model": pair.label.model,
            "People": pair.label.verdict.value,
            "Score": score,
            "Judge": round(one.overall),
            "Apart": apart,
            "Look at it": one.disagrees(score) or one.steady is False,
            "What the judge says changed": ", ".join(one.changes),
        }
        rows.append((abs(apart or 0.0), row))
    if not rows:
        return
    rows.sort(key=lambda row: -row[0])
    st.subheader("Judge beside scorer", anchor=False)
    st.caption(
        f"Marked to be looked at: more than {DISAGREEMENT:.0f} points apart, or the judge contradicts itself. "
        + (f"The first {MOST_SHOWN} of {len(rows)}." if len(rows) > MOST_SHOWN else "")
    )
    st.dataframe(
        [row for _, row in rows[:MOST_SHOWN]],
        hide_index=True,
        key="judge-beside",
        column_config={
            "Score": st.column_config.NumberColumn(format="%.0f"),
            "Apart": st.column_config.NumberColumn(format="%+.0f"),
        },
    )


def asked(lab: Lab, planned: Round) -> str:
    """Ask, and return the sentence that says why not; "" when it was asked."""
    try:
        lab.judge.ask(planned, person(Permission.RUN))
    except StagingError as error:
        return str(error)
    return ""
