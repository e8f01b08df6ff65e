"""The cost page with ten million predictions in the ledger, beside SQLite and pandas on the same data."""

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pandas as pd  # type: ignore[import-untyped]  # Streamlit's own; nothing else of ours uses it

from staging.store import CostFilter, Store
from tests.bench.figures import Figure
from tests.ledgers import PRICE

FEW, MANY = 100_000, 10_000_000
DAYS = 1_095
FIRST = date(2023, 11, 1)
LAST = FIRST + timedelta(days=DAYS - 1)
IN_A_COMPARISON = 20
AT_ONCE = 1_000_000

# Comparisons of one project by one person, twenty predictions each over several models and room types.
# What is drawn at random is drawn from the row's number, so that every run has the same rows.
_ASKED = f"""
SELECT
    n, n // {IN_A_COMPARISON} AS comparison,
    TIMESTAMPTZ '{FIRST} 00:00:00+00' + to_microseconds((n * {DAYS * 86_400_000_000 // 1_000} // $count) * 1_000)
        AS moment,
    hash(n) AS dice, hash(n // {IN_A_COMPARISON}) AS of_comparison
FROM range($first, $last) AS t(n)
"""
_NAMED = f"""
SELECT
    *, epoch_ms(moment) AS ms,
    substr(printf('%012x', ms), 1, 8) || '-' || substr(printf('%012x', ms), 9) || '-7000-8000-' || printf('%012x', n)
        AS id,
    'model ' || (dice % 25)::VARCHAR AS model,
    'listing ' || (of_comparison % 300)::VARCHAR AS project,
    'person ' || (of_comparison // 300 % 12)::VARCHAR AS person,
    printf('%064x', (of_comparison % 2000)::BIGINT) AS room,
    CASE WHEN dice // 25 % 100 < 94 THEN 'succeeded' WHEN dice // 25 % 100 < 99 THEN 'failed' ELSE 'canceled' END
        AS state,
    (1 + dice // 2500 % 90)::DECIMAL(18, 6) / 1000 AS usd
FROM ({_ASKED})
"""
_FILL = (
    (
        f"INSERT INTO app.predictions BY NAME SELECT id, 'c' || comparison::VARCHAR AS comparison_id, "
        f"(n % {IN_A_COMPARISON})::INTEGER AS position, room, model, 'replicate' AS provider, 'modern' AS style, "
        "'Furnish this empty room.' AS prompt, '{}' AS parameters, $price AS price, usd AS estimate_usd, project, "
        f"moment AS created_at, person AS created_by FROM ({_NAMED})"
    ),
    (
        f"INSERT INTO app.events BY NAME SELECT id AS prediction_id, 0 AS sequence, 'queued' AS state, "
        f"moment AS happened_at FROM ({_NAMED}) WHERE $price <> ''"
    ),
    (
        f"INSERT INTO app.events BY NAME SELECT id AS prediction_id, 1 AS sequence, state, "
        "moment + INTERVAL 8 SECOND AS happened_at, CASE WHEN state = 'failed' THEN 'model_failed' END AS error_kind, "
        "(2 + dice // 7 % 3000 / 100)::DOUBLE AS run_seconds, usd AS charge_usd, 'as reported' AS charge_basis "
        f"FROM ({_NAMED}) WHERE $price <> ''"
    ),
    (
        f"INSERT INTO app.verdicts BY NAME SELECT id AS prediction_id, 0 AS sequence, "
        "CASE WHEN dice // 11 % 2 = 0 THEN 'accepted' ELSE 'rejected' END AS verdict, moment AS given_at, "
        f"person AS given_by FROM ({_NAMED}) WHERE state = 'succeeded' AND dice // 13 % 10 < 6 AND $price <> ''"
    ),
)


