"""Experiments: which of several models is better, how surely, and whether to stop. `?experiment=` is its permalink."""

import streamlit as st

from pages.components.addresses import go, hold_address
from pages.components.calm import calmly
from pages.components.experiment_fields import EXPERIMENT, FIELDS, SAID, fields
from pages.components.experiment_report import show_report
from pages.components.experiment_runs import run_rooms
from pages.components.experiment_steps import (
    BADGES,
    arm_words,
    decided_steps,
    draft_steps,
    promoted,
    running_steps,
    show_history,
    terms_words,
)
from pages.components.experiment_votes import vote_link
from pages.components.words import plain
from staging.errors import NotFound
from staging.experiments import Experiment, State
from staging.experiments_report import report
from staging.lab import Lab, current

LOOK_SECONDS = 5.0
"""How often the report of a running experiment is made anew."""


def show_all(lab: Lab) -> None:
    """Draw every experiment, and the way to a new one."""
    active = lab.routing.current()
    model = active.model if active and active.model else lab.registry.default.id.value
    known = lab.registry.get(model).name if lab.registry.exists(model) else model
    told = f"set by {active.set_by}" if active else "the default of this installation"
    st.caption(
        plain(f"Jobs that name no model get {known} ({told}), unless a project or an experiment says otherwise.")
    )
    for sentence in lab.experiments.unreadable():
        st.warning(plain(sentence), icon=":material/error:")
    everything = lab.experiments.list()
    archived = [one for one in everything if one.state is State.ARCHIVED]
    shown = [one for one in everything if one.state is not State.ARCHIVED]
    if not everything:
        st.info(
            "There is no experiment yet. Ask a question, choose two models, and start: rooms are run with both, people "
            "vote without knowing which is which, and this page says when you may stop.",
            icon=":material/science:",
        )
    if FIELDS.now == ("", None):
        with st.container(border=True, key="experiment-card-new"):
            st.subheader("A new experiment", anchor=False)
            fields(lab, None)
    else:
        st.button("New experiment", icon=":material/add:", key="experiment-new", on_click=FIELDS.open, args=("", None))
    for one in shown:
        card(lab, one)
    if archived and st.toggle(f"Show {len(archived)} archived", key="experiments-archived"):
        for one in archived:
            card(lab, one)


def card(lab: Lab, one: Experiment) -> None:
    """Draw one experiment of the list, with the verdict of a running one."""
    with (
        st.container(border=True, key=f"experiment-card-{one.id}"),
        st.container(horizontal=True, vertical_alignment="center"),
    ):
        lines = [f"**{plain(one.terms.question)}** {BADGES[one.state]}"]
        lines.append(plain(f"{' · '.join(arm_words(lab, arm) for arm in one.terms.arms)} · {one.terms.owner}"))
        if one.state is State.RUNNING:
            lines.append(f":small[{plain(report(lab.store, one).verdict.sentence)}]")
        elif one.body.decision:
            winner = one.body.decision.winner
            said = f"Winner: {winner}" + (", promoted" if promoted(lab, one) else "") if winner else "No arm was chosen"
            lines.append(f":small[{plain(said)}]")
        st.markdown("  \n".join(lines), width="stretch")
        if st.button("Open", icon=":material/arrow_forward:", key=f"experiment-open-{one.id}"):
            go({EXPERIMENT: one.id})


def show_one(lab: Lab, experiment_id: str) -> None:
    """Draw one experiment."""
    if st.button("All experiments", icon=":material/arrow_back:", type="tertiary", key="experiments-back"):
        go({})
    try:
        one = lab.experiments.get(experiment_id)
    except NotFound as error:
        st.warning(plain(str(error)), icon=":material/link_off:")
        return
    st.subheader(f"{plain(one.terms.question)} {BADGES[one.state]}", anchor=False)
    st.markdown("  \n".join(plain(f"{arm_words(lab, arm)} (weight {arm.weight})") for arm in one.terms.arms))
    st.caption(plain(f"{terms_words(one.terms)} · Owner: {one.terms.owner}"))
    form = FIELDS.now
    if form is not None and form[0] == one.id:
        with st.container(border=True, key="experiment-card-edit"):
            before = next((step for step in lab.experiments.history(one.id) if step.version == form[1]), one)
            fields(lab, before)
        return
    if one.state is State.DRAFT:
        draft_steps(lab, one)
    if one.body.decision:
        decided_steps(lab, one)
    if one.phase:
        results(lab, one)
    show_history(lab, one)


def results(lab: Lab, one: Experiment) -> None:
    """Draw the report of a phase, live while it runs; then the ways to more rooms and votes."""
    phases = [phase.number for phase in one.body.phases]
    number = phases[-1]
    if len(phases) > 1:
        key = f"experiment-phase-{one.id}-{number}"
        number = st.segmented_control("Phase", phases, default=number, required=True, key=key) or number
    running = one.state is State.RUNNING

    @st.fragment(run_every=LOOK_SECONDS if running else None)
    @calmly
    def live() -> None:
        show_report(lab, one, number)

    live()
    if running and number == phases[-1]:
        something = vote_link(lab, one)
        key = f"experiment-runs-{one.id}"
        with st.expander("Run rooms", icon=":material/play_arrow:", expanded=not something, key=key):
            run_rooms(lab, one)
        running_steps(lab, one)


hold_address()
SAID.show()
if EXPERIMENT in st.query_params:
    show_one(current(), st.query_params[EXPERIMENT])
else:
    show_all(current())
