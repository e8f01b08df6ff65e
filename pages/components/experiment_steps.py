"""What may be done with an experiment: start, new phase, decide, promote, undo, archive; and what was done."""

from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from pages.components.experiment_fields import FIELDS, NO_PROJECT, SAID
from pages.components.words import counted, moment, plain
from staging.access import Permission, person
from staging.errors import StagingError
from staging.experiments import Arm, Experiment, State, Terms
from staging.experiments_report import report
from staging.experiments_terms import LONGEST_NOTE
from staging.lab import Lab
from staging.routing import Setting

BADGES = {
    State.DRAFT: ":gray-badge[draft]",
    State.RUNNING: ":green-badge[running]",
    State.DECIDED: ":violet-badge[decided]",
    State.ARCHIVED: ":gray-badge[archived]",
}
EVERYWHERE = "everywhere"
NOBODY = "No arm"


def act(deed: Callable[[], str]) -> None:
    """Do it, and keep for the page what was done or why not. A callback: it runs whatever ends the script after it."""
    try:
        SAID.briefly(deed())
    except StagingError as error:
        SAID.refused(str(error))


def arm_words(lab: Lab, arm: Arm) -> str:
    """Return "B: FLUX Kontext, steps 30"."""
    name = lab.registry.get(arm.model).name if lab.registry.exists(arm.model) else arm.model
    told = [f"{one.replace('_', ' ')} {value}" for one, value in arm.parameters.items()]
    return f"{arm.name}: {', '.join([name, *told])}"


def terms_words(terms: Terms) -> str:
    """Return unit, population and stop rule in one line."""
    projects = ", ".join(one or NO_PROJECT for one in terms.projects) or "all projects"
    kinds = ", ".join(terms.room_types) or "all room types"
    votes = counted(terms.stop.votes_per_unit, "vote decides", "votes decide")
    return f"Unit: {terms.unit} · {projects} · {kinds} · {votes} a {terms.unit}"


# ── a draft, a running one ──────────────────────────────────────────────────────────────────


def draft_steps(lab: Lab, one: Experiment) -> None:
    """Draw what may be done with a draft."""
    st.info(
        "This is a draft: no work goes to it yet. When it starts, arms and weights are frozen; a later change begins "
        "a new phase.",
        icon=":material/edit_note:",
    )
    _note(one, "start")
    with st.container(horizontal=True):
        key = f"experiment-{{}}-{one.id}-{one.version}"
        st.button(
            "Start",
            type="primary",
            icon=":material/play_arrow:",
            key=key.format("start"),
            on_click=act,
            args=(lambda: _started(lab, one),),
        )
        st.button(
            "Edit",
            icon=":material/edit:",
            key=key.format("edit"),
            on_click=FIELDS.open,
            args=(one.id, one.version),
        )
        _archive(lab, one)


def _archive(lab: Lab, one: Experiment) -> None:
    st.button(
        "Archive",
        icon=":material/archive:",
        key=f"experiment-archive-{one.id}-{one.version}",
        on_click=act,
        args=(lambda: _archived(lab, one),),
    )


def _started(lab: Lab, one: Experiment) -> str:
    note = _noted(one, "start")
    lab.experiments.start(
        one.id, person(Permission.MANAGE_EXPERIMENTS), datetime.now(UTC), note=note, follows=one.version
    )
    return "The experiment is running: work of its population goes to its arms from now on."


def _archived(lab: Lab, one: Experiment) -> str:
    note = _noted(one, "start")
    lab.experiments.archive(
        one.id, person(Permission.MANAGE_EXPERIMENTS), datetime.now(UTC), note=note, follows=one.version
    )
    return "The experiment is archived."


def running_steps(lab: Lab, one: Experiment) -> None:
    """Draw the ways to change and to decide a running experiment."""
    key = f"experiment-decide-{one.id}-{one.version}"
    with st.expander("Change or decide", icon=":material/gavel:", key=f"{key}-more"):
        names = [arm.name for arm in one.terms.arms]
        verdict = report(lab.store, one).verdict
        options = [*names, NOBODY]
        first = options.index(verdict.winner) if verdict.winner and verdict.stop else len(names)
        st.radio("Winner", options, index=first, key=f"{key}-winner", horizontal=True)
        st.caption(plain(f"The report says: {verdict.sentence}"))
        _note(one, "decide")
        with st.container(horizontal=True):
            st.button(
                "Decide and end it",
                type="primary",
                icon=":material/gavel:",
                key=key,
                on_click=act,
                args=(lambda: _decided(lab, one, f"{key}-winner", verdict.sentence),),
            )
            st.button(
                "Change it: a new phase",
                icon=":material/restart_alt:",
                key=f"experiment-edit-{one.id}-{one.version}",
                on_click=FIELDS.open,
                args=(one.id, one.version),
            )


