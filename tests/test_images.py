"""Rooms and outputs: what is kept of them, under which name, and what is refused."""

import errno
import hashlib
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from PIL import Image

from staging.errors import NotFound, OutputRefused, ProviderUnavailable, UploadRejected
from staging.images import ROOM_LIMITS, PictureKind, Pictures
from staging.images_door import Door
from staging.rooms import SAMPLE_ROOMS
from tests.hostile_pictures import CANARY, encoded, png, quarters, with_everything
from tests.picture_chunks import NotOnlyPixels, assert_only_pixels

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "data" / "sample_rooms"


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    """One door for the module: readers start once."""
    door = Door()
    yield door
    door.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pictures"


@pytest.fixture
def pictures(folder: Path, door: Door) -> Pictures:
    return Pictures(folder, b"key", door=door)


def stored(folder: Path) -> list[Path]:
    """Return every file under the folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


@pytest.mark.parametrize("file", SAMPLE_ROOMS)
def test_the_sample_rooms_pass_the_door(pictures: Pictures, file: str) -> None:
    room = pictures.keep_room((SAMPLES / file).read_bytes(), file)
    assert (room.width, room.height) == ((1536, 2048) if file == "guestroom.jpg" else (1536, 1152))


def test_a_room_is_kept_as_original_view_and_thumbnail_under_its_digest(pictures: Pictures, folder: Path) -> None:
    room = pictures.keep_room(encoded(quarters(2000, 1000), "JPEG"), "room.jpg")
    place = f"{room.digest[:2]}/{room.digest}"
    assert stored(folder) == [
        folder / f"original/{place}.png",
        folder / f"thumbnail/{place}.webp",
        folder / f"view/{place}.webp",
    ]
    assert [size_of(path) for path in stored(folder)] == [(2000, 1000), (480, 240), (1600, 800)]
    assert room.size_bytes == (folder / f"original/{place}.png").stat().st_size


def test_a_small_picture_is_never_enlarged(pictures: Pictures, folder: Path) -> None:
    pictures.keep_room(encoded(quarters(320, 272), "PNG"), "room.png")
    assert {size_of(path) for path in stored(folder)} == {(320, 272)}


def test_the_original_holds_exactly_the_pixels_that_came(pictures: Pictures) -> None:
    noise = Image.frombytes("RGB", (300, 260), os.urandom(300 * 260 * 3))
    room = pictures.keep_room(encoded(noise, "PNG"), "noise.png")
    with Image.open(pictures.room_file(room.digest).path) as kept:
        assert kept.tobytes() == noise.tobytes()


def test_the_same_pixels_are_the_same_room_whatever_the_file(pictures: Pictures) -> None:
    image = quarters()
    files = [
        encoded(image, "PNG"),
        encoded(image, "PNG", compress_level=0),
        encoded(image, "WEBP", lossless=True),
        encoded(image.convert("RGBA"), "PNG"),
    ]
    assert len({pictures.keep_room(data, "room").digest for data in files}) == 1


def test_other_pixels_or_another_shape_are_another_room(pictures: Pictures) -> None:
    changed = quarters()
    changed.putpixel((7, 7), (200, 30, 31))
    images = [quarters(), changed, Image.new("RGB", (320, 272)), Image.new("RGB", (272, 320))]
    assert len({pictures.keep_room(encoded(image, "PNG"), "room").digest for image in images}) == 4


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_nothing_but_pixels_is_kept_of_a_room(pictures: Pictures, folder: Path, format_: str) -> None:
    data = with_everything(format_)
    assert CANARY in data
    pictures.keep_room(data, "room")
    for path in stored(folder):
        assert_only_pixels(path)
        assert CANARY not in path.read_bytes()


def test_the_check_for_metadata_finds_what_a_plain_save_keeps(tmp_path: Path) -> None:
    path = tmp_path / "saved.png"
    with Image.open(SAMPLES / "loft.jpg") as image:
        image.info["icc_profile"] = b"profile"
        image.save(path)
    with pytest.raises(NotOnlyPixels):
        assert_only_pixels(path)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a\0b", "", "x" * 500, "CON", "a\nb"])
def test_the_uploaded_name_never_becomes_a_path(pictures: Pictures, folder: Path, name: str) -> None:
    room = pictures.keep_room(encoded(quarters(), "PNG"), name)
    assert {path.stem for path in stored(folder)} == {room.digest}
    assert stored(folder.parent) == stored(folder)


def test_a_refusal_names_the_file_and_the_reason(pictures: Pictures, folder: Path) -> None:
    with pytest.raises(UploadRejected) as refusal:
        pictures.keep_room(encoded(quarters(), "GIF"), "kitchen.gif")
    assert str(refusal.value) == "kitchen.gif: it is a GIF, and only JPEG, PNG, WebP and HEIC pictures are taken."
    assert stored(folder) == []


def test_a_name_with_line_breaks_is_shown_on_one_line(pictures: Pictures) -> None:
    with pytest.raises(UploadRejected) as refusal:
        pictures.keep_room(b"", "a\n\x1b[31mb" + "x" * 500)
    assert str(refusal.value) == f"a[31mb{'x' * 114}: it is empty."


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty."),
        (b"\xff\xd8\xff" + b"\0" * 25_000_000, "it has 25.0 MB, and at most 25 MB are taken."),
        (encoded(quarters(320, 255), "PNG"), "it has 320 × 255 pixels, and at least 256 on the short side"),
        (encoded(Image.new("1", (7000, 6000)), "PNG"), "it has 7000 × 6000 pixels (42 megapixels), and at most 40"),
    ],
    ids=["empty", "25 MB", "255 px", "42 MP"],
)
def test_a_room_out_of_its_limits_is_refused_with_the_limit(pictures: Pictures, data: bytes, reason: str) -> None:
    with pytest.raises(UploadRejected) as refusal:
        pictures.keep_room(data, "room")
    assert refusal.value.reason.startswith(reason)


def test_a_room_at_its_limits_is_taken(pictures: Pictures) -> None:
    assert pictures.keep_room(encoded(Image.new("L", (256, 256)), "PNG"), "room").width == 256
    assert pictures.keep_room(encoded(Image.new("1", (8000, 5000)), "PNG"), "room").width == 8000


def test_a_large_room_is_sent_smaller_and_kept_whole(pictures: Pictures, folder: Path) -> None:
    room = pictures.keep_room(encoded(Image.linear_gradient("L").resize((3000, 1500)), "JPEG"), "large.jpg")
    sent = pictures.room_to_send(room.digest)
    assert (sent.width, sent.height) == size_of(Path(sent.path)) == (2048, 1024)
    assert size_of(Path(pictures.room_file(room.digest).path)) == (3000, 1500)
    made = Path(sent.path).stat().st_mtime_ns
    assert pictures.room_to_send(room.digest) == sent
    assert Path(sent.path).stat().st_mtime_ns == made  # once
    assert_only_pixels(Path(sent.path))


def test_a_room_that_is_small_enough_is_sent_as_it_is(pictures: Pictures) -> None:
    room = pictures.keep_room(encoded(Image.linear_gradient("L").resize((2048, 1024)), "PNG"), "room.png")
    assert pictures.room_to_send(room.digest) == pictures.room_file(room.digest)


def test_a_room_file_tells_the_path_and_size_of_the_original(pictures: Pictures) -> None:
    room = pictures.keep_room(encoded(quarters(400, 300), "JPEG"), "room.jpg")
    file = pictures.room_file(room.digest)
    assert (file.digest, file.media_type, file.width, file.height) == (room.digest, "image/png", 400, 300)
    assert size_of(Path(file.path)) == (400, 300)


@pytest.mark.parametrize(
    ("format_", "media_type"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp"), ("HEIF", "image/heic")],
)
def test_an_output_is_kept_bit_for_bit_and_its_views_hold_only_pixels(
    pictures: Pictures, folder: Path, format_: str, media_type: str
) -> None:
    data = with_everything(format_)
    output = pictures.keep_output(data)
    assert output.digest == hashlib.sha256(data).hexdigest()
    assert (output.media_type, output.size_bytes, output.width, output.height) == (media_type, len(data), 320, 272)
    assert pictures.output_path(output.digest).read_bytes() == data
    for kind in (PictureKind.VIEW, PictureKind.THUMBNAIL):
        assert_only_pixels(folder / kind / output.digest[:2] / f"{output.digest}.webp")


def test_a_large_output_keeps_its_size_in_the_ledger_and_shrinks_in_its_view(pictures: Pictures, folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    output = pictures.keep_output(encoded(quarters(4000, 2000), "PNG", exif=exif))
    assert (output.width, output.height) == (2000, 4000)
    view = folder / "view" / output.digest[:2] / f"{output.digest}.webp"
    assert size_of(view) == (800, 1600)


def test_an_output_may_be_smaller_than_a_room(pictures: Pictures) -> None:
    assert pictures.keep_output(encoded(Image.new("RGB", (16, 16)), "PNG")).width == 16
    with pytest.raises(OutputRefused, match="15 × 16 pixels"):
        pictures.keep_output(encoded(Image.new("RGB", (15, 16)), "PNG"))


@pytest.mark.parametrize(
    "data", [b"<html>", b'{"error": "no"}', b"", b"\x89PNG\r\n\x1a\nno", encoded(quarters(), "GIF")]
)
def test_an_output_that_is_no_picture_is_refused(pictures: Pictures, folder: Path, data: bytes) -> None:
    with pytest.raises(OutputRefused, match="is not a picture"):
        pictures.keep_output(data)
    assert stored(folder) == []


def test_eight_thumbnails_are_within_the_first_load_of_a_page(pictures: Pictures, folder: Path) -> None:
    for file in SAMPLE_ROOMS:
        pictures.keep_room((SAMPLES / file).read_bytes(), file)
    sizes = [path.stat().st_size for path in (folder / "thumbnail").rglob("*.webp")]
    assert max(sizes) * 8 <= 200_000


def test_a_picture_that_is_not_here_is_not_found(pictures: Pictures) -> None:
    for digest in ("0" * 64, "", "../../x", "A" * 64, "0" * 64 + "\n"):
        with pytest.raises(NotFound):
            pictures.room_file(digest)
        with pytest.raises(NotFound):
            pictures.output_path(digest)
        with pytest.raises(NotFound):
            pictures.digest_now(digest)


def test_a_changed_file_no_longer_has_its_digest(pictures: Pictures) -> None:
    room = pictures.keep_room(encoded(quarters(), "PNG"), "room").digest
    output = pictures.keep_output(encoded(quarters(), "JPEG")).digest
    assert (pictures.digest_now(room), pictures.digest_now(output)) == (room, output)
    changed = quarters()
    changed.putpixel((7, 7), (0, 0, 0))
    Path(pictures.room_file(room).path).write_bytes(encoded(changed, "PNG"))
    pictures.output_path(output).write_bytes(encoded(changed, "JPEG"))
    assert pictures.digest_now(room) not in (room, "")
    assert pictures.digest_now(output) != output


def test_a_room_file_that_is_cut_off_has_no_digest(pictures: Pictures) -> None:
    room = pictures.keep_room(encoded(quarters(), "PNG"), "room").digest
    path = Path(pictures.room_file(room).path)
    path.write_bytes(path.read_bytes()[:-100])
    assert pictures.digest_now(room) == ""


def test_a_full_disk_refuses_cleanly_and_leaves_nothing(
    pictures: Pictures, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    data = encoded(quarters(), "PNG")
    with pytest.raises(UploadRejected, match=r"room\.png: it could not be kept: No space left on device"):
        pictures.keep_room(data, "room.png")
    with pytest.raises(ProviderUnavailable, match="No space left on device"):
        pictures.keep_output(data)
    assert stored(folder) == []


def test_a_kept_file_is_on_the_disk_before_its_name_and_its_name_before_the_answer(
    pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []

    def record(descriptor: int, sync: Callable[[int], None] = os.fsync) -> None:
        synced.append("names" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    pictures.keep_room(encoded(quarters(), "PNG"), "room.png")
    assert synced == ["file", "names"] * 3


def test_what_a_killed_process_left_unfinished_is_swept_at_the_next_start(folder: Path, door: Door) -> None:
    pictures = Pictures(folder, b"key", door=door)
    room = pictures.keep_room(encoded(quarters(), "PNG"), "room").digest
    left, young = (folder / "view" / room[:2] / f".unfinished-{name}" for name in ("left", "young"))
    for path in (left, young):
        path.write_bytes(b"half")
    os.utime(left, (time.time() - 7200,) * 2)
    Pictures(folder, b"key", door=door)
    assert (left.exists(), young.exists()) == (False, True)


WRITER = """
import sys
from pathlib import Path
from staging.images_folder import Folder
from staging.images_kinds import PictureKind
import hashlib
folder, number = Folder(Path(sys.argv[1])), 0
print("started", flush=True)
while True:
    data = str(number).encode() * 2_000_000
    folder.write(PictureKind.ORIGINAL, hashlib.sha256(data).hexdigest(), ".png", data)
    number += 1
    print(number, flush=True)
