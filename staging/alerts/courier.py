"""One channel's deliveries: each is written down before it is sent, and what became of it after.

So a crash in between leaves "sending" in the ledger, and nobody knows whether it arrived. The next
start calls it in doubt and does not send it again: who gets the same alert twice learns to overlook
them, and the bell shows it anyway. A person can have it sent again.
"""

import logging
import random
from collections.abc import Callable
from datetime import datetime, timedelta

from staging.alerts.channels import Channel
from staging.store import AlertLedger, Delivery, Step

log = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(seconds=30)
MOST_ATTEMPTS = 10
"""With pauses that double from 30 seconds on: given up after four to six hours."""
TITLE = "Staging Lab: budget"


def retry_at(delivery: Delivery) -> datetime:
    """Return when it may be sent (again): at once, or after a pause that doubles with each attempt.

    The pause is up to a half longer, another one for each delivery, so that many that failed together
    do not come back together. It follows from the ledger alone: a restart changes nothing.
    """
    if not delivery.attempts:
        return delivery.happened_at
    jitter = random.Random("/".join([*delivery.alert, delivery.channel, str(delivery.attempts)])).uniform(1.0, 1.5)  # noqa: S311
    doubled: int = 2 ** (delivery.attempts - 1)
    return delivery.happened_at + FIRST_PAUSE * doubled * jitter


class Courier:
    """Carries what waits for one channel, one after the other, for use within one thread."""

    def __init__(self, ledger: AlertLedger, channel: Channel, clock: Callable[[], datetime]) -> None:
        self.channel = channel
        self._ledger = ledger
        self._clock = clock

    def carry(self, stopping: Callable[[], bool] = lambda: False) -> datetime | None:
        """Send what is due; return when to come again, None when nothing waits."""
        waiting = self._ledger.deliveries(Step.QUEUED, Step.FAILED, channel=self.channel.name)
        if not waiting:
            return None
        sentences = self._ledger.sentences([delivery.alert for delivery in waiting])
        for delivery in waiting:
            if stopping():
                break
            if retry_at(delivery) <= self._clock():
                self._deliver(delivery, sentences[delivery.alert])
        waiting = self._ledger.deliveries(Step.QUEUED, Step.FAILED, channel=self.channel.name)
        return min((retry_at(delivery) for delivery in waiting), default=None)

    def _deliver(self, delivery: Delivery, sentence: str) -> None:
        self._write(delivery, Step.SENDING)
        outcome = self.channel.send(TITLE, sentence)
        step, reason = outcome.step, outcome.reason
        if step is Step.FAILED and delivery.attempts + 1 >= MOST_ATTEMPTS:
            step = Step.GIVEN_UP
        if step is not Step.SENT:
            log.warning("an alert is %s at the channel %s: %s", step, self.channel.name, reason)
        self._write(delivery, step, reason)

    def _write(self, delivery: Delivery, step: Step, reason: str = "") -> None:
        self._ledger.step(delivery.alert, delivery.channel, step, self._clock(), reason)
