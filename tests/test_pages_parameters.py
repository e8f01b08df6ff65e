"""Parameters in a form made from the schema, and sets of models: what is kept, shown and sent."""

from typing import Any

import pytest
from pytest_mock import MockerFixture
from streamlit.testing.v1 import AppTest

from pages.components.parameters import parameters_of, value_words
from staging.desk import ModelChoice, ModelSets
from staging.errors import EditedMeanwhile, ParametersRefused
from staging.lab import Lab
from staging.models import default_registry
from tests.labs import UNCHANGED
from tests.screens import SCRIPT, told, visit, words
from tests.test_pages_compare import FURNISH, choose, model_card, run_button

REGISTRY = default_registry()
FLEX = "black-forest-labs/flux-2-flex"
KONTEXT_DEV = "black-forest-labs/flux-kontext-dev"


def widget(screen: AppTest, model: str, name: str, revision: int = 0) -> Any:
    return screen.get_by_key(f"compare-parameter-{model}-{name}-{revision}")


@pytest.fixture
def with_replicate(first_lab: Lab, mocker: MockerFixture) -> Lab:
    """As with a token: planning sends nothing."""
    mocker.patch.object(first_lab.desk, "_refusals", {})
    mocker.patch.object(first_lab.engine, "wake")
    return first_lab


@pytest.mark.parametrize("spec", REGISTRY.list(), ids=[spec.id for spec in REGISTRY])
def test_every_parameter_of_every_model_has_a_widget_a_default_and_help(spec: Any) -> None:
    found = parameters_of(spec)

    assert [one.name for one in found] == list(spec.builder.model_fields)
    assert spec.parameters({one.name: one.default for one in found}).chosen() == {}
    for one in found:
        assert one.help, one.name
        assert isinstance(one.default, {"switch": bool, "whole": int, "number": float}.get(one.kind, str)) or (
            one.optional and one.default is None
        )


def test_limits_and_options_are_the_schemas() -> None:
    flex = {one.name: one for one in parameters_of(REGISTRY.get(FLEX))}
    dev = {one.name: one for one in parameters_of(REGISTRY.get(KONTEXT_DEV))}

    assert (flex["steps"].kind, flex["steps"].least, flex["steps"].most) == ("whole", 1, 50)
    assert flex["resolution"].options == ("0.5 MP", "1 MP", "2 MP", "4 MP", "match_input_image")
    assert (flex["prompt_upsampling"].kind, flex["prompt_upsampling"].label) == ("switch", "prompt upsampling")
    assert (dev["guidance"].optional, dev["guidance"].least, dev["guidance"].most) == (True, 0.1, None)


def test_what_is_set_is_shown_on_the_card_estimated_and_sent(with_replicate: Lab) -> None:
    screen = choose(visit(), models=[FLEX])

    widget(screen, FLEX, "steps").set_value(12)
    screen.run()
    widget(screen, FLEX, "prompt_upsampling").set_value(True)
    screen.run()
    before = words(screen)
    widget(screen, FLEX, "resolution").set_value("4 MP")
    screen.run()

    assert model_card(screen, FLEX)["changed"] == "resolution 4 MP · steps 12 · prompt upsampling on"
    assert words(screen) != before  # four megapixels cost more
    run_button(screen).click().run()
    (sent,) = with_replicate.store.predictions.of_comparison(screen.query_params["comparison"])
    assert sent.prediction.parameters == {"resolution": "4 MP", "steps": 12, "prompt_upsampling": True}


def test_what_is_set_back_is_not_kept(with_replicate: Lab) -> None:
    screen = choose(visit(), models=[FLEX])
    widget(screen, FLEX, "guidance").set_value(9.0)
    screen.run()
    assert model_card(screen, FLEX)["changed"] == "guidance 9"

    widget(screen, FLEX, "guidance").set_value(4.5)
    screen.run()

    assert model_card(screen, FLEX)["changed"] == ""


def test_reset_gives_the_defaults_back_to_the_form_too(with_replicate: Lab) -> None:
    screen = choose(visit(), models=[FLEX])
    widget(screen, FLEX, "steps").set_value(12)
    screen.run()

    screen.button(key=f"compare-parameter-{FLEX}-reset-0").click()
    screen.run()

    assert model_card(screen, FLEX)["changed"] == ""
    assert widget(screen, FLEX, "steps", revision=1).value == 30


def test_what_is_left_to_the_model_is_not_sent_and_can_be_left_again(with_replicate: Lab) -> None:
    screen = choose(visit(), models=[KONTEXT_DEV])
    assert widget(screen, KONTEXT_DEV, "guidance").value is None

    widget(screen, KONTEXT_DEV, "guidance").set_value(2.5)
    screen.run()
    assert model_card(screen, KONTEXT_DEV)["changed"] == "guidance 2.5"
    widget(screen, KONTEXT_DEV, "guidance").set_value(None)
    screen.run()

    assert model_card(screen, KONTEXT_DEV)["changed"] == ""


def test_a_model_can_have_a_number_of_seeds_of_its_own(first_lab: Lab) -> None:
    screen = visit()

    widget(screen, FURNISH, "seeds").set_value(3)
    screen.run()

    assert "**4 pictures**" in words(screen)  # three, and one of the control
    assert model_card(screen, FURNISH)["changed"] == "3 seeds"


