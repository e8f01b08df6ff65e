"""Each measured defect of the replicate package: the package alone misbehaves, our provider does not.

The first half of every test is the control: the same call with the package alone. When a release of
the package mends a defect, its control fails here, and the guard can go.
"""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pydantic.v1
import pytest
from replicate.client import Client
from replicate.exceptions import ReplicateError
from replicate.helpers import FileOutput

from staging.errors import (
    AnswerLost,
    ProviderError,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
)
from staging.providers import replicate_api
from staging.providers.base import RoomFile, Snapshot, Stage
from staging.providers.replicate import ReplicateProvider
from staging.providers.replicate_transport import Limits
from tests.asking import ask, ask_bare, bare_create, create, create_and_get
from tests.canary_server import CanaryServer
from tests.replicate_server import ReplicateServer
from tests.replicate_server_options import Fault


@pytest.fixture
def canary() -> Iterator[CanaryServer]:
    with CanaryServer() as server:
        yield server


def limit_calls(monkeypatch: pytest.MonkeyPatch, limits: Limits) -> None:
    for name in ("READ_LIMITS", "CREATE_LIMITS", "UPLOAD_LIMITS"):
        monkeypatch.setattr(replicate_api, name, limits)


def made_on(server: ReplicateServer) -> str:
    """Return the id of a new prediction."""
    return ask(server, create).provider_id


# In the next two the server gives up after 2 s. Who hears of that ("disconnected") had no time-out of their own.


def test_a_create_without_an_answer_ends(replicate_server: ReplicateServer, monkeypatch: pytest.MonkeyPatch) -> None:
    replicate_server.add_faults(Fault(on="create", do="silent", seconds=2))
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
        ask_bare(replicate_server, bare_create, timeout=httpx.Timeout(0.2))

    limit_calls(monkeypatch, Limits(read=0.2, whole=20))
    with pytest.raises(AnswerLost, match="read timeout"):
        ask(replicate_server, create)


