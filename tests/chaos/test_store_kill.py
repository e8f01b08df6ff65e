"""What was acknowledged survives kill -9 ×100, and a new ledger survives it while it is made."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from staging.store import Store
from tests.store_killing import kill_again_and_again

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1_800)]


def test_nothing_acknowledged_is_lost_in_a_hundred_kills(tmp_path: Path) -> None:
    outcome = kill_again_and_again(tmp_path / "ledger.duckdb", kills=100, seed=9)
    print(
        f"\n{outcome.kills} kills, {outcome.acknowledged:,} acknowledged, "
        f"{len(outcome.lost)} lost, {len(outcome.torn)} half there"
    )
    assert outcome.acknowledged >= 4_000
    assert (outcome.lost, outcome.torn) == ([], [])


def test_a_ledger_that_is_killed_while_it_is_made_can_be_opened(tmp_path: Path) -> None:
    rng = random.Random(3)
    open_it = (
        "import sys, pathlib, staging.store as s; print('go', flush=True); s.Store.open(pathlib.Path(sys.argv[1]))"
    )
    schemas = []
    for number in range(40):
        path = tmp_path / f"{number}.duckdb"
        child = subprocess.Popen([sys.executable, "-c", open_it, str(path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(rng.uniform(0, 0.15))  # the moment of the kill is what is tried out
        child.kill()
        child.wait()
        child.stdout.close()
        size = path.stat().st_size if path.exists() else 0
        store = Store.open(path)
        schemas.append((size, store.schema_version))
        store.close()
    print(f"\nkilled with {sorted({size for size, _ in schemas})} bytes in the file")
    assert {version for _, version in schemas} == {4}
    assert len({size for size, _ in schemas}) > 2, "killed at different moments"
