"""The Costs page: what was spent, what nobody knows, what comes, and what an accepted picture came to."""

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.testing.v1 import AppTest

from pages.components.cost_filters import presets_of
from pages.components.foretelling import foretell
from pages.components.spending import change
from pages.components.spending_tables import MOST_ROWS
from staging import lab as labs
from staging.config import Settings
from staging.desk import ModelChoice
from staging.lab import Lab
from staging.predictions import State, Verdict
from staging.store import CostFilter, Store
from staging.store.tables import SETTLEMENTS
from tests.labs import MODEL, UNCHANGED, ask, finished, lab_at, photo, run_one
from tests.ledgers import comparison, decided, ending, prediction, queued
from tests.replicate_server import ReplicateServer
from tests.screens import SCRIPT, answer, visit, words
from tests.spending import spend_for_two_months

UNKNOWN_PRICE = "google/nano-banana-2"
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
TODAY = NOON.date()


@pytest.fixture(scope="module")
def paid_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a lab left that has spent: two pictures at $0.03, one of them accepted, and one at an unknown price."""
    folder = tmp_path_factory.mktemp("paid") / "data"
    with ReplicateServer(seconds=0.05, queue_seconds=0.0) as server, lab_at(folder, server) as lab:
        finished(lab, ask(lab, MODEL, UNKNOWN_PRICE, rooms=[photo(1)]))
        accepted = run_one(lab, MODEL, rooms=[photo(2)])
        lab.desk.mark(accepted.prediction.id, "tester", verdict=Verdict.ACCEPTED)
    return folder


@pytest.fixture
def paid_lab(paid_folder: Path, tmp_path: Path, replicate_server: ReplicateServer) -> Iterator[Lab]:
    """A lab that has spent, with a provider to spend more at."""
    shutil.copytree(paid_folder, tmp_path / "data")
    with lab_at(tmp_path / "data", replicate_server) as lab:
        labs.set_current(lab)
        yield lab
        labs.set_current(None)


@pytest.fixture
def empty_lab(tmp_path: Path) -> Iterator[Lab]:
    """A lab whose ledger a test fills by hand."""
    with lab_at(tmp_path / "data") as lab:
        labs.set_current(lab)
        yield lab
        labs.set_current(None)


@pytest.fixture(scope="module")
def spent_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab_at(tmp_path_factory.mktemp("two") / "data") as lab:
        spend_for_two_months(lab.store, a_day=6)
        yield lab


@pytest.fixture
def two_months(spent_lab: Lab) -> Iterator[Lab]:
    """A lab with two months of spending, only to be read."""
    labs.set_current(spent_lab)
    yield spent_lab
    labs.set_current(None)


def spend(store: Store, usd: str | None, days_ago: int = 0, state: State = State.SUCCEEDED, **facts: object) -> str:
    """Return the id of a prediction that ended so long ago at this charge, unknown when None."""
    (asked,) = queued(store, **facts)  # type: ignore[arg-type]
    charge = None if usd is None else Decimal(usd)
    at = NOON - timedelta(days=days_ago)
    store.predictions.append([ending(asked, state, 1, at=at, charge_usd=charge, charge_basis="as said")])
    return asked.id


def figures(screen: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in screen.metric}


def changes(screen: AppTest) -> dict[str, str]:
    return {metric.label: metric.delta for metric in screen.metric if metric.delta}


def said(screen: AppTest) -> str:
    """Return what stands under the figures, as a person reads it."""
    return words(screen).replace("\\", "")


def test_nothing_spent_yet_says_what_to_do(first_lab: Lab) -> None:
    assert "Nothing was run in these days." in words(visit("costs"))


def test_the_money_and_the_cost_of_an_accepted_picture_are_told(paid_lab: Lab) -> None:
    screen = visit("costs")

    told = figures(screen)
    assert told["Spent"] == "$0.06"
    assert told["Per accepted picture"] == "$0.06"
    assert told["Pictures made"] == "3"
    assert told["Accepted"] == "1"
    assert "of 3; 0 failed, 0 retries" in said(screen)
    assert "nothing ran in the days before" in said(screen)


def test_unknown_prices_stand_beside_the_total_and_never_in_it(paid_lab: Lab) -> None:
    screen = visit("costs")

    (warning,) = screen.warning
    assert "1 prediction at an unknown price: google\\/nano\\-banana\\-2 (1)" in warning.value.replace("\u2060", "")
    shown = screen.dataframe[-1].value.set_index("Model")
    assert shown["Spent"].isna()[UNKNOWN_PRICE]
    assert shown["At unknown price"][UNKNOWN_PRICE] == 1
    assert shown["Spent"][MODEL] == 0.06


def test_each_figure_is_compared_with_as_many_days_before(empty_lab: Lab) -> None:
    store = empty_lab.store
    for usd, days_ago in (("1.00", 30), ("3.00", 0)):
        one = spend(store, usd, days_ago)
        store.predictions.mark(one, decided(Verdict.ACCEPTED), "ada", NOON)

    screen = visit("costs")

    assert figures(screen)["Spent"] == "$3.00"
    assert changes(screen)["Spent"] == "+$2.00 (+200 %)"
    assert changes(screen)["Per accepted picture"] == "+$2.00 (+200 %)"
    assert "$1.00 in the days before" in said(screen)


@pytest.mark.parametrize(
    ("now", "before", "told"),
    [
        ("3", "2", "+$1.00 (+50 %)"),
        ("2", "3", "-$1.00 (-33 %)"),
        ("2", "2", "±$0"),
        ("0.05", "0", "+$0.05"),
        ("1", None, None),
    ],
)
def test_a_change_is_told_in_dollars_and_per_cent(now: str, before: str | None, told: str | None) -> None:
    assert change(Decimal(now), None if before is None else Decimal(before)) == told


def test_waste_and_settled_amounts_are_told_apart(empty_lab: Lab) -> None:
    store = empty_lab.store
    rejected, _, billed = spend(store, "0.50"), spend(store, "0.20", state=State.FAILED), spend(store, "1.00")
    store.predictions.mark(rejected, decided(Verdict.REJECTED), "ada", NOON)
    with store.ledger.writing() as cursor:
        SETTLEMENTS.insert(cursor, [(billed, 0, Decimal("1.10"), "replicate", "", NOON, "ada")])

    screen = visit("costs")

    assert figures(screen)["Spent"] == "$1.80"
    assert figures(screen)["Wasted"] == "$0.70"
    assert "$0.50 rejected, $0.20 failed" in said(screen)
    assert figures(screen)["Settled"] == "$1.10"
    assert "$0.70 is an estimate" in said(screen)


def test_what_is_under_way_is_in_no_sum(empty_lab: Lab) -> None:
    store = empty_lab.store
    spend(store, "1.00")
    asked = comparison()
    waiting = [prediction(asked), prediction(asked)]
    store.predictions.queue(asked, waiting, NOON, lambda _: {waiting[0].id: Decimal("0.25"), waiting[1].id: None})

    screen = visit("costs")

    assert figures(screen)["Spent"] == "$1.00"
    assert figures(screen)["Under way"] == "2"
    assert "$0.25 reserved, 1 without" in said(screen)


def test_a_steady_pace_is_foretold_to_the_end_of_the_month(empty_lab: Lab) -> None:
    store = empty_lab.store
    for days_ago in range(40):
        spend(store, "2.00", days_ago)
    end = (TODAY.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)

    screen = visit("costs")

    name = f"Forecast for {TODAY:%b}"
    assert figures(screen)[name] == f"${2 * end.day}.00"
    assert f"${2 * end.day}.00 to ${2 * end.day}.00" in said(screen)


def test_days_that_are_not_over_are_foretold_instead_of_the_month(empty_lab: Lab) -> None:
    store = empty_lab.store
    for days_ago in range(1, 15):
        spend(store, "2.00", days_ago)

    begun = foretell(store.costs, TODAY - timedelta(days=2), TODAY + timedelta(days=2), CostFilter())
    to_come = foretell(store.costs, TODAY + timedelta(days=3), TODAY + timedelta(days=4), CostFilter())

    assert begun.forecast is not None
    assert begun.forecast.expected_usd == 10
    assert to_come.forecast is not None
    assert to_come.forecast.expected_usd == 4
    assert to_come.of == f"to {TODAY + timedelta(days=4):%-d %b}"


def test_too_few_days_foretell_nothing(paid_lab: Lab) -> None:
    assert figures(visit("costs"))[f"Forecast for {TODAY:%b}"] == "–"


@pytest.mark.parametrize(
    ("name", "keys"), [("Project", {"no project"}), ("Person", {"tester"}), ("Room type", {"other"})]
)
def test_the_costs_can_be_cut_another_way(paid_lab: Lab, name: str, keys: set[str]) -> None:
    screen = visit("costs")

    answer(screen, "costs-view", name)

    assert set(screen.dataframe[-1].value[name]) == keys


def test_without_experiments_the_arms_are_explained(paid_lab: Lab) -> None:
    screen = visit("costs")

    answer(screen, "costs-view", "Arm")

    assert "No experiment ran in these days" in words(screen)


def test_waste_is_listed_by_reason(two_months: Lab) -> None:
    screen = visit("costs")

    answer(screen, "costs-view", "Waste")

    shown = screen.dataframe[-1].value
    assert {"furniture floats + wrong style", "no reason given", "model_failed"} <= set(shown["Reason"])
    assert set(shown["Outcome"]) == {"failed", "rejected"}


def test_run_times_stand_beside_the_models(two_months: Lab) -> None:
    shown = visit("costs").dataframe[-1].value.set_index("Model")

    assert 0 < shown["p50"][MODEL] < shown["p95"][MODEL]


def test_every_chart_is_drawn_and_the_numbers_of_the_days_are_beside(two_months: Lab) -> None:
    screen = visit("costs")

    assert len(screen.get("vega_lite_chart")) == 4  # days, spent, per accepted, run times
    numbers = screen.dataframe[0].value
    assert next(iter(numbers["Day"])) == TODAY.isoformat()
    total = two_months.store.costs.report(TODAY - timedelta(days=29), TODAY).total
    assert numbers["Spent"].sum() == pytest.approx(float(total.cost_usd))


@pytest.mark.parametrize(("days", "step"), [(30, "day"), (62, "day"), (150, "month")])
def test_the_bars_over_time_add_up_to_the_sum_of_the_days(two_months: Lab, days: int, step: str) -> None:
    first = TODAY - timedelta(days=days - 1)

    screen = visit("costs", **{"costs-days": [first.isoformat(), TODAY.isoformat()]})

    (drawn,) = screen.get("vega_lite_chart")[0].proto.datasets
    bars = convert_arrow_bytes_to_pandas_df(drawn.data.data)
    total = two_months.store.costs.report(first, TODAY).total.cost_usd
    assert bars["Spent"].sum() == pytest.approx(float(total))
    assert all(time.endswith("-01") for time in bars["Time"]) == (step == "month")


@pytest.mark.parametrize("name", ["Project", "Person", "Room type", "Arm", "Day", "Waste"])
def test_every_cut_of_much_data_is_drawn(two_months: Lab, name: str) -> None:
    screen = visit("costs")

    answer(screen, "costs-view", name)

    assert not screen.exception
    assert not screen.error
    assert len(screen.dataframe[-1].value) > 1


def test_days_are_told_apart_by_the_labs_time_zone(tmp_path: Path) -> None:
    with lab_at(tmp_path / "data", time_zone="Pacific/Kiritimati") as lab:
        labs.set_current(lab)
        finished(lab, ask(lab, UNCHANGED))
        screen = visit("costs")
        today = lab.store.costs.today()
        labs.set_current(None)

    assert list(screen.dataframe[0].value["Day"]) == [today.isoformat()]
    assert "days of Pacific\\/Kiritimati" in words(screen)


def test_the_days_are_in_the_address(paid_lab: Lab) -> None:
    past = TODAY - timedelta(days=90)

    screen = visit("costs", **{"costs-days": [past.isoformat(), (past + timedelta(days=1)).isoformat()]})

    assert "Nothing was run in these days." in words(screen)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("costs-model", MODEL, CostFilter(model=MODEL)),
        ("costs-project", "no project", CostFilter(project="")),
        ("costs-person", "ada", CostFilter(person="ada")),
    ],
)
def test_the_filters_are_in_the_address(two_months: Lab, name: str, value: str, wanted: CostFilter) -> None:
    days = (TODAY - timedelta(days=29), TODAY)
    total = two_months.store.costs.report(*days, wanted).total

    told = figures(visit("costs", **{name: value}))

    assert told["Pictures made"] == f"{total.succeeded}"
    assert 0 < total.predictions < two_months.store.costs.report(*days).total.predictions


def test_a_short_cut_sets_the_days(two_months: Lab) -> None:
    screen = visit("costs")

    answer(screen, "costs-preset", "7 days")

    assert screen.date_input(key="costs-days").value == (TODAY - timedelta(days=6), TODAY)
    report = two_months.store.costs.report(TODAY - timedelta(days=6), TODAY)
    assert figures(screen)["Accepted"] == str(report.total.accepted)


def test_short_cuts_are_whole_months_and_rolling_days() -> None:
    told = presets_of(date(2026, 3, 1), date(2025, 12, 30))

    assert told["This month"] == (date(2026, 3, 1), date(2026, 3, 1))
    assert told["Last month"] == (date(2026, 2, 1), date(2026, 2, 28))
    assert told["7 days"] == (date(2026, 2, 23), date(2026, 3, 1))
    assert told["All"] == (date(2025, 12, 30), date(2026, 3, 1))


def test_half_a_range_of_days_asks_for_the_other_half(paid_lab: Lab) -> None:
    screen = visit("costs")

    screen.date_input(key="costs-days").set_value((TODAY,)).run()

    assert "Choose the last day too." in words(screen)


def test_days_without_any_charge_draw_no_empty_chart(first_lab: Lab) -> None:
    finished(first_lab, ask(first_lab, UNCHANGED))

    screen = visit("costs")

    assert "Nothing was charged in these days." in words(screen)


def test_offline_baselines_are_named_so_in_the_table(first_lab: Lab) -> None:
    finished(first_lab, ask(first_lab, UNCHANGED))

    assert list(visit("costs").dataframe[-1].value["Model"]) == ["offline/unchanged (offline baseline)"]


def test_no_project_becomes_markup(first_lab: Lab) -> None:
    room = first_lab.desk.keep_room(photo(), "room.png", SCRIPT, project=SCRIPT)
    prompts = {room.digest: "Furnish."}
    plan = first_lab.desk.plan([room.digest], [ModelChoice(UNCHANGED)], style="modern", prompts=prompts, project=SCRIPT)
    finished(first_lab, first_lab.desk.start(plan, SCRIPT))

    assert SCRIPT not in words(visit("costs", **{"costs-project": SCRIPT}))


def test_no_more_rows_are_drawn_than_a_person_reads(empty_lab: Lab) -> None:
    asked = comparison()
    many = [prediction(asked, project=f"listing {number}") for number in range(MOST_ROWS + 3)]
    empty_lab.store.predictions.queue(asked, many, NOON)
    empty_lab.store.predictions.append([ending(one, State.CANCELED, 1, at=NOON) for one in many])
    screen = visit("costs")

    answer(screen, "costs-view", "Project")

    assert len(screen.dataframe[-1].value) == MOST_ROWS
    assert "And 3 more; the exports have them all." in words(screen)


def test_everything_can_be_taken_away(two_months: Lab) -> None:
    screen = visit("costs")

    labels = {button.proto.label for button in screen.get("download_button")}
    assert labels == {"CSV", "Parquet", "Page for a meeting"}


def test_the_zone_of_the_settings_is_the_ledgers(tmp_path: Path) -> None:
    assert Settings(data_dir=tmp_path).time_zone == "UTC"
    with lab_at(tmp_path / "data", time_zone="Europe/Paris") as lab:
        assert lab.store.costs.zone == "Europe/Paris"
