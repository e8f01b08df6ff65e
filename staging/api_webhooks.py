"""Replicate's webhooks: a signed word that a prediction has ended, so that it is looked at sooner.

The signature is that of the Standard Webhooks scheme (https://replicate.com/docs/topics/webhooks/verify-webhook):
HMAC-SHA256, by the bytes of whsec_…, over "<webhook-id>.<webhook-timestamp>.<body>", as base64 after "v1,". Nothing
of the body is believed but whose news it is: what became of the prediction is asked of Replicate itself. A webhook
that is lost costs nothing, since the engine asks anyway.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from staging.api_bodies import body_of
from staging.api_problems import Refused
from staging.api_routes import header, never_kept, problems
from staging.api_shapes import Heard
from staging.config import webhook_key

if TYPE_CHECKING:
    from staging.lab import Lab

WINDOW_SECONDS = 300
MOST_BYTES = 10 << 20
MOST_REMEMBERED = 10_000
_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


class Heardbook:
    """Which webhooks were heard within the window; it forgets them after, when their time stamps are too old."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # of two that come at once, one is new
        self._heard: OrderedDict[str, float] = OrderedDict()

    def fresh(self, message_id: str) -> bool:
        """True the first time that this is asked within two windows."""
        with self._lock:
            now = self._clock()
            while self._heard and (
                next(iter(self._heard.values())) < now - 2 * WINDOW_SECONDS or len(self._heard) >= MOST_REMEMBERED
            ):
                self._heard.popitem(last=False)
            new = message_id not in self._heard
            self._heard.setdefault(message_id, now)
            return new


def signed(key: bytes, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """True when Replicate signed this body with the key, within the window of now."""
    message_id, at, signatures = (headers.get(name, "") for name in _HEADERS)
    if not message_id or not (at.isascii() and at.isdigit()) or len(at) > 12 or abs(now - int(at)) > WINDOW_SECONDS:
        return False
    digest = hmac.new(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256).digest()
    wanted = b"v1," + base64.b64encode(digest)
    return any(hmac.compare_digest(wanted, one.encode()) for one in signatures.split())


def webhook_routes(lab: "Lab", clock: Callable[[], float] = time.time) -> APIRouter:
    """Return the route under /webhooks/."""
    router = APIRouter(tags=["webhooks"])
    heard = Heardbook(clock)
    secret = lab.settings.webhook_secret
    key = webhook_key(secret) if secret else None

    @router.post(
        "/webhooks/replicate",
        responses=problems(404, 413),
        openapi_extra={
            "security": [],
            "parameters": [header(name, "As Replicate signs its webhooks") for name in _HEADERS],
            "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
        },
    )
    async def replicate(request: Request, response: Response) -> Heard:
        """Hear from Replicate that a prediction has news."""
        if key is None:
            raise Refused(404, "Webhooks are not set up here: set STAGING_WEBHOOK_SECRET.")
        body = await body_of(request, MOST_BYTES)
        if not signed(key, request.headers, body, clock()):
            raise Refused(401, "This is not signed by Replicate within the last five minutes. Nothing was done.")
        never_kept(response)
        if not heard.fresh(request.headers["webhook-id"]):
            return Heard(heard=False)
        try:
            told = json.loads(body)
        except (ValueError, RecursionError):
            told = None
        provider_id = told.get("id") if isinstance(told, dict) else None
        if not isinstance(provider_id, str):
            raise Refused(422, "The body names no prediction. Nothing was done.")
        lab.engine.hear_of("replicate", provider_id)
        return Heard(heard=True)

    return router
