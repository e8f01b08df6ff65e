"""Clean pixels: upright, in true colours, without a trace of anything else."""

import io
import os
import struct
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PIL import Image

from staging.images_door import Door, Refused
from staging.images_kinds import Limits, PictureKind
from tests.hostile_pictures import (
    BLUE,
    GREEN,
    RED,
    YELLOW,
    camera_srgb_profile,
    encoded,
    exif_with_place,
    png,
    png_chunk,
    quarters,
    swapped_profile,
)

LIMITS = Limits(most_bytes=25_000_000, most_pixels=40_000_000, least_side=1)

UNDOING = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How the upright picture lies in a file with this orientation (EXIF 2.32, 4.6.4)."""


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    """One reader for the module."""
    door = Door(readers=1)
    yield door
    door.close()


def clean(door: Door, data: bytes) -> Image.Image:
    """Return the original that is kept of the file."""
    seen = door.look(data, LIMITS, [PictureKind.ORIGINAL], digest=True)
    image = Image.open(io.BytesIO(seen.files[PictureKind.ORIGINAL]))
    assert image.size == (seen.width, seen.height)
    assert image.mode == "RGB"
    return image


def near(found: object, wanted: tuple[int, int, int], tolerance: int) -> bool:
    assert isinstance(found, tuple)
    return all(abs(one - other) <= tolerance for one, other in zip(found, wanted, strict=True))


@pytest.mark.parametrize("orientation", UNDOING)
@pytest.mark.parametrize(
    ("format_", "options"),
    [("JPEG", {"quality": 95}), ("PNG", {}), ("WEBP", {"lossless": True}), ("HEIF", {"quality": 90})],
)
def test_every_orientation_ends_upright(door: Door, orientation: int, format_: str, options: dict[str, object]) -> None:
    turn = UNDOING[orientation]
    lying = quarters() if turn is None else quarters().transpose(turn)
    data = encoded(lying, format_, exif=exif_with_place(orientation).tobytes(), **options)
    image = clean(door, data)
    assert image.size == (320, 272)
    corners = [image.getpixel(place) for place in ((40, 34), (280, 34), (40, 238), (280, 238))]
    assert all(near(found, wanted, 14) for found, wanted in zip(corners, (RED, GREEN, BLUE, YELLOW), strict=True))


def test_a_heic_lies_as_its_container_says_and_not_as_its_exif(door: Door) -> None:
    """ISO/IEC 23008-12: the turn is a property of the item, and readers ignore the EXIF tag."""
    data = encoded(quarters(), "HEIF", quality=90, exif=exif_with_place(6))  # as an object: no turn in the container
    assert clean(door, data).size == (320, 272)


def test_a_broken_exif_block_leaves_the_picture_as_it_lies(door: Door) -> None:
    data = encoded(quarters(), "PNG", exif=b"Exif\0\0no TIFF header")
    with Image.open(io.BytesIO(data)) as image, pytest.raises(SyntaxError):
        image.getexif()
    assert clean(door, data).size == (320, 272)


def test_sixteen_bits_of_grey_keep_their_upper_eight(door: Door) -> None:
    rows = b"".join(b"\0" + struct.pack(">4H", 0, 0x40FF, 0x80FF, 0xFFFF) for _ in range(4))
    image = clean(door, png(4, 4, 16, 0, rows))
    assert [image.getpixel((x, 0)) for x in range(4)] == [(0,) * 3, (0x40,) * 3, (0x80,) * 3, (0xFF,) * 3]


def test_sixteen_bits_of_colour_keep_their_upper_eight(door: Door) -> None:
    rows = b"".join(b"\0" + struct.pack(">3H", 0x12FF, 0x80FF, 0xFEFF) * 4 for _ in range(4))
    assert clean(door, png(4, 4, 16, 2, rows)).getpixel((2, 2)) == (0x12, 0x80, 0xFE)


@pytest.mark.parametrize(("colour", "key"), [(0, b"\x80\xff"), (2, b"\x12\xff\x80\xff\xfe\xff")])
def test_a_transparent_colour_of_sixteen_bits_spoils_nothing(door: Door, colour: int, key: bytes) -> None:
    rows = b"".join(b"\0" + key * 4 for _ in range(4))
    data = png(4, 4, 16, colour, rows)
    data = data[:33] + png_chunk(b"tRNS", key) + data[33:]
    assert clean(door, data).size == (4, 4)


def test_a_cmyk_jpeg_has_the_colours_it_shows(door: Door) -> None:
    data = encoded(quarters().convert("CMYK"), "JPEG", quality=95)
    image = clean(door, data)
    assert near(image.getpixel((40, 34)), RED, 8)
    assert near(image.getpixel((280, 238)), YELLOW, 8)


def test_a_palette_becomes_its_colours(door: Door) -> None:
    image = clean(door, encoded(quarters().quantize(16), "PNG"))
    assert near(image.getpixel((40, 34)), RED, 4)


@pytest.mark.parametrize(
    ("mode", "colour", "wanted"),
    [
        ("RGBA", (0, 0, 0, 0), (255, 255, 255)),
        ("RGBA", (0, 0, 0, 128), (127, 127, 127)),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30)),
        ("LA", (0, 128), (127, 127, 127)),
        ("1", 1, (255, 255, 255)),
        ("L", 77, (77, 77, 77)),
    ],
)
def test_what_is_transparent_lies_on_white(
    door: Door, mode: str, colour: int | tuple[int, ...], wanted: tuple[int, int, int]
) -> None:
    image = clean(door, encoded(Image.new(mode, (8, 8), colour), "PNG"))
    assert near(image.getpixel((3, 3)), wanted, 1)


def test_a_transparent_palette_colour_lies_on_white(door: Door) -> None:
    image = quarters().quantize(16)
    transparent = image.getpixel((40, 34))
    found = clean(door, encoded(image, "PNG", transparency=transparent))
    assert found.getpixel((40, 34)) == (255, 255, 255)
    assert near(found.getpixel((280, 34)), GREEN, 4)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_colours_are_those_of_the_profile_in_srgb(door: Door, format_: str) -> None:
    data = encoded(quarters(), format_, icc_profile=swapped_profile(), quality=95)
    image = clean(door, data)
    assert near(image.getpixel((40, 34)), (30, 200, 30), 16)
    assert near(image.getpixel((280, 34)), (160, 30, 30), 16)


def test_transparent_pixels_have_their_profile_too(door: Door) -> None:
    image = Image.new("RGBA", (8, 8), (200, 10, 10, 255))
    found = clean(door, encoded(image, "PNG", icc_profile=swapped_profile()))
    assert near(found.getpixel((3, 3)), (2, 201, 3), 6)


def test_a_picture_that_is_srgb_already_is_not_changed_by_a_bit(door: Door) -> None:
    noise = Image.frombytes("RGB", (64, 64), os.urandom(64 * 64 * 3))
    data = encoded(noise, "PNG", icc_profile=camera_srgb_profile())
    assert clean(door, data).tobytes() == noise.tobytes()


def test_a_profile_that_cannot_be_used_is_ignored(door: Door) -> None:
    for profile in (b"no profile", swapped_profile()[:200]):
        assert clean(door, encoded(quarters(), "PNG", icc_profile=profile)).tobytes() == quarters().tobytes()


def test_the_first_picture_of_a_phones_double_jpeg_is_the_photo(door: Door) -> None:
    data = encoded(quarters(), "MPO", save_all=True, append_images=[Image.new("RGB", (320, 272))], quality=95)
    assert Image.open(io.BytesIO(data)).format == "MPO"
    assert near(clean(door, data).getpixel((40, 34)), RED, 8)


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_an_animation_is_refused_as_one(door: Door, format_: str) -> None:
    data = encoded(quarters(), format_, save_all=True, append_images=[Image.new("RGB", (320, 272))])
    with pytest.raises(Refused, match="it is animated"):
        door.look(data, LIMITS, [], digest=True)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (encoded(quarters(), "GIF"), "a GIF"),
        (encoded(quarters(), "TIFF"), "a TIFF"),
        (encoded(quarters(), "BMP"), "a BMP"),
        (encoded(quarters(), "AVIF"), "an AVIF"),
        (encoded(quarters(), "PDF"), "a PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"\n <html><body>", "a web page or text"),
        (b"PK\x03\x04" + b"\0" * 40, "a ZIP archive"),
        (b"\0\0\0\x18ftypmp42" + b"\0" * 40, "a video"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_format_is_refused_by_its_name(door: Door, data: bytes, what: str) -> None:
    with pytest.raises(Refused, match=f"it is {what}, and only JPEG, PNG, WebP and HEIC"):
        door.look(data, LIMITS, [], digest=True)


def test_the_content_decides_and_not_what_it_claims_to_be(door: Door) -> None:
    """A decoder that is not on the list never sees the file, also when it would recognise it further in."""
    head = b"\0\0\2\0ftypheic" + struct.pack("<HHBB", 300, 300, 24, 0x20)
    data = head + bytes(300 * 300 * 3)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "TGA"  # the control: Pillow, asked openly, finds a decoder for it
    with pytest.raises(Refused, match="it is damaged"):
        door.look(data, LIMITS, [], digest=True)


def test_a_chunk_of_text_after_the_pixels_changes_no_digest(door: Door) -> None:
    rows = bytes(5 * 4)
    bare = door.look(png(4, 4, 8, 0, rows), LIMITS, [], digest=True)
    noted = door.look(png(4, 4, 8, 0, rows, png_chunk(b"tEXt", b"Comment\0here")), LIMITS, [], digest=True)
    assert bare.digest == noted.digest


def test_the_size_is_checked_before_pixels_are_decoded(door: Door) -> None:
    """With no time to decode anything, a picture that is too large is still refused for its size."""
    hurried = replace(LIMITS, most_pixels=1_000_000, decode_seconds=0.2)
    data = png(20_000, 20_000, 1, 0, b"")  # says 400 megapixels and holds none
    with pytest.raises(Refused, match="400 megapixels"):
        door.look(data, hurried, [], digest=True)
