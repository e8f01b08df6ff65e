"""The Compare page as a person uses it: what to press, and where to look."""

import io
from pathlib import Path

from PIL import Image, ImageOps
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from pages.components.listed import LISTED
from tests.app_server import ROOT, AppServer
from tests.browser.conftest import idle

QWEN = "Qwen Image Edit"
KONTEXT = "FLUX.1 Kontext Pro"
FURNISH = "Offline baseline: furnish"
UNCHANGED = "Offline baseline: unchanged"
MADE_SECONDS = 90
"""How long pictures may take on a slow machine that runs other tests."""


def photo(name: str = "living.jpg") -> bytes:
    """Return a JPEG of a room that no sample is: one of them, mirrored."""
    with Image.open(ROOT / "data" / "sample_rooms" / Path(name).name) as room:
        data = io.BytesIO()
        ImageOps.mirror(room).save(data, "JPEG", quality=90)
    return data.getvalue()


def upload(page: Page, *files: tuple[str, bytes]) -> None:
    """Drop these files, together, and return once the page has taken them: every one is a card or refused."""
    dropped: list[FilePayload] = [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in files]
    uploader = page.get_by_test_id("stFileUploader")
    uploader.locator("input[type=file]").set_input_files(dropped)
    for name, _ in files:
        taken = card(page, name).or_(page.get_by_role("alert").filter(has_text=f"{name} was not added"))
        try:
            expect(taken.first).to_be_attached()
        except AssertionError as error:
            said = [*uploader.all_inner_texts(), *page.get_by_role("alert").all_inner_texts()]
            state = page.get_by_test_id("stApp").evaluate("node => ({...node.dataset})")
            raise AssertionError(
                f"{name} is neither a card nor refused. The page says {said}, and is {state}"
            ) from error


def card(page: Page, name: str) -> Locator:
    """Return the card of a room or a model by its exact title."""
    return page.locator(".picker .card").filter(has=page.get_by_text(name, exact=True))


def choose_only(page: Page, *names: str) -> None:
    """Have exactly these cards chosen."""
    chosen = page.locator(".picker .card[aria-pressed=true]")
    for part in ("Rooms", "Models"):
        expect(page.get_by_role("group", name=part, exact=True).locator(".card").first).to_be_visible()
    for name in chosen.evaluate_all("cards => cards.map(card => card.title)"):
        if name not in names:
            card(page, name).click()
    for name in names:
        if card(page, name).get_attribute("aria-pressed") != "true":
            card(page, name).click()
        expect(card(page, name)).to_have_attribute("aria-pressed", "true")
    expect(chosen).to_have_count(len(names))


def run(page: Page, pictures: int) -> None:
    """Press Compare once the page has reckoned that it makes so many pictures, and has come to rest."""
    bar = page.get_by_test_id("stBottom")
    expect(bar).to_contain_text(f"{pictures} picture")
    idle(page)
    expect(bar).to_contain_text(f"{pictures} picture")
    bar.get_by_role("button", name="Compare").click()
    try:
        expect(cells(page)).to_have_count(pictures)
    except AssertionError as error:
        state = page.get_by_test_id("stApp").evaluate("node => ({...node.dataset})")
        said = page.get_by_test_id("stBottom").all_inner_texts()
        raise AssertionError(f"No grid of {pictures} came. {page.url} says {said}, and is {state}") from error


def cells(page: Page) -> Locator:
    """Return the grid's cells, without the originals."""
    return page.locator(".grid .cell:not(.room)")


def done(page: Page) -> Locator:
    """Return the cells that hold a picture."""
    return page.locator(".grid .cell.done img")


def expect_done(page: Page, pictures: int, seconds: float = MADE_SECONDS) -> None:
    """Return once so many pictures are made and shown."""
    expect(done(page)).to_have_count(pictures, timeout=seconds * 1000)
    for picture in done(page).all():
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("node => node.naturalWidth") > 0


def open_picture(page: Page, model: str, room: str) -> Locator:
    """Open the viewer on this output, and return the dialog."""
    page.get_by_role("button", name=f"Open {model} on {room}", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".viewer .layer img").first).to_be_visible()
    return dialog


def made_comparison(browser: Browser, server: AppServer, *rooms: str) -> str:
    """Return the path and query of a finished comparison of the control on these rooms, made by hand."""
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    page.goto("/")
    choose_only(page, *rooms, UNCHANGED)
    run(page, len(rooms))
    expect_done(page, len(rooms))
    address = page.url.removeprefix(server.url)
    context.close()
    return address


def expect_drawn(page: Page) -> None:
    """Return once every part of the page that is in sight has been fetched and drawn: fit for a picture."""
    idle(page)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    expect(page.locator('[data-stale="true"]')).to_have_count(0)  # faded, as long as it may be of an earlier run
    for picture in page.locator(".picker img, .grid img, .viewer img").all():
        if picture.evaluate("one => one.getBoundingClientRect().top < innerHeight"):  # the others load when seen
            expect(picture).to_have_js_property("complete", True)


def expect_no_sideways_scroll(page: Page) -> None:
    """Nothing is wider than the screen."""
    wide = page.evaluate(
        """() => [...document.querySelectorAll('[data-testid=stMain], [data-testid=stMainBlockContainer]')]
            .map(node => node.scrollWidth - node.clientWidth)
            .concat(document.documentElement.scrollWidth - window.innerWidth)"""
    )
    assert max(wide) <= 1, wide


def go_to(page: Page, name: str) -> None:
    """Press the page's link in the navigation at the top, in its menu when it stands in one."""
    section = next(listed.section for listed in LISTED if listed.title == name)
    if section:
        page.get_by_test_id("stTopNavSection").filter(has_text=section).click()
    page.get_by_role("menuitem" if section else "link", name=name).click()
