"""The Compare page with eight finished outputs: picture work in a rerun, image bytes over the wire.

The naive page shows the same eight files through st.image, in the same run.
"""

import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from playwright.sync_api import Browser, Page, expect, sync_playwright
from streamlit.testing.v1 import AppTest

from staging import lab as labs
from staging.desk import ModelChoice
from staging.images import Pictures
from staging.lab import Lab
from tests.app_server import ROOT, AppServer
from tests.bench.figures import Figure
from tests.browser.chromium import FLAGS, find_chromium
from tests.labs import MODEL, ask, finished, lab_at
from tests.replicate_server import ReplicateServer

OUTPUTS = 8
RERUNS = 15
NAIVE = Path(__file__).with_name("naive_pictures.py")


def bench_compare() -> list[Figure]:
    """Measure ours and the naive page's on the same eight pictures."""
    logging.getLogger("streamlit").setLevel(logging.ERROR)  # it warns of every rerun outside its own threads
    with tempfile.TemporaryDirectory() as folder, _told(Path(folder) / "naive"):
        data_dir = Path(folder) / "data"
        comparison = _make(data_dir, Path(folder) / "naive")
        with lab_at(data_dir) as lab:
            ours_ms = _picture_work(lambda: _run_ours(lab, comparison), Pictures, "url")
        naive_ms = _picture_work(_run_naive, st, "image")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=list(FLAGS))
            app = AppServer(data_dir)
            ours = _bytes(browser, app, f"{app.url}/?comparison={comparison}", ".grid .cell.done img")
            environment = {"STAGING_TEST_NAIVE": str(Path(folder) / "naive")}
            plain = AppServer(Path(folder) / "plain", environment, NAIVE)
            naive = _bytes(browser, plain, plain.url, "[data-testid=stImage] img")
            browser.close()
    return [
        Figure("compare_rerun_picture_work", ours_ms, "ms", "<= 10", f"st.image: {naive_ms:.0f}"),
        Figure("compare_first_load_pictures", ours[0], "MB", "<= 0.2", f"st.image: {naive[0]:.2f}"),
        Figure("compare_rerun_pictures", ours[1], "MB", "<= 0", f"st.image: {naive[1]:.2f}"),
        Figure("compare_reload_pictures", ours[2], "MB", "<= 0", f"st.image: {naive[2]:.2f}"),
    ]


@contextmanager
def _told(naive: Path) -> Iterator[None]:
    """The naive script finds its pictures by the environment, as a child process would."""
    naive.mkdir()
    os.environ["STAGING_TEST_NAIVE"] = str(naive)
    try:
        yield
    finally:
        del os.environ["STAGING_TEST_NAIVE"]


def _make(data_dir: Path, naive: Path) -> str:
    """Return a comparison of eight different outputs of a sample room, and copy them for the naive page."""
    photo = (ROOT / "data" / "sample_rooms" / "living.jpg").read_bytes()
    with ReplicateServer(seconds=0.2) as server, lab_at(data_dir, server) as lab:
        comparison = ask(lab, ModelChoice(MODEL, seeds=4), ModelChoice("reve/edit", seeds=4), rooms=[photo])
        view = finished(lab, comparison)
        for number, cell in enumerate(view.cells.values()):
            path = lab.pictures.output_path(cell.prediction.outputs[0].digest)
            (naive / f"{number}{path.suffix}").write_bytes(path.read_bytes())
    assert len(list(naive.iterdir())) == OUTPUTS
    return comparison


def _run_ours(lab: Lab, comparison: str) -> None:
    labs.set_current(lab)
    page = AppTest.from_file(str(ROOT / "pages" / "compare.py"), default_timeout=60)
    page.query_params["comparison"] = comparison
    assert not page.run().exception


def _run_naive() -> None:
    assert not AppTest.from_file(str(NAIVE), default_timeout=60).run().exception


def _picture_work(run: Callable[[], None], owner: Any, name: str) -> float:
    """Return the median milliseconds that one run of a script spends in this function."""
    real, spent = getattr(owner, name), [0.0]

    def timed(*given: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return real(*given, **named)
        finally:
            spent[0] += time.perf_counter() - began

    setattr(owner, name, timed)
    try:
        each = []
        for _ in range(RERUNS):
            spent[0] = 0.0
            run()
            assert spent[0] > 0, f"{name} was never called"
            each.append(spent[0] * 1000)
    finally:
        setattr(owner, name, real)
    return statistics.median(each[1:])


def _bytes(browser: Browser, app: AppServer, url: str, pictures: str) -> tuple[float, float, float]:
    """Return the megabytes of pictures that crossed the wire at the first load, a rerun and a reload."""
    fetched: list[float] = []
    wanted: set[str] = set()

    def answered(event: dict[str, Any]) -> None:
        # By the whole path: Streamlit's own fonts are at /static/media/.
        if urlsplit(event["response"]["url"]).path.startswith(("/pictures/", "/media/")):
            wanted.add(event["requestId"])

    def ended(event: dict[str, Any]) -> None:
        if event["requestId"] in wanted:
            fetched.append(event["encodedDataLength"])  # 0 from the browser's cache

    app.start()
    try:
        page = browser.new_context(viewport={"width": 1440, "height": 3000}).new_page()
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.on("Network.responseReceived", answered)
        wire.on("Network.loadingFinished", ended)
        page.goto(url)
        first = _settled(page, pictures, fetched)
        page.keyboard.press("r")
        rerun = _settled(page, pictures, fetched)
        page.reload()
        return first, rerun, _settled(page, pictures, fetched)
    finally:
        app.stop()


def _settled(page: Page, pictures: str, fetched: list[float]) -> float:
    """Return the megabytes fetched by the time that all pictures are shown, and count anew."""
    shown = page.locator(pictures)
    expect(shown).to_have_count(OUTPUTS, timeout=60_000)
    for picture in shown.all():
        expect(picture).to_have_js_property("complete", True, timeout=60_000)
    page.locator("[data-test-script-state=notRunning]").first.wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    total = sum(fetched) / 1e6
    fetched.clear()
    return total
