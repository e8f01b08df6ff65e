"""What the Replicate provider does, over real HTTP, against the test server."""

import asyncio
import io
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from staging.errors import (
    AnswerLost,
    OutputExpired,
    OutputRefused,
    ProviderError,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
    Refusal,
)
from staging.providers import replicate
from staging.providers.base import RoomFile, Snapshot, Stage
from staging.providers.replicate import ReplicateProvider
from staging.providers.replicate_reasons import retry_after_seconds
from staging.providers.replicate_snapshots import moment, progress
from tests.asking import INPUT, MODEL, ask, submission
from tests.replicate_server import ReplicateServer
from tests.replicate_server_options import Fault, failing

ADIRIK = "adirik/interior-design"
ADIRIK_VERSION = "76604baddc85b1b4616e1c6475eca080da339c8875bd4996705440484a6eac38"


@pytest.fixture
def room(tmp_path: Path) -> RoomFile:
    path = tmp_path / "room.png"
    Image.effect_noise((640, 480), 20).convert("RGB").save(path)
    return RoomFile("d" * 64, str(path), "image/png", 640, 480)


async def until_final(provider: ReplicateProvider, prediction: Snapshot) -> Snapshot:
    """Return the prediction's final snapshot."""
    until = time.monotonic() + 10
    while not prediction.stage.final and time.monotonic() < until:
        await asyncio.sleep(0.02)
        seen = await provider.snapshots({prediction.provider_id: datetime.now(UTC)})
        prediction = seen[prediction.provider_id]
    return prediction


async def finished(provider: ReplicateProvider, **changes: Any) -> Snapshot:
    """Create a prediction and return how it ended."""
    return await until_final(provider, await provider.create(submission(**changes)))


def refusal(server: ReplicateServer, deed: Callable[[ReplicateProvider], Awaitable[object]]) -> ProviderError:
    """Return the error that the deed ends with."""
    with pytest.raises(ProviderError) as raised:
        ask(server, deed)
    return raised.value


def test_a_room_becomes_a_furnished_picture_in_its_own_size(replicate_server: ReplicateServer, room: RoomFile) -> None:
    replicate_server.reset(seconds=0.1, tiny_outputs=False)

    async def whole_way(provider: ReplicateProvider) -> tuple[Snapshot, list[bytes]]:
        uploaded = await provider.upload(room)
        final = await finished(provider, image=uploaded.url)
        return final, await provider.collect(final)

    final, (picture,) = ask(replicate_server, whole_way)
    assert (final.stage, final.progress) == (Stage.SUCCEEDED, 1.0)
    assert final.metrics["image_count"] == 1
    with Image.open(io.BytesIO(picture)) as opened:
        assert (opened.format, opened.size) == ("WEBP", (640, 480))


def test_a_room_is_uploaded_once_with_its_type_and_no_name(replicate_server: ReplicateServer, room: RoomFile) -> None:
    before = datetime.now(UTC)
    uploaded = ask(replicate_server, lambda provider: provider.upload(room))
    assert uploaded.url.startswith(f"{replicate_server.url}/v1/files/")
    assert timedelta(hours=23) < uploaded.expires_at - before < timedelta(hours=25)
    (kept,) = replicate_server.ledger()["files"]
    assert (kept["name"], kept["content_type"]) == ("d" * 16 + ".png", "image/png")
    assert kept["size"] == Path(room.path).stat().st_size


def test_a_room_too_large_for_replicate_is_refused_before_it_is_sent(
    replicate_server: ReplicateServer, room: RoomFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replicate, "LARGEST_FILE_BYTES", 1000)
    error = refusal(replicate_server, lambda provider: provider.upload(room))
    assert isinstance(error, ProviderRefused)
    assert error.kind is Refusal.INPUT
    assert replicate_server.ledger()["calls"] == {}


