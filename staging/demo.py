"""A month of demo history: real runs of the offline models on the sample rooms, and made-up people who judge them.

What is real: every picture, and how long it took. What is made up, from a seed: who asked and when,
the votes, marks and prices. All of it is asked for by PEOPLE, whose names say so, and goes by one press.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from pydantic import JsonValue

from staging.costs import Quantities, reckon
from staging.errors import NotFound, ParametersRefused
from staging.ids import new_id
from staging.images import PictureKind, Pictures
from staging.predictions import Comparison, Event, Mark, Output, Prediction, Reason, State, Verdict
from staging.providers.offline_worker import Worker, WorkRefused
from staging.registry import Price
from staging.rooms import Room, RoomType
from staging.store import Ballot, Choice, Kind, Side, Store, Vote

PEOPLE = ("demo: Ada", "demo: Ben", "demo: Chloe", "demo: Dev", "demo: Eve")
"""Nobody can sign in so: a person's name is an e-mail address, and the local one is `local`."""
KIND, NAME = "demo", "history"
SOURCE = "demo: a made-up price"
FURNISH, TONE, UNCHANGED = "offline/furnish", "offline/tone", "offline/unchanged"
PRICES: Mapping[str, str] = {FURNISH: "0.04", TONE: "0.01", UNCHANGED: "0"}
SKILL: Mapping[str, float] = {FURNISH: 1.4, TONE: 0.2, UNCHANGED: -0.6}
"""How well a demo person likes what a model makes, before taste."""
STYLES = ("modern", "scandinavian", "traditional", "industrial")
PROJECTS = ("demo: 12 Elm Street", "demo: Harbour Lofts", "")
REASONS = (Reason.ARTEFACTS, Reason.SCALE, Reason.LIGHT, Reason.STYLE)
DAYS = 30
SEED = 8
STYLES_A_ROOM = 2

Tell = Callable[[float, str], None]


class _Run(NamedTuple):
    """A real run of an offline model."""

    model: str
    style: str
    parameters: Mapping[str, JsonValue]
    output: Output
    seconds: float


@dataclass(frozen=True, slots=True)
class DemoMade:
    """What a month of demo history came to."""

    pictures: int
    predictions: int
    votes: int


