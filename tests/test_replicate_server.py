"""The test server speaks as Replicate does: held against recorded exchanges, and against its documentation."""

import base64
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from replicate.webhook import Webhooks, WebhookSigningSecret

from tests.replicate_server import ReplicateServer
from tests.replicate_server_options import Fault, failing

REPOSITORY = Path(__file__).parents[1]
CORPORA = Path(os.environ.get("STAGING_TEST_CORPORA", REPOSITORY.parent / "shared" / "corpora"))
RECORDED = CORPORA / "replicate_responses"
FILES = sorted(path.name for path in RECORDED.glob("*.yaml"))

QWEN = "/v1/models/qwen/qwen-image-edit/predictions"
INPUT = {"input": {"prompt": "Add a sofa.", "image": "https://example.com/room.png"}}

# Recorded 2023 and 2024; the API's documentation and its newer SDKs have these no longer, or have them besides.
LEGACY_KEYS = {"webhook_completed"}
NEWER_KEYS = {"data_removed", "source", "web", "is_official", "image_count", "total_time"}
# The recorded exchanges were made under a gateway whose own headers mean nothing here.
HEADERS = ("content-type", "ratelimit-remaining", "ratelimit-reset")


@pytest.fixture
def api(replicate_server: ReplicateServer) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {replicate_server.token}"}
    with httpx.Client(base_url=replicate_server.url, headers=headers, timeout=10) as client:
        yield client


def create(api: httpx.Client, **changes: Any) -> dict[str, Any]:
    """Create a prediction and return it."""
    answer = api.post(QWEN, json={"input": {**INPUT["input"], **changes}})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def get(api: httpx.Client, made: dict[str, Any]) -> dict[str, Any]:
    """Return the prediction as it stands."""
    seen: dict[str, Any] = api.get(f"/v1/predictions/{made['id']}").json()
    return seen


@pytest.mark.skipif(not FILES, reason=f"the recorded exchanges are not at {RECORDED} (set STAGING_TEST_CORPORA)")
@pytest.mark.parametrize("name", FILES or ["absent"])
def test_the_shapes_are_those_of_the_recorded_exchanges(
    name: str, replicate_server: ReplicateServer, api: httpx.Client
) -> None:
    """Make every recorded request in order, and compare status, headers, keys and types of the answers."""
    replicate_server.reset(seconds=100.0, queue_seconds=10.0, jitter=0.0)
    exchanges = yaml.safe_load((RECORDED / name).read_text())["interactions"]
    ids: dict[str, str] = {}
    reached = "starting"
    for exchange in exchanges:
        recorded = _recorded(exchange)
        reached = _let_time_pass(reached, recorded["json"], replicate_server)
        answer = _replay(exchange["request"], ids, api)
        where = f"{name}: {exchange['request']['method']} {exchange['request']['uri']}"
        assert answer.status_code == recorded["status"], where
        for header in HEADERS:
            if header in recorded["headers"]:
                assert header in answer.headers, f"{where}: no {header}"
        assert _media_type(answer.headers["content-type"]) == _media_type(recorded["headers"]["content-type"]), where
        if recorded["json"] is not None:
            _compare(recorded["json"], answer.json(), where)
            _learn_ids(recorded["json"], answer.json(), ids)
    print(f"{name}: {len(exchanges)} recorded exchanges compared")


def _recorded(exchange: dict[str, Any]) -> dict[str, Any]:
    response = exchange["response"]
    body = response["content"] if "content" in response else response["body"]["string"]
    if isinstance(body, bytes):
        body = gzip.decompress(body).decode()
    status = response["status_code"] if "status_code" in response else response["status"]["code"]
    headers = {key.lower(): value[0] for key, value in response["headers"].items()}
    return {"status": status, "headers": headers, "json": json.loads(body) if body else None}


def _let_time_pass(reached: str, recorded: Any, server: ReplicateServer) -> str:
    """Move the clock to where a prediction is what it was in the recorded answer; return that."""
    status = recorded.get("status") if isinstance(recorded, dict) else None
    if status in ("processing", "canceled") and reached == "starting":
        server.advance(11)
    elif status == "succeeded" and reached != status:
        server.advance(200)
    return status if isinstance(status, str) else reached


