"""Models that run at Replicate, through its own package with its defects guarded.

What is known of the API and of the package is facts/replicate.md. The calls are the package's; what
they send and what comes back passes our transport (`replicate_transport`), and the answers are read
from the JSON itself (`replicate_snapshots`). `run()`, `wait()` and FileOutput are never used: they
lose ids, have no deadline, and send the token to wherever an output lies.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from httpx import InvalidURL
from pydantic import JsonValue, SecretStr
from replicate.client import Client

from staging.errors import (
    AnswerLost,
    OutputExpired,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
    Refusal,
)
from staging.providers.base import RoomFile, Snapshot, Submission, UploadedPicture
from staging.providers.downloads import Downloads
from staging.providers.outputs import InlinePicture, pictures_in
from staging.providers.replicate_reasons import Reasons
from staging.providers.replicate_snapshots import moment, snapshot
from staging.providers.replicate_transport import Exchange, GuardedTransport, Limits, current

DEFAULT_BASE_URL = "https://api.replicate.com"
FIRST_PAGE = "/v1/predictions"
FEW = 2
"""So many are asked for one by one: that costs no more than a list, and brings the logs, thus progress."""
CLOCK_SKEW = timedelta(minutes=2)
"""How far Replicate's clock may be from ours."""
READ_ATTEMPTS = 3
"""A poll is several calls; at one passing fault in five, a poll of four would fail more often than not."""
READ_PAUSE_SECONDS = 0.2
READS_AT_ONCE = 10
FILE_LIFETIME = timedelta(hours=24)
READ_LIMITS = Limits(read=15.0, whole=30.0)
CREATE_LIMITS = Limits(read=30.0, whole=60.0)
UPLOAD_LIMITS = Limits(read=60.0, whole=180.0)
LARGEST_FILE_BYTES = 100 * 1024 * 1024
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}

Call = Callable[[], Awaitable[Any]]


