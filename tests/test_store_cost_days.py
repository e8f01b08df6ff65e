"""Costs by day: the first one, models are told apart, days without any are 0."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from staging.predictions import State
from staging.store import CostFilter, Store
from staging.store.cost_reading import DEAREST_MODELS
from tests.ledgers import ending, queued

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
TODAY = NOON.date()
ZERO = Decimal(0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


def spend(store: Store, usd: str, days_ago: int, **facts: Any) -> str:
    """Return the id of a success that came to so much."""
    (asked,) = queued(store, **facts)
    at = NOON - timedelta(days=days_ago)
    store.predictions.append([ending(asked, State.SUCCEEDED, 1, at=at, charge_usd=Decimal(usd))])
    return asked.id


def test_the_first_day_is_told_also_before_any_day_is_over(store: Store) -> None:
    assert store.costs.first_day() is None

    spend(store, "0.03", days_ago=0)

    assert store.costs.first_day() == TODAY

    spend(store, "0.03", days_ago=3)
    assert store.costs.first_day() == TODAY - timedelta(days=3)


def test_days_by_model_add_up_and_only_the_dearest_are_told_apart(store: Store) -> None:
    for number in range(DEAREST_MODELS + 2):
        spend(store, f"0.{number + 1:02}", days_ago=number % 2, model=f"made/model-{number}")

    report = store.costs.report(TODAY - timedelta(days=1), TODAY)

    days = report.by_day_and_model
    assert sum(one.cost_usd for one in days) == report.total.cost_usd
    assert {one.model for one in days} == {f"made/model-{number}" for number in range(2, DEAREST_MODELS + 2)} | {""}
    assert [one for one in days if not one.model] == [
        (TODAY - timedelta(days=1), "", Decimal("0.02")),
        (TODAY, "", Decimal("0.01")),
    ]


def test_each_day_is_told_and_a_filter_narrows_them(store: Store) -> None:
    spend(store, "0.03", days_ago=2, created_by="ada")
    spend(store, "0.04", days_ago=0, created_by="ben")
    first = TODAY - timedelta(days=3)

    assert store.costs.daily(first, TODAY) == (ZERO, Decimal("0.03"), ZERO, Decimal("0.04"))
    assert store.costs.daily(first, TODAY, CostFilter(person="ben")) == (ZERO, ZERO, ZERO, Decimal("0.04"))
