"""Leaderboard: which model people prefer in blind votes, how surely, at what cost, and why the others lose."""

from collections.abc import Mapping

import streamlit as st

from pages.components.quality_ranking import quality
from pages.components.ranking import (
    FAULTS,
    GAPS,
    POINTS,
    RATING,
    TIER,
    faults_table,
    figures,
    gaps_table,
    in_words,
    offline_names,
    pareto,
    points_table,
    ratings_table,
)
from pages.components.ranking_charts import Offer, faults_chart, intervals_chart, offers_chart, points_chart
from pages.components.vote_filters import Chosen, choose_votes
from pages.components.words import plain
from staging.errors import BallotsRefused, GroupsNeverMet
from staging.lab import Lab, current
from staging.ratings import Ratings, rate
from staging.store import CostFilter, CostReport

FRONT = (
    "Up is better, left is cheaper or quicker. The dashed line joins the models that nothing beats: "
    "any other one costs or takes more for a lower rating. Costs and times are those of the chosen days and project."
)
OFFLINE = (
    "keeps the architecture by construction: it works over the photo itself and cannot move a wall or a window. "
    "Its rating says how people like the picture, not that it competes with an image model on the same terms."
)
NO_VOTES = (
    "No votes yet. Run a comparison of two or more models on the Compare page, then judge pairs of its outputs "
    "on the Vote page: the ranking begins with the first vote."
)
NONE_CHOSEN = "No votes like these. Choose other days or filters."


def both(chart: str, name: str) -> bool:
    """Draw the choice between a picture and its numbers; return True for the picture."""
    key = f"leaderboard-{name}-as"
    shown = st.segmented_control(
        chart, ["Chart", "Table"], default="Chart", required=True, key=key, label_visibility="collapsed"
    )
    return shown == "Chart"


def ranking(ratings: Ratings, names: Mapping[str, str], costs: CostReport, part: str) -> None:
    """Draw the ratings, who beat whom, and which gaps are sure."""
    figures(ratings, part)
    st.markdown(in_words(ratings, names))
    st.subheader("Ratings", anchor=False, help=f"{RATING}\n\n{TIER}")
    if both("Ratings as", f"ratings{part}"):
        intervals_chart(ratings, names, f"leaderboard-intervals{part}")
    else:
        ratings_table(ratings, names, costs, f"leaderboard-table{part}")
    for one in ratings.models:
        if one.model in names:
            st.caption(f":material/info: {plain(one.model)} {OFFLINE}")
    if any(one.low is None for one in ratings.models):
        st.caption("No interval where one rater judged one room, or only one of several raters judged a model.")
    if ratings.unrated:
        named = ", ".join(f"{plain(names.get(model, model))} ({times})" for model, times in ratings.unrated)
        st.caption(f"Not rated, because all votes with them were for neither picture: {named}.")
    if len(ratings.models) > 1:
        st.subheader("Who won against whom", anchor=False, help=POINTS)
        if both("Wins as", f"wins{part}"):
            points_chart(ratings, names, f"leaderboard-points{part}")
        else:
            points_table(ratings, names, f"leaderboard-points-table{part}")
        with st.expander("Which model is surely better than which"):
            st.caption(GAPS)
            gaps_table(ratings.gaps, names, f"leaderboard-gaps{part}")


def worth(ratings: Ratings, names: Mapping[str, str], costs: CostReport) -> None:
    """Draw quality against the cost of an accepted picture, and against the time a picture takes."""
    st.subheader("Quality against cost and time", anchor=False, help=FRONT)
    accepted = {row.key: row.usd_per_accepted for row in costs.by_model if not row.unknown_charges}
    seconds = {one.model: one.p50_seconds for one in costs.run_times}
    rated = [(one.model, one.rating) for one in ratings.models]
    with st.grid(2, min_column_width=320):
        with st.container():
            offers = [Offer(m, r, float(usd)) for m, r in rated if (usd := accepted.get(m)) is not None]
            offers_chart(offers, names, "dollars per accepted picture", "$,.3~f", "leaderboard-cost")
        with st.container():
            offers = [Offer(m, r, seconds[m]) for m, r in rated if m in seconds]
            offers_chart(offers, names, "seconds, median", ".0f", "leaderboard-seconds")
    left_out = [plain(names.get(m, m)) for m, _ in rated if accepted.get(m) is None]
    if left_out:
        st.caption(f"Without a known cost of an accepted picture in these days: {', '.join(left_out)}.")


def reasons(lab: Lab, chosen: Chosen, names: Mapping[str, str]) -> None:
    """Draw why outputs lost votes and were rejected, of one model or of all."""
    lost, rejected = lab.store.votes.faults(chosen.votes), lab.store.history.rejections(chosen.votes)
    models = sorted({model for model, _ in [*lost, *rejected]})
    st.subheader("Why pictures lose", anchor=False, help=FAULTS)
    if not models:
        st.caption("No reasons were given yet, on the Vote page or with a rejection.")
        return
    shown = {names.get(model, model): model for model in models}
    picked = st.selectbox("Model", list(shown), index=None, placeholder="All", key="leaderboard-model", width=320)
    faults = pareto(lost, rejected, None if picked is None else shown[picked])
    if both("Reasons as", "reasons"):
        faults_chart(faults, "leaderboard-faults")
    else:
        faults_table(faults, "leaderboard-faults-table")


def show(lab: Lab) -> None:
    """Draw the page for the chosen votes."""
    chosen = choose_votes(lab)
    if chosen is None:
        st.info("Choose the last day too.")
        return
    ballots, names = lab.store.votes.ballots(chosen.votes), offline_names(lab.registry)
    if not len(ballots):
        st.info(NONE_CHOSEN if chosen.narrowed else NO_VOTES, icon=":material/how_to_vote:")
        quality(lab, chosen.votes, names)
        return
    first = chosen.first if chosen.votes.since else min(chosen.first, lab.store.costs.first_day() or chosen.first)
    costs = lab.store.costs.report(first, chosen.last, CostFilter(project=chosen.votes.project))
    try:
        rated = rate(ballots)
        ranking(rated, names, costs, "")
        worth(rated, names, costs)
    except GroupsNeverMet as refusal:
        st.warning(plain(str(refusal)), icon=":material/call_split:")
        for number, group in enumerate(refusal.groups, 1):
            st.header(f"Group {number}", anchor=False)
            ranking(rate(ballots.among(group)), names, costs, f"-{number}")
    except BallotsRefused as refusal:
        st.info(plain(str(refusal)), icon=":material/how_to_vote:")
    quality(lab, chosen.votes, names)
    reasons(lab, chosen, names)


show(current())