def _replay(request: dict[str, Any], ids: dict[str, str], api: httpx.Client) -> httpx.Response:
    path = request["uri"].removeprefix("https://api.replicate.com")
    for theirs, ours in ids.items():
        path = path.replace(theirs, ours)
    headers = {"Content-Type": "".join(request["headers"].get("content-type", []))}
    # The recording left the tokens out; this is the body that was sent with an invalid one.
    if str(request["body"]).startswith('{"input": {}, "version": "73001d65'):
        headers["Authorization"] = "Bearer invalid"
    return api.request(request["method"], path, content=request["body"] or b"", headers=headers)


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip()


def _learn_ids(recorded: Any, ours: Any, ids: dict[str, str]) -> None:
    if isinstance(recorded, dict) and isinstance(recorded.get("id"), str):
        ids[recorded["id"]] = ours["id"]


def _compare(recorded: Any, ours: Any, where: str) -> None:
    """Fail unless every recorded key is there with a value of the recorded type, and no invented key is."""
    if where.endswith((".input", ".info", ".paths")):
        assert type(recorded) is type(ours), where
    elif where.endswith(".schemas"):
        assert {"Input", "Output"} <= set(ours), where
    elif isinstance(recorded, dict) and isinstance(ours, dict):
        missing = set(recorded) - set(ours) - LEGACY_KEYS
        assert not missing, f"{where} lacks {missing}"
        invented = set(ours) - set(recorded) - NEWER_KEYS
        assert not invented, f"{where} invents {invented}"
        for key in set(recorded) & set(ours):
            _compare(recorded[key], ours[key], f"{where}.{key}")
    elif isinstance(recorded, list) and isinstance(ours, list):
        for one, other in zip(recorded[:1], ours[:1], strict=False):
            _compare(one, other, f"{where}[0]")
    elif recorded is not None and ours is not None:
        numbers = isinstance(recorded, int | float) and isinstance(ours, int | float)
        assert numbers or type(recorded) is type(ours), f"{where}: {ours!r} instead of {recorded!r}"


def test_a_list_is_paged_newest_first_with_whole_addresses(
    replicate_server: ReplicateServer, api: httpx.Client
) -> None:
    replicate_server.reset(page_size=3)
    made = [create(api, seed=seed)["id"] for seed in range(7)]
    page = api.get("/v1/predictions").json()
    assert page["previous"] is None
    seen = [one["id"] for one in page["results"]]
    while page["next"]:
        assert page["next"].startswith(f"{replicate_server.url}/v1/predictions?cursor=")
        page = api.get(page["next"]).json()
        seen += [one["id"] for one in page["results"]]
    assert seen == made[::-1]
    back = api.get(page["previous"]).json()
    assert [one["id"] for one in back["results"]] == made[1:4][::-1]
    assert not {"logs", "webhook"} & set(page["results"][0])
    assert page["results"][0]["source"] == "api"


def test_a_list_is_bounded_by_time_on_every_page(replicate_server: ReplicateServer, api: httpx.Client) -> None:
    replicate_server.reset(page_size=2)
    made = []
    for seed in range(6):
        made.append(create(api, seed=seed))
        replicate_server.advance(10)
    moments = {"created_after": made[1]["created_at"], "created_before": made[5]["created_at"]}
    page = api.get("/v1/predictions", params=moments).json()
    seen = page["results"] + api.get(page["next"]).json()["results"]
    assert [one["id"] for one in seen] == [one["id"] for one in made[1:5][::-1]]


def test_a_wait_is_answered_with_the_output_inline_and_still_processing(api: httpx.Client) -> None:
    answer = api.post(QWEN, json=INPUT, headers={"Prefer": "wait=5"})
    shown = answer.json()
    assert answer.headers["Preference-Applied"] == "wait=5"
    assert shown["status"] == "processing"
    assert shown["output"][0].startswith("data:image/webp;base64,")
    assert "metrics" not in shown
    inline = base64.b64decode(shown["output"][0].partition(",")[2])
    assert httpx.get(get(api, shown)["output"][0]).content == inline


def test_a_wait_that_is_too_short_is_answered_as_it_stands(
    replicate_server: ReplicateServer, api: httpx.Client
) -> None:
    replicate_server.reset(queue_seconds=50)
    assert api.post(QWEN, json=INPUT, headers={"Prefer": "wait=1"}).json()["status"] == "starting"


