"""The generated part of docs/model_registry.md: the models and their parameters, out of the registry."""

from collections.abc import Iterable
from typing import Any

from staging.registry import InputBuilder, ModelRegistry, ModelSpec, Price

BEGIN = "<!-- begin generated: python -m staging.models -->"
END = "<!-- end generated -->"


def rewritten(page: str, registry: ModelRegistry) -> str:
    """Return the page with what is between its markers made anew; ValueError when it has not both markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page must hold the lines {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n{generated(registry)}{END}{after}"


def generated(registry: ModelRegistry) -> str:
    """Return a row for each model, and under it a list of parameters for each builder."""
    head = ["Model", "Can", "Price, US dollars", "Typical seconds", "Licence"]
    models = [_row(head), _row(["---"] * len(head)), *(model_row(spec) for spec in registry)]
    return "\n".join([*models, "", *_parameters(registry)]) + "\n"


def model_row(spec: ModelSpec) -> str:
    """Return the model's row of the table."""
    slug = f"`{spec.id}`"
    seconds = "not known" if spec.typical_seconds is None else f"{spec.typical_seconds:g}"
    return _row(
        [
            f"[{slug}]({spec.link})" if spec.link else slug,
            ", ".join(sorted(spec.capabilities)) or "edit by prompt",
            _price(spec.price),
            seconds,
            spec.licence,
        ]
    )


def limits(schema: dict[str, Any]) -> str:
    """Return a parameter's type and limits in words, from its JSON schema."""
    if "anyOf" in schema:
        return " or ".join(limits(part) for part in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    words = {"null": "empty", "boolean": "on or off", "integer": "whole number", "string": "text"}
    bounds = [
        f"{word} {schema[key]:g}"
        for key, word in (("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to"))
        if key in schema
    ]
    return " ".join([words.get(schema["type"], schema["type"]), *bounds])


def _parameters(registry: ModelRegistry) -> Iterable[str]:
    users: dict[type[InputBuilder], list[str]] = {}
    for spec in registry:
        users.setdefault(spec.builder, []).append(f"`{spec.id}`")
    for builder, slugs in users.items():
        yield f"### {', '.join(slugs)}"
        yield ""
        fields = builder.model_json_schema().get("properties", {})
        if not fields:
            yield "Nothing to choose."
        for name, schema in fields.items():
            default = _shown(schema["default"])
            yield f"- `{name}` ({limits(schema)}; default `{default}`): {_line(schema['description'])}"
        yield ""


def _price(price: Price) -> str:
    parts = [
        f"{rate} {basis}"
        for rate, basis in (
            (price.usd_per_run, "a run"),
            (price.usd_per_image, "an image"),
            (price.usd_per_second, f"a second of {price.hardware}"),
            (price.usd_per_megapixel_in, "a megapixel in"),
            (price.usd_per_megapixel_out, "a megapixel out"),
        )
        if rate is not None
    ]
    if price.hardware is not None and price.usd_per_second is None:
        parts.append(f"the rate of {price.hardware} a second")
    figures = " + ".join(parts) or "**unknown**"
    return _line(f"{figures}. {price.note} ({price.source}; {price.dated})")


def _shown(default: object) -> str:
    if default is None:
        return "empty"
    if isinstance(default, bool):
        return "on" if default else "off"
    return str(default)


def _line(text: str) -> str:
    return " ".join(text.split())


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(_line(cell).replace("|", r"\|") for cell in cells) + " |"
