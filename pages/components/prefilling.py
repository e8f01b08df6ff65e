"""The Compare page's choices set beforehand: what a past comparison was made of."""

import streamlit as st

from pages.components.picker import set_choice
from staging.desk import Recipe
from staging.lab import Lab


def prefill(lab: Lab, recipe: Recipe) -> None:
    """Have the Compare page begin with these choices; call before it draws its widgets."""
    state = st.session_state
    set_choice("compare-rooms", recipe.rooms)
    set_choice("compare-models", [choice.model for choice in recipe.choices])
    state["compare-seeds"] = max((choice.seeds for choice in recipe.choices), default=1)
    state["compare-project"] = recipe.project or None
    if recipe.style in lab.prompts.styles():
        state["compare-style"] = recipe.style
    rooms = lab.store.rooms.of(recipe.rooms)
    for digest, prompt in recipe.prompts.items():
        state[f"compare-prompt-{recipe.style}-{rooms[digest].room_type.value}"] = prompt
