"""What hinders people who see, hear or move differently, as far as axe-core can tell."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.app_server import ROOT, AppServer
from tests.browser.compare_page import UNCHANGED, cells, open_picture
from tests.browser.conftest import LOOKS, Look, OpenPage
from tests.labs import ask, finished, lab_at, photo

PATHS = sorted("/" if page.stem == "compare" else f"/{page.stem}" for page in (ROOT / "pages").glob("[a-z]*.py"))
PATHS.remove("/index")
PROBE = "404"
"""On any page but the first, Streamlit looks for its routes below the page's path before it looks at the root."""
SERIOUS = ("serious", "critical")


def hindrances(page: Page) -> list[str]:
    """Return what axe-core calls serious or critical on the page as it is now, with where it is."""
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {node['target']} {node['html'][:160]}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
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
@pytest.mark.parametrize("path", PATHS)
def test_a_page_hinders_nobody(furnished: tuple[AppServer, str], open_page: OpenPage, path: str, look: Look) -> None:
    page = open_page(path, server=furnished[0], look=look, tolerate=PROBE)
    expect(page.get_by_test_id("stHeading").first).to_be_visible()

    assert hindrances(page) == []


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
