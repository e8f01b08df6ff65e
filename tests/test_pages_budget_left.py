"""What the bar under the choices says of budgets before a run, and what a retry says after."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.budgeting import left_words, refuses
from staging import lab as labs
from staging.budgets import Budget, Outlook, Period, Scope, Standing
from staging.desk import ModelChoice
from staging.lab import Lab
from tests.labs import MODEL, UNCHANGED, ask, finished, lab_at
from tests.replicate_server import ReplicateServer
from tests.replicate_server_options import Fault
from tests.screens import SCRIPT, visit, words

TRIAL = Budget("Trial", Scope.ALL, "", Period.TOTAL, Decimal("0.05"), hard=True)


@pytest.fixture
def lab(first_folder: Path, tmp_path: Path, replicate_server: ReplicateServer) -> Iterator[Lab]:
    shutil.copytree(first_folder, tmp_path / "data")
    with lab_at(tmp_path / "data", replicate_server) as lab:
        labs.set_current(lab)
        yield lab
        labs.set_current(None)


def save(lab: Lab, budget: Budget) -> None:
    lab.budgets.save(budget, "ada", datetime.now(UTC))


def chosen(*models: str) -> AppTest:
    screen = visit()
    screen.session_state["compare-models-chosen"] = list(models)
    screen.run()
    assert not screen.exception
    return screen


def said(screen: AppTest) -> str:
    return words(screen).replace("\\", "").replace("\u2060", "")


def barred(screen: AppTest) -> bool:
    return next(button for button in screen.button if button.label == "Compare").disabled


def test_what_a_run_leaves_of_its_budgets_is_said_before_it(lab: Lab) -> None:
    save(lab, TRIAL)
    save(lab, replace(TRIAL, name="Bananas", scope=Scope.MODEL, key="google/nano-banana"))

    screen = chosen(MODEL)

    assert "Budget left after this run: Trial $0.02" in said(screen)
    assert "Bananas" not in said(screen)
    assert not barred(screen)


def test_a_run_that_would_be_refused_says_which_budget_and_cannot_be_pressed(lab: Lab) -> None:
    save(lab, TRIAL)

    screen = chosen(MODEL, "google/nano-banana")

    assert "Cannot be started. The hard budget “Trial” (everything, in total) has $0.05 of $0.05 left" in said(screen)
    assert barred(screen)


def test_an_unknown_price_under_a_hard_budget_says_what_to_do(lab: Lab) -> None:
    save(lab, TRIAL)

    screen = chosen("google/nano-banana-2")

    assert "Nobody knows what google/nano-banana-2 may cost" in said(screen)
    assert "declare a worst price on the Prices page" in said(screen)
    assert barred(screen)


def test_a_soft_budget_warns_and_lets_it_run(lab: Lab) -> None:
    save(lab, replace(TRIAL, hard=False))

    screen = chosen(MODEL, "google/nano-banana")

    assert ":orange[:material/warning: The soft budget “Trial”" in said(screen)
    assert not barred(screen)


def test_a_free_run_says_nothing_of_budgets(lab: Lab) -> None:
    save(lab, TRIAL)

    assert "Trial" not in said(chosen(UNCHANGED))


def test_no_budgets_name_becomes_markup_in_the_bar(lab: Lab) -> None:
    save(lab, replace(TRIAL, name=SCRIPT))

    assert SCRIPT not in words(chosen(MODEL))
    assert SCRIPT not in words(chosen(MODEL, "google/nano-banana"))


def test_the_scarcest_budgets_are_named_and_the_others_counted() -> None:
    day = datetime(2026, 11, 23, tzinfo=UTC).date()
    outlooks = [
        Outlook(
            Standing(
                replace(TRIAL, name=name, limit_usd=Decimal(limit)), day, day, "2026-11-23", Decimal(0), Decimal(0)
            ),
            Decimal(1),
            (),
            "UTC",
        )
        for name, limit in (("a", 50), ("b", 20), ("c", 40), ("d", 30), ("e", 60))
    ]

    assert not refuses(outlooks)
    assert left_words(outlooks).replace("\\", "").endswith("b $19.00 · d $29.00 · c $39.00 and 2 others]")
    assert left_words([]) == ""
    refused = [replace(one, wanted_usd=Decimal(45)) for one in outlooks]
    assert refuses(refused)
    assert "“c”" not in left_words(refused)
    assert "2 other budgets would object too." in left_words(refused)


def test_trying_all_again_shows_what_the_budget_refused(lab: Lab, replicate_server: ReplicateServer) -> None:
    replicate_server.add_faults(Fault(on="create", status=422, times=3))
    comparison = ask(lab, ModelChoice(MODEL, seeds=3))
    finished(lab, comparison)
    save(lab, TRIAL)
    screen = visit(comparison=comparison)

    screen.button(key="compare-retry-failed").click().run()

    assert not screen.exception
    assert "2 pictures of 3 not tried again. Nothing was started. The hard budget “Trial”" in said(screen)
