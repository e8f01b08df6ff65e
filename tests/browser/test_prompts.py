"""The prompts as a person edits them: on the Prompts page, and what Compare then sends."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.app_server import AppServer
from tests.browser.compare_page import go_to
from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.browser


def test_an_edited_style_is_saved_and_sent_by_compare(
    open_page: OpenPage, start_app: Callable[..., AppServer], screenshot: Callable[..., object]
) -> None:
    page = open_page(server=start_app())
    sent = page.get_by_label("Prompt for living")
    expect(sent).to_contain_text("low furniture")
    go_to(page, "Prompts")
    look = page.get_by_label("Look, as it follows")
    expect(look).to_contain_text("low furniture")

    look.fill("a modern style: clean lines, high furniture, neutral fabrics")
    page.get_by_label("Why (kept in the history)").fill("Low sofas look small")
    expect(page.get_by_text("1 unsaved change")).to_be_visible()
    expect(page.get_by_test_id("stCode").filter(has_text="high furniture")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_text("Saved as version 1.")).to_be_visible()
    screenshot(page, "prompts")
    page.get_by_role("radio", name="History").click()
    expect(page.get_by_text("Low sofas look small")).to_be_visible()
    go_to(page, "Compare")
    expect(sent).to_contain_text("high furniture")
    expect(page.get_by_text("Edited for this run")).to_have_count(0)
