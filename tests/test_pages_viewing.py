"""The viewer's dialog: what it is told to show, and what it does with what a browser says."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.viewing import framing
from staging.desk import ModelChoice
from staging.lab import Lab
from staging.predictions import Mark, Reason, Verdict
from tests.labs import UNCHANGED, ask, finished, photo
from tests.screens import told, visit, words


def opened(lab: Lab, *choices: Any, rooms: int = 1) -> tuple[str, list[str]]:
    """Return a finished comparison and its predictions' ids."""
    comparison = ask(lab, *(choices or (UNCHANGED,)), rooms=[photo(number) for number in range(rooms)])
    cells = finished(lab, comparison).cells.values()
    return comparison, [cell.prediction.prediction.id for cell in cells]


def says(screen: AppTest, deed: str, said: Any) -> AppTest:
    """Run the page as when its viewer has just said this."""
    screen.session_state["viewer-inbox"].said.append((deed, said))
    return screen.run()


def mark(turn: int, prediction: str, **changes: Any) -> dict[str, Any]:
    return {"turn": turn, "id": prediction, "changes": changes}


def now(lab: Lab, prediction: str) -> Mark:
    return lab.store.predictions.get(prediction).mark


def test_the_original_comes_first_and_then_every_output_of_the_room(first_lab: Lab) -> None:
    comparison, ids = opened(first_lab, ModelChoice(UNCHANGED, seeds=2), rooms=2)

    shown = told(visit(comparison=comparison, view=ids[0]), "viewer")

    labels = [shot["label"] for shot in shown["shots"]]
    assert labels == ["Original", "Offline baseline: unchanged, run 1", "Offline baseline: unchanged, run 2"]
    assert [shot["code"] for shot in shown["shots"]] == ["0", "1", "2"]
    output = first_lab.store.predictions.get(ids[0]).outputs[0]
    assert shown["shots"][0]["id"] == first_lab.store.predictions.get(ids[0]).prediction.room
    for kind in ("thumbnail", "view"):
        assert f"/pictures/{kind}/{output.digest}?" in shown["shots"][1][kind]
    assert f"/pictures/original/{output.digest}?" in shown["shots"][1]["full"]


def test_the_viewer_knows_the_pictures_before_and_after(first_lab: Lab) -> None:
    comparison, ids = opened(first_lab, rooms=2)

    first = told(visit(comparison=comparison, view=ids[0]), "viewer")
    last = told(visit(comparison=comparison, view=ids[1]), "viewer")

    assert (first["previous"], first["next"], first["first"], first["total"]) == (None, ids[1], 1, 2)
    assert (last["previous"], last["next"], last["first"], last["total"]) == (ids[0], None, 2, 2)


def test_going_on_puts_picture_and_room_into_the_address(first_lab: Lab) -> None:
    comparison, ids = opened(first_lab, rooms=2)

    screen = says(visit(comparison=comparison, view=ids[0]), "go", ids[1])

    assert told(screen, "viewer")["opened"] == ids[1]
    room = first_lab.store.predictions.get(ids[1]).prediction.room
    assert (screen.query_params["view"], screen.query_params["room"]) == (ids[1], room[:12])


def test_a_link_to_a_picture_that_was_made_again_opens_its_room(first_lab: Lab) -> None:
    comparison, ids = opened(first_lab, rooms=2)
    room = first_lab.store.predictions.get(ids[1]).prediction.room

    lost = visit(comparison=comparison, view="gone")
    near = visit(comparison=comparison, view="gone", room=room[:12])

    assert "not part of the comparison" in words(lost)
    assert told(near, "viewer")["opened"] == ids[1]


def test_the_drawer_tells_what_is_known_and_nothing_else(first_lab: Lab) -> None:
    comparison, ids = opened(first_lab)

    facts = dict(told(visit(comparison=comparison, view=ids[0]), "viewer")["shots"][1]["facts"])

    assert facts["Model"] == f"Offline baseline: unchanged ({UNCHANGED})"
    assert facts["Prompt"] == "Furnish this room."
    assert facts["Cost"] == "$0"
    assert facts["Size"].startswith("320 × 256 pixels")
    assert not {"Version", "Parameters"} & set(facts)


