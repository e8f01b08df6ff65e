"""The transport that the replicate package calls through, with its measured defects guarded.

facts/replicate.md §1 and §4: the package switches time-outs off for creates and uploads, sleeps for
as long as a Retry-After says, drops what an error says, fails on answers it does not expect, sends
the token to any host, and ignores the proxies of the environment. All of it passes through here, so
all of it is put right here.
"""

import asyncio
import json
from contextvars import ContextVar
from dataclasses import dataclass, field

import httpx
from pydantic import JsonValue

from staging.errors import AnswerLost, ProviderError, ProviderRefused, ProviderUnavailable
from staging.providers.downloads import LOOPBACK_WITHOUT_PROXY
from staging.providers.replicate_reasons import Reasons

NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""After these no byte of the request has left."""
PROBLEM_JSON = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a call may take, in seconds: each wait for bytes, and the whole of it."""

    read: float
    whole: float

    def extension(self) -> dict[str, float]:
        """Return them as httpx hands time-outs to its transports."""
        return {"connect": 5.0, "read": self.read, "write": self.read, "pool": 10.0}


@dataclass(slots=True)
class Exchange:
    """One call: what the transport must know of it, and what came back."""

    about: str
    """What is asked for, fit for a sentence: "the model qwen/qwen-image-edit"."""
    limits: Limits
    bills: bool = False
    """True for a create: once its bytes may have left, no answer means doubt."""
    headers: dict[str, str] = field(default_factory=dict)
    answered: bool = False
    answer: dict[str, JsonValue] = field(default_factory=dict)
    """The JSON as it came: the package's own models drop fields, and fail on some."""


current: ContextVar[Exchange] = ContextVar("the exchange that the transport serves")


class GuardedTransport(httpx.AsyncBaseTransport):
    """Answers only JSON objects of status 2xx; everything else is raised as a staging error."""

    def __init__(self, base_url: str, reasons: Reasons) -> None:
        self._base_url = httpx.URL(base_url)
        self._reasons = reasons
        # An httpx client, because it is what reads HTTP(S)_PROXY and NO_PROXY; it follows no redirect.
        # Its pool looks at every idle connection for every waiting call: with 50 kept, 50 creates at once
        # cost 9 ms of processor each, with 10 kept 3 ms (measured).
        self._http = httpx.AsyncClient(
            mounts=LOOPBACK_WITHOUT_PROXY,
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=10),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request of the current exchange once, and keep its answer there."""
        exchange = current.get()
        if not same_origin(request.url, self._base_url):
            raise ProviderRefused("A call to another host than Replicate's was not made: it would carry the token.")
        # The package passes timeout=None for creates and uploads, which would wait for ever.
        request.extensions["timeout"] = exchange.limits.extension()
        request.headers.update(exchange.headers)
        try:
            async with asyncio.timeout(exchange.limits.whole):
                response = await self._http.send(request, stream=True)
                try:
                    body = await response.aread()
                finally:
                    await response.aclose()
        except NOTHING_SENT as error:
            raise ProviderUnavailable(f"Replicate cannot be reached ({_name(error)}).") from error
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            raise ProviderRefused(f"The call could not be made ({_name(error)}). Check REPLICATE_BASE_URL.") from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise self._broken(exchange, f"the connection failed: {_name(error)}") from error
        exchange.answer = self._checked(exchange, response, body)
        exchange.answered = True
        return httpx.Response(response.status_code, content=body, request=request)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    def _checked(self, exchange: Exchange, response: httpx.Response, body: bytes) -> dict[str, JsonValue]:
        try:
            answer: JsonValue = json.loads(body)
        except ValueError:
            answer = None
        status = response.status_code
        if status >= 500 and not _own_503(response):
            raise self._broken(exchange, f"it answered with status {status}")
        if status >= 300:
            model = exchange.about.startswith("the model ")
            raise self._reasons.of_answer(status, response.headers, answer, exchange.about, model=model)
        if not isinstance(answer, dict):
            raise self._broken(exchange, "its answer is not what its API says")
        return answer

    def _broken(self, exchange: Exchange, what: str) -> ProviderError:
        if exchange.bills:
            return AnswerLost(f"Whether Replicate took the prediction is not known yet ({what}).")
        return ProviderUnavailable(f"Replicate is not available right now ({what}).")


def same_origin(url: httpx.URL, other: httpx.URL) -> bool:
    """True when scheme, host and port are the same."""
    return (url.scheme, url.raw_host, url.port) == (other.scheme, other.raw_host, other.port)


def _own_503(response: httpx.Response) -> bool:
    """True when the API itself says that it does not take calls now.

    A 503 that is no problem document comes from a gateway before it (recorded: Heroku's router, which
    says 503 also when the application had the request and did not answer in time). That one, like 500,
    502 and 504, does not say that nothing was created.
    """
    content_type: str = response.headers.get("content-type", "")
    return response.status_code == 503 and content_type.startswith(PROBLEM_JSON)


def _name(error: Exception) -> str:
    """Return what happened without the URL or any header: "read timeout"."""
    words = [type(error).__name__[0]]
    for letter in type(error).__name__[1:]:
        words.append(f" {letter.lower()}" if letter.isupper() else letter)
    return "".join(words).lower()
