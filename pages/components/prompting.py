"""What models are told, as a person chooses it: a style, and a prompt for each room type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.components.words import counted
from staging.lab import Lab
from staging.rooms import Room, RoomType


@dataclass(frozen=True, slots=True)
class PromptChoice:
    """What the next run will tell the models."""

    style: str
    prompts: Mapping[str, str]
    """By room digest."""
    by_model: Mapping[str, Mapping[str, str]]
    """By model, then by room digest: only for models that are told something else."""
    version: str
    """The version of the prompt book that the prompts were made from, even when they were edited since."""


def choose_prompts(lab: Lab, rooms: Sequence[Room], models: Sequence[str]) -> PromptChoice:  # noqa: ARG001
    """Draw the style and one prompt for each room type; return what will be sent."""
    st.subheader("Style and prompt", anchor=False)
    styles = lab.prompts.styles()
    style = st.pills(
        "Style",
        styles,
        default=styles[0],
        required=True,
        key="compare-style",
        format_func=str.capitalize,
        persist_state="session",
        wrap=True,
    )
    style = style if style in styles else styles[0]
    prompts: dict[RoomType, str] = {}
    for kind in dict.fromkeys(room.room_type for room in rooms):
        alike = sum(room.room_type is kind for room in rooms)
        prompts[kind] = (
            st.text_area(
                f"Prompt for {kind.value} ({counted(alike, 'room')}), sent as it stands here",
                lab.prompts.prompt(style, kind),
                height=220,
                key=f"compare-prompt-{style}-{kind.value}",
                persist_state="session",
            )
            or ""
        )
    if not rooms:
        st.caption("The prompt appears here once a room is chosen.")
    told = {room.digest: prompts[room.room_type] for room in rooms}
    return PromptChoice(style, told, {}, f"shipped {lab.prompts.version}")