def test_a_mark_is_taken_once_however_often_it_is_sent(first_lab: Lab) -> None:
    comparison, (prediction,) = opened(first_lab)
    accepted, stars = mark(7, prediction, verdict="accepted"), mark(8, prediction, stars=4)

    screen = says(visit(comparison=comparison, view=prediction), "mark", [accepted])
    first = now(first_lab, prediction)
    first_lab.desk.mark(prediction, "somebody else", verdict=Verdict.REJECTED)
    says(screen, "mark", [accepted, stars])

    assert first == Mark(Verdict.ACCEPTED)
    assert now(first_lab, prediction) == Mark(Verdict.REJECTED, stars=4)
    assert told(screen, "viewer")["heard"] == 8
    assert told(screen, "viewer")["marks"][prediction]["stars"] == 4


def test_a_refused_mark_keeps_none_of_the_others_back(first_lab: Lab) -> None:
    comparison, (prediction,) = opened(first_lab)
    marks = [mark(1, prediction, stars=9), mark(2, prediction, verdict="accepted"), mark(3, prediction, favourite=True)]

    screen = says(visit(comparison=comparison, view=prediction), "mark", marks)

    assert "1 to 5 stars" in screen.error[0].value
    assert now(first_lab, prediction) == Mark(Verdict.ACCEPTED, favourite=True)


def test_a_mark_is_taken_when_the_viewer_was_closed_at_once(first_lab: Lab) -> None:
    comparison, (prediction,) = opened(first_lab)

    screen = says(visit(comparison=comparison), "mark", [mark(1, prediction, verdict="accepted")])

    assert now(first_lab, prediction) == Mark(Verdict.ACCEPTED)
    cell = told(screen, f"compare-grid-{comparison}")["rows"][0]["cells"][0]
    assert cell["verdict"]["text"] == "Accepted"


def test_all_that_can_be_said_of_an_output_reaches_the_ledger(first_lab: Lab) -> None:
    comparison, (prediction,) = opened(first_lab)
    screen = visit(comparison=comparison, view=prediction)

    says(screen, "mark", [mark(1, prediction, verdict="rejected", reasons=["framing", "scale"])])
    says(screen, "mark", [mark(2, prediction, note="Sofa too large", favourite=True)])
    full = now(first_lab, prediction)
    says(screen, "mark", [mark(3, prediction, verdict="undecided", stars=0, note="", favourite=False)])

    assert full == Mark(Verdict.REJECTED, (Reason.SCALE, Reason.FRAMING), None, "Sofa too large", True)
    assert now(first_lab, prediction) == Mark()


@pytest.mark.parametrize(
    "said",
    [
        "accepted",
        {"turn": 1},
        [None, 3, {"turn": "x", "id": "y", "changes": {}}, {"turn": 1, "changes": "all"}],
        [mark(1, "no such prediction", verdict="accepted")],
        [mark(1, "", verdict="splendid", reasons="scale", stars="5", note=7, favourite="yes")],
    ],
)
def test_what_makes_no_sense_changes_nothing_and_is_no_traceback(first_lab: Lab, said: Any) -> None:
    comparison, (prediction,) = opened(first_lab)

    screen = says(visit(comparison=comparison, view=prediction), "mark", said)

    assert not screen.exception
    assert now(first_lab, prediction) == Mark()
    assert told(screen, "viewer")["opened"] == prediction


def test_too_many_stars_are_refused_in_a_sentence(first_lab: Lab) -> None:
    comparison, (prediction,) = opened(first_lab)

    screen = says(visit(comparison=comparison, view=prediction), "mark", [mark(1, prediction, stars=9)])

    assert "1 to 5 stars" in screen.error[0].value
    assert now(first_lab, prediction) == Mark()


def test_the_grid_shows_the_verdict(first_lab: Lab) -> None:
    comparison, ids = opened(first_lab)
    first_lab.desk.mark(ids[0], "tester", verdict=Verdict.ACCEPTED)

    cell = told(visit(comparison=comparison), f"compare-grid-{comparison}")["rows"][0]["cells"][0]

    assert cell["verdict"]["text"] == "Accepted"


@pytest.mark.parametrize(
    ("output", "words", "other_shape"),
    [
        ((1600, 1067), "", False),
        ((1024, 683), "1024 × 683, smaller than the room's 1600 × 1067", False),
        ((3200, 2134), "3200 × 2134, larger than the room's 1600 × 1067", False),
        ((1600, 1072), "1600 × 1072, of another size than the room's 1600 × 1067", False),
        ((1024, 768), "1024 × 768, cropped or of another shape than the room's 1600 × 1067: shown whole", True),
    ],
)
def test_a_frame_that_is_not_the_rooms_is_named(output: tuple[int, int], words: str, other_shape: bool) -> None:
    frame = framing(output, (1600, 1067))

    assert (frame.whole, frame.other_shape) == (words, other_shape)
    assert bool(frame.brief) is bool(words)
