"""The real app in a real browser.

A test asks for `open_page` and gets a page that fails the test when a script error, a console error
or an exception box was there, seen or not. `app_server` is shared by all tests of a session, with
sample rooms and no token; a test that needs another one, or kills it, asks for `start_app`.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.app_server import ROOT, AppServer
from tests.browser.chromium import FLAGS, find_chromium
from tests.browser.viewed import Viewed, make

PATIENCE_MS = 60_000
"""How long a machine that runs other tests may take to show what is waited for."""
expect.set_options(timeout=PATIENCE_MS)

IDLE = '[data-testid="stApp"][data-test-connection-state="CONNECTED"][data-test-script-state="notRunning"]'
TRACEBACK = "Traceback (most recent call last)"


class Look(NamedTuple):
    """How a person looks at the page."""

    width: int
    scheme: Literal["light", "dark"]


LOOKS = (Look(1440, "light"), Look(1440, "dark"), Look(390, "light"), Look(390, "dark"))
HEIGHTS = {1440: 1000, 390: 844}


class OpenPage(Protocol):
    def __call__(
        self,
        path: str = "/",
        *,
        server: AppServer | None = None,
        look: Look = LOOKS[0],
        tolerate: str | None = None,
        apart: bool = False,
    ) -> Page:
        """Return the page at the path, drawn and idle; `apart` is in a window with cookies of its own.

        `tolerate` is a pattern of console errors that belong to the test: a server that goes away
        on purpose makes the browser complain.
        """
        ...


class PageWatch:
    """Remembers what went wrong on a page from now on."""

    def __init__(self, page: Page, tolerate: str | None = None) -> None:
        self.page = page
        self._tolerate = tolerate
        self._problems: list[str] = []
        page.on("pageerror", lambda error: self._problems.append(f"script error: {error}"))
        page.on("console", self._on_console)

    def look(self) -> list[str]:
        """Return all that went wrong so far; an exception box counts while it is shown."""
        boxes = [] if self.page.is_closed() else self.page.get_by_test_id("stException").all_inner_texts()
        return self._problems + [f"exception box: {text}" for text in boxes]

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not (self._tolerate and re.search(self._tolerate, message.text)):
            self._problems.append(f"console error: {message.text} ({message.location.get('url', '')})")


def idle(page: Page) -> None:
    """Return once the script has run and the page is connected. Wait for results with `expect`."""
    page.locator(IDLE).wait_for(state="attached", timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and "open_page" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": str(find_chromium()), "args": list(FLAGS)}


@pytest.fixture(scope="session")
def app_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """The app without a token, shared by the session: leave it as a first visitor may find it."""
    server = AppServer(tmp_path_factory.mktemp("app") / "data").start()
    try:
        yield server
    finally:
        server.stop()
    assert TRACEBACK not in server.log(), server.log()


@pytest.fixture(scope="session")
def viewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewed]:
    """An app with a finished comparison of painted rooms, shared by the tests of the viewer."""
    made = make(tmp_path_factory.mktemp("viewed") / "data")
    made.server.start()
    try:
        yield made
    finally:
        made.server.stop()
    assert TRACEBACK not in made.server.log(), made.server.log()


@pytest.fixture
def start_app(tmp_path: Path, first_folder: Path) -> Iterator[Callable[..., AppServer]]:
    """Start an app of the test's own, not its first: `start_app(STAGING_CONCURRENCY="2")`; it is ended afterwards."""
    started: list[AppServer] = []

    def start(**environment: str) -> AppServer:
        folder = tmp_path / f"app-{len(started)}"
        shutil.copytree(first_folder, folder)
        server = AppServer(folder, environment)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.stop()
    assert not [server.log() for server in started if TRACEBACK in server.log()]


@pytest.fixture(params=LOOKS, ids=[f"{look.width}px-{look.scheme}" for look in LOOKS])
def look(request: pytest.FixtureRequest) -> Look:
    """Each width and each theme in turn."""
    chosen: Look = request.param
    return chosen


def new_window(browser: Browser, look: Look) -> BrowserContext:
    """Return a window with nothing in its cache, and without cookies."""
    window = browser.new_context(
        viewport={"width": look.width, "height": HEIGHTS.get(look.width, 1000)},
        color_scheme=look.scheme,
        has_touch=look.width < 600,
    )
    window.set_default_timeout(PATIENCE_MS)
    return window


@pytest.fixture(scope="session")
def windows(browser: Browser) -> Iterator[Callable[[Look], BrowserContext]]:
    """One window for each look, for all tests: with Streamlit's scripts in its cache a page costs half the time."""
    opened: dict[Look, BrowserContext] = {}

    def window(look: Look) -> BrowserContext:
        if look not in opened:
            opened[look] = new_window(browser, look)
        return opened[look]

    yield window
    for context in opened.values():
        context.close()


@pytest.fixture
def open_page(
    browser: Browser,
    windows: Callable[[Look], BrowserContext],
    start_app: Callable[..., AppServer],
    request: pytest.FixtureRequest,
) -> Iterator[OpenPage]:
    watches: list[PageWatch] = []

    def open_it(
        path: str = "/",
        *,
        server: AppServer | None = None,
        look: Look = LOOKS[0],
        tolerate: str | None = None,
        apart: bool = False,
    ) -> Page:
        chosen: AppServer = server or request.getfixturevalue("app_server")
        window = new_window(browser, look) if apart else windows(look)
        watches.append(PageWatch(window.new_page(), tolerate))
        page = watches[-1].page
        page.goto(chosen.url + path)
        idle(page)
        return page

    yield open_it
    problems = [problem for watch in watches for problem in watch.look()]
    for watch in watches:
        _leave(watch.page)
    assert problems == []


def _leave(page: Page) -> None:
    """Close the page, and leave nothing of it to the next test but what the browser keeps of files."""
    if not page.is_closed():
        page.evaluate(
            "() => { try { localStorage.clear(); sessionStorage.clear(); } catch { /* an error page has none */ } }"
        )
        page.context.clear_cookies()
        page.close()


@pytest.fixture
def screenshot(tmp_path: Path) -> Callable[[Page | Locator, str], Path]:
    """Take a picture for docs/images: kept there by `make screenshots`, thrown away otherwise."""

    def take(what: Page | Locator, name: str) -> Path:
        path = tmp_path / f"{name}.png"
        what.screenshot(path=path, animations="disabled")
        if folder := os.environ.get("STAGING_TEST_SCREENSHOTS"):
            kept = ROOT / folder
            kept.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, kept / path.name)
        return path

    return take
