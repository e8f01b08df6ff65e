"""Sets of models, saved by name: to be loaded, saved over and removed."""

import streamlit as st

from pages.components.parameters import chosen, set_models
from pages.components.picker import set_choice
from pages.components.words import counted, plain
from staging.access import Permission, person
from staging.desk import ModelSet, ModelSets
from staging.errors import ParametersRefused, StagingError
from staging.lab import Lab

LEFT_OUT = "compare-set-left-out"
"""Where the session keeps what could not be loaded, until it has been said."""


def saved_sets(lab: Lab, models: list[str], *, picker: str) -> None:
    """Draw the button that opens the sets; `models` are the chosen ones, `picker` the key they are chosen in."""
    if left_out := st.session_state.pop(LEFT_OUT, ""):
        st.toast(plain(left_out), icon=":material/info:", duration="long")
    with st.popover("Sets", icon=":material/bookmark:", key="compare-sets"):
        kept = ModelSets(lab.store.documents)
        sets = kept.list()
        for one in sets:
            _saved(lab, kept, one, picker)
        if not sets:
            st.caption("Save the models chosen now, with their parameters and seeds, to load them again later.")
        _save(kept, sets, models)


def _saved(lab: Lab, kept: ModelSets, one: ModelSet, picker: str) -> None:
    # The version is in the keys: a press on a set that was changed meanwhile means nothing.
    key = f"{one.name}-{one.version}"
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        seeds = sum(choice.seeds for choice in one.choices)
        st.markdown(
            f"**{plain(one.name)}**  \n:small[{counted(len(one.choices), 'model')} · "
            f"{counted(seeds, 'picture')} a room · {plain(one.written_by)}]",
            width="stretch",
        )
        st.button("Load", key=f"compare-set-load-{key}", on_click=_load, args=(lab, one, picker))
        pressed = st.button(
            "", icon=":material/delete:", type="tertiary", key=f"compare-set-remove-{key}", help="Remove"
        )
    if pressed:
        try:
            kept.remove(one, person(Permission.RUN))
            st.rerun()
        except StagingError as error:
            st.error(plain(str(error)), icon=":material/error:")


def _load(lab: Lab, one: ModelSet, picker: str) -> None:
    """Choose the set's models as they were saved; those that cannot run now are left out, and said."""
    available = {offer.spec.id.value for offer in lab.desk.models() if offer.available}
    usable, left_out = [], []
    for choice in one.choices:
        try:
            if choice.model not in available:
                left_out.append(choice.model)
            else:
                lab.registry.get(choice.model).parameters(choice.parameters)
                usable.append(choice)
        except ParametersRefused:
            left_out.append(f"{choice.model} (its parameters have changed)")
    set_models(usable)
    set_choice(picker, [choice.model for choice in usable])
    if left_out:
        st.session_state[LEFT_OUT] = f"Of the set {one.name}, these cannot be run here now: {', '.join(left_out)}."


def _save(kept: ModelSets, sets: list[ModelSet], models: list[str]) -> None:
    name = st.text_input("Name", key="compare-set-name", placeholder="Our usual four", max_chars=60) or ""
    there = {one.name: one for one in sets}.get(" ".join(name.split()))
    pressed = st.button(
        "Save over it" if there else "Save the chosen models",
        icon=":material/save:",
        disabled=not (name.strip() and models),
        key="compare-set-save",
    )
    if pressed:
        try:
            follows = there.version if there else None
            kept.save(name, [chosen(model) for model in models], person(Permission.RUN), follows=follows)
            st.rerun()
        except StagingError as error:
            st.error(plain(str(error)), icon=":material/error:")
