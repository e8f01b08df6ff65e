"""The scenes of the demo's month: comparisons of every day, an experiment that is over, one that runs, and jobs."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

from staging.demo_cast import (
    ADA,
    DAYS,
    FURNISH,
    KEY,
    LISTINGS,
    PEOPLE,
    PROGRAM,
    PROJECTS,
    SHARE_CONCLUDED,
    TONE,
)
from staging.demo_house import House
from staging.demo_month import Asked, Liking, Month, Why, likes_models
from staging.demo_runs import LOOKS, Run
from staging.experiments import Arm, Experiment, Experiments
from staging.ids import new_id
from staging.predictions import Prediction
from staging.rooms import Room, RoomType
from staging.routing import Rule
from staging.store import JobOrder

COMPARISONS_A_DAY = 1.4
PAIRED = "every arm of an experiment"
"""As the Experiments page logs a run of all arms on a room."""
ARMS = (
    (Arm(name="brighter", model=TONE), Arm(name="furnished", model=FURNISH, parameters={"quality": "draft"})),
    (Arm(name="bright", model=TONE), Arm(name="warm", model=TONE, parameters={"look": LOOKS[1]})),
)
QUESTIONS = (
    "demo: Do buyers prefer a furnished room to a brighter one?",
    "demo: Should an empty room be lit brighter, or warmer?",
)
QUEUED = 6
"""Of the last comparisons, in the queue for votes."""

Scene = tuple[datetime, Callable[[datetime], object]]
"""When something happens, and what."""


class Stage(NamedTuple):
    """What a month is played with."""

    house: House
    month: Month
    dice: random.Random
    rooms: Sequence[Room]
    runs: Mapping[str, list[Run]]
    begun: datetime
    now: datetime

    @property
    def long(self) -> timedelta:
        """How long it is."""
        return self.now - self.begun


def play(stage: Stage, days: int) -> None:
    """Write the month: everything in the order in which it is said to have happened."""
    stage.house.set_up(stage.begun, stage.now)
    stage.house.outline(stage.rooms, stage.begun)
    if stage.rooms:
        scenes = [*_daily(stage, days), *_concluded(stage, days), *_running(stage, days)]
        scenes.append((stage.begun + 0.6 * stage.long, stage.house.edit_prompts))
        for at, scene in sorted(scenes, key=itemgetter(0)):
            scene(at)
        stage.house.ask_for_votes([one.id for one in stage.house.store.comparisons.list(QUEUED)])
    stage.house.budget(stage.month.spent, stage.begun, stage.now)


def _moments(stage: Stage, count: int, first: float, last: float) -> list[datetime]:
    """Return so many moments between two shares of the month."""
    return sorted(stage.begun + stage.dice.uniform(first, last) * stage.long for _ in range(count))


def _daily(stage: Stage, days: int) -> Iterator[Scene]:
    """Yield the comparisons of every day: all a room's runs but the warm one, for a project or none."""

    def compare(at: datetime) -> None:
        dice, month = stage.dice, stage.month
        room = dice.choice(stage.rooms)
        chosen = [(run, Why()) for run in stage.runs[room.digest] if run.parameters.get("look") != LOOKS[1]]
        version = stage.house.shelf.current().label
        project = dice.choice((*PROJECTS, ""))
        asked = month.compare(
            room,
            chosen,
            at,
            by=dice.choice(PEOPLE),
            project=project,
            name=f"demo: {room.name}",
            prompt_version=version,
        )
        month.vote(room, _pairs(asked), dice.sample(PEOPLE, 2), 2, likes_models, 30)

    for at in _moments(stage, round(COMPARISONS_A_DAY * days), 0.0, 0.995):
        yield at, compare


def _concluded(stage: Stage, days: int) -> Iterator[Scene]:
    """Yield the experiment that is over: begun in the first days, its listings judged, decided two weeks later."""
    count = max(2, round(len(LISTINGS) * SHARE_CONCLUDED * days / DAYS))
    listings, running = LISTINGS[:count], list[Experiment]()
    yield (
        stage.begun + 0.05 * stage.long,
        lambda at: running.append(stage.house.begin(QUESTIONS[0], ARMS[0], listings, at, 40)),
    )
    moments = _moments(stage, count, 0.08, 0.5)
    for at, listing in zip(moments, listings, strict=True):
        yield at, lambda at, listing=listing: _pair_up(stage, running[0], listing, at, likes_models, 0.5)  # type: ignore[misc]
    yield stage.begun + 0.61 * stage.long, lambda at: stage.house.conclude(running[0], at)


