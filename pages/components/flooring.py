"""The floor of a room that the offline stager could not measure, outlined by four clicks."""

from datetime import UTC, datetime

import streamlit as st

from pages.components.floor import outline_floor
from pages.components.picker import Picture
from staging.access import Permission, person
from staging.images import PictureKind
from staging.lab import Lab
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
        kind = PictureKind.VIEW if lab.pictures.here(room.digest, PictureKind.VIEW) else PictureKind.THUMBNAIL
        picture = Picture(lab.pictures.url(room.digest, kind), room.width, room.height, "The room")
        corners = outline_floor(picture, known, key=f"floor-{room.digest}")
        with st.container(horizontal=True):
            kept = st.button(
                "Save the floor",
                icon=":material/check:",
                disabled=len(corners) != 4 or corners == known,
                key=f"floor-save-{room.digest}",
            )
            forgotten = known and st.button("Forget it", icon=":material/close:", key=f"floor-forget-{room.digest}")
        if kept or forgotten:
            chosen = corners if kept else ()
            lab.floors.keep(room.digest, chosen, person(Permission.RUN), datetime.now(UTC))
            if forgotten:
                st.session_state.pop(f"floor-{room.digest}-corners", None)
            st.toast("The floor is kept with the room." if kept else "The floor is measured from the photo again.")
            st.rerun(scope="fragment")
