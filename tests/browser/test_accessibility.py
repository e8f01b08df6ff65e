"""What hinders people who see, hear or move differently, as far as axe-core can tell."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Page, expect

from tests.app_server import ROOT, AppServer
from tests.browser.compare_page import UNCHANGED, cells, expect_no_sideways_scroll, open_picture
from tests.browser.conftest import LOOKS, Look, OpenPage, idle
from tests.browser.test_looks import PAGES, go
from tests.labs import ask, finished, lab_at, photo

SERIOUS = ("serious", "critical")
IN_SIDEBAR = "node => node.closest('[data-testid=stSidebarNavItems]') !== null"
STREAMLITS_LISTS = ("list", "listitem")
"""Streamlit 1.67 puts headings of sections between the items of its sidebar's list. The links are told all the
same, and the other way is a menu "more" with two thirds of the pages in no order (docs/decisions/0056)."""


def hindrances(page: Page) -> list[str]:
    """Return what axe-core calls serious or critical on the page as it is now, with where it is."""
    try:
        found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    except Error as error:
        if "Execution context was destroyed" not in error.message:
            raise
        idle(page)  # it was on its way to another page
        found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {node['target']} {node['html'][:160]}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
        if not (one["id"] in STREAMLITS_LISTS and page.eval_on_selector(node["target"][0], IN_SIDEBAR))
    ]


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AppServer, str]]:
    """An app with a finished comparison, and its id."""
    folder: Path = tmp_path_factory.mktemp("accessible") / "data"
    with lab_at(folder, sample_rooms=True) as lab:
        comparison = ask(lab, "offline/unchanged", rooms=[photo(1, (640, 480))])
        finished(lab, comparison)
    server = AppServer(folder).start()
    yield server, comparison
    server.stop()


@pytest.mark.parametrize("look", [LOOKS[0], LOOKS[3]], ids=["desktop-light", "phone-dark"])
def test_a_page_hinders_nobody_and_is_no_wider_than_the_screen(
    furnished: tuple[AppServer, str], open_page: OpenPage, look: Look
) -> None:
    page = open_page(server=furnished[0], look=look)

    found = {}
    for name in PAGES:
        go(page, name, look)
        expect_no_sideways_scroll(page)
        found[name] = hindrances(page)

    assert {name: what for name, what in found.items() if what} == {}


def test_every_page_is_looked_at() -> None:
    assert len(PAGES) == len(list((ROOT / "pages").glob("[a-z]*.py"))) - 1  # all but index.py, their frame


@pytest.mark.parametrize("look", [LOOKS[1], LOOKS[2]], ids=["desktop-dark", "phone-light"])
def test_a_comparison_and_its_viewer_hinder_nobody(
    furnished: tuple[AppServer, str], open_page: OpenPage, look: Look
) -> None:
    server, comparison = furnished
    page = open_page(f"/?comparison={comparison}", server=server, look=look)
    expect(cells(page)).to_have_count(1)
    grid = hindrances(page)

    open_picture(page, UNCHANGED, "room 0.png")

    assert grid == []
    assert hindrances(page) == []


def test_a_hindrance_is_seen(page: Page) -> None:
    """The control: grey on grey, and a picture without words."""
    page.set_content("<html lang=en><title>x</title><main><img src=x><p style='color:#aaa'>faint</p></main></html>")

    found = " ".join(hindrances(page))

    assert "image-alt" in found
    assert "color-contrast" in found
