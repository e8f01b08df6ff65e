"""One question to the provider answers for all predictions that wait.

The provider counts calls (facts/replicate.md: 3,000 a minute), so the pace follows the work: about
one call for each prediction that is expected to end, never faster than `fastest_seconds`, and never
slower than `slowest_seconds`, which bounds how late an end is seen.
"""

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from staging.errors import NotFound, ProviderError, ProviderThrottled
from staging.providers.base import Provider, Snapshot

log = logging.getLogger(__name__)

PAGE = 100
"""Predictions that one call can answer for."""
FIRST_GUESS_SECONDS = 10.0
LONGEST_BACK_OFF_SECONDS = 30.0
MOST_BUGS = 5
MOST_MISSES = 5
GONE_AFTER = timedelta(seconds=60)
"""A provider that does not know a prediction five times running, a minute after its create, has lost it."""

OnSnapshot = Callable[[Snapshot], None]


@dataclass(slots=True)
class _Waiter:
    created_at: datetime
    on_snapshot: OnSnapshot
    end: asyncio.Future[Snapshot]
    misses: int = 0


class Poller:
    """Watches the predictions of one provider, within the engine's loop."""

    def __init__(self, provider: Provider, *, fastest_seconds: float, slowest_seconds: float) -> None:
        self._provider = provider
        self._fastest = fastest_seconds
        self._slowest = slowest_seconds
        self._waiters: dict[str, _Waiter] = {}
        self._durations: deque[float] = deque(maxlen=50)
        self._task: asyncio.Task[None] | None = None
        self._sooner = asyncio.Event()

    async def until_final(self, provider_id: str, created_at: datetime, on_snapshot: OnSnapshot) -> Snapshot:
        """Return the snapshot that says how it ended; NotFound when the provider lost it.

        `on_snapshot` hears of every step before. Passing faults are waited out without end: the
        caller bounds the time.
        """
        waiter = _Waiter(created_at, on_snapshot, asyncio.get_running_loop().create_future())
        self._waiters[provider_id] = waiter
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        try:
            return await waiter.end
        finally:
            self._waiters.pop(provider_id, None)

    def look_sooner(self, provider_id: str) -> None:
        """Ask at once, when somebody waits for this prediction: the provider is said to have news of it."""
        if provider_id in self._waiters:
            self._sooner.set()

    async def close(self) -> None:
        """Return when nothing is asked any more; those who still wait are to be told by whoever started them."""
        self._waiters.clear()  # `wait_for` of Python 3.11 may miss the cancel: then the watch ends for want of work
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def interval_seconds(self) -> float:
        """Return how long to wait before the next question."""
        count = max(1, len(self._waiters))
        typical = sum(self._durations) / len(self._durations) if self._durations else FIRST_GUESS_SECONDS
        ends_per_second = count / max(typical, 0.1)
        # A person who waits for a few is worth two calls a second; a crowd pays for itself.
        patience = min(2.0, 40 / count)
        calls_per_second = max(ends_per_second, patience)
        return min(self._slowest, max(self._fastest, math.ceil(count / PAGE) / calls_per_second))

    async def _watch(self) -> None:
        faults = 0
        while self._waiters:
            back_off = min(LONGEST_BACK_OFF_SECONDS, 0.5 * 2 ** min(faults, 10)) if faults else 0.0
            await asyncio.sleep(back_off)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._sooner.wait(), max(0.0, self.interval_seconds() - back_off))
            self._sooner.clear()
            wanted = {provider_id: waiter.created_at for provider_id, waiter in self._waiters.items()}
            try:
                answers = await self._provider.snapshots(wanted)
            except ProviderThrottled as error:
                await asyncio.sleep(error.retry_after_seconds)
            except ProviderError as error:
                faults += 1
                log.warning("%s cannot be asked about %d predictions: %s", self._provider.name, len(wanted), error)
            except Exception as error:
                # A bug of ours must not end all that are running and billed at its first appearance.
                faults += 1
                log.exception("asking %s failed", self._provider.name)
                for provider_id in wanted if faults >= MOST_BUGS else ():
                    self._give_up(provider_id, error)
            else:
                faults = 0
                for provider_id in wanted:
                    self._hear(provider_id, answers.get(provider_id))

    def _hear(self, provider_id: str, snapshot: Snapshot | None) -> None:
        waiter = self._waiters.get(provider_id)
        if waiter is None or waiter.end.done():
            return
        if snapshot is None:
            waiter.misses += 1
            if waiter.misses >= MOST_MISSES and datetime.now(UTC) > waiter.created_at + GONE_AFTER:
                self._give_up(provider_id, NotFound(f"{self._provider.name} no longer knows the prediction."))
            return
        waiter.misses = 0
        waiter.on_snapshot(snapshot)
        if snapshot.stage.final:
            self._durations.append((datetime.now(UTC) - waiter.created_at).total_seconds())
            waiter.end.set_result(snapshot)

    def _give_up(self, provider_id: str, error: Exception) -> None:
        waiter = self._waiters.get(provider_id)
        if waiter is not None and not waiter.end.done():
            waiter.end.set_exception(error)
