"""What people write in the app: every version kept, nobody's words lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from staging.errors import EditedMeanwhile, NotFound
from staging.store import Document, Store
from tests.ledgers import NOW, later

SET = "model set"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


def test_every_version_is_kept_and_the_last_one_counts(store: Store) -> None:
    store.documents.write(SET, "ours", ["a"], "ada", NOW)
    second = store.documents.write(SET, "ours", ["a", "b"], "ben", later(1), note="b is cheap")

    assert second == Document(SET, "ours", 1, ["a", "b"], "b is cheap", later(1), "ben")
    assert store.documents.get(SET, "ours") == second
    assert [one.body for one in store.documents.versions(SET, "ours")] == [["a", "b"], ["a"]]


def test_what_is_taken_away_is_gone_and_can_come_back(store: Store) -> None:
    store.documents.write(SET, "ours", ["a"], "ada", NOW)
    store.documents.write(SET, "theirs", ["b"], "ada", NOW)
    store.documents.write(SET, "ours", None, "ada", later(1))

    assert [one.name for one in store.documents.list(SET)] == ["theirs"]
    with pytest.raises(NotFound, match="no model set called 'ours'"):
        store.documents.get(SET, "ours")
    assert store.documents.write(SET, "ours", ["a"], "ada", later(2)).version == 2
    assert [one.name for one in store.documents.list(SET)] == ["ours", "theirs"]


def test_the_same_again_writes_nothing(store: Store) -> None:
    first = store.documents.write(SET, "ours", {"a": 1}, "ada", NOW)

    assert store.documents.write(SET, "ours", {"a": 1}, "ben", later(1)) == first
    assert len(store.documents.versions(SET, "ours")) == 1


def test_who_edits_what_somebody_has_changed_meanwhile_is_told(store: Store) -> None:
    seen = store.documents.write(SET, "ours", ["a"], "ada", NOW)
    store.documents.write(SET, "ours", ["a", "b"], "ben", later(1))

    with pytest.raises(EditedMeanwhile, match="ben has changed 'ours' meanwhile"):
        store.documents.write(SET, "ours", ["c"], "ada", later(2), follows=seen.version)

    assert store.documents.get(SET, "ours").body == ["a", "b"]


def test_of_many_who_edit_at_once_one_is_kept(store: Store) -> None:
    seen = store.documents.write(SET, "ours", [0], "ada", NOW)

    def edit(number: int) -> bool:
        try:
            store.documents.write(SET, "ours", [number], "ada", later(1), follows=seen.version)
        except EditedMeanwhile:
            return False
        return True

    with ThreadPoolExecutor(8) as people:
        kept = list(people.map(edit, range(1, 9)))
    assert kept.count(True) == 1
    assert store.documents.get(SET, "ours").version == 1
