"""From the command to the first page, against an empty Streamlit page started the same way."""

import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.app_server import ROOT, AppServer
from tests.bench.figures import Figure
from tests.browser.chromium import FLAGS, find_chromium

STARTS = 5
DRAWN = '[data-testid="stApp"][data-test-script-state="notRunning"] [data-testid="stMain"] h1'
EMPTY_PAGE = 'import streamlit as st\nst.title("Empty")\n'


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds of one start."""

    healthy: float
    """From the command to the first healthy answer."""
    first_page: float
    """From a browser's first request to a drawn page, with nothing in its cache."""
    next_page: float
    """The same once the browser has the scripts in its cache."""
    ended: float
    """From SIGTERM to the end of the process."""


def bench_start() -> list[Figure]:
    """Measure first starts on an empty data folder, and starts that find their ledger."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=list(FLAGS))
        empty_script = Path(folder) / "empty.py"
        empty_script.write_text(EMPTY_PAGE)
        first = [_start(browser, Path(folder) / f"new-{number}") for number in range(STARTS)]
        again = [_start(browser, Path(folder) / "new-0") for _ in range(STARTS)]
        empty = [_start(browser, Path(folder) / "empty", empty_script) for _ in range(STARTS)]
        browser.close()

    def median(starts: list[Start], what: str) -> float:
        seconds: list[float] = [getattr(start, what) for start in starts]
        return statistics.median(seconds)

    def figure(name: str, starts: list[Start], what: str, goal: str) -> Figure:
        return Figure(name, median(starts, what), "s", goal, f"empty page: {median(empty, what):.2f}")

    return [
        figure("first_start_to_healthy", first, "healthy", "<= 5"),
        figure("start_to_healthy", again, "healthy", "<= 4"),
        figure("first_page_cold", again, "first_page", "<= 3"),
        figure("first_page_warm", again, "next_page", "<= 1.5"),
        figure("sigterm_to_end", again, "ended", "<= 2"),
    ]


def _start(browser: Browser, data_dir: Path, script: Path = ROOT / "app.py") -> Start:
    server = AppServer(data_dir, script=script)
    began = time.perf_counter()
    server.start()
    healthy = time.perf_counter() - began
    try:
        context = browser.new_context()
        pages = []
        for _ in range(2):
            page = context.new_page()
            began = time.perf_counter()
            page.goto(server.url)
            page.locator(DRAWN).first.wait_for()
            pages.append(time.perf_counter() - began)
            page.close()
        context.close()
    finally:
        ended = server.stop()
    return Start(healthy, pages[0], pages[1], ended)