def test_an_official_model_is_run_by_name_and_a_community_model_by_version(replicate_server: ReplicateServer) -> None:
    official = ask(replicate_server, lambda provider: provider.create(submission(seed=7)))
    community = ask(replicate_server, lambda provider: provider.create(submission(ADIRIK, ADIRIK_VERSION)))
    assert (official.model, official.version) == (MODEL, None)
    assert (community.model, community.version) == (ADIRIK, ADIRIK_VERSION)
    assert official.input == {**INPUT, "seed": 7}
    assert official.created_at is not None
    assert abs(datetime.now(UTC) - official.created_at) < timedelta(seconds=10)


def test_recent_predictions_come_whole_and_newest_first(replicate_server: ReplicateServer) -> None:
    async def deeds(provider: ReplicateProvider) -> tuple[list[Snapshot], list[Snapshot]]:
        made = [await provider.create(submission(seed=seed)) for seed in range(5)]
        since = made[2].created_at
        assert since is not None
        return made, list(await provider.recent(since))

    replicate_server.reset(page_size=2)
    made, recent = ask(replicate_server, deeds)
    assert [one.provider_id for one in recent] == [one.provider_id for one in reversed(made[2:])]
    assert [(one.model, one.version, dict(one.input)) for one in recent] == [
        (MODEL, None, {**INPUT, "seed": seed}) for seed in (4, 3, 2)
    ]
    assert replicate_server.ledger()["calls"]["list"] == 2


def test_one_list_answers_for_a_hundred(replicate_server: ReplicateServer) -> None:
    async def deeds(provider: ReplicateProvider) -> dict[str, Snapshot]:
        made = [await provider.create(submission(seed=seed)) for seed in range(120)]
        return await provider.snapshots({one.provider_id: datetime.now(UTC) for one in made})

    seen = ask(replicate_server, deeds)
    calls = replicate_server.ledger()["calls"]
    assert len(seen) == 120
    assert (calls["list"], calls.get("get", 0)) == (2, 0)


def test_one_or_two_are_asked_for_by_themselves_and_tell_their_progress(replicate_server: ReplicateServer) -> None:
    async def deeds(provider: ReplicateProvider) -> dict[str, Snapshot]:
        made = [await provider.create(submission(seed=seed)) for seed in range(2)]
        replicate_server.advance(50)
        return await provider.snapshots({one.provider_id: datetime.now(UTC) for one in made})

    replicate_server.reset(seconds=100, jitter=0)
    seen = ask(replicate_server, deeds)
    calls = replicate_server.ledger()["calls"]
    assert [one.progress for one in seen.values()] == [0.4, 0.4]
    assert (calls.get("list", 0), calls["get"]) == (0, 2)


def test_a_few_old_ones_cost_no_pages(replicate_server: ReplicateServer) -> None:
    """Two old predictions behind 30 newer ones on pages of 5 are asked for singly, not searched for."""

    async def deeds(provider: ReplicateProvider) -> dict[str, Snapshot]:
        made = [await provider.create(submission(seed=seed)) for seed in range(32)]
        wanted = [*made[:2], *made[-3:]]
        return await provider.snapshots({one.provider_id: datetime.now(UTC) for one in wanted})

    replicate_server.reset(page_size=5)
    assert len(ask(replicate_server, deeds)) == 5
    calls = replicate_server.ledger()["calls"]
    assert (calls["list"], calls["get"]) == (1, 2)


def test_pages_are_not_turned_past_the_oldest_wanted(replicate_server: ReplicateServer) -> None:
    async def deeds(provider: ReplicateProvider) -> dict[str, Snapshot]:
        for seed in range(20):
            await provider.create(submission(seed=seed))
        replicate_server.advance(600)
        at = datetime.now(UTC) + timedelta(seconds=600)
        return await provider.snapshots({f"unknown{number}": at for number in range(4)})

    replicate_server.reset(page_size=5)
    assert ask(replicate_server, deeds) == {}
    calls = replicate_server.ledger()["calls"]
    assert (calls["list"], calls["get"]) == (1, 4)


