"""The viewer by keyboard, by pointer and by touch: what is compared, how closely, and what the address remembers."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page, WebSocketRoute, expect

from tests.browser.conftest import LOOKS, OpenPage, idle
from tests.browser.viewed import KONTEXT, QWEN, ROOM_SIZE, SEEDREAM, STRIPES, Viewed, empty_room

pytestmark = pytest.mark.browser

PHONE = next(one for one in LOOKS if one.width < 600)


@pytest.fixture
def viewer(open_page: OpenPage, viewed: Viewed) -> Locator:
    """The dialog on the first output."""
    return ready(open_page(viewed.address(), server=viewed.server))


def ready(page: Page) -> Locator:
    """Return the dialog once its pictures are there, beyond their thumbnails."""
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".viewer .layer img").first).to_be_visible()
    expect(dialog.locator('.layer img[src*="/thumbnail/"]')).to_have_count(0)
    return dialog


def mode(dialog: Locator, name: str) -> None:
    dialog.get_by_role("button", name=name, exact=True).click()
    expect(dialog.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")


def asked_for(page: Page) -> list[str]:
    """Return a list that every picture asked for from now on is added to."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/pictures/" in request.url else None)
    return asked


# ── by hand ─────────────────────────────────────────────────────────────────────────────────


def test_the_divider_moves_by_keyboard_and_says_where_it_is(viewer: Locator) -> None:
    divider = viewer.get_by_role("slider", name="Divider between Original and Qwen Image Edit")
    expect(divider).to_have_attribute("aria-valuenow", "50")

    for key, place in (("ArrowRight", "52"), ("ArrowLeft", "50"), ("PageUp", "60"), ("End", "100"), ("Home", "0")):
        divider.press(key)
        expect(divider).to_have_attribute("aria-valuenow", place)

    expect(divider).to_have_attribute("aria-valuetext", "0 % Original")


def test_the_divider_follows_the_pointer(viewer: Locator) -> None:
    page = viewer.page
    pane = box(viewer.locator(".pane"))

    page.mouse.move(pane["x"] + pane["width"] / 2, pane["y"] + pane["height"] / 2)
    page.mouse.down()
    page.mouse.move(pane["x"] + pane["width"] / 4, pane["y"] + pane["height"] / 2, steps=4)
    page.mouse.up()

    expect(viewer.get_by_role("slider")).to_have_attribute("aria-valuenow", "25")


def test_zoom_and_the_way_back(viewer: Locator) -> None:
    figure = viewer.locator(".figure")

    viewer.get_by_role("button", name="Zoom in").click()
    expect(figure).to_have_text("150 %")
    viewer.locator(".pane").hover()
    viewer.page.mouse.wheel(0, -400)
    expect(figure).not_to_have_text("150 %")
    viewer.get_by_role("button", name="Show the whole picture").click()
    expect(figure).to_have_text("100 %")
    pane = box(viewer.locator(".pane"))
    viewer.page.mouse.dblclick(pane["x"] + 40, pane["y"] + pane["height"] - 40)

    expect(figure).to_have_text("300 %")


def test_panes_share_zoom_and_place_and_show_what_was_chosen(viewer: Locator) -> None:
    mode(viewer, "Side by side")
    panes = viewer.locator(".pane")
    expect(panes).to_have_count(4)
    viewer.get_by_role("button", name="FLUX.1 Kontext Pro", exact=True).click()
    expect(panes).to_have_count(3)

    panes.first.press("+")
    panes.first.press("ArrowRight")

    transforms = {sheet.evaluate("node => node.style.transform") for sheet in panes.locator(".sheet").all()}
    assert len(transforms) == 1
    assert "scale(1.5)" in transforms.pop()
    panes.nth(2).click()  # an output that is pressed is the one that is judged
    expect(panes.nth(2)).to_have_attribute("aria-current", "true")
    expect(viewer.locator(".judged")).to_have_text("Seedream 4 on Living room")


def test_any_two_can_be_compared(viewer: Locator) -> None:
    viewer.get_by_role("combobox", name="Before").select_option("Seedream 4")
    viewer.get_by_role("combobox", name="After").select_option("FLUX.1 Kontext Pro")

    expect(viewer.get_by_role("slider", name="Divider between Seedream 4 and FLUX.1 Kontext Pro")).to_be_visible()
    expect(viewer.locator(".judged")).to_have_text("FLUX.1 Kontext Pro on Living room")
    expect(viewer.locator(".tag.right")).to_contain_text("1024 × 768, cropped or of another shape than the room's")
    viewer.page.keyboard.press("x")

    expect(viewer.get_by_role("slider", name="Divider between FLUX.1 Kontext Pro and Seedream 4")).to_be_visible()


