"""Keys of the HTTP API: shown once, kept as a digest, with a role and an end, revoked at once, and paced.

A key is `stg_<id>_<secret>`: the id finds its row, the secret is 256 random bits, so one SHA-256 over
the whole is enough (nothing can be guessed that a slow hash would have to slow down).
"""

import hashlib
import hmac
import math
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from staging.access import Actor, Permission, Role, allow
from staging.errors import KeyRefused, TooManyRequests
from staging.origins import Author
from staging.store import ApiKey, Store

MOST_DAYS = 366
LONGEST_NAME = 60
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9 ._-]{{0,{LONGEST_NAME - 1}}}", re.ASCII)
_TOKEN = re.compile(r"stg_(?P<id>[a-z0-9]{12})_[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True, repr=False)
class MadeKey:
    """A new key, for whoever made it to copy: `token` is nowhere else."""

    key: ApiKey
    token: str


class Pace:
    """A token bucket for each key: `rate` requests a second, `burst` at once. Callable from any thread."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._lock = threading.Lock()  # two threads of one key would both take its last place
        self._filled: dict[str, tuple[float, float]] = {}
        """By key: how many places are free, and when that was reckoned."""

    def take(self, key: str) -> None:
        """Take a place; TooManyRequests says when there is one again."""
        with self._lock:
            now = self._clock()
            free, at = self._filled.get(key, (float(self._burst), now))
            free = min(float(self._burst), free + (now - at) * self._rate)
            if free < 1.0:
                self._filled[key] = (free, now)
                raise TooManyRequests(self._rate, math.ceil((1.0 - free) / self._rate))
            self._filled[key] = (free - 1.0, now)


class Keys:
    """Makes, knows and revokes keys. Callable from any thread."""

    def __init__(self, store: Store, pace: Pace, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._ledger = store.keys
        self._pace = pace
        self._now = now

    def make(self, actor: Actor, name: str, role: Role, days: int) -> MadeKey:
        """Return a new key that ends after so many days.

        NotAllowed unless the actor manages keys; KeyRefused for a name that is not one or was given
        before, or for days outside 1 to MOST_DAYS.
        """
        allow(actor, Permission.MANAGE_KEYS)
        name = " ".join(name.split())
        if not _NAME.fullmatch(name):
            raise KeyRefused(
                f"A key's name has 1 to {LONGEST_NAME} letters, digits, spaces, points, - and _, "
                "such as staging-service. No key was made."
            )
        if not 1 <= days <= MOST_DAYS:
            raise KeyRefused(f"A key ends after 1 to {MOST_DAYS} days. No key was made.")
        at, key_id = self._now(), secrets.token_hex(6)
        token = f"stg_{key_id}_{secrets.token_urlsafe(32)}"
        by = Author(actor.name, actor.origin)
        ends = at + timedelta(days=days)
        key = ApiKey(key_id, name, _digest(token), role, actor.name, at, ends, None, None, None)
        self._ledger.add(key, by)
        return MadeKey(key, token)

    def revoke(self, actor: Actor, key_id: str) -> None:
        """Nobody gets in with the key from now on; errors as of `make`, and NotFound."""
        allow(actor, Permission.MANAGE_KEYS)
        self._ledger.revoke(key_id, Author(actor.name, actor.origin), self._now())

    def list(self) -> list[ApiKey]:
        """Return every key that was ever made, the newest first."""
        return self._ledger.list()

    def holder(self, token: str) -> Actor | None:
        """Return who acts with the key; None when it is no key, revoked or over.

        TooManyRequests when the key has asked too often. The ledger is asked each time, so that a
        revocation acts on the next request.
        """
        found = _TOKEN.fullmatch(token)
        key = self._ledger.find(found["id"]) if found else None
        if key is None or not hmac.compare_digest(key.digest, _digest(token)):
            return None
        at = self._now()
        if not key.in_force(at):
            return None
        self._pace.take(key.id)
        if key.used_at is None or at - key.used_at >= timedelta(minutes=1):
            self._ledger.used(key.id, at)
        name = f"API key {key.name}"
        return Actor(name, key.role, name)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
