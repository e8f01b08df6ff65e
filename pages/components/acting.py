"""Who acts on the page, asked anew at every run and every act, and whether the page is still theirs to open."""

import streamlit as st

from staging.access import LOCAL_PERSON, PAGE, Actor, Role, acting
from staging.access_pages import open_page

_OPEN = "acting-page"


def who() -> Actor:
    """Return who acts in this session at this moment; NotAllowed when it is nobody."""
    return Actor(LOCAL_PERSON, Role.ADMIN, PAGE)


def enter(page: str) -> None:
    """Return when the actor may open the page (its file, without ending), which the session is on from now."""
    st.session_state[_OPEN] = page
    open_page(acting(), page)


def stay() -> None:
    """Return while the actor may still open the page that the session is on: a fragment runs without its page."""
    page = st.session_state.get(_OPEN)
    if page is not None:
        open_page(acting(), page)
