"""Four corners of a floor over a room's photo, by mouse and by keyboard, and what is kept of them."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage

PROBE = "404"
"""Streamlit asks below its page for its own health, and is told that it is not there."""

pytestmark = pytest.mark.browser


def open_floor(page: Page) -> None:
    page.get_by_role("button", name="Dining").first.click()
    page.get_by_text("Floor for offline furnishing").click()
    expect(page.locator(".floor .stage img")).to_be_visible()


def test_four_clicks_are_kept_with_the_room(open_page: OpenPage) -> None:
    page = open_page("/rooms", tolerate=PROBE)
    open_floor(page)
    stage = page.locator(".floor .stage")
    expect(page.get_by_text("Click the four corners of the floor", exact=False)).to_be_visible()
    box = stage.bounding_box()
    assert box is not None
    for x, y in ((0.34, 0.62), (0.79, 0.67)):
        stage.click(position={"x": box["width"] * x, "y": box["height"] * y})
    expect(page.get_by_text("2 more corners", exact=False)).to_be_visible()
    expect(page.get_by_role("button", name="Save the floor")).to_be_disabled()
    for x, y in ((0.97, 0.93), (0.03, 0.85)):
        stage.click(position={"x": box["width"] * x, "y": box["height"] * y})
    corner = page.locator(".floor .corner").first
    before = corner.get_attribute("aria-label")
    corner.press("Shift+ArrowDown")
    expect(corner).not_to_have_attribute("aria-label", before or "")
    page.get_by_role("button", name="Save the floor").click()
    expect(page.get_by_text("Outlined: used from now on")).to_be_visible()
    page.get_by_role("button", name="Forget it").click()
    expect(page.get_by_text("Outlined: used from now on")).to_be_hidden()
