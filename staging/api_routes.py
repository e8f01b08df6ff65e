"""What the routes of the FastAPI app share: who asks, their documented problems, one lab."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response

from staging.access import Actor
from staging.api_problems import HEADERS, MEDIA_TYPE, Refused
from staging.origins import Author

_WHY = {
    400: "The request cannot be read",
    401: "No key that is in force was sent, or no signature of the provider",
    403: "The key's role may not do this, or another site's page asked",
    404: "There is nothing of this name",
    409: "The job is being taken, costs more than was confirmed, or more than a budget has left",
    412: "It was edited since it was read",
    413: "The body is too large",
    415: "The body is of another kind",
    422: "What was asked cannot be done as it was asked",
    428: "If-Match is missing",
    429: "The key asks too often: Retry-After says when to ask again",
    503: "The ledger, the prompts or the provider cannot be used now",
}
_ALWAYS = (401, 403, 422, 429, 503)


def problems(*more: int) -> dict[int | str, dict[str, Any]]:
    """Return how these errors, and those that any route may give, stand in the OpenAPI document."""
    shape = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": _WHY[status], "content": {MEDIA_TYPE: shape}} for status in sorted({*_ALWAYS, *more})
    }


def body_of_shape(name: str) -> dict[str, Any]:
    """Return how a JSON body of this shape stands in the document: it is read by `staging.api_bodies`."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    return {"requestBody": {"required": True, "content": content}}


def header(name: str, about: str, **schema: object) -> dict[str, Any]:
    """Return how a header that has to be sent stands in the document."""
    described = {"type": "string", "minLength": 1, **schema}
    return {"name": name, "in": "header", "required": True, "description": about, "schema": described}


def actor_of(request: Request) -> Actor:
    """Return who asks, as the gate found out."""
    actor = request.state.actor
    if not isinstance(actor, Actor):
        raise Refused(401, "Send an API key that is in force, as Authorization: Bearer.")
    return actor


def author_of(request: Request) -> Author:
    """Return the name that the act is logged under, with its origin."""
    actor = actor_of(request)
    return Author(actor.name, actor.origin)


def never_kept(response: Response, more: Mapping[str, str] | None = None) -> None:
    """Set the headers of every answer, and these."""
    response.headers.update({**HEADERS, **(more or {})})
