"""What the costs will have come to at the end of the month, or of the chosen days when they are not over."""

from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from staging.forecast import MOST_DAYS, Forecast, at_the_end, forecast
from staging.store import CostFilter, CostLedger

_DAY = timedelta(days=1)


class Foretold(NamedTuple):
    """A forecast, and what it is of: "for Nov", or "to 4 Dec" when chosen days are not over."""

    forecast: Forecast | None
    """None when too few days are known."""
    of: str


def foretell(costs: CostLedger, first: date, last: date, wanted: CostFilter) -> Foretold:
    """Return what is expected at the end of this month; of the chosen days when they end after today."""
    today = costs.today()
    begin, end, of = today.replace(day=1), _end_of_month(today), f"for {today:%b}"
    if last > today:
        begin, end, of = first, last, f"to {last:%-d %b}"
    known = min(begin, today - MOST_DAYS * _DAY)
    *before, spent_today = costs.daily(known, today, wanted)
    daily = before[-MOST_DAYS:]
    if begin > today:
        return Foretold(forecast(daily, (end - begin).days + 1, passed=(begin - today).days), of)
    spent_before = sum(before[(begin - known).days :], Decimal(0))
    return Foretold(at_the_end(spent_before, spent_today, daily, (end - today).days), of)


def _end_of_month(day: date) -> date:
    return (day.replace(day=28) + 4 * _DAY).replace(day=1) - _DAY
