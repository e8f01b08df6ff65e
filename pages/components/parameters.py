"""A model's parameters in a form made from its builder's schema; only what differs from the defaults is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st
from pydantic import JsonValue

from pages.components.words import counted, plain
from staging.desk import ModelChoice
from staging.errors import ParametersRefused
from staging.lab import Lab, current
from staging.registry import ModelSpec

MOST_SEEDS = 4
SEEDS = "compare-seeds"
"""The widget that says how many seeds a model gets that has no number of its own."""
CHANGED = "compare-parameters"
"""Where the session keeps, by model, the parameters that differ from what the model begins with."""
BEGINS = "compare-parameters-begin"
"""Where it keeps, by model, what an admin has it begin with, as far as that differs from its builder's defaults."""
OWN_SEEDS = "compare-own-seeds"
"""Where it keeps, by model, a number of seeds of its own."""
TUNED = "compare-tuned"
"""The widget that says whose parameters are shown."""
REVISION = "compare-parameters-revision"
"""Part of every widget's key: when Python changes the values, the widgets begin anew."""
LONGEST_TEXT = 24


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as a form shows it."""

    name: str
    kind: Literal["choice", "switch", "whole", "number", "text"]
    default: JsonValue
    help: str
    options: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    optional: bool = False
    """May be left to the model itself."""

    @property
    def label(self) -> str:
        """The name as people say it."""
        return self.name.replace("_", " ")


def parameters_of(spec: ModelSpec, begins: Mapping[str, JsonValue] | None = None) -> list[Parameter]:
    """Return the model's parameters as its builder's schema states them.

    The defaults are the builder's, but for those that an admin has the model begin with.
    """
    defaults = spec.parameters(begins).model_dump(mode="json")
    found = []
    for name, stated in spec.builder.model_json_schema().get("properties", {}).items():
        kinds = [one for one in stated.get("anyOf", [stated]) if one.get("type") != "null"]
        facts: dict[str, Any] = kinds[0]
        whole = facts.get("type") == "integer"
        above = facts.get("exclusiveMinimum")
        nearest = None if above is None else above + (1 if whole else 0.1)
        found.append(
            Parameter(
                name=name,
                kind="choice" if "enum" in facts else _KINDS.get(facts.get("type", ""), "text"),
                default=defaults[name],
                help=" ".join(stated.get("description", "").split()),
                options=tuple(facts.get("enum", ())),
                least=facts.get("minimum", nearest),
                most=facts.get("maximum"),
                optional="anyOf" in stated,
            )
        )
    return found


_KINDS: Mapping[str, Literal["switch", "whole", "number"]] = {
    "boolean": "switch",
    "integer": "whole",
    "number": "number",
}


def remember_begins(begins: Mapping[str, Mapping[str, JsonValue]]) -> None:
    """Keep what each model begins with, by id; once a run, since every choice is made from it."""
    st.session_state[BEGINS] = {model: dict(parameters) for model, parameters in begins.items() if parameters}


def _begins(model: str) -> dict[str, JsonValue]:
    if BEGINS not in st.session_state:
        remember_begins({one: setup.parameters for one, setup in current().setups.all().items()})
    known: dict[str, dict[str, JsonValue]] = st.session_state[BEGINS]
    return known.get(model, {})


def changed_parameters(model: str) -> dict[str, JsonValue]:
    """Return what a person has set otherwise than the model begins with."""
    known: dict[str, dict[str, JsonValue]] = st.session_state.setdefault(CHANGED, {})
    return dict(known.get(model, {}))


def chosen(model: str) -> ModelChoice:
    """Return the model as it is set now: its parameters and its number of seeds."""
    usual = st.session_state.get(SEEDS) or 1
    parameters = {**_begins(model), **changed_parameters(model)}
    return ModelChoice(model, parameters, st.session_state.setdefault(OWN_SEEDS, {}).get(model, usual))


def set_models(choices: list[ModelChoice]) -> None:
    """Set these models so: call in a callback, before any widget is drawn."""
    numbers = [choice.seeds for choice in choices if 1 <= choice.seeds <= MOST_SEEDS]
    usual = max(set(numbers), key=numbers.count, default=1)
    st.session_state[SEEDS] = usual
    for choice in choices:
        _keep(choice.model, _changes(choice), None if choice.seeds == usual else choice.seeds)
    _begin_anew()


def _changes(choice: ModelChoice) -> dict[str, JsonValue]:
    """Return what of the choice differs from what the model begins with today."""
    registry = current().registry
    if not registry.exists(choice.model):
        return dict(choice.parameters)
    spec = registry.get(choice.model)
    wanted = spec.parameters(choice.parameters).model_dump(mode="json")
    begun = spec.parameters(_begins(choice.model)).model_dump(mode="json")
    return {name: value for name, value in wanted.items() if value != begun[name]}


def changed_words(lab: Lab) -> dict[str, str]:
    """Return by model, as a caption, what was set otherwise than usual: "steps 30 · go fast off"."""
    models = [*st.session_state.get(CHANGED, {}), *st.session_state.get(OWN_SEEDS, {})]
    return {model: words for model in models if lab.registry.exists(model) and (words := caption(model))}


def caption(model: str) -> str:
    """Return what was set otherwise than usual for one model."""
    parts = [f"{name.replace('_', ' ')} {value_words(value)}" for name, value in changed_parameters(model).items()]
    own = st.session_state.get(OWN_SEEDS, {}).get(model)
    return " · ".join([*parts, *([counted(own, "seed")] if own else [])])


def value_words(value: JsonValue) -> str:
    """Return a parameter's value as people say it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    text = f"{value:g}" if isinstance(value, float) else " ".join(str(value).split())
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


