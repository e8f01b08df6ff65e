"""How long a run will take: what each model takes, how many run at once, and who is before it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from staging.config import Settings
from staging.registry import ModelSpec
from staging.store import ModelHistory

ENOUGH_RUNS = 5
"""So many runs of our own say how much the time of a model varies."""
SPREAD = 2.0
"""Before that, a run is taken to last from half to twice what is expected of it."""


class Seconds(NamedTuple):
    """The run time of a model: of a quick, of a typical and of a slow run."""

    quick: float
    typical: float
    slow: float


def seconds_of(spec: ModelSpec, history: ModelHistory | None) -> Seconds | None:
    """Return how long the model runs, by our own history or else as published; None when nobody knows."""
    own = history.seconds if history is not None else None
    typical = spec.typical_seconds if own is None else own
    if typical is None:
        return None
    if history is not None and history.runs >= ENOUGH_RUNS and history.quick_seconds and history.slow_seconds:
        return Seconds(history.quick_seconds, typical, history.slow_seconds)
    return Seconds(typical / SPREAD, typical, typical * SPREAD)


@dataclass(frozen=True, slots=True)
class Load:
    """What one model has to make."""

    provider: str
    seconds: float | None
    """Of one picture; None when nobody knows."""
    wanted: int
    """In this run."""
    ahead: int
    """Asked for before, and not ended."""


class Capacity(NamedTuple):
    """How much a provider does at once."""

    in_all: int
    of_model: int
    burst: int
    per_minute: float
    """Beyond the burst, so many are begun a minute."""


def capacities(settings: Settings) -> Mapping[str, Capacity]:
    """Return what each provider may do at once here."""
    workers = settings.offline_workers
    burst, pace = settings.create_burst, settings.creates_per_minute
    return {
        "offline": Capacity(workers, workers, burst, pace),
        "replicate": Capacity(settings.concurrency, settings.model_concurrency, burst, pace),
    }


def seconds_to_the_last(loads: Sequence[Load], capacity: Mapping[str, Capacity]) -> float | None:
    """Return the seconds until the last wanted picture; None when no model's time is known.

    What is ahead counts as if it had just begun: a guess that is rather too long than too short.
    """
    ends: list[float] = []
    for provider in dict.fromkeys(load.provider for load in loads if load.wanted):
        places = capacity[provider]
        mine = [load for load in loads if load.provider == provider]
        known = [(load, load.seconds) for load in mine if load.seconds is not None]
        asked = [(load, seconds) for load, seconds in known if load.wanted]
        if not asked:
            continue
        # The slowest queue of one model, all places together, or the pace of creates: what takes longest.
        ends += [seconds * math.ceil((load.wanted + load.ahead) / places.of_model) for load, seconds in asked]
        ends.append(sum(seconds * (load.wanted + load.ahead) for load, seconds in known) / places.in_all)
        late = max(0, sum(load.wanted for load in mine) - places.burst) * 60 / places.per_minute
        ends.append(late + max(seconds for _, seconds in asked))
    return max(ends, default=None)
