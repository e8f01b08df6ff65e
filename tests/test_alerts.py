"""Alerts about budgets: what is due, that it is raised once, and what becomes of it on its way."""

import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from pydantic import SecretStr

from staging.alerts import AlertWatch, Channel, Outcome, open_channels
from staging.alerts.courier import MOST_ATTEMPTS, Courier, retry_at
from staging.alerts.due import FORECAST, due, ends_on, forecast_words, threshold_words
from staging.budgets import Budget, Budgets, Period, Scope, Standing
from staging.errors import BudgetRefused, DeliveryRefused, NotFound
from staging.models import default_registry
from staging.periods import days_of
from staging.store import Alert, AlertKey, Delivery, Step, Store
from tests.alert_receiver import AlertReceiver
from tests.labs import MODEL, lab_at, photo, run_one, wait_for
from tests.ledgers import NOW, succeeded
from tests.replicate_server import ReplicateServer

TODAY = date(2026, 11, 13)
MONTH = Budget("All", Scope.ALL, "", Period.MONTH, Decimal(100), hard=False)


def standing(spent: str = "0", budget: Budget = MONTH, reserved: str = "0", day: date = TODAY) -> Standing:
    days = days_of(budget.period, day)
    return Standing(budget, days.first, days.last, days.name, Decimal(spent), Decimal(reserved))


def nothing_known(budget: Budget, first: date, last: date) -> Sequence[Decimal]:
    """A test double: a lab that never ran anything."""
    return [Decimal(0)] * ((last - first).days + 1)


def daily(usd: str, so_far: str = "0", days: int = 56) -> "list[Decimal]":
    return [Decimal(0)] * (56 - days) + [Decimal(usd)] * days + [Decimal(so_far)]


def kinds(standing: Standing, raised: Sequence[Alert] = ()) -> list[str]:
    return [alert.key.kind for alert in due(standing, raised, nothing_known, TODAY, NOW)]


def raised(standing: Standing, before: Sequence[Alert] = ()) -> list[Alert]:
    return [*before, *due(standing, before, nothing_known, TODAY, NOW)]


# ── thresholds ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("spent", "kind"),
    [("0", None), ("49.999999", None), ("50", "50"), ("79.99", "50"), ("80", "80"), ("95", "95"), ("100", "100"),
     ("250", "100")],
)  # fmt: skip
def test_the_highest_threshold_reached_is_told(spent: str, kind: str | None) -> None:
    assert kinds(standing(spent)) == ([kind] if kind else [])


def test_what_is_reserved_is_not_told() -> None:
    assert kinds(standing("49", reserved="51")) == []


def test_hard_and_soft_budgets_are_told_alike() -> None:
    assert kinds(standing("80", replace(MONTH, hard=True))) == kinds(standing("80")) == ["80"]


def test_each_threshold_is_told_once_and_none_that_was_passed_over() -> None:
    before = raised(standing("80"))

    assert kinds(standing("81"), before) == []
    assert kinds(standing("40"), before) == []  # a bill came out lower
    assert kinds(standing("96"), before) == ["95"]


def test_a_changed_limit_is_told_anew() -> None:
    """What was told stays; a manager who raised the limit wants to hear at 80 % of the new one too."""
    doubled = replace(MONTH, limit_usd=Decimal(200))
    before = raised(standing("81"))

    assert kinds(standing("81", doubled), before) == []
    again = raised(standing("160", doubled), before)
    assert [alert.key.kind for alert in again] == ["80", "80 of 200"]
    assert kinds(standing("161", doubled), again) == []
    assert kinds(standing("81"), again) == []  # back again: what was told for this limit stays told


def test_a_budget_without_thresholds_is_not_told() -> None:
    assert kinds(standing("500", replace(MONTH, thresholds=()))) == []


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (MONTH, "The budget “All” of November has reached 80 %: $81.20 of $100.00 is spent."),
        (replace(MONTH, period=Period.WEEK), "The budget “All” of the week from 9 November has reached 80 %"),
        (replace(MONTH, period=Period.DAY), "The budget “All” of 13 November has reached 80 %"),
        (replace(MONTH, period=Period.TOTAL), "The budget “All” has reached 80 %"),
    ],
)
def test_the_sentence_names_budget_period_and_money(budget: Budget, words: str) -> None:
    assert threshold_words(standing("81.2", budget), 80).startswith(words)


def test_a_hard_budget_that_is_spent_says_what_follows() -> None:
    assert "is not started" in threshold_words(standing("100", replace(MONTH, hard=True)), 100)
    assert "is not started" not in threshold_words(standing("100"), 100)


