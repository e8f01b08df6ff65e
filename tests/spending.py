"""A ledger that has been spent from for two months: models, listings, people, rejects, failures, bills."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from staging.ids import new_id
from staging.predictions import Event, State
from staging.rooms import RoomType
from staging.store import Store
from staging.store.tables import SETTLEMENTS, VERDICTS
from tests.ledgers import comparison, digest, ending, output, prediction, room

PRICES: dict[str, str | None] = {
    "qwen/qwen-image-edit": "0.03",
    "black-forest-labs/flux-kontext-pro": "0.04",
    "black-forest-labs/flux-2-dev": "0.012",
    "google/nano-banana": "0.039",
    "google/nano-banana-pro": "0.15",
    "bytedance/seedream-4": "0.03",
    "reve/edit": "0.04",
    "proplabs/virtual-staging": "0.1",
    "google/nano-banana-2": None,
    "offline/furnish": "0",
}
PROJECTS = ("", "12 Elm Street", "Harbour Lofts", "48 Ash Road, second floor", "Villa Miramar")
PEOPLE = ("ada", "ben@example.com", "cem", "dora")
TYPES = (RoomType.LIVING, RoomType.BEDROOM, RoomType.KITCHEN, RoomType.OFFICE)
FAILURES = ("model_failed", "content_refused", "deadline")
REJECTIONS: tuple[list[str], ...] = (["windows changed"], ["furniture floats", "wrong style"], ["too dark"], [])
_WEEK = (1.0, 1.2, 1.1, 1.0, 0.8, 0.15, 0.1)


def spend_for_two_months(store: Store, a_day: int = 14, days: int = 62, seed: int = 4) -> int:
    """Fill the ledger with so many days up to today, and return how many predictions there are."""
    rng = random.Random(seed)
    now = datetime.now(UTC)
    for number, kind in enumerate(TYPES, 1):
        store.rooms.add(room(number, room_type=kind, uploaded_at=now - timedelta(days=days)))
    written = 0
    for back in range(days, -1, -1):
        noon = (now - timedelta(days=back)).replace(hour=12, minute=0)
        count = round(a_day * _WEEK[noon.weekday()] * rng.uniform(0.6, 1.5))
        written += _a_day(store, rng, min(noon, now - timedelta(minutes=5)), count)
    return written


def _a_day(store: Store, rng: random.Random, at: datetime, count: int) -> int:
    asked = comparison(project=rng.choice(PROJECTS), created_at=at, created_by=rng.choice(PEOPLE))
    predictions, ends, verdicts, bills = [], [], [], []
    for _ in range(count):
        model = rng.choices(list(PRICES), weights=(9, 6, 5, 5, 4, 3, 2, 2, 1, 2))[0]
        one = prediction(
            asked,
            model=model,
            project=rng.choice(PROJECTS),
            created_by=rng.choice(PEOPLE),
            room=digest(rng.randrange(1, len(TYPES) + 1)),
            arm=rng.choice((None, None, "warm", "cool")),
            retry_of=new_id() if rng.random() < 0.06 else None,
        )
        predictions.append(one)
        price = PRICES[model]
        charge = None if price is None else Decimal(price)
        seconds = rng.lognormvariate(1.5 + len(model) % 5 * 0.3, 0.5)
        facts: dict[str, Any] = {"at": at, "charge_usd": charge, "charge_basis": "as said", "run_seconds": seconds}
        fate = rng.random()
        if fate < 0.07:
            ends.append(Event(one.id, 1, State.FAILED, error="It failed.", error_kind=rng.choice(FAILURES), **facts))
        elif fate < 0.08:
            ends.append(Event(one.id, 1, State.CANCELED, **facts))
        else:
            ends.append(ending(one, State.SUCCEEDED, 1, outputs=(output(),), **facts))
            if (thought := rng.random()) < 0.75:
                verdict, reasons = ("accepted", []) if thought < 0.5 else ("rejected", rng.choice(REJECTIONS))
                verdicts.append((one.id, 0, verdict, at, "ada", reasons, None, "", False))
        if charge and rng.random() < 0.4:
            usd = charge * rng.choice((1, 1, Decimal("1.1")))
            bills.append((one.id, 0, usd, "replicate", "", at, "ada"))
    if predictions:
        store.predictions.queue(asked, predictions, at)
        store.predictions.append(ends)
        with store.ledger.writing() as cursor:
            VERDICTS.insert(cursor, verdicts)
            SETTLEMENTS.insert(cursor, bills)
    return len(predictions)
