"""Clean pixels from a stranger's file: what runs inside the picture reader, and nowhere else.

Whatever a decoder raises (SyntaxError, struct.error, ...) is caught by `staging.images_worker`, the
one door; here only what has a reason of its own becomes `PictureRefused`.
"""

import hashlib
import io
import struct
from contextlib import suppress
from typing import Any, NamedTuple

import pillow_heif
from PIL import Image, ImageCms, MpoImagePlugin, WebPImagePlugin

from staging.images_kinds import Limits, PictureKind

pillow_heif.register_heif_opener()
# One thread: each further one takes address space, which is what the memory limit counts.
pillow_heif.options.DECODE_THREADS = 1
# Our own limit is stricter and names its reason; Pillow's would warn on stderr.
Image.MAX_IMAGE_PIXELS = None
# Pillow loads these two on first use; a reader under a memory limit has them loaded from the start.
_LOADED = (MpoImagePlugin, WebPImagePlugin)

SENT_LONG_SIDE = 2048
VIEW_LONG_SIDE = 1600
THUMBNAIL_LONG_SIDE = 480
SAME_SHAPE = 0.01
"""Shapes that differ by less are the same: models round sizes to multiples of 8 or 16."""
_BESIDE = (127, 127, 127)
TAKEN = "JPEG, PNG, WebP and HEIC"

_ORIENTATION_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = range(5, 9)
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")
_HEIC_SEQUENCE_BRANDS = (b"hevc", b"hevx", b"hevm", b"hevs", b"msf1")
_OTHER_FORMATS = (
    (b"GIF8", "a GIF"),
    (b"II*\0", "a TIFF"),
    (b"MM\0*", "a TIFF"),
    (b"BM", "a BMP"),
    (b"8BPS", "a Photoshop file"),
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML file"),
    (b"<", "a web page or text"),
    (b"{", "JSON text"),
)
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_HIGH_BYTE = [value >> 8 for value in range(65_536)]
_STRIP_ROWS = 256


class PictureRefused(Exception):
    """A picture did not pass; str() is the reason, fit to follow a file's name."""


class CleanPicture(NamedTuple):
    """An upright sRGB picture without anything but pixels, and what it was in the file."""

    image: Image.Image
    format: str
    """Pillow's word: JPEG, PNG, WEBP or HEIF."""
    width: int
    height: int
    """Of the whole picture, upright; `image` may be smaller when only views of it are wanted."""


def clean_picture(data: bytes, limits: Limits, long_side: int | None = None) -> CleanPicture:
    """Return the file's pixels: one frame, upright, sRGB, alpha on white, mode RGB, no metadata.

    With `long_side`, in pixels, they are shrunk to it early, which saves memory and time. PictureRefused
    with the reason; the size is checked before any pixel is decoded.
    """
    found = _format_of(data)
    # Pillow takes memory for the whole canvas when it opens a WebP, so this comes before.
    if found == "WEBP" and (claimed := _webp_size(data)):
        _check_size(*claimed, limits)
    image, orientation = _decode(data, found, limits)
    width, height = image.size
    clean = _flat(image, long_side)
    del image  # its memory, before the turn takes as much again
    turn = _TURNS.get(orientation)
    if turn is not None:
        clean = clean.transpose(turn)
    if orientation in _SIDEWAYS:
        width, height = height, width
    return CleanPicture(clean, found, width, height)


def pixel_digest(image: Image.Image) -> str:
    """Return the SHA-256, in hex, over mode, size and pixels: equal pixels, equal digest."""
    width, height = image.size
    digest = hashlib.sha256(f"{image.mode} {width} {height}\n".encode())
    for top in range(0, height, _STRIP_ROWS):  # strips: the bytes of the whole would double the memory taken
        digest.update(image.crop((0, top, width, min(top + _STRIP_ROWS, height))).tobytes())
    return digest.hexdigest()


def encode(image: Image.Image, kind: PictureKind) -> bytes:
    """Return the file of this kind. Settings chosen by measurement."""
    buffer = io.BytesIO()
    if kind in (PictureKind.ORIGINAL, PictureKind.SENT):
        if kind is PictureKind.SENT:
            image = _within(image, SENT_LONG_SIDE, Image.Resampling.LANCZOS)
        # Run-length deflate: on photos as small as level 4 at half its time.
        image.save(buffer, "PNG", compress_level=1, compress_type=3)
    elif kind is PictureKind.VIEW:
        # 30 ms for 1024 x 1024; method 4 saves a tenth of the bytes and takes three times that.
        _within(image, VIEW_LONG_SIDE, Image.Resampling.LANCZOS).save(buffer, "WEBP", quality=88, method=0)
    else:
        # Hamming: a third of Lanczos' time, and no ringing at window frames.
        _within(image, THUMBNAIL_LONG_SIDE, Image.Resampling.HAMMING).save(buffer, "WEBP", quality=78, method=1)
    return buffer.getvalue()


