"""The money adds up, to the last digit, whatever way it is looked at, and what is unknown is never 0."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from staging.predictions import Event, Mark, Prediction, Reason, State, Verdict
from staging.rooms import RoomType
from staging.store import CostFilter, CostReport, CostRow, Store
from staging.store.daily import daily_differences, unseal_predictions
from staging.store.tables import EVENTS, PREDICTIONS, SETTLEMENTS, VERDICTS
from tests.ledgers import NOW, PRICE, comparison, decided, digest, ending, later, prediction, queued, room

MODELS = ("qwen/qwen-image-edit", "reve/edit", "offline/furnish")
PROJECTS = ("", "Elm St", "Ash Rd")
PEOPLE = ("ada", "ben")
ROOMS = (RoomType.LIVING, RoomType.KITCHEN, RoomType.KITCHEN)
ARMS = (None, "chairs / A", "chairs / B")
ENDS = (State.SUCCEEDED, State.FAILED, State.CANCELED, State.UNKNOWN)
GROUPS = ("by_model", "by_project", "by_person", "by_room_type", "by_arm", "by_day")
EVER = (date(2026, 1, 1), date(2027, 12, 31))
TODAY = NOW.date()


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


def settle(store: Store, asked: Prediction, usd: Decimal, sequence: int = 0) -> None:
    with store.ledger.writing() as cursor:
        SETTLEMENTS.insert(cursor, [(asked.id, sequence, usd, "bill", "", NOW, "ada")])
        unseal_predictions(cursor, [asked.id])


def said(thought: Mark, _before: Mark) -> Mark:
    return thought


def ever(store: Store, wanted: CostFilter = CostFilter()) -> CostReport:  # noqa: B008 — frozen
    return store.costs.report(*EVER, wanted)


def rows(report: CostReport, group: str) -> dict[str, CostRow]:
    return {row.key: row for row in getattr(report, group)}


# ── at random ───────────────────────────────────────────────────────────────────────────────


EXAMPLES, COPIES = 8, 42


class Fate(NamedTuple):
    """What becomes of one random prediction."""

    model: str
    project: str
    person: str
    room: int
    arm: str | None
    state: State | None
    """None: it has not ended."""
    minutes: int
    """After NOW, when it ended; most are before it."""
    micros: int | None
    """The charge in millionths of a dollar; None is unknown."""
    settled: int | None
    reserved: int | None
    verdict: Verdict
    retry: bool
    late: bool
    """Whether its end, mark and settlement come after the first report has been drawn."""


MONEY = some.none() | some.integers(0, 10**12)
FATES = some.builds(
    Fate,
    model=some.sampled_from(MODELS),
    project=some.sampled_from(PROJECTS),
    person=some.sampled_from(PEOPLE),
    room=some.integers(0, len(ROOMS) - 1),
    arm=some.sampled_from(ARMS),
    state=some.sampled_from((*ENDS, None)),
    minutes=some.integers(-60 * 24 * 60, 60),
    micros=MONEY,
    settled=some.none() | MONEY,
    reserved=MONEY,
    verdict=some.sampled_from(list(Verdict)),
    retry=some.booleans(),
    late=some.booleans(),
)
ZONES = ("UTC", "America/New_York", "Europe/Paris", "Asia/Kathmandu", "Pacific/Auckland", "Pacific/Kiritimati")


def usd(micros: int) -> Decimal:
    return Decimal(micros).scaleb(-6)


def live(store: Store, lived: Sequence[tuple[Prediction, Fate]]) -> None:
    """Let these come to their ends, be judged and settled."""
    events: list[Event] = []
    verdicts: list[tuple[Any, ...]] = []
    bills: list[tuple[Any, ...]] = []
    for asked, fate in lived:
        if fate.state is None:
            continue
        event = ending(
            asked,
            fate.state,
            1,
            at=NOW + timedelta(minutes=fate.minutes),
            charge_usd=None if fate.micros is None else usd(fate.micros),
            charge_basis="as said",
            error_kind="model_failed" if fate.state is State.FAILED else None,
        )
        events.append(event)
        if fate.state is State.SUCCEEDED:
            verdicts.append((asked.id, 0, fate.verdict.value, NOW, "ada", [], None, "", False))
        if fate.settled is not None:
            bills.append((asked.id, 0, usd(fate.settled), "bill", "", NOW, "ada"))
    store.predictions.append(events)
    with store.ledger.writing() as cursor:  # as `mark` and `settle` write them, all in one go
        VERDICTS.insert(cursor, verdicts)
        SETTLEMENTS.insert(cursor, bills)
        unseal_predictions(cursor, [one[0] for one in verdicts + bills])


class Sum:
    """One row, added up by hand."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = defaultdict(int)
        self.cost = self.settled = self.held = self.rejected = self.lost = Decimal(0)
        self.unknown = self.retries = self.bills = 0

    def add(self, fate: Fate) -> None:
        assert fate.state is not None
        outcome = fate.verdict.value if fate.state is State.SUCCEEDED else fate.state.value
        micros = fate.micros if fate.settled is None else fate.settled
        cost = usd(micros or 0)
        self.counts[outcome] += 1
        self.cost += cost
        self.rejected += cost if outcome == "rejected" else 0
        self.lost += cost if fate.state is not State.SUCCEEDED else 0
        self.retries += fate.retry
        self.bills += fate.settled is not None
        self.settled += usd(fate.settled or 0)
        self.unknown += micros is None
        self.held += usd(fate.reserved or 0) if micros is None else 0

    def row(self, key: str) -> CostRow:
        of = self.counts
        return CostRow(
            key,
            predictions=sum(of.values()),
            accepted=of["accepted"],
            rejected=of["rejected"],
            undecided=of["undecided"],
            failed=of["failed"],
            canceled=of["canceled"],
            unknown=of["unknown"],
            retries=self.retries,
            cost_usd=self.cost,
            settled=self.bills,
            settled_usd=self.settled,
            unknown_charges=self.unknown,
            held_usd=self.held,
            rejected_usd=self.rejected,
            lost_usd=self.lost,
        )


