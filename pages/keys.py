"""API keys: made for programs, shown once, with a role and an end, revoked at once."""

from datetime import UTC, datetime

import streamlit as st

from pages.components.calm import calmly
from pages.components.said import Said
from pages.components.words import counted, moment, plain
from staging.access import Role, acting
from staging.errors import StagingError
from staging.keys import LONGEST_NAME, MOST_DAYS
from staging.lab import Lab, current
from staging.store import ApiKey

SAID = Said("keys-said")
"""What the last act on a key came to."""
MADE = "keys-made"
"""Where the session keeps a new key from the press that makes it to the page that shows it, and no longer."""
FIRST_DAYS = 90


def show_new_key() -> None:
    """Draw the key that was made by the last press: no later look at the page has it."""
    made: tuple[str, str] | None = st.session_state.pop(MADE, None)
    if made is None:
        return
    name, token = made
    st.warning(
        f"This is the key {plain(name)}. Copy it now: it is shown this once, and nobody can look it up later.",
        icon=":material/key:",
    )
    st.code(token, language=None, wrap_lines=True)


def show_making(lab: Lab) -> None:
    """Draw the form that makes a key."""
    with st.form("keys-new", enter_to_submit=False), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name", key="keys-name", max_chars=LONGEST_NAME, placeholder="staging-service")
        st.selectbox("Role", list(Role), 1, format_func=str, key="keys-role", width=160)
        st.number_input("Days until it ends", 1, MOST_DAYS, FIRST_DAYS, key="keys-days", width=160)
        st.form_submit_button(
            "Make key", icon=":material/key:", type="primary", key="keys-make", on_click=make, args=(lab,)
        )


@calmly
def make(lab: Lab) -> None:
    """Make the key that was described. A callback."""
    try:
        made = lab.keys.make(
            acting(), st.session_state["keys-name"] or "", st.session_state["keys-role"], st.session_state["keys-days"]
        )
    except StagingError as error:
        SAID.refused(str(error))
        return
    st.session_state[MADE] = (made.key.name, made.token)
    st.session_state["keys-name"] = ""


@calmly
def revoke(lab: Lab, key: ApiKey) -> None:
    """End the key. A callback."""
    try:
        lab.keys.revoke(acting(), key.id)
    except StagingError as error:
        SAID.refused(str(error))
    else:
        SAID.done(f"{key.name} is revoked: its next request is refused.")


def show_keys(lab: Lab, keys: list[ApiKey]) -> None:
    """Draw the keys that are in force, each with the way to end it."""
    zone = st.context.timezone
    for key in keys:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"keys-{key.id}"):
            used = f"last used {moment(key.used_at, zone)}" if key.used_at else "never used"
            ends = f"ends {moment(key.expires_at, zone)}"
            st.markdown(
                f"**{plain(key.name)}** :small[{plain(f'{key.role}, {ends}, {used}, made by {key.made_by}')}]",
                width="stretch",
            )
            st.button(
                "Revoke",
                icon=":material/key_off:",
                help=f"Refuse {plain(key.name)} from now on",
                key=f"keys-revoke-{key.id}",
                type="tertiary",
                on_click=revoke,
                args=(lab, key),
            )


def show_gone(keys: list[ApiKey]) -> None:
    """Draw the keys that let nobody in any more."""
    if not keys:
        return
    zone = st.context.timezone
    with st.expander(f"{counted(len(keys), 'key')} no longer in force", icon=":material/key_off:"):
        for key in keys:
            end = (
                f"revoked {moment(key.revoked_at, zone)} by {key.revoked_by}"
                if key.revoked_at
                else f"ended {moment(key.expires_at, zone)}"
            )
            st.markdown(f"{plain(key.name)} :small[{plain(f'{key.role}, {end}')}]")


def show(lab: Lab) -> None:
    """Draw the page."""
    st.markdown(  # a caption is too faint for a link
        "A program sends its key as Authorization: Bearer, and may do what its role may. What can be asked for is at "
        "[/admin/docs](/admin/docs)."
    )
    SAID.show()
    show_new_key()
    keys, now = lab.keys.list(), datetime.now(UTC)
    in_force = [key for key in keys if key.in_force(now)]
    if not in_force:
        st.info("No key is in force: no program can use the API. Make the first key below.")
    show_keys(lab, in_force)
    show_making(lab)
    show_gone([key for key in keys if key not in in_force])


show(current())
