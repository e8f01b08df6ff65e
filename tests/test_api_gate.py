"""The gate: every cell of role × route, and what another site's page cannot make a browser ask for."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from staging.access import PAGE, Actor, Role
from staging.access_routes import ROUTES, To, row_of
from staging.api import routes
from staging.api_gate import CrossSiteGuard, Gate, guarded
from staging.config import Settings
from staging.images import PictureKind
from staging.lab import Lab
from staging.people import People
from tests.labs import lab_at, photo
from tests.routes_server import Web, serving
from tests.signed_in import ADMIN, SIGN_IN, claims

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PLACES = ("admin", "jobs", "reports", "webhooks")
WHO = (*Role, "stranger", "nobody")
TABLE = {
    # who gets past the gate: r(ater), o(perator), m(anager), a(dmin), s(tranger), n(obody)
    ("GET", "/healthz"): "romasn",
    ("GET", "/pictures/{kind}/{digest}"): "roma",
    ("GET", "/pictures/blind/{ballot}/{side}/{view:int}"): "roma",
    ("GET", "/pictures/{rest:path}"): "romasn",
    ("GET", "/downloads/{what}/{of}"): "oma",
    ("GET", "/downloads/{rest:path}"): "romasn",
    ("GET", "/shared/{token}"): "romasn",
    ("GET", "/shared/{token}/{kind}/{digest}"): "romasn",
    ("GET", "/shared/{rest:path}"): "romasn",
    ("GET", "/admin/prices"): "ma",
    ("GET", "/admin/prices/{model:path}"): "ma",
    ("PUT", "/admin/prices/{model:path}"): "ma",
    ("GET", "/admin/docs"): "a",
    ("GET", "/admin/openapi.json"): "a",
    ("GET", "/admin/models"): "oma",
    ("GET", "/admin/settings/model"): "oma",
    ("PUT", "/admin/settings/model"): "a",
    ("GET", "/admin/projects/{name:path}/model"): "oma",
    ("PUT", "/admin/projects/{name:path}/model"): "ma",
    ("POST", "/jobs"): "oma",
    ("GET", "/jobs/{job_id}"): "oma",
    ("POST", "/jobs/{job_id}/cancel"): "oma",
    ("GET", "/reports/costs"): "ma",
    ("GET", "/leaderboard"): "oma",
    ("POST", "/webhooks/replicate"): "romasn",
    ("GET", "/metrics"): "ma",
    **{(method, f"/{place}/{{rest:path}}"): "roma" for method in METHODS for place in PLACES},
}
KEYS = (To.KEY, To.KEY_ALWAYS)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab_at(tmp_path_factory.mktemp("lab") / "data", **SIGN_IN) as lab:
        for role in Role:
            root = Actor(ADMIN, Role.ADMIN, PAGE)
            follows = lab.people.roster().version
            lab.people.set(root, f"{role}@example.com", role, datetime.now(UTC), follows=follows)
        yield lab


def claims_in(cookies: Mapping[str, str]) -> Mapping[str, object] | None:
    return claims(f"{cookies['who']}@example.com") if "who" in cookies else None


def holder(token: str) -> Actor | None:
    return Actor(f"{token} key", Role(token), "API key") if token in list(Role) else None


@pytest.fixture(scope="module")
def web(lab: Lab) -> Iterator[Web]:
    with serving(routes(lab, Gate(lab.people, claims_in, holder))) as web:
        yield web


def shows(who: str, to: To) -> dict[str, str]:
    if who == "nobody":
        return {}
    return {"Authorization": f"Bearer {who}"} if to in KEYS else {"Cookie": f"who={who}"}


def test_every_route_has_its_row_and_every_row_its_route(lab: Lab) -> None:
    found = {
        (method, route.path) for route in routes(lab) for method in route.methods or () if row_of(method, route.path)
    }

    assert {one for one in found if one[0] != "HEAD" or one in ROUTES} == set(ROUTES) == set(TABLE)


def test_a_route_without_a_row_is_not_built() -> None:
    with pytest.raises(ValueError, match="/new has no row"):
        guarded([Route("/new", lambda _: PlainTextResponse("in"))], Gate())


@pytest.mark.parametrize("who", WHO)
def test_a_route_answers_those_of_its_row_only(lab: Lab, who: str) -> None:
    """Every cell of role × route: past the gate, or 401 and 403."""
    made = [Route(path, lambda _: PlainTextResponse("in"), methods=[method]) for method, path in TABLE]
    with serving(guarded(made, Gate(lab.people, claims_in, holder))) as web:
        for (method, path), may in TABLE.items():
            if method == "HEAD":
                continue
            address = (
                path.replace("{rest:path}", "v/w/x/y")
                .replace("{view:int}", "0")
                .translate({ord(one): "x" for one in "{}:"})
            )
            answer = web.ask(address, method, shows(who, ROUTES[method, path].to))
            unknown = who == "nobody" or (who == "stranger" and ROUTES[method, path].to in KEYS)
            expected = 200 if who[0] in may else 401 if unknown else 403
            assert (answer.status, method, path) == (expected, method, path)
            assert (answer.content == b"in") is (who[0] in may)


def test_a_picture_is_for_people_with_a_role_and_a_link(web: Web, lab: Lab) -> None:
    room = lab.desk.keep_room(photo(), "room.png", "tester")
    link = lab.pictures.url(room.digest, PictureKind.VIEW)

    assert web.ask(link).status == 401
    assert web.ask(link, headers={"Cookie": "who=stranger"}).status == 403
    assert web.ask(link, headers={"Authorization": "Bearer gone", "Cookie": "who=admin"}).status == 401
    assert web.ask(link, headers={"Authorization": "Bearer rater"}).headers["content-type"] == "image/webp"
    assert web.ask(link + "x", headers={"Authorization": "Bearer admin"}).status == 404
    assert web.ask(link, headers={"Cookie": "who=rater"}).headers["content-type"] == "image/webp"
    assert web.ask(link + "x", headers={"Cookie": "who=admin"}).status == 404


def test_a_role_that_was_taken_away_opens_no_link_any_more(web: Web, lab: Lab) -> None:
    link = lab.takeaway.links.url("zip", "nothing", which="all")
    operator, root = "operator@example.com", Actor(ADMIN, Role.ADMIN, PAGE)
    assert web.ask(link, headers={"Cookie": "who=operator"}).status == 404, "past the gate: there is no such comparison"

    lab.people.set(root, operator, Role.RATER, datetime.now(UTC), follows=lab.people.roster().version)
    assert web.ask(link, headers={"Cookie": "who=operator"}).status == 403
    lab.people.remove(root, operator, datetime.now(UTC), follows=lab.people.roster().version)
    assert web.ask(link, headers={"Cookie": "who=operator"}).status == 403
    lab.people.set(root, operator, Role.OPERATOR, datetime.now(UTC), follows=lab.people.roster().version)


@pytest.mark.parametrize("method", METHODS)
def test_a_cookie_is_no_key(web: Web, method: str) -> None:
    for path in ("/admin/prices", "/admin/prices/qwen/qwen-image-edit", "/admin/anything"):
        for more in ({}, {"Authorization": "Bearer gone"}, {"Authorization": "Basic YWRtaW46"}):
            answer = web.ask(path, method, {"Cookie": "who=admin", **more})
            assert answer.status == 401
            assert answer.headers["www-authenticate"] == "Bearer"


def test_whose_the_key_is_is_who_acts(web: Web, lab: Lab) -> None:
    path = "/admin/prices/google/nano-banana"
    today = lab.prices.today().isoformat()
    price = {"usd_per_image": "0.05", "source": "our contract", "dated": today}
    body = f'{{"entries": [{{"since": "{today}", "price": {price}}}], "worst_usd": null}}'.replace("'", '"').encode()
    told = {"Content-Type": "application/json", "If-Match": '"0"', "Authorization": "Bearer manager"}

    assert web.ask(path, "PUT", {**told, "Authorization": "Bearer operator"}, body).status == 403
    assert web.ask(path, "PUT", told, body).status == 200
    assert lab.prices.card("google/nano-banana").entries[0].set_by == "manager key"


def test_without_sign_in_a_key_that_is_none_is_refused_and_no_key_is_this_machine() -> None:
    with serving(guarded([Route("/admin/prices", lambda _: PlainTextResponse("in"))], Gate())) as web:
        assert web.ask("/admin/prices").status == 200
        assert web.ask("/admin/prices", headers={"Authorization": "Bearer gone"}).status == 401
        assert web.ask("/admin/prices", headers={"Host": "evil.example"}).status == 403


PUBLIC = "https://lab.example.com"
HERE = "http://127.0.0.1:8501"
ASKED: dict[str, dict[str, str]] = {
    "cross-site": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "cross-site by fetch metadata": {"Sec-Fetch-Site": "cross-site"},
    "cross-site by origin": {"Origin": "https://evil.example"},
    "sandboxed": {"Origin": "null"},
    "empty origin": {"Origin": ""},
    "sibling": {"Origin": "https://other.example.com", "Sec-Fetch-Site": "same-site"},
    "in the clear": {"Origin": "http://lab.example.com"},
    "same-site": {"Origin": PUBLIC, "Sec-Fetch-Site": "same-origin"},
    "none": {},
    "bearer": {"Authorization": "Bearer key"},
    "bearer + cookie": {"Authorization": "Bearer key", "Cookie": "who=admin"},
    "cookie": {"Cookie": "who=admin"},
    "bearer + cookie, cross-site": {
        "Authorization": "Bearer key",
        "Cookie": "who=admin",
        "Origin": "https://evil.example",
    },
}
PASSES = {"same-site", "none", "bearer", "bearer + cookie"}
CHANGING = (
    ("PUT", "/_stcore/upload_file/session/file"),
    ("DELETE", "/_stcore/upload_file/session/file"),
    ("POST", "/_stcore/agent/interact"),
    ("POST", "/_stcore/agent/mcp"),
    ("POST", "/anything/that/comes/later"),
    *((method, path) for method, path in TABLE if method not in ("GET", "HEAD", "OPTIONS")),
)


def ask(
    headers: Mapping[str, str], method: str = "POST", path: str = "/", kind: str = "http", public: str = PUBLIC
) -> int:
    """Return the status that the guard answers with; 200 is what is behind it, 1008 a closed stream."""
    sent: list[dict[str, Any]] = []

    async def behind(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"status": 200})

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "method": method, "path": path, "headers": raw, "query_string": b""}
    asyncio.run(CrossSiteGuard(behind, public)(scope, None, send))  # type: ignore[arg-type]
    status: int = sent[0].get("status") or sent[0]["code"]
    return status


@pytest.mark.parametrize(("route", "asked"), list(product(CHANGING, ASKED)))
def test_no_other_site_changes_anything(route: tuple[str, str], asked: str) -> None:
    method, path = route
    headers = {"Host": "lab.example.com", **ASKED[asked]}

    assert ask(headers, method, path) == (200 if asked in PASSES else 403)


@pytest.mark.parametrize(
    "host", ["evil.example", "lab.example.com.evil.example", "lab.example.com:8501", "", "127.0.0.1.evil.example"]
)
def test_a_host_that_is_not_ours_is_not_answered(host: str) -> None:
    assert ask({"Host": host}) == 403
    assert ask({"Host": host}, kind="websocket") == 1008
    assert ask({}) == 403


def test_this_machine_is_its_own_site_only(settings: Settings) -> None:
    assert ask({"Host": "127.0.0.1:8501", "Origin": HERE, "Cookie": "a=b"}, public="") == 200
    assert ask({"Host": "127.0.0.1:8501", "Origin": "http://127.0.0.1:9000"}, public="") == 403
    assert ask({"Host": "127.0.0.1:8501", "Origin": "http://localhost:8501"}, public="") == 403
    assert ask({"Host": "lab.example.com"}, public="") == 403
    assert ask({"Host": "127.0.0.1:8501", "Origin": PUBLIC}) == 200, "a proxy may name the host that it asks"


@pytest.mark.parametrize(
    ("asked", "passes"), [("cross-site", False), ("sibling", False), ("sandboxed", False), ("same-site", True)]
)
def test_the_stream_that_pages_live_on_is_not_for_other_sites(asked: str, passes: bool) -> None:
    headers = {"Host": "lab.example.com", "Cookie": "who=admin", **ASKED[asked]}

    assert ask(headers, kind="websocket") == (200 if passes else 1008)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_what_changes_nothing_is_answered_to_links_from_elsewhere(method: str) -> None:
    assert ask({"Host": "lab.example.com", **ASKED["cross-site"]}, method) == 200


def test_a_gate_with_people_who_do_not_sign_in_is_for_this_machine(tmp_path: Path) -> None:
    with lab_at(tmp_path / "data") as lab:
        assert not Gate(lab.people).sign_in
        assert Gate(People(Settings(**SIGN_IN), lab.store)).sign_in
