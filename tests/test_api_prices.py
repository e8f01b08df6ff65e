"""The price book over HTTP: read, replaced by who has read it, and closed to every other site's page."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from staging.api import routes
from staging.lab import Lab
from tests.app_server import AppServer
from tests.labs import MODEL, lab_at
from tests.routes_server import Answer, Web, serving

JSON = {"Content-Type": "application/json"}
PATH = f"/admin/prices/{MODEL}"
PRICE = {"usd_per_image": "0.05", "source": "our contract", "dated": "2026-11-20"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab_at(tmp_path_factory.mktemp("lab") / "data") as lab:
        yield lab


@pytest.fixture(scope="module")
def web(lab: Lab) -> Iterator[Web]:
    with serving(routes(lab)) as web:
        yield web


def told(answer: Answer, kind: str = "application/json") -> dict[str, Any]:
    assert answer.headers["content-type"] == kind
    assert answer.headers["cache-control"] == "no-store"
    assert not [name for name in answer.headers if name.startswith("access-control")]
    found: dict[str, Any] = json.loads(answer.content)
    return found


def error(answer: Answer) -> str:
    found = told(answer, "application/problem+json")
    assert found["status"] == answer.status
    return str(found["detail"])


def put(web: Web, path: str = PATH, body: object = None, etag: str | None = None, **headers: str) -> Answer:
    tag = web.ask(path).headers.get("etag", '"0"') if etag is None else etag
    sent = {"entries": [], "worst_usd": None} if body is None else body
    data = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    given = {**JSON, "If-Match": tag, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return web.ask(path, "PUT", {name: value for name, value in given.items() if value}, data)


def test_all_prices_are_told_with_their_sources(web: Web, lab: Lab) -> None:
    found = told(web.ask("/admin/prices"))["prices"]

    assert [one["model"] for one in found] == [spec.id for spec in lab.registry.every()]
    assert all(one["price"]["source"] for one in found)
    by_second = next(one for one in found if one["model"] == "jschoormans/interior-v2")
    assert (by_second["price"]["usd_per_second"], by_second["shipped"]["usd_per_second"]) == ("0.000975", None)


def test_a_price_is_read_edited_and_read_again(web: Web, lab: Lab) -> None:
    model = "google/nano-banana"
    path, today = f"/admin/prices/{model}", lab.prices.today()
    before = web.ask(path)
    assert before.headers["etag"] == told(before)["etag"] == '"0"'
    entries = [{"since": str(today), "price": PRICE}, {"since": str(today + timedelta(days=9)), "price": PRICE}]

    after = put(web, path, {"entries": entries, "worst_usd": "0.5", "note": "the new contract"}, '"0"')

    assert after.status == 200
    assert after.headers["etag"] == '"1"'
    assert told(after) == told(web.ask(path))
    assert told(after)["price"]["usd_per_image"] == "0.05"
    assert told(after)["worst_usd"] == "0.5"
    assert [entry["set_by"] for entry in told(after)["entries"]] == ["local", "local"]
    assert lab.prices.history(model)[0].note == "the new contract"

    # What was read can be sent back, the entry to come left out; what has begun cannot.
    body = {"entries": told(after)["entries"][:1], "worst_usd": 0.25}
    again = put(web, path, body, '"1"')
    assert (again.status, told(again)["worst_usd"], len(told(again)["entries"])) == (200, "0.25", 1)
    gone = put(web, path, {"entries": [], "worst_usd": None}, '"2"')
    assert gone.status == 422
    assert "has begun" in error(gone)


def test_an_edit_needs_the_version_that_it_follows(web: Web) -> None:
    for etag, status in (("", 428), ("*", 428), ('"7"', 412), ('W/"0"', 412), ("0", 412)):
        answer = put(web, etag=etag)
        assert (answer.status, bool(error(answer))) == (status, True), etag
    assert put(web, etag='"9", "0"', body={"entries": [], "worst_usd": "1"}).status == 200
    assert put(web, etag='"0"', body={"entries": [], "worst_usd": "2"}).status == 412


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json; charset=latin-1",
     "text/plain; application/json", "application/jsonp"],
)  # fmt: skip
def test_only_json_is_taken(web: Web, kind: str) -> None:
    answer = put(web, Content_Type=kind)
    assert answer.status == 415
    assert "application/json" in error(answer)


def test_json_with_its_charset_is_taken(web: Web) -> None:
    assert put(web, "/admin/prices/reve/edit", Content_Type='application/json; charset="UTF-8"').status == 200


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "no JSON"),
        (b"{", 400, "no JSON"),
        (b"\xff", 400, "no JSON"),
        (b'{"entries": [], "entries": [], "worst_usd": null}', 400, "no JSON"),
        (b'{"entries": [], "worst_usd": NaN}', 400, "no JSON"),
        (b"[" * 100_000, 400, "no JSON"),
        (b"[]", 422, "cannot be kept"),
        (b'{"entries": []}', 422, "worst_usd"),
        (b'{"entries": [], "worst_usd": null, "more": 1}', 422, "more"),
        (b'{"entries": [], "worst_usd": "-1"}', 422, "more than"),
        (
            b'{"entries": [{"since": "2026-12-01", "price": {"usd_per_image": "-1"}}], "worst_usd": null}',
            422,
            "usd_per",
        ),
        (b'{"entries": [{"since": "never", "price": {}}], "worst_usd": null}', 422, "since"),
        (b" " * 300_000, 413, "larger than 256 kB"),
    ],
)
def test_a_body_that_cannot_be_used_is_a_sentence(web: Web, body: bytes, status: int, words: str) -> None:
    answer = put(web, body=body)
    assert answer.status == status
    assert words in error(answer)


def test_a_body_without_a_declared_length_is_cut_off_too(web: Web) -> None:
    chunks = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    answer = put(web, body=chunks * 20 + b"0\r\n\r\n", Transfer_Encoding="chunked")
    assert answer.status in (400, 413)


STRANGERS = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://localhost"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Host": "evil.example"},
    {"Host": "127.0.0.1.evil.example"},
    {"Host": "evil.example@127.0.0.1:1:1"},
    {"Host": ""},
    {"Host": "["},
]


@pytest.mark.parametrize("headers", STRANGERS, ids=lambda headers: "=".join(*headers.items()))
@pytest.mark.parametrize("cookie", [{}, {"Cookie": "_streamlit_user=somebody; _xsrf=1"}])
def test_no_other_sites_page_gets_in(web: Web, lab: Lab, headers: dict[str, str], cookie: dict[str, str]) -> None:
    versions = len(lab.prices.history(MODEL))
    body = json.dumps({"entries": [], "worst_usd": "9"}).encode()
    etag = web.ask(PATH).headers["etag"]

    for method, data in (("GET", None), ("PUT", body), ("OPTIONS", None), ("POST", body)):
        answer = web.ask(PATH, method, {**JSON, "If-Match": etag, **cookie, **headers}, data)
        if headers != {"Host": "["} or answer.status != 400:  # the server itself may refuse that one
            assert answer.status == 403
            assert error(answer)
    assert len(lab.prices.history(MODEL)) == versions


def test_our_own_page_and_tools_without_an_origin_get_in(web: Web) -> None:
    for headers in ({}, {"Origin": f"http://127.0.0.1:{web.port}"}, {"Sec-Fetch-Site": "same-origin"}):
        assert web.ask(PATH, headers=headers).status == 200
    origin = {"Host": f"localhost:{web.port}", "Origin": f"http://localhost:{web.port}"}
    assert web.ask(PATH, headers=origin).status == 200


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_other_methods_are_told_what_is_possible(web: Web, method: str) -> None:
    answer = web.ask(PATH, method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, PUT")
    assert web.ask("/admin/prices", method).headers["allow"] == "GET"


@pytest.mark.parametrize("path", ["/admin/prices/made/up", "/admin/prices/", "/admin/", "/admin/else", f"{PATH}/"])
def test_what_is_not_there_is_a_sentence_too(web: Web, path: str) -> None:
    answer = web.ask(path)
    assert answer.status == 404
    assert error(answer)


def test_the_offline_baselines_have_no_price_to_set(web: Web) -> None:
    answer = put(web, "/admin/prices/offline/unchanged")
    assert answer.status == 422
    assert "for nothing" in error(answer)


def test_the_running_app_serves_it_and_keeps_it_over_a_restart(tmp_path: Path) -> None:
    server = AppServer(tmp_path / "data", {"STAGING_SAMPLE_ROOMS": "false"}).start()
    try:
        web = Web(server.port)
        assert put(web, body={"entries": [], "worst_usd": "0.75"}).status == 200
        server.stop()
        server.start()
        assert told(web.ask(PATH))["worst_usd"] == "0.75"
        assert web.ask(PATH, headers={"Origin": "https://evil.example"}).status == 403
    finally:
        server.kill()
