"""Results are fetched only from where the provider keeps them, never with our token.

The URL of a result is foreign text. It is fetched only over https from Replicate's delivery hosts (or
from hosts an operator has named), without redirects, cookies or authorization, within limits of size
and time (facts/replicate.md §4.4, facts/trust.md 9).
"""

import asyncio
import re
from dataclasses import dataclass

import httpx

from staging.errors import OutputExpired, OutputRefused, ProviderUnavailable
from staging.providers.outputs import LARGEST_PICTURE_BYTES

_DELIVERY_HOST = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*replicate\.delivery")
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_PICTURE_TYPES = ("image/", "application/octet-stream", "binary/octet-stream")
LOOPBACK_WITHOUT_PROXY = {"all://127.0.0.1": None, "all://localhost": None, "all://[::1]": None}
"""For httpx: an HTTP_PROXY of the environment is not for a server on this machine."""
_HEADERS = {"User-Agent": "staging-lab", "Accept": "image/*", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class DownloadLimits:
    """What one picture may take: bytes, and seconds with all attempts."""

    largest_bytes: int = LARGEST_PICTURE_BYTES
    seconds: float = 120.0
    silence_seconds: float = 20.0
    pause_seconds: float = 0.5
    """Before the second attempt; doubled before the third."""


class Downloads:
    """Fetches results; one client for all, within one asyncio loop."""

    def __init__(self, output_hosts: tuple[str, ...], limits: DownloadLimits | None = None) -> None:
        self._limits = limits or DownloadLimits()
        self._own_hosts = frozenset(host.lower() for host in output_hosts)
        self._http = httpx.AsyncClient(
            headers=_HEADERS,
            timeout=httpx.Timeout(self._limits.silence_seconds, connect=5.0),
            follow_redirects=False,
            mounts=LOOPBACK_WITHOUT_PROXY,
        )

    async def fetch(self, url: str) -> bytes:
        """Return the bytes at a result's URL, as sent.

        OutputRefused when it must not be fetched or is not a picture, OutputExpired when it is gone,
        ProviderUnavailable when it cannot be had right now.
        """
        target = self.allowed(url)
        try:
            async with asyncio.timeout(self._limits.seconds):
                return await self._fetch(target)
        except TimeoutError:
            raise ProviderUnavailable(f"The result did not arrive within {self._limits.seconds:.0f} seconds.") from None

    def allowed(self, url: str) -> httpx.URL:
        """Return the URL as it will be asked for; OutputRefused when it leads anywhere else than allowed."""
        # The URL that is checked is the parsed one that is then sent: no second parser can read it differently.
        if not url.isascii() or any(character <= " " or character in "\\\x7f" for character in url):
            raise OutputRefused("The result's address holds characters that no address has; nothing was fetched.")
        try:
            target = httpx.URL(url)
        except (httpx.InvalidURL, ValueError):
            raise OutputRefused("The result's address cannot be read; nothing was fetched.") from None
        # The raw host is what is looked up and sent; `host` would decode it for people.
        host = target.raw_host.decode("ascii")
        named = f"[{host}]" if ":" in host else host
        if target.userinfo:
            raise OutputRefused("The result's address holds a name or password; nothing was fetched.")
        own = (f"{named}:{target.port}" if target.port else named) in self._own_hosts
        if own and target.scheme in ("https", "http"):
            return target
        if target.scheme != "https":
            raise OutputRefused(f"The result's address starts with “{target.scheme[:20]}:”; nothing was fetched.")
        if not _DELIVERY_HOST.fullmatch(host) or target.port:
            raise OutputRefused(f"The result lies at “{host[:80]}”, which is not Replicate's; nothing was fetched.")
        return target

    async def _fetch(self, target: httpx.URL) -> bytes:
        """Return the bytes; a passing fault costs two more attempts, because a paid picture hangs on it."""
        for pause in (self._limits.pause_seconds, 2 * self._limits.pause_seconds):
            try:
                return await self._attempt(target)
            except (ProviderUnavailable, OutputExpired):
                # A picture can be a moment late at its host: that it is gone counts from the third time on.
                await asyncio.sleep(pause)
        return await self._attempt(target)

    async def _attempt(self, target: httpx.URL) -> bytes:
        received = bytearray()
        try:
            async with self._http.stream("GET", target) as response:
                self._check(response)
                async for chunk in response.aiter_raw():
                    received += chunk
                    if len(received) > self._limits.largest_bytes:
                        limit = self._limits.largest_bytes // 2**20
                        raise OutputRefused(f"The result is larger than {limit} MB.")
        except httpx.HTTPError:
            raise ProviderUnavailable("The result cannot be fetched right now: the connection failed.") from None
        finally:
            self._http.cookies.clear()
        if not received:
            raise OutputRefused("The result is empty.")
        return bytes(received)

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in (404, 410):
            raise OutputExpired(
                "Replicate has already deleted the result; it keeps results for one hour. Run it again."
            )
        if status in _PASSING:
            raise ProviderUnavailable(f"The result cannot be fetched right now: its host answers with status {status}.")
        if 300 <= status < 400:
            raise OutputRefused("The result's address leads on to another one, which is not followed.")
        if status != 200:
            raise OutputRefused(f"The result cannot be fetched: its host answers with status {status}.")
        media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type and not media_type.startswith(_PICTURE_TYPES):
            raise OutputRefused(f"The model's result is not an image but {media_type[:40]}.")

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()
