"""The words and figures that pages show: with units, and harmless wherever they are put."""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from staging.desk import Estimate
from staging.registry import Price

UNKNOWN_PRICE = "price unknown"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|$~:&@/])")
_ADDRESS = re.compile(r"(?<=://)|(?<=www)(?=\.)|(?<=@)", re.IGNORECASE)
_WORD_JOINER = "\u2060"
"""Seen by nobody: it keeps an address in a name from being made a link, which no escape does."""


def plain(text: str) -> str:
    """Return the text so that Markdown shows it as it is: no tag, link, picture, colour or formula.

    Whoever names a file, a project or a prompt must not be able to put anything into a page.
    """
    return _MARKDOWN.sub(r"\\\1", _ADDRESS.sub(_WORD_JOINER, " ".join(text.split())))


def dollars(amount: Decimal | None) -> str:
    """Return "$1.20", "$0.0385", "$0", or that nobody knows: two places, more where they count."""
    if amount is None:
        return "unknown"
    if amount == 0:
        return "$0"
    if abs(amount) >= 1:
        return f"${amount:,.2f}"
    places = f"{amount:.6f}".rstrip("0")
    return "$" + places + "0" * max(0, 2 - len(places.partition(".")[2]))


def duration(seconds: float | None) -> str:
    """Return "0.4 s", "12 s" or "2 min 5 s"; an empty text when it is not known."""
    if seconds is None:
        return ""
    if seconds < 10 and isinstance(seconds, float):
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def price_text(price: Price) -> str:
    """Return a price as people say it: "$0.03 per image", "free", "price unknown"."""
    parts = [
        f"{dollars(rate)} per {unit}"
        for rate, unit in (
            (price.usd_per_run, "run"),
            (price.usd_per_image, "image"),
            (price.usd_per_second, f"second of {price.hardware}" if price.hardware else "second"),
            (price.usd_per_megapixel_in, "megapixel in"),
            (price.usd_per_megapixel_out, "megapixel out"),
        )
        if rate
    ]
    if parts:
        return " + ".join(parts)
    return "free" if price.known else UNKNOWN_PRICE


def moment(at: datetime, timezone: str | None) -> str:
    """Return "22 Nov 2026, 19:34" as the clock on the wall of the reader says."""
    return f"{at.astimezone(_zone(timezone)):%-d %b %Y, %H:%M}"


def day(at: datetime, timezone: str | None) -> date:
    """Return the day that the reader's calendar shows."""
    return at.astimezone(_zone(timezone)).date()


def span(days: tuple[date, ...], timezone: str | None) -> tuple[datetime | None, datetime | None]:
    """Return the moments between which the chosen days lie, as the reader's clock has them; None for no bound.

    One day that was chosen is the first: the second one is still to come.
    """
    if not days:
        return None, None
    first, after = days[0], days[-1] + timedelta(days=1)
    begin, end = (datetime.combine(one, time(), _zone(timezone)).astimezone(UTC) for one in (first, after))
    return begin, end if len(days) > 1 else None


def _zone(timezone: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return "1 room", "3 rooms"."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def begun(words: str) -> str:
    """Return the words as the beginning of a sentence; names in them stay as they are."""
    return words[:1].upper() + words[1:]


def ordinal(number: int) -> str:
    """Return "1st", "2nd", "3rd", "11th"."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def money_words(estimate: Estimate) -> list[str]:
    """Return what it will cost: a range where prices vary, and the models whose price nobody knows."""
    words = []
    if estimate.lowest_usd != estimate.highest_usd:
        low, high = rounded(estimate.lowest_usd, ROUND_FLOOR), rounded(estimate.highest_usd, ROUND_CEILING)
        words.append(plain(f"{dollars(low)} to {dollars(high)}"))
    elif estimate.known_usd:
        words.append(plain(f"about {dollars(estimate.known_usd)}"))
    elif estimate.unknown_count < estimate.count:
        words.append(plain(dollars(estimate.known_usd)))
    if estimate.unknown_models:
        more = "" if estimate.unknown_count == estimate.count else f" ({counted(estimate.unknown_count, 'picture')})"
        words.append(f"price unknown for {plain(', '.join(estimate.unknown_models))}{more}")
    return words


def rounded(amount: Decimal, rounding: str) -> Decimal:
    """Return the amount in cents, or to four places below ten cents: the ends of a range are no more exact."""
    return amount.quantize(Decimal("0.01") if amount >= Decimal("0.1") else Decimal("0.0001"), rounding)