@pytest.mark.parametrize(("cold_seconds", "status", "billed"), [(0, "canceled", True), (200, "aborted", False)])
def test_the_deadline_aborts_before_the_start_and_cancels_after_it(
    cold_seconds: float, status: str, billed: bool, replicate_server: ReplicateServer, api: httpx.Client
) -> None:
    replicate_server.reset(seconds=500, faults=(Fault(on="run", do="cold", seconds=cold_seconds),))
    made = api.post(QWEN, json=INPUT, headers={"Cancel-After": "1m30s"}).json()
    replicate_server.advance(70)
    assert get(api, made)["status"] in ("starting", "processing")
    replicate_server.advance(21)
    assert get(api, made)["status"] == status
    assert replicate_server.ledger()["predictions"][0]["billed"] is billed


def test_after_an_hour_only_the_metadata_is_left(replicate_server: ReplicateServer, api: httpx.Client) -> None:
    replicate_server.reset(seconds=0, queue_seconds=0)
    made = create(api)
    output = get(api, made)["output"][0]
    assert httpx.get(output).status_code == 200
    replicate_server.advance(3601)
    left = get(api, made)
    assert (left["input"], left["output"], left["logs"], left["data_removed"]) == ({}, None, None, True)
    assert (left["status"], left["metrics"]["image_count"]) == ("succeeded", 1)
    assert httpx.get(output).status_code == 404


def test_a_file_is_kept_for_a_day_and_can_be_deleted(replicate_server: ReplicateServer, api: httpx.Client) -> None:
    kept = [api.post("/v1/files", files={"content": ("a.png", b"abc", "image/png")}).json() for _ in range(2)]
    assert kept[0]["checksums"]["sha256"] == hashlib.sha256(b"abc").hexdigest()
    assert api.delete(f"/v1/files/{kept[0]['id']}").status_code == 204
    assert api.get(kept[0]["urls"]["get"]).status_code == 404
    assert api.get(kept[1]["urls"]["get"]).json()["name"] == "a.png"
    replicate_server.advance(24 * 3600)
    assert api.get(kept[1]["urls"]["get"]).status_code == 404
    assert api.get("/v1/files").json()["results"] == []


def test_creates_over_the_pace_are_throttled(replicate_server: ReplicateServer, api: httpx.Client) -> None:
    replicate_server.reset(creates_per_minute=6, create_burst=2)
    answers = [api.post(QWEN, json=INPUT) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert 2 <= answers[2].json()["retry_after"] <= 10
    assert answers[2].headers["Retry-After"] == str(answers[2].json()["retry_after"])
    replicate_server.advance(10)
    assert api.post(QWEN, json=INPUT).status_code == 201


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (QWEN, {"input": {"image": "x"}}, 422),
        (QWEN, {"prompt": "x"}, 422),
        ("/v1/models/adirik/interior-design/predictions", INPUT, 404),
        ("/v1/models/gone/model/predictions", INPUT, 404),
        ("/v1/predictions", {**INPUT, "version": "0" * 64}, 422),
        ("/v1/predictions", {**INPUT, "version": "qwen/qwen-image-edit"}, 201),
        ("/v1/deployments/acme/staging/predictions", INPUT, 201),
        ("/v1/nothing", INPUT, 404),
    ],
)
def test_a_create_is_answered_as_its_form_deserves(
    path: str, body: dict[str, Any], status: int, api: httpx.Client
) -> None:
    answer = api.post(path, json=body)
    assert answer.status_code == status
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_models_schema_has_its_choices_as_sibling_schemas(api: httpx.Client) -> None:
    schemas = api.get("/v1/models/qwen/qwen-image-edit").json()["latest_version"]["openapi_schema"]["components"][
        "schemas"
    ]
    assert schemas["Input"]["properties"]["output_format"]["allOf"] == [{"$ref": "#/components/schemas/output_format"}]
    assert schemas["output_format"]["enum"] == ["webp", "jpg", "png"]
    assert schemas["Output"]["type"] == "array"


