"""The Budgets page: how each stands, written, edited, removed, and its history."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from staging.budgets import Budget, Period, Scope
from staging.lab import Lab
from tests.ledgers import comparison, prediction
from tests.screens import SCRIPT, visit, words

MONTH = Budget("November", Scope.ALL, "", Period.MONTH, Decimal(100), hard=True)


def save(lab: Lab, budget: Budget = MONTH, *, follows: int | None = None, note: str = "") -> None:
    lab.budgets.save(budget, "bob", datetime.now(UTC), follows=follows, note=note)


def reserve(lab: Lab, usd: str) -> None:
    """So much is set aside for a prediction that the engine never hears of."""
    lab.engine.stop()
    of = comparison(created_at=datetime.now(UTC))
    one = prediction(of)
    lab.store.predictions.queue(of, [one], datetime.now(UTC), lambda _: {one.id: Decimal(usd)})


def said(screen: AppTest) -> str:
    return words(screen).replace("\\", "").replace("\u2060", "")


def press(screen: AppTest, key: str) -> AppTest:
    screen.button(key=key).click().run()
    assert not screen.exception
    return screen


def test_without_any_budget_the_page_says_what_to_do(first_lab: Lab) -> None:
    screen = visit("budgets")

    assert "There is no budget yet" in said(screen)
    assert "begin at midnight in UTC" in said(screen)
    assert screen.button(key="budget-add")


def test_a_budget_shows_what_is_left_until_when(first_lab: Lab) -> None:
    save(first_lab, replace(MONTH, name="Week", period=Period.WEEK, scope=Scope.PROJECT, key="Elm", hard=False))
    save(first_lab)
    reserve(first_lab, "25.50")

    text = said(visit("budgets"))

    assert "**November** :violet-badge[hard]" in text
    assert "**$74.50 left** of $100.00 · $0 spent · $25.50 reserved for what is under way" in text
    assert f"{datetime.now(UTC):%B %Y}, until 1 " in text
    assert "**Week** :gray-badge[soft]" in text
    assert "the project Elm, a week" in text


def test_an_overspent_budget_says_by_how_much(first_lab: Lab) -> None:
    save(first_lab, replace(MONTH, period=Period.TOTAL))
    reserve(first_lab, "101")

    text = said(visit("budgets"))

    assert ":red[**overspent by $1.00**] of $100.00" in text
    assert "All that was ever spent, without an end" in text


def test_a_budget_is_added(first_lab: Lab) -> None:
    screen = press(visit("budgets"), "budget-add")
    screen.text_input(key="budget-new-name").set_value("Elm's").run()
    screen.selectbox(key="budget-new-scope").set_value(Scope.PERSON).run()
    screen.selectbox(key="budget-new-person").set_value("local").run()
    screen.text_input(key="budget-new-limit").set_value("1,250.50")
    screen.selectbox(key="budget-new-period").set_value(Period.DAY)
    screen.radio(key="budget-new-hard").set_value(False)
    screen.text_input(key="budget-new-thresholds").set_value("90 %, 50")
    screen.text_input(key="budget-new-note").set_value("a trial")

    press(screen, "budget-new-save")

    expected = Budget("Elm's", Scope.PERSON, "local", Period.DAY, Decimal("1250.50"), False, (50, 90))
    assert first_lab.budgets.list() == (expected,)
    assert "The budget Elm's is saved." in screen.toast[0].value.replace("\\", "")
    assert "“a trial”" in said(screen)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("name", "", "The name of a budget has 1 to 60"),
        ("limit", "", "write dollars as 0.04"),
        ("limit", "ten", "write dollars as 0.04"),
        ("limit", "0", "an amount above $0"),
        ("thresholds", "half", "Write the per cents as 50, 80, 95, 100, not 'half'"),
        ("thresholds", "0", "1 to 1000"),
    ],
)
def test_nonsense_is_a_sentence_and_nothing_is_saved(first_lab: Lab, field: str, value: str, told: str) -> None:
    screen = press(visit("budgets"), "budget-add")
    for name, usual in (("name", "All"), ("limit", "5"), (field, value)):
        screen.text_input(key=f"budget-new-{name}").set_value(usual)

    press(screen, "budget-new-save")

    assert told in said(screen)
    assert first_lab.budgets.list() == ()


def test_an_edit_begins_with_what_is_there_and_saves_over_it(first_lab: Lab) -> None:
    save(first_lab, replace(MONTH, limit_usd=Decimal("12.3456"), thresholds=(10,)))
    screen = press(visit("budgets"), "budget-edit-November-0")
    key = "budget-November-0"
    assert screen.text_input(key=f"{key}-limit").value == "12.3456"
    assert screen.text_input(key=f"{key}-thresholds").value == "10"
    assert screen.radio(key=f"{key}-hard").value is True

    screen.text_input(key=f"{key}-limit").set_value("50")
    press(screen, f"{key}-save")

    assert [one.limit_usd for one in first_lab.budgets.list()] == [50]
    assert "**November**: $12.3456 → $50.00" in said(screen)


def test_an_edit_over_somebody_elses_is_told_and_keeps_theirs(first_lab: Lab) -> None:
    save(first_lab)
    screen = press(visit("budgets"), "budget-edit-November-0")
    screen.text_input(key="budget-November-0-limit").set_value("50")
    save(first_lab, replace(MONTH, limit_usd=Decimal(70)), follows=0)

    press(screen, "budget-November-0-save")

    assert "bob has changed 'November' meanwhile" in said(screen)
    assert [one.limit_usd for one in first_lab.budgets.list()] == [70]


def test_a_removed_budget_is_gone_and_its_history_says_so(first_lab: Lab) -> None:
    save(first_lab, note="the plan")
    screen = press(visit("budgets"), "budget-remove-November-0")

    assert first_lab.budgets.list() == ()
    assert "There is no budget yet" in said(screen)
    assert "**November**: removed" in said(screen)
    assert "**November**: set to $100.00, everything, a month, hard, told at 50 %, 80 %, 95 %, 100 %" in said(screen)
    assert "bob “the plan”" in said(screen)


def test_a_budget_that_cannot_be_read_can_be_removed_here(first_lab: Lab) -> None:
    first_lab.store.documents.write("budget", "odd", {"scope": "galaxy"}, "ada", datetime.now(UTC))

    screen = visit("budgets")

    assert "“odd” cannot be read by this release" in said(screen)
    press(screen, "budget-remove-odd-0")
    assert first_lab.budgets.list() == ()


def test_no_name_becomes_markup(first_lab: Lab) -> None:
    save(first_lab, Budget(SCRIPT, Scope.PROJECT, SCRIPT, Period.DAY, Decimal(1), hard=True), note=SCRIPT)
    screen = press(visit("budgets"), f"budget-edit-{SCRIPT}-0")

    assert SCRIPT not in words(screen)
    assert all(SCRIPT not in str(element) for element in screen.get("html"))