def by_hand(fates: Sequence[Fate], zone: str) -> dict[str, dict[str, CostRow]]:
    sums: dict[str, dict[str, Sum]] = {group: defaultdict(Sum) for group in GROUPS}
    for fate in fates:
        if fate.state is None:
            continue
        day = (NOW + timedelta(minutes=fate.minutes)).astimezone(ZoneInfo(zone)).date()
        keys = (fate.model, fate.project, fate.person, ROOMS[fate.room].value, fate.arm or "", str(day))
        for group, key in zip(GROUPS, keys, strict=True):
            sums[group][key].add(fate)
    return {group: {key: one.row(key) for key, one in of.items()} for group, of in sums.items()}


def test_ten_thousand_random_predictions_add_up_in_every_grouping() -> None:
    """In ledgers of at most a few hundred: what differs is told with few."""
    counted = 0

    @settings(max_examples=EXAMPLES, deadline=None, database=None)
    @given(kinds=some.lists(FATES, min_size=30, max_size=34), zone=some.sampled_from(ZONES))
    def add_up(kinds: list[Fate], zone: str) -> None:
        nonlocal counted
        fates = [
            fate._replace(minutes=min(fate.minutes + hours * 60, 60), late=fate.late ^ bool(hours % 2))
            for hours in range(COPIES)
            for fate in kinds
        ]
        counted += len(fates)
        check(fates, zone)

    add_up()
    assert counted >= 10_000


def check(fates: Sequence[Fate], zone: str) -> None:
    """Every grouping, with filters and without, says what these come to, before and after the late ones."""
    with TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "ledger.duckdb", zone)
        for number, kind in enumerate(ROOMS):
            store.rooms.add(room(number, room_type=kind))
        asked = comparison()
        predictions = [
            prediction(
                asked,
                model=fate.model,
                project=fate.project,
                created_by=fate.person,
                room=digest(fate.room),
                arm=fate.arm,
                retry_of=f"another {number}" if fate.retry else None,
            )
            for number, fate in enumerate(fates)
        ]
        lived = list(zip(predictions, fates, strict=True))
        reserved = {one.id: usd(fate.reserved) if fate.reserved is not None else None for one, fate in lived}
        if predictions:
            store.predictions.queue(asked, predictions, NOW, lambda _cursor: reserved)

        live(store, [(one, fate) for one, fate in lived if not fate.late])
        early = [fate for fate in fates if not fate.late]
        assert {group: rows(ever(store), group) for group in GROUPS} == by_hand(early, zone)
        live(store, [(one, fate) for one, fate in lived if fate.late])  # on days that are sealed by now

        expected, report = by_hand(fates, zone), ever(store)
        assert {group: rows(report, group) for group in GROUPS} == expected
        ended = [fate for fate in fates if fate.state is not None]
        assert report.total.cost_usd == sum(
            usd(fate.settled if fate.settled is not None else fate.micros or 0) for fate in ended
        )
        for model, project in ((MODELS[0], None), (None, ""), (MODELS[0], "Elm St")):
            mine = [fate for fate in fates if fate.model == (model or fate.model)]
            mine = [fate for fate in mine if project is None or fate.project == project]
            narrowed = ever(store, CostFilter(model=model, project=project))
            assert {group: rows(narrowed, group) for group in GROUPS} == by_hand(mine, zone)
        assert store.costs.under_way().predictions == len(fates) - len(ended)
        with store.ledger.reading() as cursor:
            assert daily_differences(cursor)[1] == []
        store.close()


