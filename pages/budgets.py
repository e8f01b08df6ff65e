"""Budgets: what may be spent on what, how much of it is left, and who changed it when."""

import streamlit as st

from pages.components.budgeting import FIELDS, SAID, fields, remove, show_standing
from pages.components.words import moment, plain
from staging.budgets import Budget, BudgetVersion, Standing
from staging.budgets_terms import exact_dollars
from staging.errors import StagingError
from staging.lab import Lab, current

SHOWN = 20
"""Changes that are drawn before somebody asks for all."""


def show_budget(lab: Lab, standing: Standing, version: int) -> None:
    """Draw one budget with what may be done with it; its fields while they are open."""
    budget = standing.budget
    with st.container(border=True, key=f"budget-card-{budget.name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            badge = ":violet-badge[hard]" if budget.hard else ":gray-badge[soft]"
            st.markdown(f"**{plain(budget.name)}** {badge}  \n{plain(budget.about)}", width="stretch")
            with st.container(horizontal=True, wrap=False, width="content"):
                st.button(
                    "Edit",
                    icon=":material/edit:",
                    key=f"budget-edit-{budget.name}-{version}",
                    on_click=FIELDS.open,
                    args=(budget.name, version),
                )
                remove(lab, budget.name, version)
        show_standing(standing, lab.budgets.zone)
        opened = FIELDS.now
        if opened is not None and opened[0] == budget.name:
            st.divider()
            show_fields(lab, *opened)


def show_fields(lab: Lab, name: str, version: int | None) -> None:
    """Draw the open fields as they were opened: what somebody saved since is told when these are saved."""
    found = [one.budget for one in lab.budgets.history() if (one.name, one.version) == (name, version)]
    fields(lab, found[0] if found else None, version)


def show_new(lab: Lab) -> None:
    """Draw the way to a new budget, or its fields."""
    if FIELDS.now == ("", None):
        with st.container(border=True, key="budget-card-new"):
            st.subheader("A new budget", anchor=False)
            fields(lab, None, None)
        return
    st.button("Add a budget", icon=":material/add:", key="budget-add", on_click=FIELDS.open, args=("", None))


def show_broken(lab: Lab, last: dict[str, BudgetVersion]) -> None:
    """Draw the budgets that cannot be read, to be removed: until then nothing that costs is run."""
    for one in last.values():
        if one.fault:
            st.error(plain(one.fault), icon=":material/error:")
            remove(lab, one.name, one.version)


def change(now: BudgetVersion, before: Budget | None) -> str:
    """Return what a version did: "limit $50.00 → $100.00, soft → hard"."""
    budget = now.budget
    if budget is None:
        return now.fault or "removed"
    facts = [_facts(one) if one else [] for one in (before, budget)]
    if before is None:
        return f"set to {', '.join(facts[1])}"
    changed = [f"{old} → {new}" for old, new in zip(*facts, strict=True) if old != new]
    return ", ".join(changed) or "saved as it was"


def _facts(budget: Budget) -> list[str]:
    thresholds = ", ".join(f"{one} %" for one in budget.thresholds)
    return [
        exact_dollars(budget.limit_usd),
        budget.about,
        "hard" if budget.hard else "soft",
        f"told at {thresholds}" if thresholds else "never told",
    ]


def show_history(history: tuple[BudgetVersion, ...]) -> None:
    """Draw who changed what when, the newest first."""
    by_place = {(one.name, one.version): one for one in history}
    all_of_them = len(history) <= SHOWN or st.session_state.get("budgets-all-changes", False)
    with st.expander("History of changes", icon=":material/history:", key="budgets-history"):
        for one in history if all_of_them else history[:SHOWN]:
            before = by_place.get((one.name, one.version - 1))
            when = moment(one.written_at, st.context.timezone)
            said = change(one, before.budget if before else None)
            note = f" “{one.note}”" if one.note else ""
            st.markdown(f"**{plain(one.name)}**: {plain(said)}  \n:small[{plain(f'{when} · {one.written_by}{note}')}]")
        if len(history) > SHOWN:
            st.toggle(f"Show all {len(history)} changes", key="budgets-all-changes")


def show(lab: Lab) -> None:
    """Draw the page."""
    st.caption(plain(f"What may be spent on what. Days, weeks and months begin at midnight in {lab.budgets.zone}."))
    SAID.show()
    history = lab.budgets.history()
    last = {one.name: one for one in reversed(history)}
    show_broken(lab, last)
    try:
        standings = lab.budgets.standings()
    except StagingError:  # said above, with the way out
        if not any(one.fault for one in last.values()):
            raise
        standings = ()
    if not any(one.budget or one.fault for one in last.values()):
        st.info(
            "There is no budget yet: nothing limits what is spent. Add one for everything, or for one model, "
            "project or person; a hard one refuses runs that it has too little left for, a soft one tells you.",
            icon=":material/account_balance_wallet:",
        )
    for standing in standings:
        show_budget(lab, standing, last[standing.budget.name].version)
    show_new(lab)
    if history:
        show_history(history)


show(current())
