"""Asking for a comparison: the choices, what the run will be, the button that starts it once."""

from dataclasses import replace

import streamlit as st

from pages.components.addresses import COMPARISON, go
from pages.components.beginning import begin_with_project
from pages.components.budgeting import left_words, refuses
from pages.components.calm import calmly
from pages.components.choosing import choose_models, choose_rooms
from pages.components.finishing import expect_end_of
from pages.components.parameters import MOST_SEEDS, SEEDS, chosen
from pages.components.past import line_cards
from pages.components.picker import Group, pick
from pages.components.prompting import PromptChoice, choose_prompts
from pages.components.words import counted, dollars, duration, money_words, plain
from staging.access import Permission, person
from staging.desk import Estimate, ModelChoice, Plan
from staging.errors import StagingError
from staging.ids import new_id
from staging.lab import Lab
from staging.store import ComparisonFilter

ORDER = "compare-order"
"""Where the session keeps the id that the next comparison will get."""
CONFIRM = "compare-confirm"
"""Where the session keeps the order that a confirmation is being asked for."""
RECENT = 6


def ask_for_comparison(lab: Lab) -> None:
    """Draw the choices and the estimate; start the comparison when asked to."""
    left, right = st.columns([5, 3], gap="large")
    with left:
        rooms = choose_rooms(lab)
        models = choose_models(lab)
    with right:
        told = choose_prompts(lab, rooms, models)
        with st.container(horizontal=True, vertical_alignment="top"):
            st.session_state.setdefault(SEEDS, 1)  # no default beside it: a loaded set sets it too
            st.segmented_control(
                "Seeds per model",
                list(range(1, MOST_SEEDS + 1)),
                required=True,
                key=SEEDS,
                persist_state="session",
                help="Each seed is one more picture of every room by every model.",
            )
            project = st.selectbox(
                "Project",
                lab.projects.names(),
                index=None,
                placeholder="None",
                accept_new_options=True,
                key="compare-project",
                on_change=begin_with_project,
                args=(lab,),
                persist_state="session",
            )
        recent_comparisons(lab)
    with st.bottom:
        choices = [replace(chosen(model), prompts=told.by_model.get(model, {})) for model in models]
        run_bar(lab, [room.digest for room in rooms], choices, told, project or "")


def run_bar(lab: Lab, rooms: list[str], choices: list[ModelChoice], told: PromptChoice, project: str) -> None:
    """Draw what the run will be and the button that starts it."""
    plan: Plan | None = None
    refused = False
    words = "Choose at least one room and one model."
    if rooms and choices:
        try:
            plan = lab.desk.plan(
                rooms,
                choices,
                style=told.style,
                prompts=told.prompts,
                project=project,
                prompt_version=told.version,
            )
            outlook = lab.desk.outlook(plan, person())
            words = "  \n".join(
                part for part in (estimate_words(plan.estimate, len(rooms), len(choices)), left_words(outlook)) if part
            )
            refused = refuses(outlook)
        except StagingError as error:
            words = f":red[{plain(str(error))}]"
    # A double click reaches us as two runs of this script. The order makes the second one ask for
    # nothing, and its name in the button's key makes a press that comes later still mean nothing.
    order = st.session_state.setdefault(ORDER, new_id())
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(words, width="stretch")
        pressed = st.button(
            "Compare",
            type="primary",
            icon=":material/play_arrow:",
            key=f"compare-run-{order}",
            disabled=plan is None or refused,
        )
    if plan is None:
        return
    if pressed and not lab.desk.must_confirm(plan):
        started = lab.desk.start(plan, person(Permission.RUN), order=order)
        expect_end_of(started)
        go({COMPARISON: started})
    if pressed:
        st.session_state[CONFIRM] = order
    if st.session_state.get(CONFIRM) == order:
        confirm(lab, plan, order)


def confirm(lab: Lab, plan: Plan, order: str) -> None:
    """Ask in a dialog that names the amount; start the comparison when it is confirmed."""
    amount = plan.estimate.amount

    def forget() -> None:
        st.session_state.pop(CONFIRM, None)

    @st.dialog("Run this comparison?", on_dismiss=forget)
    @calmly
    def ask() -> None:
        st.markdown(f"{counted(plan.estimate.count, 'picture')} · {' · '.join(money_words(plan.estimate))}")
        limit = dollars(lab.settings.confirm_above_usd)
        st.caption(plain(f"Runs that may cost more than {limit} are confirmed first."))
        with st.container(horizontal=True):
            # The amount is in the key: a press that was made on another amount means nothing.
            if st.button(
                "Run it",
                type="primary",
                icon=":material/play_arrow:",
                key=f"compare-confirm-{order}-{amount.highest_usd}-{amount.unknown_count}",
            ):
                started = lab.desk.start(plan, person(Permission.RUN), order=order, confirmed=amount)
                expect_end_of(started)
                forget()
                go({COMPARISON: started})
            if st.button("Not now", key=f"compare-not-now-{order}"):
                forget()
                st.rerun()

    ask()


def estimate_words(estimate: Estimate, rooms: int, models: int) -> str:
    """Return the estimate as one line: pictures, money, time and who is before it."""
    words = [f"**{counted(estimate.count, 'picture')}** ({counted(rooms, 'room')} × {counted(models, 'model')})"]
    words += money_words(estimate)
    if estimate.seconds is not None:
        behind = f", behind {counted(estimate.ahead, 'other')}" if estimate.ahead else ""
        words.append(f"about {duration(round(estimate.seconds))}{behind}")
    return " · ".join(words)


def recent_comparisons(lab: Lab) -> None:
    """Draw the last comparisons, to be opened again."""
    recent = lab.store.comparisons.find(ComparisonFilter(), RECENT)
    if not recent:
        return
    st.subheader("Recent comparisons", anchor=False)
    opened = pick([Group("", line_cards(lab, recent))], label="Recent comparisons", key="compare-recent")
    if opened is not None:
        go({COMPARISON: opened})
