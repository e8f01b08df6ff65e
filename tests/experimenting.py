"""Experiments with predictions and votes, for tests."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from staging.experiments import Arm, Experiment, Experiments, Terms
from staging.ids import new_id
from staging.predictions import Prediction, State, Verdict
from staging.store import Ballot, Choice, Kind, Side, Store, Vote
from tests.ledgers import NOW, comparison, decided, digest, ending, later, output, prediction, steps

QWEN, KONTEXT = "qwen/qwen-image-edit", "black-forest-labs/flux-kontext-pro"


def terms(**facts: Any) -> Terms:
    """Return the terms of an experiment of two arms; `facts` are laid over them."""
    arms = (Arm(name="A", model=QWEN), Arm(name="B", model=KONTEXT))
    return Terms(**{"question": "Is Kontext better?", "owner": "ada", "arms": arms} | facts)


def started(experiments: Experiments, **facts: Any) -> Experiment:
    """Return a running experiment."""
    draft = experiments.draft(terms(**facts), "ada", NOW)
    return experiments.start(draft.id, "ada", later(1), follows=draft.version)


def made(store: Store, experiment: Experiment, rooms: Iterable[int], *, fail: str = "") -> dict[tuple[int, str], str]:
    """Return by room and arm the prediction of each arm on each room, all ended; those of `fail` failed."""
    found: dict[tuple[int, str], str] = {}
    asked = comparison(id=new_id())
    predictions: list[Prediction] = []
    for number in rooms:
        for arm in experiment.terms.arms:
            one = prediction(asked, room=digest(number), model=arm.model, arm=experiment.key(arm.name), rule="a rule")
            predictions.append(one)
            found[number, arm.name] = one.id
    store.predictions.queue(asked, predictions, NOW)
    events = []
    for number, one in enumerate(predictions):
        last = ending(one, outputs=(output(number),))
        if fail and one.arm == experiment.key(fail):
            last = ending(one, State.FAILED, charge_usd=Decimal(0), charge_basis="nothing")
        events += [*steps(one), last]
    store.predictions.append(events)
    return found


def accept(store: Store, prediction_ids: Iterable[str], verdict: Verdict = Verdict.ACCEPTED) -> None:
    """Say so of the outputs."""
    for prediction_id in prediction_ids:
        store.predictions.mark(prediction_id, decided(verdict), "ada", NOW)


def judge(
    store: Store,
    experiment: Experiment,
    outputs: dict[tuple[int, str], str],
    room: int,
    winner: str | None,
    *,
    rater: str = "ada",
    seconds: float = 0,
    arms: tuple[str, str] = ("A", "B"),
    kind: Kind = Kind.PAIR,
) -> Ballot:
    """Write down a rater's vote on two arms' outputs of a room; without a winner a tie."""
    sides = [
        Side((outputs[room, name],), arm.model, experiment.key(name))
        for name in arms
        if (arm := experiment.terms.arm(name)) is not None
    ]
    ballot = Ballot(
        id=new_id(),
        rater=rater,
        kind=kind,
        queue="",
        unit=digest(room),
        room_type="living",
        style="modern",
        project="Elm",
        left=sides[0],
        right=sides[1],
        made_at=NOW,
    )
    shown = store.votes.show(ballot)
    choice = Choice.TIE if winner is None else Choice.LEFT if winner == arms[0] else Choice.RIGHT
    store.votes.give(Vote(shown.id, choice, NOW + timedelta(seconds=seconds)), rater)
    return replace(ballot, id=shown.id)
