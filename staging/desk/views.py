"""A comparison as it stands: the newest try of every cell, and every try."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from pydantic import JsonValue

from staging.engine import WAITING, Live
from staging.predictions import Comparison, PredictionNow
from staging.registry import ModelSpec, Price
from staging.store import Quality


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """A model as the picker offers it."""

    spec: ModelSpec
    available: bool
    reason: str
    """Why it cannot be run now, and what to do; empty when it can."""
    price: Price
    """Today's."""
    enabled: bool
    """False: an admin has switched it off, and no picker offers it."""
    parameters: Mapping[str, JsonValue]
    """What it begins with, as far as that differs from its builder's defaults."""


class Retried(NamedTuple):
    """What came of trying all failures again."""

    tried: int
    left: int
    """How many a budget had too little left for."""
    refusal: str
    """What the budget said of the first of those; empty when there are none."""


@dataclass(frozen=True, slots=True)
class CellView:
    """One cell of the grid: the newest try."""

    prediction: PredictionNow
    progress: float | None
    stage_text: str
    place: int | None
    """Its place in line at its model, from 1; None when it does not wait."""
    elapsed_seconds: float
    """Since it was asked for, until now or its end."""


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """A comparison as the grid shows it."""

    comparison: Comparison
    rooms: tuple[str, ...]
    """Digests, in the order they were asked for."""
    columns: tuple[tuple[str, int], ...]
    """(model, position among that model's seeds), in the order they were asked for."""
    cells: Mapping[tuple[str, str, int], CellView]
    """By room, model and position; a cell that was never asked for is absent."""
    unfinished: int
    tries: tuple[PredictionNow, ...]
    """Every prediction that was made, those tried again too: what was spent is the sum over these."""
    quality: Mapping[str, Quality] = field(default_factory=dict)
    """What the automatic scorer says, by prediction; those it has not tried are absent."""


def places_of(members: Sequence[PredictionNow]) -> dict[str, tuple[str, str, int]]:
    """Return each prediction's cell: room, model, position among that model's seeds."""
    places: dict[str, tuple[str, str, int]] = {}
    taken: dict[tuple[str, str], int] = {}
    for member in members:
        prediction = member.prediction
        if prediction.retry_of is not None and prediction.retry_of in places:
            places[prediction.id] = places[prediction.retry_of]
            continue
        position = taken.get((prediction.room, prediction.model), 0)
        taken[prediction.room, prediction.model] = position + 1
        places[prediction.id] = (prediction.room, prediction.model, position)
    return places


def cell_view(now: PredictionNow, live: Live | None, place: int | None = None) -> CellView:
    """Return the prediction with what the engine knows of it beyond the ledger."""
    until = now.ended_at or datetime.now(UTC)
    return CellView(
        prediction=now,
        progress=live.progress if live is not None else None,
        stage_text=live.text if live is not None else ("" if now.state.final else WAITING),
        place=place,
        elapsed_seconds=max(0.0, (until - now.prediction.created_at).total_seconds()),
    )
