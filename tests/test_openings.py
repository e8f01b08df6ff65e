"""Where a room's doors and windows are: kept with versions, checked before they are kept, suggested by a detector."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staging import openings
from staging.errors import EditedMeanwhile, NotFound, OpeningsRefused
from staging.lab import Lab
from staging.openings import MOST_OPENINGS, checked
from tests.labs import lab_at, photo

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
DOOR = {"kind": "door", "corners": [[0.1, 0.3], [0.2, 0.3], [0.2, 0.9], [0.1, 0.9]]}
WINDOW = {"kind": "window", "corners": [[0.5, 0.2], [0.8, 0.25], [0.8, 0.6], [0.5, 0.65]]}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with lab_at(tmp_path / "data") as lab:
        yield lab


@pytest.fixture
def room(lab: Lab) -> str:
    return lab.desk.keep_room(photo(), "room.png", "tester").digest


def test_outlines_are_kept_with_the_room_and_every_version_with_its_writer(lab: Lab, room: str) -> None:
    assert lab.openings.of(room) == ()
    assert lab.openings.get(room).version == -1

    lab.openings.save(room, [DOOR], "ann", AT, follows=-1)
    lab.openings.save(room, [DOOR, WINDOW], "bob", AT, follows=0)

    assert [one.kind for one in lab.openings.of(room)] == ["door", "window"]
    assert lab.openings.of(room)[1].corners[1] == (0.8, 0.25)
    newest, first = lab.openings.versions(room)
    assert (newest.version, newest.written_by, len(newest.openings)) == (1, "bob", 2)
    assert (first.version, first.written_by, first.written_at) == (0, "ann", AT)


def test_outlines_outlive_a_restart(tmp_path: Path) -> None:
    with lab_at(tmp_path / "data") as lab:
        room = lab.desk.keep_room(photo(), "room.png", "tester").digest
        lab.openings.save(room, [WINDOW], "ann", AT)
    with lab_at(tmp_path / "data") as lab:
        assert [one.kind for one in lab.openings.of(room)] == ["window"]


def test_all_outlines_can_be_taken_away(lab: Lab, room: str) -> None:
    lab.openings.save(room, [DOOR], "ann", AT)

    assert lab.openings.save(room, [], "ann", AT).version == 1
    assert lab.openings.of(room) == ()


def test_what_somebody_saved_meanwhile_is_not_overwritten(lab: Lab, room: str) -> None:
    lab.openings.save(room, [DOOR], "ann", AT, follows=-1)

    with pytest.raises(EditedMeanwhile, match="ann has changed"):
        lab.openings.save(room, [WINDOW], "bob", AT, follows=-1)
    assert [one.kind for one in lab.openings.of(room)] == ["door"]


def test_a_room_that_is_not_there_has_no_outlines(lab: Lab) -> None:
    with pytest.raises(NotFound):
        lab.openings.save("f" * 64, [DOOR], "ann", AT)
    assert lab.openings.of("f" * 64) == ()


@pytest.mark.parametrize(
    ("shapes", "sentence"),
    [
        ("door", "The list of outlines cannot be used"),
        (None, "The list of outlines cannot be used"),
        ([DOOR] * (MOST_OPENINGS + 1), "at most 40"),
        ([DOOR, {**WINDOW, "kind": "hatch"}], "Outline 2 cannot be used"),
        ([{**DOOR, "corners": DOOR["corners"][:3]}], "4 to 12 corners"),
        ([{**DOOR, "corners": [[0.1], [0.2], [0.2], [0.1]]}], "Outline 1 cannot be used"),
        ([{**DOOR, "by": "me"}], "Outline 1 cannot be used"),
        ([{**DOOR, "corners": [[0.1, 0.3], [1.2, 0.3], [0.2, 0.9], [0.1, 0.9]]}], "outside of the photo"),
        ([{**DOOR, "corners": [[0.1, 0.3], [math.nan, 0.3], [0.2, 0.9], [0.1, 0.9]]}], "outside of the photo"),
        ([{**DOOR, "corners": [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]]}], "crosses itself"),
        ([{**DOOR, "corners": [[0.1, 0.1], [0.11, 0.1], [0.11, 0.11], [0.1, 0.11]]}], "too small"),
    ],
)
def test_what_is_no_outline_is_refused_with_the_reason(shapes: object, sentence: str) -> None:
    with pytest.raises(OpeningsRefused, match=sentence):
        checked(shapes)


def test_of_what_is_refused_nothing_is_kept(lab: Lab, room: str) -> None:
    with pytest.raises(OpeningsRefused, match="Nothing was saved"):
        lab.openings.save(room, [DOOR, {**WINDOW, "kind": "hatch"}], "ann", AT)
    assert lab.openings.versions(room) == []


@given(st.lists(st.floats(0.02, 0.48), min_size=5, max_size=5), st.floats(0.3, 0.7), st.floats(0.3, 0.7))
@settings(max_examples=30, deadline=None)
def test_an_outline_round_a_middle_never_crosses_itself(radii: list[float], x: float, y: float) -> None:
    """Whatever its corners' distances: drawn round a point, in order of their angle, sides cannot meet."""
    around = [math.tau * step / len(radii) for step in range(len(radii))]
    near = 0.6 * min(x, y, 1 - x, 1 - y)
    corners = [
        [x + (0.4 + radius) * near * math.cos(turn), y + (0.4 + radius) * near * math.sin(turn)]
        for radius, turn in zip(radii, around, strict=True)
    ]
    shape = {"kind": "window", "corners": corners}

    kept = checked([shape])

    assert [list(corner) for corner in kept.openings[0].corners] == corners


def test_a_detector_that_breaks_is_a_sentence(lab: Lab, room: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openings, "_PACKAGE_ROOT", Path("/nowhere"))

    with pytest.raises(OpeningsRefused, match="Outline its doors and windows by hand"):
        lab.openings.suggest(room)


def test_a_detector_suggests_what_can_be_saved_as_it_is(tmp_path: Path) -> None:
    with lab_at(tmp_path / "data") as lab:
        sample = Path(__file__).parent.parent / "data" / "sample_rooms" / "bedroom.jpg"
        room = lab.desk.keep_room(sample.read_bytes(), "bedroom.jpg", "tester").digest

        found = lab.openings.suggest(room)

        assert found
        shapes = [{"kind": one.kind, "corners": one.corners} for one in found]
        assert lab.openings.save(room, shapes, "ann", AT).openings == found


def test_a_photo_without_a_room_says_so(lab: Lab, room: str) -> None:
    with pytest.raises(OpeningsRefused, match="nothing is suggested"):
        lab.openings.suggest(room)
