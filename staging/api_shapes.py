"""What goes over HTTP, field by field: the OpenAPI document is made of these."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PlainSerializer, StringConstraints

from staging.prompts import LONGEST_PROMPT
from staging.routing import LONGEST_NOTE

Usd = Annotated[Decimal, PlainSerializer(lambda usd: f"{usd:f}", return_type=str)]
"""US dollars, as a string without an exponent."""
_NO_CONTROL = r"^[^\x00-\x1f\x7f]*$"
Model = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_NO_CONTROL)]
Project = Annotated[str, StringConstraints(max_length=200, pattern=_NO_CONTROL)]
Parameters = dict[str, JsonValue]


class Told(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Asked(BaseModel):
    """A body that is sent: a name that does not belong there is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Problem(Told):
    """What went wrong."""

    type: str
    title: str
    status: int
    detail: str
    """A sentence: what happened, why, and what to do."""


# ── models and settings ──────────────────────────────────────────────────────────────────────────


class ModelTold(Told):
    """A model that is registered."""

    id: str
    name: str
    provider: str
    capabilities: list[str]
    available: bool
    reason: str
    """Why it cannot be run now; empty when it can."""
    price: dict[str, JsonValue]
    """Today's, with its source; amounts are strings, in US dollars."""
    parameters: dict[str, JsonValue]
    """The JSON schema of its parameters."""
    active: bool
    """Whether it is the active model."""


class ModelsTold(Told):
    """All models."""

    models: list[ModelTold]


class SettingTold(Told):
    """The active model, or a project's."""

    project: str | None
    """null: the active model."""
    model: str | None
    """null: none is set here, and the next rule holds."""
    parameters: Parameters
    effective: str
    """The model that a job gets by this, outside of experiments."""
    note: str
    experiment: str | None
    """The experiment that it was promoted from."""
    set_by: str | None
    set_at: datetime | None
    etag: str
    """To be sent back as If-Match."""


class SettingAsked(Asked):
    """What is to be set."""

    model: Model | None
    """null takes the setting away, so that the next rule holds."""
    parameters: Parameters = Field(default_factory=dict)
    note: Annotated[str, StringConstraints(max_length=LONGEST_NOTE, pattern=_NO_CONTROL)] = ""


# ── jobs ─────────────────────────────────────────────────────────────────────────────────────────


class UploadAsked(Asked):
    """The part `job` beside an uploaded picture; all of it may be left out."""

    project: Project = ""
    """Empty: the room's own."""
    model: Model | None = None
    """null: an experiment's arm, else the project's model, else the active one, else the default."""
    parameters: Parameters = Field(default_factory=dict)
    style: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    """null: the project's, else the first one of the prompt book."""
    prompt: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PROMPT)] | None = None
    """null: the prompt book's."""
    confirmed: bool = False
    """Whether it may cost more than STAGING_CONFIRM_ABOVE_USD."""


class JobAsked(UploadAsked):
    """A job on a room that is here already."""

    room: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """The room's digest."""


class JobTaken(Told):
    """A job as it was taken: the same at every sending of its Idempotency-Key."""

    id: str
    url: str
    """Where to ask how it stands."""
    room: str
    project: str
    model: str
    parameters: Parameters
    rule: str
    """By what it got its model."""
    because: str
    """What the rule stood on."""
    arm: str | None
    style: str
    prompt: str
    estimate_usd: Usd | None
    """null: nobody knows its price."""
    asked_at: datetime
    asked_by: str


class OutputTold(Told):
    """A picture that was made. The addresses are signed and end within two days; send the key with them."""

    digest: str
    media_type: str
    width: int
    height: int
    size_bytes: int
    original: str
    """The picture as the model made it, byte for byte."""
    view: str
    thumbnail: str


class CostTold(Told):
    """What the newest try of a job cost."""

    usd: Usd | None
    """null: not known, or not yet."""
    basis: str
    """How that is known."""


class JobTold(JobTaken):
    """A job as it stands."""

    state: str
    """queued, submitting, running, collecting, succeeded, failed, canceled or unknown."""
    final: bool
    """Whether nothing more will happen to it."""
    error: str | None
    error_kind: str | None
    ended_at: datetime | None
    outputs: list[OutputTold]
    cost: CostTold


# ── reports ──────────────────────────────────────────────────────────────────────────────────────


class CostRowTold(Told):
    """What one model, project, person or day came to."""

    key: str
    predictions: int
    accepted: int
    rejected: int
    failed: int
    cost_usd: Usd
    unknown_charges: int
    """How many of the predictions cost nobody knows what: not in the sum."""
    usd_per_accepted: Usd | None


class CostsTold(Told):
    """What was spent. Each list adds up to the total."""

    first: date
    last: date
    time_zone: str
    total: CostRowTold
    by_model: list[CostRowTold]
    by_project: list[CostRowTold]
    by_person: list[CostRowTold]
    by_day: list[CostRowTold]


class RatingTold(Told):
    """One model's place."""

    model: str
    rating: float
    low: float | None
    """The 95 % interval is low to high; null where there are too few raters and rooms for one."""
    high: float | None
    tier: int
    votes: int
    rooms: int
    raters: int


class GroupTold(Told):
    """Models that met, if by way of others; models of two groups cannot be ranked against each other."""

    models: list[RatingTold]


class LeaderboardTold(Told):
    """The ranking by blind votes; no groups without votes."""

    groups: list[GroupTold]


class Heard(Told):
    """What became of a webhook."""

    heard: bool
    """False when this one was heard before."""
