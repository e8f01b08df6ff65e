"""Alerts in the ledger: once each, every step of a delivery, what a person has read."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from staging.errors import DeliveryRefused
from staging.store import Alert, AlertKey, Step, Store
from tests.ledgers import NOW, later

KEY = AlertKey("All", "2026-11", "80")
SLACK = "1: Slack"
JSON = "2: JSON"


def alert(kind: str = "80", seconds: float = 0, **facts: Any) -> Alert:
    key = AlertKey(facts.pop("budget", "All"), facts.pop("period", "2026-11"), kind)
    return Alert(key, f"about {key}", Decimal("81.2"), Decimal(100), later(seconds), **facts)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


def test_an_alert_is_raised_once_with_its_deliveries(store: Store) -> None:
    assert store.alerts.raise_once(alert(), [SLACK, JSON])
    assert not store.alerts.raise_once(alert(seconds=5), [SLACK])

    assert store.alerts.raised("All", "2026-11") == (alert(),)
    assert [(one.channel, one.step, one.attempts) for one in store.alerts.deliveries(Step.QUEUED)] == [
        (SLACK, Step.QUEUED, 0),
        (JSON, Step.QUEUED, 0),
    ]


def test_each_kind_period_and_budget_has_its_own(store: Store) -> None:
    for one in (alert(), alert("95"), alert(period="2026-12"), alert(budget="Ada")):
        assert store.alerts.raise_once(one, [])

    assert {one.key.kind for one in store.alerts.raised("All", "2026-11")} == {"80", "95"}


def test_of_many_that_raise_it_at_once_one_does(store: Store) -> None:
    won: list[bool] = []
    together = threading.Barrier(8)

    def race() -> None:
        together.wait()
        won.append(store.alerts.raise_once(alert(), [SLACK]))

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(won) == [False] * 7 + [True]
    assert len(store.alerts.deliveries(*Step)) == 1


def test_it_is_there_after_a_restart(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "ledger.duckdb")
    store.alerts.raise_once(alert(), [SLACK])
    store.alerts.step(KEY, SLACK, Step.SENDING, later(1))
    store.close()

    store = Store.open(tmp_path / "ledger.duckdb")

    assert not store.alerts.raise_once(alert(), [SLACK])
    assert [one.step for one in store.alerts.deliveries(*Step)] == [Step.SENDING]
    store.close()


def test_a_delivery_goes_step_by_step(store: Store) -> None:
    store.alerts.raise_once(alert(), [SLACK])
    for number, step in enumerate((Step.SENDING, Step.FAILED, Step.SENDING, Step.GIVEN_UP), 1):
        store.alerts.step(KEY, SLACK, step, later(number), "why" if step is Step.FAILED else "")

    (delivery,) = store.alerts.deliveries(*Step)
    assert (delivery.step, delivery.attempts, delivery.error, delivery.happened_at) == (Step.GIVEN_UP, 2, "", later(4))

    store.alerts.step(KEY, SLACK, Step.QUEUED, later(5), "Sent again by ada.")
    (delivery,) = store.alerts.deliveries(*Step)
    assert (delivery.step, delivery.attempts, delivery.error) == (Step.QUEUED, 0, "Sent again by ada.")


@pytest.mark.parametrize(
    ("steps", "refused"),
    [
        ([], Step.SENT),
        ([Step.SENDING], Step.SENDING),
        ([Step.SENDING], Step.QUEUED),
        ([Step.SENDING, Step.SENT], Step.SENDING),
        ([Step.SENDING, Step.SENT], Step.QUEUED),
        ([Step.SENDING, Step.DOUBT], Step.SENDING),
        ([Step.SENDING, Step.GIVEN_UP], Step.SENDING),
        ([], Step.QUEUED),
    ],
)
def test_what_cannot_follow_is_refused(store: Store, steps: list[Step], refused: Step) -> None:
    """What is in doubt, given up or sent is never sent again without a person's word."""
    store.alerts.raise_once(alert(), [SLACK])
    for step in steps:
        store.alerts.step(KEY, SLACK, step, NOW)

    with pytest.raises(DeliveryRefused):
        store.alerts.step(KEY, SLACK, refused, NOW)

    (delivery,) = store.alerts.deliveries(*Step)
    assert delivery.step is (steps[-1] if steps else Step.QUEUED)


def test_a_delivery_that_nobody_queued_cannot_be_sent(store: Store) -> None:
    store.alerts.raise_once(alert(), [])

    with pytest.raises(DeliveryRefused, match="not queued"):
        store.alerts.step(KEY, SLACK, Step.SENDING, NOW)


def test_each_person_reads_for_themselves(store: Store) -> None:
    store.alerts.raise_once(alert(), [])
    store.alerts.raise_once(alert("95", 10), [SLACK])
    assert store.alerts.unread("ada") == 2

    store.alerts.mark_read("ada", later(20))
    store.alerts.mark_read("ada", later(30))
    store.alerts.raise_once(alert("100", 40), [])

    assert (store.alerts.unread("ada"), store.alerts.unread("bob")) == (1, 3)
    assert [(line.alert.key.kind, line.read) for line in store.alerts.lines("ada", 10)] == [
        ("100", False),
        ("95", True),
        ("80", True),
    ]


def test_the_last_alerts_come_with_their_own_deliveries(store: Store) -> None:
    for number in range(5):
        store.alerts.raise_once(alert(str(number), number), [JSON, SLACK])
    store.alerts.step(AlertKey("All", "2026-11", "4"), JSON, Step.SENDING, later(9) + timedelta(days=1))

    store.alerts.step(AlertKey("All", "2026-11", "0"), JSON, Step.SENDING, later(9))

    lines = store.alerts.lines("ada", 2)

    assert [line.alert.key.kind for line in lines] == ["4", "3"]
    assert [[(one.channel, one.step) for one in line.deliveries] for line in lines] == [
        [(SLACK, Step.QUEUED), (JSON, Step.SENDING)],
        [(SLACK, Step.QUEUED), (JSON, Step.QUEUED)],
    ]
    assert store.alerts.lines("ada", 0) == ()


def test_sentences_are_found_by_key(store: Store) -> None:
    store.alerts.raise_once(alert(), [])
    store.alerts.raise_once(alert("95"), [])

    assert store.alerts.sentences([KEY]) == {KEY: alert().sentence}


def test_the_bell_is_never_behind(store: Store) -> None:
    """It is kept from run to run; each kind of write makes it new."""
    assert store.alerts.bell("ada", 8) == (0, ())

    store.alerts.raise_once(alert(), [SLACK])
    assert store.alerts.bell("ada", 8).unread == 1
    store.alerts.step(KEY, SLACK, Step.SENDING, later(1))
    assert store.alerts.bell("ada", 8).lines[0].deliveries[0].step is Step.SENDING
    store.alerts.mark_read("ada", later(2))
    assert store.alerts.bell("ada", 8) == (0, store.alerts.lines("ada", 8))
    assert store.alerts.bell("bob", 8).unread == 1


def test_the_bell_asks_nothing_while_nothing_changes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.alerts.raise_once(alert(), [])
    before = store.alerts.bell("ada", 8)
    monkeypatch.delattr(store.alerts, "_ledger")

    assert store.alerts.bell("ada", 8) is before
