"""The days, weeks and months that budgets are for, in the lab's time zone."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Period(StrEnum):
    """How long a budget's money has to last."""

    DAY = "day"
    WEEK = "week"
    """From Monday to Sunday, numbered as in ISO 8601."""
    MONTH = "month"
    TOTAL = "total"
    """For good: it never begins anew."""


class Days(NamedTuple):
    """The days of one period, both counted, with the name that it is kept under."""

    first: date
    """`date.min` of a total."""
    last: date | None
    """None of a total: it has no end."""
    name: str
    """"2026-11-23", "2026-W48", "2026-11" or "total"."""


def days_of(period: Period, day: date) -> Days:
    """Return the day, week or month that the day lies in."""
    match period:
        case Period.DAY:
            return Days(day, day, day.isoformat())
        case Period.WEEK:
            year, week, weekday = day.isocalendar()
            monday = day - timedelta(days=weekday - 1)
            return Days(monday, monday + timedelta(days=6), f"{year:04}-W{week:02}")
        case Period.MONTH:
            first = day.replace(day=1)
            # Four days after the 28th is in the next month, whichever it is.
            after = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
            return Days(first, after - timedelta(days=1), f"{day:%Y-%m}")
        case Period.TOTAL:
            return Days(date.min, None, "total")


def begins_anew(last: date, zone: str) -> datetime:
    """Return the first moment after a period that ends with this day, on the zone's clocks.

    That is midnight, but where the clocks are put forward at midnight.
    """
    at = datetime.combine(last + timedelta(days=1), time(), ZoneInfo(zone))
    return at.astimezone(UTC).astimezone(ZoneInfo(zone))
