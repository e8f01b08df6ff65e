"""The FastAPI app over HTTP: who gets in, models and settings, reports, documents, metrics, one shape of errors."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from types import SimpleNamespace
from typing import Any, cast

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from staging.access import ROLE_PERMISSIONS, Role
from staging.access_routes import API, METHODS, ROUTES, To
from staging.api import routes
from staging.api_gate import CrossSiteGuard, Gate
from staging.lab import Lab
from staging.store import AuditFilter
from tests.api_keys import ADMIN, Api, api_of, sentence, told
from tests.labs import MODEL, UNCHANGED, lab_at
from tests.routes_server import Answer, serving

ACTIVE = "/admin/settings/model"
PROJECT = "/admin/projects/Rue de Lille 7/model"
PATHS = {"{name:path}": "elsewhere", "{job_id}": "none"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab_at(tmp_path_factory.mktemp("lab") / "data", api_rate=1_000.0, api_burst=10_000) as lab:
        yield lab


@pytest.fixture(scope="module")
def api(lab: Lab) -> Iterator[Api]:
    with api_of(lab) as api:
        yield api


def quoted(path: str) -> str:
    return path.replace(" ", "%20")


def put(api: Api, path: str, body: object, etag: str | None = None, **asked: Any) -> Answer:
    tag = told(api.ask(quoted(path)))["etag"] if etag is None else etag
    return api.ask(quoted(path), "PUT", body, If_Match=tag, **asked)


# ── who gets in ──────────────────────────────────────────────────────────────────────────────────


def test_every_route_has_its_row_and_every_row_its_route(api: Api) -> None:
    document = told(api.ask("/admin/openapi.json"))
    named = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert named == {(method, path.replace(":path", "")) for (method, path), row in API.items() if row.to != To.READER}


def at(path: str) -> str:
    for part, value in PATHS.items():
        path = path.replace(part, value)
    return path


def test_every_role_gets_in_where_its_row_says_and_nowhere_else(api: Api) -> None:
    for role, ((method, path), row) in product(Role, API.items()):
        if row.to is To.SIGNATURE:
            continue
        answer = api.ask(at(path), method, role=role)
        may = row.permission in ROLE_PERMISSIONS[role]
        assert (answer.status != 403) is may, (role, method, path, answer.text)
        if not may:
            assert "If you need it" in sentence(answer, 403)


@pytest.mark.parametrize(
    "authorization",
    ["", "Basic YWRhOmFkYQ==", "Bearer", "Bearer none", f"Bearer stg_{'0' * 12}_{'A' * 43}"],
)
def test_without_a_key_nobody_gets_in_whatever_else_is_sent(api: Api, authorization: str) -> None:
    cookies = {"Cookie": f"_streamlit_user=ada; key={api.keys[Role.ADMIN].token}"}
    for (method, path), row in API.items():
        if row.to is To.KEY_ALWAYS:
            sent = {**cookies, **({"Authorization": authorization} if authorization else {})}
            answer = api.ask(at(path), method, role=None, **sent)
            assert "API key" in sentence(answer, 401)
            assert answer.headers["www-authenticate"] == "Bearer"


def test_methods_without_a_row_are_told_what_is_possible(api: Api) -> None:
    for path in dict.fromkeys(path for _, path in API):
        known = sorted(method for method, other in API if other == path)
        for method in METHODS:
            if method not in known:
                answer = api.ask(at(path), method)
                assert (answer.status, answer.headers["allow"]) == (405, ", ".join(known)), (method, path)


def test_a_key_that_is_revoked_or_over_is_refused_on_the_very_next_request(api: Api, lab: Lab) -> None:
    made = lab.keys.make(ADMIN, "soon gone", Role.ADMIN, 1)
    sent = {"Authorization": f"Bearer {made.token}"}
    assert api.ask(ACTIVE, role=None, **sent).status == 200
    lab.keys.revoke(ADMIN, made.key.id)
    assert api.ask(ACTIVE, role=None, **sent).status == 401


def test_another_sites_page_changes_nothing_even_with_a_key(lab: Lab) -> None:
    """Every non-GET route × cross-site, same-site, wrong origin, wrong host, none × key, cookie, both."""
    token = lab.keys.make(ADMIN, "cross-site", Role.ADMIN, 1).token
    inner = Starlette(routes=routes(lab, Gate(lab.people, key=lab.keys.holder)))
    lab.routing.set(UNCHANGED, "ada", datetime.now(UTC))
    versions = len(lab.routing.history())
    strangers = [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example"},
    ]
    bearer, cookie = {"Authorization": f"Bearer {token}"}, {"Cookie": "_streamlit_user=ada"}
    with serving(cast(Any, [Mount("/", app=CrossSiteGuard(inner))])) as web:
        for (method, path), stranger, who in product(API, strangers, (bearer, cookie, {**bearer, **cookie})):
            if method != "GET":
                answer = web.ask(at(path), method, {"Content-Type": "application/json", **stranger, **who}, b"{}")
                assert answer.status == 403, (method, path, stranger, who)
        etag = json.loads(web.ask(ACTIVE, headers=bearer).content)["etag"]
        sent = {"Content-Type": "application/json", "If-Match": etag, **bearer}
        body = json.dumps({"model": MODEL, "note": "the control"}).encode()
        assert web.ask(ACTIVE, "PUT", sent, body).status == 200
    assert len(lab.routing.history()) == versions + 1


def test_only_readers_of_documents_do_without_a_key_and_only_on_this_machine(api: Api) -> None:
    assert [path for (_, path), row in API.items() if row.to is To.READER] == ["/admin/docs", "/admin/openapi.json"]
    assert api.ask("/admin/docs", role=None).status == 200
    assert api.ask("/admin/docs", role=None, Host="evil.example").status == 403
    assert api.ask("/admin/docs", role=None, Authorization="Bearer none").status == 401


# ── models and settings ──────────────────────────────────────────────────────────────────────────


def test_all_models_are_told_with_what_they_take(api: Api, lab: Lab) -> None:
    found = told(api.ask("/admin/models"))["models"]

    assert [one["id"] for one in found] == [spec.id for spec in lab.registry]
    assert [one["id"] for one in found if one["active"]] == [told(api.ask(ACTIVE))["effective"]]
    by_id = {one["id"]: one for one in found}
    assert by_id[MODEL]["parameters"]["properties"]
    assert (by_id[MODEL]["available"], "REPLICATE_API_TOKEN" in by_id[MODEL]["reason"]) == (False, True)
    assert by_id[UNCHANGED]["available"]


@pytest.mark.parametrize("path", [ACTIVE, PROJECT])
def test_a_setting_is_read_changed_and_taken_away(api: Api, lab: Lab, path: str) -> None:
    project = None if path == ACTIVE else "Rue de Lille 7"
    for one in (ACTIVE, path):  # another test may have left any; what is as it was makes no version
        put(api, one, {"model": MODEL})
    changed = told(put(api, path, {"model": UNCHANGED, "note": "as agreed"}))
    assert (changed["model"], changed["effective"], changed["note"]) == (UNCHANGED, UNCHANGED, "as agreed")
    assert changed["project"] == project
    held = lab.routing.current() if project is None else lab.routing.project(project)
    assert held is not None
    assert (held.model, held.set_by) == (UNCHANGED, changed["set_by"])

    lab.routing.set(MODEL, "ada", held.set_at, project=project)  # as a page does: the next look has it
    assert told(api.ask(quoted(path)))["model"] == MODEL

    gone = told(put(api, path, {"model": None}))
    assert gone["model"] is None
    assert gone["effective"] != UNCHANGED
    assert put(api, path, {"model": None}).status == 200
    assert told(api.ask(quoted(path)))["etag"] == gone["etag"]


@pytest.mark.parametrize("path", [ACTIVE, PROJECT])
def test_a_change_needs_the_version_that_it_follows(api: Api, path: str) -> None:
    etag = told(api.ask(quoted(path)))["etag"]
    assert "If-Match" in sentence(api.ask(quoted(path), "PUT", {"model": MODEL}), 428)
    assert "If-Match" in sentence(put(api, path, {"model": MODEL}, "*"), 428)
    for stale in ('"999"', f"W/{etag}", etag.strip('"')):
        assert "Read it again" in sentence(put(api, path, {"model": MODEL}, stale), 412)
    assert told(api.ask(quoted(path)))["etag"] == etag


def test_what_was_changed_between_look_and_write_is_not_overwritten(api: Api, lab: Lab) -> None:
    put(api, ACTIVE, {"model": None})
    etag = told(api.ask(ACTIVE))["etag"]
    assert put(api, ACTIVE, {"model": UNCHANGED, "note": "first"}, etag).status == 200
    assert put(api, ACTIVE, {"model": MODEL, "note": "second"}, etag).status == 412
    assert told(api.ask(ACTIVE))["note"] == "first"


def test_a_change_is_in_the_audit_log_with_its_key(api: Api, lab: Lab) -> None:
    put(api, ACTIVE, {"model": MODEL, "note": "first"})
    put(api, ACTIVE, {"model": UNCHANGED, "note": "for the log"})
    _, (entry,) = lab.store.audit.list(AuditFilter(words="for the log"), 10)
    name = f"API key {api.keys[Role.ADMIN].key.name}"
    assert (entry.actor, entry.origin) == (name, name)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "no JSON"),
        (b"{", 400, "no JSON"),
        (b'{"model": "a", "model": "b"}', 400, "no JSON"),
        (b'{"model": null, "parameters": {"x": 1e999}}', 400, "no JSON"),
        (b'{"model": "\\ud800"}', 400, "no JSON"),
        (b'{"model": "\\u0000"}', 400, "no JSON"),
        (b"[]", 422, "valid dictionary"),
        (b"{}", 422, "model"),
        (b'{"model": "made/up"}', 422, "No model 'made/up' is registered"),
        (b'{"model": "offline/unchanged", "parameters": {"made_up": 1}}', 422, "made_up"),
        (b'{"model": null, "more": 1}', 422, "more"),
        (b" " * 300_000, 413, "larger than 256 kB"),
    ],
)
def test_a_body_that_cannot_be_used_is_a_sentence(api: Api, body: bytes, status: int, words: str) -> None:
    assert words in sentence(put(api, ACTIVE, body), status)


def test_only_json_is_taken(api: Api) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"):
        assert "application/json" in sentence(put(api, ACTIVE, b"{}", Content_Type=kind), 415)


def test_a_manager_sets_projects_and_not_the_active_model(api: Api) -> None:
    assert put(api, PROJECT, {"model": UNCHANGED}, role=Role.MANAGER).status == 200
    assert "admins" in sentence(put(api, ACTIVE, {"model": UNCHANGED}, role=Role.MANAGER), 403)
    assert "managers and admins" in sentence(put(api, PROJECT, {"model": UNCHANGED}, role=Role.OPERATOR), 403)


def test_a_name_that_is_no_projects_is_not_found(api: Api) -> None:
    for name, status in (("%20", 404), ("a%20", 404), ("a%01b", 422), ("a%00", 422)):
        assert sentence(api.ask(f"/admin/projects/{name}/model"), status)


# ── reports, documents, metrics ──────────────────────────────────────────────────────────────────


def test_the_costs_of_no_days_are_zero_and_days_have_limits(api: Api) -> None:
    found = told(api.ask("/reports/costs?first=2026-01-01&last=2026-01-31"))
    assert (found["first"], found["last"], found["total"]["cost_usd"]) == ("2026-01-01", "2026-01-31", "0.000000")
    assert found["by_model"] == []
    for asked in ("first=2026-02-01&last=2026-01-01", "first=0001-01-01", "last=9999-12-31", "first=2000-01-01"):
        assert "first comes before last" in sentence(api.ask(f"/reports/costs?{asked}"), 422)
    assert "first" in sentence(api.ask("/reports/costs?first=never"), 422)


def test_the_leaderboard_beside_its_page(api: Api) -> None:
    assert told(api.ask("/leaderboard")) == {"groups": []}
    page = api.ask("/leaderboard", Accept="text/html,application/xhtml+xml,*/*;q=0.8")
    assert (page.status, page.text) == (404, "Not Found")  # nobody's here; in the app, Streamlit's page
    assert "room_type" in sentence(api.ask("/leaderboard?room_type=castle"), 422)


def test_the_documents_name_every_route_and_load_nothing_from_elsewhere(api: Api) -> None:
    document = told(api.ask("/admin/openapi.json"))
    named = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    answer = api.ask("/admin/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not re.findall(r"<script|<link|<img|<iframe|url\(|@import|https?://", answer.text)
    assert all(f"<code>{method} {path}</code>" in answer.text for method, path in named)


def test_metrics_count_and_name_nobody(api: Api, lab: Lab) -> None:
    api.ask("/admin/made-up-by-somebody")
    answer = api.ask("/metrics")
    lines = answer.text.splitlines()

    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert all(
        re.fullmatch(r'# (HELP|TYPE) .+|[a-z_]+(\{[a-z]+="[^"\\]*"(,[a-z]+="[^"\\]*")*\})? [0-9.]+', one)
        for one in lines
    )
    assert "staging_engine_up 1" in lines
    assert 'staging_predictions{state="succeeded"} 0' in lines
    (unknown,) = [one for one in lines if 'route="/admin/{rest:path}",method="GET",status="404"' in one]
    assert int(unknown.rsplit(" ", 1)[1]) >= 1
    assert "made-up-by-somebody" not in answer.text
    assert "of a" not in answer.text  # the keys' names
    assert set(re.findall(r'route="([^"]*)"', answer.text)) <= {path for _, path in ROUTES}


def test_an_error_of_our_own_is_a_sentence_too(lab: Lab) -> None:
    broken = cast(Any, SimpleNamespace(**{name: getattr(lab, name) for name in ("settings", "keys", "people")}))
    token = lab.keys.make(ADMIN, "of a broken lab", Role.ADMIN, 1).token
    with serving(routes(broken, Gate(lab.people, key=lab.keys.holder))) as web:
        answer = web.ask("/admin/models", headers={"Authorization": f"Bearer {token}"})
    assert "Staging Lab itself failed" in sentence(answer, 500)
    assert "routing" not in answer.text
