"""The HTTP API in a test: a lab's routes behind a real server, and one key of each role."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from staging.access import Actor, Role
from staging.api import routes
from staging.api_gate import Gate
from staging.keys import MadeKey
from staging.lab import Lab
from tests.routes_server import Answer, Web, serving

ADMIN = Actor("ada", Role.ADMIN, "page")
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Api:
    """The API of a lab, asked with keys."""

    lab: Lab
    web: Web
    keys: Mapping[Role, MadeKey]

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: object = None,
        role: Role | None = Role.ADMIN,
        **headers: str,
    ) -> Answer:
        """Ask with the role's key, or with none; headers by their name with _ for -."""
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        sent = {**({} if body is None else JSON), **{name.replace("_", "-"): value for name, value in headers.items()}}
        if role is not None:
            sent.setdefault("Authorization", f"Bearer {self.keys[role].token}")
        return self.web.ask(path, method, sent, data)


def told(answer: Answer, status: int = 200) -> dict[str, Any]:
    """Return the JSON of an answer of this status."""
    assert answer.status == status, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = json.loads(answer.content)
    return found


def sentence(answer: Answer, status: int) -> str:
    """Return the sentence of a problem of this status."""
    assert answer.status == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = json.loads(answer.content)
    assert sorted(found) == ["detail", "status", "title", "type"]
    assert found["status"] == status
    assert "Traceback" not in answer.text
    return str(found["detail"])


@contextmanager
def api_of(lab: Lab) -> Iterator[Api]:
    """Serve the lab's routes until the block ends, with a key of each role."""
    keys = {role: lab.keys.make(ADMIN, f"of a {role} {id(lab)}", role, 1) for role in Role}
    with serving(routes(lab, Gate(lab.people, key=lab.keys.holder))) as web:
        yield Api(lab, web, keys)
