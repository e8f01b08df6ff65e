"""How models are set up: what an admin switches off, and what a job begins with."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from staging.desk import ModelChoice
from staging.errors import EditedMeanwhile, ParametersRefused, UnknownModel
from staging.lab import Lab
from staging.model_setups import KIND
from staging.models import default_registry
from staging.routing import Job, Setting, parameters_for
from tests.labs import MODEL, UNCHANGED, ask, lab_at
from tests.ledgers import NOW

SPEC = default_registry(MODEL).get(MODEL)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with lab_at(tmp_path / "data") as lab:
        yield lab


def setting(experiment: str | None = None, **parameters: Any) -> Setting:
    return Setting("Elm", 0, MODEL, parameters, experiment, "", NOW, "ada")


# The builder's default of output_quality is 95.
@pytest.mark.parametrize(
    ("job", "project", "defaults", "expected"),
    [
        ({}, None, {}, {}),
        ({}, None, {"output_quality": 50}, {"output_quality": 50}),
        ({}, setting(output_quality=60), {"output_quality": 50}, {"output_quality": 60}),
        ({"output_quality": 70}, setting(output_quality=60), {"output_quality": 50}, {"output_quality": 70}),
        ({"output_quality": 70}, None, {"output_quality": 50}, {"output_quality": 70}),
        ({"output_quality": 95}, setting(output_quality=60), {"output_quality": 50}, {}),
        ({}, setting(output_quality=95), {"output_quality": 50}, {}),
        ({"output_quality": 70}, setting(go_fast=False), {"output_format": "webp"},
         {"output_quality": 70, "go_fast": False, "output_format": "webp"}),
        ({}, setting("x"), {"output_quality": 50}, {}),
        ({}, setting("x", output_quality=60), {"go_fast": False}, {"output_quality": 60}),
        ({"output_quality": 70}, setting("x"), {"go_fast": False}, {"output_quality": 70}),
    ],
)  # fmt: skip
def test_the_jobs_else_the_projects_else_the_models_else_the_builders(
    job: Mapping[str, Any], project: Setting | None, defaults: Mapping[str, Any], expected: Mapping[str, Any]
) -> None:
    assert parameters_for(SPEC, job=job, setting=project, defaults=defaults) == expected


def test_what_a_model_begins_with_reaches_every_way_a_job_takes(lab: Lab) -> None:
    lab.setups.set(MODEL, "ada", NOW, parameters={"output_quality": 50, "go_fast": True})

    assert lab.setups.get(MODEL).parameters == {"output_quality": 50}
    assert lab.routing.route(Job("room")).parameters == {"output_quality": 50}
    lab.routing.set(MODEL, "ada", NOW, parameters={"output_quality": 95})
    assert lab.routing.route(Job("room")).parameters == {}
    lab.routing.set(MODEL, "ada", NOW, project="Elm", parameters={"output_quality": 60})
    assert lab.routing.route(Job("room", project="Elm")).parameters == {"output_quality": 60}


def test_a_model_that_is_off_is_offered_to_nobody_and_refused_in_python_too(lab: Lab) -> None:
    comparison = ask(lab, UNCHANGED)
    lab.setups.set(UNCHANGED, "ada", NOW, enabled=False)

    offer = {one.spec.id.value: one for one in lab.desk.models()}[UNCHANGED]
    assert (offer.enabled, offer.available) == (False, False)
    room = lab.store.rooms.list()[0].digest
    with pytest.raises(ParametersRefused, match="An admin has switched it off"):
        lab.desk.plan([room], [ModelChoice(UNCHANGED)], style="modern", prompts={room: "Furnish."})
    assert lab.desk.look(comparison).cells

    lab.setups.set(UNCHANGED, "ada", NOW, enabled=True)
    assert lab.desk.plan([room], [ModelChoice(UNCHANGED)], style="modern", prompts={room: "Furnish."}).cells


def test_of_two_who_set_a_model_up_at_once_one_is_told(lab: Lab) -> None:
    lab.setups.set(MODEL, "ada", NOW, enabled=False, follows=-1)
    with pytest.raises(EditedMeanwhile, match="ada has changed"):
        lab.setups.set(MODEL, "ben", NOW, enabled=True, follows=-1)


def test_nonsense_is_not_set(lab: Lab) -> None:
    with pytest.raises(UnknownModel):
        lab.setups.set("gone/model", "ada", NOW, enabled=False)
    with pytest.raises(ParametersRefused):
        lab.setups.set(MODEL, "ada", NOW, parameters={"output_quality": 500})
    with pytest.raises(ParametersRefused, match="at most 500"):
        lab.setups.set(MODEL, "ada", NOW, note="x" * 501)
    assert lab.setups.get(MODEL).version == -1


@pytest.mark.parametrize("body", [{"enabled": False, "parameters": {"gone": 1}}, {"galaxy": 1}, "text"])
def test_a_setup_of_another_release_stops_no_run(lab: Lab, body: Any) -> None:
    lab.store.documents.write(KIND, MODEL, body, "ada", datetime.now(UTC))

    assert lab.setups.get(MODEL).parameters == {}
    assert lab.setups.all()[MODEL] == lab.setups.get(MODEL)
    assert lab.routing.route(Job("room")).parameters == {}
    lab.setups.set(MODEL, "ada", NOW, parameters={"output_quality": 50})
    assert lab.setups.get(MODEL).parameters == {"output_quality": 50}
