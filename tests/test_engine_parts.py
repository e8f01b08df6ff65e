"""The engine's parts on their own: pace, polling, group commit, what counts as the same request."""

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest
from pydantic import JsonValue

from staging.engine import poll
from staging.engine.adopt import Lookout, same_request
from staging.engine.journal import Journal
from staging.engine.pace import Places, TokenBucket
from staging.engine.poll import Poller
from staging.errors import EventRefused, NotFound, ProviderThrottled, ProviderUnavailable
from staging.models import default_registry
from staging.predictions import Event, Prediction, State
from staging.providers.base import RoomFile, Snapshot, Stage, Submission, UploadedPicture
from staging.registry import Price
from staging.store import PredictionLedger

NOW = datetime.now(UTC)


class FakeProvider:
    """A fake of a provider that answers from a script. Tests only."""

    name = "fake"
    survives_restart = True

    def __init__(self) -> None:
        self.asked: list[set[str]] = []
        self.looks: list[datetime] = []
        self.answers: list[Mapping[str, Stage] | Exception] = []
        self.seen: list[Snapshot] = []
        self.look_seconds = 0.0

    async def snapshots(self, wanted: Mapping[str, datetime]) -> dict[str, Snapshot]:
        self.asked.append(set(wanted))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return {key: Snapshot(key, stage) for key, stage in answer.items() if key in wanted}

    async def recent(self, since: datetime) -> Collection[Snapshot]:
        self.looks.append(since)
        await asyncio.sleep(self.look_seconds)
        return self.seen

    async def upload(self, room: RoomFile) -> UploadedPicture:
        raise AssertionError("not in this test")

    async def create(self, submission: Submission) -> Snapshot:
        raise AssertionError("not in this test")

    async def cancel(self, provider_id: str) -> None:
        raise AssertionError("not in this test")

    async def collect(self, snapshot: Snapshot) -> list[bytes]:
        raise AssertionError("not in this test")

    async def close(self) -> None:
        return


# ── pace ─────────────────────────────────────────────────────────────────────────────────────


def test_a_bucket_lets_the_burst_through_and_then_keeps_the_pace() -> None:
    async def take(count: int) -> float:
        bucket = TokenBucket(per_minute=60 * 10, burst=10)
        began = time.monotonic()
        for _ in range(count):
            await bucket.take(asyncio.Event())
        return time.monotonic() - began

    assert asyncio.run(take(10)) < 0.9  # at the pace they would take a second
    assert 0.49 < asyncio.run(take(15)) < 1.4


def test_a_bucket_obeys_the_providers_wait() -> None:
    async def pause() -> float:
        bucket = TokenBucket(per_minute=60_000, burst=100)
        bucket.pause(0.3)
        began = time.monotonic()
        await bucket.take(asyncio.Event())
        return time.monotonic() - began

    assert asyncio.run(pause()) >= 0.29


def test_who_wants_to_be_stopped_waits_for_no_bucket_and_takes_nothing_from_it() -> None:
    async def stop_one() -> tuple[bool, bool, float]:
        bucket = TokenBucket(per_minute=60, burst=1)
        await bucket.take(asyncio.Event())
        began = time.monotonic()
        told = asyncio.Event()
        stopped, other = asyncio.create_task(bucket.take(told)), asyncio.create_task(bucket.take(asyncio.Event()))
        await asyncio.sleep(0)
        told.set()
        return await stopped, await other, time.monotonic() - began

    taken, other, seconds = asyncio.run(stop_one())
    assert (taken, other) == (False, True)
    assert seconds < 1.9  # one token's time, not two: the one who left took none


def test_places_bound_all_and_each_model_and_a_busy_model_holds_no_other_up() -> None:
    async def crowd() -> tuple[int, int]:
        nobody = asyncio.Event()
        places, inside, most = Places(total=3, per_model=2), {"a": 0, "b": 0}, {"a": 0, "all": 0}

        async def one(model: str) -> None:
            async with places.of_model(model, nobody), places.in_all(nobody):
                inside[model] += 1
                most["a"] = max(most["a"], inside["a"])
                most["all"] = max(most["all"], sum(inside.values()))
                await asyncio.sleep(0.01)
                inside[model] -= 1

        await asyncio.gather(*(one("a") for _ in range(6)), *(one("b") for _ in range(6)))
        return most["a"], most["all"]

    assert asyncio.run(crowd()) == (2, 3)


