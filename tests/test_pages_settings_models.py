"""Settings, Models: the active model, what is offered, what a model begins with, and the check against the provider."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from staging import lab as labs
from staging.lab import Lab
from staging.provider_checks import ProviderChecks
from staging.store import AuditFilter
from tests.labs import MODEL, lab_at
from tests.recorded_schemas import SCHEMAS, file_of
from tests.replicate_server import ReplicateServer
from tests.screens import answer, told, visit, words

FURNISH = "offline/furnish"
KONTEXT = "black-forest-labs/flux-kontext-pro"


def settings_of(model: str) -> AppTest:
    screen = visit("settings")
    return screen.selectbox(key="settings-model").set_value(model).run()


def acts(lab: Lab) -> list[str]:
    return [one.act for one in lab.audit.list(AuditFilter(), 10)[1]]


def test_a_model_that_is_switched_off_leaves_the_picker_and_comes_back(first_lab: Lab) -> None:
    screen = settings_of(FURNISH)
    screen.button(key=f"settings-switch-{FURNISH}--1").click().run()
    assert "It is switched off for new runs." in words(screen)
    assert acts(first_lab) == ["add model setup"]

    picker = told(visit(), "compare-models")
    assert FURNISH not in str(picker)
    assert MODEL in str(picker)
    assert "Offline" in words(visit("models"))

    screen.button(key=f"settings-switch-{FURNISH}-0").click().run()
    assert FURNISH in str(told(visit(), "compare-models"))


def test_what_a_model_begins_with_is_set_in_a_form_and_compare_begins_with_it(first_lab: Lab) -> None:
    screen = settings_of(FURNISH)
    spec = first_lab.registry.get(FURNISH)
    name = next(iter(spec.builder.model_fields))
    stated = spec.builder.model_json_schema()["properties"][name]
    other = next(one for one in stated["enum"] if one != stated["default"])
    answer(screen, f"settings-parameter-{FURNISH}-{name}--1", other)
    screen.button(key=f"settings-save-{FURNISH}").click().run()
    assert first_lab.setups.get(FURNISH).parameters == {name: other}
    assert not screen.error

    compare = visit()
    assert compare.session_state["compare-parameters-begin"] == {FURNISH: {name: other}}
    screen.button(key=f"settings-reset-{FURNISH}").click().run()
    assert first_lab.setups.get(FURNISH).parameters == {}


def test_the_active_model_is_set_and_cleared_with_a_reason(first_lab: Lab) -> None:
    screen = visit("settings")
    assert "None is set" in words(screen)
    screen.selectbox(key="settings-active-model--1").set_value(KONTEXT)
    screen.text_input(key="settings-active-note--1").set_value("it won").run()
    screen.button(key="settings-activate").click().run()

    now = first_lab.routing.current()
    assert now is not None
    assert (now.model, now.note) == (KONTEXT, "it won")
    assert "“it won”" in words(screen)
    screen.button(key="settings-active-clear").click().run()
    assert first_lab.routing.current() is None


def test_of_two_admins_who_set_the_active_model_at_once_one_is_told(first_lab: Lab) -> None:
    screen = visit("settings")
    screen.selectbox(key="settings-active-model--1").set_value(KONTEXT).run()
    first_lab.routing.set(MODEL, "ben", datetime.now(UTC))
    screen.button(key="settings-activate").click().run()

    now = first_lab.routing.current()
    assert now is not None
    assert now.set_by == "ben"


def test_an_offline_model_says_that_there_is_nothing_to_check(first_lab: Lab) -> None:
    screen = settings_of(FURNISH)

    assert "there is nothing to check" in words(screen)


def test_without_a_token_the_check_is_a_sentence(first_lab: Lab) -> None:
    screen = settings_of(MODEL)
    screen.button(key=f"settings-check-{MODEL}").click().run()

    assert "Set REPLICATE\\_API\\_TOKEN" in screen.error[0].value


@pytest.fixture
def connected(first_folder: Path, tmp_path: Path, replicate_server: ReplicateServer) -> Iterator[Lab]:
    shutil.copytree(first_folder, tmp_path / "data")
    with lab_at(tmp_path / "data", replicate_server) as lab:
        labs.set_current(lab)
        yield lab
        labs.set_current(None)


def test_what_differs_from_the_provider_is_told_in_a_table(connected: Lab, tmp_path: Path) -> None:
    screen = settings_of(MODEL)
    screen.button(key=f"settings-check-{MODEL}").click().run()
    assert "Nothing differs." in screen.success[0].value

    shutil.copytree(SCHEMAS, tmp_path / "schemas")
    ours = tmp_path / "schemas" / file_of(MODEL)
    ours.write_text(ours.read_text().replace('"go_fast"', '"run_fast"').replace('"jpg",', '"jpg", "gif",'))
    labs.set_current(replace(connected, provider_checks=ProviderChecks(connected.settings, tmp_path / "schemas")))
    screen.button(key=f"settings-check-{MODEL}").click().run()

    rows = screen.table[-1].value.to_numpy().tolist()
    assert [row[0].replace("\\", "") for row in rows] == ["go_fast", "output_format", "run_fast"]
    assert rows[1][1:4] == ["choices", "webp · jpg · gif · png", "webp · jpg · png"]
    assert rows[0][4] == "We send it already\\."
