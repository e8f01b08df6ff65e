"""The price book over HTTP: /admin/prices, for scripts.

Who asks is for the gate (staging/api_gate.py) to find out. Here a body is refused that a form of another
site's page could send. Cookies are never read.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from staging.errors import EditedMeanwhile, PricesRefused, StagingError, UnknownModel
from staging.origins import Author

if TYPE_CHECKING:
    from staging.lab import Lab
    from staging.prices import PriceCard

MOST_BYTES = 256 * 1024
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
Text = Annotated[str, Field(max_length=500)]


class Refused(Exception):
    """An answer with a status of its own."""

    def __init__(self, status: int, sentence: str, **headers: str) -> None:
        self.status = status
        self.headers = headers
        super().__init__(sentence)


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
        follows = _follows(request, known)
        sent = _sent(await _body(request))
        by = Author(request.state.actor.name, request.state.actor.origin)

        def write() -> "PriceCard":
            entries = [(entry.since, entry.price) for entry in sent.entries]
            at = datetime.now(UTC)
            return lab.prices.replace(model, entries, sent.worst_usd, by, at, note=sent.note, follows=follows)

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
            return _json({"error": str(refusal)}, refusal.status, refusal.headers)
        except UnknownModel as error:
            return _json({"error": str(error)}, 404)
        except EditedMeanwhile as error:
            return _json({"error": str(error)}, 412)
        except PricesRefused as error:
            return _json({"error": str(error)}, 422)
        except StagingError as error:
            return _json({"error": str(error)}, 503)

    return answer


def _follows(request: Request, known: "PriceCard") -> int:
    """Return the version that the writer had before them, which is the last one."""
    tags = [tag.strip() for tag in request.headers.get("if-match", "").split(",") if tag.strip()]
    if not tags or "*" in tags:
        raise Refused(428, "Send If-Match with the ETag of the price that you read, so that nobody's edit is lost.")
    if _etag(known) not in tags:
        raise Refused(412, "Nothing was saved: the price was edited since you read it. Read it again.")
    return known.version


async def _body(request: Request) -> bytes:
    """Return the body; Refused when it is not declared as JSON, or larger than prices can be."""
    kind, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    charset = parameters.replace(" ", "").replace('"', "")
    if kind.strip() != "application/json" or charset not in ("", "charset=utf-8"):
        raise Refused(415, "Send JSON, as Content-Type: application/json.")
    too_large = Refused(413, f"The body is larger than {MOST_BYTES // 1024} kB.", Connection="close")
    declared = request.headers.get("content-length", "0")
    if not declared.isdigit() or int(declared) > MOST_BYTES:
        raise too_large
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BYTES:
                raise too_large
    except ClientDisconnect:
        raise Refused(400, "The body did not arrive whole.") from None
    return bytes(body)


def _sent(body: bytes) -> _Sent:
    from staging.prices import fault_in

    try:
        told = json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Refused(400, "The body is no JSON with each name once.") from None
    try:
        return _Sent.model_validate(told)
    except ValidationError as error:
        raise Refused(422, f"The price cannot be kept: {fault_in(error)}") from None


def _no_number(_name: str) -> None:
    raise ValueError("NaN and Infinity are no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


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
    return JSONResponse(content, status, headers={**_HEADERS, **headers})
