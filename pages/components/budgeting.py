"""A budget on the screen: how it stands, what a run leaves of it, and the fields to write one."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import streamlit as st

from pages.components.open_fields import OpenFields
from pages.components.said import Said
from pages.components.words import counted, dollars, plain
from staging.access import Permission, person
from staging.budgets import LONGEST_NAME, LONGEST_NOTE, Budget, Outlook, Period, Scope, Standing
from staging.errors import ParametersRefused, StagingError
from staging.lab import Lab
from staging.periods import begins_anew
from staging.prices import usd

FIELDS = OpenFields("budgets-edited")
"""The budget whose fields are open, by name; a name of '' is a new one."""
SAID = Said("budgets-said")
"""What the last act on a budget came to."""
SHOWN = 3
"""Budgets that the bar under a run names with what is left of them."""
SCOPES = {Scope.ALL: "Everything", Scope.MODEL: "A model", Scope.PROJECT: "A project", Scope.PERSON: "A person"}
PERIODS = {Period.DAY: "A day", Period.WEEK: "A week", Period.MONTH: "A month", Period.TOTAL: "In total"}
KINDS = {True: "Hard", False: "Soft"}
KIND_WORDS = ("A run that it has too little left for is not started.", "It is started; you are told.")


# ── how it stands ───────────────────────────────────────────────────────────────────────────


def show_standing(standing: Standing, zone: str) -> None:
    """Draw what is spent, reserved and left, in which days."""
    left = standing.left_usd
    st.html(_bar(standing))
    rest = f"**{plain(dollars(left))} left**" if left >= 0 else f":red[**overspent by {plain(dollars(-left))}**]"
    figures = [
        f"{rest} of {plain(dollars(standing.budget.limit_usd))}",
        plain(f"{dollars(standing.spent_usd)} spent"),
        plain(f"{dollars(standing.reserved_usd)} reserved for what is under way"),
    ]
    st.markdown(" · ".join(figures))
    st.caption(plain(days_words(standing, zone)))


def days_words(standing: Standing, zone: str) -> str:
    """Return "November 2026, until 1 December 2026, 00:00 (UTC)"."""
    if standing.last is None:
        return "All that was ever spent, without an end"
    match standing.budget.period:
        case Period.DAY:
            name = f"{standing.first:%-d %B %Y}"
        case Period.WEEK:
            name = f"Week {standing.first:%-V, from %-d %B %Y}"
        case _:
            name = f"{standing.first:%B %Y}"
    return f"{name}, until {begins_anew(standing.last, zone):%-d %B %Y, %H:%M} ({zone})"


def _bar(standing: Standing) -> str:
    """Return the bar as HTML, made of numbers of ours only."""
    limit = standing.budget.limit_usd
    whole = max(limit, standing.spent_usd + standing.reserved_usd)
    spent, reserved = (float(100 * part / whole) for part in (standing.spent_usd, standing.reserved_usd))
    colour = "#c8453e" if standing.left_usd < 0 else "#23907d"
    stripes = f"repeating-linear-gradient(135deg, {colour} 0 4px, transparent 4px 8px)"
    share = f"{round(100 * standing.share)} % of the budget is spent or reserved"
    parts = f'<div style="width:{spent:.2f}%;background:{colour}"></div>'
    parts += f'<div style="width:{reserved:.2f}%;background:{stripes}"></div>'
    return (
        f'<div role="img" aria-label="{share}" style="display:flex;height:0.75rem;border-radius:0.375rem;'
        f'overflow:hidden;background:rgba(127,127,127,0.28)">{parts}</div>'
    )


# ── before a run ────────────────────────────────────────────────────────────────────────────


def refuses(outlooks: Iterable[Outlook]) -> bool:
    """True when a hard budget would not let the run start."""
    return any(one.standing.budget.hard and one.objection for one in outlooks)


def left_words(outlooks: Sequence[Outlook]) -> str:
    """Return what the run leaves of each budget, the scarcest first, or what a budget has against it."""
    hard = [one.objection for one in outlooks if one.standing.budget.hard and one.objection]
    soft = [one.objection for one in outlooks if not one.standing.budget.hard and one.objection]
    lines = []
    # One sentence of each: on a phone more would leave no room for the choices.
    if hard:
        lines.append(f":red[:material/block: Cannot be started. {plain(hard[0])}{_and_others(hard)}]")
    if soft:
        lines.append(f":orange[:material/warning: {plain(soft[0])}{_and_others(soft)}]")
    fine = sorted((one for one in outlooks if not one.objection), key=lambda one: one.left_usd)
    if fine:
        named = [plain(f"{one.standing.budget.name} {dollars(one.left_usd)}") for one in fine[:SHOWN]]
        more = f" and {counted(len(fine) - SHOWN, 'other')}" if len(fine) > SHOWN else ""
        lines.append(f":material/account_balance_wallet: Budget left after this run: {' · '.join(named)}{more}")
    return "  \n".join(f":small[{line}]" for line in lines)


def _and_others(objections: Sequence[str]) -> str:
    others = len(objections) - 1
    return f" {counted(others, 'other budget')} would object too." if others else ""


# ── to be written ───────────────────────────────────────────────────────────────────────────


def fields(lab: Lab, before: Budget | None, version: int | None) -> None:
    """Draw a budget's fields, filled in as it was in that version, and save what they say."""
    key = f"budget-{before.name}-{version}" if before else "budget-new"
    if before:
        name = before.name
    else:
        name = st.text_input("Name", key=f"{key}-name", max_chars=LONGEST_NAME, placeholder="Staging, monthly") or ""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        scope = (
            st.selectbox(
                "For",
                list(Scope),
                index=list(Scope).index(before.scope) if before else 0,
                format_func=SCOPES.__getitem__,
                key=f"{key}-scope",
            )
            or Scope.ALL
        )
        thing = _thing(lab, scope, before, key)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        limit = st.text_input(
            "Limit in US dollars", f"{before.limit_usd:f}" if before else "", key=f"{key}-limit", placeholder="100.00"
        )
        period = (
            st.selectbox(
                "To last",
                list(Period),
                index=list(Period).index(before.period if before else Period.MONTH),
                format_func=PERIODS.__getitem__,
                key=f"{key}-period",
            )
            or Period.MONTH
        )
    hard = st.radio(
        "When it is used up",
        list(KINDS),
        index=list(KINDS).index(before.hard) if before else 0,
        format_func=KINDS.__getitem__,
        captions=KIND_WORDS,
        key=f"{key}-hard",
    )
    marks = ", ".join(str(one) for one in before.thresholds) if before else "50, 80, 95, 100"
    thresholds = st.text_input(
        "Tell people at (per cent)", marks, key=f"{key}-thresholds", help="Each once in a period. Empty: never."
    )
    note = st.text_input("Why (kept in the history)", key=f"{key}-note", max_chars=LONGEST_NOTE)
    with st.container(horizontal=True):
        pressed = st.button("Save", type="primary", icon=":material/check:", key=f"{key}-save")
        st.button("Not now", key=f"{key}-not-now", on_click=FIELDS.close)
    if pressed:
        try:
            amount = usd((limit or "").replace(",", ""), "The limit")
            new = Budget(name, scope, thing, period, amount, bool(hard), _per_cents(thresholds or ""))
            lab.budgets.save(new, person(Permission.EDIT_BUDGETS), datetime.now(UTC), note=note or "", follows=version)
        except StagingError as error:
            st.error(plain(str(error)), icon=":material/error:")
            return
        _done(f"The budget {name} is saved.")


