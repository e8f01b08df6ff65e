"""The viewer by keyboard, by pointer and by touch; what it shows is held against pixels, not only the DOM."""

import io

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Browser, FloatRect, Locator, expect

from tests.app_server import AppServer
from tests.browser.compare_page import UNCHANGED, made_comparison, open_picture
from tests.browser.conftest import LOOKS, Look, OpenPage

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(browser: Browser, app_server: AppServer) -> str:
    """A comparison of the control, whose output is the room itself, on two rooms."""
    return made_comparison(browser, app_server, "Salon", "Office")


@pytest.fixture
def viewer(open_page: OpenPage, address: str) -> Locator:
    """The dialog on the first output."""
    return open_picture(open_page(address), UNCHANGED, "Salon")


def test_the_divider_moves_by_keyboard_and_says_where_it_is(viewer: Locator) -> None:
    divider = viewer.get_by_role("slider", name=f"Divider between Original and {UNCHANGED}")
    expect(divider).to_have_attribute("aria-valuenow", "50")

    for key, place in (("ArrowRight", "52"), ("ArrowLeft", "50"), ("PageUp", "60"), ("End", "100"), ("Home", "0")):
        divider.press(key)
        expect(divider).to_have_attribute("aria-valuenow", place)

    expect(divider).to_have_attribute("aria-valuetext", "0 % Original")


def test_the_divider_follows_the_pointer(viewer: Locator) -> None:
    page = viewer.page
    pane = box(viewer.locator(".pane"))
    divider = viewer.get_by_role("slider")

    page.mouse.move(pane["x"] + pane["width"] / 2, pane["y"] + pane["height"] / 2)
    page.mouse.down()
    page.mouse.move(pane["x"] + pane["width"] / 4, pane["y"] + pane["height"] / 2, steps=4)
    page.mouse.up()

    expect(divider).to_have_attribute("aria-valuenow", "25")


def test_left_of_the_divider_is_the_original_and_right_of_it_the_output(viewer: Locator) -> None:
    # The output is painted red in the browser, so that its side can be told by its pixels.
    viewer.locator(".after").evaluate("node => { node.style.background = 'red'; node.firstChild.style.opacity = 0; }")
    divider = viewer.get_by_role("slider")

    divider.press("End")
    whole_original = redness(viewer)
    divider.press("Home")
    whole_output = redness(viewer)

    assert whole_original < 0.05
    assert whole_output > 0.9


def test_zoom_and_the_way_back(viewer: Locator) -> None:
    figure = viewer.locator(".figure")

    viewer.get_by_role("button", name="Zoom in").click()
    expect(figure).to_have_text("150 %")
    viewer.locator(".pane").hover()
    viewer.page.mouse.wheel(0, -400)
    expect(figure).not_to_have_text("150 %")
    viewer.get_by_role("button", name="Show the whole picture").click()

    expect(figure).to_have_text("100 %")


def test_side_by_side_panes_zoom_together(viewer: Locator) -> None:
    viewer.get_by_role("radio", name="Side by side").click()
    panes = viewer.locator(".pane")
    expect(panes).to_have_count(2)

    panes.first.focus()
    viewer.page.keyboard.press("+")
    viewer.page.keyboard.press("ArrowRight")

    first, second = (pane.locator("img").evaluate("node => node.style.transform") for pane in panes.all())
    assert first == second
    assert "scale(1.5)" in first
    # The control's output is the room itself, so the two panes show the same pixels.
    assert difference(panes.nth(0), panes.nth(1)) < 2.0


def test_a_mark_keeps_zoom_and_divider(viewer: Locator) -> None:
    viewer.get_by_role("button", name="Zoom in").click()
    viewer.get_by_role("slider").press("Home")

    viewer.get_by_role("button", name="Reject").click()
    expect(viewer.get_by_role("button", name="Rejected")).to_be_visible()

    expect(viewer.locator(".figure")).to_have_text("150 %")
    expect(viewer.get_by_role("slider")).to_have_attribute("aria-valuenow", "0")


def test_a_link_opens_the_viewer_where_it_was(viewer: Locator) -> None:
    viewer.page.reload()

    expect(viewer.get_by_role("slider")).to_be_visible()
    expect(viewer).to_contain_text(f"{UNCHANGED} on Salon")


@pytest.mark.parametrize("look", [one for one in LOOKS if one.width < 600])
def test_a_finger_moves_the_divider_on_a_phone(open_page: OpenPage, address: str, look: Look) -> None:
    dialog = open_picture(open_page(address, look=look), UNCHANGED, "Salon")
    pane = box(dialog.locator(".pane"))
    assert pane["x"] >= 0
    assert pane["x"] + pane["width"] <= look.width

    touch = dialog.page.context.new_cdp_session(dialog.page)
    down = pane["y"] + pane["height"] / 2
    for kind, share in (("touchStart", 0.5), ("touchMove", 0.7), ("touchMove", 0.8)):
        point = {"x": pane["x"] + pane["width"] * share, "y": down}
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    expect(dialog.get_by_role("slider")).to_have_attribute("aria-valuenow", "80")


def test_the_next_picture_is_one_press_away(viewer: Locator) -> None:
    dialog = viewer
    expect(dialog.get_by_role("button", name="Previous picture")).to_be_disabled()

    dialog.get_by_role("button", name="Next picture").click()

    expect(dialog).to_contain_text(f"{UNCHANGED} on Office")
    expect(dialog.get_by_role("button", name="Next picture")).to_be_disabled()


def box(what: Locator) -> FloatRect:
    found = what.bounding_box()
    assert found is not None
    return found


def pixels(what: Locator) -> Image.Image:
    return Image.open(io.BytesIO(what.screenshot(animations="disabled"))).convert("RGB")


def redness(dialog: Locator) -> float:
    """Return which part of the picture is pure red, away from divider and labels."""
    shot = pixels(dialog.locator(".pane"))
    middle = shot.crop((shot.width // 8, shot.height // 3, shot.width * 7 // 8, shot.height * 7 // 8))
    red, green, _ = middle.split()
    reddish = ImageChops.subtract(red, green).point(lambda value: 255 if value > 160 else 0)
    return ImageStat.Stat(reddish).mean[0] / 255


def difference(one: Locator, other: Locator) -> float:
    """Return the mean difference of two panes' lower parts, 0 to 255."""
    first, second = pixels(one), pixels(other)
    size = (min(first.width, second.width), min(first.height, second.height))
    lower = (0, size[1] // 3, size[0], size[1])
    apart = ImageChops.difference(first.resize(size).crop(lower), second.resize(size).crop(lower))
    return max(ImageStat.Stat(apart).mean)
