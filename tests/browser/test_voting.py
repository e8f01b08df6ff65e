"""A session of blind votes in a real browser: by keyboard, and nothing tells who made what."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page, Response, WebSocket, expect

from staging.models import default_registry
from staging.store import BallotFilter, Store
from tests.app_server import AppServer
from tests.browser import judged
from tests.browser.compare_page import expect_no_sideways_scroll
from tests.browser.conftest import LOOKS, Look, OpenPage
from tests.browser.test_accessibility import hindrances

pytestmark = pytest.mark.browser

PROBES = r"_stcore|404 \(Not Found\)"
"""Streamlit asks below the page's own path first whether the server is there."""
EVERYTHING = """() => {
    const parts = [];
    const read = root => {
        parts.push(root.innerHTML ?? '');
        for (const node of root.querySelectorAll('*')) if (node.shadowRoot) read(node.shadowRoot);
    };
    read(document.documentElement);
    for (const entry of performance.getEntriesByType('resource')) parts.push(entry.name);
    return parts.concat(location.href, document.title).join('\\n');
}"""
BODIES = 12
"""Pictures whose bytes are read too: the first ballots'. What is in all of them is tested without a browser."""
FETCHED = "n => performance.getEntriesByType('resource').filter(one => /blind.(?!.*room)/.test(one.name)).length >= n"
"""True once so many blind pictures are there, each fetched whole; the room's own are not counted."""
READY = ".ballot[data-ready]:not([data-ready=''])"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """An app with twelve pairs to judge, which nobody does."""
    folder = tmp_path_factory.mktemp("voting") / "data"
    judged.make(folder, rooms=2, project="Elm St")
    server = AppServer(folder).start()
    yield server
    server.stop()


