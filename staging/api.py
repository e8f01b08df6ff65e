"""The HTTP routes beside the pages: pictures, downloads, shares by signed link, prices, and whether it is alive."""

import threading
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from staging.access_routes import API, METHODS
from staging.api_downloads import absent, download_routes
from staging.api_gate import Gate, guarded
from staging.api_metrics import Requests, counted
from staging.api_prices import price_routes
from staging.api_problems import problem
from staging.api_shared import shared_routes
from staging.errors import StagingError
from staging.images import MEDIA_TYPES

if TYPE_CHECKING:
    from staging.lab import Lab

PAGES = ("/leaderboard",)
"""Routes at whose addresses there are pages too."""
_PICTURE_HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def routes(lab: "Lab", gate: Gate | None = None) -> list[Route]:
    """Return the routes that `app.py` mounts, behind the gate; without one this machine asks as the local admin.

    Anything under /pictures/ that has no link of ours is a bare 404.
    """

    def picture(request: Request) -> Response:
        kind, digest = request.path_params["kind"], request.path_params["digest"]
        query = request.query_params
        path = lab.pictures.check(kind, digest, query.get("until", ""), query.get("signature", ""))
        if path is None:
            return absent(request)
        headers = {**_PICTURE_HEADERS, "ETag": f'"{kind}-{digest}"'}
        if _has(request.headers.get("if-none-match", ""), headers["ETag"]):
            return Response(status_code=304, headers=headers)
        return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], headers=headers)

    def blind(request: Request) -> Response:
        ballot, side, view = (request.path_params[name] for name in ("ballot", "side", "view"))
        query = request.query_params
        try:
            data = lab.blind_pictures.find(ballot, side, view, query.get("until", ""), query.get("signature", ""))
        except StagingError:  # a picture that is gone: the page says so, and nothing of which it was
            data = None
        if data is None:
            return absent(request)
        return Response(data, media_type="image/webp", headers={**_PICTURE_HEADERS, "Cache-Control": "no-store"})

    async def nothing(_request: Request) -> Response:
        return problem(404, "There is nothing at this address.")

    def health(_request: Request) -> Response:
        # Pages answer without the engine too, but nothing they start would ever end.
        status, code = ("ok", 200) if lab.engine.running else ("the engine has stopped: start the app again", 503)
        return JSONResponse({"status": status}, code, headers={"Cache-Control": "no-store"})

    requests = Requests()
    api = _Api(lab, requests)
    open_routes = [
        Route("/pictures/{kind}/{digest}", picture),
        Route("/pictures/blind/{ballot}/{side}/{view:int}", blind),
        Route("/pictures/{rest:path}", absent),
        *download_routes(lab),
        *shared_routes(lab),
        # Before the one that answers for all the rest of /admin/.
        *(Route(path, api, methods=list(METHODS)) for path in dict.fromkeys(path for _, path in API)),
        *(
            Route(f"/{place}/{{rest:path}}", nothing, methods=list(METHODS))
            for place in ("jobs", "reports", "webhooks")
        ),
        *price_routes(lab),
        Route("/healthz", health),
    ]
    ready = counted(guarded(open_routes, gate or Gate()), requests)
    return [_BesidePage(one.path, one.endpoint, methods=METHODS) if one.path in PAGES else one for one in ready]


class _Api:
    """The FastAPI app, made at the first request for it."""

    def __init__(self, lab: "Lab", requests: Requests) -> None:
        self._lab = lab
        self._requests = requests
        self._lock = threading.Lock()  # two first requests would make two, and one would forget what it heard
        self._made: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = await run_in_threadpool(self._app) if self._made is None else self._made
        await app(scope, receive, send)

    def _app(self) -> ASGIApp:
        with self._lock:
            if self._made is None:
                from staging.api_app import make_app

                self._made = make_app(self._lab, self._requests)
            return self._made


class _BesidePage(Route):
    """A route at the address of a page: a browser that goes there asks for HTML, and gets the page."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether the route answers this request."""
        if scope["type"] == "http" and "text/html" in Headers(scope=scope).get("accept", ""):
            return Match.NONE, {}
        return super().matches(scope)


def _has(if_none_match: str, etag: str) -> bool:
    """True when the browser already has this picture (RFC 9110, 13.1.2: a list, weak marks do not matter)."""
    known = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in known or "*" in known