def test_a_prediction_that_replicate_does_not_know_is_absent(replicate_server: ReplicateServer) -> None:
    async def deeds(provider: ReplicateProvider) -> tuple[str, dict[str, Snapshot]]:
        made = [await provider.create(submission(seed=seed)) for seed in range(4)]
        wanted = {one.provider_id: datetime.now(UTC) for one in made} | {"nobodys": datetime.now(UTC)}
        return made[0].provider_id, await provider.snapshots(wanted)

    replicate_server.add_faults(Fault(on="run", do="vanish", times=1))
    vanished, seen = ask(replicate_server, deeds)
    assert len(seen) == 3
    assert vanished not in seen


@pytest.mark.parametrize(
    "fault",
    [
        Fault(on="list", do="answer", drop=("results",)),
        Fault(on="list", do="answer", fields={"results": {"id": "x"}}),
        Fault(on="get", do="answer", drop=("id",)),
    ],
)
def test_an_answer_without_its_substance_is_a_passing_fault(fault: Fault, replicate_server: ReplicateServer) -> None:
    """A list that holds nothing, or a prediction without its id, says nothing about what was asked."""

    async def deeds(provider: ReplicateProvider) -> dict[str, Snapshot]:
        made = await provider.create(submission())
        wanted = [made.provider_id] if fault.on == "get" else [made.provider_id, "a", "b"]
        return await provider.snapshots(dict.fromkeys(wanted, datetime.now(UTC)))

    replicate_server.add_faults(fault)
    assert isinstance(refusal(replicate_server, deeds), ProviderUnavailable)


def test_a_refused_token_ends_a_poll_too(replicate_server: ReplicateServer) -> None:
    replicate_server.add_faults(Fault(on="get", status=401))
    error = refusal(replicate_server, lambda provider: provider.snapshots({"x": datetime.now(UTC)}))
    assert isinstance(error, ProviderRefused)
    assert error.kind is Refusal.TOKEN


def test_an_upload_that_does_not_say_where_it_is_may_be_made_again(
    replicate_server: ReplicateServer, room: RoomFile
) -> None:
    replicate_server.add_faults(Fault(on="upload", do="answer", drop=("urls",)))
    assert isinstance(refusal(replicate_server, lambda provider: provider.upload(room)), ProviderUnavailable)


def test_an_upload_without_an_expiry_lives_for_a_day(replicate_server: ReplicateServer, room: RoomFile) -> None:
    """Newer SDKs of Replicate's know neither `name` nor `etag`; the package alone requires both."""
    replicate_server.add_faults(Fault(on="upload", do="answer", drop=("expires_at", "created_at", "name", "etag")))
    uploaded = ask(replicate_server, lambda provider: provider.upload(room))
    assert timedelta(hours=23) < uploaded.expires_at - datetime.now(UTC) <= timedelta(hours=24)


def test_a_fault_is_never_taken_for_absence(replicate_server: ReplicateServer) -> None:
    """The list works and the single calls do not: "no answer" must not become "no longer known"."""

    async def deeds(provider: ReplicateProvider) -> dict[str, Snapshot]:
        made = [await provider.create(submission(seed=seed)) for seed in range(4)]
        replicate_server.add_faults(Fault(on="get", do="refuse", status=500))
        return await provider.snapshots({one.provider_id: datetime.now(UTC) for one in made} | {"x": datetime.now(UTC)})

    assert isinstance(refusal(replicate_server, deeds), ProviderUnavailable)


def test_two_passing_faults_do_not_lose_a_poll(replicate_server: ReplicateServer) -> None:
    async def deeds(provider: ReplicateProvider) -> dict[str, Snapshot]:
        made = await provider.create(submission())
        replicate_server.add_faults(Fault(on="get", do="reset", times=1), Fault(on="get", status=502, times=1))
        return await provider.snapshots({made.provider_id: datetime.now(UTC)})

    assert len(ask(replicate_server, deeds)) == 1
    assert replicate_server.ledger()["calls"]["get"] == 3


