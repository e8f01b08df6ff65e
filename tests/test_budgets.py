"""Budgets: kept by name with every version, and counted in the periods of the lab's time zone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from staging.budgets import Budget, Budgets, Period, Scope, Standing
from staging.errors import BudgetRefused, EditedMeanwhile, NotFound
from staging.models import default_registry
from staging.periods import begins_anew, days_of
from staging.store import Store
from tests.labs import MODEL
from tests.ledgers import NOW

MONTH = Budget("November", Scope.ALL, "", Period.MONTH, Decimal(100), hard=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


@pytest.fixture
def budgets(store: Store) -> Budgets:
    return Budgets(store, default_registry(MODEL), clock=lambda: NOW)


def test_a_budget_is_read_as_it_was_saved(budgets: Budgets) -> None:
    fine = replace(MONTH, limit_usd=Decimal("0.000001"), thresholds=(1, 1000), scope=Scope.PROJECT, hard=False)

    budgets.save(MONTH, "ada", NOW)
    budgets.save(replace(fine, name=" fine\n one "), "ada", NOW)

    assert budgets.list() == (MONTH, replace(fine, name="fine one"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"limit_usd": Decimal(0)}, "above \\$0"),
        ({"limit_usd": Decimal(-1)}, "above \\$0"),
        ({"limit_usd": Decimal("NaN")}, "above \\$0"),
        ({"limit_usd": Decimal("Infinity")}, "above \\$0"),
        ({"limit_usd": Decimal("0.0000001")}, "6 decimal places"),
        ({"limit_usd": Decimal(1_000_001)}, "at most \\$1,000,000"),
        ({"thresholds": (0, 50)}, "1 to 1000"),
        ({"thresholds": (1001,)}, "1 to 1000"),
        ({"thresholds": tuple(range(1, 12))}, "at most 10"),
        ({"name": "  "}, "1 to 60"),
        ({"name": "n" * 61}, "1 to 60"),
        ({"name": "a\x00b"}, "printable"),
        ({"key": "x"}, "for all"),
        ({"scope": Scope.PERSON, "key": " "}, "which person"),
        ({"scope": Scope.MODEL}, "which model"),
        ({"scope": Scope.MODEL, "key": "nobody/knows"}, "No model is called 'nobody/knows'"),
        ({"scope": Scope.PROJECT, "key": "p" * 201}, "at most 200"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused(budgets: Budgets, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(BudgetRefused, match=said):
        budgets.save(replace(MONTH, **wrong), "ada", NOW)

    assert budgets.history() == ()


def test_a_new_budget_takes_nobody_elses_name(budgets: Budgets) -> None:
    budgets.save(MONTH, "ada", NOW)

    with pytest.raises(BudgetRefused, match="There is a budget called “November” already"):
        budgets.save(replace(MONTH, limit_usd=Decimal(5)), "bob", NOW)

    assert budgets.list() == (MONTH,)


def test_an_edit_over_somebody_elses_is_told(budgets: Budgets) -> None:
    budgets.save(MONTH, "ada", NOW)
    budgets.save(replace(MONTH, limit_usd=Decimal(5)), "bob", NOW, follows=0)

    with pytest.raises(EditedMeanwhile, match="bob has changed"):
        budgets.save(replace(MONTH, limit_usd=Decimal(7)), "ada", NOW, follows=0)
    with pytest.raises(EditedMeanwhile, match="bob has changed"):
        budgets.remove("November", "ada", NOW, follows=0)

    assert [one.limit_usd for one in budgets.list()] == [5]


def test_a_removed_budget_leaves_its_history_and_its_name(budgets: Budgets) -> None:
    budgets.save(MONTH, "ada", NOW, note="the year's plan")
    budgets.remove("November", "bob", NOW, note="over")
    assert budgets.list() == ()

    budgets.save(MONTH, "cy", NOW)

    assert [(one.version, one.budget, one.note, one.written_by) for one in budgets.history()] == [
        (2, MONTH, "", "cy"),
        (1, None, "over", "bob"),
        (0, MONTH, "the year's plan", "ada"),
    ]
    with pytest.raises(NotFound):
        budgets.remove("December", "bob", NOW)


def test_a_budget_that_cannot_be_read_is_named_and_can_be_removed(store: Store, budgets: Budgets) -> None:
    store.documents.write("budget", "odd", {"scope": "galaxy"}, "ada", NOW)

    with pytest.raises(BudgetRefused, match="“odd” cannot be read"):
        budgets.list()

    assert "“odd” cannot be read" in budgets.history()[0].fault
    budgets.remove("odd", "ada", NOW)
    assert budgets.list() == ()


@pytest.mark.parametrize(
    ("period", "day", "first", "last", "name"),
    [
        (Period.DAY, "2026-11-23", "2026-11-23", "2026-11-23", "2026-11-23"),
        (Period.WEEK, "2026-11-23", "2026-11-23", "2026-11-29", "2026-W48"),
        (Period.WEEK, "2026-12-31", "2026-12-28", "2027-01-03", "2026-W53"),
        (Period.WEEK, "2027-01-03", "2026-12-28", "2027-01-03", "2026-W53"),
        (Period.WEEK, "2027-01-04", "2027-01-04", "2027-01-10", "2027-W01"),
        (Period.WEEK, "2024-12-30", "2024-12-30", "2025-01-05", "2025-W01"),
        (Period.MONTH, "2026-11-30", "2026-11-01", "2026-11-30", "2026-11"),
        (Period.MONTH, "2026-12-31", "2026-12-01", "2026-12-31", "2026-12"),
        (Period.MONTH, "2028-02-01", "2028-02-01", "2028-02-29", "2028-02"),
        (Period.MONTH, "2026-02-28", "2026-02-01", "2026-02-28", "2026-02"),
    ],
)
def test_a_day_lies_in_its_period(period: Period, day: str, first: str, last: str, name: str) -> None:
    assert days_of(period, date.fromisoformat(day)) == (date.fromisoformat(first), date.fromisoformat(last), name)


def test_a_total_has_no_end() -> None:
    assert days_of(Period.TOTAL, date(2026, 11, 23)) == (date.min, None, "total")


@pytest.mark.parametrize(
    ("last", "zone", "begins"),
    [
        ("2026-11-30", "UTC", "2026-12-01T00:00:00+00:00"),
        ("2026-11-30", "Pacific/Auckland", "2026-12-01T00:00:00+13:00"),
        ("2026-11-30", "America/Los_Angeles", "2026-12-01T00:00:00-08:00"),
        ("2026-03-28", "Europe/Paris", "2026-03-29T00:00:00+01:00"),
        ("2026-03-29", "Europe/Paris", "2026-03-30T00:00:00+02:00"),
        ("2026-04-23", "Africa/Cairo", "2026-04-24T01:00:00+03:00"),  # put forward at midnight
    ],
)
def test_a_period_begins_anew_at_midnight_of_its_zone(last: str, zone: str, begins: str) -> None:
    assert begins_anew(date.fromisoformat(last), zone).isoformat() == begins


def test_a_standing_says_what_is_left() -> None:
    stands = Standing(MONTH, date(2026, 11, 1), date(2026, 11, 30), "2026-11", Decimal(70), Decimal(35))

    assert (stands.left_usd, stands.share) == (Decimal(-5), Decimal("1.05"))


def test_without_any_spending_everything_is_left(budgets: Budgets) -> None:
    budgets.save(MONTH, "ada", NOW)

    (stands,) = budgets.standings()

    assert [stands.spent_usd, stands.reserved_usd, stands.left_usd] == [0, 0, 100]
    assert (stands.first, stands.last, stands.period) == (date(2026, 11, 1), date(2026, 11, 30), "2026-11")
    assert budgets.standings(date(2026, 12, 31))[0].period == "2026-12"


def test_the_day_is_that_of_the_labs_zone(tmp_path: Path) -> None:
    late = datetime(2026, 11, 30, 12, 30, tzinfo=UTC)
    for zone, day in (("Pacific/Auckland", date(2026, 12, 1)), ("America/Los_Angeles", date(2026, 11, 30))):
        store = Store.open(tmp_path / f"{day}.duckdb", zone)
        assert Budgets(store, default_registry(MODEL), clock=lambda: late).today() == day
        store.close()
