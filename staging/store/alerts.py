"""Alerts in the ledger: raised once, delivered step by step, read by people.

Nothing is ever changed: an alert is a row, each step of a delivery is a row, and so is each reading.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

import duckdb

from staging.errors import DeliveryRefused
from staging.store.connection import LedgerFile, again_on_conflict
from staging.store.tables import ALERT_DELIVERIES, ALERT_READINGS, ALERTS, selected, utc

_KEY = "budget, period, kind"
_NEWEST = "ORDER BY raised_at DESC, budget, period, kind LIMIT ?"


class AlertKey(NamedTuple):
    """What an alert is about: there is one of each."""

    budget: str
    period: str
    """"2026-11", "2026-W47", "2026-11-23" or "total"."""
    kind: str
    """The threshold in per cent, "80 of 120.5" when the limit was changed since, or "forecast"."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A word about a budget, as it was when it was raised."""

    key: AlertKey
    sentence: str
    spent_usd: Decimal
    limit_usd: Decimal
    raised_at: datetime


class Step(StrEnum):
    """What became of an alert on its way to one channel."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    """It did not arrive, and will be tried again."""
    DOUBT = "in doubt"
    """It was being sent, and nobody knows whether it arrived: only a person has it sent again."""
    GIVEN_UP = "given up"
    """It did not arrive, and is tried again only when a person asks for it."""


_FOLLOWS: dict[Step | None, frozenset[Step]] = {
    None: frozenset({Step.QUEUED}),
    Step.QUEUED: frozenset({Step.SENDING, Step.GIVEN_UP}),
    Step.SENDING: frozenset({Step.SENT, Step.FAILED, Step.DOUBT, Step.GIVEN_UP}),
    Step.SENT: frozenset(),
    Step.FAILED: frozenset({Step.SENDING, Step.QUEUED, Step.GIVEN_UP}),
    Step.DOUBT: frozenset({Step.QUEUED}),
    Step.GIVEN_UP: frozenset({Step.QUEUED}),
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where an alert stands on its way to one channel."""

    alert: AlertKey
    channel: str
    """Its position and kind, as "1: Slack"."""
    step: Step
    error: str
    """Why it did not arrive, or who had it sent again; empty when there is nothing to say."""
    happened_at: datetime
    """When it came to this step."""
    attempts: int
    """How often it was sent, counted anew when a person has it sent again."""


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert as a list shows it to one person."""

    alert: Alert
    read: bool
    deliveries: tuple[Delivery, ...]
    """By channel."""


class Bell(NamedTuple):
    """What one person's bell shows."""

    unread: int
    lines: tuple[AlertLine, ...]
    """The last alerts, the newest first."""