# ── what is unknown, settled, wasted ────────────────────────────────────────────────────────


def test_an_unknown_charge_is_counted_and_never_added(store: Store) -> None:
    known, unknown, never_said = queued(store, 3)
    end(store, known, "0.04")
    end(store, unknown, None, State.UNKNOWN)
    store.predictions.append([ending(never_said, State.FAILED, 1, at=later(1))])

    total = ever(store).total

    assert (total.cost_usd, total.unknown_charges, total.predictions) == (Decimal("0.04"), 2, 3)


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELED])
def test_an_end_that_cost_nothing_is_known(store: Store, state: State) -> None:
    (asked,) = queued(store)
    end(store, asked, "0", state)

    assert (ever(store).total.unknown_charges, ever(store).total.cost_usd) == (0, Decimal(0))


def test_what_is_under_way_is_in_no_sum_and_told_apart(store: Store) -> None:
    asked = comparison()
    members = [prediction(asked) for _ in range(3)]
    amounts = {members[0].id: Decimal("0.04"), members[1].id: Decimal("0.06"), members[2].id: None}
    store.predictions.queue(asked, members, NOW, lambda _cursor: amounts)

    before = store.costs.under_way()
    end(store, members[0], "0.03")

    assert tuple(before) == (3, Decimal("0.10"), 1)
    assert tuple(store.costs.under_way()) == (2, Decimal("0.06"), 1)
    assert ever(store).total.cost_usd == Decimal("0.03")


def test_a_settled_amount_takes_the_place_of_the_charge_and_erases_nothing(store: Store) -> None:
    first, second, third = queued(store, 3)
    end(store, first, "0.03")
    end(store, second, None, State.UNKNOWN)
    end(store, third, "0.03")
    settle(store, first, Decimal("0.035"))
    settle(store, second, Decimal("0.01"))
    settle(store, second, Decimal(0), sequence=1)

    total = ever(store).total

    assert (total.cost_usd, total.settled_usd) == (Decimal("0.065"), Decimal("0.035"))
    assert (total.settled, total.unknown_charges) == (2, 0)
    now = store.predictions.get(first.id)
    assert (now.charge_usd, now.settled_usd, now.cost_usd) == (Decimal("0.03"), Decimal("0.035"), Decimal("0.035"))


def test_waste_is_told_by_its_reason(store: Store) -> None:
    *rejected, failed, accepted = queued(store, 4)
    for asked, cost in zip(rejected, ("0.04", "0.03"), strict=True):
        end(store, asked, cost)
    event = ending(failed, State.FAILED, 1, charge_usd=Decimal("0.01"), charge_basis="x", error_kind="sensitive")
    store.predictions.append([event])
    end(store, accepted, "0.05")
    store.predictions.mark(accepted.id, decided(Verdict.ACCEPTED), "ada", NOW)
    for asked, reasons in zip(rejected, ((Reason.SCALE, Reason.LIGHT), ()), strict=True):
        thought = Mark(Verdict.REJECTED, reasons)
        store.predictions.mark(asked.id, partial(said, thought), "ada", NOW)

    report = ever(store)

    assert [(one.outcome, one.reason, one.cost_usd) for one in report.waste] == [
        ("rejected", "scale + light", Decimal("0.04")),
        ("rejected", "no reason given", Decimal("0.03")),
        ("failed", "sensitive", Decimal("0.01")),
    ]
    assert (report.total.rejected_usd, report.total.lost_usd) == (Decimal("0.07"), Decimal("0.01"))


