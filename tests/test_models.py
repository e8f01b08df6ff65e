"""Every model: its golden inputs, its schema, its price, its row in the docs."""

import json
import runpy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from staging.errors import ParametersRefused, UnknownModel
from staging.models import default_registry
from staging.models.__main__ import main as write_page
from staging.models.table import BEGIN, END, limits, model_row, rewritten
from staging.registry import Capability, InputBuilder, ModelID, ModelRegistry, ModelSpec, OutputShape, Price, RoomInput
from tests.recorded_schemas import GOLDEN, faults, golden, normalise, read_schemas, room_of, violations

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "model_registry.md"
FACTS = ROOT.parent / "shared" / "facts" / "replicate_schemas.json"

REGISTRY = default_registry()
REPLICATE = [spec for spec in REGISTRY if spec.provider == "replicate"]
SCHEMAS = read_schemas()
ROOM = RoomInput(url="https://files.example/room.png", width=4000, height=3000)

# A key would be stored with the input; the providers' safety checks stay on; the rest would make
# results vary, cost more, or tell the provider about our people.
NEVER_SENT = {"openai_api_key", "user_id", "replicate_api_key", "disable_safety_checker", "moderation"} | {
    "safety_filter_level", "return_temp_files", "webhook",
}  # fmt: skip


def cases(*providers: str) -> list[Any]:
    return [
        pytest.param(spec, case, id=f"{spec.id}: {case['name']}")
        for spec in REGISTRY
        if spec.provider in providers
        for case in golden(spec.id)["cases"]
    ]


def lacking(models: Iterable[str], registry: ModelRegistry, folder: Path, page: str) -> list[str]:
    """Return what is missing for the models to be whole: builder, golden inputs, price, docs row."""
    missing = []
    for model in models:
        spec = registry.get(model) if registry.exists(model) else None
        if spec is None or not isinstance(spec.parameters(), InputBuilder):
            missing.append(f"{model}: builder")
        if spec is None or not (spec.price.source and (spec.price.known or spec.price.note)):
            missing.append(f"{model}: price, or why it is unknown")
        if len(golden(model, folder)["cases"]) < 3:
            missing.append(f"{model}: three golden inputs")
        if spec is None or model_row(spec) not in page.splitlines():
            missing.append(f"{model}: row in the docs")
    return missing


# ── whole ────────────────────────────────────────────────────────────────────────────────────────


def test_every_model_has_builder_golden_inputs_price_and_docs_row() -> None:
    assert lacking(ModelID, REGISTRY, GOLDEN, PAGE.read_text()) == []


def test_the_control_a_made_up_model_lacks_all_of_them() -> None:
    assert lacking(["made/up"], REGISTRY, GOLDEN, PAGE.read_text()) == [
        "made/up: builder",
        "made/up: price, or why it is unknown",
        "made/up: three golden inputs",
        "made/up: row in the docs",
    ]


@pytest.mark.parametrize("broken", ["price", "golden", "row"])
def test_the_control_each_lack_is_seen_by_itself(tmp_path: Path, broken: str) -> None:
    spec, page = REGISTRY.default, PAGE.read_text()
    registry = ModelRegistry()
    folder = tmp_path if broken == "golden" else GOLDEN
    if broken == "price":
        spec = replace(spec, price=Price(source="somewhere", dated=spec.price.dated))
    if broken == "row":
        page = page.replace(model_row(spec), "")
    registry.register(spec)
    expected = {"price": ["price", "row"], "golden": ["three golden inputs"], "row": ["row"]}[broken]
    found = lacking([spec.id], registry, folder, page)
    assert [
        fault.removeprefix(f"{spec.id}: ")[: len(word)] for fault, word in zip(found, expected, strict=True)
    ] == expected


def test_every_id_is_registered_and_has_a_schema() -> None:
    assert {spec.id for spec in REGISTRY} == set(ModelID)
    assert {spec.id for spec in REPLICATE} == SCHEMAS.keys()


def test_the_default_is_qwen_image_edit() -> None:
    assert REGISTRY.default.id == "qwen/qwen-image-edit"


def test_another_default_can_be_chosen() -> None:
    assert default_registry("google/nano-banana").default.id == "google/nano-banana"


def test_a_default_nobody_knows_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownModel) as refusal:
        default_registry("nonsense")
    assert "'nonsense'" in str(refusal.value)
    assert [model for model in ModelID if model not in str(refusal.value)] == []


