"""The life of a prediction: its states, its events and what is known of it now.

queued → submitting → running → collecting → succeeded | failed | canceled | unknown

`submitting` is in the ledger before the create is sent, and the provider's id right after the
answer. Whatever kills the process in between, the next start finds out (see `staging.engine`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from pydantic import JsonValue

from staging.registry import Price


class State(StrEnum):
    """Where a prediction is with us."""

    QUEUED = "queued"
    SUBMITTING = "submitting"
    RUNNING = "running"
    COLLECTING = "collecting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    UNKNOWN = "unknown"
    """Nobody can say whether the provider took it: charged at full price, for a person to settle."""

    @property
    def final(self) -> bool:
        """True when nothing more will happen to it."""
        return self in FINAL_STATES


FINAL_STATES = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELED, State.UNKNOWN})


class Verdict(StrEnum):
    """What a person decided about an output."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNDECIDED = "undecided"


class Reason(StrEnum):
    """Why an output was rejected."""

    STRUCTURE = "structure changed"
    SCALE = "scale"
    LIGHT = "light"
    STYLE = "style"
    ARTEFACTS = "artefacts"
    FRAMING = "framing"


EXTERNAL = "external"
"""The provider of outputs made elsewhere: nobody here can run them."""
CHOSEN = "chosen by a person"
"""The rule by which somebody at the desk chose the model; the others are those of `staging.routing`."""
MOST_STARS = 5
LONGEST_NOTE = 2_000


@dataclass(frozen=True, slots=True)
class Mark:
    """What people think of an output: the last word of whoever spoke last."""

    verdict: Verdict = Verdict.UNDECIDED
    reasons: tuple[Reason, ...] = ()
    """Only of a rejected output; in the order of `Reason`."""
    stars: int | None = None
    """1 to MOST_STARS."""
    note: str = ""
    favourite: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """Predictions asked for together. Name, note and archived are the last that was said."""

    id: str
    name: str
    project: str
    created_at: datetime
    created_by: str
    note: str = ""
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Prediction:
    """One model on one room with one input, as asked for: nothing here ever changes."""

    id: str
    comparison_id: str
    room: str
    """The room's digest."""
    model: str
    version: str | None
    provider: str
    style: str
    prompt: str
    parameters: Mapping[str, JsonValue]
    """Only what differs from the builder's defaults."""
    seed: int | None
    price: Price
    """Copied when asked for, so that no later edit changes a past report."""
    estimate_usd: Decimal | None
    project: str
    created_at: datetime
    created_by: str
    retry_of: str | None = None
    prompt_version: str | None = None
    """Of the prompt book that the prompt was made from; None when that is not known."""
    arm: str | None = None
    """The experiment's arm that it was made for: "<experiment>/<phase>/<arm>"; None outside of experiments."""
    rule: str | None = None
    """Why it was this model: CHOSEN, or a rule of `staging.routing`; None when it was not written down."""
    rule_note: str | None = None
    """What the rule stood on: which version of which setting, or how the unit fell to its arm."""


@dataclass(frozen=True, slots=True)
class Output:
    """One output picture, kept bit for bit as received."""

    digest: str
    media_type: str
    size_bytes: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Event:
    """One step in the life of a prediction, as it is appended to the ledger.

    A field that is None adds nothing to what is known. `sequence` counts from 0 (queued) without a
    gap: two writers cannot both take the same step.
    """

    prediction_id: str
    sequence: int
    state: State
    at: datetime
    provider_id: str | None = None
    input: Mapping[str, JsonValue] | None = None
    """The input exactly as sent."""
    error: str | None = None
    error_kind: str | None = None
    metrics: Mapping[str, JsonValue] | None = None
    queue_seconds: float | None = None
    run_seconds: float | None = None
    total_seconds: float | None = None
    charge_usd: Decimal | None = None
    charge_basis: str | None = None
    """How the charge was reckoned; set with it, and alone when the amount is unknown."""
    charge_inputs: Mapping[str, JsonValue] | None = None
    outputs: tuple[Output, ...] = ()


@dataclass(frozen=True, slots=True)
class PredictionNow:
    """A prediction and all that its events say so far."""

    prediction: Prediction
    state: State
    state_at: datetime
    sequence: int
    """Of its last event."""
    cancel_requested: bool = False
    submitted_at: datetime | None = None
    """When the last `submitting` was written."""
    running_at: datetime | None = None
    ended_at: datetime | None = None
    provider_id: str | None = None
    input: Mapping[str, JsonValue] | None = None
    error: str | None = None
    error_kind: str | None = None
    metrics: Mapping[str, JsonValue] | None = None
    queue_seconds: float | None = None
    run_seconds: float | None = None
    total_seconds: float | None = None
    charge_usd: Decimal | None = None
    charge_basis: str | None = None
    charge_inputs: Mapping[str, JsonValue] | None = None
    reserved_usd: Decimal | None = None
    """The most that it may cost, set aside when it was queued; None when nothing was."""
    settled_usd: Decimal | None = None
    """What the provider's bill, or a person, says it came to; the charge beside it stays what we reckoned."""
    settled_source: str | None = None
    """Which bill, or "by hand"."""
    settled_note: str | None = None
    """The bill's file name, or what the person said."""
    outputs: tuple[Output, ...] = field(default=())
    mark: Mark = field(default=Mark())

    @property
    def verdict(self) -> Verdict:
        """What was decided about its output."""
        return self.mark.verdict

    @property
    def cost_usd(self) -> Decimal | None:
        """What it cost: as settled, or else as we reckoned; None when nobody knows."""
        return self.charge_usd if self.settled_usd is None else self.settled_usd

    @property
    def cost_basis(self) -> str:
        """How its cost is known: as settled, with what we reckoned before; empty while nothing is said."""
        if self.settled_usd is None:
            return self.charge_basis or ""
        reckoned = "unknown" if self.charge_usd is None else f"${self.charge_usd.normalize():f}"
        by = f"by hand: {self.settled_note}" if self.settled_source == "by hand" else f"by the bill {self.settled_note}"
        return f"settled {by}; reckoned before: {reckoned} ({self.charge_basis or 'no basis'})"
