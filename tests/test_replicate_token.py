"""The token appears nowhere: in no message, no log and no representation, whatever goes wrong.

As in test_replicate_guards.py, the package alone is the control.
"""

import asyncio
import logging

import httpx
import pytest
from pydantic import SecretStr
from replicate.exceptions import ReplicateError

from staging.errors import ProviderError, ProviderRefused, Refusal
from staging.providers.replicate import ReplicateProvider
from tests.asking import ask, ask_bare, bare_create, create, create_and_get
from tests.replicate_server import ReplicateServer
from tests.replicate_server_options import Fault


def test_the_token_is_in_no_message_even_when_the_server_says_it(
    replicate_server: ReplicateServer, canary_token: str
) -> None:
    replicate_server.reset(token=canary_token)
    echo = {"detail": f"token {canary_token} is not good", "title": "Nope"}
    replicate_server.add_faults(Fault(on="create", status=418, body=echo))
    with pytest.raises(ReplicateError) as bare:
        ask_bare(replicate_server, bare_create, api_token=canary_token)
    assert canary_token in str(bare.value)

    with pytest.raises(ProviderRefused) as ours:
        ask(replicate_server, create, token=canary_token)
    assert canary_token not in _everything_said(ours.value)


@pytest.mark.parametrize("spoil", ["{}\x00{}", "{} {}", "{}\n{}", "{}é{}"])
def test_a_token_that_no_header_can_hold_is_refused_without_being_shown(
    spoil: str, replicate_server: ReplicateServer, canary_token: str
) -> None:
    half = len(canary_token) // 2
    spoiled = spoil.format(canary_token[:half], canary_token[half:])
    if "\x00" in spoil or "\n" in spoil:
        with pytest.raises(httpx.LocalProtocolError) as bare:
            ask_bare(replicate_server, bare_create, api_token=spoiled)
        assert canary_token[:half] in str(bare.value)

    with pytest.raises(ProviderRefused, match="REPLICATE_API_TOKEN") as ours:
        ask(replicate_server, create, token=spoiled)
    assert ours.value.kind is Refusal.TOKEN
    assert canary_token[:half] not in _everything_said(ours.value)
    assert replicate_server.ledger()["calls"] == {}


def test_a_token_with_a_line_break_at_its_end_is_good(replicate_server: ReplicateServer) -> None:
    assert ask(replicate_server, lambda provider: provider.account(), token=replicate_server.token + "\n")


def test_neither_token_nor_address_is_logged(
    replicate_server: ReplicateServer, canary_token: str, caplog: pytest.LogCaptureFixture
) -> None:
    replicate_server.reset(token=canary_token)
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    ask_bare(replicate_server, bare_create, api_token=canary_token)
    assert replicate_server.url in caplog.text

    caplog.clear()
    ask(replicate_server, create_and_get, token=canary_token)
    for fault in (Fault(on="create", do="reset", times=1), Fault(on="create", status=401, times=1)):
        replicate_server.add_faults(fault)
        with pytest.raises(ProviderError):
            ask(replicate_server, create, token=canary_token)
    assert canary_token not in caplog.text
    assert replicate_server.url not in caplog.text


def test_the_provider_shows_no_token(canary_token: str) -> None:
    async def shown() -> str:
        provider = ReplicateProvider(SecretStr(canary_token), base_url="http://127.0.0.1:9")
        try:
            parts = (provider, provider._api, provider._api._reasons, provider._api._transport, provider._api._client)
            return " ".join(f"{part} {part!r}" for part in parts)
        finally:
            await provider.close()

    assert canary_token not in asyncio.run(shown())


def _everything_said(error: BaseException | None) -> str:
    """Return the message and the representation of an error and of all that led to it."""
    said = ""
    while error is not None:
        said += f"{error} {error!r} {error.args!r} "
        error = error.__cause__ or error.__context__
    return said