def test_flicker_shows_one_and_then_the_other_and_holding_shows_what_was_before(viewer: Locator) -> None:
    panes = viewer.locator(".panes")
    viewer.page.keyboard.press("f")
    expect(panes).to_have_attribute("data-seen", "before")
    expect(panes).to_have_attribute("data-seen", "after")
    viewer.page.keyboard.press("y")
    expect(viewer.get_by_role("button", name="Play the flicker")).to_be_visible()
    expect(panes).to_have_attribute("data-seen", "after")

    viewer.page.keyboard.down("Space")
    expect(viewer.locator(".after")).to_be_hidden()
    viewer.page.keyboard.up("Space")

    expect(viewer.locator(".after")).to_be_visible()


def test_the_difference_counts_pixels_and_blend_mixes_them(viewer: Locator) -> None:
    viewer.page.keyboard.press("d")
    expect(viewer.locator(".share")).to_have_text(re.compile(r"1[0-9] % of the pixels differ by more than a tenth"))

    mode(viewer, "Blend")
    viewer.get_by_role("slider", name="Blend").press("End")

    expect(viewer.locator(".after")).to_have_css("opacity", "1")


def test_keys_are_told_and_escape_closes_what_lies_on_top(viewer: Locator) -> None:
    keys = viewer.page.keyboard
    keys.press("?")
    expect(viewer.get_by_role("dialog", name="Keys")).to_contain_text("Swap before and after")

    keys.press("Escape")
    expect(viewer.locator(".keys")).to_be_hidden()
    keys.press("i")
    expect(viewer.locator(".drawer")).to_contain_text("Furnish this room.")
    keys.press("Escape")
    expect(viewer.locator(".drawer")).to_be_hidden()
    expect(viewer.locator(".pane")).to_be_visible()
    keys.press("Escape")

    expect(viewer.locator(".viewer")).to_have_count(0)


def test_the_whole_way_by_keyboard(open_page: OpenPage, viewed: Viewed) -> None:
    page = open_page(f"/?comparison={viewed.comparison}", server=viewed.server)
    page.get_by_role("button", name="Open Qwen Image Edit on Living room", exact=True).press("Enter")
    dialog = ready(page)
    expect(dialog.get_by_role("slider")).to_be_focused()

    page.keyboard.press("p")
    expect(dialog.locator(".pane")).to_have_count(4)
    page.keyboard.press("e")
    expect(dialog.locator(".judged")).to_have_text("FLUX.1 Kontext Pro on Living room")
    page.keyboard.press("s")
    for place in ("3 of 6", "4 of 6"):
        page.keyboard.press(".")
        expect(dialog.locator(".place")).to_have_text(place)
    expect(dialog.locator(".judged")).to_have_text("Qwen Image Edit on Bedroom")
    page.keyboard.press("5")
    expect(dialog.get_by_role("button", name="5 stars")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page).to_have_url(re.compile(rf"\?comparison={viewed.comparison}$"))


# ── closely ─────────────────────────────────────────────────────────────────────────────────


def test_the_whole_file_is_fetched_only_by_who_looks_closely(open_page: OpenPage, viewed: Viewed) -> None:
    page = open_page(f"/?comparison={viewed.comparison}", server=viewed.server)
    asked = asked_for(page)
    page.get_by_role("button", name="Open Qwen Image Edit on Living room", exact=True).click()
    dialog = ready(page)
    assert not [url for url in asked if "/original/" in url]

    for _ in range(2):
        dialog.get_by_role("button", name="Zoom in").click()

    expect(dialog.locator("img.full")).to_have_count(2)
    expect(dialog.locator(".resolution")).to_have_text("full resolution")
    assert len([url for url in asked if "/original/" in url]) == 2


def test_the_loupe_shows_the_files_own_pixels(open_page: OpenPage, viewed: Viewed) -> None:
    across, down = STRIPES
    viewer = ready(open_page(viewed.address(look=f"l{across}*{down}"), server=viewed.server))
    lens = viewer.get_by_role("img", name="Loupe on Original")
    expect(lens).to_have_attribute("data-ready", "true")

    seen = np.array(lens.evaluate("canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, 40).data]"))

    size = int(lens.evaluate("canvas => canvas.width"))
    left, top = round(across * ROOM_SIZE[0] - size / 2), round(down * ROOM_SIZE[1] - size / 2)
    photo = empty_room().crop((left, top, left + size, top + 40))
    assert np.array_equal(seen.reshape(40, size, 4)[:, :, :3], np.asarray(photo))
    assert np.asarray(photo).std() > 1  # it has stripes to be wrong about


# ── the address ─────────────────────────────────────────────────────────────────────────────


