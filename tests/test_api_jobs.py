"""Jobs over HTTP: by upload or digest, routed or named, answered once however often they are sent."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from staging.access import Role
from staging.budgets_terms import Budget, Scope
from staging.ids import new_id
from staging.lab import Lab
from staging.periods import Period
from staging.projects import Projects
from staging.store import JobOrder
from tests.api_keys import Api, api_of, sentence, told
from tests.labs import MODEL, UNCHANGED, lab_at, photo, wait_for
from tests.routes_server import Answer

BOUNDARY = "a-boundary"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab") / "data"
    with lab_at(folder, api_rate=1_000.0, api_burst=10_000, default_model=UNCHANGED) as lab:
        yield lab


@pytest.fixture(scope="module")
def api(lab: Lab) -> Iterator[Api]:
    with api_of(lab) as api:
        yield api


@pytest.fixture(scope="module")
def room(lab: Lab) -> str:
    return lab.desk.keep_room(photo(1), "a room.png", "tester").digest


def form(parts: Mapping[str, tuple[str, bytes]], boundary: str = BOUNDARY) -> bytes:
    """Return the parts as a form: each a file name, or none when it is empty, and its bytes."""
    lines = []
    for name, (filename, data) in parts.items():
        file = f'; filename="{filename}"' if filename else ""
        lines += [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode(),
            data,
            b"\r\n",
        ]
    return b"".join([*lines, f"--{boundary}--\r\n".encode()])


def upload(api: Api, key: str, body: bytes, boundary: str = BOUNDARY, role: Role = Role.OPERATOR) -> Answer:
    kind = f"multipart/form-data; boundary={boundary}"
    return api.ask("/jobs", "POST", body, role, Idempotency_Key=key.replace(" ", "-"), Content_Type=kind)


def ask(api: Api, key: str, body: object, role: Role = Role.OPERATOR) -> Answer:
    return api.ask("/jobs", "POST", body, role, Idempotency_Key=key.replace(" ", "-"))


def jobs_of(lab: Lab) -> int:
    ((count,),) = lab.store.ledger.rows("SELECT count(*) FROM app.comparisons")
    return int(count)


def test_an_uploaded_room_is_staged_and_its_picture_fetched_with_the_key(api: Api, lab: Lab) -> None:
    body = form({"picture": ("kitchen.png", photo(2)), "job": ("", b'{"project": "Rue de Lille 7"}')})
    taken = told(upload(api, "uploaded", body), 202)
    assert (taken["model"], taken["rule"], taken["because"]) == (UNCHANGED, "default model", "STAGING_DEFAULT_MODEL")
    assert (taken["project"], taken["estimate_usd"]) == ("Rue de Lille 7", "0.000000")
    assert taken["prompt"]

    wait_for(lambda: told(api.ask(taken["url"]))["final"])
    done = told(api.ask(taken["url"], role=Role.OPERATOR))
    assert (done["state"], done["error"], done["cost"]["usd"]) == ("succeeded", None, "0.000000")
    assert taken.items() <= done.items()
    (output,) = done["outputs"]
    for address in ("original", "view", "thumbnail"):
        fetched = api.ask(output[address], role=Role.OPERATOR)
        assert (fetched.status, fetched.headers["content-type"].partition("/")[0]) == (200, "image")
    assert len(api.ask(output["original"]).content) == output["size_bytes"]
    assert lab.store.rooms.get(done["room"]).name == "kitchen.png"
    assert lab.store.comparisons.get(done["id"]).created_by == f"API key {api.keys[Role.OPERATOR].key.name}"


def test_the_settings_say_which_model_and_the_job_says_it_before_them(api: Api, lab: Lab, room: str) -> None:
    at = datetime.now(UTC)
    lab.routing.set("offline/furnish", "ada", at, project="with its own", follows=None)
    routed = told(ask(api, "routed", {"room": room, "project": "with its own"}), 202)
    assert (routed["model"], routed["rule"]) == ("offline/furnish", "project's model")
    assert "version 0 of the model of project with its own" in routed["because"]
    api.ask(f"{routed['url']}/cancel", "POST")

    named = told(ask(api, "named", {"room": room, "project": "with its own", "model": UNCHANGED}), 202)
    assert (named["model"], named["rule"], named["because"]) == (UNCHANGED, "chosen by a person", "named by the job")


def test_a_project_says_the_style_of_jobs_that_name_none(api: Api, lab: Lab, room: str) -> None:
    Projects(lab.store).set("scandinavian", "ada", datetime.now(UTC), style="scandinavian")
    assert told(ask(api, "its style", {"room": room, "project": "scandinavian"}), 202)["style"] == "scandinavian"
    assert told(ask(api, "no style", {"room": room}), 202)["style"] == lab.prompts.styles()[0] != "scandinavian"


def test_a_jobs_own_prompt_and_style_are_sent(api: Api, room: str) -> None:
    body = {"room": room, "prompt": "Only a lamp.", "style": "declutter"}
    taken = told(ask(api, "own words", body), 202)
    assert (taken["prompt"], taken["style"]) == ("Only a lamp.", "declutter")


def test_the_same_key_and_body_are_answered_with_the_first_answer(api: Api, lab: Lab, room: str) -> None:
    first = ask(api, "again", {"room": room, "model": UNCHANGED})
    before = jobs_of(lab)
    wait_for(lambda: told(api.ask(json.loads(first.content)["url"]))["final"])
    again = ask(api, "again", {"model": UNCHANGED, "room": room, "project": ""})

    assert (again.status, again.content) == (first.status, first.content) == (202, first.content)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert jobs_of(lab) == before


def test_the_same_upload_in_another_form_is_the_same_job(api: Api, lab: Lab) -> None:
    parts = {"picture": ("one.png", photo(3)), "job": ("", b"{}")}
    first = upload(api, "form", form(parts))
    other = dict(reversed(parts.items()))
    assert upload(api, "form", form(other, "another"), "another").content == first.content
    assert "another job" in sentence(upload(api, "form", form({"picture": ("one.png", photo(4))})), 422)


def test_another_body_under_the_same_key_is_refused_and_another_holder_has_keys_of_its_own(
    api: Api, lab: Lab, room: str
) -> None:
    first = told(ask(api, "mine", {"room": room}), 202)
    before = jobs_of(lab)
    assert "Nothing was started" in sentence(ask(api, "mine", {"room": room, "style": "declutter"}), 422)
    assert jobs_of(lab) == before
    other = told(ask(api, "mine", {"room": room}, Role.MANAGER), 202)
    assert other["id"] != first["id"]


def test_of_twenty_that_send_a_job_at_once_one_starts_it(api: Api, lab: Lab, room: str) -> None:
    before = jobs_of(lab)
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: ask(api, "race", {"room": room, "model": UNCHANGED}), range(20)))

    told_by = Counter(answer.status for answer in answers)
    assert set(told_by) <= {202, 409}
    assert len({answer.content for answer in answers if answer.status == 202}) == 1
    assert all("ask again" in sentence(answer, 409) for answer in answers if answer.status == 409)
    assert jobs_of(lab) == before + 1


def test_without_the_guard_twenty_at_once_start_more_than_one(
    api: Api, lab: Lab, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: nothing else keeps them apart."""

    def kept_by_nobody(wanted: JobOrder) -> JobOrder:
        return wanted

    monkeypatch.setattr(lab.jobs, "_alone", lambda *_: nullcontext())
    monkeypatch.setattr(lab.store.jobs, "find", lambda *_: None)
    monkeypatch.setattr(lab.store.jobs, "order", kept_by_nobody)
    before = jobs_of(lab)
    with ThreadPoolExecutor(5) as threads:
        list(threads.map(lambda _: ask(api, "unguarded", {"room": room, "model": UNCHANGED}), range(5)))
    assert jobs_of(lab) > before + 1


