"""Rooms: every photo, the samples apart; add, describe, archive, bring back."""

from datetime import UTC, datetime

import streamlit as st

from pages.components import cards
from pages.components.addresses import go, hold_address, let_go
from pages.components.calm import calmly
from pages.components.flooring import floor_of
from pages.components.outlining import OUTLINE, outline_room, show_outlines
from pages.components.picker import pick
from pages.components.upload import upload_rooms
from pages.components.words import counted, moment, plain
from staging.access import Permission, person
from staging.images import PictureKind
from staging.lab import Lab, current
from staging.rooms import Room, RoomType

ROOM = "room"
"""The query parameter that holds the room being described."""


def show_rooms(lab: Lab) -> None:
    """Draw the uploader, the filters and the rooms; pressing one opens it."""
    with st.expander("Add rooms", icon=":material/add_photo_alternate:", expanded=not lab.store.rooms.list()):
        upload_rooms(lab, key="rooms-upload")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Search", type="search", placeholder="Name, project or note", key="rooms-search", bind="query-params"
        )
        kind = st.selectbox(
            "Room type",
            list(RoomType),
            index=None,
            placeholder="Any",
            key="rooms-type",
            format_func=lambda one: one.value.capitalize(),
        )
        project = st.selectbox("Project", lab.projects.names(), index=None, placeholder="Any", key="rooms-project")
        archived = st.toggle("Archived", key="rooms-archived")
    rooms = [
        room
        for room in lab.store.rooms.list(archived=archived, project=project, room_type=kind)
        if (words or "").casefold() in f"{room.name} {room.project} {room.note}".casefold()
    ]
    if rooms:
        picked = pick(cards.room_groups(rooms, lab.pictures), label="Rooms", key="rooms-cards")
        if picked is not None:
            go(st.query_params.to_dict() | {ROOM: picked})
    elif words or kind or project:
        st.info("No room matches. Take a filter away to see more.")
    elif archived:
        st.info("No room is archived.")
    else:
        st.info("No rooms yet. Add a photo of a room above; then compare models on it on the Compare page.")


def close() -> None:
    """Forget which room was open."""
    let_go()
    st.query_params.pop(ROOM, None)


def open_room(lab: Lab, digest: str) -> None:
    """Open one room to look at, describe, archive or bring back."""

    @st.dialog("Room", width="medium", on_dismiss=close)
    @calmly
    def show() -> None:
        room = lab.store.rooms.get(digest)
        kind = PictureKind.VIEW if lab.pictures.here(digest, PictureKind.VIEW) else PictureKind.THUMBNAIL
        picture = lab.pictures.url(digest, kind)
        st.html(
            f'<img src="{picture}" width="{room.width}" height="{room.height}" alt="The room" '
            'style="width:100%;height:auto;max-height:34vh;object-fit:contain;border-radius:0.5rem">'
        )
        st.markdown(f"**{plain(room.name)}**")
        facts = [f"{room.width} × {room.height} pixels", f"added {moment(room.uploaded_at, st.context.timezone)}"]
        st.caption(" · ".join([*facts, f"by {plain(room.uploaded_by)}"]))
        show_outlines(lab, room, besides=ROOM)
        describe(lab, room)
        floor_of(lab, room)

    show()


def describe(lab: Lab, room: Room) -> None:
    """Draw what people say about the room, to be changed."""
    with st.form(f"room-{room.digest}", border=False):
        kind = st.selectbox(
            "Room type",
            list(RoomType),
            index=list(RoomType).index(room.room_type),
            format_func=lambda one: one.value.capitalize(),
            key=f"room-type-{room.digest}",
        )
        projects = sorted({*lab.projects.names(), *filter(None, [room.project])})
        project = st.selectbox(
            "Project",
            projects,
            index=projects.index(room.project) if room.project in projects else None,
            placeholder="None",
            accept_new_options=True,
            key=f"room-project-{room.digest}",
        )
        note = st.text_area("Note", room.note, max_chars=2000, key=f"room-note-{room.digest}")
        with st.container(horizontal=True):
            saved = st.form_submit_button("Save", type="primary", icon=":material/check:")
            moved = st.form_submit_button(
                "Bring back" if room.archived else "Archive",
                icon=":material/unarchive:" if room.archived else ":material/archive:",
            )
    now = datetime.now(UTC)
    if saved:
        lab.store.rooms.describe(
            room.digest,
            room_type=kind or room.room_type,
            project=(project or "").strip(),
            note=(note or "").strip(),
            by=person(Permission.RUN),
            at=now,
        )
    if moved:
        (lab.store.rooms.restore if room.archived else lab.store.rooms.archive)(
            room.digest, person(Permission.RUN), now
        )
    if saved or moved:
        close()
        st.rerun()


lab = current()
if OUTLINE in st.query_params:
    outline_room(lab, st.query_params[OUTLINE])
else:
    everything = lab.store.rooms.list()
    samples = sum(room.sample for room in everything)
    st.caption(f"{counted(len(everything) - samples, 'room')} of yours and {counted(samples, 'sample room')}.")
    show_rooms(lab)
hold_address()
if ROOM in st.query_params:
    open_room(lab, st.query_params[ROOM])
