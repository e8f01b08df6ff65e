"""The way from an experiment to the votes on it: a queue of the comparisons that were run for its phase."""

from datetime import UTC, datetime
from pathlib import Path

import streamlit as st

from pages.components.experiment_steps import act
from pages.components.words import moment
from staging.access import Permission, person
from staging.experiments import Experiment
from staging.lab import Lab
from staging.votes import Queue, Unit

VOTE_PAGE = Path(__file__).resolve().parent.parent / "vote.py"
QUEUE = "queue"
"""The Vote page's query parameter."""
MOST = 200
"""Comparisons that a queue takes."""


def vote_link(lab: Lab, experiment: Experiment) -> bool:
    """Draw the link to the votes, or the button that makes it; False, and a word, when there is nothing to judge."""
    wanted = [experiment.key(arm.name) for arm in experiment.terms.arms]
    comparisons = lab.store.experiments.comparisons(wanted)[-MOST:]
    if not comparisons:
        st.caption("There is nothing to judge yet: run rooms with all arms below.")
        return False
    queue = open_queue(lab, comparisons)
    if queue is not None:
        st.page_link(
            VOTE_PAGE, label="Vote on this experiment", icon=":material/how_to_vote:", query_params={QUEUE: queue.id}
        )
        st.caption("Send this link to everybody who is to judge: they see no names.")
        return True
    st.button(
        "Make a link for voting",
        icon=":material/how_to_vote:",
        key=f"experiment-queue-{experiment.id}-{len(comparisons)}",
        on_click=act,
        args=(lambda: _made(lab, comparisons),),
        help="A queue of all that was run for this phase so far. Raters see no names in it.",
    )
    return True


def open_queue(lab: Lab, comparisons: list[str]) -> Queue | None:
    """Return an open queue that has all of these comparisons."""
    wanted = set(comparisons)
    return next((one for one in lab.voting.queues.list() if not one.closed and wanted <= {*one.comparisons}), None)


def _made(lab: Lab, comparisons: list[str]) -> str:
    # Raters read the name, and the question may name a model.
    when = moment(datetime.now(UTC), st.context.timezone)
    lab.voting.queues.make(f"Experiment of {when}", comparisons, Unit.PICTURE, person(Permission.MANAGE_EXPERIMENTS))
    return "The link for voting is made."
