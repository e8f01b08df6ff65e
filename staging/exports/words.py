"""The words and names that exports use: short, and safe in any file system and spreadsheet."""

import re
import unicodedata
from decimal import Decimal

from staging.predictions import Mark, PredictionNow, State, Verdict

_LONGEST_SLUG = 48
_SPELLED = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "œ": "oe", "ł": "l", "Ł": "L", "đ": "d", "×": "x", "–": "-"}
)
_SHOWN_AS_IT_IS = frozenset("©«°±´·»‘’“”…‹›™")
"""What Pillow's font has beside ASCII."""
_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/heic": ".heic"}
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def plain_letters(text: str) -> str:
    """Return the text in the letters that Pillow's font has: accents are dropped, the rest becomes "?"."""
    spelled = unicodedata.normalize("NFKC", text).translate(_SPELLED)
    drawn = []
    for character in spelled:
        base = unicodedata.normalize("NFKD", character)[0]
        has = " " <= base <= "~" or base in _SHOWN_AS_IT_IS
        drawn.append(base if has else " " if character.isspace() else "?")
    return "".join(drawn)


def slug(text: str, otherwise: str) -> str:
    """Return a part of a file name: a to z, digits and hyphens, never empty."""
    folded = unicodedata.normalize("NFKD", text.translate(_SPELLED)).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:_LONGEST_SLUG].strip("-") or otherwise


def room_slug(name: str) -> str:
    """Return a room's name as a part of a file name, without the ending that it was uploaded with."""
    return slug(re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name), "room")


def suffix(media_type: str) -> str:
    """Return the ending of a file of this media type."""
    return _SUFFIXES.get(media_type, ".bin")


def harmless(text: str) -> str:
    """Return the text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text


def money(usd: Decimal | None) -> str:
    """Return "$0.04", "$0", or that nobody knows."""
    if usd is None:
        return "cost unknown"
    places = f"{usd:.6f}".rstrip("0")
    whole, _, cents = places.partition(".")
    return f"${whole}.{cents:0<2}" if cents or usd else "$0"


def seconds(value: float | None) -> str:
    """Return "4.2 s", "75 s"; an empty text when it is not known."""
    if value is None:
        return ""
    return f"{value:.1f} s" if value < 10 else f"{round(value)} s"


def figures(now: PredictionNow) -> str:
    """Return what an output took: "12 s · $0.04"."""
    return " · ".join(part for part in (seconds(now.total_seconds), money(now.cost_usd)) if part)


def judged(mark: Mark) -> str:
    """Return what was thought of an output, in one line; empty when nothing was."""
    words = [] if mark.verdict is Verdict.UNDECIDED else [mark.verdict.value.capitalize()]
    if mark.reasons:
        words[-1] += f": {', '.join(mark.reasons)}"
    if mark.stars is not None:
        words.append(f"{mark.stars} of 5 stars")
    if mark.favourite:
        words.append("favourite")
    return " · ".join(words)


def outcome(now: PredictionNow) -> str:
    """Return why there is no picture, in a word or two."""
    words = {State.FAILED: "Failed", State.CANCELED: "Cancelled", State.UNKNOWN: "Outcome unknown"}
    return words.get(now.state, "Not finished")