def test_an_accepted_output_costs_all_that_was_spent(store: Store) -> None:
    accepted, rejected, failed = queued(store, 3)
    for asked, cost in ((accepted, "0.04"), (rejected, "0.03")):
        end(store, asked, cost)
    end(store, failed, "0.01", State.FAILED)
    assert ever(store).total.usd_per_accepted is None
    store.predictions.mark(accepted.id, decided(Verdict.ACCEPTED), "ada", NOW)
    store.predictions.mark(rejected.id, decided(Verdict.ACCEPTED), "ada", NOW)
    store.predictions.mark(rejected.id, decided(Verdict.REJECTED), "ada", NOW)

    report = ever(store)

    assert (report.total.succeeded, report.total.accepted, report.total.failed) == (2, 1, 1)
    assert report.by_model[0].usd_per_accepted == Decimal("0.08")


def test_a_cost_per_accepted_output_is_rounded_to_the_millionth(store: Store) -> None:
    for asked, cost in zip(queued(store, 3), ("0.5", "0.5", "1"), strict=True):
        end(store, asked, cost)
        store.predictions.mark(asked.id, decided(Verdict.ACCEPTED), "ada", NOW)

    assert ever(store).total.usd_per_accepted == Decimal("0.666667")


# ── days ────────────────────────────────────────────────────────────────────────────────────


def test_a_prediction_counts_on_the_day_it_ended_and_the_days_before_are_compared(store: Store) -> None:
    before, inside, after, _open = queued(store, 4)
    end(store, before, "1", days=-2)
    end(store, inside, "2", days=-1)
    end(store, after, "4")

    yesterday = store.costs.report(TODAY - timedelta(days=1), TODAY - timedelta(days=1))
    both = store.costs.report(TODAY - timedelta(days=1), TODAY)

    assert (yesterday.total.cost_usd, yesterday.before.cost_usd) == (Decimal(2), Decimal(1))
    assert (both.total.cost_usd, both.before.cost_usd) == (Decimal(6), Decimal(1))
    assert [row.key for row in both.by_day] == ["2026-11-21", "2026-11-22"]


@pytest.mark.parametrize(
    ("zone", "day"), [("UTC", "2026-10-24"), ("Europe/Paris", "2026-10-25"), ("America/New_York", "2026-10-24")]
)
def test_days_are_those_of_the_labs_time_zone(tmp_path: Path, zone: str, day: str) -> None:
    store = Store.open(tmp_path / "ledger.duckdb", zone)
    (asked,) = queued(store)
    store.predictions.append([ending(asked, sequence=1, at=datetime(2026, 10, 24, 22, 30, tzinfo=UTC))])

    assert [row.key for row in ever(store).by_day] == [day]
    wanted = date.fromisoformat(day)
    assert store.costs.report(wanted, wanted).total.predictions == 1
    assert store.costs.report(wanted + timedelta(days=1), EVER[1]).total.predictions == 0
    store.close()


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_a_day_of_23_or_25_hours_is_whole(tmp_path: Path, day: date) -> None:
    zone = ZoneInfo("Europe/Paris")
    store = Store.open(tmp_path / "ledger.duckdb", "Europe/Paris")
    midnights = [datetime.combine(day + timedelta(days=late), datetime.min.time(), zone) for late in (0, 1)]
    moments = [midnights[0], midnights[1] - timedelta(microseconds=1), midnights[1]]
    asked = queued(store, 3)
    store.predictions.append(
        [ending(one, sequence=1, at=at.astimezone(UTC)) for one, at in zip(asked, moments, strict=True)]
    )

    assert [row.predictions for row in ever(store).by_day] == [2, 1]
    assert store.costs.report(day, day).total.predictions == 2
    store.close()


def test_another_time_zone_adds_every_day_up_anew(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "ledger.duckdb")
    (asked,) = queued(store)
    store.predictions.append([ending(asked, sequence=1, at=datetime(2026, 10, 24, 22, 30, tzinfo=UTC))])
    assert [row.key for row in ever(store).by_day] == ["2026-10-24"]
    store.close()

    moved = Store.open(tmp_path / "ledger.duckdb", "Europe/Paris")

    assert [row.key for row in ever(moved).by_day] == ["2026-10-25"]
    assert moved.costs.report_as_it_is(*EVER).total.predictions == 1
    moved.close()


def test_an_end_before_all_others_is_counted_though_its_clock_was_wrong(store: Store) -> None:
    first, second = queued(store, 2)
    end(store, first, "1")
    assert ever(store).total.predictions == 1
    end(store, second, "1", days=-40)

    assert ever(store).total.predictions == 2


def test_a_late_end_on_the_first_day_of_all_is_counted(store: Store) -> None:
    first, second = queued(store, 2)
    end(store, first, "1", days=-5)
    ever(store)
    end(store, second, "2", days=-5)

    assert ever(store).total.cost_usd == 3


