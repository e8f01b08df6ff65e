"""What a comparison is made of, as a person chooses it: rooms and models."""

from datetime import UTC, datetime

import streamlit as st

from pages.components import cards
from pages.components.parameters import adjust, changed_words, remember_begins
from pages.components.picker import add_choice, choose
from pages.components.saved_sets import saved_sets
from pages.components.upload import upload_rooms
from pages.components.words import day
from staging.lab import Lab
from staging.registry import Capability, ModelID
from staging.rooms import Room


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
        zone = st.context.timezone
        chosen = choose(
            cards.room_groups(rooms, lab.pictures, zone),
            label="Rooms",
            key="compare-rooms",
            preset=[first.digest],
            filters=cards.room_filters(rooms, day(datetime.now(UTC), zone)),
        )
    by_digest = {room.digest: room for room in rooms}
    return [by_digest[digest] for digest in chosen]


def choose_models(lab: Lab) -> list[str]:
    """Draw the models, their saved sets and parameters; return the chosen ones, the offline baselines at first."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Models", anchor=False, width="stretch")
        sets = st.container(width="content")
    offers = [offer for offer in lab.desk.models() if offer.enabled]
    remember_begins({offer.spec.id.value: offer.parameters for offer in offers})
    ready = [one.spec for one in offers if one.available and Capability.OFFLINE in one.spec.capabilities]
    preset = [spec.id.value for spec in ready if spec.id is not ModelID.OFFLINE_TONE]  # it furnishes nothing
    models = choose(
        cards.model_groups(offers, lab.store.history.of_models(), changed_words(lab)),
        label="Models",
        key="compare-models",
        preset=preset,
        filters=cards.model_filters(offers),
    )
    with sets:
        saved_sets(lab, models, picker="compare-models")
    adjust(lab, models)
    return models
