"""Rooms, predictions and their lives, for tests of the ledger."""

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from PIL import Image

from staging.ids import new_id
from staging.predictions import Comparison, Event, Mark, Output, Prediction, State, Verdict
from staging.registry import Price
from staging.rooms import Room, RoomType
from staging.store import Store

NOW = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
PRICE = Price(usd_per_image=Decimal("0.03"), source="https://replicate.com/pricing", dated=date(2026, 11, 1))


def photo(shade: int, kind: str = "PNG") -> bytes:
    """Return a picture of its own for each shade, 0 to 255."""
    data = io.BytesIO()
    Image.new("RGB", (320, 256), (shade, 128, 64)).save(data, kind)
    return data.getvalue()


def later(seconds: float) -> datetime:
    """Return the moment so long after NOW."""
    return NOW + timedelta(seconds=seconds)


def digest(number: int) -> str:
    """Return a digest of its own for each number."""
    return f"{number:064x}"


def room(number: int = 1, **facts: Any) -> Room:
    """Return a room; `facts` are laid over it."""
    known: dict[str, Any] = {
        "digest": digest(number),
        "name": f"room {number}.jpg",
        "width": 1536,
        "height": 1152,
        "size_bytes": 100_000 + number,
        "room_type": RoomType.LIVING,
        "project": "",
        "note": "",
        "sample": False,
        "archived": False,
        "uploaded_at": NOW,
        "uploaded_by": "ada",
    }
    return Room(**known | facts)


def comparison(**facts: Any) -> Comparison:
    """Return a comparison; `facts` are laid over it."""
    known: dict[str, Any] = {"id": new_id(), "name": "", "project": "", "created_at": NOW, "created_by": "ada"}
    return Comparison(**known | facts)


def prediction(of: Comparison, **facts: Any) -> Prediction:
    """Return a prediction of the comparison; `facts` are laid over it."""
    known: dict[str, Any] = {
        "id": new_id(),
        "comparison_id": of.id,
        "room": digest(1),
        "model": "qwen/qwen-image-edit",
        "version": None,
        "provider": "replicate",
        "style": "modern",
        "prompt": "Furnish this room.",
        "parameters": {"go_fast": False},
        "seed": 1,
        "price": PRICE,
        "estimate_usd": Decimal("0.03"),
        "project": of.project,
        "created_at": of.created_at,
        "created_by": of.created_by,
    }
    return Prediction(**known | facts)


def queued(store: Store, count: int = 1, **facts: Any) -> list[Prediction]:
    """Return predictions of one new comparison, queued in the ledger."""
    asked = comparison()
    predictions = [prediction(asked, **facts) for _ in range(count)]
    store.predictions.queue(asked, predictions, NOW)
    return predictions


def output(number: int = 1) -> Output:
    """Return an output of its own for each number."""
    return Output(digest(1_000_000 + number), "image/png", 2_000_000 + number, 1536, 1152)


def steps(of: Prediction, provider_id: str | None = None) -> list[Event]:
    """Return the events from the create to the collecting of its output."""
    return [
        Event(of.id, 1, State.SUBMITTING, later(1), input={"prompt": of.prompt, "seed": of.seed}),
        Event(of.id, 2, State.RUNNING, later(2), provider_id=provider_id or f"at-provider-{of.id}"),
        Event(of.id, 3, State.COLLECTING, later(9), metrics={"predict_time": 6.5, "image_count": 1}),
    ]


def ending(of: Prediction, state: State = State.SUCCEEDED, sequence: int = 4, **facts: Any) -> Event:
    """Return the event that ends it; a success is charged one image and has one output."""
    known: dict[str, Any] = {"at": later(10), "queue_seconds": 0.5, "run_seconds": 6.5, "total_seconds": 7.0}
    if state is State.SUCCEEDED:
        known |= {
            "charge_usd": Decimal("0.03"),
            "charge_basis": "as reported: 0.03 × 1 image",
            "charge_inputs": {"image": 1},
            "outputs": (output(),),
        }
    return Event(of.id, sequence, state, **known | facts)


def decided(verdict: Verdict) -> Callable[[Mark], Mark]:
    """Return the change of a mark by which this was decided."""
    return lambda mark: replace(mark, verdict=verdict)


def succeeded(store: Store, count: int = 1, **facts: Any) -> Sequence[Prediction]:
    """Return predictions of one new comparison that have succeeded."""
    predictions = queued(store, count, **facts)
    for one in predictions:
        store.predictions.append([*steps(one), ending(one)])
    return predictions
