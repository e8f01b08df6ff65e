"""The Compare page's choices set beforehand: what a past comparison was made of."""

import streamlit as st

from pages.components.parameters import set_models
from pages.components.picker import set_choice
from pages.components.prompting import fill
from staging.desk import Recipe
from staging.lab import Lab


def prefill(lab: Lab, recipe: Recipe) -> None:
    """Have the Compare page begin with these choices; call before it draws its widgets."""
    state = st.session_state
    set_choice("compare-rooms", recipe.rooms)
    set_choice("compare-models", [choice.model for choice in recipe.choices])
    set_models(list(recipe.choices))
    state["compare-project"] = recipe.project or None
    state["compare-same-words"] = False
    _prefill_prompts(lab, recipe)


def _prefill_prompts(lab: Lab, recipe: Recipe) -> None:
    edition = lab.prompt_shelf.current()
    book = edition.usable()
    if recipe.style not in book.styles():
        return  # the style has gone since: its words would stand under another one's name
    st.session_state["compare-style"] = recipe.style
    rooms = lab.store.rooms.of(recipe.rooms)
    told = {(digest, ""): prompt for digest, prompt in recipe.prompts.items()}
    told |= {(digest, one.model): text for one in recipe.choices for digest, text in one.prompts.items()}
    for (digest, model), text in told.items():
        kind = rooms[digest].room_type
        key = f"compare-prompt-{recipe.style}-{kind.value}" + (f"-{model}" if model else "")
        # Filled in first, so that the page can tell what was edited, and offer the way back.
        fill(key, book.prompt(recipe.style, kind, model) if model else book.prompt(recipe.style, kind), edition.label)
        st.session_state[key] = text
