"""Webhooks of the test server: signed POSTs when a prediction starts and when it is over."""

import base64
import hashlib
import hmac
import json
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable

from tests import replicate_server_shapes as shapes
from tests.replicate_server_book import Run
from tests.replicate_server_routes import WEBHOOK_SECRET, Api


def sign(message_id: str, timestamp: str, body: bytes) -> str:
    """Return the webhook-signature header, as Replicate signs: HMAC-SHA256 of "id.timestamp.body"."""
    key = base64.b64decode(WEBHOOK_SECRET.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


class Webhooks:
    """A thread that looks for events that are due and posts them, each once."""

    def __init__(self, api: Callable[[], Api], base_url: str) -> None:
        self._api = api
        self._base_url = base_url
        self._posted: set[tuple[str, str]] = set()
        threading.Thread(target=self._watch, name="webhooks", daemon=True).start()

    def _watch(self) -> None:
        while True:
            book = self._api().book
            with book.lock:
                hooked = [run for run in book.runs if run.webhook]
                now = book.now()
                dues = [(run, event, at) for run in hooked for event, at in self._events(run)]
                due = [(run, event) for run, event, at in dues if at <= now]
                waits = [at - now for _, _, at in dues if at > now]
                if not due:
                    # A short limit, because a restart of the server brings another book.
                    book.changed.wait(min([*waits, 0.5]))
            for run, event in due:
                self._posted.add((run.id, event))
                self._post(run)

    def _events(self, run: Run) -> list[tuple[str, float]]:
        """Return the events of this prediction still to be posted, with their moments."""
        moments = [("start", run.starts)] if run.stopped > run.starts else []
        moments.append(("completed", run.over))
        return [
            (event, at) for event, at in moments if event in run.webhook_events and (run.id, event) not in self._posted
        ]

    def _post(self, run: Run) -> None:
        body = json.dumps(shapes.prediction(self._api().book, run, self._base_url)).encode()
        message_id, timestamp = f"msg_{uuid.uuid4().hex}", str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": sign(message_id, timestamp, body),
        }
        request = urllib.request.Request(str(run.webhook), body, headers, method="POST")
        try:
            urllib.request.urlopen(request, timeout=5).close()
        except OSError:
            # Replicate tries again; who tests that asks for it first.
            return