def test_a_webhook_is_posted_for_start_and_end_with_a_signature_that_holds(
    replicate_server: ReplicateServer, api: httpx.Client
) -> None:
    replicate_server.reset(seconds=1)
    posted: list[tuple[dict[str, str], str]] = []
    both = threading.Event()

    class Receiver(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            posted.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(200)
            self.end_headers()
            if len(posted) == 2:
                both.set()

    with HTTPServer(("127.0.0.1", 0), Receiver) as receiver:
        threading.Thread(target=receiver.serve_forever, args=(0.05,), daemon=True).start()
        hook = {"webhook": f"http://127.0.0.1:{receiver.server_port}/", "webhook_events_filter": ["start", "completed"]}
        api.post(QWEN, json={**INPUT, **hook})
        assert both.wait(10)
        receiver.shutdown()
    secret = WebhookSigningSecret(key=api.get("/v1/webhooks/default/secret").json()["key"])
    for headers, body in posted:
        Webhooks.validate(headers=headers, body=body, secret=secret)
    assert [json.loads(body)["status"] for _, body in posted] == ["processing", "succeeded"]
    with pytest.raises(ValueError, match="signature"):
        Webhooks.validate(headers=posted[0][0], body=posted[1][1], secret=secret)


def test_what_is_before_the_deed_bills_nothing_and_what_is_after_it_bills(
    replicate_server: ReplicateServer, api: httpx.Client
) -> None:
    before = [Fault(on="create", do=do, seconds=0.01, times=1) for do in ("refuse", "silent", "reset")]
    after = [Fault(on="create", do=do, times=1) for do in ("lost", "late", "truncated", "html", "list", "answer")]
    for faults, billed in ((before, 0), (after, len(after))):
        replicate_server.reset()
        replicate_server.add_faults(*faults)
        for _ in faults:
            try:
                api.post(QWEN, json=INPUT)
            except httpx.TransportError:
                continue
        assert len(replicate_server.billed()) == billed
        assert sum(replicate_server.ledger()["faults"].values()) == len(faults)


def test_a_fault_strikes_its_model_only_and_as_often_as_told(
    replicate_server: ReplicateServer, api: httpx.Client
) -> None:
    replicate_server.add_faults(failing("(E005)", model="google/nano-banana", times=1))
    slugs = ["qwen/qwen-image-edit", "google/nano-banana", "google/nano-banana"]
    made = [api.post(f"/v1/models/{slug}/predictions", json=INPUT).json() for slug in slugs]
    replicate_server.advance(10)
    assert [get(api, one)["status"] for one in made] == ["succeeded", "failed", "succeeded"]


def test_a_fault_that_does_not_exist_is_an_error_in_the_test() -> None:
    with pytest.raises(ValueError, match="no fault"):
        Fault(on="output", do="lost")
    with pytest.raises(ValueError, match="no fault"):
        Fault(on="creates")


def _drawn(seed: int) -> list[bool]:
    with ReplicateServer(seed=seed, tiny_outputs=True) as server:
        server.add_faults(Fault(on="account", probability=0.5))
        with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"}) as client:
            return [client.get("/v1/account").is_success for _ in range(40)]


def test_one_seed_draws_the_same_faults_after_every_start() -> None:
    first = _drawn(3)
    assert first == _drawn(3)
    assert first != _drawn(4)
    assert 8 < sum(first) < 32


def test_the_server_ends_with_whoever_started_it(tmp_path: Path) -> None:
    """A killed test leaves no process behind."""
    starter = (
        "import time\nfrom tests.replicate_server import ReplicateServer\n"
        "server = ReplicateServer()\nprint(server.start(), flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", starter], cwd=REPOSITORY, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        url = process.stdout.readline().decode().strip()
        assert httpx.get(f"{url}/_test/ledger").status_code == 200
        process.kill()
    until = time.monotonic() + 10
    while _answers(url) and time.monotonic() < until:
        time.sleep(0.02)
    assert not _answers(url)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/_test/ledger", timeout=1).is_success
    except httpx.TransportError:
        return False


def test_started_by_hand_it_says_what_to_export() -> None:
    command = [sys.executable, "-m", "tests.replicate_server", "--port", "0", "--seconds", "0.1", "--tiny"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = "".join(process.stdout.readline() for _ in range(5))
        exported = dict(line.strip().removeprefix("export ").split("=", 1) for line in said.splitlines() if "=" in line)
        headers = {"Authorization": f"Bearer {exported['REPLICATE_API_TOKEN']}"}
        assert httpx.get(f"{exported['REPLICATE_BASE_URL']}/v1/account", headers=headers).status_code == 200
        assert exported["REPLICATE_BASE_URL"] == f"http://{exported['STAGING_OUTPUT_HOSTS']}"
        process.terminate()


def test_times_are_written_with_any_number_of_digits(api: httpx.Client) -> None:
    moments = [create(api)["created_at"] for _ in range(5)]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", moment) for moment in moments)
    assert abs(datetime.fromisoformat(moments[0]) - datetime.now(UTC)) < timedelta(seconds=10)
