"""kill -9 while predictions are bought: billed = wanted, none twice, none lost.

The short form runs on every merge; the full form is `make chaos`. The control settles doubts the
naive way, on the same schedule, and must show doubles.
"""

import random
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from staging.predictions import State
from tests.chaos.worker import MODELS, SEEDS
from tests.labs import lab_at
from tests.replicate_server import ReplicateServer
from tests.replicate_server_options import Fault

REPOSITORY = Path(__file__).parents[2]
A_BATCH = len(MODELS) * SEEDS * 2


@dataclass(frozen=True)
class Bill:
    """What the provider billed against what was wanted."""

    wanted: int
    billed: int
    owned: int
    doubles: int
    states: Counter[State]
    kills: int
    faults: dict[str, int]


def suffer(folder: Path, *, kills: int, wanted: int, naive: bool = False, seconds: float = 0.3) -> Bill:
    """Return the bill after so many kills, with 10 % refusals and 10 % lost answers."""
    chance = random.Random(3)
    faults = (
        Fault(on="create", status=503, probability=0.05),
        Fault(on="create", status=429, probability=0.05, body={"detail": "throttled", "status": 429, "retry_after": 0}),
        Fault(on="create", do="lost", probability=0.10),
    )
    with ReplicateServer(tiny_outputs=True, seconds=seconds, faults=faults) as server:
        killed = 0
        while True:
            command = [sys.executable, "-m", "tests.chaos.worker", str(folder), server.url, server.token, str(wanted)]
            with subprocess.Popen(
                [*command, *(["naive"] if naive else [])], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
            ) as worker:
                assert worker.stdout is not None
                assert worker.stdout.readline() == "READY\n"
                if killed < kills:
                    try:
                        worker.wait(chance.uniform(0.05, 0.9))
                    except subprocess.TimeoutExpired:
                        worker.kill()
                        killed += 1
                        continue
                assert worker.stdout.readline() == "DONE\n"
                break
        ledger = server.ledger()
        billed = [prediction["id"] for prediction in ledger["predictions"] if prediction["billed"]]
        with lab_at(folder, server) as lab:
            lives = [
                now
                for comparison in lab.store.comparisons.list()
                for now in lab.store.predictions.of_comparison(comparison.id)
            ]
    owned = {now.provider_id for now in lives}
    return Bill(
        wanted=len(lives),
        billed=len(billed),
        owned=len(owned & set(billed)),
        doubles=len(set(billed) - owned),
        states=Counter(now.state for now in lives),
        kills=killed,
        faults=ledger["faults"],
    )


def check(bill: Bill) -> None:
    print(bill)
    assert bill.states == {State.SUCCEEDED: bill.wanted}
    assert bill.doubles == 0
    assert bill.billed == bill.owned == bill.wanted


@pytest.mark.timeout(600)
def test_nothing_is_bought_twice_and_nothing_is_lost(tmp_path: Path) -> None:
    check(suffer(tmp_path, kills=3, wanted=2 * A_BATCH))


@pytest.mark.timeout(600)
def test_without_looking_first_predictions_are_bought_twice(tmp_path: Path) -> None:
    assert suffer(tmp_path, kills=1, wanted=2 * A_BATCH, naive=True).doubles > 0


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_twenty_kills_over_three_hundred_predictions(tmp_path: Path) -> None:
    bill = suffer(tmp_path, kills=20, wanted=300, seconds=1.5)
    assert bill.kills == 20
    assert bill.wanted >= 300
    check(bill)


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_the_control_of_twenty_kills_shows_doubles(tmp_path: Path) -> None:
    bill = suffer(tmp_path, kills=20, wanted=300, naive=True, seconds=1.5)
    print("control without adoption:", bill)
    assert bill.doubles > 0
