"""What was spent, in figures: with the change against the days before, what is unknown always beside the money."""

from collections.abc import Mapping
from decimal import Decimal

import streamlit as st

from pages.components.foretelling import Foretold
from pages.components.words import counted, dollars, plain
from staging.store import CostReport, CostRow, UnderWay

# Two figures stand side by side on a phone; Streamlit's size for them would cut what is longer than "$1.20".
_STYLE = '<style>.st-key-costs-figures [data-testid="stMetricValue"] { font-size: clamp(1.3rem, 5vw, 2rem); }</style>'


def figures(report: CostReport, under_way: UnderWay, foretold: Foretold) -> None:
    """Draw the figures that matter most."""
    total, before = report.total, report.before
    wasted = total.rejected_usd + total.lost_usd
    st.html(_STYLE)
    with st.grid(4, min_column_width=155, key="costs-figures"):
        spent_change = change(total.cost_usd, before.cost_usd) if before.predictions else None
        _figure("Spent", dollars(total.cost_usd), _before(before, before.cost_usd), spent_change)
        each, earlier = total.usd_per_accepted, before.usd_per_accepted
        value = "–" if each is None else dollars(_shown(each))
        _figure("Per accepted picture", value, _before(before, earlier), change(each, earlier), "inverse")
        _figure("Pictures made", f"{total.succeeded}", _asked(total))
        _figure("Accepted", f"{total.accepted}", f"{total.rejected} rejected, {total.undecided} undecided")
        _figure("Wasted", dollars(wasted), _wasted(total), hint=WASTED)
        _figure("Settled", dollars(total.settled_usd), _settled(total), hint=SETTLED)
        _figure("Under way", f"{under_way.predictions}", _reserved(under_way), hint=UNDER_WAY)
        foreseen(foretold)


def foreseen(foretold: Foretold) -> None:
    """Draw what is expected, between which amounts."""
    told = foretold.forecast
    value, said = "–", "too few days to tell"
    if told is not None:
        value = dollars(_shown(told.expected_usd))
        said = f"{dollars(_shown(told.low_usd))} to {dollars(_shown(told.high_usd))}"
    _figure(f"Forecast {foretold.of}", value, said, hint=FORECAST)


NO_CHANGE = "±$0"
WASTED = "What went into pictures that were rejected and into predictions that failed, were cancelled or got lost."
SETTLED = "The part of the sum that the provider's bill, or a person, has settled. The rest is our own estimate."
UNDER_WAY = "What has not ended, of all models, projects and people. It is in no sum yet; its most is reserved."
FORECAST = "At the pace of the last 56 days at most. Four times of five the end should lie between the two amounts."


def what_is_not_in_it(report: CostReport, names: Mapping[str, str]) -> None:
    """Say which predictions have no known price: they are in no sum, and not $0."""
    unknown = [(row.key, row.unknown_charges) for row in report.by_model if row.unknown_charges]
    if not unknown:
        return
    named = ", ".join(f"{plain(names.get(model, model))} ({count})" for model, count in unknown)
    several = report.total.unknown_charges
    held = f" {plain(dollars(report.total.held_usd))} stays reserved for them." if report.total.held_usd else ""
    st.warning(
        f"Not in these sums: {counted(several, 'prediction')} at an unknown price: {named}.{held}",
        icon=":material/help:",
    )


def change(now: Decimal | None, before: Decimal | None) -> str | None:
    """Return "+$1.20 (+15 %)"; None when there is nothing to compare with."""
    if now is None or before is None:
        return None
    difference = now - before
    if not difference:
        return NO_CHANGE
    sign = "-" if difference < 0 else "+"
    share = f" ({difference / before * 100:+,.0f} %)" if before else ""
    return f"{sign}{dollars(_shown(abs(difference)))}{share}"


def _figure(
    label: str, value: str, said: str, changed: str | None = None, colour: str = "off", *, hint: str | None = None
) -> None:
    """Draw one figure, how it changed, and what else is to be said of it."""
    with st.container(border=True, height="stretch", gap="xsmall"):
        st.metric(
            label,
            value,
            delta=changed,
            delta_color="inverse" if colour == "inverse" and changed != NO_CHANGE else "off",
            delta_arrow="off" if changed == NO_CHANGE else "auto",
            help=hint,
        )
        st.caption(plain(said))


def _shown(amount: Decimal) -> Decimal:
    """Return the amount in cents, or to four places below a dollar: a change and a forecast are no more exact."""
    return amount.quantize(Decimal("0.01") if amount >= 1 else Decimal("0.0001"))


def _before(before: CostRow, amount: Decimal | None) -> str:
    if not before.predictions:
        return "nothing ran in the days before"
    return "none in the days before" if amount is None else f"{dollars(_shown(amount))} in the days before"


def _asked(total: CostRow) -> str:
    lost = total.failed + total.canceled + total.unknown
    return f"of {total.predictions}; {lost} failed, {counted(total.retries, 'retry', 'retries')}"


def _wasted(total: CostRow) -> str:
    return f"{dollars(_shown(total.rejected_usd))} rejected, {dollars(_shown(total.lost_usd))} failed"


def _settled(total: CostRow) -> str:
    return f"{dollars(_shown(total.cost_usd - total.settled_usd))} is an estimate"


def _reserved(under_way: UnderWay) -> str:
    words = [f"{dollars(under_way.reserved_usd)} reserved"]
    if under_way.unreserved:
        words.append(f"{under_way.unreserved} without")
    return ", ".join(words)
