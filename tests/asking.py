"""Asking the Replicate provider from a test: one loop, one provider, closed at the end."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from pydantic import JsonValue, SecretStr
from replicate.client import Client

from staging.providers.base import Submission
from staging.providers.replicate import ReplicateProvider
from tests.replicate_server import ReplicateServer

Answer = TypeVar("Answer")

MODEL = "qwen/qwen-image-edit"
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
