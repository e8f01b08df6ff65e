"""Audit: every privileged act, the newest first: who, from where, what, to what, before and after."""

import streamlit as st

from pages.components.words import begun, counted, moment, plain, span
from staging.audit import Entry, changes
from staging.exports.audit import as_csv
from staging.lab import Lab, current
from staging.store import AuditFilter

A_PAGE = 20
MOST_CHANGES = 12
"""Of one act, as it is shown at first; the rest is folded."""
MOST_EXPORTED = 100_000
PAGE = "audit-page"
WANTED = "audit-wanted"


def choose_filter(lab: Lab) -> AuditFilter:
    """Draw the filters and return what they say."""
    actors, acts = lab.audit.names()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Search",
            key="audit-words",
            bind="query-params",
            placeholder="Anything in an entry",
            icon=":material/search:",
        )
        actor = st.selectbox("By", actors, index=None, placeholder="Anybody", key="audit-actor")
        act = st.selectbox("Act", acts, index=None, placeholder="Any", key="audit-act")
        subject = st.text_input("On what", key="audit-subject", placeholder="A name, a model, a project")
        days = st.date_input("Days", [], key="audit-days", format="YYYY-MM-DD")
    since, until = span(days if isinstance(days, tuple) else (days,), st.context.timezone)
    return AuditFilter(
        actor=actor or "", act=act or "", subject=subject or "", since=since, until=until, words=words or ""
    )


def show_entry(entry: Entry) -> None:
    """Draw one act: what was done, by whom, and what differs."""
    with st.container(border=True, key=f"audit-entry-{entry.sequence}"):
        subject = f" · {plain(entry.subject)}" if entry.subject else ""
        st.markdown(f"**{plain(begun(entry.act))}**{subject}")
        when = moment(entry.at, st.context.timezone)
        st.caption(f"{plain(entry.actor)}, from {plain(entry.origin)} · {when} · entry {entry.sequence}")
        if entry.note:
            st.markdown(f"“{plain(entry.note)}”")
        lines = [change_words(*change.told, change.what) for change in changes(entry)]
        if lines:
            st.markdown("\n".join(lines[:MOST_CHANGES]))
        if len(lines) > MOST_CHANGES:
            with st.expander(f"{len(lines) - MOST_CHANGES} more", key=f"audit-more-{entry.sequence}"):
                st.markdown("\n".join(lines[MOST_CHANGES:]))


def change_words(before: str, after: str, what: str) -> str:
    """Return one difference as a line: "limit usd: 5 → 7", "people › ben: 2, taken away"."""
    name = f"- {plain(what)}: "
    if not before:
        return f"{name}**{plain(after)}**, new"
    return f"{name}{plain(before)} → **{plain(after)}**" if after else f"{name}~~{plain(before)}~~, taken away"


def turn_pages(count: int) -> None:
    """Draw the ways to newer and older entries, where there are any."""
    page: int = st.session_state[PAGE]
    with st.container(horizontal=True, horizontal_alignment="center"):
        for label, icon, step, there in (
            ("Newer", ":material/chevron_left:", -1, page > 0),
            ("Older", ":material/chevron_right:", 1, (page + 1) * A_PAGE < count),
        ):
            if there and st.button(label, icon=icon, key=f"audit-{label.lower()}"):
                st.session_state[PAGE] += step
                st.rerun()


def show(lab: Lab) -> None:
    """Draw the entries that pass the filters, a page at a time."""
    st.caption(
        "Every act that needs a manager's or an admin's role is kept here, each entry chained to the one before by "
        "its digest. The command “python -m staging verify” names any entry that was altered, deleted or moved."
    )
    wanted = choose_filter(lab)
    if st.session_state.get(WANTED) != wanted:
        st.session_state[WANTED], st.session_state[PAGE] = wanted, 0
    count, entries = lab.audit.list(wanted, A_PAGE, st.session_state[PAGE] * A_PAGE)
    if not entries:
        if wanted == AuditFilter():
            st.info(
                "Nothing so far. A changed budget, price, prompt or setting will be here.", icon=":material/policy:"
            )
        else:
            st.info("No entry passes these filters.", icon=":material/filter_alt_off:")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(counted(count, "entry", "entries"), width="stretch")
        st.download_button(
            "CSV",
            lambda: as_csv(lab.audit.list(wanted, MOST_EXPORTED)[1]),
            file_name="audit.csv",
            mime="text/csv",
            icon=":material/table:",
            key="audit-csv",
            on_click="ignore",
            help=f"The entries that pass the filters, the newest {MOST_EXPORTED:,} of them at most.",
        )
    for entry in entries:
        show_entry(entry)
    turn_pages(count)


show(current())
