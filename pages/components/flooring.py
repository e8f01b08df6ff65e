"""The floor of a room that the offline stager could not measure, outlined by four clicks."""

from collections.abc import Mapping
from datetime import UTC, datetime

import streamlit as st

from pages.components.addresses import FLOOR, go, let_go
from pages.components.calm import calmly
from pages.components.finishing import expect_end_of
from pages.components.floor import outline_floor
from pages.components.picker import Picture
from pages.components.words import plain
from staging.access import Permission, person
from staging.desk import ComparisonView
from staging.errors import Refusal
from staging.images import PictureKind
from staging.lab import Lab
from staging.predictions import State
from staging.rooms import Room


def floor_of(lab: Lab, room: Room) -> None:
    """Draw the room's photo to click its floor's corners on; they are kept with the room at once when saved."""
    known = lab.floors.get(room.digest)
    with st.expander("Floor for offline furnishing", icon=":material/crop_free:"):
        if known:
            st.badge("Outlined: used from now on", icon=":material/check:", color="green")
        st.caption(
            "`offline/furnish` finds the floor by itself in most photos. Where it says that it could not, click the "
            "floor's four corners here: from then on it uses them."
        )
        kept = _outlined(lab, room, "Save the floor", "Forget it" if known else "")
        if kept is not None:
            st.toast("The floor is kept with the room." if kept else "The floor is measured from the photo again.")
            st.rerun(scope="fragment")


def ask_for_floors(lab: Lab, seen: ComparisonView) -> None:
    """Draw, for each room of the comparison that the stager gave up on for its floor, the way to outline it."""
    wanted = _wanted(seen)
    for room in lab.store.rooms.of(wanted).values() if wanted else ():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/crop_free: {plain(f'Where is the floor of {room.name}?')}", width="content")
            if st.button("Outline it and try again", key=f"ask-floor-{room.digest}"):
                go(st.query_params.to_dict() | {FLOOR: room.digest})


def open_floor(lab: Lab, comparison_id: str) -> None:
    """Show the floor's photo that the address names, until it is saved or the dialog is closed."""

    @st.dialog("Where is the floor?", width="large", on_dismiss=_close_floor)
    @calmly
    def show() -> None:
        if FLOOR not in st.query_params:
            st.rerun()
        room_digest = st.query_params[FLOOR]
        asking = _wanted(lab.desk.look(comparison_id)).get(room_digest)
        if asking is None:
            st.info(
                "This comparison does not ask for this floor, or no longer. Close this and go on; the floor of any "
                "room is outlined on the Rooms page."
            )
            return
        room = lab.store.rooms.get(room_digest)
        st.caption("The offline stager could not tell. What you say is kept with the room, and used from now on.")
        if _outlined(lab, room, "Save and try again", ""):
            for prediction_id in asking:
                lab.desk.retry(prediction_id, person(Permission.RUN))
            expect_end_of(comparison_id)
            _close_floor()
            st.rerun()

    show()


def _wanted(seen: ComparisonView) -> Mapping[str, list[str]]:
    """Return the predictions whose last try asks for a floor, by their room's digest."""
    wanted: dict[str, list[str]] = {}
    for (room, _, _), cell in seen.cells.items():
        now = cell.prediction
        if now.state is State.FAILED and now.error_kind == Refusal.FLOOR:
            wanted.setdefault(room, []).append(now.prediction.id)
    return wanted


def _close_floor() -> None:
    let_go()
    st.query_params.pop(FLOOR, None)


def _outlined(lab: Lab, room: Room, save: str, forget: str) -> bool | None:
    """Draw the photo and its buttons; return True when a floor was kept just now, False when it was forgotten."""
    known = lab.floors.get(room.digest)
    kind = PictureKind.VIEW if lab.pictures.here(room.digest, PictureKind.VIEW) else PictureKind.THUMBNAIL
    picture = Picture(lab.pictures.url(room.digest, kind), room.width, room.height, "The room")
    corners = outline_floor(picture, known, key=f"floor-{room.digest}")
    with st.container(horizontal=True):
        kept = st.button(
            save,
            icon=":material/check:",
            disabled=len(corners) != 4 or corners == known,
            key=f"floor-save-{room.digest}",
        )
        forgotten = forget and st.button(forget, icon=":material/close:", key=f"floor-forget-{room.digest}")
    if not (kept or forgotten):
        return None
    lab.floors.keep(room.digest, corners if kept else (), person(Permission.RUN), datetime.now(UTC))
    if forgotten:
        st.session_state.pop(f"floor-{room.digest}-corners", None)
    return kept
