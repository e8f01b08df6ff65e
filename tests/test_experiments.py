"""The life of an experiment, who may take which step when, and what its report says."""

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from staging.errors import EditedMeanwhile, ExperimentRefused, NotFound, ParametersRefused, StagingError, UnknownModel
from staging.experiments import KIND, Arm, Deed, Experiment, Experiments, State, Terms, Unit, terms_of
from staging.experiments_report import report
from staging.experiments_terms import Guards, StopRule
from staging.experiments_verdict import LEAST_SCORED, Answer, Held
from staging.models import default_registry
from staging.predictions import Verdict
from staging.rooms import RoomType
from staging.store import Choice, Kind, Store, Vote
from staging.votes import Unit as VoteUnit
from staging.votes import Voting
from tests.experimenting import KONTEXT, QWEN, accept, judge, made, started, terms
from tests.ledgers import NOW, digest, later, queued, room
from tests.scored import score

RACERS = 20


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with nothing in it, to be copied: the migrations take longer than most tests here."""
    path = tmp_path_factory.mktemp("empty") / "ledger.duckdb"
    Store.open(path).close()
    return path


@pytest.fixture
def store(empty: Path, tmp_path: Path) -> Iterator[Store]:
    store = Store.open(Path(shutil.copy(empty, tmp_path / "ledger.duckdb")))
    yield store
    store.close()


@pytest.fixture
def experiments(store: Store) -> Experiments:
    return Experiments(store, default_registry(QWEN))


# ── the states ──────────────────────────────────────────────────────────────────────────────

Step = Callable[[Experiments, Experiment], Experiment]
STEPS: dict[str, Step] = {
    "edit": lambda all_, one: all_.edit(one.id, terms(question="Else?"), "bob", later(9), follows=one.version),
    "start": lambda all_, one: all_.start(one.id, "bob", later(9), follows=one.version),
    "change": lambda all_, one: all_.change(one.id, terms(question="Else?"), "bob", later(9), follows=one.version),
    "decide": lambda all_, one: all_.decide(one.id, "B", "Stop.", "bob", later(9), follows=one.version),
    "archive": lambda all_, one: all_.archive(one.id, "bob", later(9), follows=one.version),
}
ALLOWED: dict[State, dict[str, State]] = {
    State.DRAFT: {"edit": State.DRAFT, "start": State.RUNNING, "archive": State.ARCHIVED},
    State.RUNNING: {"change": State.RUNNING, "decide": State.DECIDED},
    State.DECIDED: {"archive": State.ARCHIVED},
    State.ARCHIVED: {},
}


def in_state(experiments: Experiments, state: State) -> Experiment:
    one = experiments.draft(terms(), "ada", NOW)
    for step in ("start", "decide", "archive"):
        if one.state is state:
            break
        one = STEPS[step](experiments, one)
    return one


def test_each_step_is_taken_in_its_states_only(experiments: Experiments) -> None:
    for state, allowed in ALLOWED.items():
        for name, step in STEPS.items():
            one = in_state(experiments, state)
            if name in allowed:
                assert step(experiments, one).state is allowed[name], (state, name)
                continue
            with pytest.raises(ExperimentRefused):
                step(experiments, one)
            assert experiments.get(one.id) == one, (state, name)


def test_every_step_is_kept_with_who_when_and_why(experiments: Experiments) -> None:
    one = experiments.draft(terms(), "ada", NOW, note="asked by sales")
    one = experiments.start(one.id, "bob", later(1), follows=one.version, note=" go ")
    one = experiments.change(one.id, terms(owner="bob"), "cem", later(2), follows=one.version)
    one = experiments.decide(one.id, None, "Keep going.", "ada", later(3), follows=one.version, note="enough")
    experiments.archive(one.id, "ada", later(4), follows=one.version)

    told = [(step.body.deed, step.written_by, step.written_at, step.note) for step in experiments.history(one.id)]

    assert told == [
        (Deed.ARCHIVED, "ada", later(4), ""),
        (Deed.DECIDED, "ada", later(3), "enough"),
        (Deed.CHANGED, "cem", later(2), ""),
        (Deed.STARTED, "bob", later(1), "go"),
        (Deed.DRAFTED, "ada", NOW, "asked by sales"),
    ]
    decision = experiments.get(one.id).body.decision
    assert decision is not None
    assert (decision.winner, decision.verdict) == (None, "Keep going.")


def test_a_change_while_it_runs_is_a_new_phase_and_the_old_one_stays_as_it_was(experiments: Experiments) -> None:
    one = started(experiments)
    heavier = terms(arms=(Arm(name="A", model=QWEN, weight=9), Arm(name="B", model=KONTEXT)))

    now = experiments.change(one.id, heavier, "bob", later(5), follows=one.version)

    assert [phase.number for phase in now.body.phases] == [1, 2]
    assert now.body.phases[0] == one.body.phases[0]
    assert [arm.weight for arm in now.terms.arms] == [9, 1]
    assert (now.key("A"), now.key("A", 1)) == (f"{one.id}/2/A", f"{one.id}/1/A")
    assert now.salt() != one.salt()
    with pytest.raises(ExperimentRefused, match="Nothing was changed"):
        experiments.change(one.id, heavier, "bob", later(6), follows=now.version)


def test_the_winner_is_one_of_its_arms(experiments: Experiments) -> None:
    one = started(experiments)

    with pytest.raises(ExperimentRefused, match="no arm called 'Z'"):
        experiments.decide(one.id, "Z", "Stop.", "ada", NOW, follows=one.version)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"question": " "}, "Write the question"),
        ({"owner": ""}, "Say who owns"),
        ({"arms": [{"name": "A", "model": QWEN}]}, "2 to 6 arms"),
        ({"arms": [{"name": "A/B", "model": QWEN}, {"name": "B", "model": KONTEXT}]}, "An arm's name"),
        ({"arms": [{"name": "A", "model": QWEN, "weight": 0}, {"name": "B", "model": KONTEXT}]}, "A weight is"),
        ({"stop": {"votes_per_unit": 0}}, "The votes that decide"),
        ({"stop": {"worth_points": 50}}, "What a preference must be worth"),
        ({"guards": {"cost_percent": -1}}, "The guardrail on cost"),
        ({"galaxy": 1}, "That is no experiment"),
    ],
)
def test_nonsense_is_a_sentence(facts: dict[str, Any], told: str) -> None:
    with pytest.raises(ExperimentRefused, match=told):
        terms_of(terms().model_dump(mode="json") | facts)


def test_arms_are_models_of_ours_that_differ(experiments: Experiments) -> None:
    def draft(*arms: Arm) -> Experiment:
        return experiments.draft(terms(arms=arms), "ada", NOW)

    first = Arm(name="A", model=QWEN)
    with pytest.raises(UnknownModel):
        draft(first, Arm(name="B", model="gone/model"))
    with pytest.raises(ParametersRefused):
        draft(first, Arm(name="B", model=QWEN, parameters={"go_fast": "perhaps"}))
    with pytest.raises(ExperimentRefused, match="the same name"):
        draft(first, Arm(name="a", model=KONTEXT))
    with pytest.raises(ExperimentRefused, match="no vote can tell them apart"):
        draft(first, Arm(name="B", model=QWEN, parameters={"go_fast": True}))
    assert experiments.list() == ()
    kept = draft(first, Arm(name="B", model=QWEN, parameters={"go_fast": False}))
    assert kept.terms.arms[1].parameters == {"go_fast": False}


def test_a_note_has_an_end_and_an_unknown_experiment_is_told(experiments: Experiments) -> None:
    with pytest.raises(ExperimentRefused, match="at most 500"):
        experiments.draft(terms(), "ada", NOW, note="x" * 501)
    with pytest.raises(NotFound, match="no such experiment"):
        experiments.get("gone")


def test_an_experiment_of_another_release_is_told_and_takes_no_work(store: Store, experiments: Experiments) -> None:
    one = started(experiments)
    store.documents.write(KIND, "odd", {"galaxy": 1}, "ada", NOW)

    assert experiments.list() == (one,)
    assert [one.id for one in experiments.running()] == [one.id]
    assert experiments.unreadable() == (
        "The experiment odd cannot be read by this release: use the one that wrote it.",
    )


# ── two at once ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("state", "step"), [(State.DRAFT, "start"), (State.RUNNING, "decide")])
def test_of_many_who_press_at_once_one_is_taken(experiments: Experiments, state: State, step: str) -> None:
    one = in_state(experiments, state)
    barrier = threading.Barrier(RACERS)

    def press() -> Experiment | StagingError:
        barrier.wait()
        try:
            return STEPS[step](experiments, one)
        except StagingError as error:
            return error

    with ThreadPoolExecutor(RACERS) as pool:
        told = [asked.result() for asked in [pool.submit(press) for _ in range(RACERS)]]

    assert sum(isinstance(answer, Experiment) for answer in told) == 1
    assert all(isinstance(answer, Experiment | EditedMeanwhile | ExperimentRefused) for answer in told)
    assert len(experiments.get(one.id).body.phases) == 1
    assert experiments.get(one.id).version == one.version + 1


def test_of_two_new_phases_at_once_one_is_begun(experiments: Experiments) -> None:
    """Both looked at the same version, and both changes make sense by themselves."""
    one = started(experiments)
    experiments.change(one.id, terms(owner="bob"), "bob", later(5), follows=one.version)

    with pytest.raises(EditedMeanwhile, match="bob has changed"):
        experiments.change(one.id, terms(owner="cem"), "cem", later(5), follows=one.version)
    assert len(experiments.get(one.id).body.phases) == 2


# ── assignment ──────────────────────────────────────────────────────────────────────────────


def test_work_of_the_population_is_assigned_and_written_down_once(store: Store, experiments: Experiments) -> None:
    one = started(experiments, projects=("Elm",), room_types=(RoomType.LIVING,))

    def ask(room: str, kind: RoomType = RoomType.LIVING, project: str = "Elm") -> Any:
        return experiments.assign(room, kind, project)

    assert ask("r", RoomType.KITCHEN) is ask("r", project="Ash") is ask("r", project="") is None
    told = [ask(f"room {n}") for n in range(50)]
    experiments.write_down([*told, *told], "ada", NOW)
    experiments.write_down(told, "bob", later(60))

    written = store.experiments.assignments(one.id, 1)
    assert {kept.unit: kept.arm for kept in written} == {each.unit: each.arm.name for each in told}
    assert {(kept.assigned_by, kept.assigned_at) for kept in written} == {("ada", NOW)}


def test_only_a_running_experiment_takes_work(experiments: Experiments) -> None:
    draft = experiments.draft(terms(), "ada", NOW)
    assert experiments.assign("r", RoomType.LIVING, "") is None
    one = experiments.start(draft.id, "ada", NOW, follows=0)
    assert experiments.assign("r", RoomType.LIVING, "") is not None
    experiments.decide(one.id, None, "Stop.", "ada", NOW, follows=1)
    assert experiments.assign("r", RoomType.LIVING, "") is None


def test_where_the_unit_is_the_project_the_project_is_written_down(store: Store, experiments: Experiments) -> None:
    one = started(experiments, unit=Unit.PROJECT)

    told = [experiments.assign(f"room {n}", RoomType.LIVING, "Elm") for n in range(9)]
    experiments.write_down([each for each in told if each], "ada", NOW)

    assert [kept.unit for kept in store.experiments.assignments(one.id, 1)] == ["Elm"]
    assert experiments.assign("room 1", RoomType.LIVING, "") is None


# ── the report ──────────────────────────────────────────────────────────────────────────────


def test_a_report_of_nothing_says_what_to_do(store: Store, experiments: Experiments) -> None:
    told = report(store, started(experiments))

    assert told.verdict.answer is Answer.BEGIN
    assert [(arm.votes, arm.acceptance, arm.failure_rate, arm.score) for arm in told.arms] == [
        (0, None, None, None)
    ] * 2
    assert told.ratio.chance is None
    assert told.comparisons == ()
    with pytest.raises(ExperimentRefused, match="not started"):
        report(store, experiments.draft(terms(), "ada", NOW))
    with pytest.raises(ExperimentRefused, match="no such phase"):
        report(store, started(experiments), 2)


def test_a_report_counts_what_was_made_for_each_arm(store: Store, experiments: Experiments) -> None:
    one = started(experiments)
    outputs = made(store, one, range(4))
    made(store, one, [9], fail="B")
    queued(store, 3)  # outside of any experiment
    accept(store, [outputs[0, "A"], outputs[1, "A"], outputs[0, "B"]])
    accept(store, [outputs[2, "B"]], Verdict.REJECTED)

    a, b = report(store, one).arms

    assert (a.figures.rooms, a.figures.succeeded, a.figures.failed, a.acceptance, a.failure_rate) == (5, 5, 0, 1, 0)
    assert (b.figures.rooms, b.figures.succeeded, b.figures.failed, b.acceptance, b.failure_rate) == (5, 4, 1, 0.5, 0.2)
    assert a.figures.usd_per_accepted == Decimal("0.075")
    assert a.figures.p50_seconds == 6.5
    assert len(report(store, one).comparisons) == 2


def test_a_report_reads_the_votes_between_its_arms(store: Store, experiments: Experiments) -> None:
    one = started(experiments, stop=StopRule(votes_per_unit=1))
    outputs = made(store, one, range(6))
    for number in range(4):
        judge(store, one, outputs, number, "B", seconds=number)
    judge(store, one, outputs, 4, "A", seconds=9)
    judge(store, one, outputs, 5, None, seconds=10, arms=("B", "A"))
    judge(store, one, outputs, 5, "A", rater="bob", seconds=11)  # the room is decided

    told = report(store, one)

    (pair,) = told.pairs
    assert (pair.wins, pair.units, pair.ties, pair.votes, pair.raters) == (4, 5, 1, 7, 2)
    assert [toss.unit for toss in pair.tosses] == [digest(number) for number in range(6)]
    assert [(arm.votes, arm.won) for arm in told.arms] == [(7, 2), (7, 4)]
    assert told.verdict.sentence == "Keep going: 5 rooms decided, too early to say how many more."


def test_checks_of_raters_and_votes_that_were_taken_back_count_nowhere(store: Store, experiments: Experiments) -> None:
    one = started(experiments, stop=StopRule(votes_per_unit=1))
    outputs = made(store, one, range(2))
    taken_back = judge(store, one, outputs, 0, "B")
    store.votes.take_back(taken_back.id, "ada", later(5))
    judge(store, one, outputs, 1, "B", kind=Kind.TWIN)

    assert report(store, one).pairs[0].votes == 0


def test_another_phase_and_another_experiment_are_no_part_of_a_report(store: Store, experiments: Experiments) -> None:
    stop = StopRule(votes_per_unit=1)
    first, other = started(experiments, stop=stop), started(experiments, stop=stop)
    judge(store, first, made(store, first, [1]), 1, "B")
    judge(store, other, made(store, other, [1]), 1, "A")
    second = experiments.change(first.id, terms(stop=stop, owner="bob"), "bob", later(5), follows=first.version)

    now, before = report(store, second), report(store, second, 1)

    assert (now.verdict.answer, now.arms[1].figures.predictions) == (Answer.BEGIN, 0)
    assert (before.pairs[0].wins, before.pairs[0].units, before.arms[1].figures.predictions) == (1, 1, 1)


def test_a_panel_that_agrees_ends_it_and_a_guardrail_can_veto(store: Store, experiments: Experiments) -> None:
    stop = StopRule(votes_per_unit=1)
    one = started(experiments, stop=stop, guards=Guards(failure_points=5, cost_percent=None))
    outputs = made(store, one, range(20))
    for number in range(15):
        judge(store, one, outputs, number, "B", seconds=number)

    assert report(store, one).verdict.answer is Answer.PREFERRED
    made(store, one, range(30, 40), fail="B")
    told = report(store, one)
    assert told.verdict.answer is Answer.VETOED
    assert "yet B fails 33% of its runs, A 0% (limit: 5 points more)." in told.verdict.sentence
    assert [guard.held for guard in told.guards] == [Held.HOLDS, Held.BROKEN]


def test_the_split_of_every_report_is_checked(store: Store, experiments: Experiments) -> None:
    one = started(experiments)
    told = [experiments.assign(f"room {n}", RoomType.LIVING, "") for n in range(200)]
    arms = [each for each in told if each]
    experiments.write_down(arms, "ada", NOW)
    assert not report(store, one).ratio.alert

    # What loses the rooms of an arm shows: here somebody wrote down only those of A.
    more = [experiments.assign(f"more {n}", RoomType.LIVING, "") for n in range(200)]
    experiments.write_down([each for each in more if each and each.arm.name == "A"], "ada", NOW)
    assert report(store, one).ratio.alert


def test_scores_are_read_where_there_are_any(store: Store, experiments: Experiments) -> None:
    one = started(experiments, guards=Guards(score_drop=10.0, structure_points=20))
    outputs = made(store, one, range(LEAST_SCORED))
    assert [arm.score for arm in report(store, one).arms] == [None, None]

    for (number, arm), prediction_id in outputs.items():
        overall = 50.0 if arm == "B" else 90.0 - number % 2
        store.scores.record(score(prediction_id, overall=overall, changed=arm == "B" and number < 5))

    told = report(store, one)

    assert [arm.score for arm in told.arms] == [pytest.approx(89.5), 50.0]
    assert [arm.structure_rate for arm in told.arms] == [0.0, 0.25]
    assert [guard.held for guard in told.guards if guard.name == "score"] == [Held.HOLDS, Held.BROKEN]
    assert [guard.held for guard in told.guards if guard.name == "structure"] == [Held.HOLDS, Held.BROKEN]


def test_scores_of_another_version_are_not_mixed_in(store: Store, experiments: Experiments) -> None:
    one = started(experiments)
    outputs = made(store, one, range(2))
    store.scores.record(score(outputs[0, "A"], overall=80.0))
    store.scores.record(score(outputs[1, "A"], overall=10.0, version="an older one"))

    assert report(store, one).arms[0].score == 80.0


def test_moments_without_a_zone_are_no_moments(experiments: Experiments) -> None:
    draft = experiments.draft(terms(), "ada", NOW)
    with pytest.raises(ValueError, match="timezone"):
        experiments.start(draft.id, "ada", datetime(2026, 1, 1), follows=0)  # noqa: DTZ001
    assert experiments.start(draft.id, "ada", datetime.now(UTC), follows=0).state is State.RUNNING


def test_terms_come_back_as_they_were_written(experiments: Experiments) -> None:
    asked: Terms = terms(
        projects=("Elm", ""),
        room_types=(RoomType.LIVING,),
        unit=Unit.ROOM,
        guards=Guards(score_drop=0.25),
        arms=(Arm(name="A", model=QWEN, parameters={"go_fast": False}), Arm(name="B", model=KONTEXT, weight=7)),
    )

    assert experiments.get(experiments.draft(asked, "ada", NOW).id).terms == asked


# ── from the vote page to the report ────────────────────────────────────────────────────────


def test_blind_votes_in_the_experiments_queue_arrive_in_its_report(store: Store, experiments: Experiments) -> None:
    """What is run for the arms is what raters are shown, and what they say is what the report counts."""
    same_model = (Arm(name="A", model=QWEN), Arm(name="B", model=QWEN, parameters={"go_fast": False}))
    one = started(experiments, arms=same_model, stop=StopRule(votes_per_unit=1))
    for number in range(3):
        store.rooms.add(room(number))
    made(store, one, range(3))
    voting = Voting(store, check_share=0.0, seed="seed")
    ran = store.experiments.comparisons([one.key("A"), one.key("B")])
    queue = voting.queues.make("ours", ran, VoteUnit.PICTURE, "ada")

    for _ in range(3):
        ballot = voting.look("ada", queue).ballots[0]
        better = Choice.LEFT if ballot.left.arm == one.key("B") else Choice.RIGHT
        voting.give(Vote(ballot.id, better, NOW), "ada")

    (pair,) = report(store, one).pairs
    assert (pair.wins, pair.units, pair.votes) == (3, 3, 3)
    assert voting.look("ada", queue).ballots == ()