def test_a_model_that_takes_the_caller_s_token_is_not_registered() -> None:
    assert not REGISTRY.exists("proplabs/virtual-staging")
    assert "proplabs/virtual-staging" in PAGE.read_text()


# ── inputs ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("spec", "case"), cases("replicate", "offline"))
def test_the_builder_makes_exactly_the_golden_input(spec: ModelSpec, case: dict[str, Any]) -> None:
    built = spec.parameters(case["parameters"]).build(room_of(case), case["prompt"], case["seed"])
    assert built == case["input"]
    assert json.loads(json.dumps(built)) == built


@pytest.mark.parametrize(("spec", "case"), cases("replicate"))
def test_every_golden_input_fits_the_recorded_schema(spec: ModelSpec, case: dict[str, Any]) -> None:
    assert violations(case["input"], SCHEMAS[spec.id]) == []


@pytest.mark.parametrize(
    ("slug", "change", "says"),
    [
        ("qwen/qwen-image-edit", {"aspect_ratio": "4:3"}, "aspect_ratio is no field"),
        ("qwen/qwen-image-edit", {"image": None}, "image is required"),
        ("qwen/qwen-image-edit", {"image": ["https://files.example/room.png"]}, "image is no string"),
        ("qwen/qwen-image-edit", {"image": "room.png"}, "image is no URI"),
        ("qwen/qwen-image-edit", {"output_format": "gif"}, "output_format is none of ['webp', 'jpg', 'png']"),
        ("qwen/qwen-image-edit", {"output_quality": 101}, "output_quality is more than 100.0"),
        ("qwen/qwen-image-edit", {"output_quality": -1}, "output_quality is less than 0.0"),
        ("qwen/qwen-image-edit", {"seed": 7.5}, "seed is no integer"),
        ("qwen/qwen-image-edit", {"seed": True}, "seed is no integer"),
        ("qwen/qwen-image-edit", {"go_fast": 1}, "go_fast is no boolean"),
        ("black-forest-labs/flux-2-pro", {"input_images": ["room.png"]}, "input_images[] is no URI"),
        ("black-forest-labs/flux-2-pro", {"input_images": ["a://b"] * 9}, "input_images has more than 8 items"),
    ],
)
def test_the_control_an_input_that_does_not_fit_is_seen(slug: str, change: dict[str, Any], says: str) -> None:
    fitting = REGISTRY.get(slug).parameters().build(ROOM, "Furnish it.", 7)
    assert violations(fitting, SCHEMAS[slug]) == []
    changed = {name: value for name, value in {**fitting, **change}.items() if value is not None}
    assert says in violations(changed, SCHEMAS[slug])


@pytest.mark.parametrize("spec", REPLICATE, ids=lambda spec: spec.id)
def test_the_most_pictures_fit_the_schema_and_one_more_is_refused(spec: ModelSpec) -> None:
    most = spec.builder.most_references
    full = replace(ROOM, reference_urls=tuple(f"https://files.example/{number}.png" for number in range(most)))
    assert violations(spec.parameters().build(full, "Furnish it.", 7), SCHEMAS[spec.id]) == []
    lists = [field["maxItems"] for field in SCHEMAS[spec.id]["input"].values() if "maxItems" in field]
    assert lists in ([], [most + 1])
    with pytest.raises(ParametersRefused, match="reference pictures"):
        spec.parameters().build(
            replace(full, reference_urls=(*full.reference_urls, "https://files.example/more.png")), "Furnish it.", 7
        )


@pytest.mark.parametrize("spec", list(REGISTRY), ids=lambda spec: spec.id)
def test_a_mask_is_sent_or_refused_and_never_dropped(spec: ModelSpec) -> None:
    masked = replace(ROOM, mask_url="https://files.example/mask.png")
    if Capability.MASK in spec.capabilities:
        assert "https://files.example/mask.png" in spec.parameters().build(masked, "Furnish it.", 7).values()
    else:
        with pytest.raises(ParametersRefused, match="takes no mask"):
            spec.parameters().build(masked, "Furnish it.", 7)


