"""The bell and the Alerts page: what is new, what did not arrive, tests and second tries."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr
from streamlit.testing.v1 import AppTest

from staging import lab as labs
from staging.lab import Lab
from staging.store import Alert, AlertKey, Step
from tests.alert_receiver import AlertReceiver
from tests.labs import lab_at, wait_for
from tests.screens import SCRIPT, visit, words

JSON = "1: JSON"
KEY = AlertKey("All", "2026-11", "80")


@pytest.fixture
def receiver() -> Iterator[AlertReceiver]:
    with AlertReceiver() as receiver:
        yield receiver


@pytest.fixture
def sending_lab(first_folder: Path, tmp_path: Path, receiver: AlertReceiver) -> Iterator[Lab]:
    """A lab with one channel, whose address holds a secret."""
    shutil.copytree(first_folder, tmp_path / "data")
    url = SecretStr(f"json://user:canary7c1@{receiver.host}/canary7c1")
    with lab_at(tmp_path / "data", alert_urls=(url,)) as lab:
        labs.set_current(lab)
        yield lab
        labs.set_current(None)


def raise_one(lab: Lab, *channels: str, key: AlertKey = KEY, sentence: str = "The budget has reached 80 %.") -> None:
    lab.store.alerts.raise_once(Alert(key, sentence, Decimal(81), Decimal(100), datetime.now(UTC)), channels)


def stands(lab: Lab, *steps: Step, reason: str = "", ago: timedelta = timedelta(0)) -> None:
    """Take the alert to these steps at a channel that no thread carries."""
    for step in steps:
        at = datetime.now(UTC) - ago
        lab.store.alerts.step(KEY, "9: Slack", step, at, reason if step is steps[-1] else "")


def label(screen: AppTest) -> str:
    return str(screen.get_by_key("bell").proto.popover.label)


def test_a_bell_without_alerts_says_what_brings_one(first_lab: Lab) -> None:
    screen = visit()

    assert label(screen) == "Alerts"
    assert "No alerts so far." in words(screen)


def test_the_bell_counts_what_is_new_until_it_is_read(first_lab: Lab) -> None:
    raise_one(first_lab)
    raise_one(first_lab, key=AlertKey("All", "2026-11", "95"), sentence="The budget has reached 95 %.")

    screen = visit()
    assert label(screen) == "2 new"
    assert words(screen).index("95\u00a0%") < words(screen).index("80\u00a0%")
    assert "**The budget has reached 95\u00a0%" in words(screen)

    screen.button(key="bell-read").click().run()
    assert label(screen) == "Alerts"
    assert "**The budget" not in words(screen)
    assert label(visit("rooms")) == "Alerts"


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ((Step.SENDING, Step.FAILED), "9: Slack: not sent. It answered 500. Next try:"),
        ((Step.SENDING, Step.DOUBT), "9: Slack: in doubt. It answered 500."),
        ((Step.SENDING, Step.GIVEN_UP), "9: Slack: given up. It answered 500."),
    ],
)
def test_what_did_not_arrive_is_red_in_the_bell(first_lab: Lab, steps: tuple[Step, ...], told: str) -> None:
    raise_one(first_lab, "9: Slack")
    stands(first_lab, *steps, reason="It answered 500.")

    screen = visit()

    assert label(screen) == ":red[1 new, not delivered]"
    assert f":red[{told}" in words(screen).replace("\\", "").replace("\u2060", "")


@pytest.mark.parametrize(("ago", "red"), [(timedelta(hours=23), True), (timedelta(hours=25), False)])
def test_a_failure_of_what_was_read_stays_red_for_a_day(first_lab: Lab, ago: timedelta, red: bool) -> None:
    at = datetime.now(UTC) - timedelta(days=2)
    first_lab.store.alerts.raise_once(Alert(KEY, "told", Decimal(81), Decimal(100), at), ["9: Slack"])
    stands(first_lab, Step.SENDING, Step.GIVEN_UP, ago=ago)
    first_lab.store.alerts.mark_read("local", datetime.now(UTC))

    assert label(visit()) == (":red[Alerts, not delivered]" if red else "Alerts")


def test_what_arrived_is_not_red(sending_lab: Lab) -> None:
    raise_one(sending_lab, "9: Slack")
    stands(sending_lab, Step.SENDING, Step.SENT)

    assert label(visit()) == "1 new"


def test_no_name_becomes_markup(first_lab: Lab) -> None:
    raise_one(first_lab, sentence=f"The budget “{SCRIPT}” :red[x] has reached 80 %.")

    for page in ("compare", "alerts"):
        assert SCRIPT not in words(visit(page))
        assert ":red[x]" not in words(visit(page))


def test_without_channels_the_page_says_how_to_set_them_up(first_lab: Lab) -> None:
    screen = visit("alerts")

    (code,) = [code.value for code in screen.code if "STAGING_ALERT_URLS" in code.value]
    assert "hooks.slack.com" in code
    assert "mailtos://" in code
    assert "jsons://" in code
    assert "https://appriseit.com/services/" in words(screen)


def test_a_test_is_sent_and_told(sending_lab: Lab, receiver: AlertReceiver) -> None:
    screen = visit("alerts")
    screen.button(key=f"alerts-test-{JSON}").click().run()

    assert [one.value for one in screen.success] == ["Sent. Look whether it is there."]
    assert receiver.messages == ["This is a test: alerts about budgets arrive here."]

    receiver.status = 403
    screen.button(key=f"alerts-test-{JSON}").click().run()
    assert [one.value.replace("\\", "") for one in screen.error] == ["It answered 403 Forbidden."]
    assert "canary7c1" not in str(screen)


def test_what_is_in_doubt_is_sent_again_by_a_press(sending_lab: Lab, receiver: AlertReceiver) -> None:
    receiver.drop = True
    raise_one(sending_lab, JSON)
    sending_lab.alerts._call()
    wait_for(lambda: bool(sending_lab.store.alerts.deliveries(Step.DOUBT)))
    receiver.drop = False

    screen = visit("alerts")
    assert "in doubt. The connection broke" in words(screen).replace("\\", "")
    screen.button(key=f"alerts-again-{'-'.join(KEY)}-{JSON}").click().run()
    wait_for(lambda: bool(sending_lab.store.alerts.deliveries(Step.SENT)))

    assert len(receiver.messages) == 2
    assert "Not delivered" not in words(visit("alerts"))


def test_what_went_by_a_channel_that_is_gone_cannot_be_sent_again(sending_lab: Lab) -> None:
    raise_one(sending_lab, "9: Slack")
    stands(sending_lab, Step.SENDING, Step.DOUBT)

    screen = visit("alerts")

    assert "in doubt" in words(screen)
    assert not [button for button in screen.button if "again" in str(button.key)]


def test_of_many_that_did_not_arrive_the_newest_stand_apart(sending_lab: Lab) -> None:
    for number in range(23):
        key = AlertKey("All", f"2026-11-{number + 1:02}", "80")
        raise_one(sending_lab, "9: Slack", key=key)
        for step in (Step.SENDING, Step.GIVEN_UP):
            sending_lab.store.alerts.step(key, "9: Slack", step, datetime.now(UTC), "It answered 500.")

    drawn = words(visit("alerts"))

    assert "And 3 older ones, in the list below." in drawn
    assert drawn.count("given up") == 20 + 8  # here, and in the bell


def test_the_log_tells_every_alert_and_delivery(sending_lab: Lab) -> None:
    raise_one(sending_lab, "9: Slack")
    stands(sending_lab, Step.SENDING, Step.SENT)

    (row,) = visit("alerts").dataframe[0].value.to_dict("records")

    assert (row["Budget"], row["Period"], row["Alert"]) == ("All", "2026-11", "The budget has reached 80 %.")
    assert row["Deliveries"] == "9: Slack: sent"
