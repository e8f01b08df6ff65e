"""The pictures the test server gives out: the room it was sent, visibly changed, or a plain one."""

import colorsys
import hashlib
import io
import threading

from PIL import Image, ImageDraw, ImageOps

MEDIA_TYPES = {"webp": "image/webp", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg"}
_LONGEST_SIDE_PX = 2048
_TINY_SIZE = (320, 240)
_PLAIN_SIZE = (1024, 768)


class OutputPictures:
    """Encoded outputs, each made once; any thread may ask."""

    def __init__(self, tiny: bool) -> None:
        self._tiny = tiny
        self._made: dict[tuple[str, ...], bytes] = {}
        # Protects nothing but the processor: fifty downloads of one output would encode it fifty times.
        self._encoding = threading.Lock()

    def picture(self, source: bytes | None, model: str, variant: str, form: str) -> bytes:
        """Return the bytes of the output in the given format ("webp", "png", "jpg").

        It has the size of `source` (longest side at most 2048 px) and looks like it, with boxes for furniture in the
        model's colour. The variant (the seed) moves them.
        """
        if self._tiny:
            source, variant = None, ""
        digest = hashlib.sha256(source).hexdigest() if source else ""
        key = (digest, model, variant, form)
        with self._encoding:
            if key not in self._made:
                self._made[key] = self._make(source, model, variant, form)
            return self._made[key]

    def _make(self, source: bytes | None, model: str, variant: str, form: str) -> bytes:
        if source:
            with Image.open(io.BytesIO(source)) as opened:
                picture = ImageOps.exif_transpose(opened).convert("RGB")
            picture.thumbnail((_LONGEST_SIDE_PX, _LONGEST_SIDE_PX))
        else:
            picture = Image.new("RGB", _TINY_SIZE if self._tiny else _PLAIN_SIZE, (232, 228, 220))
        _furnish(picture, model, variant)
        out = io.BytesIO()
        if form == "png":
            picture.save(out, "PNG", compress_level=1)
        elif form in ("jpg", "jpeg"):
            picture.save(out, "JPEG", quality=85)
        else:
            picture.save(out, "WEBP", quality=80, method=0)
        return out.getvalue()


def _furnish(picture: Image.Image, model: str, variant: str) -> None:
    """Draw a rug, a sofa and a lamp over the lower half, and the model's name."""
    width, height = picture.size
    seed = hashlib.sha256(f"{model} {variant}".encode()).digest()
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(seed[0] / 256, 0.42, 0.55))
    left = 0.12 + seed[1] / 256 * 0.3
    draw = ImageDraw.Draw(picture, "RGBA")

    def box(x0: float, y0: float, x1: float, y1: float, alpha: int) -> None:
        draw.rectangle((x0 * width, y0 * height, x1 * width, y1 * height), fill=(red, green, blue, alpha))

    draw.ellipse((left * width, 0.8 * height, (left + 0.5) * width, 0.96 * height), fill=(red, green, blue, 90))
    box(left + 0.05, 0.62, left + 0.42, 0.74, 210)
    box(left + 0.05, 0.74, left + 0.42, 0.84, 240)
    box(left + 0.46, 0.5, left + 0.47, 0.84, 230)
    box(left + 0.43, 0.42, left + 0.5, 0.5, 200)
    draw.rectangle((0, 0, width - 1, height - 1), outline=(red, green, blue, 255), width=max(2, width // 200))
    draw.text(
        (0.03 * width, 0.03 * height),
        f"stand-in for {model}",
        fill=(red, green, blue, 255),
        font_size=max(10, width // 32),
    )


def not_a_picture() -> bytes:
    """Return a page of HTML."""
    return b"<!doctype html><title>Sign in</title><p>This is no picture.</p>"
