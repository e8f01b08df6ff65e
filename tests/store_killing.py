"""Kill -9 of a process that writes to the ledger, again and again, and what must be left of it.

`python -m tests.store_killing LEDGER [early]` is the process: four threads that write and tell on
standard output what was acknowledged. With `early` they tell before they write, which no ledger can
keep: the control that shows that losses would be found.
"""

import itertools
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from staging.errors import StagingError
from staging.predictions import Event, State, Verdict
from staging.store import Store
from tests.ledgers import NOW, comparison, decided, ending, later, prediction, room, steps

_THREADS = 4
_TOGETHER = 3
"""Predictions queued in one transaction: all of them are there, or none."""


@dataclass
class Outcome:
    """What a series of kills came to."""

    kills: int = 0
    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)


def kill_again_and_again(path: Path, kills: int, seed: int, *, early: bool = False) -> Outcome:
    """Return what was left after so many processes were killed while they wrote to one ledger."""
    rng = random.Random(seed)
    outcome = Outcome()
    acknowledged: set[str] = set()
    for _ in range(kills):
        acknowledged |= _run_and_kill(path, rng.randrange(100), rng.uniform(0, 0.05), early)
        outcome.kills += 1
        left, torn = _left(path)
        outcome.lost = sorted(acknowledged - left)
        outcome.torn += torn
    outcome.acknowledged = len(acknowledged)
    return outcome


def _run_and_kill(path: Path, after: int, pause_seconds: float, early: bool) -> set[str]:
    """Kill the process a moment after it has told of so many acknowledgements; return all it told of."""
    command = [sys.executable, "-m", "tests.store_killing", str(path), *(["early"] if early else [])]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "READY\n"
    told = "".join(itertools.islice(child.stdout, after))
    timer = threading.Timer(pause_seconds, child.kill)
    timer.start()
    told += child.stdout.read()
    timer.join()
    child.stdout.close()
    assert child.wait() < 0, "it was killed, and did not end by itself"
    whole = told[: told.rfind("\n") + 1]
    assert "FAILED" not in whole, whole
    return set(whole.splitlines())


def _left(path: Path) -> tuple[set[str], list[str]]:
    """Return what the ledger holds, in the words of the acknowledgements, and what is only half there."""
    store = Store.open(path)
    rows = store.ledger.rows(
        "SELECT 'comparison ' || id FROM app.comparisons "
        "UNION ALL SELECT 'event ' || prediction_id || ' ' || sequence FROM app.events "
        "UNION ALL SELECT 'verdict ' || prediction_id FROM app.verdicts "
        "UNION ALL SELECT 'cancel ' || prediction_id FROM app.cancel_requests"
    )
    torn = [sentence for (sentence,) in store.ledger.rows("SELECT sentence FROM contradictions")]
    torn += [
        f"comparison {key} has {count} predictions"
        for key, count in store.ledger.rows(
            "SELECT c.id, count(p.id) FROM app.comparisons AS c LEFT JOIN app.predictions AS p "
            f"ON p.comparison_id = c.id GROUP BY c.id HAVING count(p.id) <> {_TOGETHER}"
        )
    ]
    # The index answers like the rows: a lost index entry hides a row from look-ups by key.
    keys = [key for (key,) in store.ledger.rows("SELECT id FROM app.predictions USING SAMPLE 50 ROWS")]
    torn += [f"{key} is not found" for key in keys if store.predictions.get(key).prediction.id != key]
    store.close()
    return {word for (word,) in rows}, torn


def _write_for_ever(store: Store, acknowledge: Callable[[str], None], early: bool) -> None:
    ledger = store.predictions

    def keep(words: list[str], write: Callable[..., object], *arguments: object) -> None:
        if early:
            acknowledge("\n".join(words))
        write(*arguments)
        if not early:
            acknowledge("\n".join(words))

    while True:
        asked = comparison()
        some = [prediction(asked) for _ in range(_TOGETHER)]
        first, second, third = (one.id for one in some)
        keep(
            [f"comparison {asked.id}", *(f"event {one.id} 0" for one in some)],
            ledger.queue,
            asked,
            some,
            NOW,
        )
        for one in some[:2]:
            for event in steps(one):
                keep([f"event {one.id} {event.sequence}"], ledger.append, [event])
        ends = [
            ending(some[0]),
            Event(second, 4, State.FAILED, later(9)),
            Event(third, 1, State.SUBMITTING, later(1)),
        ]
        keep([f"event {event.prediction_id} {event.sequence}" for event in ends], ledger.append, ends)
        keep([f"verdict {first}"], ledger.mark, first, decided(Verdict.ACCEPTED), "ada", NOW)
        keep([f"cancel {third}"], ledger.request_cancel, [third], "ada", NOW)


def main() -> None:
    """Write until killed."""
    store = Store.open(Path(sys.argv[1]))
    store.rooms.add(room(1))

    def acknowledge(word: str) -> None:
        os.write(1, f"{word}\n".encode())  # one call, unbuffered: whole lines, also under kill -9

    def write() -> None:
        try:
            _write_for_ever(store, acknowledge, early="early" in sys.argv)
        except StagingError as error:
            acknowledge(f"FAILED {error}")

    acknowledge("READY")
    threads = [threading.Thread(target=write) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()


if __name__ == "__main__":
    main()
