"""Text in pictures, in the font that Pillow brings: ASCII and a few signs, see `plain_letters`."""

from functools import cache
from typing import TypeAlias

from PIL import ImageDraw, ImageFont

from staging.exports.words import plain_letters

Font: TypeAlias = ImageFont.FreeTypeFont | ImageFont.ImageFont
_CUT = "…"


@cache
def font(size: int) -> Font:
    """Return Pillow's own font at this size in pixels; needs no file on the machine."""
    return ImageFont.load_default(size)


def fitted(draw: ImageDraw.ImageDraw, text: str, width: float, size: int) -> str:
    """Return the text in letters the font has, cut with an ellipsis where it is wider than `width` pixels."""
    shown = plain_letters(text)
    if draw.textlength(shown, font(size)) <= width:
        return shown
    low, high = 0, len(shown)
    while low < high:
        middle = (low + high + 1) // 2
        if draw.textlength(shown[:middle].rstrip() + _CUT, font(size)) <= width:
            low = middle
        else:
            high = middle - 1
    return shown[:low].rstrip() + _CUT
