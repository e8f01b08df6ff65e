"""Ids sort by when they were made."""

import uuid
from concurrent.futures import ThreadPoolExecutor

from staging.ids import new_id


def test_ids_made_later_sort_later() -> None:
    made = [new_id() for _ in range(20_000)]
    assert made == sorted(set(made))


def test_ids_made_by_threads_at_once_are_all_different() -> None:
    with ThreadPoolExecutor(8) as threads:
        batches = list(threads.map(lambda _: [new_id() for _ in range(2_000)], range(8)))
    assert len({one for batch in batches for one in batch}) == 16_000


def test_an_id_is_a_uuid_version_7() -> None:
    assert uuid.UUID(new_id()).version == 7
