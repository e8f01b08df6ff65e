"""The API of the real app in its own process: a job over HTTP with Replicate's webhook, and no key anywhere."""

import json
from pathlib import Path

import pytest

from staging.access import Role
from tests.api_keys import ADMIN, told
from tests.app_server import AppServer
from tests.labs import lab_at, photo, wait_for
from tests.replicate_server import ReplicateServer
from tests.replicate_server_routes import WEBHOOK_SECRET
from tests.routes_server import Web
from tests.test_api_jobs import BOUNDARY, form

SLOW_POLLS = {"STAGING_POLL_FASTEST_SECONDS": "120", "STAGING_POLL_SLOWEST_SECONDS": "120"}


@pytest.mark.timeout(900)
def test_a_job_goes_through_the_real_app_by_webhook_and_the_key_is_kept_nowhere(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with lab_at(data) as lab:
        operator = lab.keys.make(ADMIN, "the service", Role.OPERATOR, 1).token
        manager = lab.keys.make(ADMIN, "the manager", Role.MANAGER, 1).token
    with ReplicateServer(seconds=0.5, tiny_outputs=True) as replicate:
        server = AppServer(data, {"STAGING_SAMPLE_ROOMS": "false", **replicate.environment, **SLOW_POLLS})
        webhooks = {"STAGING_PUBLIC_URL": server.url, "STAGING_WEBHOOK_SECRET": WEBHOOK_SECRET}
        server.environment.update(webhooks)
        server.start()
        try:
            web = Web(server.port)
            bearer = {"Authorization": f"Bearer {operator}"}
            kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Idempotency-Key": "listing-7"}
            body = form({"picture": ("kitchen.png", photo()), "job": ("", b'{"project": "Elm St"}')})
            taken = told(web.ask("/jobs", "POST", {**bearer, **kind}, body), 202)
            path = f"/jobs/{taken['id']}"
            assert taken["url"] == f"{server.url}{path}"
            # Polls are two minutes apart: only the webhook can have told.
            wait_for(lambda: told(web.ask(path, headers=bearer))["final"], 60, 0.2)
            done = told(web.ask(path, headers=bearer))
            assert (done["state"], done["rule"], done["cost"]["usd"]) == ("succeeded", "default model", "0.030000")
            output = web.ask(done["outputs"][0]["original"].removeprefix(server.url), headers=bearer)
            assert len(output.content) == done["outputs"][0]["size_bytes"]

            asked = {"Authorization": f"Bearer {manager}"}
            metrics = web.ask("/metrics", headers=asked)
            assert 'staging_predictions{state="succeeded"} 1' in metrics.text
            assert 'route="/webhooks/replicate",method="POST",status="200"' in metrics.text
            assert told(web.ask("/reports/costs", headers=asked))["total"]["cost_usd"] == "0.030000"
            assert told(web.ask("/leaderboard", headers=asked)) == {"groups": []}
            assert '<div id="root">' in web.ask("/leaderboard", headers={"Accept": "text/html"}).text
            for path in ("/admin/models", "/jobs", "/metrics"):
                assert web.ask(path, "POST" if path == "/jobs" else "GET").status == 401
            cross = {"Sec-Fetch-Site": "cross-site"}
            assert web.ask("/jobs", "POST", {**bearer, **kind, **cross}, body).status == 403

            server.kill()
            server.start()
            again = web.ask("/jobs", "POST", {**bearer, **kind}, body)
            assert (again.status, again.headers["idempotency-replayed"]) == (202, "true")
            assert json.loads(again.content) == taken
            server.stop()
        finally:
            server.kill()
    kept = b"".join(one.read_bytes() for one in data.rglob("*") if one.is_file()) + server.log().encode()
    assert b"the service" in kept  # the control: what is kept is found here
    for token in (operator, manager):
        assert token.encode() not in kept
        assert token[-43:].encode() not in kept
    assert WEBHOOK_SECRET.encode() not in kept
