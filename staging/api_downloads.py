"""The routes of what is taken away: a file for an address of ours, which the page signed, and else nothing."""

from collections.abc import Callable, Iterator, Mapping
from typing import IO, TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from staging.errors import NotFound, StagingError

if TYPE_CHECKING:
    from staging.exports import Download
    from staging.lab import Lab

_CHUNK_BYTES = 1 << 18
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def download_routes(lab: "Lab") -> list[Route]:
    """Return the routes under /downloads/: output/<prediction>, labels/all, and of a comparison what _MAKERS has."""

    def download(request: Request) -> Response:
        if request.method != "GET":  # a HEAD, which Starlette lets in: it would make a whole export to throw it away
            return Response(status_code=405, headers={"Allow": "GET", "Cache-Control": "no-store"})
        what, of = request.path_params["what"], request.path_params["of"]
        options = lab.takeaway.links.options(what, of, request.query_params.multi_items())
        make = _MAKERS.get(what)
        if options is None or make is None:
            return absent(request)
        try:
            made = make(lab, of, options)
        except StagingError as error:
            return PlainTextResponse(str(error), 404 if isinstance(error, NotFound) else 409, _HEADERS)
        headers = {
            **_HEADERS,
            "Content-Disposition": f'attachment; filename="{made.name}"',
            "Content-Length": str(made.size_bytes),
        }
        return StreamingResponse(_pieces(made.file), media_type=made.media_type, headers=headers)

    return [
        Route("/downloads/{what}/{of}", download, methods=["GET"]),
        Route("/downloads/{rest:path}", absent),
    ]


def absent(_request: Request) -> Response:
    """Answer that there is nothing, and no more."""
    return Response(status_code=404, headers={"Cache-Control": "no-store"})


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_CHUNK_BYTES):
            yield piece


def _output(lab: "Lab", of: str, _options: Mapping[str, str]) -> "Download":
    return lab.takeaway.output(of)


def _zip(lab: "Lab", of: str, options: Mapping[str, str]) -> "Download":
    from staging.exports import Which

    return lab.takeaway.zip(of, Which(options["which"]))


def _png(lab: "Lab", of: str, options: Mapping[str, str]) -> "Download":
    from staging.exports import PNG, Which

    return lab.takeaway.sheet(of, Which(options["which"]), PNG)


def _pdf(lab: "Lab", of: str, options: Mapping[str, str]) -> "Download":
    from staging.exports import PDF, Which

    return lab.takeaway.sheet(of, Which(options["which"]), PDF)


def _disclosure(lab: "Lab", of: str, options: Mapping[str, str]) -> "Download":
    from staging.exports import FileType, Links, Which
    from staging.images import PictureKind

    page = options["page"]
    origin, _, token = page.partition("/shared/")

    def original(room: str) -> str:
        return origin + lab.sharing.picture_path(token, room, PictureKind.VIEW)

    return lab.takeaway.disclosure(
        of,
        Which(options["which"]),
        options["profile"],
        label=options["label"] == "yes",
        kind=FileType(options["kind"]),
        links=Links(page, original),
    )


def _labels(lab: "Lab", _of: str, _options: Mapping[str, str]) -> "Download":
    return lab.takeaway.labels()


_MAKERS: Mapping[str, Callable[["Lab", str, Mapping[str, str]], "Download"]] = {
    "output": _output,
    "zip": _zip,
    "png": _png,
    "pdf": _pdf,
    "disclosure": _disclosure,
    "labels": _labels,
}
"""What can be downloaded. Their options are those that the page signed: nobody else can write any."""
