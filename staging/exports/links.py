"""Signed addresses of downloads: whoever the page gave one to may fetch exactly that, for a day or two."""

import hashlib
import re
import time
from collections.abc import Callable, Iterable
from urllib.parse import quote, urlencode

from itsdangerous import Signer

_DAY_SECONDS = 86_400
_UNTIL = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
_SIGNATURE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class DownloadLinks:
    """Makes and checks the addresses. `now` returns seconds since 1970, as time.time does."""

    def __init__(self, key: bytes, now: Callable[[], float] = time.time) -> None:
        # A purpose of its own: no signature made with this key elsewhere downloads anything.
        self._signer = Signer(key, salt="staging.downloads", key_derivation="hmac", digest_method=hashlib.sha256)
        self._now = now

    def url(self, what: str, of: str, **options: str) -> str:
        """Return an address that is the same all day (UTC) and ends with the next day."""
        until = str((int(self._now()) // _DAY_SECONDS + 2) * _DAY_SECONDS)
        asked = [*sorted(options.items()), ("until", until)]
        signature = self._signer.get_signature(_signed(what, of, asked)).decode("ascii")
        return f"/downloads/{quote(what)}/{quote(of)}?{urlencode([*asked, ('signature', signature)])}"

    def options(self, what: str, of: str, query: Iterable[tuple[str, str]]) -> dict[str, str] | None:
        """Return the options of an address of ours; None when it is not ours, was changed, or is too old."""
        given = list(query)
        asked = [pair for pair in given if pair[0] != "signature"]
        known = dict(given)
        until, signature = known.get("until", ""), known.get("signature", "")
        if (
            len(known) != len(given)
            or _UNTIL.fullmatch(until) is None
            or _SIGNATURE.fullmatch(signature) is None
            or int(until) <= self._now()
            or not self._signer.verify_signature(_signed(what, of, asked), signature)
        ):
            return None
        return {name: value for name, value in asked if name != "until"}


def _signed(what: str, of: str, asked: Iterable[tuple[str, str]]) -> bytes:
    """What is signed: encoded, so that no value can pass for a border between two."""
    return f"{quote(what, safe='')}/{quote(of, safe='')}?{urlencode(sorted(asked))}".encode()
