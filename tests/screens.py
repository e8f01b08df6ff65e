"""The pages without a browser: the real navigation script on a real lab, and what it draws.

`first_lab` is a lab as a first visitor finds it, with its sample rooms. What components are told is
read with `told`; what they answer, and how they look, is for the tests in tests/browser.
"""

import json
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from staging import lab as labs
from staging.lab import Lab
from tests.labs import lab_at

INDEX = Path(__file__).resolve().parent.parent / "pages" / "index.py"
SCRIPT = "<img src=x onerror=alert(1)>"
"""What nobody may be able to put into a page."""


@pytest.fixture(scope="session", autouse=True)
def _packages_scanned_once() -> Iterator[None]:
    """Every AppTest looks for components in the metadata of all packages, a quarter of a second of processor time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture
def first_lab(first_folder: Path, tmp_path: Path) -> Iterator[Lab]:
    """The pages' lab, without a token."""
    shutil.copytree(first_folder, tmp_path / "data")
    with lab_at(tmp_path / "data") as lab:
        labs.set_current(lab)
        yield lab
        labs.set_current(None)


def visit(page: str = "compare", **query: str | list[str]) -> AppTest:
    """Return the page as a new visitor sees it."""
    screen = AppTest.from_file(str(INDEX), default_timeout=120)
    for name, value in query.items():
        screen.query_params[name] = value
    if page != "compare":
        screen.switch_page(str(INDEX.parent / f"{page}.py"))
    screen.run()
    assert not screen.exception
    return screen


def answer(screen: AppTest, key: str, value: str | int) -> AppTest:
    """Set a widget that AppTest has no list of its own for: pills, segmented controls."""
    widget: Any = screen.get_by_key(key)
    widget.set_value(value)
    return screen.run()


def told(screen: AppTest, key: str) -> dict[str, Any]:
    """Return what the component with this key was told to draw."""
    data: dict[str, Any] = json.loads(screen.get_by_key(key).proto.json)
    return data


def words(screen: AppTest) -> str:
    """Return all Markdown that the page drew, the alerts' too: what a browser would make HTML of."""
    drawn = [
        screen.markdown,
        screen.caption,
        screen.error,
        screen.info,
        screen.warning,
        screen.success,
        screen.subheader,
    ]
    return "\n".join(element.value for elements in drawn for element in elements)
