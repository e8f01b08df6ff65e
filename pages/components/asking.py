"""Asking for a comparison: the choices, what the run will be, the button that starts it once."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import streamlit as st

from pages.components import cards
from pages.components.calm import calmly
from pages.components.choosing import choose_models, choose_rooms
from pages.components.picker import Group, pick
from pages.components.prompting import PromptChoice, choose_prompts
from pages.components.words import counted, dollars, duration, plain
from staging.access import person
from staging.desk import Estimate, ModelChoice, Plan
from staging.errors import StagingError
from staging.ids import new_id
from staging.lab import Lab

COMPARISON = "comparison"
"""The query parameter that holds the comparison being looked at."""
ORDER = "compare-order"
"""Where the session keeps the id that the next comparison will get."""
CONFIRM = "compare-confirm"
"""Where the session keeps the order that a confirmation is being asked for."""
MOST_SEEDS = 4
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
            seeds = st.segmented_control(
                "Seeds per model",
                list(range(1, MOST_SEEDS + 1)),
                default=1,
                required=True,
                key="compare-seeds",
                persist_state="session",
                help="Each seed is one more picture of every room by every model.",
            )
            project = st.selectbox(
                "Project",
                lab.store.rooms.projects(),
                index=None,
                placeholder="None",
                accept_new_options=True,
                key="compare-project",
                persist_state="session",
            )
        recent_comparisons(lab)
    with st.bottom:
        choices = [ModelChoice(model, seeds=seeds or 1, prompts=told.by_model.get(model, {})) for model in models]
        run_bar(lab, [room.digest for room in rooms], choices, told, project or "")


def run_bar(lab: Lab, rooms: list[str], choices: list[ModelChoice], told: PromptChoice, project: str) -> None:
    """Draw what the run will be and the button that starts it."""
    plan: Plan | None = None
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
            words = estimate_words(plan.estimate, len(rooms), len(choices))
        except StagingError as error:
            words = f":red[{plain(str(error))}]"
    # A double click reaches us as two runs of this script. The order makes the second one ask for
    # nothing, and its name in the button's key makes a press that comes later still mean nothing.
    order = st.session_state.setdefault(ORDER, new_id())
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        st.markdown(words, width="stretch")
        pressed = st.button(
            "Compare", type="primary", icon=":material/play_arrow:", key=f"compare-run-{order}", disabled=plan is None
        )
    if plan is None:
        return
    if pressed and not lab.desk.must_confirm(plan):
        st.query_params[COMPARISON] = lab.desk.start(plan, person(), order=order)
        st.rerun()
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
                started = lab.desk.start(plan, person(), order=order, confirmed=amount)
                forget()
                st.query_params[COMPARISON] = started
                st.rerun()
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


def money_words(estimate: Estimate) -> list[str]:
    """Return what it will cost: a range where prices vary, and the models whose price nobody knows."""
    words = []
    if estimate.lowest_usd != estimate.highest_usd:
        low, high = rounded(estimate.lowest_usd, ROUND_FLOOR), rounded(estimate.highest_usd, ROUND_CEILING)
        words.append(plain(f"{dollars(low)} to {dollars(high)}"))
    elif estimate.known_usd:
        words.append(plain(f"about {dollars(estimate.known_usd)}"))
    elif estimate.unknown_count < estimate.count:
        words.append(plain(dollars(estimate.known_usd)))
    if estimate.unknown_models:
        more = "" if estimate.unknown_count == estimate.count else f" ({counted(estimate.unknown_count, 'picture')})"
        words.append(f"price unknown for {plain(', '.join(estimate.unknown_models))}{more}")
    return words


def rounded(amount: Decimal, rounding: str) -> Decimal:
    """Return the amount in cents, or to four places below ten cents: the ends of a range are no more exact."""
    return amount.quantize(Decimal("0.01") if amount >= Decimal("0.1") else Decimal("0.0001"), rounding)


def recent_comparisons(lab: Lab) -> None:
    """Draw the last comparisons, to be opened again."""
    recent = lab.store.comparisons.list(RECENT)
    if not recent:
        return
    st.subheader("Recent comparisons", anchor=False)
    rooms = {room.digest: room for archived in (False, True) for room in lab.store.rooms.list(archived=archived)}
    shown = [
        cards.comparison_card(
            one, lab.store.predictions.of_comparison(one.id), lab.pictures, rooms, st.context.timezone
        )
        for one in recent
    ]
    opened = pick([Group("", tuple(shown))], label="Recent comparisons", key="compare-recent")
    if opened is not None:
        st.query_params[COMPARISON] = opened
        st.rerun()
