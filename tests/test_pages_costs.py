"""The Costs page: what was spent, what nobody knows, and what an accepted picture came to."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.spending import as_csv
from staging import lab as labs
from staging.desk import ModelChoice
from staging.lab import Lab
from staging.predictions import Verdict
from staging.store import CostRow
from tests.labs import MODEL, UNCHANGED, ask, finished, lab_at, photo, run_one
from tests.replicate_server import ReplicateServer
from tests.screens import SCRIPT, answer, visit, words

UNKNOWN_PRICE = "google/nano-banana-2"


@pytest.fixture
def paid_lab(tmp_path: Path, replicate_server: ReplicateServer) -> Iterator[Lab]:
    """A lab that has spent: two pictures at $0.03, one of them accepted, and one at an unknown price."""
    with lab_at(tmp_path / "data", replicate_server) as lab:
        labs.set_current(lab)
        comparison = ask(lab, MODEL, UNKNOWN_PRICE, rooms=[photo(1)])
        finished(lab, comparison)
        accepted = run_one(lab, MODEL, rooms=[photo(2)])
        lab.desk.mark(accepted.prediction.id, "tester", verdict=Verdict.ACCEPTED)
        yield lab
        labs.set_current(None)


def figures(screen: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in screen.metric}


def test_nothing_spent_yet_says_what_to_do(first_lab: Lab) -> None:
    assert "Nothing was run in these days." in words(visit("costs"))


def test_the_money_and_the_cost_of_an_accepted_picture_are_told(paid_lab: Lab) -> None:
    told = figures(visit("costs"))

    assert told["Spent"] == "$0.06"
    assert told["Per accepted picture"] == "$0.06"
    assert told["Pictures made"] == "3 of 3"
    assert told["Accepted"] == "1"


def test_unknown_prices_stand_beside_the_total_and_never_in_it(paid_lab: Lab) -> None:
    screen = visit("costs")

    (warning,) = screen.warning
    assert "1 prediction at an unknown price: google\\/nano\\-banana\\-2 (1)" in warning.value.replace("\u2060", "")
    table = screen.dataframe[0].value.set_index("Model")
    assert table["Spent"].isna()[UNKNOWN_PRICE]
    assert table["At unknown price"][UNKNOWN_PRICE] == 1
    assert table["Spent"][MODEL] == 0.06


@pytest.mark.parametrize(("name", "keys"), [("Project", {"none"}), ("Person", {"tester"})])
def test_the_table_can_be_cut_another_way(paid_lab: Lab, name: str, keys: set[str]) -> None:
    screen = visit("costs")

    answer(screen, "costs-view", name)

    assert set(screen.dataframe[0].value[name]) == keys


def test_days_are_told_apart(paid_lab: Lab) -> None:
    screen = visit("costs")

    answer(screen, "costs-view", "Day")

    assert list(screen.dataframe[0].value["Day"]) == [datetime.now(UTC).date().isoformat()]


def test_the_days_are_in_the_address(paid_lab: Lab) -> None:
    past = datetime.now(UTC).date() - timedelta(days=90)

    screen = visit("costs", **{"costs-days": [past.isoformat(), (past + timedelta(days=1)).isoformat()]})

    assert "Nothing was run in these days." in words(screen)


def test_half_a_range_of_days_asks_for_the_other_half(paid_lab: Lab) -> None:
    screen = visit("costs")

    screen.date_input(key="costs-days").set_value((datetime.now(UTC).date(),)).run()

    assert "Choose the last day too." in words(screen)


def test_days_without_any_charge_draw_no_empty_chart(first_lab: Lab) -> None:
    finished(first_lab, ask(first_lab, UNCHANGED))

    screen = visit("costs")

    assert "Nothing was charged in these days." in words(screen)
    assert not screen.get("vega_lite_chart")


def test_offline_baselines_are_named_so_in_the_table(first_lab: Lab) -> None:
    finished(first_lab, ask(first_lab, UNCHANGED))

    assert list(visit("costs").dataframe[0].value["Model"]) == ["offline/unchanged (offline baseline)"]


def test_spending_is_drawn_over_time(paid_lab: Lab) -> None:
    assert len(visit("costs").get("vega_lite_chart")) == 1


def test_no_project_becomes_markup(first_lab: Lab) -> None:
    room = first_lab.desk.keep_room(photo(), "room.png", SCRIPT, project=SCRIPT)
    prompts = {room.digest: "Furnish."}
    plan = first_lab.desk.plan([room.digest], [ModelChoice(UNCHANGED)], style="modern", prompts=prompts, project=SCRIPT)
    finished(first_lab, first_lab.desk.start(plan, SCRIPT))

    assert SCRIPT not in words(visit("costs"))


def row(key: str, **changes: object) -> CostRow:
    values: dict[str, object] = {
        "key": key,
        "predictions": 2,
        "succeeded": 2,
        "failed": 0,
        "accepted": 1,
        "charged_usd": Decimal("0.060001"),
        "unknown_charges": 0,
    }
    return CostRow(**{**values, **changes})  # type: ignore[arg-type]


def test_the_csv_is_exact_and_whole() -> None:
    lines = list(csv.DictReader(io.StringIO(as_csv({"Model": [row("a")], "Person": [row("b", accepted=0)]}))))

    assert [(line["by"], line["key"]) for line in lines] == [("model", "a"), ("person", "b")]
    assert lines[0]["charged_usd"] == "0.060001"
    assert lines[0]["usd_per_accepted"] == "0.060001"
    assert lines[1]["usd_per_accepted"] == ""


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_a_name_in_the_csv_is_never_run_by_a_spreadsheet(start: str) -> None:
    (line,) = csv.DictReader(io.StringIO(as_csv({"Project": [row(f"{start}HYPERLINK(1)")]})))

    assert line["key"].startswith("'")