def test_a_cancelled_prediction_ends_as_canceled_and_a_finished_one_stays_as_it_is(
    replicate_server: ReplicateServer,
) -> None:
    async def deeds(provider: ReplicateProvider) -> tuple[Snapshot, Snapshot]:
        done = await finished(provider)
        replicate_server.add_faults(Fault(on="run", do="cold", seconds=100))
        waiting = await provider.create(submission())
        for one in (done, waiting):
            await provider.cancel(one.provider_id)
        return await until_final(provider, waiting), await until_final(provider, done)

    canceled, done = ask(replicate_server, deeds)
    assert (canceled.stage, done.stage) == (Stage.CANCELED, Stage.SUCCEEDED)
    assert [one["billed"] for one in replicate_server.ledger()["predictions"]] == [True, True]


def test_the_deadline_goes_with_the_create_so_that_replicate_ends_it_by_itself(
    replicate_server: ReplicateServer,
) -> None:
    async def deeds(provider: ReplicateProvider) -> list[Stage]:
        made = [await provider.create(submission()) for _ in range(2)]
        replicate_server.advance(61)
        return [(await until_final(provider, one)).stage for one in made]

    replicate_server.reset(seconds=1000)
    replicate_server.add_faults(Fault(on="run", do="cold", seconds=1000, times=1))
    assert ask(replicate_server, deeds) == [Stage.ABORTED, Stage.CANCELED]
    ledger = replicate_server.ledger()["predictions"]
    assert [one["headers"]["cancel-after"] for one in ledger] == ["1m", "1m"]
    assert [one["billed"] for one in ledger] == [False, True]


@pytest.mark.parametrize(("seconds", "header"), [(900, "15m"), (90, "90s"), (0.2, "1s"), (59.5, "1m")])
def test_a_deadline_is_written_as_replicate_takes_it(
    seconds: float, header: str, replicate_server: ReplicateServer
) -> None:
    asked = replace(submission(), deadline_seconds=seconds)
    ask(replicate_server, lambda provider: provider.create(asked))
    assert replicate_server.ledger()["predictions"][0]["headers"] == {"cancel-after": header}


def test_the_account_is_told_by_name(replicate_server: ReplicateServer) -> None:
    assert ask(replicate_server, lambda provider: provider.account()) == "staging-lab-test"


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fault(on="create", status=401), Refusal.TOKEN, "Set REPLICATE_API_TOKEN"),
        (Fault(on="create", status=402), Refusal.CREDIT, "Buy credit"),
        (Fault(on="create", status=403), Refusal.TOKEN, "does not allow this account to use the model"),
        (Fault(on="create", status=404), Refusal.MODEL_GONE, f"does not have the model {MODEL}"),
        (Fault(on="create", status=422), Refusal.MODEL_GONE, "does not know this version of the model"),
        (Fault(on="create", status=413, body={"detail": "Too large"}), Refusal.INPUT, "Too large"),
        (Fault(on="create", status=418), Refusal.OTHER, "status 418"),
        (Fault(on="create", status=404, body=[]), Refusal.OTHER, "REPLICATE_BASE_URL"),
    ],
)
def test_a_refusal_is_a_sentence_of_its_kind_and_nothing_is_billed(
    fault: Fault, kind: Refusal, words: str, replicate_server: ReplicateServer
) -> None:
    replicate_server.add_faults(fault)
    error = refusal(replicate_server, lambda provider: provider.create(submission()))
    assert isinstance(error, ProviderRefused)
    assert (error.kind, words in str(error)) == (kind, True), str(error)
    assert replicate_server.billed() == []


def test_a_refused_input_names_every_field(replicate_server: ReplicateServer) -> None:
    error = refusal(replicate_server, lambda provider: provider.create(submission(prompt="", output_format="gif")))
    assert isinstance(error, ProviderRefused)
    assert error.kind is Refusal.INPUT
    assert "prompt is required" in str(error)
    assert 'output_format must be one of the following: "webp", "jpg", "png"' in str(error)


