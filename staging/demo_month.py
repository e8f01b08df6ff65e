"""A made-up month: real runs, asked for, judged and voted on by people who do not exist, from a seed."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from staging.costs import Charge, Quantities, reckon
from staging.demo_cast import FAULTS, FURNISH, PEOPLE, PRICES, REASONS, SHARE_FAILED, SKILL, SOURCE, STYLES, UNCHANGED
from staging.demo_runs import Run
from staging.ids import new_id
from staging.predictions import CHOSEN, Comparison, Event, Mark, Prediction, State, Verdict
from staging.registry import Price
from staging.rooms import Room
from staging.store import Ballot, Choice, Kind, Side, Store, Vote

Liking = Callable[[Prediction], float]
"""How well a demo person likes an output, before taste."""


@dataclass(frozen=True, slots=True)
class Why:
    """How predictions came to their model, as they are logged."""

    rule: str = CHOSEN
    note: str | None = None
    arm: str | None = None


class Asked(NamedTuple):
    """A prediction, and the real run behind it."""

    run: Run
    prediction: Prediction


class Month:
    """Writes comparisons with all that became of them. What each project has cost is in `spent`."""

    def __init__(self, store: Store, now: datetime, dice: random.Random) -> None:
        self._store, self._now, self._dice = store, now, dice
        self.predictions = self.votes = 0
        self.spent: dict[str, Decimal] = defaultdict(Decimal)
        self.used: set[str] = set()
        """The digests of the outputs that are in it."""

    def compare(
        self,
        room: Room,
        runs: Sequence[tuple[Run, Why]],
        at: datetime,
        *,
        by: str,
        project: str,
        name: str,
        prompt_version: str,
        key: str | None = None,
    ) -> list[Asked]:
        """Write one comparison of the runs, their lives to their ends, their scores, and what people think of them.

        `key` is the comparison's id; by default a new one.
        """
        comparison = Comparison(key or new_id(), name, project, at, by)
        style = next((run.style for run, _ in runs if run.style), STYLES[0])
        asked = [
            Asked(
                self._or_failed(run), self._prediction(comparison, room, run, run.style or style, why, prompt_version)
            )
            for run, why in runs
        ]
        lives = [event for run, prediction in asked for event in self._life(prediction, run)]
        self._store.predictions.bring_in_lives(comparison, [prediction for _, prediction in asked], lives, at)
        ends = {event.prediction_id: event.at for event in lives}
        for run, prediction in asked:
            if run.output is None:
                continue
            self.used.add(run.output.digest)
            if run.score is not None:
                soon = ends[prediction.id] + timedelta(seconds=2)
                self._store.scores.record(replace(run.score, prediction_id=prediction.id, scored_at=soon))
            if run.model != UNCHANGED and self._dice.random() < 0.7:
                mark = self._mark(run)
                after = min(self._now, at + timedelta(minutes=self._dice.uniform(2, 200)))
                self._store.predictions.mark(prediction.id, _always(mark), self._dice.choice(PEOPLE), after)
        self.predictions += len(asked)
        return asked

    def vote(
        self,
        room: Room,
        pairs: Sequence[tuple[Prediction, Prediction]],
        raters: Sequence[str],
        most: int,
        liking: Liking,
        hours: float,
    ) -> None:
        """Write a blind vote of each rater on some of the pairs, within so many hours of the comparison."""
        dice = self._dice
        for rater in raters:
            for one, other in dice.sample(pairs, min(most, len(pairs))):
                left, right = (one, other) if dice.random() < 0.5 else (other, one)
                at = min(self._now, left.created_at + timedelta(hours=dice.uniform(hours / 30, hours)))
                ballot = Ballot(
                    id=new_id(),
                    rater=rater,
                    kind=Kind.PAIR,
                    queue="",
                    unit=room.digest,
                    room_type=room.room_type,
                    style=one.style,
                    project=one.project,
                    left=Side((left.id,), left.model, left.arm),
                    right=Side((right.id,), right.model, right.arm),
                    made_at=at,
                )
                self._store.votes.show(ballot)
                liked = liking(left) - liking(right) + dice.gauss(0, 1.2)
                choice = Choice.TIE if abs(liked) < 0.15 else Choice.LEFT if liked > 0 else Choice.RIGHT
                why = (dice.choice(REASONS),) if choice is not Choice.TIE and dice.random() < 0.4 else ()
                self._store.votes.give(Vote(ballot.id, choice, at, why, seconds=dice.uniform(2, 12)), rater)
                self.votes += 1

    def _or_failed(self, run: Run) -> Run:
        """Return the run, or in a small share of cases one that failed in its place."""
        if run.output is None or run.model == UNCHANGED or self._dice.random() >= SHARE_FAILED:
            return run
        return run.model_copy(update={"output": None, "score": None, "error": self._dice.choice(FAULTS)[0]})

    def _prediction(
        self, comparison: Comparison, room: Room, run: Run, style: str, why: Why, prompt_version: str
    ) -> Prediction:
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
            prompt_version=prompt_version,
            arm=why.arm,
            rule=why.rule,
            rule_note=why.note,
        )

    def _life(self, prediction: Prediction, run: Run) -> Iterator[Event]:
        """Yield the events of a prediction that took as long as its run did, after a made-up wait."""
        at, ran = prediction.created_at, run.seconds
        waited = self._dice.uniform(0.2, 4.0)
        sent, begun, ended = (at + timedelta(seconds=s) for s in (waited, waited, waited + ran))
        told = {"room": prediction.room, "style": prediction.style, **run.parameters}
        yield Event(prediction.id, 1, State.SUBMITTING, sent, input=told)
        yield Event(prediction.id, 2, State.RUNNING, begun, provider_id=prediction.id)
        if run.output is None:
            charge = Charge(Decimal(0), "demo: it failed, so nothing is charged")
        else:
            charge = reckon(prediction.price, Quantities(images=1), "demo")
            self.spent[prediction.project] += charge.usd or 0
            used = {"predict_time": round(ran, 3), "image_count": 1}
            yield Event(prediction.id, 3, State.COLLECTING, ended, metrics=used)
        yield Event(
            prediction.id,
            3 if run.output is None else 4,
            State.FAILED if run.output is None else State.SUCCEEDED,
            ended + timedelta(milliseconds=80),
            error=run.error or None,
            error_kind=dict(FAULTS).get(run.error, "model_failed") if run.error else None,
            queue_seconds=round(waited, 3),
            run_seconds=round(ran, 3),
            total_seconds=round(waited + ran, 3),
            charge_usd=charge.usd,
            charge_basis=charge.basis,
            charge_inputs=charge.inputs,
            outputs=(run.output,) if run.output is not None else (),
        )

    def _mark(self, run: Run) -> Mark:
        """Return what somebody thinks of the output, by its model: no score enters, so that none is flattered."""
        dice = self._dice
        liked = dice.random() < (0.72 if run.model == FURNISH else 0.45)
        if liked:
            return Mark(Verdict.ACCEPTED, stars=dice.choice((3, 4, 4, 5)), favourite=dice.random() < 0.15)
        return Mark(Verdict.REJECTED, reasons=(dice.choice(REASONS),), stars=dice.choice((1, 2, 2, 3)))


def likes_models(prediction: Prediction) -> float:
    """Return how well the output is liked by its model."""
    return SKILL[prediction.model]


def _always(mark: Mark) -> Callable[[Mark], Mark]:
    return lambda _: mark
