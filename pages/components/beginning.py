"""What a chosen project has the Compare page begin with: its preferred model and its default style."""

import streamlit as st

from pages.components.parameters import set_models
from pages.components.picker import set_choice
from staging.desk import ModelChoice
from staging.lab import Lab
from staging.routing import parameters_for


def begin_with_project(lab: Lab) -> None:
    """Choose the project's model and style, where it has its own and they can be had; call in a callback."""
    name = st.session_state.get("compare-project")
    if not name:
        return
    style = lab.projects.get(name).style
    if style in lab.prompt_shelf.current().usable().styles():
        st.session_state["compare-style"] = style
    setting = lab.routing.project(name)
    if setting is None or setting.model is None or not lab.registry.exists(setting.model):
        return
    setup = lab.setups.get(setting.model)
    if setup.enabled:
        spec = lab.registry.get(setting.model)
        parameters = parameters_for(spec, job={}, setting=setting, defaults=setup.parameters)
        set_models([ModelChoice(setting.model, parameters)])
        set_choice("compare-models", [setting.model])
