"""Kill -9 of a process that raises and sends alerts, again and again, and what must be left of it.

`python -m tests.alert_killing LEDGER ADDRESS ALERTS [early]` is the process: an AlertWatch on the ledger,
with budgets that reach a threshold one after the other, until all are told. With `early` each message is
sent before that is written down, which must show messages that arrive twice: the control.
"""

import os
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import cast

from pydantic import SecretStr

from staging.alerts import AlertWatch, courier, open_channels, watch
from staging.alerts.courier import TITLE, Courier
from staging.budgets import Budget, Budgets, Period, Scope, Standing
from staging.store import Delivery, Step, Store
from tests.alert_receiver import AlertReceiver

A_LOOK = 3
"""How many budgets more reach their threshold from one look to the next."""


@dataclass
class Told:
    """What the ledger and the receiver say after the kills."""

    kills: int
    raised: Counter[str] = field(default_factory=Counter)
    """How often each sentence was raised."""
    steps: dict[str, Step] = field(default_factory=dict)
    received: Counter[str] = field(default_factory=Counter)

    @property
    def in_doubt(self) -> int:
        return sum(step is Step.DOUBT for step in self.steps.values())

    @property
    def twice(self) -> list[str]:
        """What the receiver got more than once."""
        return [sentence for sentence, times in self.received.items() if times > 1]

    @property
    def lost(self) -> list[str]:
        """What did not arrive and is not called in doubt either."""
        return [one for one, step in self.steps.items() if step is not Step.DOUBT and not self.received[one]]


def kill_again_and_again(ledger: Path, kills: int, alerts: int, seed: int, *, early: bool = False) -> Told:
    """Return what came of so many alerts while the process was killed so often.

    Half of the kills come when a message was just taken, before it is answered: that is the moment
    that decides. The other half come at any time from its start on.
    """
    rng = random.Random(seed)
    told = Told(0)
    with AlertReceiver() as receiver:
        while True:
            child = subprocess.Popen(
                [sys.executable, "-m", "tests.alert_killing", str(ledger), receiver.url, str(alerts)]
                + (["early"] if early else []),
                stdout=subprocess.PIPE,
                text=True,
            )
            assert child.stdout is not None
            timer = None
            if told.kills < kills:
                if rng.random() < 0.5:
                    receiver.taken = _kill_at(child, rng.randrange(1, 8))
                else:
                    assert child.stdout.readline() == "READY\n"
                    timer = threading.Timer(rng.uniform(0, 0.15), child.kill)
                    timer.start()
            said = child.stdout.read()
            code = child.wait()
            child.stdout.close()
            receiver.taken = lambda: None
            if timer is not None:
                timer.join()
            if code == 0:
                assert said.endswith("DONE\n")
                break
            assert code == -9, f"it was killed, and did not end by itself: {code} {said}"
            told.kills += 1
        told.received = receiver.times
    store = Store.open(ledger)
    lines = store.alerts.lines("ada", 10 * alerts)
    told.raised = Counter(line.alert.sentence for line in lines)
    told.steps = {line.alert.sentence: line.deliveries[0].step for line in lines}
    assert all(len(line.deliveries) == 1 for line in lines)
    store.close()
    return told


def _kill_at(child: "subprocess.Popen[str]", message: int) -> "Taken":
    return Taken(child, message)


class Taken:
    """Kills the process when so many messages were taken."""

    def __init__(self, child: "subprocess.Popen[str]", message: int) -> None:
        self._child = child
        self._left = message

    def __call__(self) -> None:
        self._left -= 1
        if not self._left:
            self._child.kill()
            self._child.wait()


class GrowingBudgets:
    """A test double: from look to look more budgets are all spent, as far as the ledger's alerts go."""

    def __init__(self, store: Store, most: int) -> None:
        self._store = store
        self._most = most

    def standings(self) -> Sequence[Standing]:
        count = min(self._most, self._store.alerts.unread("nobody") + A_LOOK)
        first, last = date(2026, 11, 1), date(2026, 11, 30)
        return [
            Standing(
                Budget(f"b{number}", Scope.ALL, "", Period.MONTH, Decimal(1), hard=True),
                first, last, "2026-11", Decimal(1), Decimal(0),
            )
            for number in range(count)
        ]  # fmt: skip

    def today(self) -> date:
        return date(2026, 11, 2)


def _send_first(self: Courier, delivery: Delivery, sentence: str) -> None:
    """A fake: sent, and written down only then. The control only."""
    outcome = self.channel.send(TITLE, sentence)
    self._write(delivery, Step.SENDING)
    self._write(delivery, outcome.step, outcome.reason)


def main() -> None:
    """Print READY when it watches, and DONE when all is told."""
    path, url, alerts = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    if "early" in sys.argv:
        vars(courier)["Courier"]._deliver = _send_first
    vars(watch)["LOOK_AT_MOST_EVERY_SECONDS"] = 0.005
    vars(watch)["LOOK_EVERY_SECONDS"] = 0.005
    store = Store.open(path)
    alert_watch = AlertWatch(store, cast(Budgets, GrowingBudgets(store, alerts)), open_channels([SecretStr(url)]))
    alert_watch.start()
    os.write(1, b"READY\n")
    done = (Step.SENT, Step.DOUBT)
    while len(store.alerts.deliveries(*done)) < alerts:
        threading.Event().wait(0.02)
    alert_watch.stop(5.0)
    store.close()
    os.write(1, b"DONE\n")


if __name__ == "__main__":
    main()
