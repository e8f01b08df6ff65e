"""What stands beside an edit of the prompt book: the prompt it makes, and what somebody else saved meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.components.drafts import discard, draft, put_on_top
from pages.components.editions import named, show_difference
from pages.components.words import counted, plain
from staging.errors import PromptsRefused
from staging.lab import Lab
from staging.prompts import PromptBook
from staging.rooms import RoomType
from staging.shelf import Edition

EVERYBODY = ""
"""In place of a model: the book's own template."""


def choose_model(lab: Lab, now: Edition, label: str, key: str) -> str:
    """Draw every model and, first, all of them together; return the model's id, or EVERYBODY."""
    names = {EVERYBODY: "Every model", **{spec.id.value: spec.name for spec in lab.registry}}
    own = {model for model, words in now.usable().model_templates.items() if words}
    return (
        st.selectbox(
            label,
            list(names),
            format_func=lambda one: names[one] + " (words of its own)" * (one in own),
            key=key,
            persist_state="session",
        )
        or EVERYBODY
    )


@dataclass(frozen=True, slots=True)
class Focus:
    """What is being edited: the preview shows that. None or nothing is left to be chosen there."""

    styles: Sequence[str] = ()
    kind: RoomType | None = None
    model: str | None = None


def preview(lab: Lab, now: Edition, focus: Focus) -> None:
    """Draw the prompt as it would be sent, or what is wrong with the draft."""
    st.subheader("As it would be sent", anchor=False)
    try:
        book = PromptBook.checked(draft().body(now))
    except PromptsRefused as error:
        st.warning(plain(f"This cannot be saved yet. {error}"), icon=":material/warning:")
        return
    styles = list(focus.styles) or book.styles()
    with st.container(horizontal=True):
        style = styles[0] if len(styles) == 1 else one_of("Style", styles, "prompts-preview-style")
        kind = focus.kind or RoomType(one_of("Room", [one.value for one in RoomType], "prompts-preview-room"))
    model = choose_model(lab, now, "Model", "prompts-preview-model") if focus.model is None else focus.model
    text = book.prompt(style, kind, model)
    st.code(text, language=None, wrap_lines=True)
    st.caption(counted(len(text), "character"))


def one_of(label: str, options: list[str], key: str) -> str:
    """Draw the options; return the chosen one, the first when it is gone."""
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[0]
    return st.selectbox(label, options, key=key, format_func=str.capitalize, persist_state="session") or options[0]


def show_meanwhile(lab: Lab, now: Edition) -> None:
    """Say that somebody saved after the draft was begun, what they changed, and what can be done."""
    mine = draft()
    if not mine.changes or mine.follows == now.number:
        return
    with st.container(border=True, key="prompts-meanwhile"):
        st.markdown(
            f":material/group: **{plain(f'{now.written_by} saved version {now.number}')}** while you were editing."
        )
        base = next((one.book for one in lab.prompt_shelf.editions() if one.number == mine.follows), None)
        if base is not None and now.book is not None:
            show_difference(base, now.book)
        with st.container(horizontal=True):
            st.button(f"Put my changes on top of {named(now)}", key="prompts-on-top", on_click=put_on_top, args=(now,))
            st.button("Discard my changes", key="prompts-give-way", on_click=discard)
