"""Run rooms for an experiment: all arms on every room, to be judged blind, or each room to its arm, as jobs are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import streamlit as st

from pages.components import cards
from pages.components.asking import estimate_words
from pages.components.budgeting import left_words, refuses
from pages.components.experiment_steps import act
from pages.components.finishing import expect_end_of
from pages.components.picker import choose
from pages.components.words import counted, day, dollars, plain
from staging.access import Permission, person
from staging.desk import ModelChoice, Origin, Plan
from staging.errors import StagingError
from staging.experiments import Assigned, Experiment
from staging.ids import new_id
from staging.lab import Lab
from staging.prompts import PromptBook
from staging.rooms import Room
from staging.routing import Rule

PAIRED, ASSIGNED = "All arms on every room", "Each room to its arm"
WAYS = (PAIRED, ASSIGNED)
WAY_WORDS = ("For blind votes: raters see the arms' outputs of one room beside each other.", "As jobs are: no votes.")
PAIRED_RULE = "every arm of an experiment"
"""The rule that predictions of a paired run are logged with: nothing was drawn."""


@dataclass(frozen=True)
class Wanted:
    """What is to be run, and which rooms are not."""

    choices: list[ModelChoice]
    assigned: list[Assigned] = field(default_factory=list)
    left_out: int = 0


def run_rooms(lab: Lab, experiment: Experiment) -> None:
    """Draw the rooms, the way, the style and what it costs; run them when told to."""
    key = f"experiment-run-{experiment.id}"
    rooms = _rooms(lab, key)
    if not rooms:
        return
    way = st.radio("How", WAYS, captions=WAY_WORDS, key=f"{key}-way") or PAIRED
    edition = lab.prompt_shelf.current()
    book = edition.usable()
    style = st.selectbox("Style", book.styles(), key=f"{key}-style", format_func=str.capitalize) or book.styles()[0]
    wanted = paired(experiment, rooms) if way == PAIRED else drawn(lab, experiment, rooms)
    if wanted.left_out:
        st.caption(f"{counted(wanted.left_out, 'room')} left out: not in the population, or of an earlier experiment.")
    if not wanted.choices:
        st.info("None of the chosen rooms is in the population of this experiment: choose others.")
        return
    try:
        plan = lab.desk.plan(
            [room.digest for room in rooms],
            [_told(choice, rooms, book, style) for choice in wanted.choices],
            style=style,
            prompts={room.digest: book.prompt(style, room.room_type) for room in rooms},
            prompt_version=edition.label,
        )
        outlook = lab.desk.outlook(plan, person())
    except StagingError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    inside = len({cell.room.digest for cell in plan.cells})
    words = [estimate_words(plan.estimate, inside, len(wanted.choices)) if way == PAIRED else _estimate(plan)]
    st.markdown("  \n".join(part for part in (*words, left_words(outlook)) if part))
    _button(lab, experiment, plan, wanted.assigned, refuses(outlook), key)


def _rooms(lab: Lab, key: str) -> list[Room]:
    rooms = lab.store.rooms.list()
    if not rooms:
        st.info("No rooms yet: add photos on the Rooms page, then run them here.")
        return []
    zone = st.context.timezone
    chosen = choose(
        cards.room_groups(rooms, lab.pictures, zone),
        label="Rooms",
        key=f"{key}-rooms",
        preset=[],
        filters=cards.room_filters(rooms, day(datetime.now(UTC), zone)),
    )
    known = {room.digest: room for room in rooms}
    if not chosen:
        st.caption("Choose the rooms to run.")
    return [known[digest] for digest in chosen]


def paired(experiment: Experiment, rooms: Iterable[Room]) -> Wanted:
    """Return every arm on every room of the population."""
    terms = experiment.terms
    chosen = list(rooms)
    inside = frozenset(room.digest for room in chosen if terms.takes(room.room_type, room.project))
    if not inside:
        return Wanted([], left_out=len(chosen))
    choices = [
        ModelChoice(
            arm.model,
            arm.parameters,
            rooms=inside,
            origin=Origin(PAIRED_RULE, f"experiment {experiment.id}", experiment.key(arm.name)),
        )
        for arm in terms.arms
    ]
    return Wanted(choices, left_out=len(chosen) - len(inside))


def drawn(lab: Lab, experiment: Experiment, rooms: Iterable[Room]) -> Wanted:
    """Return each room of the population with the arm that its unit's hash falls to."""
    running = lab.experiments.running()
    of_arm: dict[str, list[Assigned]] = {}
    digests: dict[str, set[str]] = {}
    left_out = 0
    for room in rooms:
        one = lab.experiments.assign(room.digest, room.room_type, room.project, running=running)
        if one is None or one.experiment.id != experiment.id:
            left_out += 1
            continue
        of_arm.setdefault(one.arm.name, []).append(one)
        digests.setdefault(one.arm.name, set()).add(room.digest)
    choices = [
        ModelChoice(
            arm.model,
            arm.parameters,
            rooms=frozenset(digests[arm.name]),
            origin=Origin(Rule.ARM, of_arm[arm.name][0].because, experiment.key(arm.name)),
        )
        for arm in experiment.terms.arms
        if arm.name in of_arm
    ]
    return Wanted(choices, [one for found in of_arm.values() for one in found], left_out)


