"""Which model does a job, and the settings behind it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from staging.errors import EditedMeanwhile, NotFound, ParametersRefused, UnknownModel
from staging.experiments import Arm, Experiment, Experiments, Terms, Unit
from staging.experiments_terms import Body, Deed, Phase, State
from staging.model_setups import ModelSetups
from staging.models import default_registry
from staging.rooms import RoomType
from staging.routing import ACTIVE, Job, Routing, Rule, Setting, route
from staging.store import Store
from tests.experimenting import started
from tests.labs import MODEL, lab_at
from tests.ledgers import NOW, later

KONTEXT = "black-forest-labs/flux-kontext-pro"
SEEDREAM = "bytedance/seedream-4"
REGISTRY = default_registry(MODEL)


def setting(model: str | None, *, project: str | None = None, **parameters: Any) -> Setting:
    return Setting(project, 3, model, parameters, None, "", NOW, "ada")


def experiment(name: str = "x", *, at: datetime = NOW, state: State = State.RUNNING, **terms: Any) -> Experiment:
    arms = (Arm(name="A", model=KONTEXT), Arm(name="B", model=SEEDREAM))
    asked = Terms(**{"question": "Which?", "owner": "ada", "arms": arms} | terms)
    phase = Phase(number=1, terms=asked, started_at=at, started_by="ada")
    return Experiment(name, 1, Body(state=state, deed=Deed.STARTED, terms=asked, phases=(phase,)), "", at, "ada")


OURS, ELMS = setting(KONTEXT), setting(SEEDREAM, project="Elm")
ALL = experiment()
ELM_ONLY = experiment(projects=("Elm",))
BEDROOMS = experiment(room_types=(RoomType.BEDROOM,))
BY_PROJECT = experiment(unit=Unit.PROJECT)
OVER = experiment(state=State.DECIDED)


@pytest.mark.parametrize(
    ("running", "project", "active", "rule", "model"),
    [
        ([], None, None, Rule.DEFAULT, MODEL),
        ([], None, OURS, Rule.ACTIVE, KONTEXT),
        ([], ELMS, OURS, Rule.PROJECT, SEEDREAM),
        ([], ELMS, None, Rule.PROJECT, SEEDREAM),
        ([], setting(None, project="Elm"), OURS, Rule.ACTIVE, KONTEXT),
        ([], setting(None, project="Elm"), setting(None), Rule.DEFAULT, MODEL),
        ([ALL], ELMS, OURS, Rule.ARM, None),
        ([ELM_ONLY], ELMS, OURS, Rule.ARM, None),
        ([BEDROOMS], ELMS, OURS, Rule.PROJECT, SEEDREAM),
        ([BY_PROJECT], ELMS, OURS, Rule.ARM, None),
        ([OVER], None, OURS, Rule.ACTIVE, KONTEXT),
    ],
)
def test_the_first_rule_that_says_something_holds(
    running: list[Experiment], project: Setting | None, active: Setting | None, rule: Rule, model: str | None
) -> None:
    job = Job("room 1", RoomType.LIVING, "Elm")

    routed = route(job, REGISTRY, running=running, project=project, active=active)

    assert routed.rule is rule
    assert (routed.arm is not None) == (rule is Rule.ARM)
    if model is None:
        assert routed.assigned is not None
        assert (routed.model, routed.arm) == (routed.assigned.arm.model, routed.assigned.key)
        assert routed.because.startswith(f"experiment {routed.arm}: the ")
        assert routed.because.endswith(f"'s hash falls to arm {routed.assigned.arm.name} (weight 1 of 2)")
    else:
        assert routed.model == model


def test_why_says_which_version_of_what() -> None:
    job = Job("room 1", project="Elm")

    assert route(job, REGISTRY, active=OURS).because == "version 3 of the active model, set by ada on 2026-11-22"
    assert "the model of project Elm" in route(job, REGISTRY, project=ELMS).because
    assert route(job, REGISTRY).because == "STAGING_DEFAULT_MODEL"


def test_the_jobs_parameters_come_before_the_settings_name_by_name() -> None:
    fast = setting(MODEL, go_fast=False, output_quality=80)
    job = Job("room 1", parameters={"output_quality": 60})

    assert route(job, REGISTRY, active=fast).parameters == {"go_fast": False, "output_quality": 60}
    assert route(job, REGISTRY).parameters == {"output_quality": 60}
    assert route(Job("room 1"), REGISTRY).parameters == {}


def test_in_an_experiment_the_arms_parameters_are_all_there_are() -> None:
    arms = (Arm(name="A", model=MODEL, parameters={"go_fast": False}), Arm(name="B", model=MODEL))
    told = {
        (
            routed := route(
                Job(f"room {n}", parameters={"output_quality": 60}), REGISTRY, running=[experiment(arms=arms)]
            )
        ).assigned.arm.name: dict(routed.parameters)  # type: ignore[union-attr]
        for n in range(20)
    }

    assert told == {"A": {"go_fast": False}, "B": {}}


def test_no_other_model_is_run_in_place_of_one_that_is_gone() -> None:
    with pytest.raises(UnknownModel, match="gone/model"):
        route(Job("room 1"), REGISTRY, active=setting("gone/model"))
    with pytest.raises(ParametersRefused):
        route(Job("room 1", parameters={"no_such": 1}), REGISTRY, active=OURS)


def test_of_two_experiments_the_one_that_was_started_first_takes_the_room() -> None:
    second, first = experiment("a", at=later(60)), experiment("b")

    routed = route(Job("room 1"), REGISTRY, running=[second, first])

    assert routed.assigned is not None
    assert routed.assigned.experiment.id == "b"


def test_a_room_keeps_its_arm_and_a_project_keeps_all_its_rooms_together() -> None:
    rooms = [route(Job(f"room {n}", project="Elm"), REGISTRY, running=[ALL]).arm for n in range(40)]
    together = {route(Job(f"room {n}", project="Elm"), REGISTRY, running=[BY_PROJECT]).arm for n in range(40)}

    assert rooms == [route(Job(f"room {n}", project="Elm"), REGISTRY, running=[ALL]).arm for n in range(40)]
    assert len(set(rooms)) == 2
    assert len(together) == 1
    assert route(Job("room 1"), REGISTRY, running=[BY_PROJECT]).rule is Rule.DEFAULT


# ── settings ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = Store.open(tmp_path_factory.mktemp("routing") / "ledger.duckdb")
    yield store
    store.close()


@pytest.fixture
def store(ledger: Store) -> Store:
    """A ledger without settings."""
    with ledger.ledger.writing() as cursor:
        cursor.execute("DELETE FROM app.documents")
    return ledger


@pytest.fixture
def routing(store: Store) -> Routing:
    return Routing(store, REGISTRY, Experiments(store, REGISTRY), ModelSetups(store.documents, REGISTRY))


def test_a_setting_holds_with_who_when_and_why(routing: Routing) -> None:
    assert routing.current() is None
    routing.set(MODEL, "ada", NOW, parameters={"go_fast": True, "output_quality": 60}, note=" it  won ")
    routing.set(KONTEXT, "bob", later(1), project="Elm")

    now = routing.current()
    assert now is not None
    assert (now.model, now.note, now.set_by, now.set_at, now.version) == (MODEL, "it won", "ada", NOW, 0)
    assert now.parameters == {"go_fast": True, "output_quality": 60}
    assert [one.project for one in routing.projects()] == ["Elm"]
    assert routing.route(Job("r", project="Elm")).rule is Rule.PROJECT
    assert routing.route(Job("r", project="Ash")).rule is Rule.ACTIVE
    assert routing.project("Ash") is None


def test_of_two_who_set_the_model_at_once_one_is_told(routing: Routing) -> None:
    routing.set(MODEL, "ada", NOW, follows=-1)

    with pytest.raises(EditedMeanwhile, match="ada has changed"):
        routing.set(KONTEXT, "bob", later(1), follows=-1)
    routing.set(KONTEXT, "bob", later(1), follows=0)
    assert [one.set_by for one in routing.history()] == ["bob", "ada"]


def test_nonsense_is_not_set(routing: Routing) -> None:
    with pytest.raises(UnknownModel):
        routing.set("gone/model", "ada", NOW)
    with pytest.raises(ParametersRefused):
        routing.set(MODEL, "ada", NOW, parameters={"go_fast": "perhaps"})
    with pytest.raises(ParametersRefused, match="at most 500"):
        routing.set(MODEL, "ada", NOW, note="x" * 501)
    with pytest.raises(NotFound, match="name a project"):
        routing.set(MODEL, "ada", NOW, project=" ")
    assert routing.current() is None


def test_a_cleared_setting_lets_the_next_rule_hold(routing: Routing) -> None:
    routing.set(MODEL, "ada", NOW, project="Elm")
    routing.clear("bob", later(1), project="Elm", note="sold")

    assert routing.project("Elm") is None
    assert [(one.model, one.note) for one in routing.history("Elm")] == [(None, "sold"), (MODEL, "")]
    with pytest.raises(NotFound, match="No model is set"):
        routing.clear("bob", later(2), project="Elm")


def test_what_was_set_is_undone_by_one_press(routing: Routing) -> None:
    first = routing.set(MODEL, "ada", NOW, parameters={"output_quality": 60})
    second = routing.set(KONTEXT, "ada", later(1), experiment="x")

    back = routing.undo(second, "bob", later(2))

    assert back is not None
    assert (back.model, back.parameters, back.experiment) == (first.model, first.parameters, None)
    assert (back.note, back.set_by) == ("Version 1 undone", "bob")
    with pytest.raises(EditedMeanwhile):
        routing.undo(second, "bob", later(3))


def test_the_first_setting_undone_leaves_none(routing: Routing) -> None:
    assert routing.undo(routing.set(MODEL, "ada", NOW), "ada", later(1)) is None
    assert routing.current() is None
    assert routing.route(Job("r")).rule is Rule.DEFAULT


def test_a_setting_of_another_release_is_a_sentence(store: Store, routing: Routing) -> None:
    store.documents.write(ACTIVE, "active model", {"galaxy": 1}, "ada", NOW)

    with pytest.raises(UnknownModel, match="cannot be read: set it anew"):
        routing.current()
    routing.set(MODEL, "ada", later(1))
    assert routing.route(Job("r")).model == MODEL


def test_a_job_that_is_taken_has_its_arm_written_down(store: Store, routing: Routing) -> None:
    one = started(Experiments(store, REGISTRY))

    assert routing.route(Job("r")).arm is not None
    assert store.experiments.assignments(one.id, 1) == []
    routed = routing.take(Job("r"), "ada")

    (written,) = store.experiments.assignments(one.id, 1)
    assert (written.unit, written.arm, routed.arm) == ("r", written.arm, one.key(written.arm))


def test_a_lab_brings_its_default_model(tmp_path: Path) -> None:
    with lab_at(tmp_path / "data", default_model=KONTEXT) as lab:
        assert (lab.routing.route(Job("r")).model, lab.experiments.list()) == (KONTEXT, ())
