"""Choosing by hand, by keyboard and by dropping files; a bad file harms nobody."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.app_server import AppServer
from tests.browser.compare_page import FURNISH, UNCHANGED, card, photo, upload
from tests.browser.conftest import OpenPage
from tests.screens import SCRIPT

pytestmark = pytest.mark.browser

PROBE = "404"
"""Opened at /rooms, Streamlit first looks for its server below that path."""


def test_rooms_are_chosen_by_keyboard_and_the_estimate_follows(open_page: OpenPage) -> None:
    page = open_page()
    bar = page.get_by_test_id("stBottom")
    expect(bar).to_contain_text("2 pictures")

    card(page, "Salon").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(card(page, "Office")).to_have_attribute("aria-pressed", "true")
    expect(bar).to_contain_text("4 pictures")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(card(page, "Bedroom")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Home")
    page.keyboard.press("Space")

    expect(card(page, "Salon")).to_have_attribute("aria-pressed", "false")
    expect(bar).to_contain_text("(2 rooms × 2 models)")


def test_quick_clicks_are_all_kept(open_page: OpenPage) -> None:
    page = open_page()

    for name in ("Office", "Loft", "Living", "Bedroom"):
        card(page, name).click(no_wait_after=True)

    expect(page.get_by_test_id("stBottom")).to_contain_text("(5 rooms × 2 models)")
    expect(page.locator(".picker .card[aria-pressed=true]")).to_have_count(7)


def test_nothing_chosen_can_not_be_run(open_page: OpenPage) -> None:
    page = open_page()

    for name in (FURNISH, UNCHANGED):
        card(page, name).click()

    bar = page.get_by_test_id("stBottom")
    expect(bar).to_contain_text("Choose at least one room and one model.")
    expect(bar.get_by_role("button", name="Compare")).to_be_disabled()


def test_models_that_need_a_token_are_there_to_be_read_and_not_to_be_pressed(open_page: OpenPage) -> None:
    page = open_page()

    page.get_by_text("23 models not available").click()

    expect(card(page, "Nano Banana")).to_be_visible()
    expect(card(page, "Nano Banana")).to_be_disabled()
    expect(card(page, "Nano Banana")).to_contain_text("$0.0")


def test_a_bad_file_is_named_with_its_reason_and_the_others_go_through(
    open_page: OpenPage, start_app: Callable[..., AppServer]
) -> None:
    page = open_page("/rooms", server=start_app(), tolerate=PROBE)
    page.get_by_test_id("stExpander").get_by_text("Add rooms").first.click()

    upload(page, ("bad.jpg", b"\xff\xd8\xff\xe0 no picture"), ("good.jpg", photo("office.jpg")))

    expect(page.get_by_test_id("stAlert")).to_contain_text("bad.jpg was not added: ")
    expect(page.get_by_test_id("stAlert")).not_to_contain_text("good.jpg")
    expect(card(page, "good.jpg")).to_be_visible()


def test_a_name_full_of_markup_is_only_a_name(open_page: OpenPage, start_app: Callable[..., AppServer]) -> None:
    page = open_page("/rooms", server=start_app(), tolerate=PROBE)
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.get_by_test_id("stExpander").get_by_text("Add rooms").first.click()
    name = f"{SCRIPT} ![x](https://example.com/x.png) https://example.com.jpg".replace("/", ":")

    upload(page, (name, photo("loft.jpg")), (f"{SCRIPT}.jpg", b"nothing"))
    expect(card(page, name)).to_be_visible()
    expect(page.get_by_test_id("stAlert")).to_contain_text(SCRIPT)
    card(page, name).click()
    expect(page.get_by_role("dialog")).to_contain_text("pixels")

    assert page.locator("img[src=x], [onerror], a[href*='example.com']").count() == 0


def test_the_prompt_follows_the_room_type_and_the_style(open_page: OpenPage) -> None:
    page = open_page()

    card(page, "Salon").click()
    card(page, "Office").click()
    prompt = page.get_by_role("textbox", name="Prompt for office")
    expect(prompt).to_have_value(re.compile("home office.* modern"))
    page.get_by_role("button", name="Japandi").or_(page.get_by_role("radio", name="Japandi")).click()

    expect(prompt).to_have_value(re.compile("home office.* japandi", re.IGNORECASE))
