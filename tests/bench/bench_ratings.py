"""Ratings: how often the intervals hold the truth, and how long 100,000 votes take, beside arenakit.

arena-rank 0.1.1 is not measured: it requires numpy==2.3.3 and jax, so it cannot stand beside what is pinned
here. Alone on a machine like this one it took 1.4 s for a fit with its interval.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from arenakit import Arena, Battle, bootstrap, fit_bt

from staging.ratings import Outcome, Ratings, rate
from staging.store import BallotFilter, Store
from tests.bench.figures import Figure
from tests.leanings import held

PANELS = 1_000
MODELS, VOTES = 12, 100_000
RESAMPLES = 1_000
_FILL = f"""
INSERT INTO app.votes BY NAME
SELECT
    'rater ' || (dice % 40) AS rater, printf('%032x', n) AS pair, 0 AS showing, 0 AS sequence,
    printf('%032x', n) AS ballot, 'pair' AS kind, 'room ' || (dice // 40 % 400) AS unit, 'living' AS room_type,
    'modern' AS style, 'listing ' || (dice // 40 % 60) AS project,
    'model ' || m AS left_model, 'model ' || ((m + 1 + dice // 16000 % {MODELS - 1}) % {MODELS}) AS right_model,
    CASE WHEN luck < 4 THEN 'both bad' WHEN luck < 14 THEN 'tie' WHEN luck < 57 THEN 'left' ELSE 'right' END AS choice,
    '[]' AS reasons, TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds(n * 60) AS given_at
FROM (SELECT n, hash(n) AS dice, hash(n + 7) % {MODELS} AS m, hash(n + 11) % 100 AS luck FROM range({VOTES}) AS t(n))
"""


def bench_ratings() -> list[Figure]:
    """Rate simulated panels with known truth, then 100,000 votes from a ledger."""
    found = {votes: held(votes, PANELS) for votes in (300, 1_000, 5_000)}
    figures = [
        Figure(
            f"ratings_coverage_{votes}_votes",
            share.gaps,
            "share",
            ">= 0.93",
            f"per vote: {share.gaps_per_vote:.2f}; ratings: {share.ratings:.3f}",
        )
        for votes, share in found.items()
    ]
    highest = max(max(share.gaps, share.ratings) for share in found.values())
    return [*figures, Figure("ratings_coverage_highest", highest, "share", "<= 0.97"), *_large()]


def _large() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "votes.duckdb")
        with store.ledger.writing() as cursor:
            cursor.execute(_FILL)
        store.ledger.checkpoint()

        def ask() -> Ratings:
            return rate(store.votes.ballots(BallotFilter()))

        whole = _ms(ask, 15)
        ballots = store.votes.ballots(BallotFilter())
        store.close()
    rated = _ms(lambda: rate(ballots), 15)
    said = {0: "a", 1: "b", 2: "tie"}
    arena = Arena(
        [
            Battle(model_a=str(left), model_b=str(right), winner=said[outcome], item_id=str(room))
            for left, right, outcome, room in zip(
                *(codes.tolist() for codes in (ballots.left, ballots.right, ballots.outcome, ballots.room)), strict=True
            )
            if outcome != list(Outcome).index(Outcome.BOTH_BAD)
        ]
    )
    fitted = _ms(lambda: fit_bt(arena.counts()), 5)
    resampled = _ms(lambda: bootstrap(arena, n_resamples=RESAMPLES, cluster="item"), 1)
    return [
        Figure("ratings_100k_from_duckdb", whole, "ms", "<= 100", f"fit and intervals alone: {rated:.0f}"),
        Figure(
            "ratings_100k_arenakit",
            resampled / rated,
            "times quicker",
            "",
            f"fit {fitted:.1f} ms, {RESAMPLES:,} resamples of rooms {resampled:,.0f} ms",
        ),
    ]


def _ms(question: Callable[[], object], times: int) -> float:
    """Return the median milliseconds, warm."""
    question()
    took = []
    for _ in range(times):
        start = time.perf_counter()
        question()
        took.append((time.perf_counter() - start) * 1e3)
    return statistics.median(took)
