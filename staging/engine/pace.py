"""How fast and how much: the create bucket and the places of a provider."""

import asyncio
import time
from collections import defaultdict


class TokenBucket:
    """Lets creates through at a steady pace after a first burst, and obeys the provider's "wait"."""

    def __init__(self, per_minute: float, burst: int) -> None:
        self._per_second = per_minute / 60
        self._burst = float(burst)
        self._tokens = float(burst)
        self._filled_at = time.monotonic()
        self._closed_until = 0.0
        self._turn = asyncio.Lock()

    async def take(self) -> None:
        """Return when one create may be sent; waiters are served in order."""
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

    def of_model(self, model: str) -> asyncio.Semaphore:
        """One of the model's places, first: so that a busy model holds no other one up. In order."""
        return self._of_model[model]

    def in_all(self) -> asyncio.Semaphore:
        """One of all places, second. In order."""
        return self._total
