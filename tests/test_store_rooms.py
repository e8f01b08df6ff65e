"""Rooms in the ledger: uploaded once, described often, never lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from staging.errors import NotFound
from staging.rooms import SAMPLE_ROOMS, RoomType
from staging.store import Store
from tests.ledgers import NOW, comparison, digest, later, prediction, room


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


def test_a_room_comes_back_as_it_was_added(store: Store) -> None:
    added = room(name="Büro 2 'neu'.jpg", note="north light\nsee plan", project="Elm St")
    assert store.rooms.add(added)
    assert store.rooms.get(added.digest) == added


def test_the_same_pixels_again_are_the_same_room(store: Store) -> None:
    store.rooms.add(room(name="first.jpg"))
    assert not store.rooms.add(room(name="second.jpg"))
    assert [known.name for known in store.rooms.list()] == ["first.jpg"]


def test_uploading_an_archived_room_takes_it_back_into_use(store: Store) -> None:
    store.rooms.add(room(note="kept"))
    store.rooms.archive(digest(1), "ada", later(1))
    assert store.rooms.list() == []
    assert not store.rooms.add(room(uploaded_at=later(2)))
    assert [(known.archived, known.note) for known in store.rooms.list()] == [(False, "kept")]


def test_rooms_are_listed_newest_first_and_samples_last(store: Store) -> None:
    store.rooms.add(room(1, sample=True, uploaded_at=later(9)))
    store.rooms.add(room(2, uploaded_at=later(1)))
    store.rooms.add(room(3, uploaded_at=later(2)))
    assert [known.digest for known in store.rooms.list()] == [digest(3), digest(2), digest(1)]


def test_rooms_are_found_by_project_and_type(store: Store) -> None:
    store.rooms.add(room(1, project="Elm St", room_type=RoomType.KITCHEN))
    store.rooms.add(room(2, project="Elm St"))
    store.rooms.add(room(3, room_type=RoomType.KITCHEN))
    assert [known.digest for known in store.rooms.list(project="Elm St", room_type=RoomType.KITCHEN)] == [digest(1)]
    assert {known.digest for known in store.rooms.list(room_type=RoomType.KITCHEN)} == {digest(1), digest(3)}
    assert {known.digest for known in store.rooms.list(project="")} == {digest(3)}


def test_a_description_replaces_the_last_one_and_the_old_one_stays_in_the_ledger(store: Store) -> None:
    store.rooms.add(room(note="old"))
    store.rooms.describe(digest(1), room_type=RoomType.OFFICE, project="Elm St", note="new", by="ben", at=later(5))
    known = store.rooms.get(digest(1))
    assert (known.room_type, known.project, known.note) == (RoomType.OFFICE, "Elm St", "new")
    assert store.ledger.rows("SELECT note, written_by FROM app.room_versions ORDER BY version") == [
        ("old", "ada"),
        ("new", "ben"),
    ]


def test_an_archived_room_is_listed_apart_and_can_be_restored(store: Store) -> None:
    store.rooms.add(room())
    store.rooms.archive(digest(1), "ada", later(1))
    assert [known.digest for known in store.rooms.list(archived=True)] == [digest(1)]
    assert store.rooms.get(digest(1)).archived
    store.rooms.restore(digest(1), "ada", later(2))
    assert [known.digest for known in store.rooms.list()] == [digest(1)]


def test_a_change_that_changes_nothing_writes_nothing(store: Store) -> None:
    store.rooms.add(room())
    store.rooms.restore(digest(1), "ada", later(1))
    assert store.ledger.rows("SELECT count(*) FROM app.room_versions") == [(1,)]


def test_a_room_that_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="no room 000"):
        store.rooms.get(digest(7))
    with pytest.raises(NotFound):
        store.rooms.archive(digest(7), "ada", NOW)


def test_projects_are_those_of_rooms_and_comparisons(store: Store) -> None:
    store.rooms.add(room(1, project="Elm St"))
    store.rooms.add(room(2))
    asked = comparison(project="Ash Rd")
    store.predictions.queue(asked, [prediction(asked)], NOW)
    assert store.rooms.projects() == ["Ash Rd", "Elm St"]


def test_every_sample_room_that_is_shipped_has_a_type() -> None:
    folder = Path(__file__).parent.parent / "data" / "sample_rooms"
    assert set(SAMPLE_ROOMS) == {path.name for path in folder.glob("*.jpg")}
