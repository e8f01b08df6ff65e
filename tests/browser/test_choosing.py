"""Choosing by hand, by keyboard and by dropping files; a bad file harms nobody."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from staging.rooms import SAMPLE_ROOMS
from tests.app_server import AppServer
from tests.browser.compare_page import FURNISH, UNCHANGED, card, choose_only, expect_done, photo, upload
from tests.browser.conftest import TRACEBACK, OpenPage
from tests.replicate_server import ReplicateServer
from tests.screens import SCRIPT

pytestmark = pytest.mark.browser

FLEX = "FLUX.2 Flex"
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
    last = names(page, group(page).locator(".card"))[-1]
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(card(page, last)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Home")
    page.keyboard.press("Space")

    expect(card(page, "Salon")).to_have_attribute("aria-pressed", "false")
    expect(bar).to_contain_text("(2 rooms × 2 models)")


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory, first_folder: Path) -> Iterator[AppServer]:
    """An app with Replicate, where a run of more than ten cents asks first."""
    folder = tmp_path_factory.mktemp("choosing") / "data"
    shutil.copytree(first_folder, folder)
    with ReplicateServer(seconds=0.5, queue_seconds=0.1) as server:
        environment = {**server.environment, "STAGING_CONFIRM_ABOVE_USD": "0.10"}
        app = AppServer(folder, environment).start()
        yield app
        app.stop()
        assert TRACEBACK not in app.log(), app.log()


def chosen(page: Page, part: str = "Rooms") -> Locator:
    return group(page, part).locator(".card[aria-pressed=true]")


def group(page: Page, part: str = "Rooms") -> Locator:
    return page.get_by_role("group", name=part, exact=True)


def names(page: Page, cards: Locator) -> list[str]:
    expect(cards.first).to_be_attached()
    found: list[str] = cards.evaluate_all("cards => cards.map(card => card.title)")
    return found


def test_shift_and_click_choose_all_between_and_take_it_back(open_page: OpenPage) -> None:
    page = open_page()
    order = names(page, group(page).locator(".card"))
    card(page, order[0]).click()  # the sample that is chosen at first is given back
    expect(chosen(page)).to_have_count(0)

    card(page, order[1]).click()
    expect(chosen(page)).to_have_count(1)
    card(page, order[4]).click(modifiers=["Shift"])
    expect(chosen(page)).to_have_count(4)
    expect(page.get_by_test_id("stBottom")).to_contain_text("(4 rooms × 2 models)")
    card(page, order[3]).click()
    card(page, order[2]).click(modifiers=["Shift"])

    assert names(page, chosen(page)) == [order[1], order[4]]
    expect(page.get_by_test_id("stBottom")).to_contain_text("(2 rooms × 2 models)")


def test_shift_and_arrows_extend_and_shrink_what_is_chosen(open_page: OpenPage) -> None:
    page = open_page()
    order = names(page, group(page).locator(".card"))

    card(page, order[0]).focus()
    page.keyboard.press("Escape")
    expect(chosen(page)).to_have_count(0)
    page.keyboard.down("Shift")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.up("Shift")

    assert names(page, chosen(page)) == order[:3]
    expect(page.get_by_test_id("stBottom")).to_contain_text("(3 rooms × 2 models)")


def test_all_shown_and_none_by_key_and_by_button(open_page: OpenPage) -> None:
    page = open_page()
    bar = page.get_by_test_id("stBottom")

    card(page, "Salon").focus()
    page.keyboard.press("Control+a")
    expect(bar).to_contain_text(f"({len(SAMPLE_ROOMS)} rooms × 2 models)")
    page.keyboard.press("Escape")
    expect(bar).to_contain_text("Choose at least one room")
    group(page).get_by_role("button", name="All", exact=True).click()
    expect(bar).to_contain_text(f"({len(SAMPLE_ROOMS)} rooms × 2 models)")
    group(page, "Models").get_by_role("button", name="None", exact=True).click()

    expect(bar).to_contain_text("Choose at least one room and one model.")


def test_one_tab_stop_leads_to_the_cards_and_arrows_move_from_row_to_row(open_page: OpenPage) -> None:
    page = open_page()
    group(page).get_by_role("button", name="None", exact=True).focus()

    page.keyboard.press("Tab")  # the heading, which folds the group
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")

    expect(chosen(page)).to_have_count(0)  # back on the first card, which was chosen
    expect(group(page).locator(".card[tabindex='0']")).to_have_count(1)


def test_search_and_filter_keep_what_is_chosen_and_say_what_is_not_shown(open_page: OpenPage) -> None:
    page = open_page()
    rooms = group(page)

    rooms.get_by_role("searchbox").fill("LO")
    expect(rooms.locator(".card:visible")).to_have_count(2)  # Salon and Loft
    rooms.get_by_role("searchbox").fill("")
    rooms.get_by_label("Type").select_option("office")
    assert names(page, rooms.locator(".card:visible")) == ["Office"]
    card(page, "Office").focus()
    page.keyboard.press("Control+a")
    expect(rooms.get_by_role("status")).to_have_text("2 chosen, 1 not shown")
    expect(page.get_by_test_id("stBottom")).to_contain_text("(2 rooms × 2 models)")
    rooms.get_by_role("searchbox").fill("nowhere")
    expect(rooms.get_by_text("Nothing matches.")).to_be_visible()
    rooms.get_by_role("button", name="Show all").click()

    expect(rooms.locator(".card:visible")).to_have_count(len(SAMPLE_ROOMS))
    expect(rooms.get_by_role("status")).to_have_text("2 chosen")


def test_a_search_finds_models_in_a_folded_group(open_page: OpenPage) -> None:
    page = open_page()
    models = group(page, "Models")

    models.get_by_role("searchbox").fill("banana pro")
    expect(card(page, "Nano Banana Pro")).to_be_visible()
    models.get_by_role("searchbox").fill("")

    expect(card(page, "Nano Banana Pro")).to_be_hidden()
    models.get_by_label("Provider").select_option("offline")
    expect(models.locator(".card:visible")).to_have_count(3)


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


def test_a_pill_and_a_slider_change_what_is_sent_and_reset_takes_it_back(
    open_page: OpenPage, connected: AppServer
) -> None:
    page = open_page(server=connected)
    bar = page.get_by_test_id("stBottom")
    choose_only(page, "Salon", FLEX)
    expect(bar).to_contain_text("1 picture")
    page.get_by_text("Parameters of the chosen models").click()
    before = "$0.18 to $0.24"
    expect(bar).to_contain_text(before)

    page.get_by_role("radio", name="4 MP").or_(page.get_by_role("button", name="4 MP")).click()
    expect(card(page, FLEX).locator(".changed")).to_have_text("resolution 4 MP")
    page.get_by_role("slider", name="steps").press("ArrowRight")
    expect(card(page, FLEX).locator(".changed")).to_have_text("resolution 4 MP · steps 31")
    expect(bar).to_contain_text("$0.36 to $0.42")
    page.get_by_role("button", name="Reset to defaults").click()
    expect(card(page, FLEX).locator(".changed")).to_have_count(0)
    expect(page.get_by_role("slider", name="steps")).to_have_value("30")
    expect(bar).to_contain_text(before)


def test_a_saved_set_survives_a_reload(open_page: OpenPage, connected: AppServer) -> None:
    page = open_page(server=connected)
    choose_only(page, "Salon", FLEX, UNCHANGED)
    page.get_by_text("Parameters of the chosen models").click()
    page.get_by_role("radiogroup", name="Model").get_by_text(FLEX).or_(
        page.get_by_role("group", name="Model", exact=True).get_by_role("button", name=FLEX)
    ).click()
    page.get_by_role("slider", name="steps").press("ArrowLeft")
    expect(card(page, FLEX).locator(".changed")).to_have_text("steps 29")
    page.get_by_role("button", name="Sets").click()
    page.get_by_role("textbox", name="Name").fill("Slow <b>and</b> control")
    page.get_by_role("textbox", name="Name").press("Enter")
    page.get_by_role("button", name="Save the chosen models").click()
    expect(page.get_by_text("Slow <b>and</b> control").first).to_be_visible()

    page.reload()
    expect(chosen(page, "Models")).to_have_count(2)
    expect(card(page, FLEX)).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Sets").click()
    page.get_by_role("button", name="Load", exact=True).click()

    expect(card(page, FLEX)).to_have_attribute("aria-pressed", "true")
    expect(card(page, FURNISH)).to_have_attribute("aria-pressed", "false")
    expect(card(page, FLEX).locator(".changed")).to_have_text("steps 29")


def test_a_dear_run_is_confirmed_with_its_amount_and_bought_once(open_page: OpenPage, connected: AppServer) -> None:
    page = open_page(server=connected)
    choose_only(page, "Salon", "Nano Banana Pro")
    bar = page.get_by_test_id("stBottom")
    expect(bar).to_contain_text("1 picture")

    bar.get_by_role("button", name="Compare").dblclick()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("about $0.15")
    dialog.get_by_role("button", name="Not now").click()
    expect(dialog).to_have_count(0)
    bar.get_by_role("button", name="Compare").click()
    dialog.get_by_role("button", name="Run it").dblclick()

    expect_done(page, 1)
    page.get_by_role("button", name="New comparison").click()
    expect(page.get_by_role("group", name="Recent comparisons").locator(".card")).to_have_count(1)
