"""What counts against a budget, and in which period: to the last digit, whatever becomes of a prediction."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from staging.budgets import Budget, Budgets, Period, Scope, Standing, Wanted
from staging.errors import BudgetExceeded
from staging.models import default_registry
from staging.predictions import Comparison, Event, Prediction, State
from staging.store import Store
from staging.store.budgets import Account, counted
from staging.store.costs import spent
from staging.store.daily import unseal_predictions
from staging.store.tables import SETTLEMENTS
from tests.labs import MODEL
from tests.ledgers import NOW, comparison, ending, later, prediction, steps

USD = Decimal("0.04")
MONTH = Budget("November", Scope.ALL, "", Period.MONTH, Decimal(1), hard=True)


class Clock:
    """The time that tests say it is."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


@pytest.fixture
def budgets(store: Store, clock: Clock) -> Budgets:
    return Budgets(store, default_registry(MODEL), clock)


def wanted(one: Prediction, usd: Decimal | None = USD) -> Wanted:
    return Wanted(one.id, one.model, one.project, one.created_by, usd)


def asked(
    store: Store, budgets: Budgets, *amounts: Decimal | None, project: str = "", model: str = MODEL
) -> list[Prediction]:
    """Return predictions of one comparison, queued with these amounts reserved."""
    of = comparison(project=project)
    predictions = [prediction(of, model=model) for _ in amounts]
    pairs = zip(predictions, amounts, strict=True)
    store.predictions.queue(of, predictions, NOW, budgets.reserve([wanted(one, usd) for one, usd in pairs]))
    return predictions


def ended(store: Store, one: Prediction, state: State = State.SUCCEEDED, **facts: Any) -> None:
    """The prediction has run and ended."""
    store.predictions.append([*steps(one), ending(one, state, **facts)])


def only(budgets: Budgets) -> Standing:
    (standing,) = budgets.standings()
    return standing


def figures(budgets: Budgets) -> tuple[Decimal, Decimal]:
    standing = only(budgets)
    return standing.spent_usd, standing.reserved_usd


# ── the life of a reservation ───────────────────────────────────────────────────────────────


def test_what_is_queued_is_reserved_until_its_charge_takes_the_place(store: Store, budgets: Budgets) -> None:
    budgets.save(MONTH, "ada", NOW)

    (one,) = asked(store, budgets, USD)
    assert figures(budgets) == (Decimal(0), USD)

    ended(store, one, charge_usd=Decimal("0.031"))
    assert figures(budgets) == (Decimal("0.031"), Decimal(0))


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELED])
def test_what_was_not_charged_is_given_back(store: Store, budgets: Budgets, state: State) -> None:
    budgets.save(MONTH, "ada", NOW)
    (one,) = asked(store, budgets, USD)

    ended(store, one, state, charge_usd=Decimal(0), charge_basis="failed", charge_inputs={})

    assert figures(budgets) == (Decimal(0), Decimal(0))


def test_a_charge_that_nobody_knows_goes_on_holding_what_was_reserved_until_it_is_settled(
    store: Store, budgets: Budgets
) -> None:
    budgets.save(MONTH, "ada", NOW)
    (one,) = asked(store, budgets, USD)

    ended(store, one, State.UNKNOWN, charge_usd=None, charge_basis="price unknown")
    assert figures(budgets) == (USD, Decimal(0))

    with store.ledger.writing() as cursor:
        SETTLEMENTS.insert(cursor, [(one.id, 0, Decimal("0.01"), "person", "", later(20), "ada")])
        unseal_predictions(cursor, [one.id])
    assert figures(budgets) == (Decimal("0.01"), Decimal(0))


def test_a_charge_above_its_reservation_counts_in_full(store: Store, budgets: Budgets) -> None:
    budgets.save(MONTH, "ada", NOW)
    (one,) = asked(store, budgets, USD)

    ended(store, one, charge_usd=Decimal("1.50"))

    assert only(budgets).left_usd == Decimal("-0.50")
    with pytest.raises(BudgetExceeded, match=r"is overspent by \$0\.50 of \$1\.00"):
        asked(store, budgets, USD)


