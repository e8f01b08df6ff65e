"""The Costs page with two months of spending in a real browser, and the page for a meeting on paper."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from staging.exports.report import MOST_ROWS, Meeting, as_html
from staging.forecast import Forecast
from staging.store import CostReport, CostRow, Store, UnderWay, Waste
from tests.app_server import AppServer
from tests.browser.compare_page import expect_drawn, expect_no_sideways_scroll
from tests.browser.conftest import Look, OpenPage
from tests.spending import spend_for_two_months

LONG = "a-name-that-goes-on-for-longer-than-any-column-of-a-sheet-of-paper"


@pytest.fixture(scope="module")
def spent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """An app whose ledger has been spent from."""
    folder = tmp_path_factory.mktemp("spent") / "data"
    folder.mkdir()
    store = Store.open(folder / "staging.duckdb")
    spend_for_two_months(store)
    store.close()
    server = AppServer(folder, {"STAGING_SAMPLE_ROOMS": "false"}).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> CostReport:
    """A report whose every list is longer than the page for a meeting, with names that wrap."""
    store = Store.open(tmp_path_factory.mktemp("paper") / "ledger.duckdb")
    spend_for_two_months(store, a_day=4)
    today = store.costs.today()
    told = store.costs.report(today - timedelta(days=91), today)
    store.close()
    many = tuple(
        CostRow(f"{number} {LONG}", predictions=9, accepted=3, cost_usd=Decimal("12345.678901"), unknown_charges=1)
        for number in range(MOST_ROWS + 4)
    )
    waste = tuple(Waste("rejected", f"{number} {LONG}", 9, Decimal("0.123456"), 0) for number in range(9))
    return replace(told, by_model=many, by_project=many, by_person=many, by_room_type=many, waste=waste)


def test_the_page_for_a_meeting_prints_on_one_sheet(page: Page, report: CostReport) -> None:
    about = Meeting(
        report=report,
        zone="America/Argentina/ComodRivadavia",
        filters={"Model": LONG, "Project": LONG, "Person": LONG},
        under_way=UnderWay(99, Decimal("1234.56"), 3),
        forecast=Forecast(Decimal("12345.67"), Decimal("11000.01"), Decimal("14000.99")),
        forecast_of="for Nov",
        names={},
        made_at=datetime.now(UTC),
    )
    page.set_content(as_html(about))

    paper = page.pdf(prefer_css_page_size=True)

    assert re.findall(rb"/Count (\d+)", paper) == [b"1"]
    page.set_viewport_size({"width": 390, "height": 844})
    expect_no_sideways_scroll(page)


def test_the_costs_fit_any_screen_and_nothing_is_cut(open_page: OpenPage, spent: AppServer, look: Look) -> None:
    page = open_page("/costs", server=spent, look=look, tolerate="404")

    expect(page.get_by_test_id("stVegaLiteChart").last.locator("canvas, svg").first).to_be_visible()
    expect_drawn(page)
    expect_no_sideways_scroll(page)
    cut = page.get_by_test_id("stMetricValue").evaluate_all(
        "all => all.map(one => one.querySelector('*') ?? one).filter(one => one.scrollWidth > one.clientWidth + 1)"
        ".map(one => one.textContent)"
    )
    assert cut == []


def test_what_is_taken_away_comes_as_files(open_page: OpenPage, spent: AppServer, tmp_path: Path) -> None:
    page = open_page("/costs?costs-person=ada", server=spent, tolerate="404")

    for label, suffix, begins in (
        ("CSV", "csv", b"dimension,key,"),
        ("Parquet", "parquet", b"PAR1"),
        ("Page for a meeting", "html", b"<!doctype html>"),
    ):
        with page.expect_download() as downloading:
            page.get_by_role("button", name=label, exact=True).click()
        path = tmp_path / suffix
        downloading.value.save_as(path)
        assert downloading.value.suggested_filename.endswith(f".{suffix}")
        assert path.read_bytes().startswith(begins)
    assert b"Person: ada" in (tmp_path / "html").read_bytes()


def test_a_link_shows_the_same_days_filters_and_cut(open_page: OpenPage, spent: AppServer) -> None:
    page = open_page("/costs", server=spent, tolerate="404")
    page.get_by_text("7 days", exact=True).click()
    expect(page).to_have_url(re.compile("costs-days=.*costs-days="))
    page.get_by_text("Person", exact=True).last.click()
    expect(page).to_have_url(re.compile("costs-view=Person"))
    expect(page.get_by_text("compared with the 7 days before")).to_be_visible()
    expect(page.get_by_role("region", name="Costs by person")).to_be_visible()
    accepted = page.get_by_test_id("stMetric").filter(has_text="Accepted").get_by_test_id("stMetricValue").last
    value = accepted.inner_text()

    again = open_page(page.url.removeprefix(spent.url), server=spent, tolerate="404")

    expect(
        again.get_by_test_id("stMetric").filter(has_text="Accepted").get_by_test_id("stMetricValue").last
    ).to_have_text(value)
    expect(again.get_by_role("radio", name="7 days")).to_be_checked()
    expect(again.get_by_role("radio", name="Person")).to_be_checked()
