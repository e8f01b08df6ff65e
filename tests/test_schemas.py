"""What differs between the schema we were written for and the provider's own, and what of it breaks our runs."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from staging.errors import NotFound, ParametersRefused, ProviderError, ProviderUnavailable
from staging.lab import Lab
from staging.models import default_registry
from staging.provider_checks import ProviderChecks
from staging.schemas import Difference, compare, live, recorded
from tests.labs import MODEL, UNCHANGED, lab_at
from tests.recorded_schemas import SCHEMAS
from tests.replicate_server import ReplicateServer
from tests.replicate_server_models import model_of_slug, openapi_schema

REGISTRY = default_registry(MODEL)
Fields = dict[str, Any]


def document(model: str = MODEL) -> dict[str, Any]:
    served = model_of_slug(model)
    assert served is not None
    return copy.deepcopy(openapi_schema(served))


def differing(change: Callable[[Fields, dict[str, Any]], object], model: str = MODEL) -> list[Difference]:
    """Return what differs when the provider's inputs (and the schemas beside them) are changed so."""
    theirs = document(model)
    schemas = theirs["components"]["schemas"]
    change(schemas["Input"]["properties"], schemas)
    return compare(recorded(model, SCHEMAS), live(model, "v", theirs), REGISTRY.get(model))


@pytest.mark.parametrize("model", [spec.id.value for spec in REGISTRY if spec.provider == "replicate"])
def test_a_model_that_is_as_it_was_differs_in_nothing(model: str) -> None:
    assert differing(lambda fields, schemas: None, model) == []


@pytest.mark.parametrize(
    ("change", "name", "what", "ours", "theirs", "breaks"),
    [
        (lambda f, s: f.pop("go_fast"), "go_fast", "removed", "there", "gone", True),
        (lambda f, s: f.pop("disable_safety_checker"), "disable_safety_checker", "removed", "there", "gone", False),
        (lambda f, s: f.update(speed={"type": "integer", "default": 3, "minimum": 1}), "speed", "added",
         "not there", "whole number, 1 or more, 3 by default", False),
        (lambda f, s: (f.update(mood={"type": "string"}), s["Input"]["required"].append("mood")), "mood", "added",
         "not there", "text", True),
        (lambda f, s: f["go_fast"].update(type="string"), "go_fast", "type", "yes or no", "text", True),
        (lambda f, s: f["seed"].update(type="number"), "seed", "type", "whole number", "number", False),
        (lambda f, s: s["output_format"].update(enum=["webp", "jpg"]), "output_format", "choices",
         "webp · jpg · png", "webp · jpg", True),
        (lambda f, s: s["output_format"].update(enum=["webp", "jpg", "png", "avif"]), "output_format", "choices",
         "webp · jpg · png", "webp · jpg · png · avif", False),
        (lambda f, s: f["output_quality"].update(maximum=90), "output_quality", "range", "0 to 100", "0 to 90", True),
        (lambda f, s: f["output_quality"].update(maximum=120), "output_quality", "range", "0 to 100",
         "0 to 120", False),
        (lambda f, s: f["output_quality"].pop("maximum"), "output_quality", "range", "0 to 100", "0 or more", False),
        (lambda f, s: f["go_fast"].update(default=False), "go_fast", "default", "yes", "no", False),
        (lambda f, s: s["Input"]["required"].append("seed"), "seed", "required", "may be left out", "required", False),
    ],
)  # fmt: skip
def test_each_kind_of_difference_is_told(
    change: Callable[[Fields, dict[str, Any]], object], name: str, what: str, ours: str, theirs: str, breaks: bool
) -> None:
    (found,) = differing(change)

    assert (found.name, found.what, found.ours, found.theirs, found.breaks) == (name, what, ours, theirs, breaks)


def test_what_breaks_our_runs_comes_first() -> None:
    def change(fields: Fields, schemas: dict[str, Any]) -> None:
        fields["another"] = {"type": "string"}
        fields.pop("prompt")

    assert [(one.name, one.breaks) for one in differing(change)] == [("prompt", True), ("another", False)]


def test_of_a_model_that_is_not_recorded_only_what_is_known_is_compared() -> None:
    model = "reve/edit"

    def change(fields: Fields, schemas: dict[str, Any]) -> None:
        fields["prompt"]["default"] = "Hello"
        fields["another"] = {"type": "string"}

    assert differing(change, model) == []
    assert [one.what for one in differing(lambda f, s: f.pop("image"), model)] == ["removed"]


def test_an_enumeration_written_in_place_and_one_that_may_be_null_are_read() -> None:
    def change(fields: Fields, schemas: dict[str, Any]) -> None:
        fields["output_format"] = {"type": "string", "enum": ["webp", "jpg", "png"], "default": "webp"}
        fields["seed"] = {"anyOf": [{"type": "integer"}, {"type": "null"}], "title": "Seed"}

    assert differing(change) == []


@pytest.mark.parametrize("nothing", [{}, {"components": []}, {"components": {"schemas": {"Input": None}}}])
def test_an_answer_without_a_schema_is_a_sentence(nothing: dict[str, Any]) -> None:
    with pytest.raises(ProviderUnavailable, match="holds no input schema"):
        live(MODEL, None, nothing)


def test_a_model_without_a_recorded_schema_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no recorded schema"):
        recorded(MODEL, tmp_path)


# ── asked of the provider ────────────────────────────────────────────────────────────────────────


@pytest.fixture
def connected(tmp_path: Path, replicate_server: ReplicateServer) -> Iterator[Lab]:
    with lab_at(tmp_path / "data", replicate_server) as lab:
        yield lab


def test_the_live_schema_is_read_and_compared(connected: Lab) -> None:
    check = connected.provider_checks.schema(connected.registry.get(MODEL))

    assert check.differences == ()
    assert len(check.theirs.fields) == len(check.ours.fields) > 5
    assert check.theirs.version is not None
    assert connected.provider_checks.account()


def test_an_offline_model_has_nothing_to_check(connected: Lab) -> None:
    spec = connected.registry.get(UNCHANGED)

    assert not connected.provider_checks.checks(spec)
    with pytest.raises(ParametersRefused, match="runs on this machine"):
        connected.provider_checks.schema(spec)


def test_without_a_token_the_check_says_how_to_connect(tmp_path: Path) -> None:
    with lab_at(tmp_path / "data") as lab, pytest.raises(ParametersRefused, match="REPLICATE_API_TOKEN"):
        lab.provider_checks.schema(lab.registry.get(MODEL))


def test_a_provider_that_cannot_be_reached_is_a_sentence(connected: Lab) -> None:
    away = connected.settings.model_copy(update={"replicate_base_url": "http://127.0.0.1:9"})

    with pytest.raises(ProviderError, match="Replicate"):
        ProviderChecks(away, SCHEMAS).account()
