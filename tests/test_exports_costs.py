"""The costs taken away: all rows, exact, harmless in a spreadsheet; and a page for a meeting that needs nothing."""

import csv
import io
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

from staging.exports.costs import COLUMNS, as_csv, as_parquet
from staging.exports.report import MOST_ROWS, POLICY, Meeting, as_html
from staging.forecast import Forecast
from staging.store import CostReport, CostRow, Store, UnderWay
from tests.screens import SCRIPT
from tests.spending import spend_for_two_months

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> CostReport:
    store = Store.open(tmp_path_factory.mktemp("spent") / "ledger.duckdb")
    spend_for_two_months(store, a_day=6)
    today = store.costs.today()
    told = store.costs.report(today - timedelta(days=29), today)
    store.close()
    return told


def meeting(report: CostReport, **changes: object) -> Meeting:
    known: dict[str, object] = {
        "report": report,
        "zone": "Europe/Paris",
        "filters": {},
        "under_way": UnderWay(2, Decimal("0.25"), 1),
        "forecast": Forecast(Decimal(31), Decimal(28), Decimal(34)),
        "forecast_of": "for Nov",
        "names": {"offline/furnish": "offline/furnish (offline baseline)"},
        "made_at": NOW,
    }
    return Meeting(**{**known, **changes})  # type: ignore[arg-type]


class Read(HTMLParser):
    """The tags, attributes and words of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.words)


def test_the_csv_has_every_row_and_each_cut_adds_up(report: CostReport) -> None:
    lines = list(csv.DictReader(io.StringIO(as_csv(report))))

    assert list(lines[0]) == list(COLUMNS)
    for dimension in ("model", "project", "person", "room type", "arm", "day"):
        mine = [line for line in lines if line["dimension"] == dimension]
        assert sum(Decimal(line["cost_usd"]) for line in mine) == report.total.cost_usd, dimension
        assert sum(int(line["predictions"]) for line in mine) == report.total.predictions, dimension
    wasted = [line for line in lines if line["dimension"].endswith(" because of")]
    assert len(wasted) == len(report.waste)
    (total,) = [line for line in lines if line["dimension"] == "total"]
    assert total["usd_per_accepted"] == str(report.total.usd_per_accepted)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_a_name_in_the_csv_is_never_run_by_a_spreadsheet(report: CostReport, start: str) -> None:
    changed = replace(report, by_project=(CostRow(f"{start}HYPERLINK(1)"),))

    lines = csv.DictReader(io.StringIO(as_csv(changed)))

    (line,) = [line for line in lines if line["dimension"] == "project"]
    assert line["key"] == f"'{start}HYPERLINK(1)"


def test_parquet_has_the_same_rows_and_keeps_decimals(report: CostReport, tmp_path: Path) -> None:
    path = tmp_path / "costs.parquet"
    path.write_bytes(as_parquet(report))

    with duckdb.connect() as connection:
        kinds = {row[0]: row[1] for row in connection.execute(f"DESCRIBE FROM '{path}'").fetchall()}
        (of_models,) = connection.execute(
            f"SELECT sum(cost_usd), count(*), max(p95_seconds) FROM '{path}' WHERE dimension = 'model'"
        ).fetchall()
        ((count,),) = connection.execute(f"SELECT count(*) FROM '{path}'").fetchall()

    assert kinds["cost_usd"] == "DECIMAL(38,6)"
    assert of_models[:2] == (report.total.cost_usd, len(report.by_model))
    assert of_models[2] == max(one.p95_seconds for one in report.run_times)
    assert count == len(as_csv(report).splitlines()) - 1


def test_the_page_for_a_meeting_needs_nothing_and_runs_nothing(report: CostReport) -> None:
    page = Read(as_html(meeting(report)))

    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert ("content", POLICY) in page.attributes
    assert not [name for name, _ in page.attributes if name in ("src", "href") or name.startswith("on")]
    assert page.tags["rect"] == 30


def test_the_page_for_a_meeting_says_what_its_figures_are(report: CostReport) -> None:
    text = Read(as_html(meeting(report, filters={"Project": "12 Elm Street"}))).text

    assert f"${report.total.cost_usd:,.2f}" in text
    assert "Days of Europe/Paris." in text
    assert "Only Project: 12 Elm Street" in text
    assert f"{NOW:%Y}" in text
    assert "$28.00 to $34.00" in text
    assert "is an estimate" in text
    assert "$0.25 reserved, in no sum" in text
    assert "nobody knows their price" in text


def test_an_unknown_price_is_never_nothing_on_the_page_for_a_meeting(report: CostReport) -> None:
    row = CostRow("google/nano-banana-2", predictions=3, undecided=3, unknown_charges=3)

    text = Read(as_html(meeting(replace(report, total=row, by_model=(row,))))).text

    assert "predictions: 3; google/nano-banana-2 (3)" in text
    assert "google/nano-banana-2 unknown" in text


def test_a_page_without_unknown_prices_or_forecast_says_so(report: CostReport) -> None:
    known = replace(report, by_model=(CostRow("reve/edit", predictions=1, cost_usd=Decimal(1)),))

    text = Read(as_html(meeting(known, forecast=None))).text

    assert "Every prediction in these sums has a known price." in text
    assert "too few days to tell" in text


def test_no_name_becomes_markup_on_the_page_for_a_meeting(report: CostReport) -> None:
    row = CostRow(SCRIPT, predictions=1, unknown_charges=1)
    hostile = replace(report, by_model=(row,), by_project=(row,), by_person=(row,), by_room_type=(row,))

    page = Read(as_html(meeting(hostile, filters={"Person": SCRIPT}, names={SCRIPT: SCRIPT}, forecast_of=SCRIPT)))

    assert page.tags["img"] == 0
    assert SCRIPT in page.text


def test_arms_take_the_place_of_room_types_when_there_are_any(report: CostReport) -> None:
    without = replace(report, by_arm=(CostRow(""),))

    with_arms, plain = Read(as_html(meeting(report))).text, Read(as_html(meeting(without))).text

    assert ("By arm" in with_arms, "By room type" in with_arms) == (True, False)
    assert ("By arm" in plain, "By room type" in plain) == (False, True)


def test_only_the_dearest_are_on_the_page_for_a_meeting(report: CostReport) -> None:
    many = replace(report, by_model=tuple(CostRow(f"made/model-{number}") for number in range(MOST_ROWS + 5)))

    assert "And 5 more." in Read(as_html(meeting(many))).text


def test_long_spans_are_drawn_by_week(report: CostReport) -> None:
    years = replace(report, first=report.last - timedelta(days=364))

    page = Read(as_html(meeting(years)))

    assert page.tags["rect"] == 53
    assert "Spent by week" in page.text


def test_nothing_spent_is_said_instead_of_drawn(report: CostReport) -> None:
    page = Read(as_html(meeting(replace(report, by_day=()))))

    assert page.tags["svg"] == 0
    assert "Nothing was charged in these days." in page.text
