"""Who acts on the page, asked anew at every run and every act, and whether the page is still theirs to open."""

import streamlit as st

from pages.components.words import plain
from staging.access import PAGE, Actor, acting
from staging.access_pages import open_page
from staging.errors import SignInNeeded, Stranger
from staging.lab import Lab, current

_OPEN = "acting-page"


def who() -> Actor:
    """Return who acts in this session at this moment.

    SignInNeeded when nobody is signed in, Stranger when the person has no role.
    """
    people = current().people
    if not people.sign_in:
        return people.actor(None, PAGE)
    claims = st.user.to_dict()
    return people.actor(claims if claims.get("is_logged_in") is True else None, PAGE)


def arrive(page: str) -> None:
    """Remember that the session is on the page (its file, without ending) from now."""
    st.session_state[_OPEN] = page


def stay() -> None:
    """Return while the actor may open the page that the session is on; NotAllowed otherwise.

    A fragment asks too: it runs without its page.
    """
    page = st.session_state.get(_OPEN)
    if page is not None:
        open_page(acting(), page)


def show_sign_in(needed: SignInNeeded) -> None:
    """Draw the page of somebody who is not signed in."""
    st.title("Staging Lab", anchor=False)
    st.markdown(plain(str(needed)))
    st.button("Sign in", icon=":material/login:", type="primary", key="sign-in", on_click=st.login)


def show_stranger(lab: Lab, stranger: Stranger) -> None:
    """Draw the page of somebody who is signed in and has no role: who they are, and whom to ask."""
    st.title("Staging Lab", anchor=False)
    st.warning(plain(str(stranger)), icon=":material/person_off:")
    email = st.user.to_dict().get("email")
    ask = lab.people.whom_to_ask(email.strip().lower()) if isinstance(email, str) else []
    st.markdown(
        f"Ask an admin to add you: {', '.join(plain(one) for one in ask)}."
        if ask
        else "Ask the person who gave you this address to have you added."
    )
    st.button("Sign out", icon=":material/logout:", key="sign-out", on_click=st.logout)


def show_signed_in(actor: Actor) -> None:
    """Draw who is signed in, and the way out; nothing without sign-in."""
    if not current().people.sign_in:
        return
    with st.popover(plain(actor.name), icon=":material/person:", type="tertiary", key="signed-in"):
        st.markdown(f"Signed in as **{plain(actor.name)}**, {actor.role.with_article}.")
        st.button("Sign out", icon=":material/logout:", key="sign-out", on_click=st.logout)
