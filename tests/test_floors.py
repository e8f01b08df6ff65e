"""Four clicks are remembered with the room, and the stager is told them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from staging.errors import ParametersRefused
from staging.floors import Floors
from staging.quality import Opening
from staging.stager.measure import Said
from staging.store import Store

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CORNERS = [[0.3, 0.6], [0.7, 0.6], [0.95, 0.98], [0.02, 0.97]]


@pytest.fixture
def floors(tmp_path: Path) -> Iterator[Floors]:
    store = Store.open(tmp_path / "staging.duckdb")
    yield Floors(store)
    store.close()


def test_a_floor_is_remembered_and_taken_back(floors: Floors) -> None:
    assert floors.get("room") == ()
    assert floors.said("room") == {}
    floors.keep("room", CORNERS, "ada", NOW)
    assert [list(point) for point in floors.get("room")] == CORNERS
    assert floors.said("room") == {"floor": CORNERS}
    floors.keep("room", (), "ada", NOW)
    assert floors.get("room") == ()


def test_the_stager_is_told_of_outlined_doors_and_windows(tmp_path: Path) -> None:
    door = Opening("door", ((0.1, 0.3), (0.2, 0.3), (0.2, 0.8), (0.1, 0.8)))
    store = Store.open(tmp_path / "staging.duckdb")
    told = Floors(store, lambda room: (door,) if room == "room" else ()).said("room")
    store.close()

    said = Said.read(told)
    assert [(one.kind, [tuple(point) for point in one.corners]) for one in said.openings] == [
        ("door", list(door.corners))
    ]


def test_rooms_do_not_share_a_floor(floors: Floors) -> None:
    floors.keep("one", CORNERS, "ada", NOW)
    assert floors.get("other") == ()


@pytest.mark.parametrize("corners", [CORNERS[:3], [*CORNERS, CORNERS[0]], [[5.0, 0.5], *CORNERS[1:]], [[0.1]] * 4])
def test_what_is_no_outline_is_refused_with_a_sentence(floors: Floors, corners: list[list[float]]) -> None:
    with pytest.raises(ParametersRefused, match="four points"):
        floors.keep("room", corners, "ada", NOW)
    assert floors.get("room") == ()
