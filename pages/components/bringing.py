"""Bring in: a picture that somebody made elsewhere, to stand beside the models'."""

from decimal import Decimal

import streamlit as st

from pages.components.addresses import COMPARISON, go
from pages.components.upload import ENDINGS, MOST_MEGABYTES
from pages.components.words import plain
from staging import externals
from staging.access import Permission, person
from staging.errors import StagingError
from staging.externals import LONGEST_MAKER, Import
from staging.lab import Lab

HERE, NEW = "This comparison", "A new comparison"


def bring_in(lab: Lab, comparison_id: str) -> None:
    """Draw the uploader and its questions; a picture that was taken shows in the grid at once."""
    view = lab.desk.look(comparison_id)
    rooms = {digest: lab.store.rooms.get(digest).name for digest in view.rooms}
    batch = st.session_state.setdefault("bringing-batch", 0)
    st.caption(
        "A picture that a vendor or a person made of one of these rooms. It is kept as received, with all that is in "
        "the file, and can be compared, marked and exported like the others."
    )
    room = st.selectbox("Room", list(rooms), format_func=rooms.__getitem__, key="bringing-room")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        maker = st.text_input(
            "Who made it", max_chars=LONGEST_MAKER, placeholder="Studio or person", key="bringing-maker"
        )
        usd = st.number_input(
            "Price in US dollars",
            min_value=0.0,
            max_value=float(externals.MOST_USD),
            value=None,
            step=1.0,
            format="%.2f",
            placeholder="Not known",
            key="bringing-usd",
        )
    file = st.file_uploader(
        "Picture", type=ENDINGS, max_upload_size=MOST_MEGABYTES, key=f"bringing-file-{batch}", help="One at a time."
    )
    where = st.segmented_control("Into", [HERE, NEW], default=HERE, required=True, key="bringing-where")
    if not st.button("Bring it in", type="primary", icon=":material/add_photo_alternate:", key="bringing-go"):
        return
    if file is None or room is None or not maker.strip():
        st.warning("Choose a picture, and say who made it.")
        return
    price = None if usd is None else Decimal(str(usd))
    piece = Import(file.getvalue(), file.name, room, maker, price)
    try:
        made = externals.bring_in(
            lab.store,
            lab.pictures,
            piece,
            person(Permission.RUN),
            comparison=comparison_id if where == HERE else None,
            name=f"{maker} on {rooms[room]}",
        )
    except StagingError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.session_state["bringing-batch"] = batch + 1  # an emptied uploader: a second press brings in nothing
    st.toast(plain(f"Brought in: {maker} on {rooms[room]}."), icon=":material/check:")
    go(st.query_params.to_dict() | {COMPARISON: made.comparison_id})
