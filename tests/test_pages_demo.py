"""Demo history says what it is on every page, and one press takes it away."""

from datetime import UTC, datetime

import pytest

from staging.lab import Lab
from tests.screens import visit, words

LABEL = "whose names begin with “demo:”"


@pytest.fixture
def demo_lab(first_lab: Lab) -> Lab:
    first_lab.store.documents.write("demo", "history", {"people": []}, "demo: Ada", datetime.now(UTC))
    return first_lab


@pytest.mark.parametrize("page", ["compare", "leaderboard", "costs", "history"])
def test_every_page_labels_the_demo(demo_lab: Lab, page: str) -> None:
    assert LABEL in words(visit(page))


def test_a_vote_is_not_disturbed_and_a_lab_without_a_demo_says_nothing(first_lab: Lab) -> None:
    assert LABEL not in words(visit("compare"))
    first_lab.store.documents.write("demo", "history", {"people": []}, "demo: Ada", datetime.now(UTC))
    assert LABEL not in words(visit("vote"))


def test_one_press_removes_it(demo_lab: Lab) -> None:
    screen = visit("costs")
    screen.button(key="demo-remove").click().run()
    assert not screen.exception
    assert [toast.value for toast in screen.toast] == ["The demo history is gone."]
    assert LABEL not in words(screen)
    assert not demo_lab.demo.here()
    assert not screen.run().toast
