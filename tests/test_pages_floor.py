"""The floor's four corners on the Rooms page, remembered with the room."""

from datetime import UTC, datetime

import pytest

from staging.lab import Lab
from staging.predictions import State
from tests.ledgers import comparison, ending, later, prediction, steps
from tests.screens import told, visit, words

CORNERS = [[0.3, 0.6], [0.7, 0.6], [0.95, 0.98], [0.02, 0.97]]


def test_a_rooms_dialog_offers_its_floor_and_knows_what_was_said(first_lab: Lab) -> None:
    room = first_lab.store.rooms.list()[0].digest
    screen = visit("rooms", room=room)
    assert not screen.exception
    assert told(screen, f"floor-{room}")["corners"] == []
    assert screen.button(key=f"floor-save-{room}").disabled
    first_lab.floors.keep(room, CORNERS, "ada", datetime.now(UTC))
    screen = visit("rooms", room=room)
    assert told(screen, f"floor-{room}")["corners"] == CORNERS
    screen.button(key=f"floor-forget-{room}").click().run()
    assert first_lab.floors.get(room) == ()


def test_four_corners_are_kept_by_one_press(first_lab: Lab) -> None:
    room = first_lab.store.rooms.list()[0].digest
    screen = visit("rooms", room=room)
    screen.session_state[f"floor-{room}-corners"] = CORNERS
    screen.run()
    screen.button(key=f"floor-save-{room}").click().run()
    assert [list(point) for point in first_lab.floors.get(room)] == CORNERS


def test_three_corners_are_not_yet_a_floor(first_lab: Lab) -> None:
    room = first_lab.store.rooms.list()[0].digest
    screen = visit("rooms", room=room)
    screen.session_state[f"floor-{room}-corners"] = CORNERS[:3]
    screen.run()
    assert screen.button(key=f"floor-save-{room}").disabled


def gave_up(lab: Lab, room: str, kind: str) -> str:
    """Return a comparison in which the offline stager gave up on the room."""
    asked = comparison()
    tried = prediction(asked, room=room, model="offline/furnish", provider="offline", parameters={})
    lives = [*steps(tried)[:2], ending(tried, State.FAILED, 3, error="It could not be staged.", error_kind=kind)]
    lab.store.predictions.bring_in_lives(asked, [tried], lives, later(20))
    return asked.id


def test_a_room_without_a_floor_is_asked_for_where_it_failed_and_tried_again(first_lab: Lab) -> None:
    room = first_lab.store.rooms.list()[0]
    asked = gave_up(first_lab, room.digest, "floor")
    screen = visit(comparison=asked)
    assert f"Where is the floor of {room.name}?" in words(screen)
    screen.button(key=f"ask-floor-{room.digest}").click().run()
    assert told(screen, f"floor-{room.digest}")["corners"] == []
    assert screen.button(key=f"floor-save-{room.digest}").disabled
    screen.session_state[f"floor-{room.digest}-corners"] = CORNERS
    screen.run()

    screen.button(key=f"floor-save-{room.digest}").click().run()

    first_lab.desk.cancel_comparison(asked, "ada")
    assert not screen.exception
    assert [list(point) for point in first_lab.floors.get(room.digest)] == CORNERS
    assert len(first_lab.store.predictions.of_comparison(asked)) == 2
    assert "floor" not in screen.query_params
    assert "Where is the floor" not in words(screen)


@pytest.mark.parametrize("other", ["its other room", "no room"])
def test_an_address_asks_for_no_floor_but_those_that_are_missing(first_lab: Lab, other: str) -> None:
    room, unasked = (one.digest for one in first_lab.store.rooms.list()[:2])
    asked = gave_up(first_lab, room, "floor")
    named = unasked if other == "its other room" else "f" * 64

    screen = visit(comparison=asked, floor=named)

    assert not screen.exception
    assert "does not ask for this floor" in words(screen)
    assert "floor-save" not in str([button.key for button in screen.button])
    assert told(visit(comparison=asked, floor=room), f"floor-{room}")["corners"] == []  # the control


@pytest.mark.parametrize("kind", ["input", "model_failed"])
def test_other_failures_ask_for_no_floor(first_lab: Lab, kind: str) -> None:
    screen = visit(comparison=gave_up(first_lab, first_lab.store.rooms.list()[0].digest, kind))
    assert "Where is the floor" not in words(screen)