def test_a_link_restores_exactly_what_was_on_screen(open_page: OpenPage, viewed: Viewed) -> None:
    page = open_page("/", server=viewed.server)
    told: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda _: told.append("rerun")))
    page.goto(viewed.server.url + viewed.address(KONTEXT, look="b3"))
    dialog = ready(page)
    idle(page)
    told.clear()
    history = page.evaluate("history.length")
    for key in ("+", "+", "+"):
        page.keyboard.press(key)
    dialog.get_by_role("slider").press("PageUp")
    pane = box(dialog.locator(".pane"))
    page.mouse.move(pane["x"] + 60, pane["y"] + 300)
    page.mouse.down()
    page.mouse.move(pane["x"] + 120, pane["y"] + 220, steps=3)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"look=b3_z3\.375_x-.*_c60$"))
    before, link = picture(dialog), page.url
    assert told == []  # looking costs no rerun, and no step back
    assert page.evaluate("history.length") == history

    other = ready(open_page(link.removeprefix(viewed.server.url), server=viewed.server))

    expect(other.locator("img.full")).to_have_count(2)
    assert np.abs(picture(other).astype(int) - before).mean() < 0.5
    assert other.page.url == link


def test_a_look_that_makes_no_sense_is_left_out(open_page: OpenPage, viewed: Viewed) -> None:
    nonsense = "mnonsense_mtoString_z99999_z<script>_xA_b77_n.._r9_g_" + "_" * 500
    dialog = ready(open_page(viewed.address(look=nonsense), server=viewed.server))

    expect(dialog.get_by_role("slider", name="Divider between Original and Qwen Image Edit")).to_be_visible()
    expect(dialog.locator(".figure")).to_have_text("100 %")


def test_zoom_and_mode_go_on_to_the_next_picture(viewer: Locator) -> None:
    viewer.page.keyboard.press("b")
    viewer.page.keyboard.press("+")
    viewer.get_by_role("button", name="Next picture").click()

    expect(viewer.locator(".judged")).to_have_text("FLUX.1 Kontext Pro on Living room")
    expect(viewer.locator(".figure")).to_have_text("150 %")
    expect(viewer.get_by_role("slider", name="Blend")).to_be_visible()


# ── judging ─────────────────────────────────────────────────────────────────────────────────


def test_a_mark_costs_one_rerun_and_no_picture(open_page: OpenPage, viewed: Viewed) -> None:
    page = open_page("/", server=viewed.server)
    sent: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda _: sent.append("frame")))
    page.goto(viewed.server.url + viewed.address(SEEDREAM, room=1))
    dialog = ready(page)
    idle(page)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("+")
    dialog.get_by_role("slider").press("Home")
    image = dialog.locator(".layer img").first.element_handle()
    expect(page).to_have_url(re.compile("_c0$"))
    asked, before = asked_for(page), len(sent)

    page.keyboard.press("r")
    expect(dialog.get_by_role("button", name="Rejected")).to_be_visible()
    page.wait_for_function("() => !document.querySelector('[data-test-script-state=running]')")
    page.wait_for_load_state("networkidle")

    assert (asked, len(sent) - before) == ([], 1)
    assert image is not None
    assert image.evaluate("node => node.isConnected")
    expect(dialog.locator(".figure")).to_have_text("150 %")
    expect(dialog.get_by_role("slider")).to_have_attribute("aria-valuenow", "0")


def test_a_quick_hand_loses_no_mark_and_the_same_again_takes_it_back(open_page: OpenPage, viewed: Viewed) -> None:
    page = open_page(viewed.address(KONTEXT, room=1), server=viewed.server)
    dialog = ready(page)

    for key in ("a", "2", "h", "r", "Shift+Digit2", "Shift+Digit6", "4", "n"):
        page.keyboard.press(key)
    page.keyboard.type("Sofa as large as a car")
    page.keyboard.press("Tab")
    idle(page)
    expect_mark(dialog)
    page.reload()
    expect_mark(ready(page))
    for key in ("r", "4", "h"):
        page.keyboard.press(key)

    expect(dialog.get_by_role("button", name="Reject", exact=True)).to_have_attribute("aria-pressed", "false")
    expect(dialog.locator(".star.given")).to_have_count(0)
    expect(dialog.get_by_role("button", name="scale", exact=True)).to_be_hidden()


def test_marks_and_escape_in_one_breath_lose_no_mark(open_page: OpenPage, viewed: Viewed) -> None:
    """With Streamlit's fast reruns one of twelve lost what came after its first mark."""
    addresses = [viewed.address(model, room) for model, room in ((QWEN, 1), (SEEDREAM, 0))]
    for address in addresses:
        page = open_page(address, server=viewed.server)
        ready(page)
        for key in ("a", "h", "4", "Escape"):
            page.keyboard.press(key)
        expect(page.get_by_role("dialog")).to_have_count(0)
        idle(page)

        page.goto(viewed.server.url + address)

        dialog = ready(page)
        expect(dialog.get_by_role("button", name="Accepted", exact=True)).to_be_visible()
        expect(dialog.get_by_role("button", name="Favourite (h)", exact=True)).to_have_attribute("aria-pressed", "true")
        expect(dialog.locator(".star.given")).to_have_count(4)
        page.close()