def encode_overlay(pixels: Any) -> bytes:
    """Return RGBA pixels (rows, columns, 4) of uint8 as WebP, at most VIEW_LONG_SIDE pixels on the long side."""
    buffer = io.BytesIO()
    # Lossless: lines on nothing become smaller than with loss, and no colour is smeared into another's meaning.
    drawn = _within(Image.fromarray(pixels), VIEW_LONG_SIDE, Image.Resampling.BOX)
    drawn.save(buffer, "WEBP", lossless=True, quality=20, method=0)
    return buffer.getvalue()


def framed(image: Image.Image, width: int, height: int) -> bytes:
    """Return the whole image as WebP of exactly this size, in pixels: enlarged or shrunk, grey beside it.

    A shape that differs by less than SAME_SHAPE fills the frame.
    """
    scale = min(width / image.width, height / image.height)
    fitted = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if fitted[0] >= width * (1 - SAME_SHAPE) and fitted[1] >= height * (1 - SAME_SHAPE):
        fitted = (width, height)
    frame = Image.new("RGB", (width, height), _BESIDE)
    resized = image.resize(fitted, Image.Resampling.LANCZOS, reducing_gap=2.0)
    frame.paste(resized, ((width - fitted[0]) // 2, (height - fitted[1]) // 2))
    buffer = io.BytesIO()
    frame.save(buffer, "WEBP", quality=88, method=0)
    return buffer.getvalue()


def _format_of(data: bytes) -> str:
    """Return Pillow's name of the format by content; PictureRefused names what it is instead."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    other = next((name for magic, name in _OTHER_FORMATS if data.lstrip()[: len(magic)].startswith(magic)), "")
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        if brand in _HEIC_BRANDS:
            return "HEIF"
        if brand in _HEIC_SEQUENCE_BRANDS:
            raise PictureRefused("it is animated; save one frame of it as a picture.")
        other = "an AVIF" if brand in (b"avif", b"avis") else "a video"
    if other:
        raise PictureRefused(f"it is {other}, and only {TAKEN} pictures are taken.")
    raise PictureRefused(f"it is not a picture in a known format; {TAKEN} are taken.")


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """Return the canvas that a WebP file claims (RFC 9649); None when it cannot be told."""
    with suppress(struct.error):
        match data[12:16]:
            case b"VP8X":
                width, width_high, height, height_high = struct.unpack_from("<HBHB", data, 24)
                return (width | width_high << 16) + 1, (height | height_high << 16) + 1
            case b"VP8L":
                (bits,) = struct.unpack_from("<I", data, 21)
                return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
            case b"VP8 ":
                width, height = struct.unpack_from("<HH", data, 26)
                return width & 0x3FFF, height & 0x3FFF
    return None


def _check_size(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.most_pixels:
        raise PictureRefused(
            f"it has {width} × {height} pixels ({width * height / 1e6:.0f} megapixels), and at most "
            f"{limits.most_pixels / 1e6:.0f} megapixels are taken. Save it smaller."
        )
    if min(width, height) < limits.least_side:
        raise PictureRefused(
            f"it has {width} × {height} pixels, and at least {limits.least_side} on the short side are needed."
        )


def _decode(data: bytes, found: str, limits: Limits) -> tuple[Image.Image, int]:
    """Return the decoded picture and its EXIF orientation."""
    with Image.open(io.BytesIO(data), formats=(found,)) as image:
        _check_size(*image.size, limits)
        # A phone's JPEG or HEIC may carry a preview or a depth map as further "frames": the first is the photo.
        if found in ("PNG", "WEBP") and getattr(image, "n_frames", 1) > 1:
            raise PictureRefused("it is animated; save one frame of it as a picture.")
        image.load()
        return image, _orientation(image)


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation; 1 (upright) when there is none that can be read."""
    with suppress(Exception):  # a broken EXIF block hides the orientation, it does not spoil the pixels
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    return 1


def _flat(image: Image.Image, long_side: int | None) -> Image.Image:
    """Return a fresh RGB image with the colours of `image` in sRGB, over white where it is transparent."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I;16"):
        image = image.convert("I").point(_HIGH_BYTE, "L")  # a plain conversion clips instead of scaling
    elif image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
    elif image.mode not in ("RGB", "L", "CMYK"):
        image = image.convert("RGB")
    image = _within(image, long_side, Image.Resampling.LANCZOS) if long_side else image
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    image = image.convert("RGB") if image.mode == "RGBA" else image
    image = _to_srgb(image, profile) if profile else image
    image = image if image.mode == "RGB" else image.convert("RGB")
    flat = Image.new("RGB", image.size, "white")  # fresh: nothing but pixels can come along
    flat.paste(image, mask=alpha)
    return flat


def _to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    """Return the image with its colours in sRGB; as it is when the profile cannot be used."""
    with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if image.mode != "RGB":
            return ImageCms.profileToProfile(image, profile, _SRGB, outputMode="RGB") or image
        ImageCms.profileToProfile(image, profile, _SRGB, inPlace=True)  # a copy of 40 megapixels is 160 MB
    return image


def _within(image: Image.Image, long_side: int, filter_: Image.Resampling) -> Image.Image:
    """Return the image shrunk to the long side in pixels, never enlarged."""
    scale = long_side / max(image.size)
    if scale >= 1:
        return image
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), filter_, reducing_gap=2.0)
