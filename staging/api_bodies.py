"""Bodies as they are sent: JSON that says each thing once, and that no form of another site's page could send."""

import json
import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from staging.api_problems import Refused

MOST_BYTES = 256 * 1024
Shape = TypeVar("Shape", bound=BaseModel)


async def body_of(request: Request, most_bytes: int = MOST_BYTES) -> bytes:
    """Return the body; Refused when it is larger than that, or did not arrive whole."""
    size = f"{most_bytes // 1024} kB" if most_bytes < 1 << 20 else f"{most_bytes >> 20} MB"
    too_large = Refused(413, f"The body is larger than {size}.", Connection="close")
    declared = request.headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > most_bytes:
        raise too_large
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > most_bytes:
                raise too_large
    except ClientDisconnect:
        raise Refused(400, "The body did not arrive whole.") from None
    return bytes(body)


def refuse_other_than_json(request: Request) -> None:
    """Return when the body is declared as JSON in UTF-8; Refused otherwise."""
    kind, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    charset = parameters.replace(" ", "").replace('"', "")
    if kind.strip() != "application/json" or charset not in ("", "charset=utf-8"):
        raise Refused(415, "Send JSON, as Content-Type: application/json.")


def json_in(body: bytes, fractions: Callable[[str], object] = Decimal) -> Any:
    """Return what the JSON says; Refused when it is none, or says a name twice."""
    try:
        text = body.decode("utf-8")
        told = json.loads(text, parse_float=fractions, parse_constant=_no_number, object_pairs_hook=_once)
        # What the ledger could not hold: lone surrogates, and the character 0.
        if any("\0" in one.encode().decode() for one in _texts(told)):
            raise ValueError("the character 0")
    except (ValueError, RecursionError):
        raise Refused(400, "The body is no JSON with each name once.") from None
    return told


def _no_number(_name: str) -> None:
    raise ValueError("NaN and Infinity are no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from (name, *_texts(one))
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def finite(text: str) -> float:
    """Return the fraction; ValueError when it is too large to be one."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("too large")
    return value


def sent_as(shape: type[Shape], body: bytes) -> Shape:
    """Return the body as what it has to be; Refused names the first field that is wrong."""
    told = json_in(body, finite)
    try:
        return shape.model_validate(told)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_context=False, include_url=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise Refused(422, f"Nothing was done: {f'{place}: ' if place else ''}{fault['msg']}.") from None


def follows(request: Request, etag: str, version: int) -> int:
    """Return the version that the writer had before them, which is the last one; Refused as 428 or 412."""
    tags = [tag.strip() for tag in request.headers.get("if-match", "").split(",") if tag.strip()]
    if not tags or "*" in tags:
        raise Refused(428, "Send If-Match with the ETag of what you read, so that nobody's edit is lost.")
    if etag not in tags:
        raise Refused(412, "Nothing was saved: it was edited since you read it. Read it again.")
    return version
