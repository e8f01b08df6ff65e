"""What models are told, as a person chooses it: a style, a prompt for each room type, other words for some models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.components.words import counted, plain
from staging.lab import Lab
from staging.prompts import PromptBook
from staging.rooms import Room, RoomType
from staging.shelf import Edition


@dataclass(frozen=True, slots=True)
class PromptChoice:
    """What the next run will tell the models."""

    style: str
    prompts: Mapping[str, str]
    """By room digest."""
    by_model: Mapping[str, Mapping[str, str]]
    """By model, then by room digest: only for models that are told something else."""
    version: str
    """The version of the prompt book that the prompts were made from, even when they were edited since;
    with a comma where an edited prompt is from an older one."""


@dataclass(frozen=True, slots=True)
class Text:
    """One prompt as it stands on the page."""

    words: str
    made_from: str
    """The label of the edition that it was filled in from."""
    edited: bool


def choose_prompts(lab: Lab, rooms: Sequence[Room], models: Sequence[str]) -> PromptChoice:
    """Draw the style, one prompt for each room type and those that a model has apart; return what will be sent.

    PromptsRefused when this release cannot use the prompt book.
    """
    st.subheader("Style and prompt", anchor=False)
    edition = lab.prompt_shelf.current()
    book = edition.usable()
    style = choose_style(book)
    kinds = list(dict.fromkeys(room.room_type for room in rooms))
    told: dict[RoomType, Text] = {}
    for kind in kinds:
        alike = sum(room.room_type is kind for room in rooms)
        told[kind] = prompt_area(
            f"Prompt for {kind.value} ({counted(alike, 'room')}), sent as it stands here",
            f"compare-prompt-{style}-{kind.value}",
            book.prompt(style, kind),
            edition,
        )
    if not rooms:
        st.caption("The prompt appears here once a room is chosen.")
    apart = [
        (model, kind)
        for model in models
        for kind in kinds
        if book.prompt(style, kind, model) != book.prompt(style, kind)
    ]
    own = words_apart(lab, edition, style, apart, told) if apart else {}
    versions = dict.fromkeys(text.made_from for text in [*told.values(), *own.values()])
    return PromptChoice(
        style,
        {room.digest: told[room.room_type].words for room in rooms},
        {
            model: {room.digest: own[model, room.room_type].words for room in rooms if (model, room.room_type) in own}
            for model in dict.fromkeys(model for model, _ in own)
        },
        ", ".join(versions) or edition.label,
    )


def choose_style(book: PromptBook) -> str:
    """Draw the styles of the book; return the chosen one, the first when it is gone."""
    styles = book.styles()
    if st.session_state.get("compare-style") not in styles:
        st.session_state["compare-style"] = styles[0]
    style = st.pills(
        "Style",
        styles,
        required=True,
        key="compare-style",
        format_func=str.capitalize,
        persist_state="session",
        wrap=True,
    )
    return style if style in styles else styles[0]


def words_apart(
    lab: Lab,
    edition: Edition,
    style: str,
    apart: Sequence[tuple[str, RoomType]],
    told: Mapping[RoomType, Text],
) -> dict[tuple[str, RoomType], Text]:
    """Draw the prompts of models that have words of their own, folded; return them by model and room type.

    Nothing is returned when every model is to get the same text.
    """
    book = edition.usable()
    names = {model: lab.registry.get(model).name for model, _ in apart}
    who = next(iter(names.values())) if len(names) == 1 else counted(len(names), "model")
    if any(told[kind].edited for _, kind in apart) and not st.session_state.get("compare-same-words"):
        st.caption(
            f":material/info: {plain(who)} {'gets' if len(names) == 1 else 'get'} other words, without your edit."
        )
    with st.expander(f"Other words for {plain(who)}", icon=":material/alt_route:", key="compare-words-apart"):
        same = st.toggle(
            "Send them the text above instead",
            key="compare-same-words",
            persist_state="session",
            help="Then every model of this run gets the same text.",
        )
        if same:
            return {}
        return {
            (model, kind): prompt_area(
                f"{plain(names[model])}, {kind.value}",
                f"compare-prompt-{style}-{kind.value}-{model}",
                book.prompt(style, kind, model),
                edition,
                height=150,
            )
            for model, kind in apart
        }


def prompt_area(label: str, key: str, words: str, edition: Edition, height: int = 220) -> Text:
    """Draw a prompt to be edited for this run, with the way back once it was; return it as it stands.

    A text that nobody touched follows the book; an edited one stays, whatever is saved meanwhile.
    """
    filled = f"{key}-filled"
    before: tuple[str, str] | None = st.session_state.get(filled)
    if before is None or st.session_state.get(key, before[0]) == before[0]:
        fill(key, words, edition.label)
    # The words are its default too, which every run tells the browser. What only the session holds is told once, and
    # is lost when the next press ends that run before it was sent: an empty area, and a prompt of no characters.
    default = st.session_state[filled][0]
    text: str = st.text_area(label, default, height=height, key=key, persist_state="session") or ""
    made_from = st.session_state[filled][1]
    edited = text != st.session_state[filled][0]
    if edited:
        origin = f"version {made_from}" if made_from.isdecimal() else f"the text {made_from}"
        since = "" if made_from == edition.label else f", made from {origin}; the prompts were changed since"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f":material/edit: Edited for this run{plain(since)}.", width="stretch")
            st.button(
                "Reset",
                icon=":material/undo:",
                type="tertiary",
                key=f"{key}-reset",
                on_click=fill,
                args=(key, words, edition.label),
                help="Take the text of the prompt book again.",
            )
    return Text(text, made_from, edited)


def fill(key: str, words: str, label: str) -> None:
    """Have the area show the book's words, and remember which they were."""
    if st.session_state.get(key) != words:
        st.session_state[key] = words
    st.session_state[f"{key}-filled"] = (words, label)
