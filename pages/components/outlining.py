"""The doors and windows of one room: outlined over its photo, kept with versions."""

from datetime import UTC, datetime

import streamlit as st

from pages.components.addresses import go
from pages.components.outliner import Photo, outline
from pages.components.words import counted, moment, plain
from staging.access import Permission, person
from staging.errors import StagingError
from staging.images import PictureKind
from staging.lab import Lab
from staging.openings import Outlines
from staging.rooms import Room

OUTLINE = "outline"
"""The query parameter that holds the room whose doors and windows are being outlined."""
SUGGESTED, TURN = "outlining-suggested", "outlining-turn"


def outline_room(lab: Lab, digest: str) -> None:
    """Draw the room's photo with its outlines, to be changed and kept; and the versions there were."""
    room = lab.store.rooms.get(digest)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("All rooms", icon=":material/arrow_back:", key="outlining-back", type="tertiary"):
            address = st.query_params.to_dict()
            address.pop(OUTLINE, None)
            go(address)
        st.subheader(f"Doors and windows of {plain(room.name)}", anchor=False)
    st.caption("Outline them once. From then on a score knows which must still be there, and which furniture blocks.")
    _suggest(lab, room)
    now = lab.openings.get(digest)
    suggested, turn = st.session_state.get(SUGGESTED, {}).get(digest, ()), st.session_state.get(TURN, 0)
    kind = PictureKind.VIEW if lab.pictures.here(digest, PictureKind.VIEW) else PictureKind.ORIGINAL
    photo = Photo(lab.pictures.url(digest, kind), room.width, room.height, f"Room {room.name}")
    # Another version is another key's state in the browser only by its number: what is drawn is not lost.
    drawn = outline(photo, now.openings, now.version, suggested=suggested, turn=turn, key=f"outliner-{digest}")
    if drawn is not None:
        try:
            lab.openings.save(digest, drawn.shapes, person(Permission.RUN), datetime.now(UTC), follows=drawn.version)
        except StagingError as error:
            st.error(plain(str(error)), icon=":material/error:")
        else:
            st.session_state.get(SUGGESTED, {}).pop(digest, None)
            st.toast("Kept with the room.", icon=":material/check:")
            st.rerun()
    _versions(lab, room, now)


def show_outlines(lab: Lab, room: Room, besides: str) -> None:
    """Draw which doors and windows are outlined, and the way to outline them, which leaves `besides` of the address."""
    words = outlined_words(lab.openings.get(room.digest))
    if st.button(f"Doors and windows: {words}", icon=":material/select:", key=f"room-outline-{room.digest}"):
        address = st.query_params.to_dict()
        address.pop(besides, None)
        go(address | {OUTLINE: room.digest})


def _suggest(lab: Lab, room: Room) -> None:
    """Draw the button that asks the detector, and what came of it."""
    if not st.button(
        "Suggest",
        icon=":material/auto_awesome:",
        key="outlining-suggest",
        help="A detector looks for them in the photo; it takes some seconds. You correct what it finds.",
    ):
        return
    person(Permission.RUN)
    with st.spinner("Looking for doors and windows"):
        try:
            found = lab.openings.suggest(room.digest)
        except StagingError as error:
            st.info(plain(str(error)))
            return
    st.session_state[SUGGESTED] = {room.digest: found}
    st.session_state[TURN] = st.session_state.get(TURN, 0) + 1
    st.info(
        f"{counted(len(found), 'outline')} suggested. Correct them, delete what is wrong, then save."
        if found
        else "Nothing was found. Outline the doors and windows by hand."
    )


def _versions(lab: Lab, room: Room, now: Outlines) -> None:
    """Draw who saved what and when, each to be brought back."""
    versions = lab.openings.versions(room.digest)
    if not versions:
        return
    with st.expander(counted(len(versions), "version"), icon=":material/history:"):
        for one in versions:
            with st.container(horizontal=True, vertical_alignment="center"):
                at = moment(one.written_at, st.context.timezone) if one.written_at else ""
                st.markdown(plain(f"{at} by {one.written_by}: {outlined_words(one)}"))
                if one.version != now.version and st.button(
                    "Bring back", key=f"outlining-back-{one.version}", icon=":material/restore:", type="tertiary"
                ):
                    shapes = [{"kind": each.kind, "corners": each.corners} for each in one.openings]
                    lab.openings.save(
                        room.digest, shapes, person(Permission.RUN), datetime.now(UTC), follows=now.version
                    )
                    st.rerun()


def outlined_words(outlines: Outlines) -> str:
    """Return "2 windows, 1 door", or "none outlined"."""
    kinds = [opening.kind for opening in outlines.openings]
    parts = [counted(kinds.count(kind), kind) for kind in ("window", "door") if kind in kinds]
    return ", ".join(parts) or "none outlined"
