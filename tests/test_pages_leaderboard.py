"""The Leaderboard page: the ranking with its doubt, the filters, what to do when there is nothing to rank."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.ranking import Fault, in_words, pareto
from pages.components.ranking_charts import Offer, front
from staging import lab as labs
from staging.lab import Lab
from staging.predictions import Reason
from staging.ratings import Ballots, rate
from staging.store import BallotFilter, Choice, Side
from tests.ballots import ballot, voted
from tests.labs import lab_at
from tests.leanings import Row
from tests.screens import SCRIPT, answer, visit, words
from tests.spending import spend_for_two_months
from tests.voting import MODELS, vote_for_a_month

OFFLINE = "offline/furnish"


@pytest.fixture(scope="module")
def voted_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab_at(tmp_path_factory.mktemp("voted") / "data") as lab:
        spend_for_two_months(lab.store, a_day=6)
        vote_for_a_month(lab.store)
        yield lab


@pytest.fixture
def month(voted_lab: Lab) -> Iterator[Lab]:
    """A lab with a month of votes and two of spending, only to be read."""
    labs.set_current(voted_lab)
    yield voted_lab
    labs.set_current(None)


@pytest.fixture(scope="module")
def board(voted_lab: Lab) -> AppTest:
    """The page of that lab with the ratings and the reasons as tables, only to be read."""
    labs.set_current(voted_lab)
    screen = answer(visit("leaderboard"), "leaderboard-ratings-as", "Table")
    screen = answer(screen, "leaderboard-reasons-as", "Table")
    labs.set_current(None)
    return screen


@pytest.fixture
def empty_lab(tmp_path: Path) -> Iterator[Lab]:
    with lab_at(tmp_path / "data") as lab:
        labs.set_current(lab)
        yield lab
        labs.set_current(None)


def figures(screen: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in screen.metric}


def said(screen: AppTest) -> str:
    return words(screen).replace("\\", "").replace("\u2060", "")


def vote(lab: Lab, left: str, right: str, choice: Choice = Choice.LEFT, **facts: Any) -> None:
    """Give a vote on a new pair of these models."""
    of = ballot(left=Side((f"{left} {facts} {choice}",), left), right=Side((f"{right} of that",), right), **facts)
    voted(lab.store, of, choice)


def test_without_votes_it_says_what_to_do(first_lab: Lab) -> None:
    told = said(visit("leaderboard"))

    assert "No votes yet." in told
    assert "Vote page" in told


def test_the_ranking_is_that_of_the_command(voted_lab: Lab, board: AppTest) -> None:
    expected = rate(voted_lab.store.votes.ballots(BallotFilter()))

    shown = board.dataframe[0].value
    assert len(expected.models) == len(MODELS)
    assert list(shown["Model"]) == [
        f"{one.model} (offline baseline)" if one.model == OFFLINE else one.model for one in expected.models
    ]
    assert list(shown["Rating"]) == [one.rating for one in expected.models]
    assert list(shown["From"]) == [one.low for one in expected.models]
    assert list(shown["Tier"]) == [one.tier for one in expected.models]
    assert figures(board)["Decided votes"] == f"{expected.votes}"
    assert figures(board)["Surely different"] == f"{len(expected.sure)} of {len(expected.gaps)}"


def test_every_figure_and_heading_explains_itself(board: AppTest) -> None:
    assert len(board.metric) == 5
    assert all(metric.help for metric in board.metric)
    assert len(board.subheader) == 5
    assert all(heading.help for heading in board.subheader)


def test_an_offline_baseline_is_said_to_keep_the_architecture(board: AppTest) -> None:
    assert "offline/furnish keeps the architecture by construction" in said(board)


def test_a_ranking_without_an_offline_baseline_says_nothing_of_it(empty_lab: Lab) -> None:
    vote(empty_lab, "reve/edit", "qwen/qwen-image-edit")

    assert "by construction" not in said(visit("leaderboard"))


def test_filters_narrow_the_votes(month: Lab) -> None:
    screen = visit("leaderboard")

    for dimension, shown, wanted in (
        ("room-type", "kitchen", BallotFilter(room_type="kitchen")),
        ("style", "modern", BallotFilter(style="modern")),
        ("project", "no project", BallotFilter(project="")),
        ("rater", "rater 003", BallotFilter(rater="rater 003")),
    ):
        box = screen.selectbox(f"leaderboard-{dimension}")
        box.set_value(shown).run()
        assert figures(screen)["Decided votes"] == f"{rate(month.store.votes.ballots(wanted)).votes}"
        screen.selectbox(f"leaderboard-{dimension}").set_value(None)

    screen.toggle("leaderboard-mine").set_value(True).run()
    mine = rate(month.store.votes.ballots(BallotFilter(rater="local")))
    assert figures(screen)["Decided votes"] == f"{mine.votes}"
    assert figures(screen)["Raters"] == "1"


def test_days_narrow_the_votes(month: Lab) -> None:
    today, screen = month.store.costs.today(), visit("leaderboard")
    yesterday = today - timedelta(days=1)

    screen.date_input("leaderboard-days").set_value((yesterday, yesterday)).run()
    assert 0 < int(figures(screen)["Decided votes"]) < 60

    screen.date_input("leaderboard-days").set_value((date(2020, 1, 1), date(2020, 1, 2))).run()
    assert "No votes like these." in said(screen)


def test_groups_that_never_met_are_ranked_apart(empty_lab: Lab) -> None:
    vote(empty_lab, "reve/edit", "qwen/qwen-image-edit")
    vote(empty_lab, "google/nano-banana", "bytedance/seedream-4")

    screen = visit("leaderboard")

    assert "never met" in said(screen)
    assert "would join them" in said(screen)
    assert [one.value for one in screen.header] == ["Group 1", "Group 2"]
    assert "Quality against cost and time" not in [one.value for one in screen.subheader]


def test_votes_for_neither_alone_rank_nobody(empty_lab: Lab) -> None:
    vote(empty_lab, "reve/edit", "qwen/qwen-image-edit", Choice.BOTH_BAD)

    screen = visit("leaderboard")

    assert "nothing to rate yet" in said(screen)
    assert not screen.error


def test_no_name_becomes_markup(empty_lab: Lab) -> None:
    vote(empty_lab, SCRIPT, "qwen/qwen-image-edit", rater=SCRIPT, project=SCRIPT)
    vote(empty_lab, SCRIPT, "a/b")
    vote(empty_lab, "c/d", "e/f")

    assert SCRIPT not in words(visit("leaderboard"))


def test_reasons_are_counted_from_votes_and_rejections(voted_lab: Lab, board: AppTest) -> None:
    shown = board.dataframe[-1].value
    lost = voted_lab.store.votes.faults(BallotFilter())
    rejected = voted_lab.store.history.rejections(BallotFilter())
    assert shown["Lost votes"].sum() == sum(lost.values()) > 0
    assert shown["Rejected outputs"].sum() == sum(rejected.values()) > 0
    assert shown["Together so far"].iloc[-1] == 1
    together = list(shown["Lost votes"] + shown["Rejected outputs"])
    assert together == sorted(together, reverse=True)


def test_the_pareto_is_of_one_model_or_of_all() -> None:
    lost = {("a", Reason.SCALE): 3, ("b", Reason.LIGHT): 1}
    rejected = {("a", "light"): 2, ("a", "scale"): 3}

    assert pareto(lost, rejected, "a") == [Fault("scale", 3, 3, 0.75), Fault("light", 0, 2, 1.0)]
    assert pareto(lost, rejected, None)[1] == Fault("light", 1, 2, 1.0)
    assert pareto({}, {}, "a") == []


def test_the_front_holds_what_nothing_beats() -> None:
    cheap, best, equal = Offer("cheap", 900, 1), Offer("best", 1100, 9), Offer("twin", 1100, 9)
    dear, worse = Offer("dear", 1100, 10), Offer("worse", 890, 1)

    assert front([cheap, best, equal, dear, worse]) == {"cheap", "best", "twin"}
    assert front([]) == frozenset()


def ranked(*rows: Row) -> str:
    return in_words(rate(Ballots.of(rows)), {}).replace("\\", "")


def test_the_sentence_promises_no_more_than_the_votes() -> None:
    def vote_for(better: str, worse: str) -> list[Row]:
        return [(f"r{n % 20}", f"p{n % 9}", better, worse, "right" if n % 10 == 3 else "left") for n in range(200)]

    assert ranked(("r", "p", "a", "b", "left")) == "The votes do not tell these models apart yet: no gap is sure."
    assert ranked(*vote_for("a", "b")) == "**a** is on top, surely better than all others."
    assert "not told apart yet: **b**, **a**" in ranked(*vote_for("a", "c"), *vote_for("b", "c")).replace(
        "**a**, **b**", "**b**, **a**"
    )
    thin: list[Row] = [("r0", "p0", "d", "a", "right")]
    assert ranked(*vote_for("a", "b"), *thin) == "On top, and not told apart yet: **a**, **d**."