@pytest.mark.parametrize("spec", REPLICATE, ids=lambda spec: spec.id)
def test_what_must_not_be_sent_is_neither_sent_nor_offered(spec: ModelSpec) -> None:
    sent = spec.parameters().build(ROOM, "Furnish it.", 7)
    assert NEVER_SENT.isdisjoint(sent)
    assert NEVER_SENT.isdisjoint(spec.builder.model_fields)


@pytest.mark.parametrize("spec", REPLICATE, ids=lambda spec: spec.id)
def test_the_room_s_framing_is_asked_for_wherever_it_can_be(spec: ModelSpec) -> None:
    field = SCHEMAS[spec.id]["input"].get("aspect_ratio")
    sent = spec.parameters().build(ROOM, "Furnish it.", 7)
    if field is None:
        assert "aspect_ratio" not in sent
    elif "match_input_image" in field.get("enum", ["match_input_image"]):
        assert sent["aspect_ratio"] == "match_input_image"
        assert Capability.KEEPS_FRAMING in spec.capabilities
    else:
        assert Capability.KEEPS_FRAMING not in spec.capabilities


@pytest.mark.parametrize(
    ("width", "height", "ratio"),
    [(1600, 1200, "3:2"), (1200, 1600, "2:3"), (1000, 1000, "1:1"), (1220, 1000, "1:1"), (1230, 1000, "3:2"),
     (1000, 1220, "1:1"), (1000, 1230, "2:3"), (4000, 1000, "3:2")],
)  # fmt: skip
def test_gpt_image_is_asked_for_the_nearest_shape_it_can_make(width: int, height: int, ratio: str) -> None:
    room = replace(ROOM, width=width, height=height)
    spec = REGISTRY.get(ModelID.GPT_IMAGE_1_5)
    assert spec.parameters().build(room, "Furnish it.", None)["aspect_ratio"] == ratio


def test_seedream_makes_one_picture_a_run() -> None:
    for model in (ModelID.SEEDREAM_4, ModelID.SEEDREAM_4_5):
        sent = REGISTRY.get(model).parameters().build(ROOM, "Furnish it.", 7)
        assert (sent["sequential_image_generation"], sent["max_images"]) == ("disabled", 1)


@pytest.mark.parametrize("start", [0.8, 0.9])
def test_interior_v2_refuses_a_guidance_that_ends_before_it_has_begun(start: float) -> None:
    spec = REGISTRY.get(ModelID.INTERIOR_V2)
    assert spec.parameters({"control_guidance_start": 0.79}).chosen() == {"control_guidance_start": 0.79}
    with pytest.raises(ParametersRefused, match="control_guidance_start must be less than control_guidance_end"):
        spec.parameters({"control_guidance_start": start})


def test_the_offline_baselines_get_what_they_read_and_no_more() -> None:
    room = RoomInput(url="digest", width=1600, height=1200, room_type="office", style="japandi")
    furnish = REGISTRY.get(ModelID.OFFLINE_FURNISH).parameters().build(room, "Furnish it.", 7)
    assert furnish == {"room": "digest", "room_type": "office", "style": "japandi", "quality": "standard", "seed": 7}
    assert REGISTRY.get(ModelID.OFFLINE_UNCHANGED).parameters().build(room, "Furnish it.", 7) == {"room": "digest"}


def test_the_offline_baseline_says_that_it_cannot_empty_a_room() -> None:
    room = RoomInput(url="digest", width=1600, height=1200, room_type="office", style="declutter")
    with pytest.raises(ParametersRefused, match="can furnish a room but not empty one"):
        REGISTRY.get(ModelID.OFFLINE_FURNISH).parameters().build(room, "Empty it.", 7)


# ── parameters ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("spec", list(REGISTRY), ids=lambda spec: spec.id)
def test_every_parameter_has_type_default_and_help(spec: ModelSpec) -> None:
    fields = spec.builder.model_json_schema().get("properties", {})
    assert [name for name, field in fields.items() if not field.get("description", "").strip()] == []
    assert [name for name, field in fields.items() if "default" not in field or not limits(field)] == []


def allowed(field: Mapping[str, Any]) -> list[Any]:
    """Return the values at a parameter's limits: if they fit the recorded schema, all others do."""
    field = next((part for part in field.get("anyOf", ()) if part["type"] != "null"), field)
    return [
        *field.get("enum", []),
        *(field[limit] for limit in ("minimum", "maximum") if limit in field),
        *([True, False] if field["type"] == "boolean" else []),
    ]


