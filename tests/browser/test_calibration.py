"""Calibration in a browser: the judge is switched on, tried on labelled outputs, and called what it deserves."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from staging.predictions import Verdict
from tests.app_server import AppServer
from tests.browser.conftest import LOOKS, OpenPage
from tests.labs import UNCHANGED, lab_at, photo, run_one
from tests.replicate_server import ReplicateServer

pytestmark = pytest.mark.browser


@pytest.fixture
def app(tmp_path: Path) -> Iterator[AppServer]:
    """An app with an accepted and a rejected output, and a server whose judge is a fake."""
    with ReplicateServer() as server:
        with lab_at(tmp_path / "data") as lab:
            for shade, verdict in ((1, Verdict.ACCEPTED), (2, Verdict.REJECTED)):
                now = run_one(lab, UNCHANGED, rooms=[photo(shade)])
                lab.desk.mark(now.prediction.id, "ann", verdict=verdict)
        app = AppServer(tmp_path / "data", {**server.environment, "STAGING_SCORING": "false"}).start()
        try:
            yield app
        finally:
            app.stop()


def test_the_judge_is_switched_on_tried_and_found_out(app: AppServer, open_page: OpenPage) -> None:
    page = open_page("/calibration?calibration-section=Judge", server=app, look=LOOKS[3], tolerate="404")
    page.get_by_text("Ask a judge").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Try it on labelled outputs").click()
    expect(page.get_by_text("8 questions about 2 outputs, at most $0.032")).to_be_visible()

    page.get_by_role("button", name="Ask", exact=True).click()

    # The two rooms differ in one pixel: no fake, and no judge, can tell them apart.
    expect(page.get_by_text("It takes another room for the same one in 2 of 2 cases.")).to_be_visible()
    expect(page.get_by_text("still to come")).to_have_count(0)
    expect(page.get_by_text("2 of 2", exact=True)).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
