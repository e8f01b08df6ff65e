"""The floor's four corners on the Rooms page, remembered with the room."""

from datetime import UTC, datetime

from staging.lab import Lab
from tests.screens import told, visit

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
