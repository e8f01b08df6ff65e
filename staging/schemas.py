"""What a provider's model takes, field by field, and what differs between the schema we were written for and theirs.

Ours is recorded in data/schemas; theirs is the OpenAPI document that Cog writes for each version. Of a
model whose schema is not recorded as a whole, only what is known of it is compared.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from staging.errors import NotFound, ProviderUnavailable
from staging.registry import ModelSpec, RoomInput

_KINDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "yes or no", "array": "list"}
_ROOM = "https://example.com/room.png"


@dataclass(frozen=True, slots=True)
class Field:
    """One input of a model. None: not stated."""

    kind: str
    """ "text", "whole number", "number", "yes or no" or "list"; "" when it is not stated."""
    required: bool
    choices: tuple[str, ...] | None = None
    least: float | None = None
    most: float | None = None
    default: JsonValue = None


@dataclass(frozen=True, slots=True)
class Schema:
    """The inputs of a model."""

    fields: Mapping[str, Field]
    complete: bool
    """False: only what is stated is known, and nothing of the rest."""
    version: str | None
    source: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which theirs is not ours."""

    name: str
    what: str
    """ "added", "removed", "type", "choices", "range", "default" or "required"."""
    ours: str
    theirs: str
    breaks: bool
    """True when runs as we make them now would be refused."""
    meaning: str


def recorded(model: str, folder: Path) -> Schema:
    """Return the schema that our builder was written for; NotFound when there is none."""
    path = folder / f"{model.replace('/', '__')}.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise NotFound(f"There is no recorded schema of {model} to compare with.") from None
    fields = {name: _field(stated, {}, name in data["required"]) for name, stated in data["input"].items()}
    return Schema(fields, data["recorded"], data["version"], data["source"])


def live(model: str, version: str | None, document: Mapping[str, Any]) -> Schema:
    """Return the schema of a Cog model's OpenAPI document; ProviderUnavailable when it holds none."""
    try:
        schemas = document["components"]["schemas"]
        stated = schemas["Input"]
        needed = stated.get("required") or ()
        fields = {name: _field(one, schemas, name in needed) for name, one in stated.get("properties", {}).items()}
    except (KeyError, TypeError, AttributeError):
        raise ProviderUnavailable(
            f"The provider's answer holds no input schema of {model}: look at the model's own page."
        ) from None
    return Schema(fields, True, version, "the provider, just now")


def _field(stated: Mapping[str, Any], schemas: Mapping[str, Any], required: bool) -> Field:
    """Cog writes an enumeration as a schema beside the inputs, named in `allOf`; what may be null in `anyOf`."""
    facts = dict(stated)
    for part in (*stated.get("allOf", ()), *stated.get("anyOf", ()), stated):
        if part.get("type") == "null":
            continue
        facts |= {key: value for key, value in part.items() if key not in ("$ref", "title", "description")}
        name = str(part.get("$ref", "")).rpartition("/")[2]
        facts |= {key: value for key, value in schemas.get(name, {}).items() if key in ("type", "enum")}
    choices = facts.get("enum")
    return Field(
        kind=_KINDS.get(facts.get("type", ""), ""),
        required=required,
        choices=None if choices is None else tuple(str(one) for one in choices),
        least=facts.get("minimum"),
        most=facts.get("maximum"),
        default=facts.get("default"),
    )


def compare(ours: Schema, theirs: Schema, spec: ModelSpec) -> list[Difference]:
    """Return what differs, what would break our runs first, then by name."""
    sent = _sent(spec)
    found: list[Difference] = []
    for name in {**ours.fields, **theirs.fields}:
        mine, other = ours.fields.get(name), theirs.fields.get(name)
        if other is None:
            if mine is not None:
                breaks = name in sent
                found.append(Difference(name, "removed", "there", "gone", breaks, _removed(breaks)))
        elif mine is None:
            if ours.complete or other.required:
                breaks = other.required and name not in sent
                found.append(
                    Difference(name, "added", "not there", _stated(other), breaks, _added(name in sent, breaks))
                )
        else:
            found.extend(_changes(name, mine, other, spec, complete=ours.complete, sent=sent))
    return sorted(found, key=lambda one: (not one.breaks, one.name, one.what))


