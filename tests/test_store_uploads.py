"""A room's picture is uploaded to a provider once while its address lives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from staging.providers.base import UploadedPicture
from staging.store import Store
from tests.ledgers import NOW, digest, later


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


def test_an_upload_is_found_until_it_expires(store: Store) -> None:
    picture = UploadedPicture("https://files.example/1", later(60))
    store.uploads.record("replicate", digest(1), picture, NOW)
    assert store.uploads.find("replicate", digest(1), later(59.9)) == picture
    assert store.uploads.find("replicate", digest(1), later(60)) is None


def test_the_upload_that_lives_longest_is_found(store: Store) -> None:
    for number, seconds in enumerate((60, 3600, 600)):
        store.uploads.record(
            "replicate", digest(1), UploadedPicture(f"https://files.example/{number}", later(seconds)), NOW
        )
    found = store.uploads.find("replicate", digest(1), NOW)
    assert found is not None
    assert found.url == "https://files.example/1"


def test_an_upload_belongs_to_its_provider_and_room(store: Store) -> None:
    store.uploads.record("replicate", digest(1), UploadedPicture("https://files.example/1", later(60)), NOW)
    assert store.uploads.find("offline", digest(1), NOW) is None
    assert store.uploads.find("replicate", digest(2), NOW) is None
