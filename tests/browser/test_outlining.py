"""Doors and windows outlined over a room's photo: by mouse, finger and keyboard, at every width."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.app_server import AppServer
from tests.browser.conftest import LOOKS, OpenPage, idle

pytestmark = pytest.mark.browser


def open_outliner(open_page: OpenPage, server: AppServer, look: object = LOOKS[0]) -> Page:
    page = open_page("/rooms", server=server, look=look, tolerate="404")  # type: ignore[arg-type]
    page.locator(".card[title=Bedroom]").click()
    page.get_by_role("button", name="Doors and windows: none outlined").click()
    expect(page.get_by_role("img", name="Room Bedroom")).to_be_visible()
    idle(page)
    return page


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag over the photo, between fractions of its width and height."""
    box = page.locator(".frame").bounding_box()
    assert box is not None
    for at, do in ((start, page.mouse.down), (end, page.mouse.up)):
        page.mouse.move(box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"], steps=4)
        do()


def test_a_suggestion_is_deleted_a_window_drawn_and_kept_with_the_room(
    open_page: OpenPage, start_app: Callable[..., AppServer]
) -> None:
    page = open_outliner(open_page, start_app())
    page.get_by_role("button", name="Suggest").click()
    suggested = page.get_by_role("button", name="suggested")
    expect(suggested).to_have_count(1)
    suggested.press("Enter")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="None outlined")).to_be_visible()
    drag(page, (0.3, 0.2), (0.5, 0.5))
    expect(page.get_by_role("status").filter(has_text="1 window · not saved")).to_be_visible()
    drag(page, (0.5, 0.5), (0.6, 0.55))
    expect(
        page.get_by_role("button", name="Window 1, corner 3 of 4: 60 % from the left, 55 % from the top")
    ).to_be_visible()

    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_role("status").filter(has_text="1 window")).not_to_contain_text("not saved")
    expect(page.get_by_text("1 version")).to_be_visible()
    page.get_by_role("button", name="All rooms").click()
    page.locator(".card[title=Bedroom]").click()
    expect(page.get_by_role("button", name="Doors and windows: 1 window")).to_be_visible()


def test_everything_can_be_done_by_keyboard(open_page: OpenPage, app_server: AppServer) -> None:
    page = open_outliner(open_page, app_server)
    page.get_by_role("button", name="Add door").focus()
    page.keyboard.press("Enter")
    first = page.get_by_role("button", name="Door 1, corner 1 of 4")
    expect(first).to_be_focused()
    expect(first).to_have_accessible_name("Door 1, corner 1 of 4: 42 % from the left, 30 % from the top")
    page.keyboard.press("Shift+ArrowLeft")
    expect(first).to_have_accessible_name("Door 1, corner 1 of 4: 40 % from the left, 30 % from the top")
    page.keyboard.press("Control+z")
    page.get_by_role("button", name="Door 1", exact=True).press("Enter")
    expect(first).to_have_accessible_name("Door 1, corner 1 of 4: 42 % from the left, 30 % from the top")

    page.get_by_role("button", name="Make it a window").press("Enter")
    expect(page.get_by_role("button", name="Window 1", exact=True)).to_be_visible()
    page.get_by_role("button", name="Window 1", exact=True).press("Delete")

    expect(page.get_by_role("status").filter(has_text="None outlined")).to_be_visible()


def test_a_finger_drags_a_corner_on_a_phone(open_page: OpenPage, app_server: AppServer) -> None:
    page = open_outliner(open_page, app_server, LOOKS[3])
    page.get_by_role("button", name="Add window").tap()
    corner = page.get_by_role("button", name="Window 1, corner 3 of 4")
    box = corner.bounding_box()
    assert box is not None
    assert box["width"] >= 44
    assert box["height"] >= 44
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x + 30, "y": y + 10}]),
        ("touchMove", [{"x": x + 60, "y": y + 20}]),
    ):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    expect(page.locator(".lens")).to_be_visible()
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    moved = corner.bounding_box()
    assert moved is not None
    assert moved["x"] == pytest.approx(box["x"] + 60, abs=2)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator(".lens")).to_be_hidden()
