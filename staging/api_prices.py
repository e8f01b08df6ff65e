"""The price book over HTTP: /admin/prices, for scripts.

Who asks is for the gate (staging/api_gate.py) to find out. Here a body is refused that a form of another
site's page could send. Cookies are never read.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from staging.access_routes import METHODS
from staging.api_bodies import body_of, follows, json_in, refuse_other_than_json
from staging.api_problems import HEADERS, Refused, problem, status_of
from staging.errors import StagingError
from staging.origins import Author

if TYPE_CHECKING:
    from staging.lab import Lab
    from staging.prices import PriceCard

_METHODS = list(METHODS)
Text = Annotated[str, Field(max_length=500)]


class _Entry(BaseModel):
    """One entry as it is sent: who set it and when are ours to say, and may be sent back as they were read."""

    model_config = ConfigDict(extra="forbid")

    since: date
    price: dict[str, Any]
    set_by: str | None = None
    set_at: datetime | None = None


class _Sent(BaseModel):
    """All that people say of a model's price."""

    model_config = ConfigDict(extra="forbid")

    entries: list[_Entry]
    worst_usd: Decimal | None
    note: Text = ""


def price_routes(lab: "Lab") -> list[Route]:
    """Return the routes under /admin/; whatever is wrong is answered as {"error": sentence}."""

    async def book(_request: Request) -> Response:
        cards = await run_in_threadpool(lab.prices.cards)
        return _json({"prices": [_told(card, lab) for card in cards]})

    async def one(request: Request) -> Response:
        model = request.path_params["model"]
        if request.method == "GET":
            return _answer(await run_in_threadpool(lab.prices.card, model), lab)
        known = await run_in_threadpool(lab.prices.card, model)
        read = follows(request, _etag(known), known.version)
        refuse_other_than_json(request)
        sent = _sent(await body_of(request))
        by = Author(request.state.actor.name, request.state.actor.origin)

        def write() -> "PriceCard":
            entries = [(entry.since, entry.price) for entry in sent.entries]
            at = datetime.now(UTC)
            return lab.prices.replace(model, entries, sent.worst_usd, by, at, note=sent.note, follows=read)

        return _answer(await run_in_threadpool(write), lab)

    async def nothing(_request: Request) -> Response:
        raise Refused(404, "There is nothing at this address.")

    return [
        Route("/admin/prices", _calm(book), methods=_METHODS),
        Route("/admin/prices/{model:path}", _calm(one), methods=_METHODS),
        Route("/admin/{rest:path}", _calm(nothing), methods=_METHODS),
    ]


def _calm(
    endpoint: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint with every refusal as a JSON answer."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as refusal:
            return problem(refusal.status, str(refusal), refusal.headers)
        except StagingError as error:
            return problem(status_of(error), str(error))

    return answer


def _sent(body: bytes) -> _Sent:
    from staging.prices import fault_in

    told = json_in(body)
    try:
        return _Sent.model_validate(told)
    except ValidationError as error:
        raise Refused(422, f"The price cannot be kept: {fault_in(error)}") from None


def _etag(card: "PriceCard") -> str:
    return f'"{card.version + 1}"'


def _told(card: "PriceCard", lab: "Lab") -> dict[str, JsonValue]:
    today = lab.prices.today()
    entry = card.in_force(today)
    return {
        "model": card.spec.id.value,
        "etag": _etag(card),
        "price": card.price(today).model_dump(mode="json"),
        "since": entry.since.isoformat() if entry else None,
        "worst_usd": None if card.worst_usd is None else str(card.worst_usd),
        "entries": [one.model_dump(mode="json") for one in card.entries],
        "shipped": card.spec.price.model_dump(mode="json"),
    }


def _answer(card: "PriceCard", lab: "Lab") -> Response:
    return _json(_told(card, lab), headers={"ETag": _etag(card)})


def _json(content: JsonValue, status: int = 200, headers: Mapping[str, str] = {}) -> Response:
    return JSONResponse(content, status, headers={**HEADERS, **headers})
