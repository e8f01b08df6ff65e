"""Outputs that can be voted on, written into a ledger without pictures, and contenders without a ledger."""

from collections.abc import Sequence
from typing import Any

from staging.predictions import Event, Output
from staging.rooms import RoomType
from staging.store import Contender, Store
from tests.ledgers import NOW, comparison, digest, ending, prediction, room, steps


def contender(number: int, model: str, room: str = "room 1", **facts: Any) -> Contender:
    """Return a contender; `facts` are laid over it."""
    known: dict[str, Any] = {
        "prediction": f"p{number:03}",
        "comparison": "c1",
        "room": room,
        "room_type": "living",
        "project": "",
        "style": "modern",
        "model": model,
        "variant": "v",
        "arm": None,
        "digest": f"d{number:03}",
    }
    return Contender(**known | facts)


def output_of(number: int) -> Output:
    """Return an output of its own for each number."""
    return Output(digest(1_000_000 + number), "image/png", 2_000_000, 1536, 1152)


def judged_lab(
    store: Store, models: Sequence[str], rooms: int = 2, project: str = "", tries: int = 1, **facts: Any
) -> str:
    """Return the id of a finished comparison of these models on rooms 1 and on, each model asked `tries` times."""
    for number in range(1, rooms + 1):
        store.rooms.add(room(number, room_type=RoomType.LIVING, project=project))
    asked = comparison(project=project)
    made = [
        prediction(asked, room=digest(number), model=model, **facts)
        for number in range(1, rooms + 1)
        for model in models
        for _ in range(tries)
    ]
    store.predictions.queue(asked, made, NOW)
    start = store.ledger.rows("SELECT count(*) FROM app.outputs")[0][0]
    events: list[Event] = []
    for number, one in enumerate(made, start):
        events += [*steps(one), ending(one, outputs=(output_of(number),))]
    store.predictions.append(events)
    return asked.id