def test_a_set_is_saved_and_loaded_with_parameters_and_seeds(with_replicate: Lab) -> None:
    screen = choose(visit(), models=[FURNISH])
    widget(screen, FURNISH, "quality").set_value("draft")
    screen.run()
    widget(screen, FURNISH, "seeds").set_value(2)
    screen.run()
    screen.text_input(key="compare-set-name").set_value("Quick look")
    screen.run()
    screen.button(key="compare-set-save").click()
    screen.run()

    (kept,) = ModelSets(with_replicate.store.documents).list()
    assert kept.choices == (ModelChoice(FURNISH, {"quality": "draft"}, 2),)
    other = visit()
    other.button(key="compare-set-load-Quick look-0").click()
    other.run()

    assert told(other, "compare-models")["chosen"] == [FURNISH]
    assert "**2 pictures** (1 room × 1 model)" in words(other)
    run_button(other).click().run()
    asked = with_replicate.store.predictions.of_comparison(other.query_params["comparison"])
    assert [one.prediction.parameters for one in asked] == [{"quality": "draft"}] * 2


def test_duplicating_a_comparison_brings_its_parameters_and_seeds_back(with_replicate: Lab) -> None:
    room = next(room.digest for room in with_replicate.store.rooms.list())
    choices = [ModelChoice(FLEX, {"steps": 12}, 2), ModelChoice(UNCHANGED)]
    plan = with_replicate.desk.plan([room], choices, style="modern", prompts={room: "Furnish."})
    screen = visit(comparison=with_replicate.desk.start(plan, "ada"))

    screen.button(key="manage-duplicate").click().run()

    assert model_card(screen, FLEX)["changed"].startswith("steps 12")
    assert "**3 pictures**" in words(screen)


def test_a_set_is_saved_over_and_removed(first_lab: Lab) -> None:
    sets = ModelSets(first_lab.store.documents)
    sets.save("Ours", [ModelChoice(FURNISH)], "ada")
    screen = choose(visit(), models=[UNCHANGED])

    screen.text_input(key="compare-set-name").set_value("Ours")
    screen.run()
    assert screen.button(key="compare-set-save").label == "Save over it"
    screen.button(key="compare-set-save").click()
    screen.run()
    (kept,) = sets.list()
    assert [choice.model for choice in kept.choices] == [UNCHANGED]
    screen.button(key="compare-set-remove-Ours-1").click()
    screen.run()

    assert sets.list() == []
    assert len(first_lab.store.documents.versions("model set", "Ours")) == 3


def test_what_a_set_holds_and_cannot_run_here_is_left_out_and_said(first_lab: Lab) -> None:
    sets = ModelSets(first_lab.store.documents)
    gone = [ModelChoice(name) for name in ("qwen/qwen-image-edit", "nobody/nothing")]
    sets.save("Ours", [*gone, ModelChoice(FURNISH, {"tempo": 1}), ModelChoice(UNCHANGED)], "ada")
    screen = visit()

    screen.button(key="compare-set-load-Ours-0").click()
    screen.run()

    assert told(screen, "compare-models")["chosen"] == [UNCHANGED]
    (toast,) = screen.toast
    for name in ("qwen\\-image\\-edit", "nobody\\/nothing", "its parameters have changed"):
        assert name in toast.value


def test_who_saves_over_a_set_that_was_changed_meanwhile_is_told(first_lab: Lab) -> None:
    sets = ModelSets(first_lab.store.documents)
    sets.save("Ours", [ModelChoice(FURNISH)], "ada")
    (seen,) = sets.list()
    sets.save("Ours", [ModelChoice(UNCHANGED)], "ben")

    with pytest.raises(EditedMeanwhile, match="ben has changed"):
        sets.save("Ours", [ModelChoice(FURNISH, seeds=2)], "ada", follows=seen.version)
    with pytest.raises(EditedMeanwhile):
        sets.remove(seen, "ada")


@pytest.mark.parametrize(
    ("name", "choices", "reason"),
    [(" ", [ModelChoice(FURNISH)], "1 to 60"), ("x" * 61, [ModelChoice(FURNISH)], "1 to 60"), ("x", [], "one model")],
)
def test_a_set_has_a_name_and_a_model(first_lab: Lab, name: str, choices: list[ModelChoice], reason: str) -> None:
    with pytest.raises(ParametersRefused, match=reason):
        ModelSets(first_lab.store.documents).save(name, choices, "ada")


def test_no_name_of_a_set_becomes_markup(first_lab: Lab) -> None:
    ModelSets(first_lab.store.documents).save(SCRIPT, [ModelChoice(UNCHANGED)], SCRIPT)

    assert SCRIPT not in words(visit())


@pytest.mark.parametrize(
    ("value", "shown"),
    [(True, "on"), (False, "off"), (30, "30"), (4.50, "4.5"), ("webp", "webp"), ("x" * 30, "x" * 23 + "…")],
)
def test_values_are_words(value: Any, shown: str) -> None:
    assert value_words(value) == shown
