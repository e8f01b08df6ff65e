"""Showing one comparison to people outside: a link that is signed, ends by itself and can be called back.

Off unless STAGING_SHARE_OUTSIDE says otherwise. A link opens one comparison, to be looked at, and
nothing else; how many times sharing was stopped is a document in the ledger, and a link counts only
while that number is still the one it was made with.
"""

import hashlib
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from itsdangerous import Signer

from staging.errors import EditedMeanwhile, NotFound, ParametersRefused
from staging.images import PictureKind
from staging.store import Document, Store

KIND = "sharing"
"""The kind of document, named by the comparison, that holds its generation and the end of its last link."""
MOST_DAYS = 30
OUTSIDE_KINDS = (PictureKind.THUMBNAIL, PictureKind.VIEW)
"""What of a picture can be seen from outside: never the original."""

_DAY_SECONDS = 86_400
_TRIES = 5
_TOKEN = re.compile(
    r"(?P<comparison>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"\.(?P<generation>[0-9]{1,9})\.(?P<until>[1-9][0-9]{0,11})\.(?P<signature>[A-Za-z0-9_-]{43})",
    re.ASCII,
)
_SIGNATURE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the ledger says of a comparison's sharing."""

    version: int
    generation: int
    until: int


class Sharing:
    """Makes, checks and calls back links. `now` returns seconds since 1970, as time.time does."""

    def __init__(self, store: Store, key: bytes, *, outside: bool, now: Callable[[], float] = time.time) -> None:
        self.outside = outside
        """Whether links for people outside are made and answered at all."""
        self._store = store
        # A purpose of its own for each: no signature made with the lab's key elsewhere opens anything here.
        self._links = Signer(key, salt="staging.sharing", key_derivation="hmac", digest_method=hashlib.sha256)
        self._pictures = Signer(
            key, salt="staging.sharing.pictures", key_derivation="hmac", digest_method=hashlib.sha256
        )
        self._now = now

    def link(self, comparison_id: str, by: str, days: int) -> str:
        """Return the path of a link that shows the comparison for so many days.

        ParametersRefused when sharing outside is off or the days are out of bounds, NotFound when
        there is no such comparison.
        """
        if not self.outside:
            raise ParametersRefused("Sharing outside is off. Set STAGING_SHARE_OUTSIDE=true and start the app again.")
        if not 1 <= days <= MOST_DAYS:
            raise ParametersRefused(f"A link can live 1 to {MOST_DAYS} days, not {days}.")
        self._store.comparisons.get(comparison_id)
        until = int(self._now()) + days * _DAY_SECONDS

        def shared_until(known: _Known) -> tuple[int, int]:
            return known.generation, max(until, known.until)

        generation = self._write(comparison_id, by, shared_until)
        signed = f"{comparison_id}.{generation}.{until}"
        return f"/shared/{signed}.{self._links.get_signature(signed.encode()).decode('ascii')}"

    def stop(self, comparison_id: str, by: str) -> None:
        """No link to the comparison that was ever made opens it any more."""
        self._write(comparison_id, by, lambda known: (known.generation + 1, 0))

    def shared_until(self, comparison_id: str) -> datetime | None:
        """Return when the last link that still counts will end; None when there is none."""
        until = self._known(comparison_id).until
        return datetime.fromtimestamp(until, UTC) if until > self._now() else None

    def opened_by(self, token: str) -> str | None:
        """Return the id of the comparison that a link's token opens now; None when it opens nothing."""
        found = _TOKEN.fullmatch(token)
        if not self.outside or found is None:
            return None
        comparison_id, generation, until = found["comparison"], int(found["generation"]), int(found["until"])
        signed = f"{comparison_id}.{found['generation']}.{found['until']}".encode()
        if not self._links.verify_signature(signed, found["signature"]):
            return None
        # The second bound costs nothing and holds even for a link that was made with a wrong clock.
        if not self._now() < until <= self._now() + (MOST_DAYS + 1) * _DAY_SECONDS:
            return None
        known = self._known(comparison_id)
        return comparison_id if known.generation == generation and known.until >= until else None

    def ends_at(self, token: str) -> datetime | None:
        """Return when the link ends, as its token says; None when it is no token. It checks nothing else."""
        found = _TOKEN.fullmatch(token)
        return datetime.fromtimestamp(int(found["until"]), UTC) if found else None

    def picture_path(self, token: str, digest: str, kind: PictureKind) -> str:
        """Return the path of a picture of the comparison that the token opens; it ends with the token."""
        signature = self._pictures.get_signature(_picture(token, kind, digest)).decode("ascii")
        return f"/shared/{token}/{kind}/{digest}?signature={signature}"

    def shows(self, token: str, kind: str, digest: str, signature: str) -> bool:
        """True when `picture_path` made this and the token still opens its comparison."""
        return (
            kind in OUTSIDE_KINDS
            and _SIGNATURE.fullmatch(signature) is not None
            and self._pictures.verify_signature(_picture(token, kind, digest), signature)
            and self.opened_by(token) is not None
        )

    def _known(self, comparison_id: str) -> _Known:
        with suppress(NotFound):
            return _read(self._store.documents.get(KIND, comparison_id))
        return _Known(-1, 0, 0)

    def _write(self, comparison_id: str, by: str, change: Callable[[_Known], tuple[int, int]]) -> int:
        """Write the generation and the end that `change` makes of what is known; return the generation."""
        for tries_left in reversed(range(_TRIES)):
            known = self._known(comparison_id)
            generation, until = change(known)
            try:
                # `follows`: a link made beside a stop must not bring the stopped generation back.
                self._store.documents.write(
                    KIND,
                    comparison_id,
                    {"generation": generation, "until": until},
                    by,
                    datetime.now(UTC),
                    follows=known.version,
                )
            except EditedMeanwhile:
                if not tries_left:
                    raise
            else:
                return generation
        raise AssertionError("the last try returns or raises")


def _read(document: Document) -> _Known:
    body = document.body
    assert isinstance(body, dict)
    generation, until = body["generation"], body["until"]
    assert isinstance(generation, int)
    assert isinstance(until, int)
    return _Known(document.version, generation, until)


def _picture(token: str, kind: str, digest: str) -> bytes:
    return f"{token}/{kind}/{digest}".encode(errors="replace")