def test_a_room_that_is_of_another_type_now_is_so_in_past_reports_too(store: Store) -> None:
    store.rooms.add(room())
    (asked,) = queued(store)
    end(store, asked, "1")
    assert list(rows(ever(store), "by_room_type")) == ["living"]

    store.rooms.describe(digest(1), room_type=RoomType.KITCHEN, project="", note="", by="ada", at=NOW)

    assert list(rows(ever(store), "by_room_type")) == ["kitchen"]


def test_reading_seals_nothing_and_says_the_same(store: Store) -> None:
    (asked,) = queued(store)
    end(store, asked, "1")

    read = store.costs.report_as_it_is(*EVER)

    assert store.ledger.rows("FROM app.sealed_days") == []
    assert read == ever(store)
    assert store.ledger.rows("SELECT day FROM app.sealed_days")[0] == (TODAY,)


def test_a_sum_that_was_changed_by_hand_is_found(store: Store) -> None:
    (asked,) = queued(store)
    end(store, asked, "1")
    ever(store)
    store.ledger.run("UPDATE app.daily_totals SET cost_usd = cost_usd + 1 WHERE dimension = 'person'")

    with store.ledger.reading() as cursor:
        checked, wrong = daily_differences(cursor)

    assert checked > 0
    assert wrong == [
        f"What app.daily_totals says of {TODAY} does not follow from the ledger.",
        "What app.monthly_totals says of 2026-11-01 does not follow from the ledger.",
    ]


# ── order, times, prices ────────────────────────────────────────────────────────────────────


def test_an_empty_ledger_reports_nothing(store: Store) -> None:
    report = ever(store)

    assert report.total == CostRow("")
    assert not report.by_model + report.by_day
    assert not report.waste + report.run_times


def test_the_dearest_comes_first_and_days_in_order(store: Store) -> None:
    for model, cost, days in (("a/cheap", "1", -1.0), ("b/dear", "5", -3.0), ("c/middle", "2", -2.0)):
        (asked,) = queued(store, model=model)
        end(store, asked, cost, days=days)

    report = ever(store)

    assert [row.key for row in report.by_model] == ["b/dear", "c/middle", "a/cheap"]
    assert [row.cost_usd for row in report.by_day] == [5, 2, 1]
    assert store.costs.choices()["model"] == ("a/cheap", "b/dear", "c/middle")


def test_run_times_are_right_to_one_per_cent(store: Store) -> None:
    asked = queued(store, 100)
    seconds = [0.5 + number * 0.37 for number in range(100)]
    store.predictions.append(
        [ending(one, sequence=1, run_seconds=ran) for one, ran in zip(asked, seconds, strict=True)]
    )
    (failed,) = queued(store)
    store.predictions.append([ending(failed, State.FAILED, 1, run_seconds=900.0)])

    for report in (store.costs.report_as_it_is(*EVER), ever(store)):
        (times,) = report.run_times
        assert times.runs == 100
        assert times.p50_seconds == pytest.approx(seconds[49], rel=0.01)
        assert times.p95_seconds == pytest.approx(seconds[94], rel=0.01)
    assert ever(store, CostFilter(model="reve/edit")).run_times == ()


def test_a_later_price_changes_no_past_report(store: Store) -> None:
    (asked,) = queued(store)
    end(store, asked, "0.03")
    dearer = comparison()
    price = PRICE.model_copy(update={"usd_per_image": Decimal("0.09")})
    store.predictions.queue(dearer, [prediction(dearer, price=price)], NOW)

    assert ever(store).total.cost_usd == Decimal("0.03")
    assert store.predictions.get(asked.id).prediction.price == PRICE


def test_money_that_is_written_in_mixed_scales_stays_exact(store: Store) -> None:
    """DuckDB reads a list of Decimals of mixed scale as floating point: the ledger passes text."""
    amounts = ["999999999999.999999", "0.000001", "1", "0.1", "123456789012.3456"]
    asked = queued(store, len(amounts))
    store.predictions.append(
        [ending(one, sequence=1, charge_usd=Decimal(cost)) for one, cost in zip(asked, amounts, strict=True)]
    )

    assert ever(store).total.cost_usd == sum(map(Decimal, amounts))
    assert EVENTS.columns["charge_usd"] == PREDICTIONS.columns["estimate_usd"] == "DECIMAL(18, 6)"
