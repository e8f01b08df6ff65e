"""Ratings: how often the intervals hold the truth, and how long 100,000 votes take, beside arenakit.

arena-rank 0.1.1 is not measured: it requires numpy==2.3.3 and jax, so it cannot stand beside what is pinned
here. Alone on a machine like this one it took 1.4 s for a fit with its interval.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist

import numpy as np
from arenakit import Arena, Battle, bootstrap, fit_bt

from staging.ratings import Outcome, Ratings, rate
from staging.ratings_fit import FloatArray, IntArray, fit, judged, wins
from staging.ratings_spread import LEVEL, spread
from staging.store import BallotFilter, Store
from tests.bench.figures import Figure
from tests.leanings import RATER_SD, ROOM_SD, leaning

PANELS = 1_000
SKILL = tuple(np.linspace(0.6, -0.6, 6))
ROOMS, RATERS = 60, 12
FIRST_SEED = 20_261_123

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
    found = {votes: _coverage(votes) for votes in (300, 1_000, 5_000)}
    figures = [
        Figure(
            f"ratings_coverage_{votes}_votes", gaps, "share", ">= 0.93", f"per vote: {alone:.2f}; ratings: {scores:.3f}"
        )
        for votes, (gaps, scores, alone) in found.items()
    ]
    highest = max(max(gaps, scores) for gaps, scores, _ in found.values())
    return [*figures, Figure("ratings_coverage_highest", highest, "share", "<= 0.97"), *_large()]


def _coverage(votes: int) -> tuple[float, float, float]:
    """Return how often the 95 % intervals of gaps and of ratings held the truth, and those of gaps per vote."""
    truth = _truth()
    upper = np.triu_indices(len(SKILL), 1)
    normal = NormalDist().inv_cdf((1 + LEVEL) / 2)
    held = np.zeros(3)
    for seed in range(PANELS):
        panel = leaning(FIRST_SEED + seed, votes, SKILL, ROOMS, RATERS)
        doubled: IntArray = np.where(panel.outcome == 0, 2, 0)
        lines = judged(panel.room, panel.rater, panel.left, panel.right, doubled, len(SKILL))
        at = fit(wins(lines, len(SKILL)))
        far = spread(lines, at)
        off = at.scores - truth
        gap_off = np.abs(off[:, None] - off[None, :])[upper]
        own = far.independent.diagonal()
        alone = normal * np.sqrt(own[:, None] + own[None, :] - 2 * far.independent)[upper]
        held += (
            np.mean(gap_off <= far.of_gaps()[upper]),
            np.mean(np.abs(off) <= far.of_scores()),
            np.mean(gap_off <= alone),
        )
    gaps, scores, per_vote = (float(share) for share in held / PANELS)
    return gaps, scores, per_vote


def _truth() -> FloatArray:
    """Return the scores of all rooms and raters there could be: leanings make chances less extreme, so not SKILL."""
    dice = np.random.default_rng(1)
    liking = np.asarray(SKILL) + dice.normal(0, np.hypot(ROOM_SD, RATER_SD), (40_000, len(SKILL)))
    chance = np.mean(1 / (1 + np.exp(liking[:, None, :] - liking[:, :, None])), axis=0)
    np.fill_diagonal(chance, 0)
    return fit(np.rint(chance * 1e9).astype(np.int64)).scores


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
