"""What a budget's standing calls for, in words.

What is spent counts, not what is reserved: a reservation is what pictures under way may cost at most,
it comes and goes, and an alert that was raised for it could not be taken back. What a hard budget
refuses for its reservations is told where it is refused.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from staging.budgets import Budget, Period, Standing
from staging.forecast import MOST_DAYS, forecast
from staging.store import Alert, AlertKey

FORECAST = "forecast"
ALL_OF_IT = 100
_EARLIEST_PART = 10
"""A forecast is not told before a tenth of the period is over: one dear day would decide it."""

History = Callable[[Budget, date, date], Sequence[Decimal]]
"""Returns the costs of each day from the first to the last, both counted, days without any as 0."""


def due(
    standing: Standing, raised: Sequence[Alert], history: History | None, today: date, at: datetime
) -> tuple[Alert, ...]:
    """Return what is to be raised now: the highest threshold reached, or that the budget will not last.

    `raised` is what was raised for the budget and period. Alerts of another limit do not count: a
    manager who doubled a budget wants to hear at 80 % of the new one too. A threshold below one that
    was told says nothing new, so a budget that jumps to 97 % is told once. Without a history there is
    no forecast.
    """
    of_this_limit = [alert for alert in raised if alert.limit_usd == standing.budget.limit_usd]
    told = {alert.key.kind.partition(" ")[0] for alert in of_this_limit}
    highest_told = max((int(kind) for kind in told if kind != FORECAST), default=0)
    # Whole microdollars on both sides: no threshold is missed by a rounding.
    share = standing.spent_usd * 100
    reached = [one for one in standing.budget.thresholds if share >= standing.budget.limit_usd * one]
    if reached and max(reached) > highest_told:
        threshold = max(reached)
        return (_alert(standing, raised, str(threshold), threshold_words(standing, threshold), at),)
    if history is None or FORECAST in told or highest_told >= ALL_OF_IT:
        return ()
    ends = ends_on(standing, history, today)
    return (_alert(standing, raised, FORECAST, forecast_words(standing, ends), at),) if ends else ()


def _alert(standing: Standing, raised: Sequence[Alert], kind: str, sentence: str, at: datetime) -> Alert:
    limit = standing.budget.limit_usd
    if kind in {alert.key.kind for alert in raised}:  # of another limit
        kind = f"{kind} of {limit.normalize():f}"
    key = AlertKey(standing.budget.name, standing.period, kind)
    return Alert(key, sentence, standing.spent_usd, limit, at)


def ends_on(standing: Standing, history: History, today: date) -> date | None:
    """Return the day before the period's last on which the budget ends at this pace.

    None when it lasts, has ended already, has no end, or when too little is known: the first tenth of
    the period, fewer days than `staging.forecast` needs.
    """
    last = standing.last
    if last is None or standing.spent_usd >= standing.budget.limit_usd:
        return None
    if (today - standing.first).days * _EARLIEST_PART < (last - standing.first).days + 1 or today >= last:
        return None
    *days, so_far = history(standing.budget, today - timedelta(days=MOST_DAYS), today)
    whole_today = forecast(days, 1)
    if whole_today is None:
        return None
    # The days foretold begin with today, of which a part is in what is spent.
    left_today = max(Decimal(0), whole_today.expected_usd - so_far)
    for ahead in range((last - today).days):
        foretold = forecast(days, ahead + 1)
        assert foretold is not None, "as many days are known as for today"
        later = foretold.expected_usd - whole_today.expected_usd
        if standing.spent_usd + left_today + later >= standing.budget.limit_usd:
            return today + timedelta(days=ahead)
    return None


def threshold_words(standing: Standing, threshold: int) -> str:
    """Return "The budget “All” of November has reached 80 %: $81.20 of $100.00 is spent."."""
    spent, limit = _usd(standing.spent_usd), _usd(standing.budget.limit_usd)
    words = f"The budget {_named(standing)} has reached {threshold} %: {spent} of {limit} is spent."
    if standing.budget.hard and threshold >= ALL_OF_IT:
        return words + " It is a hard limit: what would go above it is not started."
    return words


def forecast_words(standing: Standing, ends: date) -> str:
    """Return "At this pace the budget “All” of November ends on the 21st."."""
    day = (
        f"{ends:%A} the {_ordinal(ends.day)}" if standing.budget.period is Period.WEEK else f"the {_ordinal(ends.day)}"
    )
    spent, limit = _usd(standing.spent_usd), _usd(standing.budget.limit_usd)
    return f"At this pace the budget {_named(standing)} ends on {day}: {spent} of {limit} is spent."


def _named(standing: Standing) -> str:
    return f"“{standing.budget.name}”{_of_period(standing)}"


def _of_period(standing: Standing) -> str:
    match standing.budget.period:
        case Period.DAY:
            return f" of {standing.first:%-d %B}"
        case Period.WEEK:
            return f" of the week from {standing.first:%-d %B}"
        case Period.MONTH:
            return f" of {standing.first:%B}"
        case Period.TOTAL:
            return ""


def _usd(amount: Decimal) -> str:
    return f"${amount:,.2f}"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
