"""What a comparison is made of, as a person chooses it: rooms, models, style and prompts."""

import streamlit as st

from pages.components import cards
from pages.components.picker import add_choice, choose
from pages.components.upload import upload_rooms
from pages.components.words import counted
from staging.lab import Lab
from staging.registry import Capability
from staging.rooms import Room, RoomType


def choose_rooms(lab: Lab) -> list[Room]:
    """Draw the rooms and the uploader; return the chosen rooms, a sample at first."""
    st.subheader("Rooms", anchor=False)
    place = st.container()
    added = upload_rooms(lab, key="compare-upload")
    rooms = lab.store.rooms.list()
    if added:
        add_choice("compare-rooms", added)
    with place:
        if not rooms:
            st.info("No rooms yet. Add a photo of a room below, and it will be chosen here.")
            return []
        first = next((room for room in rooms if room.sample), rooms[0])
        chosen = choose(
            cards.room_groups(rooms, lab.pictures), label="Rooms", key="compare-rooms", preset=[first.digest]
        )
    by_digest = {room.digest: room for room in rooms}
    return [by_digest[digest] for digest in chosen]


def choose_models(lab: Lab) -> list[str]:
    """Draw the models; return the chosen ones, the offline baselines at first."""
    st.subheader("Models", anchor=False)
    offers = lab.desk.models()
    preset = [one.spec.id.value for one in offers if one.available and Capability.OFFLINE in one.spec.capabilities]
    return choose(cards.model_groups(offers), label="Models", key="compare-models", preset=preset)


def choose_prompts(lab: Lab, rooms: list[Room]) -> tuple[str, dict[str, str]]:
    """Draw the style and one prompt for each room type; return the style and each room's prompt."""
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
    return style, {room.digest: prompts[room.room_type] for room in rooms}
