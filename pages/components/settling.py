"""The provider's bill beside what we reckoned, to be looked at and settled; and what is in doubt, settled by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import streamlit as st

from pages.components.pricing import act
from pages.components.words import counted, dollars, moment, plain
from staging.access import Permission, person
from staging.billing import Bill, Match, Reconciliation, read_bill, reconcile, settle, settle_by_hand
from staging.errors import BillRefused
from staging.exports.words import harmless
from staging.externals import model_name
from staging.lab import Lab
from staging.predictions import LONGEST_NOTE, PredictionNow
from staging.prices import usd

MOST_MEGABYTES = 20
SHOWN = 500
"""Lines of a table that are drawn at most: the largest differences come first."""
MEANINGS = {
    "id": "the prediction's id",
    "usd": "the amount",
    "model": "the model",
    "day": "the day",
    "currency": "the currency",
}
_MONEY = st.column_config.NumberColumn(format="$%.6f")


def settling(lab: Lab) -> None:
    """Draw the section: a bill to upload, what it says beside the ledger, and what is settled by hand."""
    st.subheader("Settle with the provider's bill", anchor=False)
    st.caption(
        "Replicate tells no price with a result, so a charge is an estimate. Upload its billing export (CSV): what "
        "agrees and what differs is shown, and nothing is written before you confirm."
    )
    file = st.file_uploader(
        "Billing export", type=["csv", "tsv", "txt"], max_upload_size=MOST_MEGABYTES, key="bills-file"
    )
    if file is not None:
        try:
            bill = _read(file.file_id, file.getvalue(), file.name)
        except BillRefused as refusal:
            st.error(plain(str(refusal)), icon=":material/error:")
        else:
            _bill(lab, reconcile(lab.store, bill))
    _by_hand(lab)


def _read(file_id: str, data: bytes, name: str) -> Bill:
    """Return the bill, read once an upload: a page runs at every press."""
    known_id, bill = st.session_state.get("bills-read", ("", None))
    if known_id != file_id or bill is None:
        bill = read_bill(data, name)
        st.session_state["bills-read"] = (file_id, bill)
    read: Bill = bill
    return read


def _bill(lab: Lab, found: Reconciliation) -> None:
    with st.container(horizontal=True, key="bills-totals"):
        st.metric("The bill says", dollars(found.theirs_usd), border=True)
        st.metric("We reckoned", dollars(found.ours_usd), border=True)
        st.metric("Difference", _signed(found.theirs_usd - found.ours_usd), border=True)
    st.markdown(" · ".join(plain(word) for word in _counts(found)))
    columns = ", ".join(f"{MEANINGS[meaning]} from “{column}”" for meaning, column in found.bill.columns.items())
    st.caption(plain(f"Read out of {found.bill.name}: {columns}."))
    if found.different:
        st.markdown("**What differs**")
        _matches(lab, found.different, "bills-different")
    _more(lab, found)
    st.button(
        f"Settle {counted(found.news, 'prediction')}" if found.news else "Nothing to settle: all of it is known",
        type="primary",
        icon=":material/done_all:",
        key="bills-settle",
        disabled=not found.news,
        on_click=confirm,
        args=(lab, found),
    )


def _counts(found: Reconciliation) -> list[str]:
    counts = [f"{len(found.equal)} agree", f"{len(found.different)} differ"]
    if found.under_way:
        counts.append(f"{len(found.under_way)} not ended yet")
    if found.strangers:
        counts.append(f"{len(found.strangers)} that we do not know")
    if found.unnamed_count:
        counts.append(f"{found.unnamed_count} of ours that the bill does not name ({dollars(found.unnamed_usd)})")
    if found.bill.nameless_lines:
        lines = counted(found.bill.nameless_lines, "line")
        counts.append(f"{lines} without a prediction's id ({dollars(found.bill.nameless_usd)})")
    return counts


def _more(lab: Lab, found: Reconciliation) -> None:
    bill = found.bill
    if found.equal:
        with st.expander(f"What agrees ({len(found.equal)})", key="bills-equal"):
            _matches(lab, found.equal, "bills-equal-table")
    if found.strangers:
        with st.expander(f"On the bill, and not ours ({len(found.strangers)})", key="bills-strangers"):
            st.caption("Made with the same account elsewhere, or before this ledger. They are in no report.")
            shown = found.strangers[:SHOWN]
            st.dataframe(
                {
                    "Provider's id": [harmless(line.provider_id) for line in shown],
                    "Bill": [float(line.usd) for line in shown],
                    "Model": [harmless(line.model) for line in shown],
                    "Lines": [", ".join(map(str, line.lines[:5])) for line in shown],
                },
                hide_index=True,
                column_config={"Bill": _MONEY},
                key="bills-strangers-table",
            )
    if found.unnamed:
        with st.expander(f"Ours of these days, and not on the bill ({found.unnamed_count})", key="bills-unnamed"):
            st.caption("They stay estimates. A bill may come late, or its days may end at another hour than ours.")
            st.dataframe(
                {
                    "Model": [model_name(one.model, lab.registry) for one in found.unnamed],
                    "Ended": [_when(one.ended_at) for one in found.unnamed],
                    "Ours": [_float(one.charge_usd) for one in found.unnamed],
                    "Provider's id": [one.provider_id for one in found.unnamed],
                },
                hide_index=True,
                column_config={"Ours": _MONEY},
                key="bills-unnamed-table",
            )
    if bill.repeated:
        with st.expander(f"On several lines, added up ({len(bill.repeated)})", key="bills-repeated"):
            for line in bill.repeated[:20]:
                lines = ", ".join(map(str, line.lines[:20]))
                st.caption(plain(f"{line.provider_id}: {dollars(line.usd)} on lines {lines}"))


def _matches(lab: Lab, matches: Sequence[Match], key: str) -> None:
    shown = matches[:SHOWN]
    before = {"Settled before": [_float(one.settled_usd) for one in shown]}
    st.dataframe(
        {
            "Model": [model_name(one.model, lab.registry) for one in shown],
            "Ended": [_when(one.ended_at) for one in shown],
            "Ours": [_float(one.ours_usd) for one in shown],
            "Bill": [float(one.theirs_usd) for one in shown],
            "Difference": [_float(one.difference_usd) for one in shown],
            **(before if any(one.settled_usd is not None for one in shown) else {}),
            "Provider's id": [", ".join(one.provider_ids) for one in shown],
        },
        hide_index=True,
        column_config=dict.fromkeys(("Ours", "Bill", "Difference", "Settled before"), _MONEY),
        key=key,
    )
    if len(matches) > SHOWN:
        st.caption(f"The first {SHOWN} of {len(matches)}.")


def confirm(lab: Lab, found: Reconciliation) -> None:
    """Settle what was shown. A callback."""
    act(
        lambda: settle(lab.store, found, person(Permission.EDIT_PRICES), datetime.now(UTC)),
        f"{counted(found.news, 'prediction')} settled as the bill says. The estimates stay beside the amounts.",
    )


def _by_hand(lab: Lab) -> None:
    count, doubtful = lab.store.settlements.to_settle()
    st.subheader("Settle by hand", anchor=False)
    if not count:
        st.caption("Nothing is in doubt: every prediction that has ended has a known outcome and a known charge.")
        return
    more = f", the last {len(doubtful)} of them here" if count > len(doubtful) else ""
    st.caption(
        f"{counted(count, 'prediction')} of unknown outcome or unknown charge{more}. Look them up in the provider's "
        "dashboard, or wait for the bill."
    )
    rooms = lab.store.rooms.of({now.prediction.room for now in doubtful})
    by_id = {now.prediction.id: now for now in doubtful}

    def named(prediction_id: str) -> str:
        asked = by_id[prediction_id].prediction
        room = rooms[asked.room].name if asked.room in rooms else ""
        parts = (model_name(asked.model, lab.registry, asked.parameters), room, _when(asked.created_at))
        return " · ".join(part for part in parts if part)

    chosen = st.selectbox("Prediction", list(by_id), format_func=named, key="bills-doubtful")
    if chosen not in by_id:
        return
    _doubt(by_id[chosen])
    with st.form("bills-hand", border=True):
        st.text_input("What it came to, in dollars", key="bills-usd", placeholder="0 when it was not charged")
        st.text_input("How you know", key="bills-why", max_chars=LONGEST_NOTE)
        st.form_submit_button(
            "Settle it", icon=":material/gavel:", key="bills-hand-settle", on_click=by_hand, args=(lab, chosen)
        )


def _doubt(now: PredictionNow) -> None:
    told = [
        f"Provider's id: {now.provider_id}" if now.provider_id else "The provider's id is not known",
        f"Counted now: {dollars(now.charge_usd)} ({now.charge_basis})" if now.charge_basis else "",
        now.error or "",
    ]
    st.caption("  \n".join(plain(part) for part in told if part))


def by_hand(lab: Lab, prediction_id: str) -> None:
    """Settle the prediction at what was typed. A callback."""
    state = st.session_state

    def keep() -> None:
        amount = usd(state["bills-usd"] or "", "What it came to")
        settle_by_hand(
            lab.store,
            prediction_id,
            amount,
            state["bills-why"] or "",
            person(Permission.EDIT_PRICES),
            datetime.now(UTC),
        )

    if act(keep, "Settled. The estimate stays beside the amount."):
        state["bills-usd"] = state["bills-why"] = ""


def _when(at: datetime | None) -> str:
    return "" if at is None else moment(at, st.context.timezone)


def _float(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def _signed(amount: Decimal) -> str:
    return f"{'+' if amount > 0 else '-' if amount < 0 else ''}{dollars(abs(amount))}"
