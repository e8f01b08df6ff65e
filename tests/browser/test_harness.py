"""The guards of the browser tests see what they are there to see."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app_server import AppServer
from tests.browser.conftest import PageWatch

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("<script>throw new Error('broken')</script>", "script error: broken"),
        ("<script>console.error('refused')</script>", "console error: refused"),
        ('<div data-testid="stException">Oh no</div>', "exception box: Oh no"),
    ],
)
def test_a_broken_page_is_seen(page: Page, content: str, problem: str) -> None:
    watch = PageWatch(page)

    page.set_content(f"{content}<p>drawn</p>")
    expect(page.get_by_text("drawn")).to_be_visible()

    assert len(watch.look()) == 1
    assert watch.look()[0].startswith(problem)


def test_a_sound_page_has_no_problem(page: Page) -> None:
    watch = PageWatch(page, tolerate="WebSocket")

    page.set_content("<p>drawn</p><script>console.error('WebSocket closed'); console.log('x')</script>")
    expect(page.get_by_text("drawn")).to_be_visible()

    assert watch.look() == []


def test_an_app_that_ends_at_its_start_is_told_with_its_log(tmp_path: Path) -> None:
    script = tmp_path / "app.py"
    script.write_text("import streamlit as st, sys\nprint('no ledger')\nsys.exit(1)\napp = st.App(__file__)\n")

    with pytest.raises(RuntimeError, match=r"ended at its start(.|\n)*no ledger"):
        AppServer(tmp_path / "data", script=script).start()
