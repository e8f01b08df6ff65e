"""Results are fetched from the provider's hosts only, whole or not at all, and never with our key."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from staging.errors import OutputExpired, OutputRefused, ProviderUnavailable
from staging.providers.downloads import DownloadLimits, Downloads
from tests.canary_server import PICTURE, CanaryServer
from tests.replicate_server import ReplicateServer
from tests.replicate_server_options import Fault

QUICK = DownloadLimits(largest_bytes=2 * 2**20, seconds=20, silence_seconds=5, pause_seconds=0.01)
IMPATIENT = replace(QUICK, silence_seconds=0.6)


def fetch(url: str, *hosts: str, limits: DownloadLimits = QUICK) -> bytes:
    async def all_of_it() -> bytes:
        downloads = Downloads(hosts, limits)
        try:
            return await downloads.fetch(url)
        finally:
            await downloads.close()

    return asyncio.run(all_of_it())


@pytest.fixture
def canary() -> Iterator[CanaryServer]:
    with CanaryServer() as server:
        yield server


@pytest.fixture
def result(replicate_server: ReplicateServer) -> str:
    """The URL of a finished result on the test server."""
    replicate_server.reset(seconds=0, queue_seconds=0)
    headers = {"Authorization": f"Bearer {replicate_server.token}"}
    asked = {"input": {"prompt": "x", "image": "y"}}
    with httpx.Client(base_url=replicate_server.url, headers=headers) as client:
        made = client.post("/v1/models/qwen/qwen-image-edit/predictions", json=asked).json()
        url: str = client.get(f"/v1/predictions/{made['id']}").json()["output"][0]
    return url


def test_a_picture_arrives_bit_for_bit_and_without_authorization(canary: CanaryServer) -> None:
    assert fetch(f"{canary.url}/out.png", f"127.0.0.1:{canary.port}") == PICTURE
    (heard,) = canary.heard
    assert "authorization" not in heard.headers
    assert heard.headers["accept-encoding"] == "identity"


# Each would reach the canary if it were asked for: 2130706433, 0x7f000001, 127.1 and localhost are 127.0.0.1.
TRICKS = [
    "http://127.0.0.1:{port}/out.png",
    "https://127.0.0.1:{port}/out.png",
    "http://localhost:{port}/out.png",
    "http://2130706433:{port}/out.png",
    "http://0x7f000001:{port}/out.png",
    "http://0177.0.0.1:{port}/out.png",
    "http://127.1:{port}/out.png",
    "http://0:{port}/out.png",
    "http://[::1]:{port}/out.png",
    "http://[::ffff:127.0.0.1]:{port}/out.png",
    "https://replicate.delivery@127.0.0.1:{port}/out.png",
    "https://replicate.delivery:x@127.0.0.1:{port}/out.png",
    "https://127.0.0.1:{port}#@replicate.delivery/out.png",
    "https://127.0.0.1:{port}?@replicate.delivery/out.png",
    "https://127.0.0.1:{port}\\@replicate.delivery/out.png",
    "https://replicate.delivery\\@127.0.0.1:{port}/out.png",
    "https://user@replicate.delivery/out.png",
    "https://replicate.delivery.127.0.0.1.nip.io:{port}/out.png",
    "https://notreplicate.delivery/out.png",
    "https://replicate.delivery.example.com/out.png",
    "https://replicate.delivery%2eexample.com/out.png",
    "https://example.com%00.replicate.delivery/out.png",
    "https://.replicate.delivery/out.png",
    "https://replicate.delivery./out.png",
    "https://ReplicatE.delivery.:{port}/out.png",
    "https://replicate.delivery:{port}/out.png",
    "https://replicate\u3002delivery/out.png",
    "https://\uff52eplicate.delivery/out.png",
    "https://replic\u0430te.delivery/out.png",
    "http://replicate.delivery/out.png",
    "http://pbxt.replicate.delivery:{port}/out.png",
    "http://169.254.169.254/latest/meta-data/",
    "//127.0.0.1:{port}/out.png",
    "https:127.0.0.1:{port}/out.png",
    "https:///out.png",
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "ftp://replicate.delivery/out.png",
    "gopher://127.0.0.1:{port}/out.png",
    "data:image/png;base64,AAAA",
    "javascript:alert(1)",
    "https://replicate.delivery/out.png\r\nHost: 127.0.0.1:{port}",
    "https://replicate.delivery/ out.png",
    " https://replicate.delivery/out.png",
    "https://replicate.delivery:99999999/out.png",
    "https://xn--.replicate.delivery/out.png",
    "",
]


@pytest.mark.parametrize("trick", TRICKS)
def test_an_address_that_leads_elsewhere_is_not_asked(
    trick: str, canary: CanaryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[httpx.Request] = []

    async def never(_self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        sent.append(request)
        raise httpx.ConnectError("not in this test")

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", never)
    with pytest.raises(OutputRefused) as refused:
        fetch(trick.replace("{port}", str(canary.port)))
    assert sent == []
    assert canary.heard == []
    assert str(canary.port) not in str(refused.value).replace(":", " ").split()


def test_the_canary_hears_a_client_without_the_guard(canary: CanaryServer) -> None:
    for trick in TRICKS[:1] + TRICKS[2:4]:
        with httpx.Client() as bare:
            bare.get(trick.replace("{port}", str(canary.port)))
    assert len(canary.heard) == 3


@pytest.mark.parametrize(
    "url",
    [
        "https://replicate.delivery/xezq/abc/out-0.webp",
        "https://pbxt.replicate.delivery/abc/out-0.png",
        "https://a-b.c.replicate.delivery:443/x?y=z",
        "HTTPS://Replicate.Delivery/x",
    ],
)
def test_replicates_own_hosts_are_allowed(url: str) -> None:
    assert Downloads(()).allowed(url).scheme == "https"


def test_a_named_host_is_allowed_with_its_port_only(canary: CanaryServer) -> None:
    for hosts in ([], ["127.0.0.1"], [f"127.0.0.1:{canary.port + 1}"], ["localhost"]):
        with pytest.raises(OutputRefused, match=r"nothing was fetched"):
            fetch(canary.url, *hosts)
    assert canary.heard == []


def test_a_named_host_may_serve_https_on_its_usual_port() -> None:
    assert Downloads(("Files.example.com",)).allowed("https://files.example.com/x").host == "files.example.com"


def test_a_redirect_is_not_followed(result: str, replicate_server: ReplicateServer, canary: CanaryServer) -> None:
    replicate_server.add_faults(Fault(on="output", do="redirect", location=f"{canary.url}/out.png"))
    with pytest.raises(OutputRefused, match="leads on to another"):
        fetch(result, replicate_server.host, f"127.0.0.1:{canary.port}")
    assert canary.heard == []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(on="output", do="html"), "not an image but text/html"),
        (Fault(on="output", do="huge", size_bytes=64 * 2**20), "larger than 2 MB"),
        (Fault(on="output", do="refuse", status=403), "status 403"),
    ],
)
def test_what_is_no_picture_of_ours_is_refused_at_once(
    fault: Fault, reason: str, result: str, replicate_server: ReplicateServer
) -> None:
    replicate_server.add_faults(fault)
    with pytest.raises(OutputRefused, match=reason):
        fetch(result, replicate_server.host)
    assert replicate_server.ledger()["calls"]["output"] == 1


def test_an_empty_result_is_refused() -> None:
    with CanaryServer(b"") as server, pytest.raises(OutputRefused, match="empty"):
        fetch(server.url, f"127.0.0.1:{server.port}")


@pytest.mark.parametrize("do", ["reset", "truncated", "refuse", "silent"])
def test_a_passing_fault_does_not_lose_a_paid_picture(do: str, result: str, replicate_server: ReplicateServer) -> None:
    whole = fetch(result, replicate_server.host)
    replicate_server.add_faults(Fault(on="output", do=do, seconds=2, times=2))
    assert fetch(result, replicate_server.host, limits=IMPATIENT if do == "silent" else QUICK) == whole


@pytest.mark.parametrize("do", ["reset", "truncated", "refuse", "silent"])
def test_a_fault_that_stays_is_passed_on_as_a_passing_one(
    do: str, result: str, replicate_server: ReplicateServer
) -> None:
    replicate_server.add_faults(Fault(on="output", do=do, seconds=2))
    with pytest.raises(ProviderUnavailable, match="cannot be fetched right now"):
        fetch(result, replicate_server.host, limits=IMPATIENT if do == "silent" else QUICK)
    assert replicate_server.ledger()["calls"]["output"] == 3


def test_a_dripping_host_does_not_hold_us_for_ever(result: str, replicate_server: ReplicateServer) -> None:
    replicate_server.add_faults(Fault(on="output", do="drip", seconds=0.1))
    with pytest.raises(ProviderUnavailable, match="did not arrive within 1 seconds"):
        fetch(result, replicate_server.host, limits=DownloadLimits(seconds=1))


@pytest.mark.parametrize("status", [404, 410])
def test_a_result_that_is_gone_has_expired(status: int, result: str, replicate_server: ReplicateServer) -> None:
    replicate_server.add_faults(Fault(on="output", do="refuse", status=status))
    with pytest.raises(OutputExpired, match="already deleted"):
        fetch(result, replicate_server.host)


def test_a_result_that_is_a_moment_late_at_its_host_is_fetched(result: str, replicate_server: ReplicateServer) -> None:
    replicate_server.add_faults(Fault(on="output", do="refuse", status=404, times=1))
    assert fetch(result, replicate_server.host)


def test_no_cookie_is_sent_back(canary: CanaryServer) -> None:
    async def twice() -> None:
        downloads = Downloads((f"127.0.0.1:{canary.port}",), QUICK)
        await downloads.fetch(canary.url)
        await downloads.fetch(canary.url)
        await downloads.close()

    asyncio.run(twice())
    assert ["cookie" in heard.headers for heard in canary.heard] == [False, False]


def test_a_host_on_this_machine_is_asked_without_a_proxy(canary: CanaryServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    with CanaryServer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        with httpx.Client() as bare:
            bare.get(canary.url)
        assert len(proxy.heard) == 1
        assert fetch(canary.url, f"127.0.0.1:{canary.port}") == PICTURE
        assert len(proxy.heard) == 1
