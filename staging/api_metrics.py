"""What monitoring asks for: counts and gauges as Prometheus reads them. No name of a person, room or project."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from staging.lab import Lab

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Requests:
    """Counts the answers of our routes, by the path as it is declared: no address that somebody made up is a label."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # a counter that two threads raise loses one of them
        self._counts: Counter[tuple[str, str, int]] = Counter()

    def add(self, route: str, method: str, status: int) -> None:
        """Count one answer."""
        with self._lock:
            self._counts[route, method if method in METHODS else "other", status] += 1

    def counts(self) -> Mapping[tuple[str, str, int], int]:
        """Return how many there were, by route, method and status."""
        with self._lock:
            return dict(self._counts)


def counted(routes: Iterable[Route], requests: Requests) -> list[Route]:
    """Return the routes, with every answer of theirs counted."""
    return [Route(route.path, _Counted(route, requests), methods=sorted(route.methods or ())) for route in routes]


class _Counted:
    def __init__(self, route: Route, requests: Requests) -> None:
        self._app: ASGIApp = route.app
        self._path = route.path
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status = 500

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sent)
        finally:
            self._requests.add(self._path, Request(scope).method, status)


def metrics(lab: "Lab", requests: Requests) -> str:
    """Return the text that Prometheus reads."""
    states = lab.store.predictions.count_by_state()
    today = lab.store.costs.today()
    spent = lab.store.costs.report(today, today).total
    under_way = lab.store.costs.under_way()
    found: list[tuple[str, str, str, list[tuple[str, object]]]] = [
        ("staging_engine_up", "gauge", "Whether the engine carries predictions.", [("", int(lab.engine.running))]),
        (
            "staging_predictions",
            "gauge",
            "Predictions in the ledger, by state.",
            [(_labels(state=state.value), count) for state, count in states.items()],
        ),
        ("staging_queue", "gauge", "Predictions that wait for their turn.", [("", len(lab.engine.line()))]),
        ("staging_under_way", "gauge", "Predictions that have not ended.", [("", under_way.predictions)]),
        (
            "staging_spent_today_usd",
            "gauge",
            "Known costs of what ended today, in the lab's time zone.",
            [("", f"{spent.cost_usd:f}")],
        ),
        (
            "staging_unknown_charges_today",
            "gauge",
            "Predictions that ended today at a cost that nobody knows.",
            [("", spent.unknown_charges)],
        ),
        (
            "staging_http_requests_total",
            "counter",
            "Answers since the start, by route, method and status.",
            [
                (_labels(route=route, method=method, status=str(status)), count)
                for (route, method, status), count in sorted(requests.counts().items())
            ],
        ),
    ]
    return "".join(line for metric in found for line in _lines(*metric))


def _lines(name: str, kind: str, about: str, samples: Iterable[tuple[str, object]]) -> Iterator[str]:
    yield f"# HELP {name} {about}\n# TYPE {name} {kind}\n"
    for labels, value in samples:
        yield f"{name}{labels} {value}\n"


def _labels(**labels: str) -> str:
    """Return {name="value", …}; the values are ours and hold neither quotes nor line ends."""
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"
