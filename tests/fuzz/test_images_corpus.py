"""Files made to break decoders, and files full of metadata: all of them, on every merge."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from staging.images_door import Door
from tests.fuzz.corpus import Doorway, Tally, corpus_files


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.close()


def test_every_file_of_the_corpus_is_kept_as_pixels_or_refused_by_name(
    tmp_path: Path, door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    files = corpus_files()
    doorways = [Doorway(tmp_path / str(number), door, least_side=1) for number in range(2)]

    def put(number: int) -> Tally:
        return doorways[number].put((path.name, path.read_bytes()) for path in files[number::2])

    with ThreadPoolExecutor(2) as pool:
        tallies = list(pool.map(put, range(2)))
    with capsys.disabled():
        print("\ncorpus of pictures:", "; ".join(map(str, tallies)))
    assert sum(tally.files for tally in tallies) == len(files)
    assert not any(tally.crashed_a_reader for tally in tallies)
    assert sum(tally.kept for tally in tallies) > 0  # else the check for metadata has seen nothing
