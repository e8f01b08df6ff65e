"""The main job, done in a browser against the real app and a real server that speaks Replicate's API."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.app_server import AppServer
from tests.browser.compare_page import (
    FURNISH,
    KONTEXT,
    QWEN,
    UNCHANGED,
    card,
    cells,
    choose_only,
    done,
    expect_done,
    expect_drawn,
    go_to,
    open_picture,
    photo,
    run,
    upload,
)
from tests.browser.conftest import PATIENCE_MS, TRACEBACK, OpenPage, idle
from tests.replicate_server import ReplicateServer
from tests.replicate_server_options import failing

Start = Callable[..., AppServer]
GOES_AWAY = "WebSocket|disconnected from server|reaching server endpoint|server is not responding|net::ERR_"
"""What a browser says when the server is stopped under it."""


SLOW = "FLUX.1 Kontext Max"
ENDLESS = "FLUX.1 Kontext Dev"


@pytest.fixture(scope="module")
def replicate() -> Iterator[ReplicateServer]:
    """Replicate, never reset: the app that is shared reuses what it has uploaded there."""
    seconds = {"black-forest-labs/flux-kontext-max": 5.0, "black-forest-labs/flux-kontext-dev": 600.0}
    with ReplicateServer(seconds=1.0, queue_seconds=0.2, model_seconds=seconds) as server:
        yield server


@pytest.fixture(scope="module")
def connected(
    replicate: ReplicateServer, tmp_path_factory: pytest.TempPathFactory, first_folder: Path
) -> Iterator[AppServer]:
    """An app with Replicate, shared by the tests that leave it running."""
    folder = tmp_path_factory.mktemp("connected") / "data"
    shutil.copytree(first_folder, folder)
    server = AppServer(folder, replicate.environment).start()
    yield server
    server.stop()
    assert TRACEBACK not in server.log(), server.log()


def test_the_first_minute_shows_a_furnished_room_without_any_token(
    open_page: OpenPage, screenshot: Callable[..., object]
) -> None:
    page = open_page()
    expect(page.get_by_test_id("stBottom")).to_contain_text("2 pictures")

    run(page, 2)
    expect_done(page, 2, seconds=300)
    expect_drawn(page)
    screenshot(page, "compare")

    expect(page.locator(".grid .head")).to_contain_text(f"Room{FURNISH}{UNCHANGED}")
    addresses = [picture.get_attribute("src") for picture in done(page).all()]
    assert len(set(addresses)) == 2
    dialog = open_picture(page, FURNISH, "Salon")
    expect(dialog.get_by_role("slider")).to_be_visible()
    expect_drawn(page)
    screenshot(page, "viewer")


def test_the_main_job_from_the_upload_to_the_costs(
    start_app: Start, replicate: ReplicateServer, open_page: OpenPage, screenshot: Callable[..., object]
) -> None:
    before = len(replicate.billed())
    page = open_page(server=start_app(**replicate.environment))

    upload(page, ("Elm Street 5.jpg", photo()))
    expect(card(page, "Elm Street 5.jpg")).to_have_attribute("aria-pressed", "true")
    choose_only(page, "Elm Street 5.jpg", QWEN, KONTEXT, UNCHANGED)
    expect(page.get_by_test_id("stBottom")).to_contain_text("about $0.07")
    run(page, 3)
    expect_done(page, 3)
    expect(page.get_by_text("3 of 3 done · $0.07 spent")).to_be_visible()

    dialog = open_picture(page, QWEN, "Elm Street 5.jpg")
    dialog.get_by_role("button", name="Accept").click()
    expect(dialog.get_by_role("button", name="Accepted")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".grid .badge", has_text="Accepted")).to_be_visible()

    page.reload()
    expect_done(page, 3)
    expect(page.locator(".grid .badge", has_text="Accepted")).to_be_visible()

    go_to(page, "Costs")
    expect(metric(page, "Accepted")).to_have_text("1")
    expect(metric(page, "Spent")).to_have_text("$0.07")
    expect(metric(page, "Per accepted picture")).to_have_text("$0.07")
    expect(page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible()
    expect(page.get_by_test_id("stDataFrame").locator("canvas").first).to_be_visible()
    expect_drawn(page)
    screenshot(page, "costs")
    assert len(replicate.billed()) == before + 2


def test_a_server_that_is_killed_in_the_middle_goes_on_where_it_was(
    start_app: Start, replicate: ReplicateServer, open_page: OpenPage
) -> None:
    before = len(replicate.billed())
    server = start_app(**replicate.environment)
    page = open_page(server=server, tolerate=GOES_AWAY)
    choose_only(page, "Salon", "Office", SLOW)
    run(page, 2)
    expect(page.locator(".grid .cell.running")).to_have_count(2)

    server.kill()
    server.start()

    expect_done(page, 2)
    assert len(replicate.billed()) == before + 2


def test_a_failure_says_why_and_is_tried_again(
    connected: AppServer, replicate: ReplicateServer, open_page: OpenPage
) -> None:
    replicate.add_faults(failing("The input was flagged as sensitive. (E005)", times=1))
    page = open_page(server=connected)
    choose_only(page, "Salon", QWEN)
    run(page, 1)
    failed = page.locator(".grid .cell.failed")
    expect(failed).to_contain_text("flagged the room or the prompt as sensitive")

    failed.get_by_role("button", name="Retry").click()

    expect_done(page, 1)
    expect(page.get_by_text("1 of 1 done")).to_be_visible()


def test_one_or_all_can_be_cancelled(connected: AppServer, open_page: OpenPage) -> None:
    page = open_page(server=connected)
    choose_only(page, "Salon", "Office", "Loft", ENDLESS)
    run(page, 3)
    expect(page.locator(".grid .cell.running")).to_have_count(3)

    page.get_by_role("button", name=f"Cancel {ENDLESS} on Office").click()
    expect(page.locator(".grid .cell.cancelled")).to_have_count(1)
    expect(page.locator(".grid .row[aria-label=Office] .cell.cancelled")).to_be_visible()
    page.get_by_role("button", name="Cancel all").click()

    expect(page.locator(".grid .cell.cancelled")).to_have_count(3)
    expect(page.get_by_text("3 of 3 done · 3 cancelled")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel all")).to_have_count(0)


def test_the_grid_is_there_at_once_and_nothing_jumps_as_it_fills(connected: AppServer, open_page: OpenPage) -> None:
    page = open_page(server=connected)
    choose_only(page, "Salon", "Office", SLOW, UNCHANGED)

    run(page, 4)
    before = frames(page)
    expect_done(page, 4)
    expect(page.get_by_role("button", name="Cancel all")).to_have_count(0)

    for there, here in zip(before, frames(page), strict=True):
        assert there == pytest.approx(here, abs=2)


def test_the_viewer_stays_open_while_the_rest_is_made(connected: AppServer, open_page: OpenPage) -> None:
    page = open_page(server=connected)
    choose_only(page, "Salon", SLOW, UNCHANGED)
    run(page, 2)
    expect(done(page)).to_have_count(1)

    dialog = open_picture(page, UNCHANGED, "Salon")
    divider = dialog.get_by_role("slider")
    divider.press("Home")
    expect(divider).to_have_attribute("aria-valuenow", "0")
    expect(done(page)).to_have_count(2)

    expect(page.get_by_text("2 of 2 done")).to_have_count(1)
    expect(divider).to_have_attribute("aria-valuenow", "0")


def test_a_double_click_buys_once(connected: AppServer, replicate: ReplicateServer, open_page: OpenPage) -> None:
    before = len(replicate.ledger()["predictions"])
    page = open_page(server=connected)
    choose_only(page, "Living", QWEN)
    bar = page.get_by_test_id("stBottom")
    expect(bar).to_contain_text("1 picture")

    bar.get_by_role("button", name="Compare").dblclick()

    expect_done(page, 1)
    page.get_by_role("button", name="New comparison").click()
    expect(card(page, "Living")).to_be_visible()
    assert len(replicate.ledger()["predictions"]) == before + 1


def test_the_page_asks_while_it_runs_and_no_more_when_it_is_done(connected: AppServer, open_page: OpenPage) -> None:
    page = open_page(server=connected)
    choose_only(page, "Salon", SLOW)
    run(page, 1)
    asked: list[str | bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: asked.append(frame)))
    page.reload()
    expect_done(page, 1)
    expect(page.get_by_role("button", name="Cancel all")).to_have_count(0)
    idle(page)

    while_it_ran = len(asked)
    asked.clear()
    page.wait_for_timeout(2_500)  # longer than two looks: that nothing comes can only be waited for

    assert while_it_ran >= 3
    assert asked == []


def test_judging_loads_no_picture_again(connected: AppServer, open_page: OpenPage) -> None:
    page = open_page(server=connected)
    choose_only(page, "Salon", UNCHANGED)
    run(page, 1)
    expect_done(page, 1)
    dialog = open_picture(page, UNCHANGED, "Salon")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/pictures/" in request.url else None)

    dialog.get_by_role("button", name="Reject").click()
    expect(dialog.get_by_role("button", name="Rejected")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".grid .badge", has_text="Rejected")).to_be_visible()

    assert asked == []


def test_going_back_keeps_the_choice_and_lists_the_comparison(open_page: OpenPage) -> None:
    page = open_page()
    choose_only(page, "Loft", UNCHANGED)
    run(page, 1)
    expect_done(page, 1)
    address = page.url

    page.get_by_role("button", name="New comparison").click()
    expect(card(page, "Loft")).to_have_attribute("aria-pressed", "true")
    expect(card(page, UNCHANGED)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("group", name="Recent comparisons").locator(".card").first.click()

    expect(cells(page)).to_have_count(1)
    assert page.url == address
    assert re.search(r"\?comparison=[0-9a-f-]{36}$", address)


def metric(page: Page, label: str) -> Locator:
    """Return the figure under this label."""
    labelled = page.get_by_test_id("stMetric").filter(has=page.get_by_text(label, exact=True))
    return labelled.get_by_test_id("stMetricValue")


def frames(page: Page) -> list[tuple[float, float, float, float]]:
    """Return where every frame of the grid stands, once all are laid out."""
    until = time.monotonic() + PATIENCE_MS / 1000
    while True:
        # All at once: one asked for after the other may have been drawn anew in between, and be left out.
        boxes = page.locator(".grid .frame").evaluate_all(
            "frames => frames.map(one => one.getBoundingClientRect()).map(box => [box.x, box.y, box.width, box.height])"
        )
        if boxes and all(width and height for _, _, width, height in boxes):
            return [(x, y, width, height) for x, y, width, height in boxes]
        assert time.monotonic() < until, boxes
        page.wait_for_timeout(100)
