"""Settings of models: which one does a job that names none, which are offered, and what each begins with."""

from collections.abc import Mapping
from datetime import UTC, datetime

import streamlit as st
from pydantic import JsonValue

from pages.components.calm import calm
from pages.components.checking import show_check
from pages.components.parameters import parameters_of, rounded_value, value_words, widget
from pages.components.words import begun, duration, moment, plain, price_text
from staging.access import Permission, person
from staging.desk import ModelOffer
from staging.lab import Lab
from staging.model_setups import ModelSetup
from staging.registry import Capability
from staging.routing import LONGEST_NOTE, Setting

VERSIONS = 5
"""So many of the active model's last versions are shown."""


def show_models(lab: Lab) -> None:
    """Draw the active model, then one model after the other as chosen."""
    offers = {offer.spec.id.value: offer for offer in lab.desk.models()}
    show_active(lab, offers)
    st.subheader("Each model", anchor=False)
    show_table(offers)
    model = st.selectbox(
        "Model",
        list(offers),
        format_func=lambda one: f"{offers[one].spec.name} ({one})",
        key="settings-model",
        bind="query-params",
    )
    offer = offers[model or lab.registry.default.id.value]
    show_facts(offer)
    setup = lab.setups.get(offer.spec.id.value)
    switch(lab, setup)
    show_defaults(lab, offer, setup)
    show_check(lab, offer.spec)


def show_active(lab: Lab, offers: Mapping[str, ModelOffer]) -> None:
    """Draw which model does a job that names none, and the ways to set another."""
    st.subheader("Active model", anchor=False)
    history = lab.routing.history()
    now = history[0] if history and history[0].model is not None else None
    if now is None:
        default = lab.registry.default
        st.markdown(
            f"None is set, so **{plain(default.name)}** does a job that names no model (STAGING\\_DEFAULT\\_MODEL)."
        )
    else:
        st.markdown(f"**{plain(now.model or '')}** does a job that names no model. {plain(begun(now.words))}.")
    if now is not None and now.model and not lab.setups.all().get(now.model, ModelSetup(now.model)).enabled:
        st.warning("It is switched off for new runs: such a job is refused.", icon=":material/warning:")
    with st.expander("Change the active model", icon=":material/swap_horiz:", key="settings-active"):
        version = history[0].version if history else -1
        enabled = [model for model, offer in offers.items() if offer.enabled]
        model = st.selectbox("Another model", enabled, index=None, key=f"settings-active-model-{version}")
        note = st.text_input("Why", key=f"settings-active-note-{version}", max_chars=LONGEST_NOTE) or ""
        with st.container(horizontal=True):
            pressed = st.button("Make it the active model", type="primary", disabled=not model, key="settings-activate")
            cleared = now is not None and st.button("Set none", key="settings-active-clear")
        with calm():
            by, at = person(Permission.MANAGE_MODELS), datetime.now(UTC)
            if pressed and model:
                lab.routing.set(model, by, at, note=note, follows=version)
                st.rerun()
            if cleared:
                lab.routing.clear(by, at, note=note, follows=version)
                st.rerun()
        for one in history[:VERSIONS]:
            st.caption(version_words(one))


def version_words(setting: Setting) -> str:
    """Return one version of the active model as a line."""
    told = plain(setting.model or "none")
    note = f" “{plain(setting.note)}”" if setting.note else ""
    when = moment(setting.set_at, st.context.timezone)
    return f"Version {setting.version}: {told}, by {plain(setting.set_by)}, {when}.{note}"


def show_table(offers: Mapping[str, ModelOffer]) -> None:
    """Draw which models are off or begin with parameters of ours; nothing when there are none."""
    rows = [
        (plain(offer.spec.name), "yes" if offer.enabled else "**no**", plain(_begins(offer.parameters)) or "–")
        for offer in offers.values()
        if not offer.enabled or offer.parameters
    ]
    if not rows:
        st.caption("All models are offered for new runs, and begin with their builders' defaults.")
        return
    names, offered, begins = zip(*rows, strict=True)
    st.table(
        {"Model": names, "Offered": offered, "Begins with": begins},
        border="horizontal",
        alt="Models that are set up otherwise than they come",
    )


def _begins(parameters: Mapping[str, JsonValue]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value_words(value)}" for name, value in parameters.items())


def show_facts(offer: ModelOffer) -> None:
    """Draw what is known of the model."""
    spec = offer.spec
    badges = [f":gray-badge[{one.value}]" for one in Capability if one in spec.capabilities]
    if badges:
        st.markdown(" ".join(badges))
    if spec.about:
        st.caption(plain(spec.about))
    facts = {
        "Provider": plain(spec.provider),
        "Owner": plain(spec.owner),
        "Version": f"`{spec.version[:12]}…`" if spec.version else "the provider's latest",
        "Output": plain(spec.output.value),
        "Price today": plain(price_text(offer.price)),
        "Time": plain(duration(spec.typical_seconds and round(spec.typical_seconds))) or "not known",
        "Licence": plain(spec.licence),
        "Can be run here": "yes" if offer.available else plain(offer.reason),
    }
    st.table(facts, border="horizontal", alt=f"Facts about {spec.name}")


def switch(lab: Lab, setup: ModelSetup) -> None:
    """Draw the way to take the model out of the pickers, or back."""
    key = f"settings-switch-{setup.model}-{setup.version}"
    if setup.enabled:
        told = "It is offered for new runs. Switched off, no picker shows it and new runs are refused; history stays."
        label, icon = "Switch off for new runs", ":material/visibility_off:"
    else:
        told, label, icon = "It is switched off for new runs.", "Offer it again", ":material/visibility:"
    st.markdown(told)
    if st.button(label, icon=icon, key=key):
        with calm():
            by = person(Permission.MANAGE_MODELS)
            lab.setups.set(setup.model, by, datetime.now(UTC), enabled=not setup.enabled, follows=setup.version)
            st.rerun()


def show_defaults(lab: Lab, offer: ModelOffer, setup: ModelSetup) -> None:
    """Draw what the model begins with, as a form made from its builder's schema."""
    parameters = parameters_of(offer.spec)
    if not parameters:
        st.caption("This model has no parameters.")
        return
    with st.expander("Default parameters", icon=":material/tune:", key=f"settings-defaults-{setup.model}"):
        st.caption("What a run begins with. A project's and a job's own parameters come before these.")
        values: dict[str, JsonValue] = {}
        for parameter in parameters:
            key = f"settings-parameter-{setup.model}-{parameter.name}-{setup.version}"
            widget(parameter, key, setup.parameters.get(parameter.name, parameter.default))
            value = rounded_value(st.session_state.get(key, parameter.default))
            if value != parameter.default:
                values[parameter.name] = value
        with st.container(horizontal=True):
            changed = values != dict(setup.parameters)
            saved = st.button("Save", type="primary", disabled=not changed, key=f"settings-save-{setup.model}")
            reset = st.button(
                "Back to the builder's", disabled=not setup.parameters, key=f"settings-reset-{setup.model}"
            )
        if saved or reset:
            with calm():
                by = person(Permission.MANAGE_MODELS)
                wanted = values if saved else {}
                lab.setups.set(setup.model, by, datetime.now(UTC), parameters=wanted, follows=setup.version)
                st.rerun()
