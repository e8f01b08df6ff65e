"""An experiment in a real browser: its report on any screen, decided, promoted and undone by one press each."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect

from staging.experiments import Experiments, StopRule
from staging.models import default_registry
from staging.store import Store
from tests.app_server import AppServer
from tests.browser.compare_page import expect_drawn, expect_no_sideways_scroll
from tests.browser.conftest import LOOKS, Look, OpenPage, idle
from tests.browser.test_accessibility import hindrances
from tests.experimenting import QWEN, accept, judge, made, terms
from tests.ledgers import room

ROOMS = 24


class Running(NamedTuple):
    """An app with a running experiment that has a preference."""

    server: AppServer
    path: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The experiment's outputs have no pictures: nothing here shows any."""
    folder = tmp_path_factory.mktemp("experiments") / "data"
    folder.mkdir()
    store = Store.open(folder / "staging.duckdb")
    experiments, now = Experiments(store, default_registry(QWEN)), datetime.now(UTC)
    asked = terms(question="Does Kontext furnish our listings better?", stop=StopRule(votes_per_unit=1))
    one = experiments.start(experiments.draft(asked, "ada", now).id, "ada", now, follows=0)
    for number in range(ROOMS):
        store.rooms.add(room(number))
    outputs = made(store, one, range(ROOMS))
    accept(store, [outputs[number, "B"] for number in range(0, ROOMS, 2)])
    for number in range(ROOMS):
        winner = "A" if number in (2, 7, 12) else "B"
        judge(store, one, outputs, number, winner, rater=f"rater {number % 12}", seconds=number)
    drawn = [experiments.assign(f"job {number}", room().room_type, "") for number in range(60)]
    experiments.write_down([each for each in drawn if each], "ada", now)
    store.close()
    server = AppServer(folder, {"STAGING_SAMPLE_ROOMS": "false"}).start()
    yield Running(server, f"/experiments?experiment={one.id}")
    server.stop()


@pytest.mark.parametrize("look", [LOOKS[0], LOOKS[3]], ids=["desktop-light", "phone-dark"])
def test_a_report_can_be_read_on_any_screen_and_hinders_nobody(
    open_page: OpenPage, running: Running, look: Look
) -> None:
    page = open_page(running.path, server=running.server, look=look, tolerate="404")

    expect(page.get_by_test_id("stAlert").filter(has_text="Stop: this panel prefers B (e = ")).to_be_visible()
    expect(page.get_by_text(f"{ROOMS} rooms decided · 12 raters")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart").last.locator("canvas, svg").first).to_be_visible()
    expect_drawn(page)
    expect_no_sideways_scroll(page)
    assert hindrances(page) == []
    page.get_by_role("tab", name="Numbers").click()
    expect(page.get_by_role("region", name="Evidence and preference after each decided room")).to_be_visible()


def test_a_winner_is_promoted_by_one_press_and_undone_by_one(open_page: OpenPage, running: Running) -> None:
    page = open_page(running.path, server=running.server, tolerate="404")
    page.get_by_text("Change or decide").click()
    expect(page.get_by_role("radio", name="B", exact=True)).to_be_checked()
    press(page, "Decide and end it")
    expect(page.get_by_text("Winner: B: FLUX.1 Kontext Pro.")).to_be_visible()

    press(page, "Promote")
    expect(page.get_by_text("The winner is the active model since")).to_be_visible()
    expect_no_sideways_scroll(page)
    press(page, "Undo")
    expect(page.get_by_text("The winner is the active model since")).to_have_count(0)

    press(page, "All experiments")
    expect(page.get_by_text("Winner: B", exact=True)).to_be_visible()
    expect(page.get_by_text("Jobs that name no model get Qwen Image Edit")).to_be_visible()


def press(page: Page, name: str) -> None:
    """Press the button of exactly this name, once the page has come to rest: a button that moves is missed."""
    idle(page)
    page.get_by_role("button", name=name, exact=True).click()