# ── the forecast ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("spent", "per_day", "so_far", "ends"),
    [
        ("48", "4", "0", date(2026, 11, 25)),  # $4 on the 13th, ..., the 13th of them on the 25th
        ("48", "4", "4", date(2026, 11, 26)),  # today's $4 are in what is spent
        ("48", "4", "9", date(2026, 11, 26)),  # a dear day does not make the coming ones cheaper
        ("48", "2", "0", None),
        ("48", "2.89", "0", None),  # on the 30th: the month is over then
        ("48", "50", "0", date(2026, 11, 14)),
        ("90", "50", "0", TODAY),
        ("100", "50", "0", None),  # it has ended: 100 % is told
    ],
)
def test_the_day_that_a_budget_ends_on(spent: str, per_day: str, so_far: str, ends: date | None) -> None:
    assert ends_on(standing(spent), lambda *_: daily(per_day, so_far), TODAY) == ends


@pytest.mark.parametrize(
    ("today", "period", "told"),
    [
        (date(2026, 11, 3), Period.MONTH, False),  # two days are over
        (date(2026, 11, 4), Period.MONTH, True),
        (date(2026, 11, 30), Period.MONTH, False),
        (date(2026, 11, 9), Period.WEEK, False),
        (date(2026, 11, 10), Period.WEEK, True),
        (TODAY, Period.DAY, False),
        (TODAY, Period.TOTAL, False),
    ],
)
def test_no_forecast_on_the_first_and_the_last_days(today: date, period: Period, told: bool) -> None:
    at = standing("60", replace(MONTH, period=period), day=today)

    assert (ends_on(at, lambda *_: daily("30"), today) is not None) is told


def test_no_forecast_from_a_few_days() -> None:
    assert ends_on(standing("60"), lambda *_: daily("30", days=4), TODAY) is None
    assert ends_on(standing("60"), lambda *_: daily("30", days=5), TODAY) is not None


def test_a_forecast_is_told_once_and_not_after_the_end() -> None:
    def fast(*_: object) -> Sequence[Decimal]:
        return daily("8")

    (told,) = due(standing("45"), [], fast, TODAY, NOW)

    assert told.key.kind == FORECAST
    assert told.sentence == "At this pace the budget “All” of November ends on the 19th: $45.00 of $100.00 is spent."
    assert due(standing("46"), [told], fast, TODAY, NOW) == ()
    assert [one.key.kind for one in due(standing("100"), [told], fast, TODAY, NOW)] == ["100"]
    over = raised(standing("100"))
    assert due(standing("99"), over, fast, TODAY, NOW) == ()


def test_a_week_names_the_weekday() -> None:
    words = forecast_words(standing("60", replace(MONTH, period=Period.WEEK)), date(2026, 11, 14))

    assert "ends on Saturday the 14th" in words


# ── the watch ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


