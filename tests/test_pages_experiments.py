"""The Experiments page: drafted, started, run, reported in words, decided, promoted, undone."""

from datetime import UTC, datetime
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.experiment_charts import MOST_POINTS, thinned
from pages.components.experiment_fields import parameters_in
from staging.errors import ExperimentRefused
from staging.experiments import Arm, Experiment, Guards, State, StopRule
from staging.experiments_verdict import LEAST_SCORED, Look
from staging.lab import Lab
from staging.predictions import CHOSEN
from staging.routing import Job, Rule
from staging.store import ComparisonFilter
from tests.experimenting import judge, made, terms
from tests.labs import UNCHANGED
from tests.ledgers import room
from tests.scored import score
from tests.screens import SCRIPT, answer, visit, words

FURNISH = "offline/furnish"


def said(screen: AppTest) -> str:
    return words(screen).replace("\\", "").replace("\u2060", "")


def press(screen: AppTest, key: str) -> AppTest:
    screen.button(key=key).click().run()
    assert not screen.exception
    return screen


def draft(lab: Lab, **facts: Any) -> Experiment:
    return lab.experiments.draft(terms(**facts), "ada", datetime.now(UTC), note="a trial")


def running(lab: Lab, **facts: Any) -> Experiment:
    one = draft(lab, **facts)
    return lab.experiments.start(one.id, "ada", datetime.now(UTC), follows=one.version)


def judged(lab: Lab, wins: int, losses: int = 0, **facts: Any) -> Experiment:
    """Return a running experiment of which so many rooms prefer B, and so many A."""
    one = running(lab, **{"stop": StopRule(votes_per_unit=1)} | facts)
    rooms = range(100, 100 + wins + losses)
    for number in rooms:
        lab.store.rooms.add(room(number))
    outputs = made(lab.store, one, rooms)
    for number in rooms:
        judge(lab.store, one, outputs, number, "B" if number < 100 + wins else "A", seconds=number)
    return one


def look(one: Experiment) -> AppTest:
    return visit("experiments", experiment=one.id)


def test_without_any_experiment_the_page_says_what_to_do(first_lab: Lab) -> None:
    screen = visit("experiments")

    assert "There is no experiment yet" in said(screen)
    assert "Jobs that name no model get" in said(screen)
    assert screen.button(key="experiment-new")


def test_a_draft_is_made_by_form_and_opened(first_lab: Lab) -> None:
    screen = press(visit("experiments"), "experiment-new")
    key = "experiment-new"
    screen.text_input(key=f"{key}-question").set_value("Which?").run()
    screen.selectbox(key=f"{key}-arm-0-model").set_value(UNCHANGED).run()
    screen.selectbox(key=f"{key}-arm-1-model").set_value("qwen/qwen-image-edit").run()
    screen.text_area(key=f"{key}-arm-1-parameters-qwen/qwen-image-edit").set_value("output_quality = 60\ngo_fast=false")
    screen.number_input(key=f"{key}-arm-1-weight").set_value(3)
    screen.number_input(key=f"{key}-votes").set_value(5)
    screen.text_input(key=f"{key}-note").set_value("a trial")

    press(screen, f"{key}-save")

    (one,) = first_lab.experiments.list()
    assert one.terms.arms == (
        Arm(name="A", model=UNCHANGED),
        Arm(name="B", model="qwen/qwen-image-edit", parameters={"output_quality": 60, "go_fast": False}, weight=3),
    )
    assert (one.terms.question, one.terms.owner, one.terms.stop.votes_per_unit) == ("Which?", "local", 5)
    assert (one.note, one.state) == ("a trial", State.DRAFT)
    assert screen.query_params["experiment"] == one.id
    assert "This is a draft" in said(screen)


