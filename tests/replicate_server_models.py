"""The models the test server offers, as much as it must know about each.

Slugs, versions and output shapes are those of facts/replicate_schemas.json where recorded there; any
other official-looking "owner/name" is taken as an official model with one output.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.recorded_schemas import read_schemas


@dataclass(frozen=True, slots=True)
class ServedModel:
    """What the server must know to answer for a model."""

    slug: str
    official: bool = True
    version: str = ""
    listed: bool = False
    """True when the output is a list of URIs, False when it is one."""
    text: bool = False
    """True when the output is words in pieces (a judge's); `listed` then says nothing."""
    required: tuple[str, ...] = ("prompt",)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Enumerated inputs and what they may be; the default first."""

    def output_format(self, inputs: Mapping[str, Any]) -> str:
        """Return the file name ending that an output gets."""
        return str(inputs.get("output_format") or self.choices.get("output_format", ("png",))[0])


_EVERY_FORMAT = {"output_format": ("webp", "jpg", "png")}
_JPG_PNG = {"output_format": ("jpg", "png")}
_PNG_JPG = {"output_format": ("png", "jpg")}

_MODELS = (
    ServedModel("qwen/qwen-image-edit", listed=True, required=("image", "prompt"), choices=_EVERY_FORMAT),
    ServedModel("qwen/qwen-image-edit-plus", listed=True, required=("image", "prompt"), choices=_EVERY_FORMAT),
    ServedModel("qwen/qwen-image-edit-2511", listed=True, required=("image", "prompt"), choices=_EVERY_FORMAT),
    ServedModel("black-forest-labs/flux-kontext-pro", choices=_PNG_JPG),
    ServedModel("black-forest-labs/flux-kontext-max", choices=_PNG_JPG),
    ServedModel("black-forest-labs/flux-kontext-dev", required=("input_image", "prompt"), choices=_EVERY_FORMAT),
    ServedModel("black-forest-labs/flux-2-pro", choices=_EVERY_FORMAT),
    ServedModel("black-forest-labs/flux-2-flex", choices=_EVERY_FORMAT),
    ServedModel("black-forest-labs/flux-2-max", choices=_EVERY_FORMAT),
    ServedModel("black-forest-labs/flux-2-dev", choices=_EVERY_FORMAT),
    ServedModel("black-forest-labs/flux-2-klein-4b", listed=True, choices=_EVERY_FORMAT),
    ServedModel("google/nano-banana", choices=_JPG_PNG),
    ServedModel("google/nano-banana-pro", choices=_JPG_PNG),
    ServedModel("google/nano-banana-2", choices=_JPG_PNG),
    ServedModel("bytedance/seedream-4", listed=True),
    ServedModel("bytedance/seedream-4.5", listed=True),
    ServedModel("bytedance/seededit-3.0", required=("image", "prompt")),
    ServedModel("openai/gpt-image-1.5", listed=True, choices={"output_format": ("webp", "png", "jpeg")}),
    ServedModel("reve/edit"),
    ServedModel("reve/edit-fast"),
    ServedModel(
        "adirik/interior-design",
        official=False,
        version="76604baddc85b1b4616e1c6475eca080da339c8875bd4996705440484a6eac38",
        required=("image", "prompt"),
    ),
    ServedModel(
        "jschoormans/interior-v2",
        official=False,
        version="8372bd24c6011ea957a0861f0146671eed615e375f038c13259c1882e3c8bac7",
        listed=True,
        required=("image",),
    ),
    ServedModel(
        "jschoormans/comfyui-interior-remodel",
        official=False,
        version="2a360362540e1f6cfe59c9db4aa8aa9059233d40e638aae0cdeb6b41f3d0dcce",
        listed=True,
        required=(),
    ),
    # The model of the recorded exchanges.
    ServedModel(
        "stability-ai/sdxl",
        official=False,
        version="39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b",
        listed=True,
        required=(),
    ),
    ServedModel("meta/llama-2-70b-chat"),
    ServedModel("openai/gpt-4o-mini", text=True),
    ServedModel("openai/gpt-4.1-mini", text=True),
)
_BY_SLUG = {model.slug: model for model in _MODELS}
_BY_VERSION = {model.version: model for model in _MODELS if model.version}

GONE = "gone"
"""Every model of this owner has been deleted."""


def model_of_slug(slug: str) -> ServedModel | None:
    """Return the model of this name; None when there is none."""
    owner, _, name = slug.partition("/")
    if not name or "/" in name or owner == GONE:
        return None
    return _BY_SLUG.get(slug) or ServedModel(slug)


def model_of_version(version: str) -> ServedModel | None:
    """Return the model that `version` (64 hex, or the slug of an official model) runs; None when there is none."""
    if "/" in version:
        slug, _, exact = version.partition(":")
        model = model_of_slug(slug)
        return model if model and (model.official if not exact else exact == model.version) else None
    return _BY_VERSION.get(version)


def input_faults(model: ServedModel, inputs: dict[str, Any]) -> list[dict[str, str]]:
    """Return what is wrong with the input, as Replicate's `invalid_fields`."""
    faults = [
        {"type": "required", "field": "input", "description": f"{name} is required"}
        for name in model.required
        if inputs.get(name) in (None, "", [])
    ]
    for name, choices in model.choices.items():
        if name in inputs and inputs[name] not in choices:
            allowed = ", ".join(f'"{choice}"' for choice in choices)
            text = f"{name} must be one of the following: {allowed}"
            faults.append({"type": "enum", "field": f"input.{name}", "description": text})
    return faults


_recorded = functools.cache(read_schemas)


def openapi_schema(model: ServedModel) -> dict[str, Any]:
    """Return the model's schema in the form Cog writes it: enumerations are sibling schemas.

    Of a model whose schema is recorded, that is all of it; of any other, what the server must know.
    """
    recorded = _recorded().get(model.slug)
    if recorded is None:
        fields: dict[str, Any] = {name: {"type": "string"} for name in model.required}
        fields |= {
            name: {"type": "string", "enum": list(choices), "default": choices[0]}
            for name, choices in model.choices.items()
        }
        required = list(model.required)
    else:
        fields, required = recorded["input"], recorded["required"]
    properties: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for order, (name, stated) in enumerate(fields.items()):
        place = {"title": name.title(), "x-order": order}
        if "enum" in stated:
            kind = {"type": stated["type"], "title": name, "description": "An enumeration."}
            schemas[name] = {"enum": list(stated["enum"]), **kind}
            rest = {key: value for key, value in stated.items() if key not in ("type", "enum")}
            properties[name] = {"allOf": [{"$ref": f"#/components/schemas/{name}"}], **rest, "x-order": order}
        else:
            properties[name] = {**stated, **place}
    uri = {"type": "string", "format": "uri"}
    schemas["Input"] = {"type": "object", "title": "Input", "required": required, "properties": properties}
    schemas["Output"] = (
        {"type": "array", "items": uri, "title": "Output"} if model.listed else {**uri, "title": "Output"}
    )
    return {
        "openapi": "3.0.2",
        "info": {"title": "Cog", "version": "0.1.0"},
        "paths": {"/": {}, "/predictions": {}, "/health-check": {}},
        "components": {"schemas": schemas},
    }
