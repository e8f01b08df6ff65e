"""The registry's own rules, on a toy model: none of the real ones is needed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from pydantic import Field, JsonValue, ValidationError

from staging.errors import ParametersRefused, UnknownModel
from staging.registry import (
    Capability,
    InputBuilder,
    JudgeID,
    Kind,
    ModelID,
    ModelRegistry,
    ModelSpec,
    OutputShape,
    Price,
    RoomInput,
)

PRICE = Price(usd_per_image=Decimal("0.03"), source="a page", dated=date(2026, 11, 1))
ROOM = RoomInput(url="https://files.example/room.png", width=1600, height=1200)


class PlainInput(InputBuilder):
    steps: int = Field(default=30, ge=1, le=50)
    """How many steps to take."""

    def input_of(self, room: RoomInput, prompt: str, seed: int | None) -> dict[str, JsonValue]:
        return {"image": room.url, "prompt": prompt, "steps": self.steps, "seed": seed}


class MaskedInput(PlainInput):
    takes_mask = True
    most_references = 2


SPEC = ModelSpec(
    id=ModelID.QWEN_IMAGE_EDIT,
    name="Toy",
    owner="qwen",
    provider="replicate",
    builder=PlainInput,
    output=OutputShape.URI,
    price=PRICE,
    typical_seconds=None,
    capabilities=frozenset({Capability.SEED}),
    licence="none",
    link="https://replicate.com/qwen/qwen-image-edit",
)


def test_a_model_is_found_by_its_slug() -> None:
    registry = ModelRegistry()
    registry.register(SPEC)
    assert registry.get("qwen/qwen-image-edit") is SPEC
    assert registry.exists("qwen/qwen-image-edit")


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    registry = ModelRegistry()
    registry.register(SPEC)
    registry.register(replace(SPEC, id=ModelID.REVE_EDIT))
    assert not registry.exists("nobody/nothing")
    with pytest.raises(UnknownModel) as refusal:
        registry.get("nobody/nothing")
    assert str(refusal.value) == (
        "No model 'nobody/nothing' is registered. Known models: qwen/qwen-image-edit, reve/edit."
    )


def test_a_known_id_that_is_not_registered_is_unknown() -> None:
    with pytest.raises(UnknownModel):
        ModelRegistry().get(ModelID.REVE_EDIT)


def test_no_model_is_registered_twice() -> None:
    registry = ModelRegistry()
    registry.register(SPEC)
    with pytest.raises(ValueError, match="qwen/qwen-image-edit is registered twice"):
        registry.register(replace(SPEC, name="Another"))
    assert registry.get(SPEC.id).name == "Toy"


def test_models_keep_the_order_in_which_they_were_registered() -> None:
    registry = ModelRegistry()
    for model in (ModelID.REVE_EDIT, ModelID.NANO_BANANA, ModelID.FLUX_2_PRO):
        registry.register(replace(SPEC, id=model))
    order = [ModelID.REVE_EDIT, ModelID.NANO_BANANA, ModelID.FLUX_2_PRO]
    assert [spec.id for spec in registry] == order
    assert [spec.id for spec in registry.list()] == order
    assert len(registry) == 3


def test_a_judge_stands_apart_from_the_models_that_make_pictures() -> None:
    registry = ModelRegistry(JudgeID.GPT_4O_MINI)
    judge = replace(SPEC, id=JudgeID.GPT_4O_MINI, name="Solomon", kind=Kind.JUDGE)
    registry.register(judge)
    registry.register(SPEC)

    assert registry.list() == (SPEC,)
    assert registry.judges() == (judge,)
    assert registry.every() == (judge, SPEC)
    assert registry.get(judge.id) is judge
    assert registry.editor(SPEC.id) is SPEC
    with pytest.raises(UnknownModel, match="Solomon judges pictures and makes none"):
        registry.editor(judge.id)
    with pytest.raises(UnknownModel, match="Solomon judges pictures and makes none"):
        _ = registry.default
    with pytest.raises(UnknownModel, match=r"Known models: qwen/qwen-image-edit\.$"):
        registry.get("nobody/nothing")


def test_nothing_goes_beside_the_room_unless_a_family_says_so() -> None:
    assert PlainInput().beside() == ()


def test_the_default_is_the_house_s_unless_another_is_named() -> None:
    registry, other = ModelRegistry(), ModelRegistry("reve/edit")
    for model in (ModelID.QWEN_IMAGE_EDIT, ModelID.REVE_EDIT):
        registry.register(replace(SPEC, id=model))
        other.register(replace(SPEC, id=model))
    assert registry.default.id == "qwen/qwen-image-edit"
    assert other.default.id == "reve/edit"


def test_a_default_that_is_not_registered_is_refused() -> None:
    registry = ModelRegistry("nobody/nothing")
    registry.register(SPEC)
    with pytest.raises(UnknownModel, match="'nobody/nothing'"):
        _ = registry.default


@pytest.mark.parametrize(
    "part",
    ["usd_per_run", "usd_per_image", "usd_per_second", "usd_per_megapixel_in", "usd_per_megapixel_out"],
)
def test_a_price_with_any_part_is_known_even_when_it_is_free(part: str) -> None:
    assert Price.model_validate({part: "0", "source": "a page", "dated": "2026-11-01"}).known


def test_a_price_without_parts_is_unknown() -> None:
    assert not Price(source="nowhere", dated=date(2026, 11, 1), hardware="gpu-l40s", note="nobody says").known


def test_a_price_needs_a_source_and_a_date() -> None:
    with pytest.raises(ValidationError) as error:
        Price.model_validate({"usd_per_image": "0.03"})
    assert {fault["loc"] for fault in error.value.errors()} == {("source",), ("dated",)}


def test_parameters_left_out_have_their_defaults() -> None:
    assert SPEC.parameters() == SPEC.parameters({}) == PlainInput(steps=30)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"steps": 0}, "steps: Input should be greater than or equal to 1"),
        ({"steps": "many"}, "steps: Input should be a valid integer"),
        ({"stepz": 3}, "stepz: Extra inputs are not permitted"),
    ],
)
def test_parameters_out_of_limits_are_refused_naming_model_and_field(values: dict[str, object], says: str) -> None:
    with pytest.raises(ParametersRefused) as refusal:
        SPEC.parameters(values)
    assert str(refusal.value).startswith("Toy (qwen/qwen-image-edit) cannot run with these parameters: ")
    assert says in str(refusal.value)


def test_every_fault_in_the_parameters_is_named() -> None:
    with pytest.raises(ParametersRefused, match=r"steps: .*; other: "):
        SPEC.parameters({"steps": 99, "other": 1})


def test_only_what_differs_from_the_defaults_is_chosen() -> None:
    assert SPEC.parameters({"steps": 30}).chosen() == {}
    assert SPEC.parameters({"steps": 31}).chosen() == {"steps": 31}


def test_help_comes_from_the_words_under_the_field() -> None:
    assert PlainInput.model_fields["steps"].description == "How many steps to take."


def test_a_mask_is_refused_by_a_model_that_takes_none() -> None:
    masked = replace(ROOM, mask_url="https://files.example/mask.png")
    with pytest.raises(ParametersRefused, match="takes no mask"):
        PlainInput().build(masked, "Furnish it.", 7)
    assert MaskedInput().build(masked, "Furnish it.", 7)["image"] == ROOM.url


def test_more_references_than_a_model_takes_are_refused() -> None:
    two = replace(ROOM, reference_urls=("https://files.example/1.png", "https://files.example/2.png"))
    three = replace(two, reference_urls=(*two.reference_urls, "https://files.example/3.png"))
    assert MaskedInput().build(two, "Furnish it.", 7)["prompt"] == "Furnish it."
    with pytest.raises(ParametersRefused, match="at most 2 reference pictures beside the room, and 3 were given"):
        MaskedInput().build(three, "Furnish it.", 7)
    with pytest.raises(ParametersRefused, match="at most 0 reference pictures"):
        PlainInput().build(two, "Furnish it.", 7)


def test_a_family_that_says_nothing_of_size_and_price_has_the_room_s_and_the_listed_one() -> None:
    assert PlainInput().output_size(ROOM) == (1600, 1200)
    assert PlainInput().price(PRICE) is PRICE


def test_a_family_must_say_how_its_input_is_made() -> None:
    with pytest.raises(TypeError, match="input_of"):
        InputBuilder()  # type: ignore[abstract]
