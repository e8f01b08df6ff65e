"""Prices: what each model and each hardware costs, by which source, from which day on; and the provider's bill."""

import streamlit as st

from pages.components.parts import choose_part
from pages.components.pricing import SAID, entries, entry_form, hardware_form, history, worst_form
from pages.components.settling import settling
from pages.components.words import counted, dollars, plain, price_text
from staging.lab import Lab, current
from staging.prices import OFFLINE, PriceCard

PARTS = ("Models", "Hardware", "Bills")
NONE = "Choose a model"


def table(lab: Lab, cards: list[PriceCard]) -> None:
    """Draw the present price of every model."""
    today = lab.prices.today()
    prices = [card.price(today) for card in cards]
    held = [card.in_force(today) for card in cards]
    unknown = sum(not price.known for price in prices)
    st.caption(
        f"{counted(len(cards), 'model')}, {unknown} of them at an unknown price, which is never counted as \\$0. "
        "A prediction keeps the price of the day on which it was asked for."
    )
    st.dataframe(
        {
            "Model": [card.spec.id.value for card in cards],
            "Price": [price_text(price) for price in prices],
            "Since": ["shipped" if entry is None else entry.since.isoformat() for entry in held],
            "Set by": ["" if entry is None else entry.set_by for entry in held],
            "At worst": ["" if card.worst_usd is None else dollars(card.worst_usd) for card in cards],
            "Source": [f"{price.source}, {price.dated}" for price in prices],
        },
        hide_index=True,
        key="prices-table",
    )


def open_model(lab: Lab, cards: list[PriceCard]) -> None:
    """Draw one model's entries, and the forms to change them."""
    by_id = {card.spec.id.value: card for card in cards}
    model = st.selectbox(
        "Model",
        [NONE, *by_id],
        format_func=lambda one: by_id[one].spec.name if one in by_id else one,
        key="prices-model",
        bind="query-params",
    )
    card = by_id.get(model)
    if card is None:
        return
    st.caption(plain(card.spec.id))
    if card.spec.provider == OFFLINE:
        st.info("It runs on this machine for nothing: it has no price to set.", icon=":material/info:")
        return
    left, right = st.columns(2, gap="large")
    with left:
        entries(lab, card)
        history(lab.prices.history(card.spec.id), "prices-history")
    with right:
        entry_form(lab, card)
        worst_form(lab, card)


def hardware(lab: Lab) -> None:
    """Draw the one table of hardware rates, and the form to change it."""
    rates = lab.prices.hardware.table()
    if rates.fault:
        st.warning(plain(rates.fault), icon=":material/warning:")
    st.caption("Every price by the second takes its rate from here, from now on.")
    listed = list(rates.rates.values())
    st.dataframe(
        {
            "Hardware": [rate.sku for rate in listed],
            "Name": [rate.name for rate in listed],
            "Per second": [dollars(rate.usd_per_second) for rate in listed],
            "Per hour": [dollars(rate.usd_per_second * 3600) for rate in listed],
            "Source": [f"{rate.source}, {rate.dated}" for rate in listed],
            "Note": [rate.note for rate in listed],
        },
        hide_index=True,
        key="hardware-table",
    )
    hardware_form(lab)
    history(lab.prices.hardware.history(), "hardware-history")


def show(lab: Lab) -> None:
    """Draw the chosen part of the page."""
    SAID.show()
    part = choose_part(PARTS, "prices-part")
    if part == "Hardware":
        hardware(lab)
    elif part == "Bills":
        settling(lab)
    else:
        cards = lab.prices.cards()
        table(lab, cards)
        open_model(lab, cards)


show(current())