def test_nonsense_is_a_sentence_and_nothing_is_kept(first_lab: Lab) -> None:
    screen = press(visit("experiments"), "experiment-new")
    press(screen, "experiment-new-save")
    assert "Write the question" in said(screen)

    screen.text_input(key="experiment-new-question").set_value("Which?")
    press(screen, "experiment-new-save")
    assert "Choose a model for every arm" in said(screen)

    for number in range(2):
        screen.selectbox(key=f"experiment-new-arm-{number}-model").set_value(UNCHANGED).run()
    press(screen, "experiment-new-save")
    assert "no vote can tell them apart" in said(screen)
    assert first_lab.experiments.list() == ()


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("", {}),
        ("a = 1\n\n b=true ", {"a": 1, "b": True}),
        ('a = "1"\nb = warm light', {"a": "1", "b": "warm light"}),
        ("a = x = y", {"a": "x = y"}),
    ],
)
def test_parameters_are_lines(written: str, found: dict[str, object]) -> None:
    assert parameters_in(written) == found


@pytest.mark.parametrize("written", ["output_quality", "= 5", "a ="])
def test_a_line_that_is_no_parameter_is_told(written: str) -> None:
    with pytest.raises(ExperimentRefused, match="Write parameters as name = value"):
        parameters_in(written)


def test_a_draft_is_edited_and_started(first_lab: Lab) -> None:
    one = draft(first_lab)
    screen = press(look(one), f"experiment-edit-{one.id}-0")
    key = f"experiment-{one.id}-0"
    assert screen.text_input(key=f"{key}-question").value == "Is Kontext better?"
    screen.text_input(key=f"{key}-question").set_value("Is it?")
    press(screen, f"{key}-save")
    assert first_lab.experiments.get(one.id).terms.question == "Is it?"

    screen.text_input(key=f"experiment-start-note-{one.id}-1").set_value("go")
    press(screen, f"experiment-start-{one.id}-1")

    now = first_lab.experiments.get(one.id)
    assert (now.state, now.note, now.written_by) == (State.RUNNING, "go", "local")
    assert "Nothing is judged yet: run all arms on the same rooms, then vote." in said(screen)


def test_a_start_that_somebody_else_was_quicker_with_is_told(first_lab: Lab) -> None:
    one = draft(first_lab)
    screen = look(one)
    first_lab.experiments.start(one.id, "bob", datetime.now(UTC), follows=0)

    press(screen, f"experiment-start-{one.id}-0")

    assert len(first_lab.experiments.get(one.id).body.phases) == 1
    assert "This one is running" in said(screen) or "Nothing is judged yet" in said(screen)


def test_a_report_says_in_words_whether_to_stop(first_lab: Lab) -> None:
    one = judged(first_lab, 14, 1)

    screen = look(one)

    assert "Stop: this panel prefers B (e = " in said(screen)
    assert "15 rooms decided · 1 rater" in said(screen)
    assert "This is what 1 person prefers" in said(screen)
    assert "14 of 15 rooms prefer B to A" in said(screen)
    arms, numbers = (frame.value for frame in screen.dataframe)
    assert list(arms["Votes won"]) == [1, 14]
    assert list(arms["Model"]) == ["Qwen Image Edit", "FLUX.1 Kontext Pro"]
    assert list(numbers["Decided rooms"]) == list(range(1, 16))
    assert "Stop: this panel prefers B" in said(visit("experiments"))


def test_arms_are_compared_by_their_automatic_scores_and_guarded(first_lab: Lab) -> None:
    one = running(first_lab, guards=Guards(score_drop=10, structure_points=20))
    rooms = range(100, 100 + LEAST_SCORED)
    for number in rooms:
        first_lab.store.rooms.add(room(number))
    outputs = made(first_lab.store, one, rooms)
    assert "Mean score" not in look(one).dataframe[0].value
    for (number, arm), prediction_id in outputs.items():
        changed = arm == "B" and number < 105
        first_lab.store.scores.record(score(prediction_id, overall=60.0 if arm == "B" else 90.0, changed=changed))

    screen = look(one)

    arms = screen.dataframe[0].value
    assert arms["Mean score"].tolist() == [90.0, 60.0]
    assert arms["Structure changed"].tolist() == [0.0, 25.0]
    assert arms["Scored"].tolist() == [LEAST_SCORED, LEAST_SCORED]
    assert "The mean score of B is 60.0, of A 90.0 (limit: 10 lower)." in said(screen)
    assert "B changes the structure in 25% of its outputs, A in 0% (limit: 20 points more)." in said(screen)


