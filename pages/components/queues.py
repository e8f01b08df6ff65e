"""Queues: chosen comparisons, and the link by which a group judges them."""

from urllib.parse import urlsplit

import streamlit as st

from pages.components.calm import calm
from pages.components.words import counted, moment, plain
from staging.access import Permission, person
from staging.lab import Lab
from staging.store import ComparisonFilter, ComparisonLine
from staging.votes import Queue, Unit

OFFERED = 200
"""The last comparisons that can be chosen."""
MADE = "vote-queues-made"
SINGLY = {
    Unit.PICTURE: "One picture at a time",
    Unit.ROOM: "The views of a room together",
    Unit.PROJECT: "All rooms of a project together",
}


def queues(lab: Lab) -> None:
    """Draw the form for a new queue, and all queues with their links."""
    _make(lab)
    for queue in lab.voting.queues.list():
        _show(lab, queue)


def _make(lab: Lab) -> None:
    lines = {line.comparison.id: line for line in lab.store.comparisons.find(ComparisonFilter(), OFFERED)}
    if not lines:
        st.info("A queue is made of comparisons: run one on the Compare page first.", icon=":material/compare:")
        return
    # Part of the fields' keys: a form that has done its work is empty again.
    made = st.session_state.setdefault(MADE, 0)
    with st.form("vote-queue", border=True):
        name = st.text_input(
            "Name",
            key=f"vote-queue-name-{made}",
            max_chars=80,
            help="Raters see it before they vote: name no model in it.",
        )
        chosen = st.multiselect(
            "Comparisons", list(lines), format_func=lambda one: _label(lines[one]), key=f"vote-queue-comparisons-{made}"
        )
        unit = st.radio(
            "Judge", list(SINGLY), format_func=SINGLY.__getitem__, key=f"vote-queue-unit-{made}", horizontal=True
        )
        if st.form_submit_button("Make the queue", type="primary", icon=":material/add_link:", key="vote-queue-make"):
            with calm():
                lab.voting.queues.make(name or "", chosen, unit or Unit.PICTURE, person(Permission.JUDGE))
                st.session_state[MADE] += 1
                st.rerun()


def _label(line: ComparisonLine) -> str:
    name = line.comparison.name or moment(line.comparison.created_at, st.context.timezone)
    return f"{name} · {counted(len(line.rooms), 'room')}, {counted(len(line.models), 'model')}"


def _show(lab: Lab, queue: Queue) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(queue.name)}**" + (" (closed)" if queue.closed else ""), width="stretch")
            label, icon = ("Open again", ":material/lock_open:") if queue.closed else ("Close", ":material/lock:")
            if st.button(label, icon=icon, key=f"vote-queue-{queue.id}"):
                with calm():
                    lab.voting.queues.close(queue.id, person(Permission.JUDGE), closed=not queue.closed)
                    st.rerun()
        pairs = len(lab.voting.contests(queue, queue.unit).pairs)
        parts = [counted(len(queue.comparisons), "comparison"), counted(pairs, "pair"), SINGLY[queue.unit].lower()]
        st.caption(plain(" · ".join([*parts, f"by {queue.made_by}, {moment(queue.made_at, st.context.timezone)}"])))
        if not queue.closed:
            st.code(_link(queue), language=None)


def _link(queue: Queue) -> str:
    here = urlsplit(st.context.url or "")
    return f"{here.scheme}://{here.netloc}/vote?queue={queue.id}"