def test_who_wants_to_be_stopped_waits_for_no_place_and_takes_none() -> None:
    async def crowd() -> bool:
        places, nobody, told = Places(total=1, per_model=1), asyncio.Event(), asyncio.Event()
        async with places.of_model("a", nobody):
            waiting = asyncio.create_task(_enter(places, told))
            await asyncio.sleep(0)
            assert not waiting.done()
            told.set()
            await asyncio.wait_for(waiting, 1)
        async with asyncio.timeout(1), places.of_model("a", nobody):  # the place came back once, not twice
            return places._of_model["a"].locked()

    assert asyncio.run(crowd())


async def _enter(places: Places, told: asyncio.Event) -> None:
    async with places.of_model("a", told):
        return


# ── polling ──────────────────────────────────────────────────────────────────────────────────


def watch(provider: FakeProvider, *ids: str, created_at: datetime = NOW) -> list[Any]:
    async def run() -> list[Any]:
        poller = Poller(provider, fastest_seconds=0.01, slowest_seconds=0.05)
        waits = (poller.until_final(one, created_at, lambda _: None) for one in ids)
        return list(await asyncio.wait_for(asyncio.gather(*waits, return_exceptions=True), 20))

    return asyncio.run(run())


def test_one_question_answers_for_all_who_wait() -> None:
    provider = FakeProvider()
    provider.answers = [dict.fromkeys("abc", Stage.PROCESSING), dict.fromkeys("abc", Stage.SUCCEEDED)]
    ends = watch(provider, "a", "b", "c")
    assert [end.stage for end in ends] == [Stage.SUCCEEDED] * 3
    assert provider.asked == [{"a", "b", "c"}] * 2


def test_passing_faults_are_waited_out() -> None:
    provider = FakeProvider()
    provider.answers = [ProviderUnavailable("down"), ProviderThrottled("slow", 0.01), {"a": Stage.FAILED}]
    assert watch(provider, "a")[0].stage is Stage.FAILED


def test_an_error_of_our_own_reaches_those_who_wait() -> None:
    provider = FakeProvider()
    provider.answers = [ValueError("a bug")]
    assert isinstance(watch(provider, "a")[0], ValueError)


def test_a_prediction_the_provider_lost_is_given_up_but_not_while_its_list_may_lag() -> None:
    provider = FakeProvider()
    provider.answers = [{}]
    old = NOW - poll.GONE_AFTER - timedelta(seconds=1)
    assert isinstance(watch(provider, "a", created_at=old)[0], NotFound)
    assert len(provider.asked) == poll.MOST_MISSES

    young = FakeProvider()
    young.answers = [*[dict[str, Stage]()] * 20, {"a": Stage.SUCCEEDED}]
    assert watch(young, "a", created_at=datetime.now(UTC))[0].stage is Stage.SUCCEEDED


@pytest.mark.parametrize(
    ("waiting", "typical_seconds", "least", "most"),
    [(1, 10, 0.5, 0.5), (50, 8, 0.25, 0.25), (200, 60, 0.5, 0.7), (200, 300, 1.5, 1.5)],
)
def test_the_pace_of_polling_follows_the_work(waiting: int, typical_seconds: float, least: float, most: float) -> None:
    async def interval() -> float:
        poller = Poller(FakeProvider(), fastest_seconds=0.25, slowest_seconds=1.5)
        poller._durations.append(typical_seconds)
        tasks = [asyncio.create_task(poller.until_final(str(n), NOW, lambda _: None)) for n in range(waiting)]
        await asyncio.sleep(0)
        seconds = poller.interval_seconds()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return seconds

    assert least <= asyncio.run(interval()) <= most


def test_after_closing_nothing_is_asked_and_no_task_is_left() -> None:
    async def left() -> set[asyncio.Task[Any]]:
        poller = Poller(FakeProvider(), fastest_seconds=0.25, slowest_seconds=1.5)
        waiting = asyncio.create_task(poller.until_final("a", NOW, lambda _: None))
        while poller._task is None:
            await asyncio.sleep(0)
        poller.look_sooner("a")  # the watch wakes as it is told to end
        await poller.close()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(left()) == set()


# ── group commit ─────────────────────────────────────────────────────────────────────────────


