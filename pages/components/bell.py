"""The bell of every page but Vote: alerts about budgets, whether they were read, and whether they arrived."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import streamlit as st

from pages.components.calm import calmly
from pages.components.words import moment, plain
from staging.access import Permission, person
from staging.alerts import retry_at
from staging.lab import Lab
from staging.store import AlertLine, Delivery, Step

SHOWN = 8
"""How many alerts the bell lists; the Alerts page lists the others."""
TROUBLE = (Step.FAILED, Step.DOUBT, Step.GIVEN_UP)
TROUBLE_FOR = timedelta(days=1)
"""So long a failed delivery of an alert that was read keeps the bell red; the Alerts page shows it for good."""
ALERTS_PAGE = Path(__file__).resolve().parent.parent / "alerts.py"


@st.fragment
@calmly
def bell(lab: Lab) -> None:
    """Draw the bell; what is pressed in it runs nothing else of the page."""
    unread, lines = lab.store.alerts.bell(person(), SHOWN)
    trouble = any(_troubles(line) for line in lines)
    label = f"{unread} new" if unread else "Alerts"
    with st.popover(
        f":red[{label}, not delivered]" if trouble else label,
        icon=":material/notifications_active:" if unread else ":material/notifications:",
        type="tertiary",
        key="bell",
    ):
        if not lines:
            st.markdown("No alerts so far. One comes when a budget reaches a threshold, or will not last at this pace.")
        if unread:
            st.button("Mark all as read", icon=":material/done_all:", key="bell-read", on_click=_read_all, args=(lab,))
        for line in lines:
            st.markdown(alert_words(line))
        st.page_link(ALERTS_PAGE, label="All alerts and channels", icon=":material/notifications:")


def alert_words(line: AlertLine) -> str:
    """Return an alert as Markdown: its sentence, when it was raised, and where it stands at each channel."""
    sentence = sentence_words(line)
    parts = [moment(line.alert.raised_at, st.context.timezone), *(delivery_words(one) for one in line.deliveries)]
    return "  \n".join([sentence if line.read else f"**{sentence}**", *(f":small[{part}]" for part in parts)])


def sentence_words(line: AlertLine) -> str:
    """Return the alert's sentence as Markdown; no line ends between a number and its per cent sign."""
    return plain(line.alert.sentence).replace(" %", "\u00a0%")


def delivery_words(delivery: Delivery) -> str:
    """Return where an alert stands at a channel, as Markdown; in red what a person should look at."""
    channel, reason = plain(delivery.channel), plain(delivery.error)
    match delivery.step:
        case Step.QUEUED:
            return f"{channel}: waiting to be sent"
        case Step.SENDING:
            return f"{channel}: being sent"
        case Step.SENT:
            return f"{channel}: sent"
        case Step.FAILED:
            again = moment(retry_at(delivery), st.context.timezone)
            return f":red[{channel}: not sent. {reason} Next try: {again}.]"
        case Step.DOUBT:
            return f":red[{channel}: in doubt. {reason}]"
        case Step.GIVEN_UP:
            return f":red[{channel}: given up. {reason}]"


def _troubles(line: AlertLine) -> bool:
    lately = datetime.now(UTC) - TROUBLE_FOR
    return any(one.step in TROUBLE and (not line.read or one.happened_at > lately) for one in line.deliveries)


@calmly
def _read_all(lab: Lab) -> None:
    lab.store.alerts.mark_read(person(Permission.SEE_COSTS), datetime.now(UTC))