class ReplicateProvider:
    """A `staging.providers.base.Provider`; all calls come from one asyncio loop."""

    name = "replicate"
    survives_restart = True

    def __init__(
        self, token: SecretStr, *, base_url: str = DEFAULT_BASE_URL, output_hosts: tuple[str, ...] = ()
    ) -> None:
        # At INFO they log every URL in full, and the URL of a result is a key to it.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        secret = token.get_secret_value().strip()
        self._usable_token = bool(secret) and secret.isascii() and secret.isprintable() and " " not in secret
        self._reasons = Reasons(secret)
        self._transport = GuardedTransport(base_url, self._reasons)
        self._client = Client(secret, base_url=base_url, transport=self._transport)
        self._downloads = Downloads(output_hosts)
        self._reading = asyncio.Semaphore(READS_AT_ONCE)

    async def account(self) -> str:
        """Return the name of the account that the token belongs to: a check of the token."""
        answer = await self._read("the account", self._client.accounts.async_current)
        return str(answer.get("username") or answer.get("name") or "unnamed")

    async def upload(self, room: RoomFile) -> UploadedPicture:
        """Make the room's picture fetchable by the models, for 24 hours."""
        path = Path(room.path)
        size = (await asyncio.to_thread(path.stat)).st_size
        if size > LARGEST_FILE_BYTES:
            raise ProviderRefused(
                f"The room's picture is {size / 2**20:.0f} MB, and Replicate takes 100 MB at most. "
                "Upload a smaller picture of the room.",
                Refusal.INPUT,
            )
        filename = f"{room.digest[:16]}.{_ENDINGS.get(room.media_type, 'bin')}"
        with path.open("rb") as file:
            exchange = Exchange("the upload of a room", UPLOAD_LIMITS)
            answer = await self._call(
                exchange,
                lambda: self._client.files.async_create(file, filename=filename, content_type=room.media_type),
            )
        urls = answer.get("urls")
        url = urls.get("get") if isinstance(urls, dict) else None
        if not isinstance(url, str):
            raise ProviderUnavailable("Replicate took the room's picture and did not say where it is.")
        created_at = moment(answer.get("created_at")) or datetime.now(UTC)
        return UploadedPicture(url, moment(answer.get("expires_at")) or created_at + FILE_LIFETIME)

    async def create(self, submission: Submission) -> Snapshot:
        """Create the prediction and return how it stands; AnswerLost when nobody knows whether it was created."""
        model, version, inputs = submission.model, submission.version, dict(submission.input)
        exchange = Exchange(
            f"the model {model}",
            CREATE_LIMITS,
            bills=True,
            headers={"Cancel-After": _duration(submission.deadline_seconds)},
        )
        predictions = self._client.predictions
        if version is None:
            answer = await self._call(
                exchange, lambda: self._client.models.predictions.async_create(model=model, input=inputs)
            )
        else:
            answer = await self._call(exchange, lambda: predictions.async_create(version=version, input=inputs))
        taken = snapshot(answer, self._reasons)
        if taken is None:
            raise AnswerLost("Whether Replicate took the prediction is not known yet (its answer names none).")
        return taken

    async def snapshots(self, wanted: Mapping[str, datetime]) -> dict[str, Snapshot]:
        """Answer for many: a call for each hundred, and one for each that the lists do not hold.

        One that Replicate no longer knows is absent. Progress is told only where it is asked for one by
        one: lists come without logs.
        """
        missing, found = dict(wanted), dict[str, Snapshot]()
        cursor = FIRST_PAGE
        while cursor and len(missing) > FEW:
            page, cursor = await self._page(cursor)
            for seen in page:
                if missing.pop(seen.provider_id, None) is not None:
                    found[seen.provider_id] = seen
            if missing and _reaches_before(page, min(missing.values()) - CLOCK_SKEW):
                break
        answers = await asyncio.gather(*map(self._get, missing), return_exceptions=True)
        for provider_id, answer in zip(missing, answers, strict=True):
            if isinstance(answer, BaseException):
                # Not to be taken for absent: that would say that Replicate no longer knows it.
                raise answer
            if answer is not None:
                found[provider_id] = answer
        return found

    async def recent(self, since: datetime) -> Collection[Snapshot]:
        """Return all predictions created at or after `since`, newest first, with model, version and input."""
        seen: list[Snapshot] = []
        cursor = FIRST_PAGE
        while cursor:
            page, cursor = await self._page(cursor)
            seen += [one for one in page if one.created_at is None or one.created_at >= since]
            if _reaches_before(page, since):
                break
        return seen

    async def cancel(self, provider_id: str) -> None:
        """Ask Replicate to stop; one that is over stays as it is."""
        await self._read(f"the prediction {provider_id}", lambda: self._client.predictions.async_cancel(provider_id))

    async def collect(self, prediction: Snapshot) -> list[bytes]:
        """Return the pictures' bytes as received, in order; OutputRefused, OutputExpired."""
        if prediction.output is None and not prediction.data_removed:
            # Paid for and empty: a list can lag behind, so the prediction itself is asked once.
            prediction = await self._get(prediction.provider_id) or prediction
        if prediction.data_removed:
            raise OutputExpired(
                "Replicate has already deleted the result; it keeps results for one hour. Run it again."
            )
        return [
            picture.data if isinstance(picture, InlinePicture) else await self._downloads.fetch(picture.url)
            for picture in pictures_in(prediction.output)
        ]

    async def close(self) -> None:
        """Close every connection; predictions go on."""
        await self._downloads.close()
        await self._transport.aclose()

    async def _get(self, provider_id: str) -> Snapshot | None:
        """Return one prediction; None when Replicate does not know it."""
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

    async def _page(self, cursor: str) -> tuple[list[Snapshot], str]:
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

    async def _read(self, about: str, call: Call) -> dict[str, JsonValue]:
        """Make a call that may be repeated; see READ_ATTEMPTS."""
        async with self._reading:
            for _ in range(READ_ATTEMPTS - 1):
                try:
                    return await self._call(Exchange(about, READ_LIMITS), call)
                except ProviderThrottled:
                    raise
                except ProviderUnavailable:
                    await asyncio.sleep(READ_PAUSE_SECONDS)
            return await self._call(Exchange(about, READ_LIMITS), call)

    async def _call(self, exchange: Exchange, call: Call) -> dict[str, JsonValue]:
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
        return exchange.answer if isinstance(exchange.answer, dict) else {}


def _reaches_before(page: list[Snapshot], moment_at: datetime) -> bool:
    """True when the page holds one from before that moment, so that later pages hold nothing newer."""
    return any(seen.created_at is not None and seen.created_at < moment_at for seen in page)


def _duration(seconds: float) -> str:
    """Return a Cancel-After: whole minutes as Replicate's documentation writes them ("15m"), else seconds."""
    whole = math.ceil(seconds)
    return f"{whole}s" if whole % 60 else f"{whole // 60}m"
