"""Taking away, as a person does it: download, look at the files, show it outside, bring something in."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import pytest
from PIL import Image
from playwright.sync_api import Browser, Download, FilePayload, Locator, Page, expect

from tests.app_server import AppServer
from tests.browser.compare_page import expect_done, expect_no_sideways_scroll, made_comparison, photo
from tests.browser.conftest import LOOKS, Look, OpenPage, idle
from tests.labs import wait_for


def popover(page: Page, name: str) -> Locator:
    """Open the popover and return what is in it."""
    page.get_by_role("button", name=name).click()
    body = page.get_by_test_id("stPopoverBody")
    expect(body).to_be_visible()
    idle(page)
    return body


def test_the_zip_and_the_contact_sheet_come_down_whole(
    open_page: OpenPage, app_server: AppServer, browser: Browser, screenshot: Callable[[Page, str], Path]
) -> None:
    page = open_page(made_comparison(browser, app_server, "Living", "Office"))
    expect_done(page, 2)
    body = popover(page, "Take away")
    files = []
    for name in ("Zip", "Contact sheet (PDF)", "Contact sheet (PNG)"):
        address = body.get_by_role("link", name=name).get_attribute("href") or ""
        answer = page.request.get(urljoin(page.url, address))
        assert answer.ok
        assert "attachment" in answer.headers["content-disposition"]
        files.append(answer.body())

    opened = zipfile.ZipFile(io.BytesIO(files[0]))
    assert opened.testzip() is None
    assert len([name for name in opened.namelist() if name.startswith("outputs/")]) == 2
    assert files[1].startswith(b"%PDF-")
    assert Image.open(io.BytesIO(files[2])).format == "PNG"
    screenshot(page, "taking")


def test_a_press_on_the_zip_saves_a_file(open_page: OpenPage, app_server: AppServer, browser: Browser) -> None:
    page = open_page(made_comparison(browser, app_server, "Loft"))
    body = popover(page, "Take away")
    caught: list[Download] = []
    page.on("download", lambda one: caught.append(one))
    page.context.on("page", lambda tab: tab.on("download", lambda one: caught.append(one)))

    body.get_by_role("link", name="Zip").click()

    wait_for(lambda: bool(page.evaluate("true")) and bool(caught))  # events are heard while the page is asked
    assert re.fullmatch(r"comparison-[0-9-]+_pictures\.zip", caught[0].suggested_filename)
    assert zipfile.ZipFile(caught[0].path()).testzip() is None
    assert page.url.startswith(app_server.url)


@pytest.mark.parametrize("look", [LOOKS[0], LOOKS[3]], ids=["desktop-light", "phone-dark"])
def test_people_outside_see_one_page_and_a_vendors_picture_joins(
    open_page: OpenPage,
    start_app: Callable[..., AppServer],
    browser: Browser,
    look: Look,
    screenshot: Callable[[Page, str], Path],
) -> None:
    server = start_app(STAGING_SHARE_OUTSIDE="true")
    page = open_page(made_comparison(browser, server, "Living"), server=server, look=look)
    expect_done(page, 1)
    body = popover(page, "Bring in")
    body.get_by_label("Who made it").fill("Studio Müller")
    with page.expect_response(re.compile("upload_file")):
        body.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(
            FilePayload(name="done.jpg", mimeType="image/jpeg", buffer=photo())
        )
    expect(body.get_by_text("done.jpg")).to_be_visible()
    idle(page)
    body.get_by_role("button", name="Bring it in").click()
    expect_done(page, 2)
    expect(page.locator(".grid")).to_contain_text("Studio Müller")

    page.keyboard.press("Escape")
    body = popover(page, "Take away")
    screenshot(page, f"taking-{look.width}-{look.scheme}")
    body.get_by_role("tab", name="For an MLS").click()
    expect(body).to_contain_text("This is not legal advice")
    screenshot(page, f"disclosing-{look.width}-{look.scheme}")
    body.get_by_role("tab", name="Share").click()
    body.get_by_role("button", name="Make a link").click()
    link = body.get_by_text(re.compile(r"/shared/"))
    expect(link).to_be_visible()
    expect_no_sideways_scroll(page)
    screenshot(page, f"sharing-{look.width}-{look.scheme}")

    address = (link.text_content() or "").strip()
    outside = browser.new_context(viewport={"width": look.width, "height": 900}, color_scheme=look.scheme)
    seen = outside.new_page()
    faults: list[str] = []
    seen.on("console", lambda message: faults.append(message.text))
    seen.goto(address)
    pictures = seen.locator("img")
    expect(pictures).to_have_count(3)
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("node => node.naturalWidth") > 0
    assert (faults, outside.cookies()) == ([], [])
    assert seen.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    screenshot(seen, f"outside-{look.width}-{look.scheme}")

    body.get_by_role("button", name="Stop sharing").click()
    expect(body).to_contain_text("Nobody outside can see this comparison now")
    assert outside.request.get(address).status == 404
    outside.close()
