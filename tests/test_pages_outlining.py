"""Outlining a room's doors and windows, as far as it shows without a browser."""

from datetime import UTC, datetime

from staging.lab import Lab
from tests.labs import photo
from tests.screens import SCRIPT, told, visit, words

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
DOOR = {"kind": "door", "corners": [[0.1, 0.3], [0.2, 0.3], [0.2, 0.9], [0.1, 0.9]]}
WINDOW = {"kind": "window", "corners": [[0.5, 0.2], [0.8, 0.25], [0.8, 0.6], [0.5, 0.65]]}


def own(lab: Lab, name: str = "mine.png") -> str:
    return lab.desk.keep_room(photo(1), name, "tester").digest


def test_the_room_tells_what_is_outlined_and_leads_there(first_lab: Lab) -> None:
    room = own(first_lab)
    first_lab.openings.save(room, [DOOR, WINDOW, WINDOW], "ann", AT)
    screen = visit("rooms", room=room)

    button = next(one for one in screen.button if one.key == f"room-outline-{room}")
    assert button.label == "Doors and windows: 2 windows, 1 door"
    button.click().run()

    assert screen.query_params["outline"] == room
    assert "room" not in screen.query_params
    shapes = told(screen, f"outliner-{room}")["shapes"]
    assert [shape["kind"] for shape in shapes] == ["door", "window", "window"]
    assert shapes[0]["corners"] == DOOR["corners"]


def test_an_older_version_is_brought_back_as_a_new_one(first_lab: Lab) -> None:
    room = own(first_lab)
    first_lab.openings.save(room, [DOOR], "ann", AT)
    first_lab.openings.save(room, [], "bob", AT)
    screen = visit("rooms", outline=room)
    assert r"by bob\: none outlined" in words(screen)

    screen.button(key="outlining-back-0").click().run()

    assert [one.kind for one in first_lab.openings.of(room)] == ["door"]
    assert first_lab.openings.get(room).version == 2
    assert told(screen, f"outliner-{room}")["version"] == 2


def test_no_name_is_read_as_markup(first_lab: Lab) -> None:
    room = own(first_lab, f"{SCRIPT}.png")
    first_lab.openings.save(room, [DOOR], SCRIPT, AT)

    screen = visit("rooms", outline=room)

    assert SCRIPT not in words(screen)
    assert "mg src" in words(screen)


def test_a_room_that_is_not_there_is_a_sentence(first_lab: Lab) -> None:
    screen = visit("rooms", outline="f" * 64)

    assert len(screen.error) == 1


def test_what_the_detector_cannot_do_is_a_sentence(first_lab: Lab) -> None:
    screen = visit("rooms", outline=own(first_lab))

    screen.button(key="outlining-suggest").click().run()

    assert "by hand" in words(screen)
