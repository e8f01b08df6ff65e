"""docs/api.md: every example in it is asked as it stands there, and answered as it says."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from staging.access import Role
from staging.lab import Lab
from tests.api_keys import Api, api_of
from tests.labs import UNCHANGED, lab_at, photo
from tests.routes_server import Answer
from tests.test_api_jobs import BOUNDARY, form

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "api.md"
BASE = "http://127.0.0.1:8501"
EXAMPLES = [
    command
    for block in re.findall(r"^```sh\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    for command in block.replace("\\\n", " ").strip().splitlines()
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab_at(tmp_path_factory.mktemp("lab") / "data", default_model=UNCHANGED) as lab:
        yield lab


@pytest.fixture(scope="module")
def api(lab: Lab) -> Iterator[Api]:
    with api_of(lab) as api:
        yield api


def curl(api: Api, command: str) -> Answer:
    """Ask what the command would: of curl's options those that the document uses."""
    program, *words = shlex.split(command)
    assert program == "curl"
    method, url, headers, parts, body = "", "", dict[str, str](), dict[str, tuple[str, bytes]](), None
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = words.pop(0).encode()
        elif word == "-F":
            name, _, value = words.pop(0).partition("=")
            parts[name] = (value[1:], photo()) if value.startswith("@") else ("", value.encode())
        elif word != "-i":
            url = word
    assert url.startswith(f"{BASE}/")
    if parts:
        body, headers["Content-Type"] = form(parts), f"multipart/form-data; boundary={BOUNDARY}"
    return api.web.ask(url.removeprefix(BASE), method or ("GET" if body is None else "POST"), headers, body)


def test_every_example_is_answered_as_the_document_says(api: Api, lab: Lab) -> None:
    known: dict[str, Any] = {
        "$KEY": api.keys[Role.ADMIN].token,
        "$ROOM": lab.desk.keep_room(photo(9), "room.png", "tester").digest,
    }
    statuses = []
    for command in EXAMPLES:
        for name, value in known.items():
            command = command.replace(name, str(value))
        answer = curl(api, command)
        statuses.append(answer.status)
        assert answer.status in (200, 202), (command, answer.text)
        if answer.status == 202:
            known["$JOB"] = re.findall(r'"id":"([^"]+)"', answer.text)[0]
    assert len(EXAMPLES) == len(statuses) == 12
    assert statuses.count(202) == 2