class Scrape:
    """All that a page gets: what it shows, addresses, headers, bodies of text, and the websocket's frames."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._heard: list[str] = []
        self.frames: list[str] = []
        self._bodies = 0
        page.on("response", self._on_response)
        page.on("websocket", self._on_websocket)

    def _on_response(self, response: Response) -> None:
        kind = response.headers.get("content-type", "")
        if "javascript" in kind or "font" in kind or "css" in kind:
            return  # Streamlit's own files
        self._heard.append(f"{response.url} {response.headers}")
        if "/pictures/" in response.url and self._bodies < BODIES:
            self._bodies += 1
            with suppress(Error):  # a page that has left for the next
                self._heard.append(response.body().decode("latin-1"))

    def _on_websocket(self, socket: WebSocket) -> None:
        def hear(frame: bytes | str) -> None:
            self.frames.append(frame if isinstance(frame, str) else frame.decode("latin-1"))
            self._heard.append(self.frames[-1])

        socket.on("framereceived", hear)
        socket.on("framesent", hear)

    def told(self, secrets: set[str]) -> list[str]:
        """Return which of these words were anywhere since this was last asked."""
        text = "\n".join([*self._heard, self._page.evaluate(EVERYTHING)]).casefold()
        self._heard.clear()
        return sorted(secret for secret in secrets if secret.casefold() in text)


def secrets_of(data_dir: Path) -> set[str]:
    """Return what would tell: models by id and name, predictions, digests, names of rooms and comparisons."""
    store = Store.read(data_dir / "staging.duckdb")
    rows: list[tuple[Any, ...]] = store.ledger.rows(
        "SELECT p.id, p.comparison_id, p.model, p.room, o.digest FROM app.predictions AS p "
        "JOIN app.outputs AS o ON o.prediction_id = p.id"
    )
    store.close()
    registry = default_registry("qwen/qwen-image-edit")
    names = {registry.get(model).name for model in judged.MODELS} | {"flux-kontext", "seedream", "elm street 5"}
    return {str(value) for row in rows for value in row} | names


def ready(page: Page, after: str | None = None) -> str:
    """Return the id of the ballot whose pictures are all there, another one than `after`."""
    page.wait_for_function(
        "after => { const at = document.querySelector('.ballot') ?? [...document.querySelectorAll('*')]"
        ".map(one => one.shadowRoot?.querySelector('.ballot')).find(Boolean);"
        " return at && at.dataset.ready && at.dataset.ready !== after; }",
        arg=after,
    )
    found = page.locator(READY).get_attribute("data-ready")
    assert found
    return found


def confirmed(page: Page) -> None:
    """Return once Python has confirmed all that was said: what a reload comes before may never have been sent."""
    expect(page.locator(".ballot")).to_have_attribute("data-unconfirmed", "0")


def test_twenty_votes_by_keyboard_and_nothing_tells_who_made_what(tmp_path: Path, open_page: OpenPage) -> None:
    judged.make(tmp_path / "data")
    secrets = secrets_of(tmp_path / "data")
    assert len(secrets) > 40
    server = AppServer(tmp_path / "data", {"STAGING_VOTE_CHECK_SHARE": "0"}).start()
    try:
        page = open_page("/vote", server=server, tolerate=PROBES)
        scrape = Scrape(page)
        page.reload()
        seen: list[str] = []
        for number in range(20):
            seen.append(ready(page, seen[-1] if seen else None))
            assert scrape.told(secrets) == []
            for key in ("1", "o", "o", "p") if number % 5 == 0 else ():
                page.keyboard.press(key)
            page.keyboard.press(("ArrowLeft", "ArrowRight", "t", "b", "a", "l")[number % 6])
        last = ready(page, seen[-1])
        expect(page.locator(".progress")).to_have_text("20 today · 20 in all · 10 left")
        assert scrape.told(secrets) == []

        page.keyboard.press("u")
        assert ready(page, last) == seen[-1]
        page.keyboard.press("s")
        assert ready(page, seen[-1]) == last
        expect(page.locator(".progress")).to_have_text("19 today · 19 in all · 10 left")
        confirmed(page)
        page.reload()  # what is counted now is counted by the ledger
        assert ready(page) == last
        expect(page.locator(".progress")).to_have_text("19 today · 19 in all · 10 left")
        page.get_by_role("link", name="Leaderboard").click()
        expect(page.get_by_role("heading", name="Leaderboard", exact=True, level=1)).to_be_visible()
        expect(page.get_by_role("heading", name="Who won against whom")).to_be_visible()
        page.close()
    finally:
        server.stop()
    store = Store.read(tmp_path / "data" / "staging.duckdb")
    try:
        said = dict(store.ledger.rows("SELECT choice, count(*) FROM app.votes GROUP BY choice"))
        assert said == {"left": 7, "right": 7, "tie": 3, "both bad": 3, "withdrawn": 1, "skip": 1}
        assert len(store.votes.ballots(BallotFilter())) == 19
        told = store.ledger.rows(
            "SELECT count(*) FILTER (reasons = '[\"structure changed\"]'), count(pin_x), "
            "count(*) FILTER (seconds > 0 AND choice <> 'skip') FROM app.votes"
        )
        assert told == [(4, 2, 20)]
    finally:
        store.close()


def test_a_name_that_is_told_is_found(shared: AppServer, open_page: OpenPage) -> None:
    """The control: in a shadow root, in an address, and in what the websocket brings."""
    page = open_page("/vote", server=shared, tolerate=f"{PROBES}|Failed to load")
    scrape = Scrape(page)
    page.reload()
    ready(page)
    secrets = {"reve/edit", "a-digest", "Elm Street 5"}
    assert scrape.told(secrets) == []

    page.locator(".ballot img").first.evaluate("image => { image.alt = 'by reve/edit'; }")
    with page.expect_response("**/a-digest"):
        page.evaluate("fetch('/pictures/view/a-digest')")
    assert scrape.told(secrets) == ["a-digest", "reve/edit"]

    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("Elm Street 5").first).to_be_visible()
    assert any("Elm Street 5" in frame for frame in scrape.frames)


@pytest.mark.parametrize("look", [LOOKS[0], LOOKS[3]], ids=["desktop-light", "phone-dark"])
def test_the_pictures_stand_side_by_side_or_one_above_the_other(
    shared: AppServer, open_page: OpenPage, look: Look
) -> None:
    page = open_page("/vote", server=shared, look=look, tolerate=PROBES)
    first = ready(page)

    left, right = (page.locator(f".pane[data-side={side}]").bounding_box() for side in ("left", "right"))
    assert left
    assert right
    assert (left["width"], left["height"]) == (right["width"], right["height"])
    assert (left["x"] < right["x"]) == (look.width > 600)
    assert (left["y"] < right["y"]) == (look.width < 600)
    expect_no_sideways_scroll(page)
    assert hindrances(page) == []

    page.get_by_role("button", name="Show the keys").click()
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Equally good")
    assert hindrances(page) == []
    page.keyboard.press("ArrowDown")  # who reads the keys does not vote with them
    page.keyboard.press("Escape")
    assert page.locator(READY).get_attribute("data-ready") == first
    page.keyboard.press("o")
    expect(page.get_by_role("img", name="The room as it was")).to_have_count(2)
    page.get_by_role("button", name="Left is better").click()
    assert ready(page, first) != first
    page.get_by_role("button", name="Take the last vote back").click()
    assert ready(page, "") == first
    expect(page.locator(".progress")).to_contain_text("0 in all")
    confirmed(page)
    page.reload()
    expect(page.locator(".progress")).to_contain_text("0 in all")


def test_a_set_is_judged_by_keyboard_right_after_it_was_chosen(shared: AppServer, open_page: OpenPage) -> None:
    page = open_page("/vote", server=shared, tolerate=PROBES)
    ready(page)
    page.get_by_text("Whole project").click()
    expect(page.locator(".place")).to_have_text("View 1 of 2")
    first = ready(page)

    page.keyboard.press(".")
    expect(page.locator(".place")).to_have_text("View 2 of 2")
    expect(page.get_by_role("img", name="Left picture, view 2")).to_be_visible()
    page.keyboard.press("ArrowLeft")  # and not the switch above, which was pressed last
    assert ready(page, first) != first
    expect(page.locator(".progress")).to_have_text("1 today · 1 in all · 5 left")

    page.keyboard.press("u")
    assert ready(page, "") == first
    expect(page.locator(".progress")).to_have_text("0 today · 0 in all · 6 left")
    confirmed(page)
    page.reload()
    expect(page.locator(".progress")).to_contain_text("0 today · 0 in all")


def test_two_quick_votes_both_count_once(shared: AppServer, open_page: OpenPage) -> None:
    page = open_page("/vote", server=shared, tolerate=PROBES)
    first = ready(page)
    page.wait_for_function(FETCHED, arg=4)  # the next pictures are there too, else the second vote would have to wait

    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")

    expect(page.locator(".progress")).to_have_text("2 today · 2 in all · 10 left")
    confirmed(page)
    page.reload()
    expect(page.locator(".progress")).to_have_text("2 today · 2 in all · 10 left")
    ready(page, first)
    for left in (11, 12):  # of what was judged before this visit, one at a time
        page.get_by_role("button", name="Take the last vote back").click()
        expect(page.locator(".progress")).to_contain_text(f"{left} left")
    expect(page.locator(".ballot")).to_have_attribute("data-ready", first)
