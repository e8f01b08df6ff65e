"""The HTTP routes beside the pages: pictures, downloads, shares by signed link, prices, and whether it is alive."""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from staging.api_downloads import absent, download_routes
from staging.api_gate import Gate, guarded
from staging.api_prices import price_routes
from staging.api_shared import shared_routes
from staging.errors import StagingError
from staging.images import MEDIA_TYPES

if TYPE_CHECKING:
    from staging.lab import Lab

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

    def health(_request: Request) -> Response:
        # Pages answer without the engine too, but nothing they start would ever end.
        status, code = ("ok", 200) if lab.engine.running else ("the engine has stopped: start the app again", 503)
        return JSONResponse({"status": status}, code, headers={"Cache-Control": "no-store"})

    open_routes = [
        Route("/pictures/{kind}/{digest}", picture),
        Route("/pictures/blind/{ballot}/{side}/{view:int}", blind),
        Route("/pictures/{rest:path}", absent),
        *download_routes(lab),
        *shared_routes(lab),
        *price_routes(lab),
        Route("/healthz", health),
    ]
    return guarded(open_routes, gate or Gate())


def _has(if_none_match: str, etag: str) -> bool:
    """True when the browser already has this picture (RFC 9110, 13.1.2: a list, weak marks do not matter)."""
    known = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in known or "*" in known
