"""The Leaderboard page with a month of votes in a real browser: it fits, it hinders nobody, a link is a view."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from staging.store import Store
from tests.app_server import AppServer
from tests.browser.compare_page import expect_drawn, expect_no_sideways_scroll
from tests.browser.conftest import LOOKS, Look, OpenPage
from tests.browser.test_accessibility import hindrances
from tests.spending import spend_for_two_months
from tests.voting import vote_for_a_month

MISSING_PICTURE = "404"
"""Of the spending: its outputs have no files."""


@pytest.fixture(scope="module")
def voted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """An app whose ledger has a month of votes."""
    folder = tmp_path_factory.mktemp("voted") / "data"
    folder.mkdir()
    store = Store.open(folder / "staging.duckdb")
    spend_for_two_months(store, a_day=6)
    vote_for_a_month(store)
    store.close()
    server = AppServer(folder, {"STAGING_SAMPLE_ROOMS": "false"}).start()
    yield server
    server.stop()


def decided(page: Page) -> str:
    """Return the figure of decided votes."""
    shown = page.get_by_test_id("stMetric").filter(has_text="Decided votes").get_by_test_id("stMetricValue")
    return shown.inner_text()


@pytest.mark.parametrize("look", [LOOKS[0], LOOKS[3]], ids=["desktop-light", "phone-dark"])
def test_it_fits_and_hinders_nobody(open_page: OpenPage, voted: AppServer, look: Look) -> None:
    page = open_page("/leaderboard", server=voted, look=look, tolerate=MISSING_PICTURE)

    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(5)
    for chart in page.get_by_test_id("stVegaLiteChart").all():
        expect(chart.locator("canvas, svg").first).to_be_visible()
    expect_drawn(page)
    expect_no_sideways_scroll(page)
    assert hindrances(page) == []


def test_a_link_shows_the_same_votes(open_page: OpenPage, voted: AppServer) -> None:
    page = open_page("/leaderboard", server=voted, tolerate=MISSING_PICTURE)
    everything = decided(page)
    page.get_by_text("My leaderboard", exact=True).click()
    expect(page).to_have_url(re.compile("leaderboard-mine=true"))
    expect(page.get_by_test_id("stMetric").filter(has_text="Raters").get_by_test_id("stMetricValue")).to_have_text("1")
    mine = decided(page)

    again = open_page("/leaderboard?leaderboard-mine=true", server=voted, tolerate=MISSING_PICTURE)

    expect(again.get_by_text(mine, exact=True).first).to_be_visible()
    assert decided(again) == mine != everything
