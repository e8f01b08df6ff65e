"""Many at once for the last of a budget: exactly as many are taken as it pays for."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest

from staging.budgets import Budget, Budgets, Period, Scope, Wanted
from staging.errors import BudgetExceeded
from staging.models import default_registry
from staging.predictions import Event, State
from staging.store import Store
from tests.labs import MODEL
from tests.ledgers import NOW, comparison, prediction

RACERS = 50
USD = Decimal("0.04")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


@pytest.fixture
def budgets(store: Store) -> Budgets:
    budgets = Budgets(store, default_registry(MODEL), clock=lambda: NOW)
    budgets.save(Budget("November", Scope.ALL, "", Period.MONTH, Decimal(1), hard=True), "ada", NOW)
    return budgets


def raced(pool: ThreadPoolExecutor, ask: Callable[[], str | None]) -> list[str]:
    """Return the predictions that were queued when all racers ask at the same moment."""
    start = threading.Barrier(RACERS)

    def one() -> str | None:
        start.wait()
        return ask()

    return [made for asked in [pool.submit(one) for _ in range(RACERS)] if (made := asked.result()) is not None]


def reserved(store: Store) -> Decimal:
    return store.costs.under_way().reserved_usd


@pytest.mark.parametrize("rounds", [4, pytest.param(100, marks=[pytest.mark.soak, pytest.mark.timeout(600)])])
def test_of_fifty_racers_for_the_last_dollar_at_four_cents_twenty_five_are_taken(
    store: Store, budgets: Budgets, rounds: int
) -> None:
    def ask() -> str | None:
        asked = comparison()
        one = prediction(asked)
        wanted = Wanted(one.id, one.model, one.project, one.created_by, USD)
        try:
            store.predictions.queue(asked, [one], NOW, budgets.reserve([wanted]))
        except BudgetExceeded:
            return None
        return one.id

    with ThreadPoolExecutor(RACERS) as pool:
        for _ in range(rounds):
            taken = raced(pool, ask)
            assert (len(taken), reserved(store)) == (25, Decimal(1))
            store.predictions.append([Event(one, 1, State.CANCELED, NOW, charge_usd=Decimal(0)) for one in taken])
            assert reserved(store) == 0


def test_who_looks_before_the_transaction_loses_the_race(store: Store, budgets: Budgets) -> None:
    """The control: the check above has to stand in the transaction that queues."""
    looked = threading.Barrier(RACERS)

    def ask() -> str | None:
        asked = comparison()
        one = prediction(asked)
        (outlook,) = budgets.outlook([Wanted(one.id, one.model, one.project, one.created_by, USD)])
        looked.wait()
        if outlook.objection:
            return None
        store.predictions.queue(asked, [one], NOW, lambda _: {one.id: USD})
        return one.id

    with ThreadPoolExecutor(RACERS) as pool:
        assert len(raced(pool, ask)) == RACERS
    assert reserved(store) == 2
