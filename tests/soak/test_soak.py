"""Minutes of work: nothing may grow with the number of predictions but the ledger and the pictures.

STAGING_TEST_SOAK_SECONDS says how long (600 by default).
"""

import os
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from staging.predictions import State
from tests.labs import MODEL, UNCHANGED, ask, finished, lab_at, photo
from tests.replicate_server import ReplicateServer

SECONDS = float(os.environ.get("STAGING_TEST_SOAK_SECONDS", "600"))
FIFTY = 50


def descriptors() -> int:
    """Return how many files and sockets this process holds open; -1 where that cannot be told."""
    table = Path("/proc/self/fd")
    return len(list(table.iterdir())) if table.exists() else -1


@pytest.mark.soak
@pytest.mark.timeout(SECONDS + 300)
def test_fifty_at_once_leave_no_thread_and_no_descriptor_behind(tmp_path: Path) -> None:
    rounds, first = 0, (0, 0)
    with ReplicateServer(tiny_outputs=True, seconds=0.5) as server, lab_at(tmp_path, server) as lab:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until or rounds < 3:
            rooms = [photo(shade) for shade in range(FIFTY // 2)]
            view = finished(lab, ask(lab, MODEL, UNCHANGED, rooms=rooms), seconds=120)
            assert {cell.prediction.state for cell in view.cells.values()} == {State.SUCCEEDED}
            rounds += 1
            if rounds == 2:  # pools and caches are warm
                first = (threading.active_count(), descriptors())
        last = (threading.active_count(), descriptors())
        today = lab.store.costs.today()
        assert lab.store.costs.report(today - timedelta(days=1), today).total.succeeded == rounds * FIFTY
    print(f"{rounds * FIFTY} predictions; threads and descriptors {first} → {last}")
    assert last[0] <= first[0] + 2
    assert last[1] <= first[1] + 5