def adjust(lab: Lab, models: list[str]) -> None:
    """Draw the parameters of one of the chosen models, folded; which one is chosen above them."""
    if not models:
        return
    with st.expander("Parameters of the chosen models", icon=":material/tune:", key="compare-tuning"):
        if st.session_state.get(TUNED) not in models:
            st.session_state[TUNED] = models[0]
        model = st.pills(
            "Model", models, required=True, key=TUNED, format_func=lambda one: plain(lab.registry.get(one).name)
        )
        form(lab.registry.get(model or models[0]))


def form(spec: ModelSpec) -> None:
    """Draw the model's parameters, its seeds and the way back to the defaults."""
    for parameter in parameters_of(spec, _begins(spec.id)):
        value = changed_parameters(spec.id).get(parameter.name, parameter.default)
        widget(parameter, _key(spec.id, parameter.name), value, on_change=_remember, args=(spec,))
    key = _key(spec.id, "seeds")
    if own := st.session_state.setdefault(OWN_SEEDS, {}).get(spec.id):
        st.session_state.setdefault(key, own)
    st.segmented_control(
        "Seeds of its own",
        list(range(1, MOST_SEEDS + 1)),
        key=key,
        on_change=_remember,
        args=(spec,),
        help="None chosen: as many as every model gets.",
    )
    try:
        spec.parameters({**_begins(spec.id), **changed_parameters(spec.id)})
    except ParametersRefused as error:
        st.error(plain(str(error)), icon=":material/error:")
    st.button(
        "Reset to defaults",
        icon=":material/restart_alt:",
        disabled=not caption(spec.id),
        on_click=_reset,
        args=(spec,),
        key=_key(spec.id, "reset"),
    )


def widget(parameter: Parameter, key: str, value: JsonValue, **told: Any) -> None:
    """Draw one parameter with this value; what a person sets is in the session under the key."""
    told |= {"key": key, "help": plain(parameter.help)}
    # By the session, not as the widget's default: the default would be another one at the next run.
    label = parameter.label.capitalize()
    if value is not None:
        st.session_state.setdefault(key, value)
    match parameter.kind:
        case "choice":
            st.pills(label, parameter.options, required=not parameter.optional, **told)
        case "switch":
            st.toggle(label, **told)
        case "text":
            st.text_area(label, height=100, **told)
        case _ if parameter.least is None or parameter.most is None or parameter.optional:
            number = int if parameter.kind == "whole" else float
            bounds: dict[str, Any] = {
                "min_value": None if parameter.least is None else number(parameter.least),
                "max_value": None if parameter.most is None else number(parameter.most),
                "step": number(1) if number is int else 0.1,
                "value": None if parameter.optional else "min",
            }
            st.number_input(label, placeholder="left to the model", **bounds, **told)
        case "whole":
            st.slider(label, int(parameter.least), int(parameter.most), **told)
        case _:
            span = parameter.most - parameter.least
            step = 0.01 if span <= 1 else 0.1 if span <= 20 else 0.5
            st.slider(label, float(parameter.least), float(parameter.most), step=step, **told)


def _remember(spec: ModelSpec) -> None:
    """Keep what the form's widgets say and the defaults do not."""
    state = st.session_state
    values = {}
    for parameter in parameters_of(spec, _begins(spec.id)):
        value = rounded_value(state.get(_key(spec.id, parameter.name), parameter.default))
        if value != parameter.default:
            values[parameter.name] = value
    _keep(spec.id, values, state.get(_key(spec.id, "seeds")))


def rounded_value(value: Any) -> Any:
    """Return a widget's value as it is kept: a slider counts its steps in floating point."""
    return round(value, 6) if isinstance(value, float) else value


def _reset(spec: ModelSpec) -> None:
    _keep(spec.id, {}, None)
    _begin_anew()


def _keep(model: str, values: dict[str, JsonValue], seeds: int | None) -> None:
    for name, value in ((CHANGED, values), (OWN_SEEDS, seeds)):
        known = {other: kept for other, kept in st.session_state.get(name, {}).items() if other != model}
        st.session_state[name] = known | ({model: value} if value else {})


def _begin_anew() -> None:
    st.session_state[REVISION] = st.session_state.get(REVISION, 0) + 1


def _key(model: str, name: str) -> str:
    return f"compare-parameter-{model}-{name}-{st.session_state.get(REVISION, 0)}"
