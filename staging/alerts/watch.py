"""The threads of the alerts: one looks at the budgets, and each channel has one of its own.

A channel that hangs holds up nobody but itself. All of them sleep until something happens: a
prediction ends, an alert is raised, a delivery is due again.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from staging.alerts.channels import Channel, Outcome
from staging.alerts.courier import Courier
from staging.alerts.due import due
from staging.budgets import Budget, Budgets, Scope
from staging.errors import NotFound, StagingError
from staging.origins import origin_of
from staging.store import AlertKey, CostFilter, Step, Store

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 60.0
"""Costs change without a prediction's end too: a bill is read in, a budget is edited, a day begins."""
LOOK_AT_MOST_EVERY_SECONDS = 2.0
"""Fifty predictions that end together are looked at once."""
FORECAST_EVERY = timedelta(minutes=10)
"""It reads eight weeks of costs, and changes with the days more than with the minutes."""
STOP_SECONDS = 0.5

STOPPED = "Staging Lab was stopped while it was being sent: nobody knows if it arrived."
NOT_SET_UP = "The channel is not set up any more."
TEST = "This is a test: alerts about budgets arrive here."


Result = TypeVar("Result")


def _now() -> datetime:
    return datetime.now(UTC)


class AlertWatch:
    """Raises what is due and has it delivered. `start` and `stop` are called once each; the rest at any time."""

    def __init__(
        self, store: Store, budgets: Budgets, channels: Sequence[Channel], clock: Callable[[], datetime] = _now
    ) -> None:
        self.channels = tuple(channels)
        self._store = store
        self._ledger = store.alerts
        self._budgets = budgets
        self._clock = clock
        self._foretold: dict[Budget, datetime] = {}
        self._stopping = threading.Event()
        self._look = threading.Event()
        self._calls = [threading.Event() for _ in channels]
        self._threads = [threading.Thread(target=self._watch, name="alert watch", daemon=True)]
        for channel, call in zip(channels, self._calls, strict=True):
            courier = Courier(self._ledger, channel, clock)
            self._threads.append(threading.Thread(target=self._carry, args=(courier, call), daemon=True))

    def start(self) -> None:
        """Begin to look and to send; what a crash interrupted is in doubt from now on."""
        self.settle()
        for thread in self._threads:
            thread.start()

    def stop(self, within_seconds: float = STOP_SECONDS) -> None:
        """End the threads; one that waits for a receiver is left to itself, and its message is in doubt."""
        self._stopping.set()
        self._look.set()
        for call in self._calls:
            call.set()
        until = time.monotonic() + within_seconds
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))

    def wake(self) -> None:
        """Look soon: something has been spent. May be called from any thread, and costs nothing."""
        self._look.set()

    def settle(self) -> None:
        """Write down what nobody can know any more, and what nobody will send; before anything is sent."""
        names = {channel.name for channel in self.channels}
        for delivery in self._ledger.deliveries(Step.SENDING):
            self._ledger.step(delivery.alert, delivery.channel, Step.DOUBT, self._clock(), STOPPED)
        for delivery in self._ledger.deliveries(Step.QUEUED, Step.FAILED):
            if delivery.channel not in names:
                self._ledger.step(delivery.alert, delivery.channel, Step.GIVEN_UP, self._clock(), NOT_SET_UP)

    def look(self) -> int:
        """Raise what is due, once; return how many alerts that were."""
        raised = 0
        names = [channel.name for channel in self.channels]
        for standing in self._budgets.standings():
            before = self._ledger.raised(standing.budget.name, standing.period)
            history = self._history if self._forecast_is_due(standing.budget) else None
            for alert in due(standing, before, history, self._budgets.today(), self._clock()):
                if self._ledger.raise_once(alert, names):
                    log.info("alert: %s", alert.sentence)
                    raised += 1
        if raised:
            self._call()
        return raised

    def test(self, name: str, by: str) -> Outcome:
        """Send a test by the channel now and return what became of it; NotFound when there is none."""
        channel = self._channel(name)
        # Before it is sent: a process that is killed in between has told more than was done, never less.
        self._store.audit.write(by, origin_of(by), "test alert channel", channel.name, None, None, self._clock())
        return channel.send("Staging Lab: test", TEST)

    def send_again(self, alert: AlertKey, name: str, by: str) -> None:
        """Have an alert sent once more that failed or is in doubt.

        NotFound when the channel is not set up any more, DeliveryRefused when it is sent already.
        """
        channel = self._channel(name)
        self._ledger.step(alert, channel.name, Step.QUEUED, self._clock(), f"Sent again by {by}.")
        told = {"channel": channel.name, "kind": alert.kind, "period": alert.period}
        self._store.audit.write(by, origin_of(by), "send alert again", alert.budget, None, told, self._clock())
        self._call()

    def _channel(self, name: str) -> Channel:
        for channel in self.channels:
            if channel.name == name:
                return channel
        raise NotFound(f"The channel “{name}” is not set up: STAGING_ALERT_URLS names the channels.")

    def _call(self) -> None:
        for call in self._calls:
            call.set()

    def _forecast_is_due(self, budget: Budget) -> bool:
        """Return whether its forecast was not looked at lately; from now on it was."""
        now = self._clock()
        before = self._foretold.get(budget)
        if before is not None and now - before < FORECAST_EVERY:
            return False
        self._foretold[budget] = now
        return True

    def _history(self, budget: Budget, first: date, last: date) -> Sequence[Decimal]:
        """Return what each day cost."""
        wanted = CostFilter() if budget.scope is Scope.ALL else CostFilter(**{budget.scope.value: budget.key})
        return self._store.costs.daily(first, last, wanted)

    # ── the threads ─────────────────────────────────────────────────────────────────────────

    def _watch(self) -> None:
        while not self._stopping.is_set():
            self._look.clear()
            self._calmly(self.look)
            if not self._stopping.wait(LOOK_AT_MOST_EVERY_SECONDS):
                self._look.wait(LOOK_EVERY_SECONDS)

    def _carry(self, courier: Courier, call: threading.Event) -> None:
        while not self._stopping.is_set():
            call.clear()
            again_at = self._calmly(lambda: courier.carry(self._stopping.is_set))
            seconds = (again_at - self._clock()).total_seconds() if again_at else LOOK_EVERY_SECONDS
            call.wait(min(max(seconds, 0.0), LOOK_EVERY_SECONDS))

    def _calmly(self, deed: Callable[[], Result]) -> Result | None:
        """Return what the deed returns, or None when it fails: the next try may succeed."""
        try:
            return deed()
        except StagingError as error:
            if not self._stopping.is_set():  # closing the ledger breaks off what is under way
                log.warning("alerts wait: %s", error)
        except Exception:
            log.exception("alerts wait for the next try")
        return None