def test_a_job_whose_process_ended_before_it_started_goes_on_once(api: Api, lab: Lab, room: str) -> None:
    started = told(ask(api, "before the crash", {"room": room}), 202)
    known = lab.store.jobs.get(started["id"])
    lost = JobOrder(known.holder, "crashed", known.digest, new_id(), datetime.now(UTC))
    lab.store.jobs.order(lost)
    assert sentence(api.ask(f"/jobs/{lost.id}"), 404)

    assert told(ask(api, "crashed", {"room": room}), 202)["id"] == lost.id
    before = jobs_of(lab)
    assert told(ask(api, "crashed", {"room": room}), 202)["id"] == lost.id
    assert jobs_of(lab) == before


def test_a_job_is_cancelled_and_stays_what_it_became(api: Api, lab: Lab) -> None:
    body = form({"picture": ("slow.png", photo(5, (1600, 1200))), "job": ("", b'{"model": "offline/furnish"}')})
    taken = told(upload(api, "cancelled", body), 202)
    told(api.ask(f"{taken['url']}/cancel", "POST", role=Role.OPERATOR))
    wait_for(lambda: told(api.ask(taken["url"]))["final"])
    done = told(api.ask(taken["url"]))
    assert done["state"] == "canceled"
    assert told(api.ask(f"{taken['url']}/cancel", "POST")) == done