def test_closing_waits_for_a_mark_on_its_way(open_page: OpenPage, viewed: Viewed) -> None:
    """Streamlit ends the run that was to take the mark for the one that closes: they never stand in one line."""
    page = open_page("/", server=viewed.server)
    held: list[tuple[WebSocketRoute, str | bytes]] = []
    holding: list[bool] = []

    def pass_on(browser: WebSocketRoute) -> None:
        server = browser.connect_to_server()
        browser.on_message(lambda said: held.append((server, said)) if holding else server.send(said))

    page.route_web_socket(re.compile("_stcore/stream"), pass_on)
    for close in ("Escape", "Close", "beside"):
        page.goto(viewed.server.url + viewed.address(SEEDREAM, room=1))
        dialog = ready(page)
        hearts = dialog.get_by_role("button", name="Favourite (h)", exact=True)
        before = hearts.get_attribute("aria-pressed")
        holding.append(True)
        page.keyboard.press("h")
        if close == "Escape":
            page.keyboard.press("Escape")
        elif close == "Close":
            dialog.get_by_role("button", name="Close", exact=True).click()
        else:
            page.mouse.click(5, 500)

        expect(dialog.get_by_role("status").filter(has_text="Saving")).to_have_count(1)
        expect(hearts).to_be_visible()
        holding.clear()
        while held:
            server, said = held.pop(0)
            server.send(said)
        expect(page.get_by_role("dialog")).to_have_count(0)
        idle(page)
        page.goto(viewed.server.url + viewed.address(SEEDREAM, room=1))
        after = ready(page).get_by_role("button", name="Favourite (h)", exact=True)
        expect(after).to_have_attribute("aria-pressed", "false" if before == "true" else "true")


def expect_mark(dialog: Locator) -> None:
    expect(dialog.get_by_role("button", name="Rejected", exact=True)).to_be_visible()
    for word in ("scale", "framing", "4 stars (4)", "Favourite (h)"):
        expect(dialog.get_by_role("button", name=word, exact=True)).to_have_attribute("aria-pressed", "true")
    expect(dialog.locator(".star.given")).to_have_count(4)
    expect(dialog.get_by_role("textbox", name="Note")).to_have_value("Sofa as large as a car")


# ── a phone ─────────────────────────────────────────────────────────────────────────────────


def test_fingers_move_the_divider_and_pinch_on_a_phone(open_page: OpenPage, viewed: Viewed) -> None:
    dialog = ready(open_page(viewed.address(), server=viewed.server, look=PHONE))
    pane = box(dialog.locator(".pane"))
    touch = dialog.page.context.new_cdp_session(dialog.page)

    def fingers(kind: str, *shares: float) -> None:
        down = pane["y"] + pane["height"] * 0.3
        places = [{"x": pane["x"] + pane["width"] * share, "y": down, "id": n} for n, share in enumerate(shares)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    for kind, share in (("touchStart", 0.5), ("touchMove", 0.7), ("touchMove", 0.8)):
        fingers(kind, share)
    fingers("touchEnd")
    expect(dialog.get_by_role("slider")).to_have_attribute("aria-valuenow", "80")

    fingers("touchStart", 0.2, 0.4)
    for far in (0.45, 0.5, 0.6):
        fingers("touchMove", 0.2, far)
    fingers("touchEnd")

    zoom = int(dialog.locator(".figure").inner_text().removesuffix(" %"))
    assert 150 <= zoom <= 220


def test_nothing_is_too_wide_or_too_small_for_a_finger(open_page: OpenPage, viewed: Viewed) -> None:
    dialog = ready(open_page(viewed.address(KONTEXT), server=viewed.server, look=PHONE))
    dialog.get_by_role("button", name="Reject", exact=True).click()

    for name in ("Flicker", "Blend", "Difference", "Side by side"):
        mode(dialog, name)
        for part in dialog.locator(".viewer button, .viewer select, .viewer input").all():
            if part.is_visible():
                place = box(part)
                assert place["x"] >= 0, part
                assert place["x"] + place["width"] <= PHONE.width, part
                assert place["height"] >= 40, part
    dialog.get_by_role("button", name="Rejected", exact=True).click()


def box(what: Locator) -> FloatRect:
    found = what.bounding_box()
    assert found is not None
    return found


def picture(dialog: Locator) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return the stage's pixels once the whole files are there."""
    expect(dialog.locator("img.full")).to_have_count(2)
    shot = dialog.locator(".panes").screenshot(animations="disabled")
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))
