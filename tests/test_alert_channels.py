"""Channels: what an address gives, what a receiver may do wrong, and that no secret comes out."""

import logging
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from staging.alerts import Channel, Outcome, open_channels
from staging.errors import SettingsRefused
from staging.store import Step
from tests.alert_receiver import AlertReceiver

ROOT = Path(__file__).resolve().parent.parent


def channel(url: str, deadline_seconds: float = 30.0) -> Channel:
    (opened,) = open_channels([SecretStr(url)], deadline_seconds)
    return opened


@pytest.fixture
def receiver() -> Iterator[AlertReceiver]:
    with AlertReceiver() as receiver:
        yield receiver


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens on, and that nobody else is given."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_channels_are_called_by_position_and_kind() -> None:
    urls = [
        "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
        "mailtos://ada:secret@example.com?to=bob@example.com",
        "jsons://example.com/hook",
    ]

    assert [one.name for one in open_channels([SecretStr(url) for url in urls])] == ["1: Slack", "2: E-Mail", "3: JSON"]


def test_opening_sends_nothing(receiver: AlertReceiver) -> None:
    channel(receiver.url)

    assert receiver.messages == []


@pytest.mark.parametrize(
    "wrong", ["nonsense://CANARY", "slack://CANARY", "json://", "://CANARY", "https://CANARY.example"]
)
def test_an_address_that_is_none_is_named_by_its_place(wrong: str) -> None:
    with pytest.raises(SettingsRefused, match="STAGING_ALERT_URLS cannot be used: address 2 of 2") as refused:
        open_channels([SecretStr("json://127.0.0.1/"), SecretStr(wrong)])

    assert "CANARY" not in str(refused.value)


def test_a_message_arrives_as_it_is(receiver: AlertReceiver) -> None:
    words = "The budget “<b>All</b> <!channel> *x*” has reached 80 %."

    assert channel(receiver.url).send("title", words) == Outcome(Step.SENT)
    assert receiver.messages == [words]


@pytest.mark.parametrize(("status", "said"), [(500, "500 Internal Server Error"), (403, "403 Forbidden"), (599, "599")])
def test_a_refusal_is_told_with_its_number(status: int, said: str) -> None:
    with AlertReceiver(status=status) as receiver:
        assert channel(receiver.url).send("t", "b") == Outcome(Step.FAILED, f"It answered {said}.")


def test_a_refused_connection_is_told(closed_port: int) -> None:
    assert channel(f"json://127.0.0.1:{closed_port}/").send("t", "b") == Outcome(
        Step.FAILED, "The connection was refused."
    )


def test_a_host_that_is_not_found_is_told() -> None:
    assert channel("json://nowhere.invalid/").send("t", "b") == Outcome(
        Step.FAILED, "The host of the address was not found."
    )


def test_a_receiver_that_does_not_answer_leaves_it_in_doubt() -> None:
    with AlertReceiver(hang=True) as receiver:
        outcome = channel(f"{receiver.url}?rto=0.2").send("t", "b")

    assert outcome == Outcome(Step.DOUBT, "No answer came in time: nobody knows if it arrived.")


def test_a_connection_that_breaks_leaves_it_in_doubt() -> None:
    with AlertReceiver(drop=True) as receiver:
        outcome = channel(receiver.url).send("t", "b")

    assert (outcome.step, len(receiver.messages)) == (Step.DOUBT, 1)


def test_a_receiver_that_answers_for_ever_is_not_waited_for() -> None:
    """Every read is answered in time, so only the deadline of the whole ends it."""
    with AlertReceiver(drip=True) as receiver:
        slow = channel(f"{receiver.url}?rto=2", deadline_seconds=0.5)
        before = time.monotonic()

        first, second = slow.send("t", "one"), slow.send("t", "two")

        assert time.monotonic() - before < 10  # the receiver would go on for ever
        assert first.step is Step.DOUBT
        assert second == Outcome(Step.FAILED, "It still waits for the answer to an earlier message.")
        assert receiver.messages == ["one"]


def test_two_messages_at_once_wait_for_each_other(receiver: AlertReceiver) -> None:
    """The test button may be pressed while an alert is on its way."""
    both = channel(receiver.url)
    under_way = threading.Lock()
    overlaps: list[str] = []

    def taken() -> None:
        if not under_way.acquire(blocking=False):
            overlaps.append("two at once")
            return
        threading.Event().wait(0.05)  # as long as the receiver takes
        under_way.release()

    receiver.taken = taken
    outcomes: list[Outcome] = []
    threads = [threading.Thread(target=lambda: outcomes.append(both.send("t", "b"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes == [Outcome(Step.SENT)] * 4
    assert overlaps == []


def test_a_plugin_that_fails_by_itself_is_told_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    def broken(title: str, body: str) -> bool:
        raise RuntimeError("json://user:CANARY@host")

    outcome = Channel("1: JSON", broken, 1.0).send("t", "b")

    assert outcome == Outcome(Step.FAILED, "It could not be sent, for a fault in its plugin.")
    assert "RuntimeError" in caplog.text
    assert "CANARY" not in caplog.text


def test_an_address_asks_for_no_second_try_of_its_own() -> None:
    """`retry` in an address would send again what may have arrived; retries are ours, and in the ledger."""
    with AlertReceiver(status=500) as receiver:
        channel(f"{receiver.url}?retry=3&wait=0").send("t", "b")

    assert len(receiver.messages) == 1


def test_no_secret_of_an_address_is_told(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    canary = "canary" + secrets.token_hex(8)
    caplog.set_level(logging.DEBUG)
    outcomes = []
    for faults in ({"status": 500}, {"drop": True}, {"status": 200}):
        with AlertReceiver(**faults) as receiver:
            url = f"json://{canary}:{canary}@{receiver.host}/{canary}?+X-Token={canary}&rto=2"
            told = channel(url)
            outcomes.append(told.send("t", "b"))
            assert canary in receiver.requests[0]  # the control: it was sent
        assert canary not in told.name
    with pytest.raises(SettingsRefused) as refused:
        open_channels([SecretStr(f"slack://{canary}")])

    out, err = capfd.readouterr()
    assert [one.step for one in outcomes] == [Step.FAILED, Step.DOUBT, Step.SENT]
    assert canary not in "\n".join([caplog.text, out, err, str(refused.value), *(one.reason for one in outcomes)])


def test_without_our_silence_the_secret_would_be_told() -> None:
    """The control: Apprise does log what it is given, so the test above sees something."""
    source = (
        "import logging, sys, warnings\n"
        "warnings.simplefilter('ignore')\n"
        "logging.basicConfig(level=logging.DEBUG)\n"
        "import apprise\n"
        "apprise.Apprise.instantiate('json://127.0.0.1:1/CANARY').notify('b')\n"
    )

    told = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)

    assert "CANARY" in told.stderr


def test_without_an_address_apprise_is_not_imported() -> None:
    source = "import sys, staging.lab, staging.alerts as a; a.open_channels([]); sys.exit('apprise' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", source], cwd=ROOT, check=False).returncode == 0
