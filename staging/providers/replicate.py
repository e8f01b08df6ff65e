"""Models that run at Replicate. What is known of its API and its package is facts/replicate.md."""

import asyncio
import logging
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from staging.errors import OutputExpired, ProviderRefused, ProviderUnavailable, Refusal
from staging.providers.base import RoomFile, Snapshot, Submission, UploadedPicture
from staging.providers.downloads import Downloads
from staging.providers.outputs import InlinePicture, pictures_in
from staging.providers.replicate_api import FIRST_PAGE, ReplicateApi
from staging.providers.replicate_snapshots import moment

DEFAULT_BASE_URL = "https://api.replicate.com"
FEW = 2
"""So many are asked for one by one: that costs no more than a list, and brings the logs, thus progress."""
CLOCK_SKEW = timedelta(minutes=2)
"""How far Replicate's clock may be from ours."""
FILE_LIFETIME = timedelta(hours=24)
LARGEST_FILE_BYTES = 100 * 1024 * 1024
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


class ReplicateProvider:
    """A `staging.providers.base.Provider`; all calls come from one asyncio loop."""

    name = "replicate"
    survives_restart = True

    def __init__(
        self,
        token: SecretStr,
        *,
        base_url: str = DEFAULT_BASE_URL,
        output_hosts: tuple[str, ...] = (),
        webhook: str | None = None,
    ) -> None:
        """`webhook` is the address that Replicate is asked to tell of ends; None: it is only asked."""
        # At INFO they log every URL in full, and the URL of a result is a key to it.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._api = ReplicateApi(token, base_url, webhook)
        self._downloads = Downloads(output_hosts)

    async def account(self) -> str:
        """Return the name of the account that the token belongs to: a check of the token."""
        account = await self._api.account()
        return str(account.get("username") or account.get("name") or "unnamed")

    async def schema(self, model: str) -> tuple[str | None, Mapping[str, Any]]:
        """Return the model's latest version and its OpenAPI document; ProviderUnavailable when it tells none."""
        latest = (await self._api.model(model)).get("latest_version")
        document = latest.get("openapi_schema") if isinstance(latest, dict) else None
        if not isinstance(latest, dict) or not isinstance(document, dict):
            raise ProviderUnavailable(f"Replicate tells no schema of {model} now: try again later.")
        version = latest.get("id")
        return version if isinstance(version, str) else None, document

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
        # Named by its digest: what a person called the file is nobody else's business.
        filename = f"{room.digest[:16]}.{_ENDINGS.get(room.media_type, 'bin')}"
        with path.open("rb") as file:
            kept = await self._api.upload(file, filename, room.media_type)
        urls = kept.get("urls")
        url = urls.get("get") if isinstance(urls, dict) else None
        if not isinstance(url, str):
            raise ProviderUnavailable("Replicate took the room's picture and did not say where it is.")
        created_at = moment(kept.get("created_at")) or datetime.now(UTC)
        return UploadedPicture(url, moment(kept.get("expires_at")) or created_at + FILE_LIFETIME)

    async def create(self, submission: Submission) -> Snapshot:
        """Create the prediction and return how it stands; AnswerLost when nobody knows whether it was created."""
        return await self._api.create(
            submission.model, submission.version, submission.input, submission.deadline_seconds
        )

    async def snapshots(self, wanted: Mapping[str, datetime]) -> dict[str, Snapshot]:
        """Answer for many: a call for each hundred, and one for each that the lists do not hold.

        One that Replicate no longer knows is absent. Progress is told only where it is asked for one by
        one: lists come without logs.
        """
        missing, found = dict(wanted), dict[str, Snapshot]()
        cursor = FIRST_PAGE
        while cursor and len(missing) > FEW:
            page, cursor = await self._api.page(cursor)
            for seen in page:
                if missing.pop(seen.provider_id, None) is not None:
                    found[seen.provider_id] = seen
            if missing and _reaches_before(page, min(missing.values()) - CLOCK_SKEW):
                break
        answers = await asyncio.gather(*map(self._api.get, missing), return_exceptions=True)
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
            page, cursor = await self._api.page(cursor)
            seen += [one for one in page if one.created_at is None or one.created_at >= since]
            if _reaches_before(page, since):
                break
        return seen

    async def cancel(self, provider_id: str) -> None:
        """Ask Replicate to stop; one that is over stays as it is."""
        await self._api.cancel(provider_id)

    async def collect(self, snapshot: Snapshot) -> list[bytes]:
        """Return the pictures' bytes as received, in order; OutputRefused, OutputExpired."""
        if snapshot.output is None and not snapshot.data_removed:
            # Paid for and empty: a list can lag behind, so the prediction itself is asked once.
            snapshot = await self._api.get(snapshot.provider_id) or snapshot
        if snapshot.data_removed:
            text = "Replicate has already deleted the result; it keeps results for one hour. Run it again."
            raise OutputExpired(text)
        return [
            picture.data if isinstance(picture, InlinePicture) else await self._downloads.fetch(picture.url)
            for picture in pictures_in(snapshot.output)
        ]

    async def close(self) -> None:
        """Close every connection; predictions go on."""
        await self._downloads.close()
        await self._api.close()


def _reaches_before(page: list[Snapshot], moment_at: datetime) -> bool:
    """True when the page holds one from before that moment, so that later pages hold nothing newer."""
    return any(seen.created_at is not None and seen.created_at < moment_at for seen in page)
