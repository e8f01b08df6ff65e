"""What an experiment is: question, arms, population, stop rule, and the states it goes through."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from staging.rooms import RoomType

MOST_ARMS = 6
LONGEST_QUESTION = 300
LONGEST_OWNER = 80
LONGEST_NOTE = 500
MOST_WEIGHT = 1_000


class State(StrEnum):
    """Where an experiment is: each only from the one before, but that a draft may be archived too."""

    DRAFT = "draft"
    RUNNING = "running"
    DECIDED = "decided"
    ARCHIVED = "archived"


class Deed(StrEnum):
    """What a person did to an experiment: one version of it each."""

    DRAFTED = "drafted"
    EDITED = "edited"
    STARTED = "started"
    CHANGED = "changed"
    """While it was running: a new phase began."""
    DECIDED = "decided"
    ARCHIVED = "archived"


class Unit(StrEnum):
    """What is assigned to an arm, and what gives one decision."""

    ROOM = "room"
    PROJECT = "project"


class Metric(StrEnum):
    """What the arms are compared by."""

    WIN_RATE = "win rate by vote"
    ACCEPTANCE = "acceptance"
    SCORE = "automatic score"
    COST = "cost per accepted image"
    SECONDS = "seconds"
    FAILURES = "failure rate"
    STRUCTURE = "structure changed"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Arm(_Part):
    """One model with its parameters, and how much of the work it gets."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 _-]{0,19}$")]
    model: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    parameters: Mapping[str, JsonValue] = Field(default_factory=dict)
    """Only what differs from the builder's defaults."""
    weight: Annotated[int, Field(ge=1, le=MOST_WEIGHT)] = 1


class StopRule(_Part):
    """When the experiment may be stopped."""

    error_percent: Annotated[int, Field(ge=1, le=20)] = 5
    """In how many of 100 experiments without a difference a preference may be told."""
    worth_points: Annotated[int, Field(ge=1, le=25)] = 5
    """A preference nearer to even than so many percentage points is worth nothing: 5 is 45 to 55 %."""
    most_units: Annotated[int, Field(ge=10, le=100_000)] = 500
    """Decided units after which it ends, whatever came out."""
    votes_per_unit: Annotated[int, Field(ge=1, le=25)] = 3
    """A unit counts once it has so many votes, by their majority, and later votes on it change nothing."""


class Guards(_Part):
    """What a preferred arm may not cost: it is not promoted when one of these is broken. None: not guarded."""

    failure_points: Annotated[int, Field(ge=0, le=100)] | None = 5
    """It may fail so many percentage points more often than another arm."""
    cost_percent: Annotated[int, Field(ge=0, le=10_000)] | None = 50
    """Its accepted image may cost so many per cent more."""
    score_drop: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """Its mean automatic score may be so much lower, in the score's own unit."""
    structure_points: Annotated[int, Field(ge=0, le=100)] | None = None
    """The architecture may change in so many percentage points more of its outputs, as the automatic scorer says."""


class Terms(_Part):
    """All that a person decides about an experiment before it runs."""

    question: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_QUESTION)]
    owner: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_OWNER)]
    arms: Annotated[tuple[Arm, ...], Field(min_length=2, max_length=MOST_ARMS)]
    unit: Unit = Unit.ROOM
    projects: tuple[Annotated[str, StringConstraints(max_length=200)], ...] = ()
    """None named: all. An empty name is work without a project."""
    room_types: tuple[RoomType, ...] = ()
    """None named: all."""
    metrics: tuple[Metric, ...] = tuple(Metric)
    stop: StopRule = StopRule()
    guards: Guards = Guards()

    def arm(self, name: str) -> Arm | None:
        """Return the arm of that name."""
        return next((arm for arm in self.arms if arm.name == name), None)

    def takes(self, room_type: RoomType, project: str) -> bool:
        """True when work on such a room is in the population."""
        if self.unit is Unit.PROJECT and not project:
            return False
        return (not self.projects or project in self.projects) and (not self.room_types or room_type in self.room_types)


class Phase(_Part):
    """A stretch of an experiment in which nothing changed: its arms and weights are frozen."""

    number: Annotated[int, Field(ge=1)]
    terms: Terms
    started_at: AwareDatetime
    started_by: str


class Decision(_Part):
    """How it ended, with what was known then."""

    winner: str | None
    """The arm; None: no arm was chosen."""
    verdict: str
    """What the report said at that moment."""
    decided_at: AwareDatetime
    decided_by: str


class Body(_Part):
    """An experiment as it is kept, whole in every version."""

    state: State
    deed: Deed
    terms: Terms
    phases: tuple[Phase, ...] = ()
    decision: Decision | None = None


@dataclass(frozen=True, slots=True)
class Experiment:
    """One version of an experiment."""

    id: str
    version: int
    body: Body
    note: str
    """Why, in the person's words."""
    written_at: datetime
    written_by: str

    @property
    def state(self) -> State:
        """Where it is."""
        return self.body.state

    @property
    def terms(self) -> Terms:
        """What holds now: of the draft, or of the last phase."""
        return self.body.terms

    @property
    def phase(self) -> Phase | None:
        """The last phase; None before it was started."""
        return self.body.phases[-1] if self.body.phases else None

    def key(self, arm: str, phase: int | None = None) -> str:
        """Return what predictions made for the arm are logged with; of the last phase when none is said.

        ValueError when it was never started.
        """
        number = phase or (self.phase.number if self.phase else None)
        if number is None:
            raise ValueError("an experiment that never ran has made nothing")
        return f"{self.id}/{number}/{arm}"

    def salt(self) -> str:
        """Return what the units of the last phase are hashed with: each phase draws anew."""
        return f"{self.id}/{self.phase.number if self.phase else 0}"


FAULTS: Mapping[str, str] = {
    "question": f"Write the question that the experiment answers, in 1 to {LONGEST_QUESTION} characters.",
    "owner": f"Say who owns the experiment, in 1 to {LONGEST_OWNER} characters.",
    "arms": f"An experiment has 2 to {MOST_ARMS} arms.",
    "name": "An arm's name has 1 to 20 letters, digits, spaces, - or _.",
    "model": "Choose a model for every arm.",
    "weight": f"A weight is a whole number from 1 to {MOST_WEIGHT:,}.",
    "error_percent": "The share of false alarms is a whole number from 1 to 20 per cent.",
    "worth_points": "What a preference must be worth is a whole number from 1 to 25 percentage points.",
    "most_units": "The limit is a whole number of units from 10 to 100,000.",
    "votes_per_unit": "The votes that decide a unit are a whole number from 1 to 25.",
    "failure_points": "The guardrail on failures is a whole number from 0 to 100 percentage points.",
    "cost_percent": "The guardrail on cost is a whole number from 0 to 10,000 per cent.",
    "score_drop": "The guardrail on scores is a number of at least 0.",
    "structure_points": "The guardrail on changed structure is a whole number from 0 to 100 percentage points.",
}
"""What is wrong with a field that cannot be kept."""
