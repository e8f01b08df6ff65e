"""Vote: two pictures of one room, side by side and without a name; which is better? `?queue=` is a queue's link."""

from pathlib import Path

import streamlit as st

from pages.components.parts import choose_part
from pages.components.queues import queues
from pages.components.raters import raters
from pages.components.voting import show_ballots, take_votes
from pages.components.words import plain
from staging.access import Permission, acting
from staging.errors import NotFound
from staging.lab import Lab, current
from staging.votes import Queue, Unit

QUEUE = "queue"
UNITS = {Unit.PICTURE: "One picture", Unit.ROOM: "Views of a room", Unit.PROJECT: "Whole project"}
NOTHING = (
    "There is no pair to judge. A pair needs two pictures of the same room in the same style, made by different "
    "models: run two models on your rooms on the Compare page, then come back."
)
DONE = "You have judged every pair there is. New ones come with every comparison that is run."
DONE_QUEUE = "You have judged everything in this queue. Thank you."
CLOSED = "This queue is closed: nothing in it is judged any more."


def vote(lab: Lab) -> None:
    """Draw pairs that the lab chooses, one picture or a set at a time."""
    offered = [unit for unit in Unit if unit is Unit.PICTURE or lab.voting.contests(unit=unit).pairs]
    unit = Unit.PICTURE
    if len(offered) > 1:
        unit = st.segmented_control(
            "Judge at once",
            offered,
            default=Unit.PICTURE,
            required=True,
            key="vote-unit",
            format_func=UNITS.__getitem__,
            bind="query-params",
            label_visibility="collapsed",
        )
    any_pair = bool(lab.voting.contests(unit=unit).pairs)
    if not show_ballots(lab, None, unit, DONE if any_pair else NOTHING) and acting().may(Permission.RUN):
        st.page_link(Path(__file__).with_name("compare.py"), label="Run models on rooms", icon=":material/compare:")


def vote_in_queue(lab: Lab, queue: Queue) -> None:
    """Draw the pairs of a queue."""
    st.caption(f"Queue: {plain(queue.name)}")
    nothing = CLOSED if queue.closed else DONE_QUEUE if lab.voting.contests(queue, queue.unit).pairs else NOTHING
    show_ballots(lab, queue, queue.unit, nothing)


def show(lab: Lab) -> None:
    """Draw the queue of the link, or the part of the page that was chosen."""
    take_votes(lab)
    if QUEUE in st.query_params:
        try:
            queue = lab.voting.queues.get(st.query_params[QUEUE])
        except NotFound as error:
            st.warning(plain(str(error)), icon=":material/link_off:")
            return
        vote_in_queue(lab, queue)
        return
    parts = {"Vote": vote}
    if acting().may(Permission.JUDGE):
        parts["Queues"] = queues
    if acting().may(Permission.MANAGE_EXPERIMENTS):
        parts["Raters"] = raters
    if len(parts) == 1:
        vote(lab)
        return
    part = choose_part(list(parts), "vote-part", help="Queues and raters are for whoever leads the voting.")
    parts[part](lab)


show(current())