def _sent(spec: ModelSpec) -> Mapping[str, JsonValue]:
    """Return an input as we make it, with all that a room can bring and every parameter by its own name."""
    takes = spec.builder
    room = RoomInput(
        url=_ROOM,
        width=1024,
        height=768,
        mask_url=_ROOM if takes.takes_mask else None,
        reference_urls=(_ROOM,) * takes.most_references,
        room_type="living room",
        style="modern",
    )
    parameters: dict[str, JsonValue] = dict.fromkeys(takes.model_fields)
    return {**parameters, **spec.parameters().build(room, "Furnish this room.", 1)}


def _changes(
    name: str, mine: Field, other: Field, spec: ModelSpec, *, complete: bool, sent: Mapping[str, JsonValue]
) -> Iterator[Difference]:
    is_sent = name in sent
    if mine.kind and other.kind and mine.kind != other.kind:
        whole = (mine.kind, other.kind) == ("whole number", "number")
        breaks = is_sent and not whole
        yield Difference(name, "type", mine.kind, other.kind, breaks, _if(breaks, "What we send is of another type."))
    if other.required and not mine.required:
        breaks = not is_sent
        meaning = _if(breaks, "We do not send it.", "We send it anyway.")
        yield Difference(name, "required", "may be left out", "required", breaks, meaning)
    if mine.choices != other.choices and (complete or mine.choices is not None):
        gone = [one for one in mine.choices or () if one not in (other.choices or ())]
        breaks = is_sent and other.choices is not None and _offers(spec, name, sent, other.choices)
        meaning = _if(breaks, "We offer one that is gone.", "What we offer is still taken." if gone else "")
        yield Difference(name, "choices", _listed(mine.choices), _listed(other.choices), breaks, meaning)
    if (mine.least, mine.most) != (other.least, other.most) and (complete or (mine.least, mine.most) != (None, None)):
        breaks = is_sent and _exceeds(spec, name, other)
        meaning = _if(breaks, "Our form lets people choose more than is taken.")
        yield Difference(name, "range", _range(mine), _range(other), breaks, meaning)
    if mine.default != other.default and (complete or mine.default is not None):
        meaning = "We send our own." if sent.get(name) is not None else "We leave it out, so theirs holds."
        yield Difference(name, "default", _value(mine.default), _value(other.default), False, meaning)


def _offers(spec: ModelSpec, name: str, sent: Mapping[str, JsonValue], taken: Sequence[str]) -> bool:
    stated = _ours(spec, name)
    values = [*stated.get("enum", ()), sent.get(name)]
    return any(value is not None and str(value) not in taken for value in values)


def _exceeds(spec: ModelSpec, name: str, other: Field) -> bool:
    stated = _ours(spec, name)
    least = stated.get("minimum", stated.get("exclusiveMinimum"))
    most = stated.get("maximum")
    too_low = least is not None and other.least is not None and least < other.least
    return too_low or (most is not None and other.most is not None and most > other.most)


def _ours(spec: ModelSpec, name: str) -> Mapping[str, Any]:
    """Return what our builder states of its parameter of this name; nothing when it has none."""
    stated = spec.builder.model_json_schema().get("properties", {}).get(name, {})
    kinds = [one for one in stated.get("anyOf", [stated]) if one.get("type") != "null"]
    return dict(kinds[0]) if kinds else {}


def _if(breaks: bool, meaning: str, otherwise: str = "") -> str:
    return meaning if breaks else otherwise


def _removed(breaks: bool) -> str:
    return "We send it, and it may be refused." if breaks else "We do not send it."


def _added(is_sent: bool, breaks: bool) -> str:
    if breaks:
        return "It is required, and we do not send it."
    return "We send it already." if is_sent else "We leave it out."


def _stated(field: Field) -> str:
    parts = [field.kind or "anything", _listed(field.choices) if field.choices is not None else ""]
    parts.append(_range(field) if (field.least, field.most) != (None, None) else "")
    parts.append(f"{_value(field.default)} by default" if field.default is not None else "")
    return ", ".join(part for part in parts if part)


def _listed(choices: tuple[str, ...] | None) -> str:
    return "any" if choices is None else " · ".join(choices)


def _range(field: Field) -> str:
    if field.least is None and field.most is None:
        return "any"
    if field.most is None:
        return f"{field.least:g} or more"
    return f"up to {field.most:g}" if field.least is None else f"{field.least:g} to {field.most:g}"


def _value(value: JsonValue) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
