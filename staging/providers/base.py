"""The seam between the engine and whoever runs a model.

A provider is told to create a prediction, is asked about many at once, and hands over the outputs.
It keeps no state that the ledger needs: after a restart everything is found again by its id.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import JsonValue


class Stage(StrEnum):
    """Where a prediction is with the provider."""

    STARTING = "starting"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    ABORTED = "aborted"
    """Ended by the deadline before it started: not charged."""

    @property
    def final(self) -> bool:
        """True when the provider will not change it any more."""
        return self not in (Stage.STARTING, Stage.PROCESSING)


@dataclass(frozen=True, slots=True)
class Submission:
    """One prediction to create: exactly what is sent."""

    prediction_id: str
    """Ours. The provider need not know it."""
    model: str
    """The slug, "owner/name"."""
    version: str | None
    """The version of a community model; None for official models."""
    input: Mapping[str, JsonValue]
    deadline_seconds: float
    """The provider ends the prediction by itself after this long."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the provider says about one prediction at one moment."""

    provider_id: str
    stage: Stage
    model: str = ""
    version: str | None = None
    input: Mapping[str, JsonValue] = field(default_factory=dict)
    output: JsonValue = None
    """As the provider sent it; see `staging.providers.outputs`."""
    error: str | None = None
    """A sentence fit to show, when it failed."""
    error_kind: str | None = None
    """A `staging.errors.Refusal` value, when it failed."""
    progress: float | None = None
    """0 to 1, where the model tells."""
    step: str = ""
    """What it does just now, in words fit to show, where the model tells."""
    metrics: Mapping[str, JsonValue] = field(default_factory=dict)
    """As the provider reports them: predict_time and total_time in seconds, image_count, ..."""
    created_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    data_removed: bool = False
    """The provider has deleted input and output (after one hour)."""


@dataclass(frozen=True, slots=True)
class UploadedPicture:
    """A picture as the provider can fetch it, until `expires_at` (aware, UTC)."""

    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RoomFile:
    """A room's picture on this machine: clean pixels, ready to be sent."""

    digest: str
    path: str
    media_type: str
    width: int
    height: int


class Provider(Protocol):
    """All that the engine asks of a provider. Every method may be cancelled at any await.

    Errors, on every method: ProviderUnavailable (ProviderThrottled with the seconds) for a passing
    fault, ProviderRefused for a final no. Nothing else leaves a provider.
    """

    name: str
    survives_restart: bool
    """False when its predictions die with this process (offline): they are queued again."""

    async def upload(self, room: RoomFile) -> UploadedPicture:
        """Make the room's picture fetchable by the models; the URL is reused while it lives."""
        ...

    async def create(self, submission: Submission) -> Snapshot:
        """Create the prediction; it is billed from here on. AnswerLost when nobody knows."""
        ...

    async def snapshots(self, wanted: Mapping[str, datetime]) -> dict[str, Snapshot]:
        """Answer for many predictions (id → when we created it) in as few calls as can be.

        One that the provider no longer knows is absent from the answer.
        """
        ...

    async def recent(self, since: datetime) -> Collection[Snapshot]:
        """All predictions created at or after `since`, whoever made them, newest first."""
        ...

    async def cancel(self, provider_id: str) -> None:
        """Ask the provider to stop; done already is no error."""
        ...

    async def collect(self, snapshot: Snapshot) -> list[bytes]:
        """Return the output pictures' bytes as received, in order, at least one.

        OutputRefused when it cannot be fetched or is not a picture; OutputExpired when deleted.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and processes; predictions that survive go on."""
        ...