"""


@pytest.mark.parametrize("files", [1, 3])
def test_a_kill_while_writing_leaves_only_whole_files(folder: Path, files: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        for _ in range(1 + files):
            writer.stdout.readline()
        writer.kill()
    whole = [path for path in stored(folder) if path.suffix == ".png"]
    assert len(whole) >= files
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == path.stem for path in whole)


def test_a_slow_room_is_refused_under_its_name(folder: Path, door: Door) -> None:
    limits = replace(ROOM_LIMITS, decode_seconds=0.0001)
    with pytest.raises(UploadRejected, match=r"room\.png: it takes too long to read"):
        Pictures(folder, b"key", door=door, room_limits=limits).keep_room(
            png(3000, 3000, 8, 0, bytes(3001 * 3000)), "room.png"
        )


def test_what_comes_with_the_product_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, prepared = (SAMPLES / "office.jpg").read_bytes(), tmp_path / "prepared"
    first, second, third = (Pictures(tmp_path / name, b"key") for name in ("one", "two", "three"))
    try:
        kept = first.keep_room(data, "office.jpg", prepared=prepared)
        with monkeypatch.context() as patch:
            patch.setattr(Door, "look", None)
            assert second.keep_room(data, "office.jpg", prepared=prepared) == kept
        for kind in (PictureKind.ORIGINAL, PictureKind.VIEW, PictureKind.THUMBNAIL):
            assert first.path(kept.digest, kind).read_bytes() == second.path(kept.digest, kind).read_bytes()
        (whole,) = prepared.iterdir()
        whole.write_bytes(whole.read_bytes()[:-9])  # a damaged one is made anew
        assert third.keep_room(data, "office.jpg", prepared=prepared) == kept
        assert second.keep_room(data, "office.jpg", prepared=prepared / "not" / "to be written") == kept
    finally:
        for one in (first, second, third):
            one.close()