def _decided(lab: Lab, one: Experiment, chosen: str, verdict: str) -> str:
    winner, now, note = st.session_state[chosen], datetime.now(UTC), _noted(one, "decide")
    winner = None if winner == NOBODY else winner
    lab.experiments.decide(
        one.id, winner, verdict, person(Permission.MANAGE_EXPERIMENTS), now, note=note, follows=one.version
    )
    return "The experiment is decided and takes no more work."


def _note(one: Experiment, step: str) -> None:
    st.text_input("Why (kept in the history)", key=_note_key(one, step), max_chars=LONGEST_NOTE)


def _noted(one: Experiment, step: str) -> str:
    """Return what was written there; by the session, for the script may not have run since."""
    return st.session_state.get(_note_key(one, step)) or ""


def _note_key(one: Experiment, step: str) -> str:
    return f"experiment-{step}-note-{one.id}-{one.version}"


# ── decided ─────────────────────────────────────────────────────────────────────────────────


def decided_steps(lab: Lab, one: Experiment) -> None:
    """Draw how it was decided, and the ways to promote the winner, take that back, and archive it all."""
    decision = one.body.decision
    if decision is None:
        return
    when = moment(decision.decided_at, st.context.timezone)
    winner = one.terms.arm(decision.winner) if decision.winner else None
    told = f"Winner: {arm_words(lab, winner)}." if winner else "No arm was chosen."
    st.markdown(f"**{plain(told)}**")
    st.caption(plain(f"Decided by {decision.decided_by}, {when}. The report said: {decision.verdict}"))
    settings = promoted(lab, one)
    for setting in settings:
        _promotion(lab, one, setting)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if winner and one.state is State.DECIDED:
            _promote(lab, one, winner, settings)
        if one.state is State.DECIDED:
            _archive(lab, one)


def promoted(lab: Lab, one: Experiment) -> list[Setting]:
    """Return the settings that hold now because this experiment's winner was promoted."""
    active = lab.routing.current()
    return [
        setting for setting in [*([active] if active else []), *lab.routing.projects()] if setting.experiment == one.id
    ]


def _promotion(lab: Lab, one: Experiment, setting: Setting) -> None:
    where = "the active model" if setting.project is None else f"the model of project {setting.project}"
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        when = moment(setting.set_at, st.context.timezone)
        st.markdown(
            f":material/verified: {plain(f'The winner is {where} since {when}, by {setting.set_by}.')}", width="stretch"
        )
        key = f"experiment-undo-{one.id}-{setting.project}-{setting.version}"
        st.button("Undo", icon=":material/undo:", key=key, on_click=act, args=(lambda: _undone(lab, setting),))


def _undone(lab: Lab, setting: Setting) -> str:
    before = lab.routing.undo(setting, person(Permission.MANAGE_EXPERIMENTS), datetime.now(UTC))
    return f"Undone: {before.model} holds again." if before else "Undone: the next rule holds again."


def _promote(lab: Lab, one: Experiment, winner: Arm, settings: list[Setting]) -> None:
    """Draw one press that makes the winner the active model, or a project's."""
    options = [EVERYWHERE, *lab.store.rooms.projects()]
    preset = one.terms.projects[0] if len(one.terms.projects) == 1 else EVERYWHERE
    where = st.selectbox(
        "Promote the winner",
        options,
        index=options.index(preset) if preset in options else 0,
        format_func=lambda name: "as the active model" if name == EVERYWHERE else f"for project {name}",
        key=f"experiment-where-{one.id}",
    )
    project = None if where == EVERYWHERE else where
    before = lab.routing.current() if project is None else lab.routing.project(project)
    st.button(
        "Promote",
        type="primary",
        icon=":material/trending_up:",
        key=f"experiment-promote-{one.id}-{where}-{before.version if before else 'first'}",
        disabled=any(setting.project == project for setting in settings),
        on_click=act,
        args=(lambda: _set(lab, one, winner, project),),
    )


def _set(lab: Lab, one: Experiment, winner: Arm, project: str | None) -> str:
    setting = lab.routing.set(
        winner.model,
        person(Permission.MANAGE_EXPERIMENTS),
        datetime.now(UTC),
        project=project,
        parameters=winner.parameters,
        note=f"Winner of the experiment: {one.terms.question}",
        experiment=one.id,
    )
    return f"{setting.model} is {'the active model' if project is None else f'the model of {project}'} now."


# ── what was done ───────────────────────────────────────────────────────────────────────────


def show_history(lab: Lab, one: Experiment) -> None:
    """Draw who did what, when and why, the newest first."""
    with st.expander("History", icon=":material/history:", key="experiment-history"):
        for step in lab.experiments.history(one.id):
            phase = f" (phase {step.phase.number})" if step.phase else ""
            note = f" “{step.note}”" if step.note else ""
            arms = ", ".join(f"{arm_words(lab, arm)} × {arm.weight}" for arm in step.terms.arms)
            when = moment(step.written_at, st.context.timezone)
            st.markdown(
                f"**{step.body.deed.capitalize()}**{plain(phase)}: {plain(arms)}  \n"
                f":small[{plain(f'{when} · {step.written_by}{note}')}]"
            )