def test_a_community_model_without_its_version_is_gone(replicate_server: ReplicateServer) -> None:
    error = refusal(replicate_server, lambda provider: provider.create(submission(ADIRIK)))
    assert isinstance(error, ProviderRefused)
    assert error.kind is Refusal.MODEL_GONE


@pytest.mark.parametrize("prompt", ["\ud800", float("nan")])
def test_an_input_that_no_json_can_hold_is_refused_before_it_is_sent(
    prompt: object, replicate_server: ReplicateServer
) -> None:
    error = refusal(replicate_server, lambda provider: provider.create(submission(prompt=prompt)))
    assert isinstance(error, ProviderRefused)
    assert error.kind is Refusal.INPUT
    assert replicate_server.ledger()["calls"] == {}


# Which answers to a create leave no doubt. 429 and 503 are the API's own "not now"; Replicate's own JavaScript
# client sends a create again after 429 only, and a 503 counts here only as a problem document of the API's.
CERTAIN = [
    Fault(on="create", status=429),
    Fault(on="create", status=503),
    Fault(on="create", status=408),
]
DOUBTFUL = [
    Fault(on="create", do="reset"),
    Fault(on="create", do="lost"),
    Fault(on="create", do="truncated"),
    Fault(on="create", do="html", status=200),
    Fault(on="create", do="html", status=502),
    Fault(on="create", do="html", status=504),
    Fault(on="create", do="list"),
    Fault(on="create", do="answer", drop=("id",)),
    Fault(on="create", do="answer", fields={"id": "../account"}),
    Fault(on="create", do="answer", fields={"status": None}),
    Fault(on="create", do="refuse", status=500),
    Fault(on="create", do="refuse", status=502),
    Fault(on="create", do="refuse", status=504),
    Fault(on="create", do="refuse", status=503, body="Service Unavailable", headers={"X-Gateway": "yes"}),
]


@pytest.mark.parametrize("fault", CERTAIN, ids=lambda fault: f"{fault.status}")
def test_a_create_that_was_certainly_not_taken_may_be_sent_again(
    fault: Fault, replicate_server: ReplicateServer
) -> None:
    replicate_server.add_faults(fault)
    error = refusal(replicate_server, lambda provider: provider.create(submission()))
    assert isinstance(error, ProviderUnavailable)
    assert replicate_server.ledger()["predictions"] == []


@pytest.mark.parametrize("fault", DOUBTFUL, ids=lambda fault: f"{fault.do} {fault.status}")
def test_a_create_whose_answer_is_no_answer_is_in_doubt(fault: Fault, replicate_server: ReplicateServer) -> None:
    replicate_server.add_faults(fault)
    error = refusal(replicate_server, lambda provider: provider.create(submission()))
    assert isinstance(error, AnswerLost)
    assert "not known yet" in str(error)
    # One call, whatever came of it: nothing below us sends a create twice.
    assert replicate_server.ledger()["calls"] == {"create": 1}


def test_an_unreachable_replicate_is_a_passing_fault_even_for_a_create(replicate_server: ReplicateServer) -> None:
    with pytest.raises(ProviderUnavailable, match="cannot be reached"):
        ask(replicate_server, lambda provider: provider.create(submission()), base_url="http://127.0.0.1:9")


