"""Four corners of a floor, clicked over the photo of a room."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from pages.components.assets import component
from pages.components.picker import Picture
from staging.floors import Corners

_FLOOR = component(Path(__file__).parent, '<div class="floor"></div>')


def outline_floor(picture: Picture, corners: Sequence[tuple[float, float]], *, key: str) -> Corners:
    """Return the corners as they were last put, as shares of the picture: fewer than four while they are being put.

    `corners` are those that the room has. What is put lives in the session under the key until the page is left.
    """
    st.session_state.setdefault(f"{key}-corners", [list(point) for point in corners])

    def remember() -> None:
        st.session_state[f"{key}-corners"] = list(st.session_state[key]["corners"] or [])

    _FLOOR(
        key=key,
        data={
            "url": picture.url,
            "width": picture.width,
            "height": picture.height,
            "alt": picture.alt,
            "corners": st.session_state[f"{key}-corners"],
        },
        on_corners_change=remember,
    )
    return tuple((float(x), float(y)) for x, y in st.session_state[f"{key}-corners"])
