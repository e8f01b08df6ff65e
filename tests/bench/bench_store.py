"""The ledger with 100,000 predictions in it: how soon it answers, how fast it commits."""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from staging.predictions import Event, Prediction, State
from staging.store import Store
from staging.store.tables import COMPARISONS, EVENTS, OUTPUTS, PREDICTIONS, VERDICTS
from tests.bench.figures import Figure
from tests.ledgers import NOW, PRICE, digest, later, queued

PREDICTIONS_THERE = 100_000
IN_A_COMPARISON = 20
TOGETHER = 50
YEAR = ((NOW - timedelta(days=366)).date(), NOW.date())
MODELS = ("qwen/qwen-image-edit", "reve/edit", "google/nano-banana", "bytedance/seedream-4", "offline/furnish")


def bench_store() -> list[Figure]:
    """Measure look-ups, the cost report and commits, with many predictions in the ledger."""
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "ledger.duckdb")
        comparisons, ids = _fill(store, rng)
        predictions = store.predictions
        asked = queued(store, 400)
        figures = [
            Figure(
                "ledger_of_comparison",
                _ms(lambda: predictions.of_comparison(rng.choice(comparisons)), 50),
                "ms",
                "<= 10",
                f"the view, unrestricted: {_ms(lambda: _by_view(store, rng.choice(comparisons)), 3):.0f}",
            ),
            Figure("ledger_get", _ms(lambda: predictions.get(rng.choice(ids)), 50), "ms", "<= 10"),
            Figure("ledger_unfinished_400", _ms(predictions.unfinished, 5), "ms"),
            Figure("ledger_cost_report", _ms(lambda: store.costs.report(*YEAR), 5), "ms", "<= 500"),
            Figure("ledger_commits_single", _commits(store, asked, 1, 100), "events/s", ">= 50"),
            Figure(
                "ledger_commits_grouped",
                _commits(store, asked, TOGETHER, 20),
                "events/s",
                ">= 1000",
                f"a statement a row: {_commits_by_row(store, asked, 5):.0f}",
            ),
        ]
        store.close()
    return figures


def _ms(question: Callable[[], object], times: int) -> float:
    """Return the median milliseconds."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        question()
        took.append((time.perf_counter() - start) * 1e3)
    return statistics.median(took)


def _by_view(store: Store, comparison_id: str) -> list[tuple[Any, ...]]:
    return store.ledger.rows("SELECT * FROM predictions_now WHERE comparison_id = ?", [comparison_id])


def _commits(store: Store, asked: list[Prediction], together: int, times: int) -> float:
    """Return the events a second that are on the disk, so many in a transaction."""
    start = time.perf_counter()
    for _ in range(times):
        store.predictions.append(_next_events(store, random.Random(1).sample(asked, together)))
    return together * times / (time.perf_counter() - start)


def _commits_by_row(store: Store, asked: list[Prediction], times: int) -> float:
    columns = ", ".join(EVENTS.columns)
    marks = ", ".join("?" * len(EVENTS.columns))
    start = time.perf_counter()
    for _ in range(times):
        with store.ledger.writing() as cursor:
            for event in _next_events(store, asked[:TOGETHER]):
                row = [event.prediction_id, event.sequence, "running", event.at, *[None] * (len(EVENTS.columns) - 4)]
                cursor.execute(f"INSERT INTO app.events ({columns}) VALUES ({marks})", row)
    return TOGETHER * times / (time.perf_counter() - start)


_sequence: dict[str, int] = {}


def _next_events(store: Store, asked: list[Prediction]) -> list[Event]:
    events = []
    for one in asked:
        _sequence[one.id] = _sequence.get(one.id, 0) + 1
        events.append(Event(one.id, _sequence[one.id], State.RUNNING, later(1), metrics={"predict_time": 1.0}))
    return events


def _fill(store: Store, rng: random.Random) -> tuple[list[str], list[str]]:
    """Write a year of finished predictions and return the ids of the comparisons and predictions."""
    comparisons, ids = [], []
    rows = list(_rows(rng))
    with store.ledger.writing() as cursor:
        for table in (COMPARISONS, PREDICTIONS, EVENTS, OUTPUTS, VERDICTS):
            of_table = [row for name, row in rows if name == table.name]
            for start in range(0, len(of_table), 20_000):
                table.insert(cursor, of_table[start : start + 20_000])
            if table is COMPARISONS:
                comparisons = [row[0] for row in of_table]
            if table is PREDICTIONS:
                ids = [row[0] for row in of_table]
    store.ledger.checkpoint()
    return comparisons, ids


def _rows(rng: random.Random) -> Iterator[tuple[str, tuple[Any, ...]]]:
    price = PRICE.model_dump(mode="json")
    prompt = "Furnish this empty room. " * 16
    for number in range(PREDICTIONS_THERE):
        at = NOW - timedelta(seconds=300 * (PREDICTIONS_THERE - number))
        if number % IN_A_COMPARISON == 0:
            comparison_id = _id_of(at.timestamp(), rng)
            yield COMPARISONS.name, (comparison_id, "", f"listing {number % 70}", at, "ada")
        key, room, model = _id_of(at.timestamp(), rng), digest(number % 300), MODELS[number % len(MODELS)]
        yield (
            PREDICTIONS.name,
            (
                key,
                comparison_id,
                room,
                model,
                None,
                "replicate",
                "modern",
                prompt,
                {},
                1,
                price,
                Decimal("0.03"),
                f"listing {number % 70}",
                at,
                "ada",
                *(None,) * 5,
                number % IN_A_COMPARISON,
            ),
        )
        nothing = (None,) * 11
        yield EVENTS.name, (key, 0, "queued", at, *nothing)
        yield EVENTS.name, (key, 1, "submitting", at, None, {"prompt": prompt, "image": room}, *nothing[2:])
        yield EVENTS.name, (key, 2, "running", at, f"p{number}", *nothing[1:])
        yield EVENTS.name, (key, 3, "collecting", at, *nothing)
        end = (
            None,
            None,
            None,
            None,
            {"predict_time": 6.5},
            0.5,
            6.5,
            7.0,
            Decimal("0.03"),
            "as reported",
            {"image": 1},
        )
        yield EVENTS.name, (key, 4, "succeeded" if number % 10 else "failed", at, *end)
        if number % 10:
            yield OUTPUTS.name, (key, 0, digest(number), "image/png", 2_000_000, 1536, 1152)
            if number % 3:
                yield VERDICTS.name, (key, 0, "accepted", at, "ada", [], None, "", False)


def _id_of(seconds: float, rng: random.Random) -> str:
    """Return a UUIDv7 of that moment: look-ups stand on ids that sort by time."""
    rest = rng.getrandbits(74)
    whole = f"{int(seconds * 1000):012x}7{rest >> 62:03x}{8 | rest >> 60 & 3:x}{rest & (1 << 60) - 1:015x}"
    return f"{whole[:8]}-{whole[8:12]}-{whole[12:16]}-{whole[16:20]}-{whole[20:]}"