def test_an_upload_without_an_answer_ends(
    replicate_server: ReplicateServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replicate_server.add_faults(Fault(on="upload", do="silent", seconds=2))
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
        ask_bare(
            replicate_server, lambda client: client.files.async_create(io.BytesIO(b"x")), timeout=httpx.Timeout(0.2)
        )

    limit_calls(monkeypatch, Limits(read=0.2, whole=20))
    path = tmp_path / "room.png"
    path.write_bytes(b"x")
    room = RoomFile("d" * 64, str(path), "image/png", 1, 1)
    with pytest.raises(ProviderUnavailable, match="read timeout"):
        ask(replicate_server, lambda provider: provider.upload(room))


def test_an_answer_that_drips_in_ends(replicate_server: ReplicateServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every byte comes in time, so no time-out between bytes ever strikes; the whole call has its own."""
    made = made_on(replicate_server)
    replicate_server.add_faults(Fault(on="cancel", do="drip", seconds=0.05))
    with pytest.raises(TimeoutError):  # ours, around the package: its own is for the time between bytes
        ask_bare(replicate_server, lambda client: client.predictions.async_cancel(made), give_up_seconds=2)

    limit_calls(monkeypatch, Limits(read=20, whole=0.5))
    monkeypatch.setattr(replicate_api, "READ_ATTEMPTS", 1)
    with pytest.raises(ProviderUnavailable, match="timeout error"):
        ask(replicate_server, lambda provider: provider.cancel(made))


@pytest.mark.parametrize("on", ["get", "list"])
def test_nobody_sleeps_for_an_hour_because_an_answer_says_so(on: str, replicate_server: ReplicateServer) -> None:
    made = made_on(replicate_server)
    replicate_server.add_faults(Fault(on=on, status=429, headers={"Retry-After": "3600"}, body={"detail": "Later."}))

    def bare(client: Client) -> Any:
        return client.predictions.async_get(made) if on == "get" else client.predictions.async_list()

    with pytest.raises(TimeoutError):
        ask_bare(replicate_server, bare, give_up_seconds=1)

    wanted = {made: datetime.now(UTC)} if on == "get" else {str(number): datetime.now(UTC) for number in range(5)}
    with pytest.raises(ProviderThrottled) as throttled:
        ask(replicate_server, lambda provider: provider.snapshots(wanted))
    assert throttled.value.retry_after_seconds == 60
    assert replicate_server.ledger()["calls"][on] == 2


def test_an_outage_is_told_soon(replicate_server: ReplicateServer) -> None:
    """The package alone asks ten times and blocks for 51 s (measured)."""
    made = made_on(replicate_server)
    replicate_server.add_faults(Fault(on="get", status=503))
    with pytest.raises(TimeoutError):
        ask_bare(replicate_server, lambda client: client.predictions.async_get(made), give_up_seconds=3)
    before = replicate_server.ledger()["calls"]["get"]
    assert before >= 2

    with pytest.raises(ProviderUnavailable):
        ask(replicate_server, lambda provider: provider.snapshots({made: datetime.now(UTC)}))
    assert replicate_server.ledger()["calls"]["get"] - before == replicate_api.READ_ATTEMPTS


@pytest.mark.parametrize(
    ("fault", "stage"),
    [
        (Fault(on="get", do="answer", fields={"status": "aborted"}), Stage.ABORTED),
        (Fault(on="get", do="answer", fields={"status": "paused"}), Stage.PROCESSING),
        (Fault(on="get", do="answer", drop=("model",)), Stage.STARTING),
        (Fault(on="get", do="answer", drop=("version",)), Stage.STARTING),
        (Fault(on="get", do="answer", fields={"urls": {"get": None}}), Stage.STARTING),
        (Fault(on="get", do="answer", fields={"status": "failed", "error": {"code": 7}}), Stage.FAILED),
        (
            Fault(on="get", do="answer", fields={"status": "lost", "completed_at": "2026-11-16T11:46:22.06Z"}),
            Stage.FAILED,
        ),
    ],
    ids=lambda value: f"{dict(value.fields) or value.drop}" if isinstance(value, Fault) else value,
)
def test_an_answer_that_the_packages_models_refuse_is_read(
    fault: Fault, stage: Stage, replicate_server: ReplicateServer
) -> None:
    replicate_server.reset(queue_seconds=100)
    made = made_on(replicate_server)
    replicate_server.add_faults(fault)
    with pytest.raises(pydantic.v1.ValidationError):
        ask_bare(replicate_server, lambda client: client.predictions.async_get(made))

    seen = ask(replicate_server, lambda provider: provider.snapshots({made: datetime.now(UTC)}))
    assert seen[made].stage is stage


def test_one_strange_prediction_does_not_hide_the_others_on_its_page(replicate_server: ReplicateServer) -> None:
    replicate_server.reset(queue_seconds=100)
    ids = [made_on(replicate_server) for _ in range(4)]
    stranger = {"id": "stranger", "status": "aborted", "created_at": "2026-11-16T11:46:16Z"}
    page = [7, {"id": 8}, stranger, *({"id": one, "status": "starting"} for one in ids)]
    replicate_server.add_faults(Fault(on="list", do="answer", fields={"results": page}))
    with pytest.raises((pydantic.v1.ValidationError, TypeError)):
        ask_bare(replicate_server, lambda client: client.predictions.async_list())

    seen = ask(replicate_server, lambda provider: provider.snapshots(dict.fromkeys(ids, datetime.now(UTC))))
    assert set(seen) == set(ids)


def test_what_the_packages_models_drop_is_kept(replicate_server: ReplicateServer) -> None:
    replicate_server.reset(seconds=0, queue_seconds=0)
    made = made_on(replicate_server)
    replicate_server.advance(3700)
    bare = ask_bare(replicate_server, lambda client: client.predictions.async_get(made))
    assert not hasattr(bare, "data_removed")

    seen = ask(replicate_server, lambda provider: provider.snapshots({made: datetime.now(UTC)}))
    assert seen[made].data_removed


def test_an_error_that_is_a_json_list_is_an_error_like_any_other(replicate_server: ReplicateServer) -> None:
    replicate_server.add_faults(Fault(on="account", status=500, body=["no", "object"]))
    with pytest.raises(AttributeError):
        ask_bare(replicate_server, lambda client: client.accounts.async_current())

    with pytest.raises(ProviderUnavailable):
        ask(replicate_server, lambda provider: provider.account())


@pytest.mark.parametrize("fault", [Fault(on="get", do="html", status=200), Fault(on="get", do="truncated")])
def test_an_answer_that_is_no_json_is_a_passing_fault(fault: Fault, replicate_server: ReplicateServer) -> None:
    made = made_on(replicate_server)
    replicate_server.add_faults(fault)
    with pytest.raises((ValueError, httpx.RemoteProtocolError)):
        ask_bare(replicate_server, lambda client: client.predictions.async_get(made))

    with pytest.raises(ProviderUnavailable):
        ask(replicate_server, lambda provider: provider.snapshots({made: datetime.now(UTC)}))


def test_the_refused_fields_and_the_pause_are_not_lost(replicate_server: ReplicateServer) -> None:
    detail = {"detail": "- see below", "invalid_fields": [{"field": "input.seed", "description": "must be a number"}]}
    replicate_server.add_faults(Fault(on="create", status=422, body=detail, times=2))
    replicate_server.add_faults(Fault(on="create", status=429, seconds=4))
    with pytest.raises(ReplicateError) as bare:
        ask_bare(replicate_server, bare_create)
    assert "seed" not in str(bare.value)
    with pytest.raises(ProviderRefused, match="seed: must be a number"):
        ask(replicate_server, create)

    with pytest.raises(ReplicateError) as bare:
        ask_bare(replicate_server, bare_create)
    assert not hasattr(bare.value, "retry_after")
    with pytest.raises(ProviderThrottled) as throttled:
        ask(replicate_server, create)
    assert throttled.value.retry_after_seconds == 4


def test_every_create_carries_its_own_deadline(replicate_server: ReplicateServer) -> None:
    ask_bare(replicate_server, bare_create)
    ask(replicate_server, create)
    headers = [one["headers"] for one in replicate_server.ledger()["predictions"]]
    assert headers == [{}, {"cancel-after": "1m"}]


def test_the_token_is_not_sent_where_a_list_points(replicate_server: ReplicateServer, canary: CanaryServer) -> None:
    following = f"{canary.url}/v1/predictions?cursor=n-0"
    replicate_server.add_faults(Fault(on="list", do="answer", fields={"next": following}, times=2))

    async def bare_pages(client: Client) -> None:
        page = await client.predictions.async_list()
        await client.predictions.async_list(page.next)

    with pytest.raises(ValueError, match="utf-8"):  # the canary answers with a picture
        ask_bare(replicate_server, bare_pages)
    assert [heard.headers["authorization"] for heard in canary.heard] == [f"Bearer {replicate_server.token}"]

    canary.heard.clear()
    replicate_server.add_faults(Fault(on="list", do="answer", fields={"next": None, "results": []}))
    assert ask(replicate_server, lambda provider: provider.recent(datetime.now(UTC))) == []
    assert canary.heard == []
    assert replicate_server.ledger()["calls"]["list"] == 3


def test_no_call_leaves_for_another_host(replicate_server: ReplicateServer, canary: CanaryServer) -> None:
    """The second line: whatever address the package is led to, the transport sends to Replicate's only."""

    def led_astray(client: Client) -> Any:
        return client.predictions.async_list(f"{canary.url}/v1/predictions")

    with pytest.raises(ValueError, match="utf-8"):
        ask_bare(replicate_server, led_astray)
    assert len(canary.heard) == 1

    async def ours(provider: ReplicateProvider) -> None:
        await provider._api._read("a page elsewhere", lambda: led_astray(provider._api._client))

    with pytest.raises(ProviderRefused, match="another host"):
        ask(replicate_server, ours)
    assert len(canary.heard) == 1


def test_the_token_is_not_sent_to_where_an_output_lies(replicate_server: ReplicateServer, canary: CanaryServer) -> None:
    url = f"{canary.url}/out.png"
    ask_bare(replicate_server, lambda client: FileOutput(url, client).aread())
    assert canary.heard[0].headers["authorization"] == f"Bearer {replicate_server.token}"

    final = Snapshot("x", Stage.SUCCEEDED, output=url)
    with pytest.raises(ProviderError, match="nothing was fetched"):
        ask(replicate_server, lambda provider: provider.collect(final))
    assert len(canary.heard) == 1

    made = ask(replicate_server, create_and_get)
    replicate_server.advance(10)
    ask(replicate_server, lambda provider: provider.collect(made))
    ledger = replicate_server.ledger()
    assert (ledger["calls"]["output"], ledger["authorized_downloads"]) == (1, 0)


def test_the_proxy_of_the_environment_is_used(
    replicate_server: ReplicateServer, canary: CanaryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, canary.url)
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    # 127.0.0.2:9 is nobody: only a proxy can answer for it.
    elsewhere = "http://127.0.0.2:9"
    with pytest.raises(httpx.ConnectError):
        ask_bare(replicate_server, lambda client: client.accounts.async_current(), base_url=elsewhere)
    assert canary.heard == []

    with pytest.raises(ProviderError):  # the canary answers with a picture
        ask(replicate_server, lambda provider: provider.account(), base_url=elsewhere)
    assert canary.heard[0].target == f"{elsewhere}/v1/account"


def test_a_server_on_this_machine_is_asked_without_a_proxy(
    replicate_server: ReplicateServer, canary: CanaryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", canary.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with httpx.Client() as client:
        client.get(replicate_server.url)
    assert len(canary.heard) == 1

    assert ask(replicate_server, lambda provider: provider.account())
    assert len(canary.heard) == 1


def test_a_redirect_of_the_api_is_not_followed(replicate_server: ReplicateServer, canary: CanaryServer) -> None:
    moved = Fault(on="create", status=307, headers={"Location": f"{canary.url}/v1/predictions"}, body={})
    replicate_server.add_faults(moved)
    with pytest.raises((ValueError, KeyError, TypeError)):
        ask_bare(replicate_server, bare_create)
    with pytest.raises(ProviderRefused, match="REPLICATE_BASE_URL"):
        ask(replicate_server, create)
    assert canary.heard == []