class FakeLedger:
    """A fake ledger that refuses one prediction's events. Tests only."""

    def __init__(self, refuse: str = "") -> None:
        self.commits: list[list[str]] = []
        self._refuse = refuse

    def append(self, events: Sequence[Event]) -> None:
        time.sleep(0.005)
        if any(event.prediction_id == self._refuse for event in events):
            raise EventRefused("taken")
        self.commits.append([event.prediction_id for event in events])


def journal(ledger: FakeLedger, *ids: str) -> list[Any]:
    async def run() -> list[Any]:
        book = Journal(cast(PredictionLedger, ledger))
        appends = (book.append(Event(one, 1, State.RUNNING, NOW)) for one in ids)
        answers = await asyncio.gather(*appends, return_exceptions=True)
        await book.close()
        return list(answers)

    return asyncio.run(run())


def test_one_commit_serves_all_that_wait() -> None:
    ledger = FakeLedger()
    ids = [str(n) for n in range(100)]
    assert journal(ledger, *ids) == [None] * 100
    assert len(ledger.commits) <= 2
    assert [one for commit in ledger.commits for one in commit] == ids


def test_a_refused_event_does_not_take_its_group_with_it() -> None:
    ledger = FakeLedger(refuse="b")
    answers = journal(ledger, "a", "b", "c")
    assert answers[0] is None
    assert isinstance(answers[1], EventRefused)
    assert answers[2] is None
    assert [one for commit in ledger.commits for one in commit] == ["a", "c"]


# ── adoption ─────────────────────────────────────────────────────────────────────────────────

ASKED = Prediction(
    id="1",
    comparison_id="c",
    room="r",
    model="qwen/qwen-image-edit",
    version=None,
    provider="fake",
    style="modern",
    prompt="a sofa",
    parameters={},
    seed=1,
    price=Price(source="s", dated=date(2026, 1, 1)),
    estimate_usd=None,
    project="",
    created_at=NOW,
    created_by="local",
)
REGISTRY = default_registry()
SENT: dict[str, JsonValue] = {"image": "https://x/1", "prompt": "a sofa", "seed": 1}
THEIRS = Snapshot("p", Stage.PROCESSING, model="qwen/qwen-image-edit", version="hidden", input=SENT)


@pytest.mark.parametrize(
    ("theirs", "same"),
    [
        (THEIRS, True),
        (replace(THEIRS, input=dict(reversed(SENT.items()))), True),
        (replace(THEIRS, model=""), True),
        (replace(THEIRS, model="replicate/an-alias"), True),
        (replace(THEIRS, model="google/nano-banana"), False),
        (replace(THEIRS, input={**SENT, "seed": 2}), False),
        (replace(THEIRS, input={**SENT, "seed": 1.0}), True),
        (replace(THEIRS, input={}), False),
        (replace(THEIRS, input=SENT, data_removed=True), False),
    ],
)
def test_the_same_request_is_the_same_model_and_the_whole_input(theirs: Snapshot, same: bool) -> None:
    assert same_request(theirs, ASKED, SENT, REGISTRY) is same


def test_a_community_model_is_known_by_its_version() -> None:
    asked = replace(ASKED, version="v1")
    assert same_request(replace(THEIRS, version="v1", model="whatever"), asked, SENT, REGISTRY)
    assert not same_request(replace(THEIRS, version="v2"), asked, SENT, REGISTRY)


def test_one_look_serves_all_who_asked_before_it_began_and_nobody_after() -> None:
    provider = FakeProvider()
    provider.look_seconds = 0.02

    async def run() -> tuple[int, int]:
        lookout = Lookout(provider)
        await asyncio.gather(*(lookout.look(NOW) for _ in range(20)))
        first = len(provider.looks)
        await lookout.look(NOW)
        return first, len(provider.looks)

    first, after = asyncio.run(run())
    assert first == 2  # the one under way when the others asked, and one for all of them
    assert after == 3


def test_a_shared_look_reaches_back_as_far_as_anybody_needs() -> None:
    provider = FakeProvider()
    provider.look_seconds = 0.02
    early = NOW - timedelta(minutes=30)

    async def run() -> None:
        lookout = Lookout(provider)
        await asyncio.gather(lookout.look(NOW), lookout.look(NOW), lookout.look(early))

    asyncio.run(run())
    assert min(provider.looks) <= early
