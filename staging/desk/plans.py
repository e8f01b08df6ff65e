"""A comparison before it is asked for: what would run, for how much, how long."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from pydantic import JsonValue

from staging import costs
from staging.desk.timing import Seconds
from staging.images import sent_size
from staging.predictions import CHOSEN, EXTERNAL, Comparison, PredictionNow
from staging.prices import worst_of
from staging.registry import InputBuilder, ModelSpec, Price, RoomInput
from staging.rooms import Room

MOST_PREDICTIONS = 500
"""In one comparison: beyond it the grid is of no use to anybody, and a slip is dear."""
MOST_SEEDS = 8
UNKNOWN_USD = Decimal("0.50")
"""What a picture of unknown price may cost, when it is decided whether to ask before a run: twice the
dearest known one. It is counted nowhere else."""
EDGE_PIXELS = 8
"""Models round the edges of what they make to multiples of 16, so each may be off by half of that."""


class Origin(NamedTuple):
    """Why a model is run, as its predictions are logged."""

    rule: str = CHOSEN
    note: str | None = None
    arm: str | None = None
    """The experiment's arm that it is run for."""


BY_A_PERSON = Origin()


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model as a person chose it: with these parameters, on so many seeds."""

    model: str
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    seeds: int = 1
    prompts: Mapping[str, str] = field(default_factory=dict)
    """By room digest: what this model is told in place of the plan's prompt."""
    rooms: frozenset[str] | None = None
    """The digests of the plan's rooms that it is run on; None: all of them."""
    origin: Origin = BY_A_PERSON


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a comparison was made of: enough to plan it again."""

    rooms: tuple[str, ...]
    choices: tuple[ModelChoice, ...]
    style: str
    prompts: Mapping[str, str]
    """By room digest, as they were sent."""
    project: str
    prompt_version: str | None


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
    lowest_usd: Decimal | None
    """What it costs when it runs quickly and comes out small; None when its price is not known."""
    highest_usd: Decimal | None
    worst_usd: Decimal | None
    """What to set aside for it: the highest, or what the model is declared to cost at worst if that is more,
    or is all that is known; None when nobody can say."""
    origin: Origin = BY_A_PERSON


class Listed(NamedTuple):
    """What is known of a model's cost before its parameters are."""

    price: Price
    """Today's."""
    worst_usd: Decimal | None
    """The most that a run is declared to cost."""
    seconds: Seconds | None


class Costs(NamedTuple):
    """What one prediction costs; the fields are those of PlannedPrediction."""

    price: Price
    estimate: costs.Charge
    lowest_usd: Decimal | None
    highest_usd: Decimal | None
    worst_usd: Decimal | None


class Amount(NamedTuple):
    """The most a run may cost, which a person confirms."""

    highest_usd: Decimal
    """Of the pictures whose price is known."""
    unknown_count: int
    """How many pictures come on top, at a price that nobody knows."""

    def above(self, limit_usd: Decimal) -> bool:
        """True when it may be more than that; a picture of unknown price counts as UNKNOWN_USD here."""
        return self.highest_usd + self.unknown_count * UNKNOWN_USD > limit_usd

    def within(self, other: "Amount") -> bool:
        """True when whoever confirmed the other one has confirmed this one too."""
        return self.highest_usd <= other.highest_usd and self.unknown_count <= other.unknown_count


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a plan will cost and take, as far as can be known."""

    known_usd: Decimal
    """The sum to expect of the cells whose price is known."""
    lowest_usd: Decimal
    highest_usd: Decimal
    """The same at the least and at the most; all three are equal where prices do not vary."""
    unknown_models: tuple[str, ...]
    """Names of the models whose cost cannot be told: not in the sums."""
    unknown_count: int
    """How many of the cells are theirs."""
    count: int
    seconds: float | None
    """Until the last picture, by the models' own history and behind what is under way; None when unknown."""
    ahead: int
    """How many predictions are under way with the same providers."""

    @property
    def amount(self) -> Amount:
        """The most it may cost."""
        return Amount(self.highest_usd, self.unknown_count)


@dataclass(frozen=True, slots=True)
class Plan:
    """A comparison before it is asked for: nothing is written yet."""

    cells: tuple[PlannedPrediction, ...]
    style: str
    project: str
    prompt_version: str | None
    estimate: Estimate


def costs_of(room: Room, builder: InputBuilder, listed: Listed) -> Costs:
    """Return what one prediction with these parameters will cost: to expect, at the least and at the most."""
    price, seconds = builder.price(listed.price), listed.seconds
    expected = costs.estimate(price, sizes=_sizes(room, builder, 0), seconds=seconds and seconds.typical)
    least = costs.estimate(price, sizes=_sizes(room, builder, -EDGE_PIXELS), seconds=seconds and seconds.quick)
    most = costs.estimate(price, sizes=_sizes(room, builder, EDGE_PIXELS), seconds=seconds and seconds.slow)
    return Costs(price, expected, least.usd, most.usd, worst_of(most.usd, listed.worst_usd))


def _sizes(room: Room, builder: InputBuilder, off: int) -> costs.Sizes:
    width, height = sent_size(room.width, room.height)
    out = builder.output_size(RoomInput("", width, height))
    return costs.Sizes((width, height), (max(1, out[0] + off), max(1, out[1] + off)))


def estimate_of(cells: Sequence[PlannedPrediction], seconds: float | None, ahead: int) -> Estimate:
    """Return the sums over the cells, with the time that `seconds_to_the_last` told."""
    unknown = [cell for cell in cells if cell.estimate.usd is None]
    return Estimate(
        known_usd=_sum(cell.estimate.usd for cell in cells),
        lowest_usd=_sum(cell.lowest_usd for cell in cells),
        highest_usd=_sum(cell.highest_usd for cell in cells),
        unknown_models=tuple(dict.fromkeys(cell.spec.name for cell in unknown)),
        unknown_count=len(unknown),
        count=len(cells),
        seconds=seconds,
        ahead=ahead,
    )


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def recipe_of(comparison: Comparison, predictions: Sequence[PredictionNow]) -> Recipe:
    """Return what these predictions were made of; the prompt that most of a room's models got is the room's.

    What was made elsewhere cannot be run again, and is left out.
    """
    members = [now.prediction for now in predictions if now.prediction.provider != EXTERNAL]
    asked = [prediction for prediction in members if prediction.retry_of is None]
    seeds = Counter((one.room, one.model) for one in asked)
    prompts = {
        room: Counter(one.prompt for one in asked if one.room == room).most_common(1)[0][0]
        for room in dict.fromkeys(one.room for one in asked)
    }
    choices = []
    for model in dict.fromkeys(one.model for one in asked):
        mine = [one for one in asked if one.model == model]
        choices.append(
            ModelChoice(
                model,
                mine[0].parameters,
                max(seeds[one.room, model] for one in mine),
                {one.room: one.prompt for one in mine if one.prompt != prompts[one.room]},
            )
        )
    first = asked[0] if asked else None
    return Recipe(
        rooms=tuple(prompts),
        choices=tuple(choices),
        style=first.style if first else "",
        prompts=prompts,
        project=comparison.project,
        prompt_version=first.prompt_version if first else None,
    )
