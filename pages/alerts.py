"""Alerts: the channels they are sent by, what did not arrive, and everything that was raised."""

import streamlit as st

from pages.components.bell import TROUBLE, delivery_words, sentence_words
from pages.components.calm import calmly
from pages.components.words import counted, plain
from staging.access import Permission, person
from staging.alerts import SYNTAX
from staging.lab import Lab, current
from staging.store import AlertLine, Delivery, Step

MOST = 500
MOST_TROUBLE = 20
LOOK_EVERY = "2s"
EXAMPLES = """\
# Slack, by an incoming webhook
export STAGING_ALERT_URLS="https://hooks.slack.com/services/T…/B…/…"
# several, with spaces between: e-mail by your own account, and a webhook that is given JSON
export STAGING_ALERT_URLS="mailtos://you:password@smtp.example.com?to=boss@example.com jsons://example.com/hook"
make run"""


def show_channels(lab: Lab) -> None:
    """Draw each channel with its test, or how to set one up."""
    st.subheader("Channels", anchor=False)
    if not lab.alerts.channels:
        st.info(
            "Alerts are shown in the bell only. To have them sent too, set STAGING\\_ALERT\\_URLS in the environment "
            f"and start the app again. [How each kind of address is written]({SYNTAX})",
            icon=":material/notifications:",
        )
        st.code(EXAMPLES, language=None, wrap_lines=True)
        return
    for channel in lab.alerts.channels:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(channel.name)}**", width="content")
            if st.button("Send a test", icon=":material/send:", key=f"alerts-test-{channel.name}"):
                with st.spinner("Sending…"):
                    outcome = lab.alerts.test(channel.name, person(Permission.EDIT_BUDGETS))
                if outcome.step is Step.SENT:
                    st.success("Sent. Look whether it is there.", icon=":material/check_circle:")
                else:
                    st.error(plain(outcome.reason), icon=":material/error:")


def show_trouble(lab: Lab, lines: tuple[AlertLine, ...]) -> None:
    """Draw what did not arrive, or may not have, each with a way to send it again."""
    troubled = [(line, one) for line in lines for one in line.deliveries if one.step in TROUBLE]
    if not troubled:
        return
    st.subheader("Not delivered", anchor=False)
    names = {channel.name for channel in lab.alerts.channels}
    for line, delivery in troubled[:MOST_TROUBLE]:
        with st.container(border=True):
            st.markdown(f"{sentence_words(line)}  \n{delivery_words(delivery)}")
            if delivery.channel in names:
                st.button(
                    "Send again" if delivery.step is not Step.FAILED else "Send now",
                    icon=":material/replay:",
                    key=f"alerts-again-{'-'.join(delivery.alert)}-{delivery.channel}",
                    help="It may arrive a second time." if delivery.step is Step.DOUBT else None,
                    on_click=_send_again,
                    args=(lab, delivery),
                )
    if len(troubled) > MOST_TROUBLE:
        st.caption(f"And {counted(len(troubled) - MOST_TROUBLE, 'older one')}, in the list below.")


@calmly
def _send_again(lab: Lab, delivery: Delivery) -> None:
    lab.alerts.send_again(delivery.alert, delivery.channel, person(Permission.EDIT_BUDGETS))


def show_log(lines: tuple[AlertLine, ...]) -> None:
    """Draw every alert, the newest first."""
    st.subheader("All alerts", anchor=False)
    if not lines:
        st.info(
            "No alerts so far. One comes when a budget reaches a threshold, or will not last at this pace.",
            icon=":material/notifications:",
        )
        return
    rows = [
        {
            "Raised": line.alert.raised_at,
            "Alert": line.alert.sentence,
            "Budget": line.alert.key.budget,
            "Period": line.alert.key.period,
            "Deliveries": ", ".join(f"{one.channel}: {one.step}" for one in line.deliveries),
        }
        for line in lines
    ]
    st.dataframe(
        rows,
        hide_index=True,
        key="alerts-log",
        column_config={
            "Raised": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", timezone=st.context.timezone)
        },
    )
    if len(lines) == MOST:
        st.caption(f"The last {counted(MOST, 'alert')}.")


def show(lab: Lab) -> None:
    """Draw the page; what is on its way is looked at again until it has arrived."""
    show_channels(lab)
    under_way = lab.store.alerts.deliveries(Step.QUEUED, Step.SENDING)

    @st.fragment(run_every=LOOK_EVERY if under_way else None)
    @calmly
    def deliveries() -> None:
        lines = lab.store.alerts.lines(person(), MOST)
        show_trouble(lab, lines)
        show_log(lines)
        if under_way and not lab.store.alerts.deliveries(Step.QUEUED, Step.SENDING):
            st.rerun()  # everything has come to its end: the timer too

    deliveries()


show(current())