@pytest.mark.parametrize("spec", REPLICATE, ids=lambda spec: spec.id)
def test_no_parameter_goes_past_the_recorded_limits(spec: ModelSpec) -> None:
    recorded = SCHEMAS[spec.id]["input"]
    for name, field in spec.builder.model_json_schema().get("properties", {}).items():
        assert [fault for value in allowed(field) for fault in faults(value, recorded[name], name)] == []
        bounded = {limit for limit in ("minimum", "maximum") if limit in recorded[name]}
        assert bounded <= field.keys()


@pytest.mark.parametrize("spec", REPLICATE, ids=lambda spec: spec.id)
def test_a_default_that_is_not_the_model_s_own_says_so(spec: ModelSpec) -> None:
    # The file format and its quality are chosen for all models alike: docs/model_registry.md says why.
    alike = {"output_format", "output_quality", "output_compression"}
    for name, field in spec.builder.model_fields.items():
        own = SCHEMAS[spec.id]["input"][name].get("default", field.default)
        if name not in alike and field.default != own:
            said = {True: "on", False: "off"}.get(own, own)
            assert f"The model's own default is {said}." in " ".join((field.description or "").split())


# ── facts ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("spec", list(REGISTRY), ids=lambda spec: spec.id)
def test_capabilities_say_what_the_builder_does(spec: ModelSpec) -> None:
    sent = spec.parameters().build(ROOM, "Furnish it.", 7)
    assert (Capability.SEED in spec.capabilities) == ("seed" in sent)
    assert (Capability.MASK in spec.capabilities) == spec.builder.takes_mask
    assert (Capability.REFERENCES in spec.capabilities) == (spec.builder.most_references > 0)
    assert (Capability.NEGATIVE_PROMPT in spec.capabilities) == ("negative_prompt" in sent)
    assert (Capability.OFFLINE in spec.capabilities) == (spec.provider == "offline")


@pytest.mark.parametrize("spec", REPLICATE, ids=lambda spec: spec.id)
def test_a_seed_is_sent_wherever_the_model_takes_one(spec: ModelSpec) -> None:
    takes_seed = "seed" in SCHEMAS[spec.id]["input"]
    assert (spec.parameters().build(ROOM, "Furnish it.", 7).get("seed") == 7) == takes_seed
    assert "seed" not in spec.parameters().build(ROOM, "Furnish it.", None)


@pytest.mark.parametrize("spec", REPLICATE, ids=lambda spec: spec.id)
def test_owner_link_and_output_shape_agree_with_the_records(spec: ModelSpec) -> None:
    assert spec.owner == spec.id.split("/")[0]
    assert spec.link == f"https://replicate.com/{spec.id}"
    assert spec.licence
    recorded = SCHEMAS[spec.id]["output"]
    if recorded is not None:
        shapes = {"uri": OutputShape.URI, "array[uri]": OutputShape.URI_LIST}
        assert spec.output is shapes.get(recorded, OutputShape.UNCERTAIN)


@pytest.mark.parametrize("spec", REPLICATE, ids=lambda spec: spec.id)
def test_only_community_models_run_by_a_version_and_it_is_the_recorded_one(spec: ModelSpec) -> None:
    schema = SCHEMAS[spec.id]
    assert spec.version == (None if schema["official"] else schema["version"])


@pytest.mark.parametrize("spec", list(REGISTRY), ids=lambda spec: spec.id)
def test_the_price_is_the_golden_one(spec: ModelSpec) -> None:
    parts = {name: value for name, value in spec.price if name.startswith(("usd_", "hardware")) and value is not None}
    told = golden(spec.id)["price"]
    assert parts == {name: Decimal(value) if name.startswith("usd_") else value for name, value in told.items()}


def test_flux_2_dev_costs_more_without_go_fast() -> None:
    spec = REGISTRY.get(ModelID.FLUX_2_DEV)
    assert spec.parameters().price(spec.price) == spec.price
    slow = spec.parameters({"go_fast": False}).price(spec.price)
    assert (slow.usd_per_megapixel_in, slow.usd_per_megapixel_out) == (Decimal("0.014"), Decimal("0.014"))


