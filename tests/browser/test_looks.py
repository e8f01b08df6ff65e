"""Every page at desk and phone width, in light and dark: nothing overflows, nothing is cut, all can be read."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from pages.components.listed import LISTED
from tests.app_server import AppServer
from tests.browser.compare_page import (
    UNCHANGED,
    expect_done,
    expect_drawn,
    expect_no_sideways_scroll,
    go_to,
    made_comparison,
)
from tests.browser.conftest import LOOKS, Look, OpenPage

pytestmark = pytest.mark.browser

PAGES = tuple(listed.title for listed in LISTED)


# A contrast does not depend on the width: two looks of the four tell all.
each_theme = pytest.mark.parametrize("look", [LOOKS[1], LOOKS[2]], ids=["desktop-dark", "phone-light"])


@pytest.fixture(scope="module")
def address(browser: Browser, app_server: AppServer) -> str:
    """A finished comparison."""
    return made_comparison(browser, app_server, "Salon")


def go(page: Page, name: str, look: Look) -> None:
    """Go there as a person does: on a phone the navigation is behind a button."""
    if name != "Compare":
        if look.width >= 600:
            go_to(page, name)
        else:
            page.get_by_test_id("stExpandSidebarButton").click()
            page.get_by_role("link", name=name).click()
            # A phone closes it by itself; this narrow window does not say it is one.
            page.get_by_role("button", name="Collapse sidebar").click()
    expect(page.get_by_role("heading", name=name, exact=True, level=1)).to_be_visible()
    expect_drawn(page)


@pytest.mark.parametrize("name", ["Rooms", "Models"])
def test_nothing_of_a_page_stays_a_skeleton(open_page: OpenPage, screenshot: Callable[..., object], name: str) -> None:
    page = open_page()

    go(page, name, LOOKS[0])
    expect_drawn(page)

    screenshot(page, name.lower())


@each_theme
def test_a_comparison_fits_any_screen(open_page: OpenPage, address: str, look: Look) -> None:
    page = open_page(address, look=look)

    expect_done(page, 1)
    expect_no_sideways_scroll(page)
    names = page.locator(".grid .cell.done .label")
    if look.width < 600:
        expect(names).to_contain_text(UNCHANGED)
    else:
        expect(names).to_be_hidden()
    assert contrast(page.locator(".grid .facts").first) >= 4.5


@each_theme
def test_words_on_cards_can_be_read(open_page: OpenPage, look: Look) -> None:
    page = open_page(look=look)

    for part in (".title", ".detail", ".badge", ".count"):
        assert contrast(page.locator(f".picker {part}").first) >= 4.5, part


def contrast(text: Locator) -> float:
    """Return the WCAG contrast of a text with what lies behind it, its opacity reckoned in."""
    ratio: float = text.evaluate(
        """node => {
            const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
            const rgba = colour => {
                canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
                const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255];
            };
            const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
            const layers = []; let opacity = 1;
            for (let at = node; at; at = at.parentElement ?? at.getRootNode().host) {
                layers.push(rgba(getComputedStyle(at).backgroundColor));
                opacity *= Number(getComputedStyle(at).opacity);
            }
            let ground = [255, 255, 255, 1];
            for (const layer of layers.reverse()) ground = over(layer, ground);
            const ink = rgba(getComputedStyle(node).color); ink[3] *= opacity;
            const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
                .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
            const [a, b] = [light(over(ink, ground)), light(ground)];
            return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        }"""
    )
    return ratio
