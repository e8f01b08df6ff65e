"""The money adds up, to the last digit, and what is unknown is never 0."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from staging.errors import NotFound
from staging.predictions import Event, Prediction, State, Verdict
from staging.store import CostReport, CostRow, Store
from staging.store.tables import EVENTS, PREDICTIONS, VERDICTS
from tests.ledgers import NOW, PRICE, comparison, decided, ending, later, prediction, queued

STATES = (State.SUCCEEDED, State.FAILED, State.CANCELED, State.UNKNOWN, State.RUNNING)
MODELS = ("qwen/qwen-image-edit", "reve/edit", "google/nano-banana", "offline/furnish")
GROUPS = ("by_model", "by_project", "by_person", "by_day")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


def end(store: Store, asked: Prediction, usd: str | None, state: State = State.SUCCEEDED, days: float = 0) -> None:
    """End the prediction with this charge, unknown when None."""
    charge = None if usd is None else Decimal(usd)
    event = ending(asked, state, 1, at=NOW + timedelta(days=days), charge_usd=charge, charge_basis="as said")
    store.predictions.append([event])


def rows(report: CostReport, group: str) -> dict[str, CostRow]:
    return {row.key: row for row in getattr(report, group)}


def test_ten_thousand_random_predictions_add_up_to_the_last_digit(store: Store) -> None:
    rng = random.Random(5)
    predictions, last_events = [], []
    verdicts: list[tuple[Any, ...]] = []
    asked = comparison()
    expected: dict[str, dict[str, Decimal]] = {group: defaultdict(Decimal) for group in GROUPS}
    unknown: Counter[str] = Counter()
    total = Decimal(0)
    zone = ZoneInfo("America/New_York")
    for _ in range(10_000):
        one = prediction(
            asked,
            model=rng.choice(MODELS),
            project=rng.choice(("", "Elm St", "Ash Rd")),
            created_by=rng.choice(("ada", "ben", "cem")),
            created_at=NOW - timedelta(seconds=rng.randrange(90 * 86_400)),
        )
        state = rng.choice(STATES)
        at = one.created_at + timedelta(seconds=rng.randrange(7_200))
        usd = None if rng.random() < 0.1 else Decimal(rng.randrange(10 ** rng.randrange(1, 13))).scaleb(-6)
        basis = "as said" if state.final else None
        predictions.append(one)
        last_events.append(Event(one.id, 1, state, at, charge_usd=usd if basis else None, charge_basis=basis))
        if state is State.SUCCEEDED and rng.random() < 0.5:
            verdicts.append((one.id, 0, rng.choice(list(Verdict)).value, at, "ada", [], None, "", False))
        if state.final and usd is None:
            unknown[one.model] += 1
        elif state.final and usd is not None:
            total += usd
            day = str(at.astimezone(zone).date())
            for group, key in zip(GROUPS, (one.model, one.project, one.created_by, day), strict=True):
                expected[group][key] += usd
    for start in range(0, len(predictions), 1_000):
        store.predictions.queue(asked, predictions[start : start + 1_000], NOW)
        store.predictions.append(last_events[start : start + 1_000])
    with store.ledger.writing() as cursor:
        VERDICTS.insert(cursor, verdicts)
    report = store.costs.report(timezone="America/New_York")
    assert report.total_usd == total
    assert report.predictions == 10_000
    assert dict(report.unknown) == unknown
    for group in GROUPS:
        told = rows(report, group)
        assert {key: row.charged_usd for key, row in told.items() if row.charged_usd} == {
            key: usd for key, usd in expected[group].items() if usd
        }
        for name in ("predictions", "succeeded", "failed", "accepted", "charged_usd", "unknown_charges"):
            assert sum(getattr(row, name) for row in told.values()) == getattr(report.total, name)


def test_an_unknown_charge_is_counted_and_never_added(store: Store) -> None:
    known, unknown, never_said = queued(store, 3)
    end(store, known, "0.04")
    end(store, unknown, None, State.UNKNOWN)
    store.predictions.append([Event(never_said.id, 1, State.FAILED, later(1))])
    report = store.costs.report()
    assert report.total_usd == Decimal("0.04")
    assert report.unknown == (("qwen/qwen-image-edit", 2),)


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELED])
def test_an_end_that_cost_nothing_is_known(store: Store, state: State) -> None:
    (asked,) = queued(store)
    end(store, asked, "0", state)
    assert store.costs.report().unknown == ()
    assert store.costs.report().total_usd == 0


def test_a_prediction_under_way_has_no_charge_yet_and_is_not_unknown(store: Store) -> None:
    queued(store, 2)
    report = store.costs.report()
    assert (report.predictions, report.total_usd, len(report.unknown)) == (2, Decimal(0), 0)


def test_an_accepted_output_costs_all_that_was_spent(store: Store) -> None:
    accepted, rejected, failed = queued(store, 3)
    for asked, usd in ((accepted, "0.04"), (rejected, "0.03")):
        end(store, asked, usd)
    end(store, failed, "0.01", State.FAILED)
    assert store.costs.report().total.usd_per_accepted is None
    store.predictions.mark(accepted.id, decided(Verdict.ACCEPTED), "ada", NOW)
    store.predictions.mark(rejected.id, decided(Verdict.ACCEPTED), "ada", NOW)
    store.predictions.mark(rejected.id, decided(Verdict.REJECTED), "ada", NOW)
    report = store.costs.report()
    assert (report.succeeded, report.accepted, report.total.failed) == (2, 1, 1)
    assert report.by_model[0].usd_per_accepted == Decimal("0.08")


def test_a_cost_per_accepted_output_is_rounded_to_the_millionth(store: Store) -> None:
    for asked, usd in zip(queued(store, 3), ("0.5", "0.5", "1"), strict=True):
        end(store, asked, usd)
        store.predictions.mark(asked.id, decided(Verdict.ACCEPTED), "ada", NOW)
    assert store.costs.report().total.usd_per_accepted == Decimal("0.666667")


def test_a_charge_counts_when_it_arises(store: Store) -> None:
    before, inside, after, open_ = queued(store, 4)
    end(store, before, "1", days=1)
    end(store, inside, "2", days=2)
    end(store, after, "4", days=3)
    report = store.costs.report(NOW + timedelta(days=2), NOW + timedelta(days=3))
    assert (report.predictions, report.total_usd) == (1, Decimal(2))
    assert store.costs.report(until=NOW + timedelta(days=1)).predictions == 1, "the open one, when it was asked for"
    assert store.costs.report(since=NOW + timedelta(days=1)).total_usd == 7
    assert store.predictions.get(open_.id).state is State.QUEUED


def test_days_are_those_of_the_time_zone(store: Store) -> None:
    (asked,) = queued(store)
    at = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)
    store.predictions.append([ending(asked, sequence=1, at=at)])
    for timezone, day in (("UTC", "2026-10-24"), ("Europe/Paris", "2026-10-25"), ("America/New_York", "2026-10-24")):
        assert [row.key for row in store.costs.report(timezone=timezone).by_day] == [day]


def test_a_time_zone_that_does_not_exist_is_named(store: Store) -> None:
    queued(store)
    with pytest.raises(NotFound, match="no time zone 'Mars/Olympus'"):
        store.costs.report(timezone="Mars/Olympus")


def test_a_moment_without_a_time_zone_is_a_mistake(store: Store) -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        store.costs.report(since=NOW.replace(tzinfo=None))


def test_an_empty_ledger_reports_nothing(store: Store) -> None:
    report = store.costs.report()
    assert (report.predictions, report.total_usd) == (0, Decimal(0))
    assert not report.by_model + report.by_day


def test_the_dearest_comes_first_and_days_in_order(store: Store) -> None:
    for model, usd, days in (("a/cheap", "1", 3.0), ("b/dear", "5", 1.0), ("c/middle", "2", 2.0)):
        (asked,) = queued(store, model=model)
        end(store, asked, usd, days=days)
    report = store.costs.report()
    assert [row.key for row in report.by_model] == ["b/dear", "c/middle", "a/cheap"]
    assert [row.charged_usd for row in report.by_day] == [5, 2, 1]


def test_a_later_price_changes_no_past_report(store: Store) -> None:
    (asked,) = queued(store)
    end(store, asked, "0.03")
    assert store.predictions.get(asked.id).prediction.price == PRICE
    dearer = comparison()
    price = PRICE.model_copy(update={"usd_per_image": Decimal("0.09")})
    store.predictions.queue(dearer, [prediction(dearer, price=price)], NOW)
    assert store.costs.report().total_usd == Decimal("0.03")
    assert store.predictions.get(asked.id).prediction.price == PRICE


def test_money_that_is_written_in_mixed_scales_stays_exact(store: Store) -> None:
    """DuckDB reads a list of Decimals of mixed scale as floating point: the ledger passes text."""
    amounts = ["999999999999.999999", "0.000001", "1", "0.1", "123456789012.3456"]
    asked = queued(store, len(amounts))
    store.predictions.append(
        [ending(one, sequence=1, charge_usd=Decimal(usd)) for one, usd in zip(asked, amounts, strict=True)]
    )
    assert store.costs.report().total_usd == sum(map(Decimal, amounts))
    assert EVENTS.columns["charge_usd"] == PREDICTIONS.columns["estimate_usd"] == "DECIMAL(18, 6)"
