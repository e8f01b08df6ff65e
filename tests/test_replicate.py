"""What the Replicate provider does, over real HTTP, against the test server."""

import asyncio
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from staging.errors import (
    OutputExpired,
    OutputRefused,
    ProviderRefused,
    ProviderUnavailable,
    Refusal,
)
from staging.providers import replicate
from staging.providers.base import RoomFile, Snapshot, Stage
from staging.providers.replicate import ReplicateProvider
from tests.asking import ADIRIK, ADIRIK_VERSION, INPUT, MODEL, ask, finished, refusal, submission, until_final
from tests.replicate_server import ReplicateServer
from tests.replicate_server_options import Fault


@pytest.fixture
def room(tmp_path: Path) -> RoomFile:
    path = tmp_path / "room.png"
    Image.effect_noise((640, 480), 20).convert("RGB").save(path)
    return RoomFile("d" * 64, str(path), "image/png", 640, 480)


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
        replicate_server.advance(44)
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
