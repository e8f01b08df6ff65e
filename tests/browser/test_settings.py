"""The pages of administration in a browser: every section can be read by anybody, at desk and on a phone."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from staging.origins import Author
from staging.retention import Policy
from tests.app_server import AppServer
from tests.browser.compare_page import expect_drawn, expect_no_sideways_scroll
from tests.browser.conftest import LOOKS, Look, OpenPage
from tests.browser.test_accessibility import hindrances
from tests.browser.test_looks import go
from tests.labs import MODEL, UNCHANGED, ask, finished, lab_at, photo

SECTIONS = ("Models", "Notifications", "Retention", "Health")
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    """An app in which an admin has been at work."""
    folder: Path = tmp_path_factory.mktemp("administered") / "data"
    ada = Author("ada@example.com", "page")
    with lab_at(folder, sample_rooms=True) as lab:
        finished(lab, ask(lab, UNCHANGED, rooms=[photo(1, (640, 480))]))
        lab.setups.set(UNCHANGED, ada, NOW, enabled=False, note="nobody needs it")
        lab.setups.set(MODEL, ada, NOW, parameters={"go_fast": False})
        lab.routing.set(MODEL, ada, NOW, note="It won the first experiment.")
        lab.projects.set("12 Elm Street", ada, NOW, style="modern")
        lab.routing.set(MODEL, ada, NOW, project="12 Elm Street")
        lab.retention.set(Policy(output_days=365, view_days=90), ada, follows=-1)
    server = AppServer(folder).start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.mark.parametrize("look", [LOOKS[0], LOOKS[3]], ids=["desktop-light", "phone-dark"])
def test_every_section_of_administration_fits_and_hinders_nobody(
    busy: AppServer, open_page: OpenPage, screenshot: Callable[..., object], look: Look
) -> None:
    page = open_page(server=busy, look=look)
    go(page, "Settings", look)
    found = {}
    for name in SECTIONS:
        page.get_by_role("radio", name=name).click()
        expect_drawn(page)
        if name == "Retention":
            page.get_by_role("button", name="List what would be deleted").click()
            expect(page.get_by_text("Nothing is past its time")).to_be_visible()
        expect_no_sideways_scroll(page)
        found[name] = hindrances(page)
        screenshot(page, f"settings-{name.lower()}-{look.width}")
    for name, words in (("Audit", "It won the first experiment."), ("Projects", "12 Elm Street")):
        go(page, name, look)
        expect(page.get_by_text(words).first).to_be_visible()
        expect_no_sideways_scroll(page)
        found[name] = hindrances(page)
        screenshot(page, f"{name.lower()}-{look.width}")

    assert {name: what for name, what in found.items() if what} == {}