class Demo:
    """The demo history of a ledger. Every method may be called from any thread."""

    def __init__(self, store: Store, pictures: Pictures) -> None:
        self._store, self._pictures = store, pictures

    def here(self) -> bool:
        """Return True while there is demo history."""
        try:
            return self._store.documents.get(KIND, NAME).body is not None
        except NotFound:
            return False

    def make(self, now: datetime, tell: Tell, *, days: int = DAYS, styles: int = STYLES_A_ROOM) -> DemoMade:
        """Write the month before `now`; the same seed, rooms and machine make the same pictures and votes.

        ParametersRefused where somebody has worked already: a demo gets a folder of its own.
        """
        if self.here():
            raise ParametersRefused("There is demo history here already. Remove it first.")
        if self._store.predictions.count_by_state().total():
            raise ParametersRefused("There is real work in this folder: make the demo in one of its own.")
        dice = random.Random(SEED)  # noqa: S311 - it plays people, and guards nothing
        rooms = [room for room in self._store.rooms.list() if room.sample and room.room_type is not RoomType.BATHROOM]
        runs: dict[str, list[_Run]] = {}
        for number, room in enumerate(rooms):
            tell(number / len(rooms), f"Running the offline models on {room.name}")
            runs[room.digest] = list(self._run(room, styles))
        self._store.documents.write(KIND, NAME, {"people": list(PEOPLE), "days": days}, PEOPLE[0], now)
        asked = votes = 0
        ready = [room for room in rooms if runs[room.digest]]
        moments = sorted(now - timedelta(days=dice.uniform(0.05, days)) for _ in range(days * 2)) if ready else []
        for at in moments:
            asked_for, cast = self._compare(dice.choice(ready), runs, at, now, dice)
            asked += asked_for
            votes += cast
        tell(1.0, "Done")
        return DemoMade(sum(len(made) for made in runs.values()), asked, votes)

    def remove(self, by: str, at: datetime) -> None:
        """The demo history is gone from the ledger, and its pictures from the folder; nothing else is."""
        digests = self._store.demo.remove(PEOPLE)
        for digest in digests:
            for kind in (PictureKind.ORIGINAL, PictureKind.VIEW, PictureKind.THUMBNAIL):
                self._pictures.delete(digest, kind)
        if self.here():
            self._store.documents.write(KIND, NAME, None, by, at, note="The demo history was removed")

    def _run(self, room: Room, styles: int) -> Iterator[_Run]:
        """Yield real runs: furnished in some styles, where the stager can; relit; unchanged."""
        path = self._pictures.room_file(room.digest).path
        worker = Worker()
        try:
            for number in range(styles):
                style = STYLES[(number + int(room.digest[:4], 16)) % len(STYLES)]
                question: dict[str, JsonValue] = {"room_type": room.room_type, "style": style, "seed": number + 1}
                question |= {"quality": "draft", "path": path, "work": "furnish", "said": {}}
                try:
                    made = worker.ask(question, lambda _share, _step: None)
                except WorkRefused:
                    continue
                output = self._pictures.keep_output(made.picture)
                yield _Run(FURNISH, style, {"quality": "draft"}, output, sum(made.seconds.values()))
            began = datetime.now(UTC)
            made = worker.ask({"path": path, "work": "tone", "look": "bright"}, lambda _share, _step: None)
            seconds = (datetime.now(UTC) - began).total_seconds()
            yield _Run(TONE, "", {"look": "bright"}, self._pictures.keep_output(made.picture), seconds)
        finally:
            worker.kill()
        data = Path(path).read_bytes()
        yield _Run(UNCHANGED, "", {}, self._pictures.keep_output(data), 0.1)

    def _compare(
        self, room: Room, runs: Mapping[str, list[_Run]], at: datetime, now: datetime, dice: random.Random
    ) -> tuple[int, int]:
        """Write one comparison of a room's runs, what people think of it, and the votes; return how many of both."""
        person = dice.choice(PEOPLE)
        project = dice.choice(PROJECTS)
        comparison = Comparison(new_id(), f"demo: {room.name}", project, at, person)
        made = runs[room.digest]
        style = next((run.style for run in made if run.style), STYLES[0])
        asked = [(run, self._prediction(comparison, room, run, run.style or style)) for run in made]
        lives = [event for run, prediction in asked for event in self._life(prediction, run, dice)]
        self._store.predictions.bring_in_lives(comparison, [prediction for _, prediction in asked], lives, at)
        for run, prediction in asked:
            if run.model != UNCHANGED and dice.random() < 0.7:
                mark = _mark(run.model, dice)
                after = min(now, at + timedelta(minutes=dice.uniform(2, 200)))
                self._store.predictions.mark(prediction.id, _always(mark), person, after)
        return len(asked), self._votes(room, asked, comparison, now, dice)

    def _prediction(self, comparison: Comparison, room: Room, run: _Run, style: str) -> Prediction:
        price = Price(usd_per_run=Decimal(PRICES[run.model]), source=SOURCE, dated=date(2026, 11, 1))
        return Prediction(
            id=new_id(),
            comparison_id=comparison.id,
            room=room.digest,
            model=run.model,
            version=None,
            provider="offline",
            style=style,
            prompt=f"Furnish this {room.room_type} in a {style} style.",
            parameters=run.parameters,
            seed=1,
            price=price,
            estimate_usd=price.usd_per_run,
            project=comparison.project,
            created_at=comparison.created_at,
            created_by=comparison.created_by,
        )

    def _life(self, prediction: Prediction, run: _Run, dice: random.Random) -> Iterator[Event]:
        """Yield the events of a prediction that took as long as its run did."""
        waited, at = dice.uniform(0.2, 4.0), prediction.created_at
        ran = max(0.1, run.seconds * dice.uniform(0.9, 1.2))
        sent, begun, ended = (at + timedelta(seconds=s) for s in (waited, waited + 0.05, waited + ran))
        charge = reckon(prediction.price, Quantities(images=1), "demo")
        told = {"room": prediction.room, "style": prediction.style, **run.parameters}
        yield Event(prediction.id, 1, State.SUBMITTING, sent, input=told)
        yield Event(prediction.id, 2, State.RUNNING, begun, provider_id=prediction.id)
        yield Event(
            prediction.id, 3, State.COLLECTING, ended, metrics={"predict_time": round(ran, 3), "image_count": 1}
        )
        yield Event(
            prediction.id,
            4,
            State.SUCCEEDED,
            ended + timedelta(milliseconds=80),
            queue_seconds=round(waited, 3),
            run_seconds=round(ran, 3),
            total_seconds=round(waited + ran, 3),
            charge_usd=charge.usd,
            charge_basis=charge.basis,
            charge_inputs=charge.inputs,
            outputs=(run.output,),
        )

    def _votes(
        self,
        room: Room,
        asked: list[tuple[_Run, Prediction]],
        comparison: Comparison,
        now: datetime,
        dice: random.Random,
    ) -> int:
        """Write blind votes of some people on pairs of different models; return how many."""
        pairs = [(a, b) for i, (_, a) in enumerate(asked) for _, b in asked[i + 1 :] if a.model != b.model]
        votes = 0
        for rater in dice.sample(PEOPLE, 2):
            for one, other in dice.sample(pairs, min(2, len(pairs))):
                left, right = (one, other) if dice.random() < 0.5 else (other, one)
                at = min(now, comparison.created_at + timedelta(hours=dice.uniform(1, 30)))
                ballot = Ballot(
                    id=new_id(),
                    rater=rater,
                    kind=Kind.PAIR,
                    queue="",
                    unit=room.digest,
                    room_type=room.room_type,
                    style=one.style,
                    project=comparison.project,
                    left=Side((left.id,), left.model),
                    right=Side((right.id,), right.model),
                    made_at=at,
                )
                self._store.votes.show(ballot)
                liking = SKILL[left.model] - SKILL[right.model] + dice.gauss(0, 1.2)
                choice = Choice.TIE if abs(liking) < 0.15 else Choice.LEFT if liking > 0 else Choice.RIGHT
                why = (dice.choice(REASONS),) if choice is not Choice.TIE and dice.random() < 0.4 else ()
                self._store.votes.give(Vote(ballot.id, choice, at, why, seconds=dice.uniform(2, 12)), rater)
                votes += 1
        return votes


def _always(mark: Mark) -> Callable[[Mark], Mark]:
    return lambda _: mark


def _mark(model: str, dice: random.Random) -> Mark:
    liked = dice.random() < (0.72 if model == FURNISH else 0.45)
    if liked:
        return Mark(Verdict.ACCEPTED, stars=dice.choice((3, 4, 4, 5)), favourite=dice.random() < 0.15)
    return Mark(Verdict.REJECTED, reasons=(dice.choice(REASONS),), stars=dice.choice((1, 2, 2, 3)))
