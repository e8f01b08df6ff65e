"""Asks the HTTP API whatever its OpenAPI document allows, and what it does not, with every role."""

from collections import Counter
from collections.abc import Iterator

import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as some
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from staging.access import Role
from tests.api_keys import Api, told
from tests.labs import photo

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_CASES = settings(
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],  # a failure is told as it was found: shrinking takes minutes
)


def ask_whatever_is_allowed(api: Api, examples: int) -> Counter[tuple[str, int]]:
    """Return how many answers of each route had which status; the first answer that breaks a check is raised.

    Every route is asked so many times with each role, half of them with what the document does not allow.
    """
    schema = schemathesis.openapi.from_dict(told(api.ask("/admin/openapi.json")))
    room = api.lab.desk.keep_room(photo(), "room.png", "tester").digest
    seen: Counter[tuple[str, int]] = Counter()
    for role, operation, mode in _wanted(schema):
        _ask(api, operation, mode, role, room, seen, examples)
    return seen


def _ask(
    api: Api,
    operation: schemathesis.APIOperation,
    mode: GenerationMode,
    role: Role,
    room: str,
    seen: Counter[tuple[str, int]],
    examples: int,
) -> None:
    sent = {"Authorization": f"Bearer {api.keys[role].token}"}

    @given(case=operation.as_strategy(generation_mode=mode), usable=some.booleans())
    @settings(_CASES, max_examples=max(1, examples // 2))
    def ask(case: Case, usable: bool) -> None:
        # No route of Starlette's takes an address with a line's end: nobody of ours is asked.
        assume(not any("\n" in str(value) for value in (case.path_parameters or {}).values()))
        if usable:
            _make_usable(api, case, room)
        answer = case.call(base_url=f"http://127.0.0.1:{api.web.port}", headers=sent)
        seen[f"{case.method} {case.path}", answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS, headers=sent)

    ask()


def _wanted(schema: schemathesis.BaseSchema) -> Iterator[tuple[Role, schemathesis.APIOperation, GenerationMode]]:
    operations = [found.ok() for found in schema.get_all_operations()]
    for role in Role:
        for operation in operations:
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                yield role, operation, mode


def _make_usable(api: Api, case: Case, room: str) -> None:
    """Name a room that is there and the version that was read: what nobody would guess."""
    if isinstance(case.body, dict) and "room" in case.body:
        case.body["room"] = room
    if case.headers and "If-Match" in case.headers and case.path == "/admin/settings/model":
        case.headers["If-Match"] = told(api.ask(case.path))["etag"]
