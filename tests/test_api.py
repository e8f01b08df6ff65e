"""The routes: a picture for a link of ours, nothing at all for anything else."""

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import uvicorn
from starlette.applications import Starlette

from staging.api import routes
from staging.images import PictureKind, Pictures
from tests.hostile_pictures import encoded, quarters
from tests.routes_server import serving

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pictures]:
    pictures = Pictures(tmp_path_factory.mktemp("api") / "pictures", b"key")
    yield pictures
    pictures.close()


@pytest.fixture(scope="module")
def room(pictures: Pictures) -> str:
    return pictures.keep_room(encoded(quarters(), "PNG"), "room.png").digest


@pytest.fixture(scope="module")
def port(pictures: Pictures) -> Iterator[int]:
    """A real server on a free port; only what the routes need of a lab stands behind it."""
    lab = SimpleNamespace(pictures=pictures, engine=SimpleNamespace(running=True))
    app = Starlette(routes=routes(cast(Any, lab)))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        deadline = time.monotonic() + 60
        while not server.started:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()


class Answer:
    """Status, headers and body of one answer."""

    def __init__(self, port: int, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        self.status, self.headers, self.body = answer.status, answer.headers, answer.read()
        connection.close()


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [(PictureKind.ORIGINAL, "image/png"), (PictureKind.VIEW, "image/webp"), (PictureKind.THUMBNAIL, "image/webp")],
)
def test_a_link_answers_with_the_picture(
    port: int, pictures: Pictures, room: str, kind: PictureKind, media_type: str
) -> None:
    link = pictures.url(room, kind)
    answer = Answer(port, link)
    kept = next(pictures.output_path(room).parents[2].glob(f"{kind}/*/{room}.*"))
    assert (answer.status, answer.headers["content-type"]) == (200, media_type)
    assert answer.body == kept.read_bytes()


@pytest.mark.parametrize("format_", ["JPEG", "WEBP"])
def test_an_output_is_served_as_what_it_is_and_bit_for_bit(port: int, pictures: Pictures, format_: str) -> None:
    data = encoded(quarters(), format_)
    output = pictures.keep_output(data)
    answer = Answer(port, pictures.url(output.digest, PictureKind.ORIGINAL))
    assert (answer.body, answer.headers["content-type"]) == (data, output.media_type)


def test_a_picture_is_cached_for_ever_and_can_do_nothing_but_be_shown(port: int, pictures: Pictures, room: str) -> None:
    headers = Answer(port, pictures.url(room, PictureKind.VIEW)).headers
    assert headers["cache-control"] == "private, max-age=31536000, immutable"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_a_browser_that_has_the_picture_gets_no_bytes(port: int, pictures: Pictures, room: str) -> None:
    link = pictures.url(room, PictureKind.VIEW)
    etag = Answer(port, link).headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = Answer(port, link, headers={"If-None-Match": known})
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
        assert answer.headers["cache-control"].endswith("immutable")
    assert Answer(port, link, headers={"If-None-Match": '"other"'}).status == 200


def test_an_etag_opens_nothing_without_a_link(port: int, room: str) -> None:
    assert Answer(port, f"/pictures/view/{room}", headers={"If-None-Match": f'"view-{room}"'}).status == 404


def test_head_tells_the_size_and_sends_nothing(port: int, pictures: Pictures, room: str) -> None:
    link = pictures.url(room, PictureKind.VIEW)
    answer = Answer(port, link, "HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) == len(Answer(port, link).body)


def test_a_part_of_a_picture_can_be_asked_for(port: int, pictures: Pictures, room: str) -> None:
    link = pictures.url(room, PictureKind.ORIGINAL)
    part = Answer(port, link, headers={"Range": "bytes=0-7"})
    assert (part.status, part.body) == (206, b"\x89PNG\r\n\x1a\n")


def test_anything_else_is_absent_and_says_no_more(port: int, pictures: Pictures, room: str) -> None:
    link = pictures.url(room, PictureKind.VIEW)
    gone = pictures.url("b" * 64, PictureKind.VIEW)
    paths = [
        f"/pictures/view/{room}",
        link.replace("view", "thumbnail"),
        link.replace("view", "secret"),
        link[:-1],
        gone,
        "/pictures/",
        "/pictures/view",
        "/pictures/view/../../../../etc/passwd",
        "/pictures/view/%2e%2e%2f%2e%2e%2fpictures.key?until=9999999999&signature=" + "A" * 43,
        link.replace(room, room + "%00"),
        link.replace(room, "%ff" * 64),
        f"/pictures/view/{room}/more?{link.partition('?')[2]}",
    ]
    answers = [Answer(port, path) for path in paths]
    assert [(answer.status, answer.body) for answer in answers] == [(404, b"")] * len(paths)
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


def test_health_is_json_and_never_cached(port: int) -> None:
    answer = Answer(port, "/healthz")
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, "application/json", b'{"status":"ok"}')
    assert answer.headers["cache-control"] == "no-store"
    assert Answer(port, "/healthz", "HEAD").status == 200


def test_an_engine_that_has_stopped_is_not_healthy() -> None:
    lab = SimpleNamespace(engine=SimpleNamespace(running=False))
    with serving(routes(cast(Any, lab))) as web:
        answer = web.ask("/healthz")
    assert answer.status == 503
    assert json.loads(answer.content) == {"status": "the engine has stopped: start the app again"}


def test_the_routes_need_neither_the_pages_nor_the_ledger() -> None:
    code = "import sys, staging.api; print(sorted({'streamlit', 'duckdb', 'replicate', 'PIL'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
