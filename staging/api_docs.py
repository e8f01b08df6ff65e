"""The page at /admin/docs: every route of the OpenAPI document, written here. Nothing of it comes from elsewhere."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a2421; background: #fff; }
h2 { margin: 2.5rem 0 0; font-size: 1.1rem; }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-top: 1px solid #d7dedc; }
a { color: #0b6b5d; }
@media (prefers-color-scheme: dark) {
  body { color: #e8efed; background: #101816; } th, td { border-color: #2f3b38; } a { color: #5cc4b0; }
}
"""


def docs_page(document: Mapping[str, Any]) -> str:
    """Return the page as HTML."""
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(document['info']['title'])}</title>",
        f"<meta name=viewport content='width=device-width'><style>{_STYLE}</style>",
        f"<h1>{escape(document['info']['title'])}</h1>",
        f"<p>{escape(document['info']['description'])}</p>",
        "<p>For programs: <a href=/admin/openapi.json>/admin/openapi.json</a>.</p>",
    ]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts += _operation(method, path, operation)
    parts.append("<h1>Shapes</h1>")
    for name, schema in document["components"]["schemas"].items():
        parts += _shape(name, schema)
    return "\n".join(parts)


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(operation.get('description', ''))}</p>"
    rows = [
        (f"{one['name']} ({one['in']})", one.get("description", ""), "required" if one.get("required") else "")
        for one in operation.get("parameters", [])
    ]
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        rows.append((f"body: {kind}", _name(body.get("schema", {})), "required"))
    for status, answer in operation["responses"].items():
        shapes = ", ".join(_name(one.get("schema", {})) for one in answer.get("content", {}).values())
        rows.append((f"answer {status}", answer["description"], shapes))
    yield _table(rows)


def _shape(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h2 id='{escape(name)}'><code>{escape(name)}</code></h2><p>{escape(schema.get('description', ''))}</p>"
    needed = schema.get("required", [])
    yield _table(
        [
            (field, one.get("description", "") or _name(one), "required" if field in needed else "")
            for field, one in schema.get("properties", {}).items()
        ]
    )


def _table(rows: list[tuple[str, str, str]]) -> str:
    lines = "".join(
        f"<tr><td><code>{escape(one)}</code><td>{escape(two)}<td>{escape(three)}" for one, two, three in rows
    )
    return f"<table>{lines}</table>"


def _name(schema: Mapping[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2] or str(schema.get("type", ""))