def _running(stage: Stage, days: int) -> Iterator[Scene]:
    """Yield the experiment that still runs: listings judged by both arms, and jobs that go each to its arm."""
    first = round(len(LISTINGS) * SHARE_CONCLUDED)
    listings = LISTINGS[first : first + max(2, round((len(LISTINGS) - first) * days / DAYS))]
    running = list[Experiment]()

    def likes_warm(prediction: Prediction) -> float:
        return 0.5 if prediction.parameters else 0.0

    yield (
        stage.begun + 0.7 * stage.long,
        lambda at: running.append(stage.house.begin(QUESTIONS[1], ARMS[1], listings, at, 200)),
    )
    for at, listing in zip(_moments(stage, len(listings), 0.72, 0.97), listings, strict=True):
        yield at, lambda at, listing=listing: _pair_up(stage, running[0], listing, at, likes_warm, 4)  # type: ignore[misc]
    for number, at in enumerate(_moments(stage, 2 * len(listings), 0.72, 0.99)):
        yield at, lambda at, number=number: _job(stage, running[0], listings[number // 2], at)  # type: ignore[misc]


def _pair_up(stage: Stage, experiment: Experiment, listing: str, at: datetime, liking: Liking, hours: float) -> None:
    """Write a room of a listing made by every arm, and three votes on it."""
    dice = stage.dice
    made = [(room, [_run_of(stage, room, arm) for arm in experiment.terms.arms]) for room in stage.rooms]
    room, runs = dice.choice([(room, runs) for room, runs in made if all(run.output for run in runs)] or made)
    asked = stage.month.compare(
        room,
        [
            (run, Why(PAIRED, f"experiment {experiment.id}", experiment.key(arm.name)))
            for run, arm in zip(runs, experiment.terms.arms, strict=True)
        ],
        at,
        by=dice.choice(PEOPLE),
        project=listing,
        name=f"demo: {room.name} for {listing.removeprefix('demo: ')}",
        prompt_version=stage.house.shelf.current().label,
    )
    pairs = _pairs(asked, arms=True)
    if pairs:
        stage.month.vote(room, pairs, dice.sample(PEOPLE, 3), 1, liking, hours)
    _write_down(stage, experiment, listing, at)


def _job(stage: Stage, experiment: Experiment, listing: str, at: datetime) -> None:
    """Write a job that a program asked for: the listing's arm, on one room."""
    name = _write_down(stage, experiment, listing, at)
    arm = next(arm for arm in experiment.terms.arms if arm.name == name)
    room = stage.dice.choice(stage.rooms)
    store, key = stage.house.store, new_id()
    store.jobs.order(JobOrder(PROGRAM, f"demo-{key}", "0" * 64, key, at))
    used = next(one for one in store.keys.list() if one.name == KEY)
    store.keys.used(used.id, at)
    because = f"experiment {experiment.key(name)}: the {experiment.terms.unit}'s hash falls to arm {name}"
    stage.month.compare(
        room,
        [(_run_of(stage, room, arm), Why(Rule.ARM.value, because, experiment.key(name)))],
        at,
        by=PROGRAM,
        project=listing,
        name=f"demo: job for {listing.removeprefix('demo: ')}",
        prompt_version=stage.house.shelf.current().label,
        key=key,
    )


def _write_down(stage: Stage, experiment: Experiment, listing: str, at: datetime) -> str:
    """Keep which arm the listing falls to, and return it."""
    experiments = Experiments(stage.house.store, stage.house.registry)
    assigned = experiments.assign("", RoomType.OTHER, listing, running=[experiment])
    assert assigned is not None, "the listing is one of the experiment's"
    experiments.write_down([assigned], ADA, at)
    return assigned.arm.name


def _run_of(stage: Stage, room: Room, arm: Arm) -> Run:
    """Return the room's run that the arm asks for."""
    return next(
        run
        for run in stage.runs[room.digest]
        if run.model == arm.model and dict(run.parameters) == dict(arm.parameters)
    )


def _pairs(asked: Sequence[Asked], *, arms: bool = False) -> list[tuple[Prediction, Prediction]]:
    """Return the outputs that can be judged against each other: of different models, or of different arms."""
    there = [prediction for run, prediction in asked if run.output is not None]
    return [
        (one, other)
        for number, one in enumerate(there)
        for other in there[number + 1 :]
        if one.model != other.model or (arms and one.arm != other.arm)
    ]
