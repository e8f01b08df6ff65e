"""Asking the Replicate provider from a test: one loop, one provider, closed at the end."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from pydantic import JsonValue, SecretStr
from replicate.client import Client

from staging.errors import ProviderError
from staging.providers.base import Snapshot, Submission
from staging.providers.replicate import ReplicateProvider
from tests.replicate_server import ReplicateServer

Answer = TypeVar("Answer")

MODEL = "qwen/qwen-image-edit"
ADIRIK = "adirik/interior-design"
ADIRIK_VERSION = "76604baddc85b1b4616e1c6475eca080da339c8875bd4996705440484a6eac38"
INPUT: Mapping[str, JsonValue] = {"prompt": "Add a sofa.", "image": "https://example.com/room.png"}


def submission(model: str = MODEL, version: str | None = None, **changes: Any) -> Submission:
    """Return a create that the server takes; `changes` are laid over its input."""
    return Submission("ours", model, version, {**INPUT, **changes}, deadline_seconds=60)


def ask(
    server: ReplicateServer,
    deed: Callable[[ReplicateProvider], Awaitable[Answer]],
    *,
    token: str | None = None,
    base_url: str | None = None,
) -> Answer:
    """Return what the provider answers."""

    async def all_of_it() -> Answer:
        secret = SecretStr(server.token if token is None else token)
        provider = ReplicateProvider(secret, base_url=base_url or server.url, output_hosts=(server.host,))
        try:
            return await deed(provider)
        finally:
            await provider.close()

    return asyncio.run(all_of_it())


def ask_bare(
    server: ReplicateServer,
    deed: Callable[[Client], Awaitable[Answer]],
    *,
    give_up_seconds: float = 10.0,
    **options: Any,
) -> Answer:
    """Return what the replicate package answers without our guards: the control of a guard's test.

    TimeoutError when it has not answered within `give_up_seconds`.
    """

    async def all_of_it() -> Answer:
        client = Client(**{"api_token": server.token, "base_url": server.url, **options})
        try:
            return await asyncio.wait_for(deed(client), give_up_seconds)
        finally:
            await client._async_client.aclose()

    return asyncio.run(all_of_it())


async def until_final(provider: ReplicateProvider, prediction: Snapshot) -> Snapshot:
    """Return the prediction's final snapshot."""
    until = time.monotonic() + 60
    while not prediction.stage.final and time.monotonic() < until:
        await asyncio.sleep(0.02)
        seen = await provider.snapshots({prediction.provider_id: datetime.now(UTC)})
        prediction = seen[prediction.provider_id]
    return prediction


async def finished(provider: ReplicateProvider, **changes: Any) -> Snapshot:
    """Create a prediction and return how it ended."""
    return await until_final(provider, await provider.create(submission(**changes)))


def refusal(server: ReplicateServer, deed: Callable[[ReplicateProvider], Awaitable[object]]) -> ProviderError:
    """Return the error that the deed ends with."""
    with pytest.raises(ProviderError) as raised:
        ask(server, deed)
    return raised.value


async def bare_create(client: Client) -> Any:
    """Create a prediction with the package alone."""
    return await client.models.predictions.async_create(MODEL, input=dict(INPUT))


async def create(provider: ReplicateProvider) -> Snapshot:
    """Create a prediction."""
    return await provider.create(submission())


async def create_and_get(provider: ReplicateProvider) -> Snapshot:
    """Create a prediction and ask about it once."""
    made = await provider.create(submission())
    return (await provider.snapshots({made.provider_id: datetime.now(UTC)}))[made.provider_id]