def test_flux_2_dev_without_go_fast_follows_an_edited_price() -> None:
    slow = REGISTRY.get(ModelID.FLUX_2_DEV).parameters({"go_fast": False})
    listed = Price(usd_per_megapixel_out=Decimal("0.024"), source="edited", dated=date(2026, 12, 1))
    assert slow.price(listed).usd_per_megapixel_out == Decimal("0.028")
    by_image = Price(usd_per_image=Decimal("0.05"), source="edited", dated=date(2026, 12, 1))
    assert slow.price(by_image) == by_image


def test_nano_banana_pro_at_4k_has_no_known_price() -> None:
    spec = REGISTRY.get(ModelID.NANO_BANANA_PRO)
    assert spec.parameters().price(spec.price) == spec.price
    assert not spec.parameters({"resolution": "4K"}).price(spec.price).known


@pytest.mark.parametrize(
    ("model", "parameters", "size"),
    [
        (ModelID.FLUX_2_PRO, {}, (1155, 866)),
        (ModelID.FLUX_2_PRO, {"resolution": "0.5 MP"}, (816, 612)),
        (ModelID.FLUX_2_PRO, {"resolution": "match_input_image"}, (2309, 1732)),
        (ModelID.FLUX_2_KLEIN_4B, {"output_megapixels": "4"}, (2309, 1732)),
        (ModelID.FLUX_2_DEV, {}, (4000, 3000)),
    ],
)
def test_the_output_s_size_is_known_before_the_run_where_it_is_chosen(
    model: str, parameters: dict[str, Any], size: tuple[int, int]
) -> None:
    assert REGISTRY.get(model).parameters(parameters).output_size(ROOM) == size


def test_a_small_room_is_not_expected_to_grow() -> None:
    small = replace(ROOM, width=800, height=600)
    builder = REGISTRY.get(ModelID.FLUX_2_PRO).parameters({"resolution": "match_input_image"})
    assert builder.output_size(small) == (800, 600)


# ── pages and records ────────────────────────────────────────────────────────────────────────────


def test_the_docs_page_is_what_the_registry_says() -> None:
    assert rewritten(PAGE.read_text(), REGISTRY) == PAGE.read_text(), "run: python -m staging.models"


def test_the_docs_page_names_every_model_whose_schema_is_not_recorded() -> None:
    chapter = PAGE.read_text().split("## Schemas that are not recorded")[1].split("##")[0]
    unrecorded = [slug for slug, schema in SCHEMAS.items() if not schema["recorded"]]
    assert [
        slug for slug in unrecorded if f"`{slug.split('/')[1]}`" not in chapter and f"`{slug}`" not in chapter
    ] == []
    assert unrecorded


def test_the_page_is_written_anew_between_its_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_page(page)
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n| Model |")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text


def test_a_page_without_markers_is_not_written() -> None:
    with pytest.raises(ValueError, match="must hold the lines"):
        rewritten("nothing to replace", REGISTRY)


def test_the_module_writes_the_page_when_it_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "model_registry.md").write_text(f"{BEGIN}\n{END}\n")
    monkeypatch.chdir(tmp_path)
    with pytest.warns(RuntimeWarning, match="found in sys.modules"):
        runpy.run_module("staging.models", run_name="__main__")
    assert "`qwen/qwen-image-edit`" in (tmp_path / "docs" / "model_registry.md").read_text()


@pytest.mark.skipif(not FACTS.exists(), reason=f"the facts are not beside the checkout: {FACTS}")
def test_the_committed_schemas_are_those_of_the_facts() -> None:
    derived = normalise(json.loads(FACTS.read_text()))
    assert {slug: SCHEMAS[slug] for slug in derived} == derived


def test_a_judge_sees_the_room_and_what_is_judged_in_the_order_that_is_asked_for() -> None:
    """Field by field as Replicate's page of OpenAI's models says."""
    room = replace(ROOM, reference_urls=("https://files.example/output.png",))
    for spec in REGISTRY.judges():
        asked = {"subject": "p1", "candidate": "d1"}
        first, last = (spec.parameters({**asked, "order": order}) for order in ("room first", "output first"))

        assert first.beside() == ("d1",)
        assert first.build(room, "Same room?", 7) == {
            "prompt": "Same room?",
            "image_input": [ROOM.url, "https://files.example/output.png"],
            "max_completion_tokens": 600,
            "temperature": 0,
        }
        assert last.build(room, "Same room?", 7)["image_input"] == ["https://files.example/output.png", ROOM.url]
