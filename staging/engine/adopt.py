"""After a lost answer: was the prediction created? Then it is ours, and is not bought again.

There is no idempotency key (facts/replicate.md §2), so doubt is settled by looking: a prediction of
the provider with the same model and the same input that none of ours owns is as good as the one we
asked for. Only when a look that began after the settle time finds none was it not created.
"""

import asyncio
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from staging.predictions import Prediction
from staging.providers.base import Provider, Snapshot
from staging.registry import ModelRegistry

CLOCK_SKEW = timedelta(minutes=2)
"""How far the provider's clock may be from ours."""


def same_request(
    snapshot: Snapshot, prediction: Prediction, sent: Mapping[str, JsonValue], registry: ModelRegistry
) -> bool:
    """True when the provider's prediction is what we asked for: the model and the whole input.

    A name that no model of ours has is taken for an alias: a recorded create on one official model
    answered with another's name. The input holds the URL of our own upload, so nobody else's is equal.
    """
    if prediction.version is not None:
        same_model = snapshot.version == prediction.version
    else:
        same_model = snapshot.model == prediction.model or not registry.exists(snapshot.model)
    # By value, not by text: 15.0 may come back as 15.
    return same_model and not snapshot.data_removed and dict(snapshot.input) == dict(sent)


class Lookout:
    """One look at the provider's recent predictions serves all who asked before it began."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._lock = asyncio.Lock()
        self._asking: list[datetime] = []
        self._began_at = datetime.min.replace(tzinfo=UTC)
        self._since = datetime.max.replace(tzinfo=UTC)
        self._seen: Collection[Snapshot] = ()

    async def look(self, since: datetime) -> Collection[Snapshot]:
        """Return the predictions created since then, seen not earlier than this call; ProviderError."""
        asked_at = datetime.now(UTC)
        since -= CLOCK_SKEW
        self._asking.append(since)
        try:
            async with self._lock:
                if self._began_at < asked_at or since < self._since:
                    began_at, earliest = datetime.now(UTC), min(self._asking)
                    self._seen = await self._provider.recent(earliest)
                    self._began_at, self._since = began_at, earliest
                return self._seen
        finally:
            self._asking.remove(since)
