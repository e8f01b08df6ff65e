"""How fast and how much: the create bucket and the places of a provider."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager


class TokenBucket:
    """Lets creates through at a steady pace after a first burst, and obeys the provider's "wait"."""

    def __init__(self, per_minute: float, burst: int) -> None:
        self._per_second = per_minute / 60
        self._burst = float(burst)
        self._tokens = float(burst)
        self._filled_at = time.monotonic()
        self._closed_until = 0.0
        self._turn = asyncio.Lock()

    async def take(self, told: asyncio.Event) -> bool:
        """Return True when one create may be sent, False as soon as a person wants it stopped.

        Waiters are served in order.
        """
        taking, stopping = asyncio.create_task(self._take()), asyncio.create_task(told.wait())
        try:
            await asyncio.wait({taking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return taking.done()
        finally:
            taking.cancel()
            stopping.cancel()

    async def _take(self) -> None:
        async with self._turn:
            while (wait := self._wait_seconds()) > 0:
                await asyncio.sleep(wait)
            self._tokens -= 1

    def pause(self, seconds: float) -> None:
        """Let nothing through for so long: the provider said so."""
        self._closed_until = max(self._closed_until, time.monotonic() + seconds)

    def _wait_seconds(self) -> float:
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._per_second)
        self._filled_at = now
        short = max(0.0, 1 - self._tokens) / self._per_second
        return max(short, self._closed_until - now)


class Places:
    """How many predictions may be with a provider at once, in all and of one model."""

    def __init__(self, total: int, per_model: int) -> None:
        self._total = asyncio.Semaphore(total)
        self._of_model: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(per_model))

    def of_model(self, model: str, told: asyncio.Event) -> AbstractAsyncContextManager[None]:
        """Hold one of the model's places, taken first: so that a busy model holds no other one up."""
        return _holding(self._of_model[model], told)

    def in_all(self, told: asyncio.Event) -> AbstractAsyncContextManager[None]:
        """Hold one of all places, taken second."""
        return _holding(self._total, told)


@asynccontextmanager
async def _holding(places: asyncio.Semaphore, told: asyncio.Event) -> AsyncIterator[None]:
    """Hold a place, in order of asking; or go on without one as soon as a person wants it stopped."""
    taking, stopping = asyncio.create_task(places.acquire()), asyncio.create_task(told.wait())
    try:
        await asyncio.wait({taking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        taken = taking.done()
    finally:
        stopping.cancel()
        if not taking.done():
            taking.cancel()
    try:
        yield
    finally:
        if taken:
            places.release()