def _thing(lab: Lab, scope: Scope, before: Budget | None, key: str) -> str:
    """Draw the choice of what the budget is for, and return it."""
    old = before.key if before and before.scope is scope else None
    match scope:
        case Scope.MODEL:
            names = {spec.id.value: spec.name for spec in lab.registry.every()}
            options = [*names, *([old] if old and old not in names else [])]
            return (
                st.selectbox(
                    "Model",
                    options,
                    index=None if old is None else options.index(old),
                    format_func=lambda one: names.get(one, one),
                    key=f"{key}-model",
                )
                or ""
            )
        case Scope.PROJECT:
            return _named("Project", ["", *lab.projects.names()], old or "", f"{key}-project")
        case Scope.PERSON:
            people = list(dict.fromkeys([person(), *lab.store.comparisons.people()]))
            return _named("Person", people, old, f"{key}-person")
        case Scope.ALL:
            return ""


def _named(label: str, options: list[str], old: str | None, key: str) -> str:
    if old is not None and old not in options:
        options = [*options, old]
    chosen = st.selectbox(
        label,
        options,
        index=None if old is None else options.index(old),
        format_func=lambda one: one or "(no project)",
        accept_new_options=True,
        key=key,
    )
    return chosen or ""


def _per_cents(text: str) -> tuple[int, ...]:
    words = text.replace("%", " ").replace(",", " ").split()
    if not all(word.isascii() and word.isdigit() and len(word) <= 4 for word in words):
        raise ParametersRefused(f"Write the per cents as 50, 80, 95, 100, not {text.strip()[:40]!r}.")
    return tuple(int(word) for word in words)


def remove(lab: Lab, name: str, version: int) -> None:
    """Draw the way to take a budget away, which is asked once more."""
    with st.popover("Remove", icon=":material/delete:"):
        st.markdown("Nothing that it refused or told is undone, and its history stays.")
        if st.button("Yes, remove it", icon=":material/delete:", key=f"budget-remove-{name}-{version}"):
            try:
                lab.budgets.remove(name, person(Permission.EDIT_BUDGETS), datetime.now(UTC), follows=version)
            except StagingError as error:
                st.error(plain(str(error)), icon=":material/error:")
                return
            _done(f"The budget {name} is removed.")


def _done(said: str) -> None:
    SAID.briefly(said)
    FIELDS.close()
    st.rerun()
