"""The Audit page: who did what, before and after in words, found by filters, taken away as CSV."""

import csv
import io
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue
from streamlit.testing.v1 import AppTest

from staging.exports.audit import COLUMNS, as_csv
from staging.lab import Lab
from staging.origins import Author
from staging.store import AuditFilter
from tests.screens import SCRIPT, visit, words

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def act(lab: Lab, subject: str, before: JsonValue, after: JsonValue, by: str = "ada", days: int = 0) -> None:
    at = NOW + timedelta(days=days)
    lab.audit.write(by, "page", "change budget", subject, before, after, at, note=f"for {subject}")


def shown(screen: AppTest) -> list[str]:
    """Return the subjects of the entries on the page."""
    return [one.value.split(" · ")[1] for one in screen.markdown if one.value.startswith("**Change budget**")]


def test_an_empty_log_says_what_will_be_in_it(first_lab: Lab) -> None:
    screen = visit("audit")

    assert "A changed budget, price, prompt or setting will be here" in words(screen)
    assert not screen.error


def test_what_is_edited_on_a_page_is_there_with_who_and_what_it_was_before(first_lab: Lab) -> None:
    body: JsonValue = {"limit_usd": "5", "people": {"ben": 2}}
    first_lab.store.documents.write("budget", "All", body, Author("ada", "page"), NOW, note="at last")
    first_lab.store.documents.write("budget", "All", {"limit_usd": "7"}, Author("cy", "API key door"), NOW)
    said = words(visit("audit"))

    assert "2 entries" in said
    assert "**Change budget** · All" in said
    assert "cy, from API key door" in said
    assert "- limit usd: 5 → **7**" in said
    assert "- people › ben: ~~2~~, taken away" in said
    assert "“at last”" in said
    assert said.index("Change budget") < said.index("Add budget")


def test_the_log_is_read_by_page_and_filtered(first_lab: Lab) -> None:
    for number in range(25):
        act(first_lab, f"number {number}", {"usd": 1}, {"usd": 100 + number}, by="ben" if number == 3 else "ada")
    screen = visit("audit")
    assert shown(screen) == [f"number {number}" for number in range(24, 4, -1)]

    screen.button(key="audit-older").click().run()
    assert shown(screen) == [f"number {number}" for number in range(4, -1, -1)]

    screen.selectbox(key="audit-actor").set_value("ben").run()
    assert shown(screen) == ["number 3"]

    screen.selectbox(key="audit-actor").set_value(None)
    screen.text_input(key="audit-words").set_value("for NUMBER 17").run()
    assert shown(screen) == ["number 17"]

    screen.text_input(key="audit-words").set_value("nothing like it").run()
    assert "No entry passes these filters." in words(screen)


def test_nothing_in_an_entry_becomes_markup(first_lab: Lab) -> None:
    act(first_lab, SCRIPT, {SCRIPT: SCRIPT}, {SCRIPT: f"{SCRIPT}!"}, by=SCRIPT)

    said = words(visit("audit"))
    assert SCRIPT not in said
    assert said.count("onerror") >= 5


def test_the_csv_holds_all_that_an_entry_says_and_no_formula(first_lab: Lab) -> None:
    act(first_lab, "=1+1", {"usd": 1}, {"usd": 2})
    _, entries = first_lab.audit.list(AuditFilter(), 10)

    (row,) = csv.DictReader(io.StringIO(as_csv(entries)))
    assert tuple(row) == COLUMNS
    assert (row["subject"], row["before"], row["after"]) == ("'=1+1", '{"usd": 1}', '{"usd": 2}')
    assert row["digest"] == entries[0].digest
