"""Makers of pictures that a camera, a careless tool or an attacker would send."""

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import pillow_heif
from PIL import Image, ImageDraw, PngImagePlugin

pillow_heif.register_heif_opener()

CANARY = b"CANARY-Sunset-Boulevard-7"
"""Put where metadata goes; found in a kept file it is a leak."""

RED, GREEN, BLUE, YELLOW = (200, 30, 30), (30, 160, 30), (30, 30, 200), (200, 200, 30)


def quarters(width: int = 320, height: int = 272) -> Image.Image:
    """Red, green over blue, yellow: every turn and flip of it looks different."""
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for place, colour in enumerate((RED, GREEN, BLUE, YELLOW)):
        left, top = place % 2 * width // 2, place // 2 * height // 2
        draw.rectangle((left, top, left + width // 2, top + height // 2), fill=colour)
    return image


def encoded(image: Image.Image, format_: str, **options: Any) -> bytes:
    """Return the file."""
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """Return one PNG chunk with a right checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *extra: bytes) -> bytes:
    """Return a PNG made by hand; `rows` with their filter bytes, `extra` chunks after the pixels."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    chunks = [png_chunk(b"IHDR", head), png_chunk(b"IDAT", zlib.compress(rows, 9)), *extra, png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def png_bomb(width: int = 9000, height: int = 9000) -> bytes:
    """Return a few kilobytes that hold 81 megapixels (one bit each)."""
    return png(width, height, 1, 0, (b"\0" + b"\0" * ((width + 7) // 8)) * height)


def webp_bomb() -> bytes:
    """Return a true WebP of 134 megapixels in some kilobytes."""
    return encoded(Image.new("RGB", (16_383, 8_191)), "WEBP", lossless=True, quality=0, method=0)


def heic_claiming(width: int, height: int) -> bytes:
    """Return a small HEIC whose header claims this size."""
    data = encoded(quarters(), "HEIF", quality=50)
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


def slow_jpeg(scans: int, side: int = 4000) -> bytes:
    """Return a progressive JPEG whose every scan costs 30 bytes to write and milliseconds to read.

    The scans hold nothing but "all blocks are empty", up to 32,767 blocks a code (ITU T.81, G.1.2.2).
    """

    def segment(marker: int, content: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content

    one_code = bytes([1] + [0] * 15)
    blocks = ((side + 7) // 8) ** 2
    bits = ("0" + "1" * 14) * -(-blocks // 32_767)
    bits += "1" * (-len(bits) % 8)
    empty = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return b"".join(
        [
            b"\xff\xd8",
            segment(0xDB, b"\0" + b"\x01" * 64),
            segment(0xC2, struct.pack(">BHHB", 8, side, side, 1) + b"\x01\x11\0"),
            segment(0xC4, b"\x00" + one_code + b"\x00"),
            segment(0xC4, b"\x10" + one_code + b"\xe0"),
            segment(0xDA, b"\x01\x01\x00\x00\x00\x00") + b"\0" * ((blocks + 7) // 8),
            (segment(0xDA, b"\x01\x01\x00\x01\x3f\x00") + empty) * scans,
            b"\xff\xd9",
        ]
    )


def exif_with_place(orientation: int = 1) -> Image.Exif:
    """Return EXIF with a position, a camera's owner and an orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x013B] = CANARY.decode()
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (34.0, 5.0, 53.0), "W", (118.0, 22.0, 33.0)
    gps[29] = CANARY.decode()
    return exif


def with_everything(format_: str, image: Image.Image | None = None) -> bytes:
    """Return a file of the format with every kind of metadata it can carry, each with the canary in it."""
    image = image or quarters()
    exif = exif_with_place().tobytes()
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><place>' + CANARY + b"</place></x:xmpmeta>"
    icc = swapped_profile()
    match format_:
        case "JPEG":
            return encoded(image, "JPEG", quality=95, exif=exif, xmp=xmp, icc_profile=icc, comment=CANARY)
        case "PNG":
            text = PngImagePlugin.PngInfo()
            text.add_text("Comment", CANARY.decode())
            text.add_text("Author", CANARY.decode(), zip=True)
            text.add_itxt("XML:com.adobe.xmp", xmp.decode())
            return encoded(image, "PNG", exif=exif, icc_profile=icc, pnginfo=text)
        case "WEBP":
            return encoded(image, "WEBP", lossless=True, exif=exif, xmp=xmp, icc_profile=icc)
        case _:
            return encoded(image, "HEIF", quality=90, exif=exif, xmp=xmp, icc_profile=icc)


def swapped_profile() -> bytes:
    """Return an ICC profile in which red light is called green and green red."""
    red, green, blue = _SRGB_LIGHTS
    return icc_profile(CANARY, (green, red, blue), struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0")


def camera_srgb_profile() -> bytes:
    """Return sRGB as cameras embed it: the curve as a table."""
    table = [round(_linear(step / 1023) * 65_535) for step in range(1024)]
    return icc_profile(b"sRGB IEC61966-2.1", _SRGB_LIGHTS, struct.pack(">I1024H", 1024, *table))


_SRGB_LIGHTS = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))
"""Red, green and blue as XYZ, seen under D50 (IEC 61966-2-1)."""


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def icc_profile(name: bytes, lights: Sequence[tuple[float, float, float]], curve: bytes) -> bytes:
    """Return an ICC profile, version 2: the lights of red, green and blue, and one curve for all."""

    def xyz(values: tuple[float, float, float]) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65_536)) for value in values)

    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name + b"\0" * 79,
        b"cprt": b"text\0\0\0\0" + name + b"\0",
        b"wtpt": xyz((0.9642, 1.0, 0.8249)),
        b"rXYZ": xyz(lights[0]),
        b"gXYZ": xyz(lights[1]),
        b"bXYZ": xyz(lights[2]),
        b"rTRC": b"curv\0\0\0\0" + curve,
        b"gTRC": b"curv\0\0\0\0" + curve,
        b"bTRC": b"curv\0\0\0\0" + curve,
    }
    at = 128 + 4 + 12 * len(tags)
    table, content = struct.pack(">I", len(tags)), b""
    for tag, value in tags.items():
        table += tag + struct.pack(">II", at + len(content), len(value))
        content += value + b"\0" * (-len(value) % 4)
    head = struct.pack(">I4xI4s4s4s12x4s", at + len(content), 0x02100000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    head = head.ljust(68, b"\0") + struct.pack(">iii", 63_190, 65_536, 54_061)
    return head.ljust(128, b"\0") + table + content
