"""Valid files with bytes changed, cut, doubled and mixed: `make fuzz`, for as long as one likes.

STAGING_TEST_FUZZ_SECONDS sets the time (60), STAGING_TEST_FUZZ_SEED the start (1): a failure names
the seed of its file, and the same seed makes the same file again.
"""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from staging.images_door import Door
from tests.fuzz.corpus import Doorway
from tests.hostile_pictures import encoded, exif_with_place, quarters, slow_jpeg, swapped_profile, with_everything

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(0)]  # it sets its own time

SPICE = [b"\0", b"\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\0\0\0\0", b"IDAT", b"ispe", b"\xff\xda", b"ALPH"]


def valid_files() -> list[bytes]:
    """Return small valid files of each format, with and without metadata, and in each colour mode."""
    small = quarters(96, 80)
    files = [with_everything(format_, small) for format_ in ("JPEG", "PNG", "WEBP", "HEIF")]
    files += [encoded(small.convert(mode), "PNG", exif=exif_with_place(6)) for mode in ("1", "L", "LA", "P", "RGBA")]
    files += [
        encoded(small.convert("CMYK"), "JPEG", icc_profile=swapped_profile()),
        encoded(small, "JPEG", progressive=True, exif=exif_with_place(5)),
        encoded(small.convert("RGBA"), "WEBP"),
        encoded(small, "WEBP", save_all=True, append_images=[small.rotate(90)]),
        encoded(small, "PNG", save_all=True, append_images=[small.rotate(90)]),
        encoded(small, "MPO", save_all=True, append_images=[small]),
        encoded(small.convert("RGBA"), "HEIF", quality=50),
        slow_jpeg(5, side=64),
    ]
    return files


def mutated(files: list[bytes], seed: int) -> bytes:
    """Return the file that belongs to the seed."""
    chance = random.Random(seed)
    data = bytearray(chance.choice(files))
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(len(data)) if chance.random() < 0.5 else chance.randrange(min(len(data), 200))
        match chance.randrange(6):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                data[at : at + 4] = chance.randbytes(4)
            case 2:
                spice = chance.choice(SPICE)
                data[at : at + len(spice)] = spice
            case 3:
                del data[at : at + chance.randrange(1, 64)]
            case 4:
                data[at:at] = data[at : at + chance.randrange(1, 64)]
            case _:
                other = chance.choice(files)
                start = chance.randrange(len(other))
                data[at:at] = other[start : start + chance.randrange(1, 256)]
        if not data:
            return b"\0"
    return bytes(data)


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.close()


def test_no_mutation_of_a_valid_file_harms_the_door(
    tmp_path: Path, door: Door, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds = float(os.environ.get("STAGING_TEST_FUZZ_SECONDS", "60"))
    first = int(os.environ.get("STAGING_TEST_FUZZ_SEED", "1"))
    files, end = valid_files(), time.monotonic() + seconds
    doorway = Doorway(tmp_path / "pictures", door, least_side=1)

    def mutations() -> Iterator[tuple[str, bytes]]:
        seed = first
        while time.monotonic() < end:
            yield f"seed {seed}", mutated(files, seed)
            seed += 1

    tally = doorway.put(mutations())
    with capsys.disabled():
        print(f"\nmutated pictures from seed {first}: {tally}")
    assert tally.kept > 0
    assert tally.reasons


def test_the_same_seed_makes_the_same_file() -> None:
    files = [encoded(quarters(96, 80), "PNG")]
    assert mutated(files, 7) == mutated(files, 7) != mutated(files, 8)