IN_30_SECONDS = (datetime.now(UTC) + timedelta(seconds=30)).strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize(
    ("header", "body", "least", "most"),
    [
        ("", {"retry_after": 3}, 3, 3),
        ("8", {"retry_after": 3}, 3, 3),
        ("9", {}, 9, 9),
        (IN_30_SECONDS, {}, 0.5, 30),
        ("soon", {}, 5, 5),
        ("", {"detail": "Request was throttled. Your rate limit resets in ~7s."}, 7, 7),
        ("", {}, 5, 5),
        ("3600", {}, 60, 60),
        ("", {"retry_after": -4}, 0.5, 0.5),
        ("", {"retry_after": "nan"}, 5, 5),
        ("", {"retry_after": True}, 5, 5),
        ("", {"retry_after": [1]}, 5, 5),
    ],
)
def test_a_pause_is_what_the_answer_says_within_bounds(
    header: str, body: dict[str, Any], least: float, most: float
) -> None:
    assert least <= retry_after_seconds({"retry-after": header}, body) <= most


def test_a_throttled_create_tells_the_pause(replicate_server: ReplicateServer) -> None:
    replicate_server.reset(creates_per_minute=20, create_burst=1)

    async def deeds(provider: ReplicateProvider) -> None:
        for seed in range(2):
            await provider.create(submission(seed=seed))

    error = refusal(replicate_server, deeds)
    assert isinstance(error, ProviderThrottled)
    assert 1 <= error.retry_after_seconds <= 3


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("The input or output was flagged as sensitive. (E005)", Refusal.SENSITIVE, "safety filter"),
        ("NSFW content detected. Try running it again", Refusal.SENSITIVE, "safety filter"),
        ("CUDA out of memory. Tried to allocate 2 GiB", Refusal.MODEL_FAILED, "ran out of memory"),
        ("Director: unexpected error (E1001)", Refusal.MODEL_FAILED, "ran out of memory"),
        ("Prediction interrupted; please retry (code: PA)", Refusal.MODEL_FAILED, "interrupted"),
        ("Director: timed out (E6716)", Refusal.MODEL_FAILED, "did not start in time"),
        ("list index\n out of range", Refusal.MODEL_FAILED, "The model failed: list index out of range."),
        ("x" * 5000, Refusal.MODEL_FAILED, "…"),
        ("", Refusal.MODEL_FAILED, "gave no reason"),
    ],
)
def test_a_model_that_failed_says_why_in_a_sentence(
    text: str, kind: Refusal, words: str, replicate_server: ReplicateServer
) -> None:
    replicate_server.add_faults(failing(text))
    final = ask(replicate_server, finished)
    assert (final.stage, final.error_kind) == (Stage.FAILED, kind)
    assert final.error is not None
    assert words in final.error
    assert len(final.error) < 350


def test_an_expired_upload_makes_the_prediction_fail(replicate_server: ReplicateServer, room: RoomFile) -> None:
    async def deeds(provider: ReplicateProvider) -> Snapshot:
        uploaded = await provider.upload(room)
        replicate_server.advance(24 * 3600 + 1)
        return await finished(provider, image=uploaded.url)

    assert ask(replicate_server, deeds).stage is Stage.FAILED


def test_after_an_hour_the_result_has_expired_and_what_is_left_is_read(replicate_server: ReplicateServer) -> None:
    async def deeds(provider: ReplicateProvider) -> tuple[Snapshot, list[str]]:
        final = await finished(provider)
        replicate_server.advance(3601)
        later = (await provider.snapshots({final.provider_id: datetime.now(UTC)}))[final.provider_id]
        said = []
        for seen in (later, final):
            with pytest.raises(OutputExpired) as expired:
                await provider.collect(seen)
            said.append(str(expired.value))
        return later, said

    later, said = ask(replicate_server, deeds)
    assert (later.stage, later.data_removed, later.output, dict(later.input)) == (Stage.SUCCEEDED, True, None, {})
    assert later.metrics["image_count"] == 1
    assert all("already deleted" in sentence for sentence in said)


def test_several_pictures_come_in_order(replicate_server: ReplicateServer) -> None:
    async def deeds(provider: ReplicateProvider) -> list[bytes]:
        made = await provider.create(submission("openai/gpt-image-1.5", number_of_images=3))
        return await provider.collect(await until_final(provider, made))

    replicate_server.reset(seconds=0, tiny_outputs=False)
    assert len(set(ask(replicate_server, deeds))) == 3