class Clock:
    """A test double: the time is what the test says."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class FakeBudgets:
    """A test double: budgets that stand as the test says."""

    def __init__(self, *standings: Standing) -> None:
        self.list = standings

    def standings(self) -> Sequence[Standing]:
        return self.list

    def today(self) -> date:
        return TODAY


def watch_of(
    store: Store, *standings: Standing, channels: Sequence[Channel] = (), clock: Clock | None = None
) -> AlertWatch:
    return AlertWatch(store, cast(Budgets, FakeBudgets(*standings)), channels, clock or Clock())


def to(receiver: AlertReceiver, name: str = "1: JSON", deadline_seconds: float = 30.0) -> Channel:
    (channel,) = open_channels([SecretStr(receiver.url)], deadline_seconds)
    channel.name = name
    return channel


def steps(store: Store) -> list[str]:
    return [f"{one.channel} {one.step}" for one in store.alerts.deliveries(*Step)]


def test_looking_again_raises_nothing_again(store: Store) -> None:
    watch = watch_of(store, standing("81"))

    assert [watch.look(), watch.look(), watch_of(store, standing("81")).look()] == [1, 0, 0]


def test_what_is_spent_in_the_ledger_raises_an_alert(store: Store) -> None:
    """With the real budgets: four pictures at $0.03 against a limit of $0.14."""
    budgets = Budgets(store, default_registry(MODEL), clock=lambda: NOW)
    for scope, key in ((Scope.ALL, ""), (Scope.PERSON, "ada"), (Scope.PERSON, "bob"), (Scope.MODEL, MODEL)):
        budgets.save(Budget(f"{scope} {key}", scope, key, Period.MONTH, Decimal("0.14"), hard=False), "ada", NOW)
    succeeded(store, 4)

    assert AlertWatch(store, budgets, [], lambda: NOW).look() == 3
    assert {line.alert.sentence for line in store.alerts.lines("ada", 9)} == {
        f"The budget “{name}” of November has reached 80 %: $0.12 of $0.14 is spent."
        for name in ("all", "person ada", f"model {MODEL}")
    }


def test_the_pace_in_the_ledger_raises_a_forecast(store: Store) -> None:
    budgets = Budgets(store, default_registry(MODEL), clock=lambda: NOW + timedelta(days=1))
    budgets.save(replace(MONTH, thresholds=(100,), limit_usd=Decimal("6")), "ada", NOW)
    history = [Decimal(0)] * 46 + [Decimal("0.50")] * 10 + [Decimal(0)]
    watch = AlertWatch(store, budgets, [], lambda: NOW)
    watch._history = lambda *_: history  # type: ignore[method-assign]
    succeeded(store, 100)

    assert watch.look() == 1
    (line,) = store.alerts.lines("ada", 9)
    assert line.alert.sentence.startswith("At this pace the budget “All” of November ends on the 28th")


def test_the_history_is_of_what_the_budget_is_for(store: Store) -> None:
    watch = watch_of(store)
    succeeded(store, 2)
    first = NOW.date() - timedelta(days=1)

    assert watch._history(MONTH, first, NOW.date()) == (Decimal(0), Decimal("0.06"))
    other = replace(MONTH, scope=Scope.PERSON, key="bob")
    assert watch._history(other, first, NOW.date()) == (Decimal(0), Decimal(0))


def test_a_prediction_that_ends_is_noticed_and_sent(tmp_path: Path, replicate_server: ReplicateServer) -> None:
    """The whole way: engine, ledger, budget, alert, webhook; well before the look every minute."""
    with (
        AlertReceiver() as receiver,
        lab_at(tmp_path / "data", replicate_server, alert_urls=(SecretStr(receiver.url),)) as lab,
    ):
        lab.budgets.save(replace(MONTH, limit_usd=Decimal("0.03")), "ada", NOW)
        run_one(lab, MODEL, rooms=[photo(1)])
        wait_for(lambda: steps(lab.store) == ["1: JSON sent"], seconds=20)

        assert receiver.messages == [line.alert.sentence for line in lab.store.alerts.lines("ada", 9)]
        assert "has reached 100 %: $0.03 of $0.03 is spent." in receiver.messages[0]


def test_a_budget_that_cannot_be_read_stops_no_thread(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    looked = threading.Event()

    class Broken(FakeBudgets):
        def standings(self) -> Sequence[Standing]:
            looked.set()
            raise BudgetRefused("The budget “x” cannot be read by this release.")

    watch = AlertWatch(store, cast(Budgets, Broken()), [], Clock())
    watch.start()
    assert looked.wait(5)
    watch.stop()

    assert "alerts wait: The budget “x” cannot be read" in caplog.text
    assert not any(thread.is_alive() for thread in watch._threads)


# ── deliveries ──────────────────────────────────────────────────────────────────────────────


def test_sending_is_in_the_ledger_before_it_is_sent(store: Store) -> None:
    with AlertReceiver() as receiver:
        seen: list[list[str]] = []
        receiver.taken = lambda: seen.append(steps(store))
        channel = to(receiver)
        watch_of(store, standing("81"), channels=[channel]).look()

        assert Courier(store.alerts, channel, Clock()).carry() is None

    assert seen == [["1: JSON sending"]]
    assert steps(store) == ["1: JSON sent"]


def test_what_failed_is_tried_again_later_and_later_and_then_given_up(store: Store) -> None:
    clock = Clock()
    pauses = []
    with AlertReceiver(status=500) as receiver:
        channel = to(receiver)
        watch_of(store, standing("81"), channels=[channel], clock=clock).look()
        courier = Courier(store.alerts, channel, clock)
        while again_at := courier.carry():
            assert courier.carry() == again_at, "nothing is sent before its time"
            pauses.append((again_at - clock.now).total_seconds())
            clock.now = again_at

    assert len(receiver.messages) == MOST_ATTEMPTS == len(pauses) + 1
    assert all(30 * 2**number <= pause <= 45 * 2**number for number, pause in enumerate(pauses))
    (delivery,) = store.alerts.deliveries(Step.GIVEN_UP)
    assert delivery.error == "It answered 500 Internal Server Error."
    assert timedelta(hours=4) < clock.now - NOW < timedelta(hours=6.5)


def test_what_comes_back_gets_what_failed_before(store: Store) -> None:
    clock = Clock()
    with AlertReceiver(status=503) as receiver:
        channel = to(receiver)
        watch_of(store, standing("81"), channels=[channel], clock=clock).look()
        courier = Courier(store.alerts, channel, clock)
        again_at = courier.carry()
        assert again_at is not None
        clock.now, receiver.status = again_at, 200

        # a new one, as after a restart: the time of the next try follows from the ledger
        assert Courier(store.alerts, channel, clock).carry() is None
        assert steps(store) == ["1: JSON sent"]


def test_two_that_failed_together_do_not_come_back_together() -> None:
    def failed(kind: str) -> Delivery:
        return Delivery(AlertKey("All", "2026-11", kind), "1: JSON", Step.FAILED, "", NOW, 3)

    assert retry_at(failed("80")) != retry_at(failed("95"))
    assert retry_at(failed("80")) == retry_at(failed("80"))


def test_a_hanging_receiver_holds_up_no_other(store: Store) -> None:
    with AlertReceiver(hang=True) as hanging, AlertReceiver() as well:
        channels = [to(hanging, "1: JSON"), to(well, "2: JSON")]
        watch = AlertWatch(store, cast(Budgets, FakeBudgets(standing("81"))), channels)
        watch.start()

        wait_for(lambda: steps(store) == ["1: JSON sending", "2: JSON sent"], seconds=10)
        hanging.ended.set()
        watch.stop(5.0)

    assert steps(store) == ["1: JSON sent", "2: JSON sent"]


def test_what_a_stop_interrupted_is_in_doubt_and_not_sent_again(store: Store) -> None:
    with AlertReceiver() as receiver:
        channel = to(receiver)
        watch_of(store, standing("81"), channels=[channel]).look()
        store.alerts.step(AlertKey("All", "2026-11", "80"), channel.name, Step.SENDING, NOW)  # and then it was killed

        watch = watch_of(store, standing("81"), channels=[channel])
        watch.settle()
        assert Courier(store.alerts, channel, Clock()).carry() is None

        (delivery,) = store.alerts.deliveries(Step.DOUBT)
        assert "nobody knows if it arrived" in delivery.error
        assert receiver.messages == []


def test_a_person_has_it_sent_again(store: Store) -> None:
    key = AlertKey("All", "2026-11", "80")
    with AlertReceiver() as receiver:
        channel = to(receiver)
        watch = watch_of(store, standing("81"), channels=[channel])
        watch.look()
        store.alerts.step(key, channel.name, Step.SENDING, NOW)
        watch.settle()

        watch.send_again(key, channel.name, "ada")
        with pytest.raises(DeliveryRefused):  # pressed twice
            watch.send_again(key, channel.name, "ada")
        Courier(store.alerts, channel, Clock()).carry()

        assert len(receiver.messages) == 1
        assert steps(store) == ["1: JSON sent"]
        with pytest.raises(DeliveryRefused):
            watch.send_again(key, channel.name, "ada")
        with pytest.raises(NotFound):
            watch.send_again(key, "9: JSON", "ada")


def test_a_channel_that_is_gone_gets_nothing_more(store: Store) -> None:
    with AlertReceiver() as receiver:
        watch_of(store, standing("81"), channels=[to(receiver, "1: Slack")]).look()
        watch_of(store, standing("81"), channels=[to(receiver, "1: JSON")]).settle()

        (delivery,) = store.alerts.deliveries(Step.GIVEN_UP)
        assert (delivery.channel, delivery.error) == ("1: Slack", "The channel is not set up any more.")


def test_a_channel_of_today_gets_no_alert_of_yesterday(store: Store) -> None:
    watch_of(store, standing("81")).look()
    with AlertReceiver() as receiver:
        channel = to(receiver)
        watch_of(store, standing("81"), channels=[channel]).look()

        assert Courier(store.alerts, channel, Clock()).carry() is None
        assert receiver.messages == []


def test_the_test_button_tells_what_came_of_it(store: Store) -> None:
    with AlertReceiver() as receiver:
        watch = watch_of(store, channels=[to(receiver)])
        assert watch.test("1: JSON", "ada") == Outcome(Step.SENT)
        receiver.status = 404
        assert watch.test("1: JSON", "ada") == Outcome(Step.FAILED, "It answered 404 Not Found.")
        assert len(receiver.messages) == 2
    with pytest.raises(NotFound):
        watch.test("2: JSON", "ada")
    assert steps(store) == []


def test_no_secret_reaches_the_ledger_or_the_log(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    canary = "canary0f5b2c9a77"
    caplog.set_level(logging.DEBUG)
    with AlertReceiver(status=500) as receiver:
        (channel,) = open_channels([SecretStr(f"json://u:{canary}@{receiver.host}/{canary}")])
        watch_of(store, standing("81"), channels=[channel]).look()
        Courier(store.alerts, channel, Clock()).carry()
        assert canary in receiver.requests[0]  # the control: it was sent

    rows = store.ledger.rows("SELECT * FROM app.alert_deliveries") + store.ledger.rows("SELECT * FROM app.alerts")
    assert any("500" in str(row) for row in rows)
    assert canary not in str(rows)
    assert canary not in caplog.text
