"""The engine against the naive way (`replicate.run` in threads), on the same server in the same run.

API calls and lateness with 200 in flight; the makespan of 200 at concurrency 50. The ideal makespan
is the schedule that fills 50 places with the durations the server really took, without a gap.
"""

import heapq
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from replicate.client import Client

from staging.config import Settings
from staging.desk import ModelChoice
from staging.predictions import State
from tests.bench.figures import Figure
from tests.labs import finished, lab_at, photo, wait_for
from tests.replicate_server import ReplicateServer

COUNT = 200
RUN_SECONDS = 8.0
"""As long as the usual image-edit model takes (facts/replicate.md §3: 3 to 20 s)."""
MODELS = ("qwen/qwen-image-edit", "black-forest-labs/flux-kontext-pro", "black-forest-labs/flux-2-pro", "reve/edit")
ROOMS = 10
SEEDS = 5
POLLING = ("get", "list")


@dataclass(frozen=True)
class Run:
    """What one run of 200 predictions took and asked for."""

    seconds: float
    """From the first create to the last picture kept."""
    ideal_seconds: float
    calls_each: float
    late_seconds: float
    """How late an end was seen: the 99th percentile over the predictions."""
    lost: int = 0
    """Predictions that were bought and never came to an end with us."""

    def told(self, value: str) -> str:
        """Return a baseline's words."""
        return f"replicate.run: {value}" + (f", {self.lost} of {COUNT} lost" if self.lost else "")


def bench_engine() -> list[Figure]:
    """Measure calls, lateness and makespan, ours and the naive way's."""
    crowd, crowd_naive = _ours(COUNT), _naive(COUNT)
    fifty, fifty_naive = _ours(50), _naive(50)
    return [
        Figure(
            "api_calls_each", crowd.calls_each, "calls", "<= 2.2", crowd_naive.told(f"{crowd_naive.calls_each:.2f}")
        ),
        Figure(
            "end_seen_late",
            crowd.late_seconds,
            "s (p99)",
            "<= 1.5",
            crowd_naive.told(f"{crowd_naive.late_seconds:.2f}"),
        ),
        Figure(
            "makespan_over_ideal",
            fifty.seconds / fifty.ideal_seconds,
            f"x of {fifty.ideal_seconds:.1f} s",
            "<= 1.05",
            fifty_naive.told(f"{fifty_naive.seconds / fifty_naive.ideal_seconds:.3f}"),
        ),
    ]


def _server() -> ReplicateServer:
    return ReplicateServer(seconds=RUN_SECONDS, jitter=0.3, queue_seconds=0.1, tiny_outputs=False)


def _ours(places: int) -> Run:
    with tempfile.TemporaryDirectory() as folder, _server() as server:
        settings = {
            "concurrency": places,
            "model_concurrency": places,
            "create_burst": COUNT,
            "poll_fastest_seconds": Settings.model_fields["poll_fastest_seconds"].default,
            "poll_slowest_seconds": Settings.model_fields["poll_slowest_seconds"].default,
        }
        with lab_at(Path(folder), server, **settings) as lab:
            rooms = [
                lab.desk.keep_room(photo(shade, (1024, 768)), "room.png", "bench").digest for shade in range(ROOMS)
            ]
            choices = [ModelChoice(model, seeds=SEEDS) for model in MODELS]
            plan = lab.desk.plan(rooms, choices, style="modern", prompts=dict.fromkeys(rooms, "Furnish this room."))
            comparison = lab.desk.start(plan, "bench", confirmed=plan.estimate.amount)
            # By the engine's own memory: a look at two hundred in the ledger would load what is measured.
            wait_for(lambda: len(lab.engine.live()) > 0, 60)
            wait_for(lambda: len(lab.engine.live()) == 0, 600, every=0.2)
            view = finished(lab, comparison)
            lives = [cell.prediction for cell in view.cells.values()]
            assert {life.state for life in lives} == {State.SUCCEEDED}
            last = max(life.ended_at.timestamp() for life in lives if life.ended_at is not None)
            with lab.store.ledger.reading() as cursor:
                seen = dict(
                    cursor.execute(
                        "SELECT a.provider_id, epoch(e.happened_at) FROM app.events e "
                        "JOIN app.adoptions a USING (prediction_id) WHERE e.state = 'collecting'"
                    ).fetchall()
                )
        return _run(server.ledger(), last, seen, places)


def _naive(places: int) -> Run:
    with _server() as server:
        client = Client(api_token=server.token, base_url=server.url)
        seen: dict[str, float] = {}

        def one(number: int) -> None:
            # The usual recipe: run, then fetch what it returned. The prompt tells the runs apart.
            try:
                output = client.run(
                    MODELS[number % len(MODELS)],
                    input={"prompt": f"Furnish this room. {number}", "image": "https://example.test/room.png"},
                    use_file_output=False,
                )
            except httpx.HTTPError:
                return  # two hundred blocking creates are more than its connection pool has: counted as lost
            seen[str(number)] = time.time()
            url = output[0] if isinstance(output, list) else output
            if str(url).startswith("http"):
                httpx.get(str(url)).raise_for_status()

        with ThreadPoolExecutor(places) as threads:
            list(threads.map(one, range(COUNT)))
        last = time.time()
        ledger = server.ledger()
        ids = {str(p["input"]["prompt"]).rsplit(" ", 1)[1]: str(p["id"]) for p in ledger["predictions"]}
        return _run(ledger, last, {ids[number]: at for number, at in seen.items()}, places)


def _run(ledger: Mapping[str, Any], last: float, seen: Mapping[str, float], places: int) -> Run:
    made = ledger["predictions"]
    calls = sum(count for kind, count in ledger["calls"].items() if kind in ("create", *POLLING))
    late = sorted(max(0.0, seen[str(p["id"])] - p["over"]) for p in made if str(p["id"]) in seen)
    return Run(
        seconds=last - min(p["created"] for p in made),
        ideal_seconds=_ideal([p["over"] - p["created"] for p in sorted(made, key=lambda p: p["created"])], places),
        calls_each=calls / len(made),
        late_seconds=_percentile(late, 0.99),
        lost=len(made) - len(late),
    )


def _ideal(durations: Iterable[float], places: int) -> float:
    """Return the makespan of these runs, in this order, when every free place is filled at once."""
    free = [0.0] * places
    for duration in durations:
        heapq.heapreplace(free, free[0] + duration)
    return max(free)


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