def _told(choice: ModelChoice, rooms: Sequence[Room], book: PromptBook, style: str) -> ModelChoice:
    """Return the choice with the words that its model has of its own."""
    own: Mapping[str, str] = {room.digest: book.prompt(style, room.room_type, choice.model) for room in rooms}
    return ModelChoice(choice.model, choice.parameters, prompts=own, rooms=choice.rooms, origin=choice.origin)


def _estimate(plan: Plan) -> str:
    of_arm: dict[str, int] = {}
    for cell in plan.cells:
        arm = (cell.origin.arm or "").rpartition("/")[2]
        of_arm[arm] = of_arm.get(arm, 0) + 1
    split = ", ".join(f"{arm}: {counted(count, 'room')}" for arm, count in of_arm.items())
    return f"{estimate_words(plan.estimate, len(plan.cells), 1)}  \n:small[{plain(split)}]"


def _button(
    lab: Lab, experiment: Experiment, plan: Plan, assigned: Sequence[Assigned], refused: bool, key: str
) -> None:
    """Draw the button that runs the plan once; a dear one is agreed to by its amount first."""
    # The order makes a double click ask for nothing more, and its name in the key a late press mean nothing.
    order: str = st.session_state.setdefault(_order_key(experiment), new_id())
    amount = plan.estimate.amount
    agreed = not lab.desk.must_confirm(plan)
    if not agreed:
        limit = dollars(lab.settings.confirm_above_usd)
        more = f" and {counted(amount.unknown_count, 'picture')} of unknown price" if amount.unknown_count else ""
        agreed = st.checkbox(
            plain(f"Yes, spend up to {dollars(amount.highest_usd)}{more}"),
            key=f"{key}-agreed-{order}-{amount.highest_usd}-{amount.unknown_count}",
            help=plain(f"Runs that may cost more than {limit} are confirmed first."),
        )
    st.button(
        "Run rooms",
        type="primary",
        icon=":material/play_arrow:",
        key=f"{key}-{order}",
        disabled=refused or not agreed,
        on_click=act,
        args=(lambda: _run(lab, experiment, plan, assigned, order),),
    )


def _run(lab: Lab, experiment: Experiment, plan: Plan, assigned: Sequence[Assigned], order: str) -> str:
    # What was drawn from the arms as they were a moment ago must not be run for a phase that has ended since.
    lab.experiments.still(experiment)
    started = lab.desk.start(
        plan, person(Permission.RUN), name="Experiment", order=order, confirmed=plan.estimate.amount
    )
    lab.experiments.write_down(assigned, person(Permission.MANAGE_EXPERIMENTS), datetime.now(UTC))
    st.session_state.pop(_order_key(experiment), None)
    expect_end_of(started)
    return f"{counted(plan.estimate.count, 'picture')} under way."


def _order_key(experiment: Experiment) -> str:
    """Return where the session keeps the id that the next comparison will get."""
    return f"experiment-run-{experiment.id}-order"
