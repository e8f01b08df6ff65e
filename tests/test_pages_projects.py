"""The Projects page: preferred model, default style, archive; and what Compare makes of them."""

from datetime import UTC, datetime

import pytest

from staging.errors import EditedMeanwhile, ParametersRefused
from staging.lab import Lab
from staging.projects import KIND, Project
from staging.routing import Job, Rule
from tests.ledgers import NOW
from tests.screens import SCRIPT, told, visit, words

FURNISH = "offline/furnish"


def test_a_project_is_added_gets_a_model_and_a_style_and_compare_begins_with_them(first_lab: Lab) -> None:
    screen = visit("projects")
    assert "No project yet." in words(screen)
    screen.text_input(key="projects-name").set_value(" Elm  Street ")
    screen.button(key="projects-add-button").click().run()
    assert first_lab.projects.names() == ("Elm Street",)

    style = list(first_lab.prompts.styles())[-1]
    screen.selectbox(key="projects-model-Elm Street-0--1").set_value(FURNISH)
    screen.selectbox(key="projects-style-Elm Street-0--1").set_value(style).run()
    screen.button(key="projects-save-Elm Street-0--1").click().run()
    assert not screen.error
    assert first_lab.projects.get("Elm Street").style == style
    routed = first_lab.routing.route(Job("room", project="Elm Street"))
    assert (routed.model, routed.rule) == (FURNISH, Rule.PROJECT)

    compare = visit()
    assert len(told(compare, "compare-models")["chosen"]) == 2
    compare.selectbox(key="compare-project").set_value("Elm Street").run()
    assert told(compare, "compare-models")["chosen"] == [FURNISH]
    assert compare.session_state["compare-style"] == style


def test_an_archived_project_is_offered_nowhere_and_comes_back(first_lab: Lab) -> None:
    first_lab.projects.set("Elm", "ada", NOW)
    screen = visit("projects")
    screen.button(key="projects-archive-Elm-0--1").click().run()
    assert "Elm" not in visit().selectbox(key="compare-project").options

    screen.toggle(key="projects-archived").set_value(True).run()
    screen.button(key="projects-archive-Elm-1--1").click().run()
    assert "Elm" in visit().selectbox(key="compare-project").options


def test_a_projects_model_is_taken_back(first_lab: Lab) -> None:
    first_lab.routing.set(FURNISH, "ada", NOW, project="Elm")
    first_lab.projects.set("Elm", "ada", NOW)
    screen = visit("projects")
    screen.selectbox(key="projects-model-Elm-0-0").set_value("").run()
    screen.button(key="projects-save-Elm-0-0").click().run()

    assert first_lab.routing.project("Elm") is None


def test_a_model_that_is_switched_off_is_not_chosen_by_a_project(first_lab: Lab) -> None:
    first_lab.projects.set("Elm", "ada", NOW)
    first_lab.routing.set(FURNISH, "ada", NOW, project="Elm")
    first_lab.setups.set(FURNISH, "ada", NOW, enabled=False)

    compare = visit()
    compare.selectbox(key="compare-project").set_value("Elm").run()
    assert not compare.error
    assert FURNISH not in str(told(compare, "compare-models"))


def test_no_name_of_a_project_becomes_markup(first_lab: Lab) -> None:
    first_lab.projects.set(SCRIPT, "ada", NOW)

    assert SCRIPT not in words(visit("projects"))


def test_nonsense_and_a_stale_edit_are_sentences(first_lab: Lab) -> None:
    with pytest.raises(ParametersRefused, match="1 to 120"):
        first_lab.projects.set("  ", "ada", NOW)
    with pytest.raises(ParametersRefused, match="at most 100"):
        first_lab.projects.set("Elm", "ada", NOW, style="x" * 101)
    first_lab.projects.set("Elm", "ada", NOW, style="modern", follows=-1)
    with pytest.raises(EditedMeanwhile):
        first_lab.projects.set("Elm", "ben", NOW, archived=True, follows=-1)
    first_lab.store.documents.write(KIND, "Ash", {"galaxy": 1}, "ada", datetime.now(UTC))
    assert first_lab.projects.get("Ash") == Project("Ash", 0)