def test_a_split_that_is_not_as_asked_for_is_an_alert(first_lab: Lab) -> None:
    one = running(first_lab)
    drawn = [first_lab.experiments.assign(f"room {n}", room().room_type, "") for n in range(100)]
    first_lab.experiments.write_down(
        [each for each in drawn if each and each.arm.name == "A"], "ada", datetime.now(UTC)
    )

    assert "The split is not as it was asked for" in said(look(one))


def test_a_decided_experiment_is_promoted_by_one_press_and_undone_by_one(first_lab: Lab) -> None:
    one = judged(first_lab, 14, 1)
    screen = look(one)
    assert screen.radio(key=f"experiment-decide-{one.id}-1-winner").value == "B"
    press(screen, f"experiment-decide-{one.id}-1")
    assert "Winner: B: FLUX.1 Kontext Pro." in said(screen)

    press(screen, f"experiment-promote-{one.id}-everywhere-first")

    active = first_lab.routing.current()
    assert active is not None
    assert (active.model, active.experiment, active.set_by) == (one.terms.arms[1].model, one.id, "local")
    assert first_lab.routing.route(Job("r")).rule is Rule.ACTIVE
    assert "The winner is the active model since" in said(screen)
    assert screen.button(key=f"experiment-promote-{one.id}-everywhere-0").disabled
    assert "FLUX.1 Kontext Pro (set by local)" in said(visit("experiments"))

    press(screen, f"experiment-undo-{one.id}-None-0")

    assert first_lab.routing.current() is None
    assert "The winner is the active model" not in said(screen)
    press(screen, f"experiment-archive-{one.id}-2")
    assert first_lab.experiments.get(one.id).state is State.ARCHIVED


def test_a_link_for_voting_is_made_of_what_was_run(first_lab: Lab) -> None:
    one = running(first_lab, question="Is qwen-image-edit better?")
    screen = look(one)
    assert "There is nothing to judge yet: run rooms with all arms below." in said(screen)
    made(first_lab.store, one, [1])
    first_lab.store.rooms.add(room(1))

    screen = press(look(one), f"experiment-queue-{one.id}-1")

    (queue,) = first_lab.voting.queues.list()
    assert list(queue.comparisons) == first_lab.store.experiments.comparisons([one.key("A")])
    (link,) = [each for each in screen.main.get("page_link") if "Vote on" in each.proto.label]
    assert f"queue={queue.id}" in link.proto.query_string
    first_lab.voting.queues.close(queue.id, "ada")
    assert look(one).button(key=f"experiment-queue-{one.id}-1")


def test_a_winner_is_promoted_for_its_project(first_lab: Lab) -> None:
    first_lab.store.rooms.add(room(7, project="Elm"))
    one = judged(first_lab, 14, 1, projects=("Elm",))
    screen = press(look(one), f"experiment-decide-{one.id}-1")

    press(screen, f"experiment-promote-{one.id}-Elm-first")

    setting = first_lab.routing.project("Elm")
    assert setting is not None
    assert setting.model == one.terms.arms[1].model
    assert first_lab.routing.current() is None
    assert "the model of project Elm" in said(screen)


def test_a_change_while_it_runs_begins_a_phase_and_the_old_report_stays(first_lab: Lab) -> None:
    one = judged(first_lab, 14, 1)
    screen = press(look(one), f"experiment-edit-{one.id}-1")
    key = f"experiment-{one.id}-1"
    assert "become a new phase" in said(screen)
    screen.number_input(key=f"{key}-arm-1-weight").set_value(9)
    press(screen, f"{key}-save")

    now = first_lab.experiments.get(one.id)
    assert [phase.number for phase in now.body.phases] == [1, 2]
    assert "Nothing is judged yet" in said(screen)
    assert "Stop: this panel prefers B" in said(answer(screen, f"experiment-phase-{one.id}-2", 1))


