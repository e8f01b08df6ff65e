"""Settings of health and notifications: how the lab is, and by which channels it tells."""

from pathlib import Path

import streamlit as st

from pages.components.calm import calm
from pages.components.words import plain
from staging.access import Permission, person
from staging.health import Sign, last_verified, reach, signs, verify_now
from staging.lab import Lab

REACHED = "settings-reached"
SHOWN = 50
ALERTS = Path(__file__).resolve().parent.parent / "alerts.py"


def show_health(lab: Lab) -> None:
    """Draw what runs, what waits and how much room is left, and the two looks that take longer."""
    with st.container(horizontal=True):
        if st.button("Look again", icon=":material/refresh:", key="settings-health-again"):
            st.session_state.pop(REACHED, None)
        asked = st.button("Ask the provider", icon=":material/cloud_sync:", key="settings-health-reach")
        verified = st.button(
            "Verify now",
            icon=":material/fact_check:",
            key="settings-health-verify",
            help="Every digest and total is derived again; it takes a while where there are many pictures.",
        )
    with calm():
        if asked:
            with st.spinner("Asking…"):
                person(Permission.ADMINISTER)
                st.session_state[REACHED] = reach(lab)
        if verified:
            with st.spinner("Verifying…"):
                person(Permission.ADMINISTER)
                verify_now(lab)
    reached: Sign = st.session_state.get(REACHED) or Sign("Replicate", "not asked yet: press Ask the provider")
    rows = [*signs(lab), reached]
    st.table(
        {
            "What": [plain(one.about) for one in rows],
            "How it is": [f"{'' if one.fine else ':material/error: '}{plain(one.said)}" for one in rows],
        },
        border="horizontal",
        alt="How the lab is",
    )
    last = last_verified(lab)
    if last is not None and last.found.differences:
        with st.expander("What differs", icon=":material/error:", key="settings-differences"):
            for sentence in last.found.differences[:SHOWN]:
                st.markdown(f"- {plain(sentence)}")
            if len(last.found.differences) > SHOWN:
                st.caption(f"And {len(last.found.differences) - SHOWN} more: run python -m staging verify.")


def show_notifications(lab: Lab) -> None:
    """Draw by which channels alerts are sent, and the way to the page that tests them."""
    channels = [channel.name for channel in lab.alerts.channels]
    if channels:
        st.markdown("Alerts about budgets are shown in the bell, and sent by:")
        st.markdown("\n".join(f"- {plain(name)}" for name in channels))
    else:
        st.markdown("Alerts about budgets are shown in the bell only; no channel is set up.")
    st.caption(
        "Addresses are secrets, so they come from the environment (STAGING\\_ALERT\\_URLS) and are never shown here. "
        "The Alerts page tests each channel and sends again what did not arrive."
    )
    st.page_link(ALERTS, label="Test the channels on the Alerts page", icon=":material/notifications:")
