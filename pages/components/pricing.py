"""A model's entries in the price book, the form for another one, and what the hardware costs."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

import streamlit as st

from pages.components.said import Said
from pages.components.words import dollars, moment, plain, price_text
from staging.access import Permission, person
from staging.errors import StagingError
from staging.lab import Lab
from staging.prices import LAST_DAY, Entry, HardwareRate, PriceCard, usd
from staging.store import Document

SAID = Said("prices-said")
"""What the last act on the price book came to."""
KINDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Per image": (("usd_per_image", "Dollars per image"),),
    "Per second of hardware": (("usd_per_second", "Dollars per second"),),
    "Per megapixel": (
        ("usd_per_megapixel_in", "Dollars per megapixel in"),
        ("usd_per_megapixel_out", "Dollars per megapixel out"),
    ),
    "Per run": (),
    "Unknown": (),
}
"""What a price is for, and the figures that it takes: field and label."""
RUN = ("usd_per_run", "Dollars per run")
OTHER = "other hardware"


def act(deed: Callable[[], object], done: str) -> bool:
    """Do it, and keep for the page what it came to; True when it was done."""
    try:
        deed()
    except StagingError as error:
        SAID.refused(str(error))
        return False
    SAID.done(done)
    return True


def key_of(card: PriceCard, name: str) -> str:
    """Return the key of a widget about this model."""
    return f"price-{card.spec.id.replace('/', '-').replace('.', '-')}-{name}"


def typed(key: str, label: str) -> Decimal | None:
    """Return the dollars that were typed into the widget, None when nothing was; ParametersRefused."""
    text = (st.session_state.get(key) or "").strip()
    return usd(text, label) if text else None


# ── entries ─────────────────────────────────────────────────────────────────────────────────


def entries(lab: Lab, card: PriceCard) -> None:
    """Draw what the book says of the model, the newest day first and the shipped price last."""
    today = lab.prices.today()
    held = card.in_force(today)
    if card.fault is not None:
        st.warning(plain(card.fault.note), icon=":material/warning:")
    for number, entry in reversed(list(enumerate(card.entries))):
        with st.container(border=True, key=key_of(card, f"entry-{number}")):
            coming = entry.since > today
            state = "in force" if entry is held else "to come" if coming else "over"
            _price(card, entry, state)
            if coming:
                st.button(
                    "Take back",
                    icon=":material/undo:",
                    key=key_of(card, f"take-back-{number}"),
                    on_click=take_back,
                    args=(lab, card, entry),
                )
    with st.container(border=True, key=key_of(card, "shipped")):
        _price(card, None, "in force" if held is None and card.fault is None else "over")


def _price(card: PriceCard, entry: Entry | None, state: str) -> None:
    price = card.table.rated(card.spec.price if entry is None else entry.price)
    badge = {"in force": ":green-badge[in force]", "to come": ":blue-badge[to come]"}.get(state, ":gray-badge[over]")
    st.markdown(f"**{plain(price_text(price).capitalize())}** {badge}")
    if entry is None:
        when = "As shipped with this release"
    else:
        when = f"From {entry.since:%-d %b %Y}, set by {entry.set_by} on {moment(entry.set_at, st.context.timezone)}"
    st.caption(
        "  \n".join(
            plain(part) for part in (when, f"Source: {price.source}, {price.dated:%-d %b %Y}", price.note) if part
        )
    )


def take_back(lab: Lab, card: PriceCard, entry: Entry) -> None:
    """The entry will never hold. A callback."""
    note = f"Taken back: the entry of {entry.since}"
    act(
        lambda: lab.prices.take_back(
            card.spec.id, entry, person(Permission.EDIT_PRICES), datetime.now(UTC), note=note, follows=card.version
        ),
        f"The entry of {entry.since:%-d %b %Y} is taken back.",
    )


def entry_form(lab: Lab, card: PriceCard) -> None:
    """Draw the form for another entry; the kind picks its fields."""
    st.subheader("Add an entry", anchor=False)
    kind = st.selectbox("What is paid for", list(KINDS), key=key_of(card, "kind"))
    with st.form(key_of(card, "form"), border=True):
        figures = [] if kind == "Unknown" else [*KINDS[kind], RUN]
        for field, label in figures:
            on_top = kind != "Per run" and field == RUN[0]
            hint = "nothing on top" if on_top else "the table's rate" if field == "usd_per_second" else "0.04"
            st.text_input(label + (", on top" if on_top else ""), key=key_of(card, field), placeholder=hint)
            if field == "usd_per_second":
                st.selectbox("Hardware", list(card.table.rates), key=key_of(card, "hardware"))
        st.date_input("From", lab.prices.today(), max_value=LAST_DAY, key=key_of(card, "since"), format="YYYY-MM-DD")
        st.text_input("Source", key=key_of(card, "source"), placeholder="Where it can be read", max_chars=300)
        st.date_input("Read on", lab.prices.today(), key=key_of(card, "dated"), format="YYYY-MM-DD")
        st.text_input("Note", key=key_of(card, "note"), max_chars=500)
        st.form_submit_button(
            "Add", type="primary", icon=":material/add:", key=key_of(card, "add"), on_click=add, args=(lab, card, kind)
        )


def add(lab: Lab, card: PriceCard, kind: str) -> None:
    """Write the entry that was typed; refused, it stays as it was typed. A callback."""
    state = st.session_state
    since: date = state[key_of(card, "since")]

    def keep() -> None:
        price: dict[str, object] = {name: state.get(key_of(card, name)) for name in ("source", "dated", "note")}
        if kind != "Unknown":
            for field, label in (*KINDS[kind], RUN):
                price[field] = typed(key_of(card, field), label)
            needed = KINDS[kind] or (RUN,)
            if kind == "Per second of hardware":
                price["hardware"] = state[key_of(card, "hardware")]
            elif all(price[field] is None for field, _ in needed):
                usd("", needed[0][1])
        lab.prices.add(
            card.spec.id, since, price, person(Permission.EDIT_PRICES), datetime.now(UTC), note="", follows=card.version
        )

    if act(keep, f"From {since:%-d %b %Y}: the entry is in the book. What was asked for before keeps its price."):
        for name in ("source", "note", RUN[0], *(field for fields in KINDS.values() for field, _ in fields)):
            state[key_of(card, name)] = ""


# ── the worst price ─────────────────────────────────────────────────────────────────────────


def worst_form(lab: Lab, card: PriceCard) -> None:
    """Draw the worst price that is declared, and the form to declare one."""
    st.subheader("Worst price", anchor=False)
    told = (
        f"At most {dollars(card.worst_usd)} a run, as declared." if card.worst_usd is not None else "None is declared."
    )
    st.caption(plain(f"{told} It is set aside for a run whose price is unknown, and is in no report."))
    with st.form(key_of(card, "worst-form"), border=True):
        st.text_input("The most that a run may cost, in dollars", key=key_of(card, "worst"), placeholder="0.25")
        st.text_input("How you know", key=key_of(card, "worst-why"), max_chars=500)
        st.form_submit_button(
            "Declare",
            icon=":material/vertical_align_top:",
            key=key_of(card, "declare"),
            on_click=declare,
            args=(lab, card),
        )
    if card.worst_usd is not None:
        st.button(
            "Withdraw the worst price", icon=":material/undo:", key=key_of(card, "withdraw"), on_click=declare,
            args=(lab, card, True),
        )  # fmt: skip


def declare(lab: Lab, card: PriceCard, withdraw: bool = False) -> None:
    """Declare the worst price that was typed, or none any more. A callback."""
    key, why = key_of(card, "worst"), key_of(card, "worst-why")

    def keep() -> None:
        most = None if withdraw else usd(st.session_state[key] or "", "The worst price")
        note = f"Worst price: {st.session_state.get(why) or 'no reason given'}"
        lab.prices.declare_worst(
            card.spec.id, most, person(Permission.EDIT_PRICES), datetime.now(UTC), note=note, follows=card.version
        )

    if act(keep, "The worst price is withdrawn." if withdraw else "The worst price is declared."):
        st.session_state[key] = st.session_state[why] = ""


# ── hardware ────────────────────────────────────────────────────────────────────────────────


def hardware_form(lab: Lab) -> None:
    """Draw the form for a hardware's rate, new or other than it was."""
    table = lab.prices.hardware.table()
    st.subheader("Change a rate", anchor=False)
    sku = st.selectbox("Hardware", [*table.rates, OTHER], key="hardware-sku")
    with st.form("hardware-form", border=True):
        if sku == OTHER:
            st.text_input("The provider's name for it", key="hardware-new", placeholder="gpu-b200", max_chars=60)
        st.text_input("Dollars per second", key="hardware-usd", placeholder="0.000975")
        st.text_input("Source", key="hardware-source", placeholder="Where it can be read", max_chars=300)
        st.date_input("Read on", lab.prices.today(), key="hardware-dated", format="YYYY-MM-DD")
        st.form_submit_button(
            "Save", type="primary", icon=":material/check:", key="hardware-save", on_click=keep_rate,
            args=(lab, table.rates.get(sku), table.version),
        )  # fmt: skip


def keep_rate(lab: Lab, known: HardwareRate | None, follows: int) -> None:
    """Keep the rate that was typed. A callback."""
    state = st.session_state

    def keep() -> None:
        sku = known.sku if known else (state.get("hardware-new") or "").strip()
        rate = {
            "sku": sku,
            "name": known.name if known else sku,
            "usd_per_second": usd(state["hardware-usd"] or "", "Dollars per second"),
            "source": state["hardware-source"],
            "dated": state["hardware-dated"],
        }
        lab.prices.hardware.keep(
            rate, person(Permission.EDIT_PRICES), datetime.now(UTC), note=f"Rate of {sku}", follows=follows
        )

    if act(keep, "The rate is in the table. What was asked for before keeps its price."):
        state["hardware-usd"] = state["hardware-source"] = ""


def history(versions: list[Document], key: str) -> None:
    """Draw who changed what is written here, when and why."""
    with st.expander("History", icon=":material/history:", key=key):
        if not versions:
            st.caption("Nobody has changed anything: it is as shipped.")
        for one in versions:
            words = (f"Version {one.version}", moment(one.written_at, st.context.timezone), one.written_by, one.note)
            st.caption(" · ".join(plain(word) for word in words if word))
