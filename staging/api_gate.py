"""The gate before the routes: who asks, whether the table lets them, and that no other site's page asks for them.

`guarded` puts it before every route of ours. `CrossSiteGuard` stands before all of the app, Streamlit's
routes too: what changes something, and the stream that pages live on, must come from our own pages.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from staging.access import LOCAL_PERSON, Actor, Role, allow
from staging.access_routes import Row, To, row_of
from staging.api_problems import problem
from staging.errors import NotAllowed, SignInNeeded, TooManyRequests

if TYPE_CHECKING:
    from staging.people import People

LOCAL = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
"""A Host header that names this machine."""
SCRIPT = "script on this machine"
_SAFE = ("GET", "HEAD", "OPTIONS")
Claims = Mapping[str, object]


def _no_claims(_cookies: Mapping[str, str]) -> Claims | None:
    return None


def _no_key(_token: str) -> Actor | None:
    return None


@dataclass(frozen=True, slots=True)
class Gate:
    """Finds out who asks. Without people there is no sign-in, and this machine asks as the local admin."""

    people: "People | None" = None
    claims: Callable[[Mapping[str, str]], Claims | None] = _no_claims
    """Returns what a checked sign-in cookie says; None when there is none."""
    key: Callable[[str], Actor | None] = _no_key
    """Returns whose the API key is; None when it is no key, or one no more."""

    @property
    def sign_in(self) -> bool:
        """Whether people sign in."""
        return self.people is not None and self.people.sign_in

    def admit(self, request: Request, row: Row) -> Actor | None:
        """Return who asks, None where it does not matter; NotAllowed when the row does not let them."""
        if row.to in (To.ANYBODY, To.LINK, To.SIGNATURE):
            return None
        # Only reading is done by these two, so that a cookie may count where no key is sent.
        reads = row.to in (To.PERSON, To.READER) and "authorization" not in request.headers
        if reads and (self.sign_in or row.to is To.PERSON):
            actor = self._person(request)
        else:
            actor = self._holder(request, always=row.to is To.KEY_ALWAYS)
        if row.permission is not None:
            allow(actor, row.permission)
        return actor

    def _person(self, request: Request) -> Actor:
        if self.people is None or not self.people.sign_in:
            return Actor(LOCAL_PERSON, Role.ADMIN, "link")
        return self.people.actor(self.claims(request.cookies), "link")

    def _holder(self, request: Request, *, always: bool) -> Actor:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and (actor := self.key(token.strip())) is not None:
            return actor
        if self.sign_in or kind or always:
            raise SignInNeeded("Send an API key that is in force, as Authorization: Bearer. Cookies do not count here.")
        _refuse_strangers(request)
        return Actor(LOCAL_PERSON, Role.ADMIN, SCRIPT)


def guarded(routes: Iterable[Route], gate: Gate) -> list[Route]:
    """Return the routes behind the gate. `request.state.actor` is who asks; ValueError for a route without a row."""
    return [_guarded(route, gate) for route in routes]


def _guarded(route: Route, gate: Gate) -> Route:
    methods = sorted(route.methods or ())
    known = [method for method in methods if row_of(method, route.path)]
    if not known:
        raise ValueError(f"{route.path} has no row in staging/access_routes.py: it would answer nobody.")

    # Whoever may not ask at all learns nothing of what is possible.
    least = Row(next(row.to for method in known if (row := row_of(method, route.path))))

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        row = row_of(request.method, route.path)
        try:
            request.state.actor = await run_in_threadpool(gate.admit, request, row or least)
        except TooManyRequests as pace:
            await problem(429, str(pace), {"Retry-After": str(pace.retry_after_seconds)})(scope, receive, send)
        except SignInNeeded as needed:
            challenge = {} if least.to is To.PERSON else {"WWW-Authenticate": "Bearer"}
            await problem(401, str(needed), challenge)(scope, receive, send)
        except NotAllowed as refusal:
            await problem(403, str(refusal))(scope, receive, send)
        else:
            if row is None:
                no = problem(405, f"{request.method} is not possible here.", {"Allow": ", ".join(known)})
                await no(scope, receive, send)
            else:
                await route.app(scope, receive, send)

    return Route(route.path, _Asgi(answer), methods=methods)


class _Asgi:
    """Starlette takes a function for an endpoint, and anything else for an app of its own."""

    def __init__(self, answer: ASGIApp) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._answer(scope, receive, send)


def _refuse_strangers(request: Request) -> None:
    """Raise NotAllowed unless the request names this machine as its host and comes from no other origin."""
    hosts = request.headers.getlist("host")
    if len(hosts) != 1 or not LOCAL.fullmatch(hosts[0]):
        raise NotAllowed("The API answers to 127.0.0.1, localhost and [::1] only.")
    if _from_elsewhere(request.headers, _here(hosts[0])):
        raise NotAllowed("A page of another site may not ask the API.")


class CrossSiteGuard:
    """Refuses what another site's page could make a browser send: 403, before anything reads it.

    `public_url` is where people open the app with sign-in; empty means this machine's address only.
    """

    def __init__(self, app: ASGIApp, public_url: str = "") -> None:
        self._app = app
        self._public = public_url
        self._host = urlsplit(public_url).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403, or hand the request on."""
        if scope["type"] == "http" and scope["method"] not in _SAFE:
            if reason := self._wrong(Headers(scope=scope)):
                await problem(403, reason)(scope, receive, send)
                return
        elif scope["type"] == "websocket" and self._wrong(Headers(scope=scope), stream=True):
            await send({"type": "websocket.close", "code": 1008})
            return
        await self._app(scope, receive, send)

    def _wrong(self, headers: Headers, *, stream: bool = False) -> str:
        hosts = headers.getlist("host")
        host = hosts[0].lower() if len(hosts) == 1 else ""
        if not (LOCAL.fullmatch(host) or (self._host and host == self._host)):
            return "The host that was asked for is not this app."
        if _from_elsewhere(headers, {*_here(host), self._public} if LOCAL.fullmatch(host) else {self._public}):
            return "A page of another site may not ask for this."
        told = "origin" in headers or "sec-fetch-site" in headers
        bearer = headers.get("authorization", "").lower().startswith("bearer ")
        if "cookie" in headers and not (told or bearer or stream):
            return "The request brings a cookie and does not say which page it comes from."
        return ""


def _here(host: str) -> set[str]:
    return {f"http://{host.lower()}", f"https://{host.lower()}"}


def _from_elsewhere(headers: Headers, ours: set[str]) -> bool:
    if any(origin.lower() not in ours or not origin for origin in headers.getlist("origin")):
        return True
    return any(site not in ("same-origin", "none") for site in headers.getlist("sec-fetch-site"))
