"""The recorded input schemas, the golden inputs, and what is wrong with an input by its schema.

Makes data/schemas/ out of the facts file replicate_schemas.json, which has two formats.

The official models in it were read from a generator's Python source (types as Python, no `required`),
the community ones from OpenAPI. Both become one small JSON-Schema form. What the generator does not
record, and the models that are in no recording, come from the table in facts/replicate.md §3.

    python -m tests.recorded_schemas ../shared/facts/replicate_schemas.json
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from staging.registry import ModelID, RoomInput

GOLDEN = Path(__file__).parent / "golden"
SCHEMAS = Path(__file__).parent.parent / "data" / "schemas"
"""Part of the product: "check against the provider" compares with them."""

# The most pictures a list takes, as the recorded descriptions say it in words.
MOST_PICTURES = {
    "black-forest-labs/flux-2-pro": 8,
    "black-forest-labs/flux-2-flex": 10,
    "black-forest-labs/flux-2-max": 8,
    "black-forest-labs/flux-2-klein-4b": 5,
    "bytedance/seedream-4": 10,
    "bytedance/seedream-4.5": 14,
    "google/nano-banana-2": 14,
}
# The table's stars: the generator's source makes every field optional.
REQUIRED = {"qwen/qwen-image-edit": ["image", "prompt"]}
# The generator took this list for a single picture; its description and the table say list.
REALLY_LISTS = {("bytedance/seedream-4.5", "image_input")}

URI = {"type": "string", "format": "uri"}
URIS = {"type": "array", "items": URI}
TEXT = {"type": "string"}
WHOLE = {"type": "integer"}
NUMBER = {"type": "number"}
FLAG = {"type": "boolean"}
FORMATS = {"type": "string", "enum": ["webp", "jpg", "png"]}
PERCENT = {"type": "integer", "minimum": 0, "maximum": 100}
QWEN_PLUS = {
    "image": URIS,
    "prompt": TEXT,
    "go_fast": FLAG | {"default": True},
    "seed": WHOLE,
    "aspect_ratio": {
        "type": "string",
        "enum": ["1:1", "16:9", "9:16", "4:3", "3:4", "match_input_image"],
        "default": "match_input_image",
    },
    "output_format": FORMATS | {"default": "webp"},
    "output_quality": PERCENT | {"default": 95},
    "disable_safety_checker": FLAG | {"default": False},
}
REVE = {"image": URI, "prompt": TEXT}

# Field names and limits of facts/replicate.md §3, where no schema is recorded. No limit means: not known.
FROM_THE_TABLE: dict[str, tuple[list[str], dict[str, Any]]] = {
    "qwen/qwen-image-edit-plus": (["image", "prompt"], QWEN_PLUS),
    "qwen/qwen-image-edit-2511": (["image", "prompt"], QWEN_PLUS),
    "black-forest-labs/flux-kontext-dev": (
        ["input_image", "prompt"],
        {
            "input_image": URI,
            "prompt": TEXT,
            "guidance": NUMBER,
            "num_inference_steps": WHOLE,
            "aspect_ratio": TEXT,
            "output_format": TEXT,
            "output_quality": WHOLE,
            "disable_safety_checker": FLAG,
            "seed": WHOLE,
        },
    ),
    "black-forest-labs/flux-2-dev": (
        ["prompt"],
        {
            "input_images": URIS,
            "prompt": TEXT,
            "go_fast": FLAG,
            "aspect_ratio": TEXT,
            "width": WHOLE,
            "height": WHOLE,
            "output_format": TEXT,
            "output_quality": WHOLE,
            "disable_safety_checker": FLAG,
            "seed": WHOLE,
        },
    ),
    "google/nano-banana-pro": (
        ["prompt"],
        {
            "image_input": URIS | {"maxItems": 14},
            "prompt": TEXT,
            "aspect_ratio": TEXT,
            "resolution": {"type": "string", "enum": ["1K", "2K", "4K"]},
            "output_format": {"type": "string", "enum": ["jpg", "png"]},
            "safety_filter_level": TEXT,
        },
    ),
    "bytedance/seededit-3.0": (
        ["image", "prompt"],
        {"image": URI, "prompt": TEXT, "guidance_scale": NUMBER, "seed": WHOLE},
    ),
    "reve/edit": (["image", "prompt"], REVE),
    "reve/edit-fast": (["image", "prompt"], REVE),
}
SAME_AS = {"black-forest-labs/flux-kontext-max": "black-forest-labs/flux-kontext-pro"}

PYTHON_TYPES = {"int": "integer", "float": "number", "bool": "boolean", "str": "string", "list": "array"}


def normalise(facts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return slug → recorded, official, version, source, required, input, output, of the provider's models."""
    schemas: dict[str, Any] = {}
    for model in ModelID:
        if model in facts["official"]:
            schemas[model] = _official(model, facts["official"][model])
        elif model in facts["community"]:
            schemas[model] = _community(facts["community"][model])
    for slug, (required, fields) in FROM_THE_TABLE.items():
        schemas[slug] = _unrecorded(required, fields)
    for slug, twin in SAME_AS.items():
        schemas[slug] = _unrecorded(schemas[twin]["required"], schemas[twin]["input"])
    return dict(sorted(schemas.items()))