def test_rooms_are_run_with_every_arm_for_blind_votes(first_lab: Lab) -> None:
    arms = (Arm(name="A", model=UNCHANGED), Arm(name="B", model=FURNISH))
    one = running(first_lab, arms=arms)
    first_lab.engine.stop()  # what is asked for is enough
    rooms = [each.digest for each in first_lab.store.rooms.list()][:2]
    screen = look(one)
    screen.session_state[f"experiment-run-{one.id}-rooms-chosen"] = rooms
    screen.run()
    assert "**4 pictures** (2 rooms × 2 models)" in said(screen)

    (run,) = [button for button in screen.button if button.label == "Run rooms"]
    press(screen, run.key or "")

    (line,) = first_lab.store.comparisons.find(ComparisonFilter(), 5)
    asked = [now.prediction for now in first_lab.store.predictions.of_comparison(line.comparison.id)]
    assert {(each.room, each.arm) for each in asked} == {(where, one.key(arm)) for where in rooms for arm in "AB"}
    assert {each.rule for each in asked} == {"every arm of an experiment"} != {CHOSEN}
    assert first_lab.store.experiments.assignments(one.id, 1) == []


def test_rooms_go_to_their_arm_as_jobs_do(first_lab: Lab) -> None:
    arms = (Arm(name="A", model=UNCHANGED), Arm(name="B", model=FURNISH))
    one = running(first_lab, arms=arms)
    first_lab.engine.stop()
    rooms = first_lab.store.rooms.list()
    screen = look(one)
    screen.session_state[f"experiment-run-{one.id}-rooms-chosen"] = [each.digest for each in rooms]
    screen.run()
    screen.radio(key=f"experiment-run-{one.id}-way").set_value("Each room to its arm").run()

    (run,) = [button for button in screen.button if button.label == "Run rooms"]
    press(screen, run.key or "")

    (line,) = first_lab.store.comparisons.find(ComparisonFilter(), 5)
    asked = {
        now.prediction.room: now.prediction for now in first_lab.store.predictions.of_comparison(line.comparison.id)
    }
    for each in rooms:
        routed = first_lab.routing.route(Job(each.digest, each.room_type, each.project))
        assert (asked[each.digest].arm, asked[each.digest].rule) == (routed.arm, Rule.ARM)
    written = first_lab.store.experiments.assignments(one.id, 1)
    assert {kept.unit for kept in written} == {each.digest for each in rooms}


def test_rooms_out_of_the_population_are_left_out(first_lab: Lab) -> None:
    one = running(first_lab, projects=("Elm",))
    screen = look(one)
    rooms = [each.digest for each in first_lab.store.rooms.list()][:2]
    screen.session_state[f"experiment-run-{one.id}-rooms-chosen"] = rooms

    screen.run()

    assert "2 rooms left out" in said(screen)
    assert "None of the chosen rooms is in the population" in said(screen)


def test_a_link_to_nothing_is_a_sentence(first_lab: Lab) -> None:
    assert "There is no such experiment" in said(visit("experiments", experiment="gone"))


def test_what_another_release_wrote_is_told(first_lab: Lab) -> None:
    first_lab.store.documents.write("experiment", "odd", {"galaxy": 1}, "ada", datetime.now(UTC))

    assert "The experiment odd cannot be read" in said(visit("experiments"))


def test_no_name_becomes_markup(first_lab: Lab) -> None:
    one = judged(first_lab, 3, 0, question=SCRIPT, owner=SCRIPT[:80], projects=(SCRIPT,))

    for screen in (look(one), visit("experiments")):
        assert SCRIPT not in words(screen)


def test_a_long_path_is_thinned_and_keeps_its_end() -> None:
    looks = [Look(number, 0.5, 1.0, 0.1, 0.9) for number in range(1, 1_001)]

    shown = thinned(looks)

    assert len(shown) <= MOST_POINTS
    assert shown[-1] == looks[-1]
    assert thinned(looks[:7]) == looks[:7]
    assert thinned([]) == []