def bench_costs() -> list[Figure]:
    """Fill two ledgers, add their days up, and ask what the page asks."""
    with tempfile.TemporaryDirectory() as folder:
        few = _filled(Path(folder) / "few.duckdb", FEW)
        few.costs.refresh()
        small, small_narrowed = _page(few), _page(few, CostFilter(model="model 3", project="listing 7"))
        few.close()

        store = _filled(Path(folder) / "many.duckdb", MANY)
        start = time.perf_counter()
        store.costs.refresh()
        sealed = time.perf_counter() - start
        large = _page(store)
        narrowed = _page(store, CostFilter(model="model 3", project="listing 7"))
        by_day_and_model = _ms(lambda: _kept(store), 5)
        raw = _ms(lambda: _raw(store), 3)
        in_sqlite, in_pandas = _elsewhere(store, Path(folder))
        store.close()
    return [
        Figure("costs_page_10m", large, "ms", "<= 500", f"at 100,000: {small:.0f}"),
        Figure("costs_page_10m_growth", large / small, "times for 100 times the rows", "<= 100"),
        Figure("costs_page_10m_filtered", narrowed, "ms", "<= 500", f"at 100,000: {small_narrowed:.0f}"),
        Figure("costs_10m_first_sum", sealed, "s"),
        Figure("costs_day_model", by_day_and_model, "ms", "", f"all rows, in DuckDB: {raw:.0f}"),
        Figure("costs_day_model_sqlite", in_sqlite / by_day_and_model, "times quicker", ">= 89", f"{in_sqlite:.0f} ms"),
        Figure(
            "costs_day_model_pandas", in_pandas / by_day_and_model, "times quicker", ">= 5.5", f"{in_pandas:.0f} ms"
        ),
    ]


def _filled(path: Path, count: int) -> Store:
    store = Store.open(path)
    with store.ledger.writing() as cursor:
        cursor.execute(
            "INSERT INTO app.room_versions SELECT printf('%064x', n), 0, "
            "['living', 'bedroom', 'kitchen', 'office', 'dining'][1 + n % 5], '', '', false, now(), 'ada' "
            "FROM range(2000) AS t(n)"
        )
    for first in range(0, count, AT_ONCE):
        values = {"first": first, "last": min(first + AT_ONCE, count), "count": count, "price": PRICE.model_dump_json()}
        with store.ledger.writing() as cursor:
            for statement in _FILL:
                cursor.execute(statement, values)
    store.ledger.checkpoint()
    return store


def _page(store: Store, wanted: CostFilter = CostFilter()) -> float:  # noqa: B008 — frozen
    """Return the median milliseconds of all that the page asks at once when it shows all days: nothing costs more."""

    def ask() -> None:
        store.costs.choices()
        store.costs.under_way()
        store.costs.daily(LAST - timedelta(days=56), LAST, wanted)  # for the forecast
        assert store.costs.report(FIRST, LAST, wanted).total.predictions > 0

    return _ms(ask, 9)


def _kept(store: Store) -> int:
    return len(
        store.ledger.rows(
            "SELECT day, key, sum(cost_usd) FROM app.daily_totals WHERE dimension = 'model' GROUP BY day, key"
        )
    )


def _raw(store: Store) -> int:
    return len(
        store.ledger.rows(
            "SELECT happened_at::DATE AS day, model, sum(charge_usd) FROM app.events "
            "JOIN app.predictions ON id = prediction_id WHERE sequence = 1 GROUP BY day, model"
        )
    )


def _elsewhere(store: Store, folder: Path) -> tuple[float, float]:
    """Return the milliseconds of the same question to SQLite and to pandas, each with its rows ready to be read."""
    with store.ledger.reading() as cursor:
        rows = cursor.execute(
            "SELECT strftime(happened_at, '%Y-%m-%d') AS day, model, charge_usd::DOUBLE AS usd FROM app.events "
            "JOIN app.predictions ON id = prediction_id WHERE sequence = 1"
        ).df()
    lite = sqlite3.connect(folder / "costs.sqlite")
    lite.execute("CREATE TABLE costs (day TEXT, model TEXT, usd REAL)")
    for start in range(0, len(rows), AT_ONCE):
        lite.executemany("INSERT INTO costs VALUES (?, ?, ?)", rows[start : start + AT_ONCE].values.tolist())
    lite.commit()
    asked = "SELECT day, model, sum(usd) FROM costs GROUP BY day, model"
    in_sqlite = _ms(lambda: lite.execute(asked).fetchall(), 1)
    lite.close()
    frame = pd.DataFrame({"day": rows["day"].astype("category"), "model": rows["model"].astype("category")})
    frame["usd"] = rows["usd"]
    in_pandas = _ms(lambda: frame.groupby(["day", "model"], observed=True)["usd"].sum(), 3)
    return in_sqlite, in_pandas


def _ms(question: Callable[[], object], times: int) -> float:
    """Return the median milliseconds."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        question()
        took.append((time.perf_counter() - start) * 1e3)
    return statistics.median(took)
