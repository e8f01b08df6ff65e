"""A comparison before it is asked for: what would run, for how much, how long."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pydantic import JsonValue

from staging import costs
from staging.images import sent_size
from staging.registry import InputBuilder, ModelID, ModelSpec, Price, RoomInput
from staging.rooms import Room

MOST_PREDICTIONS = 500
"""In one comparison: beyond it the grid is of no use to anybody, and a slip is dear."""
MOST_SEEDS = 8
LONGEST_PROMPT = 5_000


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model as a person chose it: with these parameters, on so many seeds."""

    model: str
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    seeds: int = 1
    prompts: Mapping[str, str] = field(default_factory=dict)
    """By room digest: what this model is told in place of the plan's prompt."""


@dataclass(frozen=True, slots=True)
class PlannedPrediction:
    """One cell of a comparison before it is asked for."""

    room: Room
    spec: ModelSpec
    parameters: Mapping[str, JsonValue]
    seed: int | None
    prompt: str
    price: Price
    """With these parameters."""
    estimate: costs.Charge


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a plan will cost and take, as far as can be known."""

    known_usd: Decimal
    """The sum over the cells whose price is known."""
    unknown_models: tuple[str, ...]
    """Names of the models whose cost cannot be told: not in the sum."""
    count: int
    seconds: float | None
    """Until the last picture, by the models' own history; None when nothing is known."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A comparison before it is asked for: nothing is written yet."""

    cells: tuple[PlannedPrediction, ...]
    style: str
    project: str
    prompt_version: str | None
    estimate: Estimate


def charge_to_expect(room: Room, builder: InputBuilder, price: Price, seconds: float | None) -> costs.Charge:
    """Return what one prediction will cost; `seconds` is how long the model typically runs."""
    width, height = sent_size(room.width, room.height)
    sizes = costs.Sizes((width, height), builder.output_size(RoomInput("", width, height)))
    return costs.estimate(price, sizes=sizes, seconds=seconds)


def estimate_of(cells: Sequence[PlannedPrediction], seconds: Mapping[str, tuple[float | None, int]]) -> Estimate:
    """Return the sum over the cells; `seconds` is by model: how long one takes, and how many run at once."""
    known = [cell.estimate.usd for cell in cells if cell.estimate.usd is not None]
    unknown = dict.fromkeys(cell.spec.name for cell in cells if cell.estimate.usd is None)
    of_model = Counter(cell.spec.id for cell in cells)
    # Models run side by side, each in rounds of as many as it has places: the slowest one ends last.
    told = [value * math.ceil(of_model[ModelID(model)] / places) for model, (value, places) in seconds.items() if value]
    return Estimate(sum(known, Decimal(0)), tuple(unknown), len(cells), max(told, default=None))
