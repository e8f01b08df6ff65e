"""The label that demo history bears on every page, and the button that takes it away."""

from datetime import UTC, datetime

import streamlit as st

from pages.components.calm import calmly
from staging.access import Actor, Permission, person
from staging.lab import Lab

GONE = "demo-gone"
"""Where the session keeps, from the press to the page that follows it, that the demo was removed."""


def demo_note(lab: Lab, actor: Actor) -> None:
    """Say that there is demo history, and offer to remove it to whoever may; draw nothing where there is none."""
    if st.session_state.pop(GONE, False):
        st.toast("The demo history is gone.", icon=":material/check:")
    if not lab.demo.here():
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(
            ":material/science: **Demo history.** Pictures, run times and scores are real, of the offline models; the "
            "people whose names begin with “demo:”, all that they do, and prices are made up.",
            width="stretch",
        )
        if actor.may(Permission.ADMINISTER):
            st.button(
                "Remove the demo",
                icon=":material/delete_sweep:",
                key="demo-remove",
                on_click=remove,
                args=(lab,),
            )


@calmly
def remove(lab: Lab) -> None:
    """Take the demo away. A callback: what is said in a run that is begun anew at once is never seen."""
    lab.demo.remove(person(Permission.ADMINISTER), datetime.now(UTC))
    st.session_state[GONE] = True
