"""The calls to Replicate, made by its own package, and their answers as JSON.

The calls are the package's; what they send and what comes back passes our transport
(`replicate_transport`), and the answers are read from the JSON itself, because the package's own
models drop fields that matter and fail on others. `run()`, `wait()` and FileOutput are never used:
they lose ids, have no deadline, and send the token to wherever an output lies (facts/replicate.md §4).
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from httpx import InvalidURL
from pydantic import JsonValue, SecretStr
from replicate.client import Client

from staging.errors import AnswerLost, ProviderRefused, ProviderThrottled, ProviderUnavailable, Refusal
from staging.providers.base import Snapshot
from staging.providers.replicate_reasons import Reasons
from staging.providers.replicate_snapshots import snapshot
from staging.providers.replicate_transport import Exchange, GuardedTransport, Limits, current

FIRST_PAGE = "/v1/predictions"
READ_ATTEMPTS = 3
"""A poll is several calls; at one passing fault in five, a poll of four would fail more often than not."""
READ_PAUSE_SECONDS = 0.2
READ_LIMITS = Limits(read=15.0, whole=30.0)
CREATE_LIMITS = Limits(read=30.0, whole=60.0)
UPLOAD_LIMITS = Limits(read=60.0, whole=180.0)

Call = Callable[[], Awaitable[Any]]
Answer = dict[str, JsonValue]


class ReplicateApi:
    """One account's API. Every method raises staging errors only; all calls come from one asyncio loop."""

    def __init__(self, token: SecretStr, base_url: str, webhook: str | None = None) -> None:
        secret = token.get_secret_value().strip()
        self._usable_token = bool(secret) and secret.isascii() and secret.isprintable() and " " not in secret
        self._reasons = Reasons(secret)
        self._transport = GuardedTransport(base_url, self._reasons)
        self._client = Client(secret, base_url=base_url, transport=self._transport)
        self._told: dict[str, Any] = {"webhook": webhook, "webhook_events_filter": ["completed"]} if webhook else {}

    async def account(self) -> Answer:
        """Return the account that the token belongs to."""
        return await self._read("the account", self._client.accounts.async_current)

    async def model(self, model: str) -> Answer:
        """Return what Replicate says of a model, its latest version's schema too."""
        return await self._read(f"the model {model}", lambda: self._client.models.async_get(model))

    async def upload(self, file: BinaryIO, filename: str, media_type: str) -> Answer:
        """Keep a file at Replicate; a lost answer costs nothing, so the upload may be made again."""
        return await self._call(
            Exchange("the upload of a room", UPLOAD_LIMITS),
            lambda: self._client.files.async_create(file, filename=filename, content_type=media_type),
        )

    async def create(
        self, model: str, version: str | None, inputs: Mapping[str, JsonValue], deadline_seconds: float
    ) -> Snapshot:
        """Create a prediction, sent once; AnswerLost when nobody knows whether it was taken."""
        headers = {"Cancel-After": _duration(deadline_seconds)}
        exchange = Exchange(f"the model {model}", CREATE_LIMITS, bills=True, headers=headers)
        sent = dict(inputs)

        def call() -> Awaitable[Any]:
            if version is None:
                return self._client.models.predictions.async_create(model=model, input=sent, **self._told)
            return self._client.predictions.async_create(version=version, input=sent, **self._told)

        taken = snapshot(await self._call(exchange, call), self._reasons)
        if taken is None:
            raise AnswerLost("Whether Replicate took the prediction is not known yet (its answer names none).")
        return taken

    async def get(self, provider_id: str) -> Snapshot | None:
        """Return one prediction, with its progress; None when Replicate does not know it."""
        about = f"the prediction {provider_id}"
        try:
            answer = await self._read(about, lambda: self._client.predictions.async_get(provider_id))
        except ProviderRefused as error:
            if error.kind is Refusal.NOT_FOUND:
                return None
            raise
        if (seen := snapshot(answer, self._reasons)) is None:
            raise ProviderUnavailable("Replicate is not available right now (its answer names no prediction).")
        return seen

    async def page(self, cursor: str = FIRST_PAGE) -> tuple[list[Snapshot], str]:
        """Return a page of the account's predictions, newest first, and the next page's cursor or ""."""
        answer = await self._read("the list of predictions", lambda: self._client.predictions.async_list(cursor))
        results = answer.get("results")
        if not isinstance(results, list):
            raise ProviderUnavailable("Replicate is not available right now (its list holds no results).")
        page = [seen for one in results if (seen := snapshot(one, self._reasons)) is not None]
        following = answer.get("next")
        # Only the query of the next page's address: its host is not to get the token.
        query = urlsplit(following).query if isinstance(following, str) else ""
        return page, f"{FIRST_PAGE}?{query}" if query else ""

    async def cancel(self, provider_id: str) -> None:
        """Ask Replicate to stop a prediction; one that is over stays as it is."""
        await self._read(f"the prediction {provider_id}", lambda: self._client.predictions.async_cancel(provider_id))

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def _read(self, about: str, call: Call) -> Answer:
        """Make a call that may be repeated; see READ_ATTEMPTS."""
        for _ in range(READ_ATTEMPTS - 1):
            try:
                return await self._call(Exchange(about, READ_LIMITS), call)
            except ProviderThrottled:
                raise
            except ProviderUnavailable:
                await asyncio.sleep(READ_PAUSE_SECONDS)
        return await self._call(Exchange(about, READ_LIMITS), call)

    async def _call(self, exchange: Exchange, call: Call) -> Answer:
        """Let the package make the call, and return the JSON of the answer whatever the package makes of it."""
        if not self._usable_token:
            raise ProviderRefused(
                "REPLICATE_API_TOKEN is empty or holds characters that no token has. Copy it again and start again.",
                Refusal.TOKEN,
            )
        context = current.set(exchange)
        try:
            await call()
        except (AttributeError, KeyError, TypeError, ValueError, InvalidURL) as error:
            # After an answer: the package's models refuse "aborted", a missing model, a list. We read it ourselves.
            if not exchange.answered:
                text = f"The call for {exchange.about} could not be made: its input cannot be written as JSON"
                raise ProviderRefused(f"{text} ({type(error).__name__}).", Refusal.INPUT) from None
        finally:
            current.reset(context)
        return exchange.answer


def _duration(seconds: float) -> str:
    """Return a Cancel-After: whole minutes as Replicate's documentation writes them ("15m"), else seconds."""
    whole = math.ceil(seconds)
    return f"{whole}s" if whole % 60 else f"{whole // 60}m"
