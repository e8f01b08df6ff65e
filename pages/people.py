"""People: who may do what here, added by e-mail address, every change kept."""

from datetime import UTC, datetime

import streamlit as st

from pages.components.calm import calmly
from pages.components.said import Said
from pages.components.words import counted, moment, plain
from staging.access import ROLE_PERMISSIONS, Permission, Role, acting
from staging.errors import StagingError
from staging.lab import Lab, current
from staging.people import BLOCKED, LONGEST_EMAIL, Roster

SAID = Said("people-said")
"""What the last act on a person came to."""
SHOWN = 50
CHOICES = (*(role.value for role in Role), BLOCKED)


def show_roles() -> None:
    """Draw the table of roles."""
    rows = [
        {"": deed.value, **{role.value: "✓" if deed in may else "" for role, may in ROLE_PERMISSIONS.items()}}
        for deed in Permission
    ]
    with st.expander("What each role may do", icon=":material/table:"):
        st.table(rows, hide_index=True)


def show_people(lab: Lab, roster: Roster) -> None:
    """Draw everybody who has a role by name, each with the way to another one."""
    for email in lab.people.admins:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(email)}**", width="stretch")
            st.markdown("admin :small[by STAGING_ADMINS]", width="content")
    for email, role in roster.people.items():
        if email in lab.people.admins:
            continue
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"people-{email}"):
            st.markdown(f"**{plain(email)}**", width="stretch")
            # The version is in the key: what somebody else saved meanwhile is shown, not what was chosen before.
            key = f"people-role-{email}-{roster.version}"
            st.selectbox(
                f"Role of {plain(email)}",
                CHOICES,
                CHOICES.index(role),
                key=key,
                label_visibility="collapsed",
                width=160,
                on_change=change,
                args=(lab, email, key, roster.version),
            )
            st.button(
                "Remove",
                icon=":material/person_remove:",
                help=f"Take {plain(email)} off the list",
                key=f"people-remove-{email}-{roster.version}",
                type="tertiary",
                on_click=remove,
                args=(lab, email, roster.version),
            )
    if not roster.people:
        st.info("Nobody was added here yet. Add the first person below, by the e-mail address they sign in with.")


def show_new(lab: Lab, roster: Roster) -> None:
    """Draw the way to add somebody."""
    with st.form("people-new", enter_to_submit=False), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("E-mail address", key="people-email", max_chars=LONGEST_EMAIL, placeholder="kim@example.com")
        st.selectbox("Role", CHOICES, key="people-role", width=160)
        st.form_submit_button(
            "Add",
            icon=":material/person_add:",
            type="primary",
            key="people-add",
            on_click=add,
            args=(lab, roster.version),
        )


@calmly
def change(lab: Lab, email: str, key: str, follows: int) -> None:
    """Give somebody on the list the role that was chosen. A callback."""
    _keep(lab, email, st.session_state[key], follows)


@calmly
def add(lab: Lab, follows: int) -> None:
    """Put the person who was typed on the list. A callback."""
    email = st.session_state["people-email"] or ""
    if email.strip().lower() in lab.people.roster().people:
        SAID.refused(f"{email.strip()} is on the list already: change the role there.")
    elif _keep(lab, email, st.session_state["people-role"], follows):
        st.session_state["people-email"] = ""


def _keep(lab: Lab, email: str, role: str, follows: int) -> bool:
    try:
        new = None if role == BLOCKED else Role(role)
        lab.people.set(acting(), email, new, datetime.now(UTC), follows=follows)
    except StagingError as error:
        SAID.refused(str(error))
        return False
    SAID.done(f"Saved: {email.strip().lower()} is {'blocked' if new is None else new.with_article}.")
    return True


@calmly
def remove(lab: Lab, email: str, follows: int) -> None:
    """Take somebody off the list. A callback."""
    try:
        lab.people.remove(acting(), email, datetime.now(UTC), follows=follows)
    except StagingError as error:
        SAID.refused(str(error))
    else:
        SAID.done(f"{email} is off the list.")


def show_history(lab: Lab) -> None:
    """Draw what was changed, the newest first."""
    versions = lab.people.versions()
    if not versions:
        return
    with st.expander(f"History: {counted(len(versions), 'change')}", icon=":material/history:"):
        for one in versions[:SHOWN]:
            when = moment(one.written_at, st.context.timezone)
            st.markdown(f"{plain(one.note)} :small[{plain(when)}, by {plain(one.written_by)}]")


def show(lab: Lab) -> None:
    """Draw the page."""
    if lab.people.sign_in:
        st.caption("A change holds from the next thing that the person does.")
    else:
        st.info("No sign-in is set up: one local admin acts on this machine. The roles below hold once there is one.")
    SAID.show()
    roster = lab.people.roster()
    show_people(lab, roster)
    show_new(lab, roster)
    show_roles()
    show_history(lab)


show(current())
