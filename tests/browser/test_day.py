"""An operator's day: twenty rooms, four models, look, filter, judge, take away, and come back by the link."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Page, expect

from tests.app_server import AppServer
from tests.browser.compare_page import (
    KONTEXT,
    QWEN,
    UNCHANGED,
    card,
    cells,
    expect_no_sideways_scroll,
    open_picture,
    upload,
)
from tests.browser.conftest import Look, OpenPage
from tests.labs import photo
from tests.replicate_server import ReplicateServer

ROOMS = 20
SEEDREAM = "Seedream 4"
MODELS = (QWEN, KONTEXT, SEEDREAM, UNCHANGED)
PICTURES = ROOMS * len(MODELS)
LOOKS = [Look(width, scheme) for width in (1440, 1024, 390) for scheme in ("light", "dark")]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """An app connected to a Replicate that answers quickly, without sample rooms."""
    with ReplicateServer(seconds=0.2, queue_seconds=0.0) as replicate:
        server = AppServer(
            tmp_path_factory.mktemp("day") / "data", {**replicate.environment, "STAGING_SAMPLE_ROOMS": "false"}
        ).start()
        yield server
        server.stop()


def run_twenty_rooms(page: Page) -> None:
    upload(page, *((f"room {n:02}.png", photo(10 * n, (640, 480))) for n in range(ROOMS)))
    expect(page.locator(".picker .card", has_text="room ")).to_have_count(ROOMS, timeout=60_000)
    for name in MODELS:
        if card(page, name).get_attribute("aria-pressed") != "true":
            card(page, name).click()
        expect(card(page, name)).to_have_attribute("aria-pressed", "true")
    furnish = card(page, "Offline baseline: furnish")
    if furnish.get_attribute("aria-pressed") == "true":
        furnish.click()
    bar = page.get_by_test_id("stBottom")
    expect(bar).to_contain_text(f"{PICTURES} pictures", timeout=60_000)
    bar.get_by_role("button", name="Compare").click()
    expect(cells(page)).to_have_count(PICTURES, timeout=60_000)


@pytest.mark.timeout(900)
def test_a_day_of_an_operator(office: AppServer, open_page: OpenPage, screenshot: Callable[..., object]) -> None:
    page = open_page(server=office)
    run_twenty_rooms(page)
    expect(page.get_by_text(f"{PICTURES} of {PICTURES} done")).to_be_visible(timeout=300_000)

    # Look: one model against the control, then one picture closely.
    page.get_by_label("Order of the models").select_option(label="Models cheapest first")
    page.get_by_label("Filter models").fill("flux")
    expect(cells(page)).to_have_count(ROOMS)
    page.get_by_label("Filter models").fill("")
    page.get_by_role("button", name=f"Pin {UNCHANGED}").click()
    dialog = open_picture(page, QWEN, "room 03.png")
    page.keyboard.press("a")
    expect(dialog.get_by_role("button", name=re.compile("^Accept")).first).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("h")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator(".grid .badge", has_text="Accepted")).to_have_count(1)

    # Take away what was accepted.
    page.get_by_role("button", name="Take away").click()
    body = page.get_by_test_id("stPopoverBody")
    body.get_by_role("radio", name="Accepted").or_(body.get_by_role("button", name="Accepted")).click()
    zip_link = body.get_by_role("link", name="Zip")
    expect(zip_link).to_have_attribute("href", re.compile("which=accepted"))
    answer = page.request.get(urljoin(page.url, zip_link.get_attribute("href")))
    assert answer.ok
    archive = zipfile.ZipFile(io.BytesIO(answer.body()))
    names = archive.namelist()
    assert {"manifest.csv", "manifest.json"} <= {Path(name).name for name in names}
    assert sum(Path(name).suffix in (".webp", ".png", ".jpg") for name in names) == 2  # the room and its output
    page.keyboard.press("Escape")

    # Leave, and come back by the link: everything is as it was.
    address = page.url
    page.get_by_role("link", name="History").click()
    expect(page.locator(".picker .card", has_text=f"{PICTURES} pictures")).to_be_visible()
    page.get_by_role("radio", name="Favourites").or_(page.get_by_role("button", name="Favourites")).click()
    page.locator(".picker .card", has_text=QWEN).click()
    expect(page.get_by_role("dialog")).to_contain_text(f"{QWEN} on room 03.png")
    for look in LOOKS:
        again = open_page(address.removeprefix(office.url), server=office, look=look)
        expect(cells(again)).to_have_count(PICTURES)
        expect(again.locator(".grid .badge", has_text="Accepted")).to_have_count(1)
        expect_no_sideways_scroll(again)
        for picture in again.locator(".grid .row").first.locator("img").all():  # those below are loaded when seen
            expect(picture).to_have_js_property("complete", True)
        if look.width >= 1024:
            assert again.locator(".grid .head .title .name").all_inner_texts()[0] == UNCHANGED
        screenshot(again, f"day-{look.width}-{look.scheme}")
        again.close()
