"""What was spent, in figures: with the change against the days before, what is unknown always beside the money."""

from collections.abc import Mapping
from decimal import Decimal

import streamlit as st

from pages.components.foretelling import Foretold
from pages.components.words import counted, dollars, plain
from staging.store import CostReport, CostRow, UnderWay


def figures(report: CostReport, under_way: UnderWay, foretold: Foretold) -> None:
    """Draw the figures that matter most."""
    total, before = report.total, report.before
    earlier = f"than in the {counted(_days(report), 'day')} before"
    with st.grid(4, min_column_width=155):
        spent_change = change(total.cost_usd, before.cost_usd) if before.predictions else None
        _figure("Spent", dollars(total.cost_usd), spent_change, earlier)
        each = total.usd_per_accepted
        each_change = change(each, before.usd_per_accepted) if each is not None else None
        _figure("Per accepted picture", "–" if each is None else dollars(each), each_change, earlier, "inverse")
        _figure("Pictures made", f"{total.succeeded} of {total.predictions}", said=_retries(total))
        accepted = f"{total.rejected} rejected, {total.undecided} undecided"
        _figure("Accepted", f"{total.accepted}", said=accepted)
        wasted = total.rejected_usd + total.lost_usd
        _figure("Wasted", dollars(wasted), said=plain(_wasted(total)), hint=WASTED)
        _figure("Settled", dollars(total.settled_usd), said=plain(_settled(total)), hint=SETTLED)
        _figure("Under way", f"{under_way.predictions}", said=_reserved(under_way), hint=UNDER_WAY)
        foreseen(foretold)


def foreseen(foretold: Foretold) -> None:
    """Draw what is expected, between which amounts."""
    told = foretold.forecast
    value, said = "–", "too few days to tell"
    if told is not None:
        value = dollars(_cents(told.expected_usd))
        said = plain(f"{dollars(_cents(told.low_usd))} to {dollars(_cents(told.high_usd))}")
    _figure(f"Forecast for {foretold.of}", value, said=said, hint=FORECAST)


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
        return "±$0"
    sign = "-" if difference < 0 else "+"
    share = f" ({difference / before * 100:+,.0f} %)" if before else ""
    return f"{sign}{dollars(_cents(abs(difference)))}{share}"


def _figure(
    label: str,
    value: str,
    changed: str | None = None,
    earlier: str = "",
    colour: str = "off",
    *,
    said: str = "",
    hint: str | None = None,
) -> None:
    """Draw one figure; under it how it changed, or something said of it."""
    st.metric(
        label,
        value,
        delta=changed or said or None,
        delta_color="inverse" if changed and colour == "inverse" else "off",
        delta_arrow="auto" if changed and changed != "±$0" else "off",
        delta_description=earlier if changed else None,
        help=hint,
        border=True,
        height="stretch",
    )


def _days(report: CostReport) -> int:
    return (report.last - report.first).days + 1


def _cents(amount: Decimal) -> Decimal:
    """Return the amount in cents, or as exact as it is below ten: a change and a forecast are no more exact."""
    return amount.quantize(Decimal("0.01")) if amount >= Decimal("0.10") else amount.quantize(Decimal("0.0001"))


def _retries(total: CostRow) -> str:
    lost = total.failed + total.canceled + total.unknown
    return ", ".join([f"{lost} failed", counted(total.retries, "retry", "retries")])


def _wasted(total: CostRow) -> str:
    return f"{dollars(total.rejected_usd)} rejected, {dollars(total.lost_usd)} failed"


def _settled(total: CostRow) -> str:
    return f"{dollars(total.cost_usd - total.settled_usd)} is an estimate"


def _reserved(under_way: UnderWay) -> str:
    words = [plain(f"{dollars(under_way.reserved_usd)} reserved")]
    if under_way.unreserved:
        words.append(f"{under_way.unreserved} without")
    return ", ".join(words)