def test_a_restart_forgets_no_reservation(tmp_path: Path) -> None:
    path = tmp_path / "ledger.duckdb"
    store = Store.open(path)
    budgets = Budgets(store, default_registry(MODEL), lambda: NOW)
    budgets.save(MONTH, "ada", NOW)
    (one,) = asked(store, budgets, Decimal(1))
    store.close()

    store = Store.open(path)
    budgets = Budgets(store, default_registry(MODEL), lambda: NOW)
    assert figures(budgets) == (Decimal(0), Decimal(1))
    with pytest.raises(BudgetExceeded):
        asked(store, budgets, USD)
    ended(store, one)
    assert figures(budgets) == (Decimal("0.03"), Decimal(0))
    store.close()


# ── what is refused ─────────────────────────────────────────────────────────────────────────


def test_a_refused_comparison_leaves_nothing(store: Store, budgets: Budgets) -> None:
    budgets.save(MONTH, "ada", NOW)

    with pytest.raises(BudgetExceeded) as raised:
        asked(store, budgets, Decimal("0.60"), Decimal("0.60"))

    assert str(raised.value) == (
        "Nothing was started. The hard budget “November” (everything, a month) has $1.00 of $1.00 left until "
        "1 December 2026, 00:00 (UTC), and this run may cost $1.20 of it."
    )
    assert store.comparisons.list() == []
    assert store.costs.under_way().predictions == 0
    assert figures(budgets) == (Decimal(0), Decimal(0))


def test_exactly_what_is_left_is_taken(store: Store, budgets: Budgets) -> None:
    budgets.save(MONTH, "ada", NOW)
    asked(store, budgets, Decimal("0.60"), Decimal("0.40"))

    with pytest.raises(BudgetExceeded, match=r"has \$0\.00 of \$1\.00 left"):
        asked(store, budgets, Decimal("0.000001"))


def test_a_total_says_that_it_has_no_end(store: Store, budgets: Budgets) -> None:
    budgets.save(replace(MONTH, name="Trial", period=Period.TOTAL), "ada", NOW)

    with pytest.raises(
        BudgetExceeded, match=r"“Trial” \(everything, in total\) has \$1\.00 of \$1\.00 left for good \(raise it"
    ):
        asked(store, budgets, Decimal(2))


def test_only_what_is_in_scope_counts(store: Store, budgets: Budgets) -> None:
    dear = "google/nano-banana"
    for name, scope, key in (
        ("elm", Scope.PROJECT, "Elm"),
        ("nobody's", Scope.PROJECT, ""),
        ("banana", Scope.MODEL, dear),
        ("bob", Scope.PERSON, "bob"),
    ):
        budgets.save(replace(MONTH, name=name, scope=scope, key=key), "ada", NOW)
    asked(store, budgets, USD, project="Elm")
    asked(store, budgets, USD * 2, model=dear)

    assert {one.budget.name: one.reserved_usd for one in budgets.standings()} == {
        "elm": USD,
        "nobody's": USD * 2,
        "banana": USD * 2,
        "bob": Decimal(0),
    }
    with pytest.raises(BudgetExceeded, match=r"“elm” \(the project Elm, a month\)"):
        asked(store, budgets, Decimal(1), project="Elm")
    with pytest.raises(BudgetExceeded, match=r"“nobody's” \(what belongs to no project, a month\)"):
        asked(store, budgets, Decimal(1))
    asked(store, budgets, Decimal(1), project="Oak")


def test_every_budget_that_objects_is_named(store: Store, budgets: Budgets) -> None:
    budgets.save(MONTH, "ada", NOW)
    budgets.save(replace(MONTH, name="today", period=Period.DAY), "ada", NOW)

    with pytest.raises(BudgetExceeded, match=r"“November”.*“today”"):
        asked(store, budgets, Decimal(2))