class AlertLedger:
    """The alerts. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile) -> None:
        self._ledger = ledger
        # Every page shows the bell in every run, and alerts are rare: what it shows (10 ms of questions)
        # is kept until something is written. Nobody else writes: the file belongs to this process.
        self._bells: dict[tuple[str, int], tuple[object, Bell]] = {}
        self._state = object()
        """Another one after each write."""

    @again_on_conflict
    def raise_once(self, alert: Alert, channels: Sequence[str]) -> bool:
        """Keep the alert and queue it for the channels, all in one transaction; False when it is there already."""
        with self._ledger.writing() as cursor:
            if cursor.execute(f"SELECT 1 FROM app.alerts WHERE ({_KEY}) = (?, ?, ?)", alert.key).fetchall():  # noqa: S608
                return False
            ALERTS.insert(cursor, [(*alert.key, alert.sentence, alert.spent_usd, alert.limit_usd, alert.raised_at)])
            steps = [(*alert.key, channel, 0, Step.QUEUED.value, "", alert.raised_at) for channel in channels]
            ALERT_DELIVERIES.insert(cursor, steps)
        self._state = object()
        return True

    def reread(self) -> None:
        """What is kept of the alerts is asked for anew: they were changed from elsewhere."""
        self._state = object()

    def raised(self, budget: str, period: str) -> tuple[Alert, ...]:
        """Return what was raised for the budget and period."""
        with self._ledger.reading() as cursor:
            return tuple(_alerts(cursor, "WHERE budget = ? AND period = ?", [budget, period]))

    @again_on_conflict
    def step(self, alert: AlertKey, channel: str, step: Step, at: datetime, error: str = "") -> None:
        """Write the next step of a delivery; DeliveryRefused when it cannot follow the last one."""
        with self._ledger.writing() as cursor:
            values = [*alert, channel]
            ((last, sequence),) = cursor.execute(
                f"SELECT arg_max(state, sequence), max(sequence) FROM app.alert_deliveries "  # noqa: S608
                f"WHERE ({_KEY}, channel) = (?, ?, ?, ?)",
                values,
            ).fetchall()
            if step not in _FOLLOWS[Step(last) if last else None]:
                raise DeliveryRefused(
                    f"This alert is {last or 'not queued'} at {channel}: it cannot be {step} next. Look at it again."
                )
            following = 0 if sequence is None else sequence + 1
            ALERT_DELIVERIES.insert(cursor, [(*values, following, step.value, error, at)])
        self._state = object()

    def deliveries(self, *steps: Step, channel: str | None = None) -> tuple[Delivery, ...]:
        """Return the deliveries that stand at one of the steps, of all channels or of one, the oldest first."""
        where, values = ("", []) if channel is None else ("WHERE channel = ?", [channel])
        with self._ledger.reading() as cursor:
            return tuple(_deliveries(cursor, where, values, steps))

    def sentences(self, alerts: Sequence[AlertKey]) -> dict[AlertKey, str]:
        """Return the sentence of each alert."""
        wanted = set(alerts)
        with self._ledger.reading() as cursor:
            found = _alerts(cursor, "WHERE list_contains(?, budget)", [[key.budget for key in wanted]])
        return {alert.key: alert.sentence for alert in found if alert.key in wanted}

    def bell(self, person: str, most: int) -> Bell:
        """Return what is unread, and the last alerts."""
        state = self._state  # asked for first: what is written meanwhile makes the next one ask again
        kept = self._bells.get((person, most))
        if kept is not None and kept[0] is state:
            return kept[1]
        bell = Bell(self.unread(person), self.lines(person, most))
        self._bells[person, most] = (state, bell)
        return bell

    def unread(self, person: str) -> int:
        """Return how many alerts the person has not marked as read."""
        ((count,),) = self._ledger.rows(
            "SELECT (SELECT count(*) FROM app.alerts) - (SELECT count(*) FROM app.alert_readings WHERE person = ?)",
            [person],
        )
        return int(count)

    def lines(self, person: str, most: int) -> tuple[AlertLine, ...]:
        """Return the last alerts, the newest first, at most so many."""
        with self._ledger.reading() as cursor:
            alerts = _alerts(cursor, _NEWEST, [most])
            if not alerts:
                return ()
            read = set(
                cursor.execute(f"SELECT {_KEY} FROM app.alert_readings WHERE person = ?", [person]).fetchall()  # noqa: S608
            )
            these = f"WHERE ({_KEY}) IN (SELECT ({_KEY}) FROM app.alerts {_NEWEST})"  # noqa: S608
            deliveries = _deliveries(cursor, these, [most])
        at_channels: dict[AlertKey, list[Delivery]] = defaultdict(list)
        for delivery in sorted(deliveries, key=lambda one: one.channel):
            at_channels[delivery.alert].append(delivery)
        return tuple(AlertLine(alert, tuple(alert.key) in read, tuple(at_channels[alert.key])) for alert in alerts)

    @again_on_conflict
    def mark_read(self, person: str, at: datetime) -> None:
        """Every alert that is there now is read by the person; those that were read stay as they were."""
        with self._ledger.writing() as cursor:
            unread = cursor.execute(
                f"SELECT {_KEY} FROM app.alerts EXCEPT SELECT {_KEY} FROM app.alert_readings WHERE person = ?",  # noqa: S608
                [person],
            ).fetchall()
            ALERT_READINGS.insert(cursor, [(*key, person, at) for key in unread])
        self._state = object()


def _alerts(cursor: duckdb.DuckDBPyConnection, rest: str, values: list[Any]) -> list[Alert]:
    rows = cursor.execute(f"SELECT {ALERTS.select_list} FROM app.alerts {rest}", values).fetchall()  # noqa: S608
    return [
        Alert(AlertKey(budget, period, kind), sentence, spent_usd, limit_usd, utc(raised_at))
        for budget, period, kind, sentence, spent_usd, limit_usd, raised_at in rows
    ]


def _deliveries(
    cursor: duckdb.DuckDBPyConnection, where: str, values: Sequence[str | int], steps: Sequence[Step] = tuple(Step)
) -> list[Delivery]:
    rows = cursor.execute(
        f"SELECT {_KEY}, channel, list(state ORDER BY sequence), arg_max(error, sequence), "  # noqa: S608
        f"arg_max({selected('happened_at')}, sequence) FROM app.alert_deliveries {where} "
        f"GROUP BY {_KEY}, channel HAVING list_contains(?, arg_max(state, sequence)) "
        f"ORDER BY min(happened_at), {_KEY}, channel",
        [*values, list(steps)],
    ).fetchall()
    return [
        Delivery(AlertKey(budget, period, kind), channel, Step(states[-1]), error, utc(happened), _attempts(states))
        for budget, period, kind, channel, states, error, happened in rows
    ]


def _attempts(states: Sequence[str]) -> int:
    """Return how often it was sent since it was queued last."""
    queued = max(number for number, state in enumerate(states) if state == Step.QUEUED)
    return states[queued:].count(Step.SENDING)
