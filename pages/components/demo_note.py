"""The label that demo history bears on every page, and the button that takes it away."""

from datetime import UTC, datetime

import streamlit as st

from staging.access import Actor, Permission, person
from staging.lab import Lab


def demo_note(lab: Lab, actor: Actor) -> None:
    """Say that there is demo history, and offer to remove it to whoever may; draw nothing where there is none."""
    if not lab.demo.here():
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(
            ":material/science: **Demo history.** The pictures are real runs of the offline models, with their real "
            "times and scores; the people whose names begin with “demo:”, their votes and all that they have set up, "
            "the prices and some failures are made up.",
            width="stretch",
        )
        if actor.may(Permission.ADMINISTER) and st.button(
            "Remove the demo", icon=":material/delete_sweep:", key="demo-remove"
        ):
            lab.demo.remove(person(Permission.ADMINISTER), datetime.now(UTC))
            st.toast("The demo history is gone.", icon=":material/check:")
            st.rerun()
