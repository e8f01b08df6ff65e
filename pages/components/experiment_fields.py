"""The fields of an experiment: of a new draft, of a draft that is edited, of a running one's next phase."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import streamlit as st
from pydantic import JsonValue

from pages.components.addresses import go
from pages.components.open_fields import OpenFields
from pages.components.parameters import parameters_of, value_words
from pages.components.said import Said
from pages.components.words import plain
from staging.access import Permission, person
from staging.errors import ExperimentRefused, StagingError
from staging.experiments import Arm, Experiment, Guards, Metric, State, StopRule, Terms, Unit, terms_of
from staging.experiments_terms import LONGEST_NOTE, LONGEST_OWNER, LONGEST_QUESTION, MOST_ARMS, MOST_WEIGHT
from staging.lab import Lab
from staging.rooms import RoomType

EXPERIMENT = "experiment"
"""The query parameter that holds the experiment being looked at."""
FIELDS = OpenFields("experiments-opened")
"""The experiment whose fields are open, by id; "" is a new one."""
SAID = Said("experiments-said")
"""What the last act on an experiment came to."""
NO_PROJECT = "(no project)"
UNITS = {Unit.ROOM: "A room", Unit.PROJECT: "A project"}
UNIT_WORDS = ("Each room is assigned and counts by itself.", "All rooms of a project go together and count as one.")


def fields(lab: Lab, before: Experiment | None) -> None:
    """Draw the fields, filled in as they were in that version, and keep what they say when told to."""
    key = f"experiment-{before.id}-{before.version}" if before else "experiment-new"
    known = before.terms if before else None
    question = st.text_input(
        "Question",
        known.question if known else "",
        key=f"{key}-question",
        max_chars=LONGEST_QUESTION,
        placeholder="Does the new model furnish bedrooms better than the one we use?",
    )
    owner = st.text_input("Owner", known.owner if known else person(), key=f"{key}-owner", max_chars=LONGEST_OWNER)
    arms = _arms(lab, known, key)
    population = _population(lab, known, key)
    rules = _rules(known, key)
    note = st.text_input("Why (kept in the history)", key=f"{key}-note", max_chars=LONGEST_NOTE)
    running = before is not None and before.state is State.RUNNING
    if running:
        st.caption("A running experiment is never changed: these become a new phase, whose report begins at nothing.")
    with st.container(horizontal=True):
        label = "Begin the new phase" if running else "Save the draft"
        pressed = st.button(label, type="primary", icon=":material/check:", key=f"{key}-save")
        st.button("Not now", key=f"{key}-not-now", on_click=FIELDS.close)
    if not pressed:
        return
    try:
        asked = {"question": question, "owner": owner, "arms": [_arm(*one) for one in arms], **population, **rules}
        kept = _keep(lab, before, terms_of(asked), note or "")
    except StagingError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    FIELDS.close()
    SAID.briefly(f"Phase {kept.phase.number} has begun." if kept.phase else "The draft is saved.")
    go({EXPERIMENT: kept.id})


def _keep(lab: Lab, before: Experiment | None, terms: Terms, note: str) -> Experiment:
    all_of_them, by, now = lab.experiments, person(Permission.MANAGE_EXPERIMENTS), datetime.now(UTC)
    if before is None:
        return all_of_them.draft(terms, by, now, note=note)
    write = all_of_them.change if before.state is State.RUNNING else all_of_them.edit
    return write(before.id, terms, by, now, note=note, follows=before.version)


# ── arms ────────────────────────────────────────────────────────────────────────────────────


def _arms(lab: Lab, known: Terms | None, key: str) -> list[tuple[str, str, int, str]]:
    """Draw the arms; return of each its name, model, weight and parameters as they were written."""
    before = known.arms if known else ()
    count = st.segmented_control(
        "Arms",
        list(range(2, MOST_ARMS + 1)),
        default=max(2, len(before)),
        required=True,
        key=f"{key}-arms",
        help="The first one is usually the model that is used now.",
    )
    found = []
    for number in range(count or 2):
        was = before[number] if number < len(before) else None
        found.append(_arm_fields(lab, was, was.name if was else "ABCDEF"[number], f"{key}-arm-{number}"))
    return found


def _arm_fields(lab: Lab, was: Arm | None, name: str, key: str) -> tuple[str, str, int, str]:
    names = {spec.id.value: spec.name for spec in lab.registry}
    options = [*names, *([was.model] if was and was.model not in names else [])]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = st.selectbox(
            f"Model of arm {name}",
            options,
            index=options.index(was.model) if was else None,
            format_func=lambda one: names.get(one, one),
            placeholder="Choose a model",
            key=f"{key}-model",
        )
        weight = st.number_input(
            f"Weight of arm {name}",
            1,
            MOST_WEIGHT,
            was.weight if was else 1,
            key=f"{key}-weight",
            width=150,
            help="Of ten rooms an arm of weight 9 beside one of weight 1 gets nine.",
        )
    told = {} if was is None or was.model != model else was.parameters
    with st.expander(f"Parameters of arm {name}", icon=":material/tune:", key=f"{key}-more"):
        written = st.text_area(
            "Other than the model's defaults, one a line",
            "\n".join(f"{one} = {json.dumps(value)}" for one, value in told.items()),
            key=f"{key}-parameters-{model}",
            placeholder="output_quality = 80",
            height=80,
        )
        if model and lab.registry.exists(model):
            known = [
                f"{one.name} ({value_words(one.default) if one.default is not None else 'left to the model'})"
                for one in parameters_of(lab.registry.get(model))
            ]
            st.caption(plain("With their defaults: " + ", ".join(known) if known else "This model has none."))
    return name, model or "", int(weight), written or ""


def _arm(name: str, model: str, weight: int, written: str) -> dict[str, object]:
    return {"name": name, "model": model, "weight": weight, "parameters": parameters_in(written)}


def parameters_in(written: str) -> Mapping[str, JsonValue]:
    """Return the parameters of lines like `name = value`; ExperimentRefused for a line that is none.

    A value is JSON where it can be (80, true, "text"), else text as it stands.
    """
    found: dict[str, JsonValue] = {}
    for line in written.splitlines():
        if not line.strip():
            continue
        name, sign, value = (part.strip() for part in line.partition("="))
        if not (name and sign and value):
            raise ExperimentRefused(f"Write parameters as name = value, one a line, not {line.strip()!r}.")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


# ── population, metrics, stop rule ──────────────────────────────────────────────────────────


def _population(lab: Lab, known: Terms | None, key: str) -> dict[str, object]:
    unit = st.radio(
        "Unit",
        list(UNITS),
        index=list(UNITS).index(known.unit) if known else 0,
        format_func=UNITS.__getitem__,
        captions=UNIT_WORDS,
        key=f"{key}-unit",
        help="What goes to an arm as a whole, and gives one decision however many votes it gets.",
    )
    projects = ["", *lab.store.rooms.projects()]
    before = list(known.projects) if known else []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.multiselect(
            "Projects",
            [*projects, *(one for one in before if one not in projects)],
            default=before,
            format_func=lambda one: one or NO_PROJECT,
            placeholder="All",
            key=f"{key}-projects",
        )
        kinds = st.multiselect(
            "Room types",
            list(RoomType),
            default=list(known.room_types) if known else [],
            format_func=lambda one: one.value.capitalize(),
            placeholder="All",
            key=f"{key}-types",
        )
    metrics = st.pills(
        "Metrics in the report",
        list(Metric),
        selection_mode="multi",
        default=list(known.metrics) if known else list(Metric),
        format_func=lambda one: one.value.capitalize(),
        key=f"{key}-metrics",
        help="The win rate decides; the others are told beside it.",
    )
    shown = [Metric.WIN_RATE, *(one for one in metrics or [] if one is not Metric.WIN_RATE)]
    return {"unit": unit or Unit.ROOM, "projects": chosen, "room_types": kinds, "metrics": shown}


def _rules(known: Terms | None, key: str) -> dict[str, object]:
    """Draw the stop rule and the guardrails, folded: their defaults serve."""
    stop, guards = (known.stop, known.guards) if known else (StopRule(), Guards())
    with st.expander("Stop rule and guardrails", icon=":material/rule:", key=f"{key}-rules"):
        with st.container(horizontal=True):
            votes = _number("Votes that decide a unit", 1, 25, stop.votes_per_unit, f"{key}-votes", _VOTES)
            worth = _number("Worth something from (points)", 1, 25, stop.worth_points, f"{key}-worth", _WORTH)
            most = _number("At most so many units", 10, 100_000, stop.most_units, f"{key}-most", _MOST)
            error = _number("False alarms (per cent)", 1, 20, stop.error_percent, f"{key}-error", _ERROR)
        with st.container(horizontal=True):
            failures = st.number_input(
                "May fail more often by (points)",
                0,
                100,
                guards.failure_points,
                key=f"{key}-failures",
                placeholder="not guarded",
            )
            cost = st.number_input(
                "May cost more by (per cent)",
                0,
                10_000,
                guards.cost_percent,
                key=f"{key}-cost",
                placeholder="not guarded",
            )
            drop = st.number_input(
                "May score lower by (of 100)",
                0.0,
                None,
                guards.score_drop,
                key=f"{key}-drop",
                placeholder="not guarded",
            )
            structure = st.number_input(
                "May change the structure more often by (points)",
                0,
                100,
                guards.structure_points,
                key=f"{key}-structure",
                placeholder="not guarded",
            )
        st.caption("A preferred arm that breaks a guardrail is not to be promoted. An empty one guards nothing.")
    return {
        "stop": {"votes_per_unit": votes, "worth_points": worth, "most_units": most, "error_percent": error},
        "guards": {"failure_points": failures, "cost_percent": cost, "score_drop": drop, "structure_points": structure},
    }


_VOTES = "A room counts once it has so many votes, by their majority; later votes on it change nothing."
_WORTH = "5: a preference between 45 and 55 % is no reason to change anything."
_MOST = "When so many are decided it ends, whatever came out."
_ERROR = "In so many of 100 experiments without a difference, one may be told."


def _number(label: str, least: int, most: int, value: int, key: str, told: str) -> int:
    return int(st.number_input(label, least, most, value, key=key, help=told))
