"""The grid of a comparison: arranged, folded, walked by keyboard, and the same again by its link."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Locator, Page, expect

from staging.lab import Lab
from tests.app_server import AppServer
from tests.browser.compare_page import KONTEXT, QWEN, UNCHANGED, cells, expect_done
from tests.browser.conftest import LOOKS, Look, OpenPage
from tests.labs import ask, finished, lab_at, photo
from tests.ledgers import NOW, comparison, ending, prediction, steps
from tests.replicate_server import ReplicateServer
from tests.replicate_server_options import failing

BANANA = "Nano Banana"
MODELS = ("black-forest-labs/flux-kontext-pro", "offline/unchanged", "qwen/qwen-image-edit", "google/nano-banana")
LARGE = 200


class Made(NamedTuple):
    server: AppServer
    small: str
    """Three rooms by four models; nano-banana failed on all."""
    large: str


def written(lab: Lab) -> str:
    """Return a comparison of LARGE outputs, four of each room, that is written down and was never run."""
    asked = comparison()
    made, events = [], []
    for number in range(LARGE // 4):
        kept = lab.desk.keep_room(photo(number), f"room {number}.png", "tester")
        output = lab.pictures.keep_output(photo(number))
        for seed in range(4):
            one = prediction(asked, room=kept.digest, model="offline/unchanged", provider="offline", seed=seed)
            made.append(one)
            events += [*steps(one), ending(one, outputs=(output,))]
    lab.store.predictions.queue(asked, made, NOW)
    lab.store.predictions.append(events)
    return asked.id


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("grid") / "data"
    with ReplicateServer(seconds=0.05, queue_seconds=0.0) as replicate, lab_at(folder, replicate) as lab:
        replicate.add_faults(failing("the model said no", model="google/nano-banana"))
        small = ask(lab, *MODELS, rooms=[photo(n, (640, 480)) for n in range(3)])
        finished(lab, small)
        large = written(lab)
    server = AppServer(folder).start()
    yield Made(server, small, large)
    server.stop()


def left(place: Locator) -> float:
    return float(place.evaluate("node => node.getBoundingClientRect().left"))


def heads(page: Page) -> list[str]:
    return page.locator(".grid .head .title .name").all_inner_texts()


def open_small(made: Made, open_page: OpenPage, more: str = "") -> Page:
    page = open_page(f"/?comparison={made.small}{more}", server=made.server)
    expect_done(page, 9)
    return page


def test_models_are_ordered_by_what_they_cost_and_by_name(made: Made, open_page: OpenPage) -> None:
    page = open_small(made, open_page)
    as_asked = heads(page)
    order = page.get_by_label("Order of the models")

    order.select_option(label="Models cheapest first")
    by_cost = heads(page)
    order.select_option(label="Models by name")

    assert as_asked == [KONTEXT, UNCHANGED, QWEN, BANANA]
    assert by_cost[-2:] == [QWEN, KONTEXT]
    assert heads(page) == sorted(as_asked)


def test_an_arrangement_is_in_the_address_and_comes_back_with_it(made: Made, open_page: OpenPage) -> None:
    page = open_small(made, open_page)
    page.get_by_label("Order of the models").select_option(label="Models by name")
    page.get_by_role("button", name=f"Pin {QWEN}").click()
    page.get_by_role("button", name="Fold 3 without a picture").click()
    expect(page).to_have_url(re.compile(r"grid=.*name.*fold"))

    again = open_page(page.url.removeprefix(made.server.url), server=made.server)
    expect_done(again, 9)

    assert heads(again) == [QWEN, KONTEXT, BANANA, UNCHANGED] == heads(page)
    expect(again.get_by_role("button", name=f"Unpin {QWEN}")).to_be_visible()
    expect(again.get_by_role("button", name="Show 3 without a picture")).to_be_visible()


def test_a_pinned_model_stays_in_sight_beside_the_room(made: Made, open_page: OpenPage) -> None:
    page = open_page(f"/?comparison={made.small}", server=made.server, look=Look(900, "light"))
    expect_done(page, 9)
    page.get_by_role("button", name=f"Pin {QWEN}").click()
    first = page.locator(".grid .row").first.locator(".cell")
    room, pinned, other = (first.nth(place) for place in range(3))
    pinned_before, other_before = left(pinned), left(other)

    page.locator(".grid").evaluate("grid => grid.scrollLeft = 150")

    assert left(pinned) == pytest.approx(pinned_before, abs=1)
    assert left(pinned) > left(room) + 100
    assert left(other) < other_before - 100


def test_filtering_shows_the_models_of_that_name_and_loads_no_picture_again(made: Made, open_page: OpenPage) -> None:
    page = open_small(made, open_page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/pictures/" in request.url else None)

    page.get_by_label("Filter models").fill("flux")
    expect(cells(page)).to_have_count(3)
    shown = heads(page)
    expect(page.get_by_role("toolbar")).to_contain_text("1 of 4 columns")
    page.get_by_label("Filter models").fill("")
    expect(cells(page)).to_have_count(12)

    assert shown == [KONTEXT]
    assert asked == []


def test_folded_failures_take_less_room_and_can_still_be_tried_again(made: Made, open_page: OpenPage) -> None:
    page = open_small(made, open_page)
    failed = page.locator(".grid .cell.failed .frame").first
    before = failed.bounding_box()

    page.get_by_role("button", name="Fold 3 without a picture").click()
    after = failed.bounding_box()

    assert before is not None
    assert after is not None
    assert after["height"] < before["height"] / 2
    expect(page.get_by_role("button", name=f"Retry {BANANA} on room 0.png")).to_be_visible()
    expect(page.get_by_role("button", name="Retry 3 failed")).to_be_visible()


def test_the_arrow_keys_go_from_picture_to_picture(made: Made, open_page: OpenPage) -> None:
    page = open_small(made, open_page)
    page.get_by_role("button", name=f"Open {KONTEXT} on room 0.png", exact=True).focus()

    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name=f"Open {UNCHANGED} on room 1.png", exact=True)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name=f"Open {KONTEXT} on room 0.png", exact=True)).to_be_focused()
    page.keyboard.press("ArrowLeft")  # there is nothing further left
    expect(page.get_by_role("button", name=f"Open {KONTEXT} on room 0.png", exact=True)).to_be_focused()


def test_two_hundred_pictures_stay_usable(made: Made, open_page: OpenPage) -> None:
    page = open_page(f"/?comparison={made.large}", server=made.server)
    expect(cells(page)).to_have_count(LARGE)

    rows = page.locator(".grid .row")
    top, bottom = rows.first, rows.last
    assert (
        page.locator(".grid .row img").evaluate_all("images => images.filter(i => i.complete && i.naturalWidth).length")
        < LARGE
    )
    bottom.scroll_into_view_if_needed()
    expect(bottom.locator("img").last).to_have_js_property("complete", True)
    page.get_by_role("button", name=f"Open {UNCHANGED} on room 49.png", exact=True).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert top.evaluate("row => getComputedStyle(row).contentVisibility") == "auto"


@pytest.mark.parametrize("look", LOOKS[2:], ids=["light", "dark"])
def test_on_a_phone_the_grid_fits_and_can_be_arranged(made: Made, open_page: OpenPage, look: Look) -> None:
    page = open_page(f"/?comparison={made.small}", server=made.server, look=look)
    expect(cells(page)).to_have_count(12)

    page.get_by_label("Filter models").fill("qwen")

    expect(cells(page)).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
