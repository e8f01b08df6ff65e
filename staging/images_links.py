"""Signed links to pictures: stable for a day so that the browser keeps what it has, then new ones."""

import hashlib
import re
from collections.abc import Callable

from itsdangerous import Signer

from staging.images_kinds import PictureKind

DAY_SECONDS = 86_400
_SIGNATURE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_UNTIL = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)


class Links:
    """Makes and checks links. `now` returns seconds since 1970, as time.time does."""

    def __init__(self, key: bytes, now: Callable[[], float]) -> None:
        # A purpose of its own: no signature made with this key elsewhere opens a picture.
        self._signer = Signer(key, salt="staging.pictures", key_derivation="hmac", digest_method=hashlib.sha256)
        self._now = now

    def url(self, digest: str, kind: PictureKind) -> str:
        """Return a link that is the same all day (UTC) and ends with the next day: it lives 24 to 48 hours."""
        until = str((int(self._now()) // DAY_SECONDS + 2) * DAY_SECONDS)
        return f"/pictures/{kind}/{digest}?until={until}&signature={self._signature(kind, digest, until)}"

    def allow(self, kind: str, digest: str, until: str, signature: str) -> bool:
        """True when we made this link and its time is not over."""
        return (
            _UNTIL.fullmatch(until) is not None
            and _SIGNATURE.fullmatch(signature) is not None
            and int(until) > self._now()
            and self._signer.verify_signature(_signed(kind, digest, until), signature)
        )

    def _signature(self, kind: str, digest: str, until: str) -> str:
        return self._signer.get_signature(_signed(kind, digest, until)).decode("ascii")


def _signed(kind: str, digest: str, until: str) -> bytes:
    return f"{kind}/{digest}/{until}".encode(errors="replace")