def test_an_empty_output_is_asked_for_again_before_it_is_given_up(replicate_server: ReplicateServer) -> None:
    """A list that lags must not cost a paid picture."""

    async def deeds(provider: ReplicateProvider) -> list[bytes]:
        final = await finished(provider)
        lagging = Snapshot(final.provider_id, Stage.SUCCEEDED)
        return await provider.collect(lagging)

    assert len(ask(replicate_server, deeds)) == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"output": "I cannot do that."}, "not an image but text"),
        ({"output": None}, "ended without a picture"),
        ({"output": ["https://example.com/room.png"]}, "example.com"),
        ({"output": "file:///etc/passwd"}, "nothing was fetched"),
    ],
)
def test_an_output_that_is_no_picture_of_replicates_is_refused(
    changed: dict[str, object], words: str, replicate_server: ReplicateServer
) -> None:
    async def deeds(provider: ReplicateProvider) -> list[bytes]:
        return await provider.collect(await finished(provider))

    replicate_server.add_faults(Fault(on="run", do="end", fields=changed))
    error = refusal(replicate_server, deeds)
    assert isinstance(error, OutputRefused)
    assert words in str(error)


def test_an_inline_picture_needs_no_download(replicate_server: ReplicateServer) -> None:
    async def deeds(provider: ReplicateProvider) -> list[bytes]:
        return await provider.collect(await finished(provider))

    replicate_server.add_faults(Fault(on="run", do="end", fields={"output": ["data:image/png;base64,aGVsbG8="]}))
    assert ask(replicate_server, deeds) == [b"hello"]
    assert "output" not in replicate_server.ledger()["calls"]


def test_fifty_creates_at_once_are_fifty_predictions(replicate_server: ReplicateServer) -> None:
    async def deeds(provider: ReplicateProvider) -> list[Snapshot]:
        return await asyncio.gather(*(provider.create(submission(seed=seed)) for seed in range(50)))

    made = ask(replicate_server, deeds)
    assert {one.input["seed"] for one in made} == set(range(50))
    assert len({one.provider_id for one in made}) == 50


def test_a_call_cancelled_in_the_middle_leaves_the_provider_usable(replicate_server: ReplicateServer) -> None:
    async def deeds(provider: ReplicateProvider) -> str:
        replicate_server.add_faults(Fault(on="create", do="late", seconds=2, times=1))
        task = asyncio.create_task(provider.create(submission()))
        while not replicate_server.ledger()["calls"]:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await provider.account()

    assert ask(replicate_server, deeds) == "staging-lab-test"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2023-11-27T13:35:45.99397566Z", datetime(2023, 11, 27, 13, 35, 45, 993975, tzinfo=UTC)),
        ("2023-11-16T11:46:01.04Z", datetime(2023, 11, 16, 11, 46, 1, 40000, tzinfo=UTC)),
        ("2023-11-16T12:46:01+01:00", datetime(2023, 11, 16, 11, 46, 1, tzinfo=UTC)),
        ("2023-11-16T11:46:01", datetime(2023, 11, 16, 11, 46, 1, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
        (7, None),
    ],
)
def test_a_moment_is_read_in_every_form_and_always_aware(told: Any, expected: datetime | None) -> None:
    assert moment(told) == expected


@pytest.mark.parametrize(
    ("logs", "expected"),
    [
        (" 18%|█▊        | 9/50 [00:01<00:03, 11.76it/s]\n", 0.18),
        ("  0%|          | 0/50\r 50%|█████     | 25/50\r", 0.5),
        ("100%|██████████| 50/50\nDone: 3% left", 1.0),
        ("999%|x|", 1.0),
        ("loading weights: 40% of memory", None),
        ("", None),
        (None, None),
    ],
)
def test_progress_is_that_of_the_last_bar_in_the_logs(logs: str | None, expected: float | None) -> None:
    assert progress(logs) == expected
