"""The routes for people outside: one comparison, to be looked at, and its pictures; else a bare 404."""

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from staging.api_downloads import absent
from staging.errors import NotFound
from staging.images import MEDIA_TYPES, PictureKind

if TYPE_CHECKING:
    from staging.lab import Lab

_HEADERS = {
    # The address is the key: no other site, cache or search engine may learn it from us.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def shared_routes(lab: "Lab") -> list[Route]:
    """Return the routes under /shared/. A token that is wrong, over, called back or switched off opens nothing."""

    def page(request: Request) -> Response:
        from staging.exports import SECURITY_POLICY

        token = request.path_params["token"]
        comparison_id = lab.sharing.opened_by(token)
        if comparison_id is None:
            return absent(request)

        def url(digest: str, kind: PictureKind) -> str:
            return lab.sharing.picture_path(token, digest, kind)

        try:
            html = lab.takeaway.outside_page(comparison_id, url, lab.sharing.ends_at(token))
        except NotFound:
            return absent(request)
        headers = {**_HEADERS, "Cache-Control": "no-store", "Content-Security-Policy": SECURITY_POLICY}
        return HTMLResponse(html, headers=headers)

    def picture(request: Request) -> Response:
        token, kind, digest = (request.path_params[name] for name in ("token", "kind", "digest"))
        if not lab.sharing.shows(token, kind, digest, request.query_params.get("signature", "")):
            return absent(request)
        try:
            path = lab.pictures.path(digest, PictureKind(kind))
        except NotFound:
            return absent(request)
        # Short: once sharing is stopped, what a browser kept is soon gone too.
        headers = {
            **_HEADERS,
            "Cache-Control": "private, max-age=600",
            "Content-Security-Policy": "default-src 'none'",
        }
        return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], headers=headers)

    return [
        Route("/shared/{token}", page),
        Route("/shared/{token}/{kind}/{digest}", picture),
        Route("/shared/{rest:path}", absent),
    ]