def test_a_soft_budget_never_refuses(store: Store, budgets: Budgets) -> None:
    budgets.save(replace(MONTH, hard=False), "ada", NOW)

    asked(store, budgets, Decimal(5), None)

    assert only(budgets).left_usd == Decimal(-4)
    (outlook,) = budgets.outlook([wanted(prediction(comparison()))])
    assert "The soft budget “November” (everything, a month) is overspent by $4.00" in outlook.objection


def test_what_nobody_knows_the_most_of_needs_a_worst_price_under_a_hard_budget(store: Store, budgets: Budgets) -> None:
    budgets.save(replace(MONTH, scope=Scope.PROJECT, key="Elm"), "ada", NOW)

    with pytest.raises(BudgetExceeded, match=rf"Nobody knows what {MODEL} may cost.*declare a worst price"):
        asked(store, budgets, USD, None, project="Elm")
    asked(store, budgets, None, project="Oak")

    assert figures(budgets) == (Decimal(0), Decimal(0))


def test_what_costs_nothing_runs_when_everything_is_overspent(store: Store, budgets: Budgets) -> None:
    budgets.save(MONTH, "ada", NOW)
    (one,) = asked(store, budgets, USD)
    ended(store, one, charge_usd=Decimal(3))

    asked(store, budgets, Decimal(0), Decimal(0))

    with pytest.raises(BudgetExceeded):
        asked(store, budgets, Decimal(0), USD)


def test_a_budget_that_cannot_be_read_stops_what_costs_and_nothing_else(store: Store, budgets: Budgets) -> None:
    store.documents.write("budget", "odd", {"scope": "galaxy"}, "ada", NOW)

    asked(store, budgets, Decimal(0))
    with pytest.raises(Exception, match="“odd” cannot be read by this release"):
        asked(store, budgets, USD)


def test_a_budget_lowered_meanwhile_counts_at_once(store: Store, budgets: Budgets) -> None:
    budgets.save(MONTH, "ada", NOW)
    of = comparison()
    one = prediction(of)
    reserve = budgets.reserve([wanted(one)])
    budgets.save(replace(MONTH, limit_usd=Decimal("0.01")), "bob", NOW, follows=0)

    with pytest.raises(BudgetExceeded, match=r"\$0\.01 of \$0\.01 left"):
        store.predictions.queue(of, [one], NOW, reserve)


# ── periods ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("zone", "period", "ends", "before", "after"),
    [
        ("UTC", Period.MONTH, "2026-11-30T23:59:59.9", "2026-11", "2026-12"),
        ("Pacific/Auckland", Period.MONTH, "2026-11-30T10:59:59.9", "2026-11", "2026-12"),
        ("America/Los_Angeles", Period.MONTH, "2026-12-01T07:59:59.9", "2026-11", "2026-12"),
        ("UTC", Period.WEEK, "2027-01-03T23:59:59.9", "2026-W53", "2027-W01"),
        ("Europe/Paris", Period.DAY, "2026-03-29T21:59:59.9", "2026-03-29", "2026-03-30"),  # a day of 23 hours
        ("Europe/Paris", Period.DAY, "2026-10-25T22:59:59.9", "2026-10-25", "2026-10-26"),  # and one of 25
        ("Africa/Cairo", Period.DAY, "2026-04-23T21:59:59.9", "2026-04-23", "2026-04-24"),  # no midnight
    ],
)
def test_a_charge_counts_in_the_period_that_it_ended_in(
    tmp_path: Path, zone: str, period: Period, ends: str, before: str, after: str
) -> None:
    last = datetime.fromisoformat(ends).replace(tzinfo=UTC)
    clock = Clock()
    store = Store.open(tmp_path / "ledger.duckdb", zone)
    budgets = Budgets(store, default_registry(MODEL), clock)
    budgets.save(replace(MONTH, period=period), "ada", NOW)
    seen = []
    for moment, usd in ((last, Decimal("0.7")), (last + timedelta(seconds=0.2), Decimal("0.5"))):
        clock.now = moment
        of = Comparison("c" + moment.isoformat(), "", "", moment, "ada")
        one = prediction(of)
        store.predictions.queue(of, [one], moment, budgets.reserve([wanted(one, usd)]))
        ending_now = Event(one.id, 1, State.FAILED, moment, charge_usd=usd, charge_basis="b", charge_inputs={"run": 1})
        store.predictions.append([ending_now])
        seen.append((only(budgets).period, only(budgets).spent_usd))

    assert seen == [(before, Decimal("0.7")), (after, Decimal("0.5"))]
    clock.now = last
    assert figures(budgets) == (Decimal("0.7"), Decimal(0))
    store.close()


