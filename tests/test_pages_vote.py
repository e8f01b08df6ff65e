"""The Vote page: what it tells a browser before the vote, and what it does with what a browser says."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from staging import lab as labs
from staging.lab import Lab
from staging.predictions import Reason
from staging.store import BallotFilter
from staging.votes import Unit
from tests.browser import judged
from tests.labs import lab_at
from tests.screens import SCRIPT, answer, told, visit, words

EVERYTHING = BallotFilter()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("votes") / "data"
    judged.make(folder, rooms=2, project="Elm St")
    return folder


@pytest.fixture
def lab(folder: Path, tmp_path: Path) -> Iterator[Lab]:
    """A lab with twelve pairs to judge."""
    shutil.copytree(folder, tmp_path / "data")
    with lab_at(tmp_path / "data") as lab:
        labs.set_current(lab)
        yield lab
        labs.set_current(None)


def says(screen: AppTest, *said: Any) -> AppTest:
    """Run the page as when its ballot has just said this."""
    screen.session_state["vote-inbox"].said.append(list(said))
    return screen.run()


def given(lab: Lab) -> list[tuple[Any, ...]]:
    return lab.store.ledger.rows("SELECT choice, reasons, pin_side, seconds FROM app.votes ORDER BY given_at, sequence")


def test_a_browser_learns_nothing_before_the_vote(lab: Lab) -> None:
    data = told(visit("vote"), "ballot")
    assert (len(data["papers"]), data["left"], data["today"]) == (4, 12, 0)
    text = json.dumps(data)
    rows = lab.store.ledger.rows(
        "SELECT p.id, p.comparison_id, p.model, p.room, o.digest FROM app.predictions p "
        "JOIN app.outputs o ON o.prediction_id = p.id"
    )
    secrets = {str(value) for row in rows for value in row} | {"Room 0", "room 0", "modern", "Elm St"}
    assert [secret for secret in secrets if secret in text] == []
    assert set(data["papers"][0]) == {"id", "views"}
    assert set(data["papers"][0]["views"][0]) == {"left", "right", "room", "ratio"}


def test_a_vote_is_taken_once_however_often_it_is_said(lab: Lab) -> None:
    screen = visit("vote")
    first, second = told(screen, "ballot")["papers"][:2]
    vote = {"turn": 1, "id": first["id"], "choice": "left", "reasons": ["light", "nonsense"], "seconds": 2.5}
    pin = {"side": "right", "view": 0, "x": 0.5, "y": 0.25}
    says(screen, vote | {"pin": pin})
    says(screen, vote, {"turn": 2, "id": second["id"], "choice": "tie", "reasons": [], "pin": None, "seconds": None})
    assert given(lab) == [("left", '["light"]', "right", 2.5), ("tie", "[]", None, None)]
    data = told(screen, "ballot")
    assert (data["heard"], data["today"], data["left"], data["can_undo"]) == (2, 2, 10, True)
    assert first["id"] not in {paper["id"] for paper in data["papers"]}
    assert not screen.error


def test_what_makes_no_sense_changes_nothing_and_does_not_stop_the_rest(lab: Lab) -> None:
    screen = visit("vote")
    first = told(screen, "ballot")["papers"][0]["id"]
    vote = {"id": first, "choice": "right", "reasons": [], "pin": None, "seconds": None}
    says(
        screen,
        "nonsense",
        {"turn": "later"},
        {"turn": 1, "id": first, "choice": "best"},
        {"turn": 2, "id": first, "choice": "withdrawn"},
        vote | {"turn": 3, "id": SCRIPT},
        vote | {"turn": 4, "pin": {"side": "right", "view": 0, "x": 0.5, "y": 0.5}},
        vote | {"turn": 5, "pin": {"side": "left", "view": "0", "x": 0.5, "y": 0.5}, "seconds": -1, "reasons": "light"},
    )
    assert given(lab) == [("right", "[]", None, None)]
    assert len(screen.error) == 1
    assert SCRIPT not in words(screen)


def test_a_second_vote_on_a_pair_is_refused_in_a_sentence(lab: Lab) -> None:
    screen = visit("vote")
    paper = told(screen, "ballot")["papers"][0]["id"]
    says(screen, {"turn": 1, "id": paper, "choice": "left"})
    says(screen, {"turn": 2, "id": paper, "choice": "right"})
    assert "your first vote stands" in words(screen)
    assert len(lab.store.votes.ballots(EVERYTHING)) == 1


def test_undo_brings_the_pair_back(lab: Lab) -> None:
    screen = visit("vote")
    first, second = (paper["id"] for paper in told(screen, "ballot")["papers"][:2])
    says(screen, {"turn": 1, "id": first, "choice": "left"}, {"turn": 2, "id": second, "choice": "skip"})
    says(screen, {"turn": 3, "id": second, "undo": True})
    assert told(screen, "ballot")["papers"][0]["id"] == second
    says(screen, {"turn": 4, "id": None, "undo": True})
    assert told(screen, "ballot")["papers"][0]["id"] == first
    says(screen, {"turn": 5, "id": None, "undo": True})
    assert "no vote of yours to take back" in words(screen)


def test_an_empty_page_says_what_to_do(tmp_path: Path) -> None:
    with lab_at(tmp_path / "empty") as empty:
        labs.set_current(empty)
        data = told(visit("vote"), "ballot")
        labs.set_current(None)
    assert data["papers"] == []
    assert "run two models on your rooms on the Compare page" in data["nothing"]


def test_rooms_of_a_project_are_judged_together(lab: Lab) -> None:
    screen = answer(visit("vote"), "vote-unit", Unit.PROJECT)
    paper = told(screen, "ballot-project")["papers"][0]
    assert len(paper["views"]) == 2
    pin = {"side": "left", "view": 1, "x": 1, "y": 0}
    says(screen, {"turn": 1, "id": paper["id"], "choice": "both bad", "reasons": [Reason.SCALE.value], "pin": pin})
    rows = lab.store.ledger.rows("SELECT unit, pin_view, reasons FROM app.votes")
    assert rows == [("Elm St", 1, '["scale"]')]


def test_a_queue_is_made_shown_by_its_link_and_closed(lab: Lab) -> None:
    screen = answer(visit("vote"), "vote-part", "Queues")
    screen.text_input(key="vote-queue-name-0").input("First round")
    screen.multiselect(key="vote-queue-comparisons-0").select(lab.store.comparisons.list()[0].id)
    screen.button(key="vote-queue-make").click().run()
    (queue,) = lab.voting.queues.list()
    assert f"/vote?queue={queue.id}" in screen.code[-1].value
    assert "12 pairs" in words(screen)

    by_link = visit("vote", queue=queue.id)
    assert "Queue: First round" in words(by_link)
    assert told(by_link, "ballot")["left"] == 12

    screen.button(key=f"vote-queue-{queue.id}").click().run()
    closed = visit("vote", queue=queue.id)
    assert (told(closed, "ballot")["papers"], told(closed, "ballot")["nothing"][:20]) == ([], "This queue is closed")


def test_a_link_to_no_queue_is_a_sentence(lab: Lab) -> None:
    screen = visit("vote", queue=SCRIPT)
    assert "leads to no queue" in words(screen)
    assert SCRIPT not in words(screen)


def test_a_queue_that_names_a_model_is_refused(lab: Lab) -> None:
    screen = answer(visit("vote"), "vote-part", "Queues")
    screen.text_input(key="vote-queue-name-0").input("Seedream or not")
    screen.multiselect(key="vote-queue-comparisons-0").select(lab.store.comparisons.list()[0].id)
    screen.button(key="vote-queue-make").click().run()
    assert "choose another one" in words(screen)
    assert lab.voting.queues.list() == []


def test_raters_figures_are_on_a_part_of_their_own(lab: Lab) -> None:
    screen = visit("vote")
    paper = told(screen, "ballot")["papers"][0]["id"]
    says(screen, {"turn": 1, "id": paper, "choice": "left"})
    answer(screen, "vote-part", "Raters")
    assert [metric.value for metric in screen.metric] == ["100%"]
    assert screen.dataframe[0].value["Votes"].tolist() == [1]
    assert "of 1 vote" in words(screen).replace("\\", "")