def test_a_job_tried_again_on_a_page_tells_its_newest_try(api: Api, lab: Lab) -> None:
    body = form({"picture": ("slow.png", photo(6, (1600, 1200))), "job": ("", b'{"model": "offline/furnish"}')})
    taken = told(upload(api, "tried again", body), 202)
    api.ask(f"{taken['url']}/cancel", "POST")
    wait_for(lambda: told(api.ask(taken["url"]))["final"])
    prediction = lab.jobs.get(taken["id"]).now.prediction.id
    again = lab.desk.retry(prediction, "ada")
    assert not told(api.ask(taken["url"]))["final"]
    assert lab.jobs.get(taken["id"]).now.prediction.id == again
    told(api.ask(f"{taken['url']}/cancel", "POST"))
    wait_for(lambda: told(api.ask(taken["url"]))["final"])


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({}, 422, "room"),
        ({"room": "0" * 64}, 422, "no room"),
        ({"room": "../../etc"}, 422, "room"),
        ({"room": None, "model": "made/up"}, 422, "No model 'made/up'"),
        ({"room": None, "model": MODEL}, 422, "REPLICATE_API_TOKEN"),
        ({"room": None, "style": "made up"}, 422, "No style is called"),
        ({"room": None, "prompt": "   "}, 422, "between 1 and"),
        ({"room": None, "prompt": "x" * 6_000}, 422, "prompt"),
        ({"room": None, "parameters": {"made_up": 1}}, 422, "made_up"),
        ({"room": None, "more": 1}, 422, "more"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_leaves_the_key_free(
    api: Api, lab: Lab, room: str, asked: dict[str, object], status: int, words: str
) -> None:
    key, before = new_id(), jobs_of(lab)
    body = {**asked, **({"room": room} if "room" in asked and asked["room"] is None else {})}
    assert words in sentence(ask(api, key, body), status)
    assert jobs_of(lab) == before
    assert told(ask(api, key, {"room": room, "model": UNCHANGED}), 202)


@pytest.mark.parametrize("key", ["", "   ", "a b", "x" * 201, "\x7f"])
def test_a_job_without_a_usable_key_is_not_started(api: Api, lab: Lab, room: str, key: str) -> None:
    before = jobs_of(lab)
    headers: dict[str, Any] = {"Idempotency_Key": key} if key else {}
    assert "Idempotency-Key" in sentence(api.ask("/jobs", "POST", {"room": room}, **headers), 400)
    assert jobs_of(lab) == before


PICTURE = ("a.png", photo(7))


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 422, "one part `picture`"),
        (b"--nothing", 400, "cannot be read"),
        (form({}), 422, "one part `picture`"),
        (form({"picture": ("", b"text")}), 422, "no file name"),
        (form({"picture": PICTURE, "more": ("", b"x")}), 422, "at most one part `job`"),
        (form({"picture": PICTURE, "job": ("", b"{")}), 400, "no JSON"),
        (form({"picture": PICTURE, "job": ("", b"\xff")}), 400, "no JSON"),
        (form({"picture": PICTURE, "job": ("", b'{"room": "x"}')}), 422, "room"),
        (form({"picture": ("a.png", b"not a picture")}), 422, "a.png"),
        (form({"picture": ("a.png", b"")}), 422, "a.png"),
    ],
    ids=map(str, range(10)),
)
def test_a_form_that_cannot_be_used_is_a_sentence(api: Api, lab: Lab, body: bytes, status: int, words: str) -> None:
    before = jobs_of(lab)
    assert words in sentence(upload(api, new_id(), body), status)
    assert jobs_of(lab) == before


def test_a_form_that_is_too_large_is_not_read(api: Api) -> None:
    sent: dict[str, Any] = {
        "Content_Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Content_Length": str(26 * 2**20 + 1),
    }
    assert "larger than 26 MB" in sentence(api.ask("/jobs", "POST", b"x", Idempotency_Key="large", **sent), 413)


def test_a_job_that_costs_more_than_was_confirmed_or_is_left_is_refused(tmp_path: Path) -> None:
    token = "r8_" + "x" * 37  # never sent: nothing is started
    with lab_at(tmp_path / "data", confirm_above_usd="0", replicate_api_token=token) as lab, api_of(lab) as api:
        budget = Budget("all", Scope.ALL, "", Period.MONTH, Decimal("0.001"), hard=True)
        lab.budgets.save(budget, "ada", datetime.now(UTC))
        room = lab.desk.keep_room(photo(1), "a room.png", "tester").digest
        dear = {"room": room, "model": MODEL}
        assert "confirmed first" in sentence(ask(api, "dear", dear), 409)
        assert "budget" in sentence(ask(api, "dear and wanted", {**dear, "confirmed": True}), 409)
        assert jobs_of(lab) == 0


def test_the_limit_of_a_key_is_told_with_when_to_ask_again(tmp_path: Path) -> None:
    with lab_at(tmp_path / "data", api_rate=0.001, api_burst=3) as lab, api_of(lab) as api:
        answers = [api.ask("/admin/models") for _ in range(4)]
        assert [answer.status for answer in answers] == [200, 200, 200, 429]
        assert "asks too often" in sentence(answers[-1], 429)
        assert 500 < int(answers[-1].headers["retry-after"]) <= 1000  # one more every 1,000 s, less what these took
        assert api.ask("/admin/models", role=Role.OPERATOR).status == 200
        assert api.ask("/healthz", role=None).status == 200