def test_what_ends_right_after_midnight_counts_in_the_new_period(store: Store, budgets: Budgets, clock: Clock) -> None:
    budgets.save(replace(MONTH, period=Period.DAY), "ada", NOW)
    (one,) = asked(store, budgets, USD)
    midnight = datetime(2026, 11, 23, tzinfo=UTC)

    clock.now = midnight
    assert figures(budgets) == (Decimal(0), USD)
    store.predictions.append([Event(one.id, 1, State.FAILED, midnight, charge_usd=USD, charge_basis="b")])

    assert figures(budgets) == (USD, Decimal(0))
    clock.now = midnight - timedelta(microseconds=1)
    assert figures(budgets) == (Decimal(0), Decimal(0))


# ── sums ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(3))
def test_the_sums_are_those_of_the_cost_reports(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    zone = dice.choice(["UTC", "Pacific/Auckland", "America/Los_Angeles", "Europe/Paris"])
    store = Store.open(tmp_path / "ledger.duckdb", zone)
    for _ in range(25):
        at = NOW - timedelta(hours=dice.randrange(24 * 60))
        of = Comparison(at.isoformat() + str(dice.random()), "", dice.choice(["", "Elm"]), at, dice.choice("ab"))
        members = [prediction(of, model=dice.choice(["m/a", "m/b"])) for _ in range(dice.randrange(1, 4))]
        reserved = {one.id: dice.choice([None, Decimal(dice.randrange(100_000)) / 1_000_000]) for one in members}
        store.predictions.queue(of, members, at, lambda _, reserved=reserved: reserved)  # type: ignore[misc]
        for one in members:
            if dice.random() < 0.8:
                usd = dice.choice([None, Decimal(dice.randrange(100_000)) / 1_000_000])
                store.predictions.append([Event(one.id, 1, State.FAILED, at, charge_usd=usd, charge_basis="b")])
                if dice.random() < 0.3:
                    with store.ledger.writing() as cursor:
                        paid = Decimal(dice.randrange(100_000)) / 1_000_000
                        SETTLEMENTS.insert(cursor, [(one.id, 0, paid, "person", "", at, "ada")])
                        unseal_predictions(cursor, [one.id])
        if dice.random() < 0.2:
            store.costs.refresh()
    things = [(None, ""), ("model", "m/a"), ("project", ""), ("project", "Elm"), ("person", "a"), ("person", "nobody")]
    accounts = []
    for dimension, key in things:
        first = (NOW - timedelta(days=dice.randrange(61))).date()
        accounts.append(Account(dimension, key, first, first + timedelta(days=dice.randrange(40))))
    with store.ledger.reading() as cursor:
        ours = [one.spent_usd for one in counted(cursor, zone, accounts)]
        theirs = [spent(cursor, zone, one.first, one.last, one.dimension or "", one.key) for one in accounts]
        ((is_open,),) = cursor.execute("SELECT sum(reserved_usd) FROM app.open_predictions").fetchall()
        assert counted(cursor, zone, accounts)[0].reserved_usd == is_open
    assert ours == theirs
    assert any(ours)
    store.close()