def _official(slug: str, recorded: dict[str, Any]) -> dict[str, Any]:
    fields = {}
    for name, field in recorded["input"].items():
        single = field["type"] == "types.ImageRef" and (slug, name) not in REALLY_LISTS
        if single or name == "input_image":
            schema: dict[str, Any] = dict(URI)
        elif field["type"] in ("list", "list | None", "types.ImageRef"):
            schema = dict(URIS)
            if slug in MOST_PICTURES:
                schema["maxItems"] = MOST_PICTURES[slug]
        else:
            schema = {"type": PYTHON_TYPES.get(field["type"].removesuffix(" | None"), "string")}
            default = _python_default(field["default"])
            if default is not None:
                schema["default"] = default
        for limit, key in (("min", "minimum"), ("max", "maximum"), ("enum", "enum")):
            if limit in field:
                schema[key] = field[limit]
        fields[name] = schema
    return {
        "recorded": True,
        "official": True,
        "version": recorded["version"],
        "source": recorded["source"],
        "required": REQUIRED.get(slug, ["prompt"]),
        "input": fields,
        "output": recorded["output"],
    }


def _community(recorded: dict[str, Any]) -> dict[str, Any]:
    output = recorded["output"]
    return {
        "recorded": True,
        "official": False,
        "version": recorded["version"],
        "source": "the model's own OpenAPI schema",
        "required": recorded["required"] or [],
        "input": recorded["input"],
        "output": "array[uri]" if output["type"] == "array" else "uri",
    }


def _unrecorded(required: list[str], fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "recorded": False,
        "official": True,
        "version": None,
        "source": "the table in facts/replicate.md §3; no schema is recorded",
        "required": required,
        "input": fields,
        "output": None,
    }


def _python_default(text: str) -> object:
    return {"True": True, "False": False, "None": None}[text] if text in ("True", "False", "None") else json.loads(text)


def faults(value: Any, schema: Mapping[str, Any], name: str) -> list[str]:
    """Return what is wrong with one field's value, by its recorded schema."""
    types: dict[str, Any] = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list}
    if not isinstance(value, types[schema["type"]]) or (isinstance(value, bool) and schema["type"] != "boolean"):
        return [f"{name} is no {schema['type']}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{name} is none of {schema['enum']}")
    if "minimum" in schema and value < schema["minimum"]:
        found.append(f"{name} is less than {schema['minimum']}")
    if "maximum" in schema and value > schema["maximum"]:
        found.append(f"{name} is more than {schema['maximum']}")
    if schema.get("format") == "uri" and "://" not in value:
        found.append(f"{name} is no URI")
    if schema["type"] == "array":
        if len(value) > schema.get("maxItems", len(value)):
            found.append(f"{name} has more than {schema['maxItems']} items")
        for item in value:
            found += faults(item, schema["items"], f"{name}[]")
    return found


def violations(sent: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a whole input, by the model's recorded schema."""
    found = [f"{name} is required" for name in schema["required"] if name not in sent]
    for name, value in sent.items():
        found += faults(value, schema["input"][name], name) if name in schema["input"] else [f"{name} is no field"]
    return found


def file_of(model: str) -> str:
    """Return the name of the model's file, among the schemas and among the golden inputs."""
    return f"{model.replace('/', '__')}.json"


def read_schemas() -> dict[str, Any]:
    """Return the committed schemas by slug."""
    return {path.stem.replace("__", "/"): json.loads(path.read_text()) for path in sorted(SCHEMAS.glob("*.json"))}


def golden(model: str, folder: Path = GOLDEN) -> dict[str, Any]:
    """Return the model's golden price and inputs, written by hand from facts/replicate.md and the schema."""
    file = folder / file_of(model)
    return dict(json.loads(file.read_text())) if file.exists() else {"price": {}, "cases": []}


def room_of(case: Mapping[str, Any]) -> RoomInput:
    """Return the room of a golden case."""
    fields = dict(case["room"])
    return RoomInput(**fields | {"reference_urls": tuple(fields.get("reference_urls", ()))})


def main(facts: Path) -> None:
    """Write data/schemas/ anew."""
    for slug, schema in normalise(json.loads(facts.read_text())).items():
        (SCHEMAS / file_of(slug)).write_text(json.dumps(schema, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
