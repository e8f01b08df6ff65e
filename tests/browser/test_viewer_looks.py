"""How the viewer looks in each mode, held against goldens: what the DOM says is not what a person sees."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Look, OpenPage
from tests.browser.goldens import expect_like
from tests.browser.viewed import KONTEXT, QWEN, Viewed

pytestmark = pytest.mark.browser

DESK = Look(1440, "light")
DARK = Look(1440, "dark")
PHONE = Look(390, "light")


def shown(open_page: OpenPage, viewed: Viewed, model: str, link: str, look: Look = DESK) -> Locator:
    """Return the viewer that this link opens, with all its pictures there."""
    page = open_page(viewed.address(model, look=link), server=viewed.server, look=look)
    viewer = page.locator(".viewer")
    expect(viewer.locator(".layer img").first).to_be_visible()
    expect(viewer.locator('.layer img[src*="/thumbnail/"]')).to_have_count(0)
    expect(viewer.locator(".panes [tabindex]").first).to_be_focused()  # its ring is part of the picture
    return viewer


def test_each_mode_looks_as_it_should(open_page: OpenPage, viewed: Viewed) -> None:
    viewer = shown(open_page, viewed, QWEN, "c40_o60")
    stage, keys = viewer.locator(".panes"), viewer.page.keyboard
    expect_like(stage, "slider")

    keys.press("p")
    expect(viewer.locator(".pane")).to_have_count(4)
    expect(viewer.locator('.layer img[src*="/thumbnail/"]')).to_have_count(0)
    expect_like(stage, "panes")
    keys.press("b")
    expect_like(stage, "blend")
    keys.press("d")
    expect(viewer.locator(".panes[data-heat=drawn]")).to_be_visible()
    expect_like(stage, "difference")
    keys.press("s")
    keys.press("l")
    for _ in range(10):
        keys.press("Shift+ArrowLeft")
    expect(viewer.locator(".lens canvas[data-ready=true]")).to_have_count(2)
    expect_like(stage, "loupe")
    keys.press("l")
    for key in ("+", "+", "+", "ArrowUp"):
        keys.press(key)
    expect_like(stage, "zoomed")


def test_a_picture_of_another_shape_is_shown_whole_and_says_so(open_page: OpenPage, viewed: Viewed) -> None:
    expect_like(shown(open_page, viewed, KONTEXT, "c20").locator(".panes"), "framing")


def test_the_dark_viewer(open_page: OpenPage, viewed: Viewed) -> None:
    expect_like(shown(open_page, viewed, QWEN, "mpanes_i", DARK), "dark")


def test_the_viewer_on_a_phone(open_page: OpenPage, viewed: Viewed) -> None:
    expect_like(shown(open_page, viewed, KONTEXT, "", PHONE), "phone")


def test_the_control_a_planted_change_is_seen(open_page: OpenPage, viewed: Viewed) -> None:
    viewer = shown(open_page, viewed, QWEN, "c40")
    expect_like(viewer.locator(".panes"), "slider")

    viewer.locator(".sheet").nth(1).evaluate("node => { node.style.transform = 'translate(3%, 0)'; }")

    with pytest.raises(AssertionError, match="differ from the golden"):
        expect_like(viewer.locator(".panes"), "slider", seconds=1)
