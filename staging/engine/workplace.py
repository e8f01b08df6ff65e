"""What the engine works with at one provider."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from staging.config import Settings
from staging.engine.adopt import Lookout
from staging.engine.pace import Places, TokenBucket
from staging.engine.poll import Poller
from staging.predictions import Output
from staging.providers.base import Provider, RoomFile, Snapshot, UploadedPicture
from staging.registry import ModelRegistry

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0


class PictureStore(Protocol):
    """What the engine needs of `staging.images.Pictures`."""

    def keep_output(self, data: bytes) -> Output:
        """Keep an output bit for bit; OutputRefused when it is not a picture."""
        ...

    def room_file(self, digest: str) -> RoomFile:
        """Return the room's clean picture; NotFound."""
        ...


class Records(Protocol):
    """What the engine asks of the ledger beside events."""

    def room_type(self, digest: str) -> str:
        """Return the room's `RoomType` value."""
        ...

    def adopted(self, provider: str, provider_ids: list[str]) -> set[str]:
        """Return those ids that a prediction of ours already owns."""
        ...

    def find_upload(self, provider: str, room: str, alive_at: datetime) -> UploadedPicture | None:
        """Return the room's URL at the provider, if it is still good at that time."""
        ...

    def record_upload(self, provider: str, room: str, uploaded: UploadedPicture, at: datetime) -> None:
        """Remember the room's URL at the provider."""
        ...


@dataclass
class Workplace:
    """One provider with all that carrying its predictions needs; lives within the engine's loop."""

    provider: Provider
    settings: Settings
    registry: ModelRegistry
    records: Records
    pictures: PictureStore
    places: Places
    bucket: TokenBucket
    poller: Poller
    lookout: Lookout
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the engine stops: no create begins after that."""
    creating: set["asyncio.Task[Snapshot]"] = field(default_factory=set)
    """Creates whose answers are awaited: a stop gives them a moment."""
    uploading: dict[str, asyncio.Lock] = field(default_factory=dict)


def waits() -> Iterator[float]:
    """Yield the seconds to wait between tries, doubling up to a limit, without end."""
    seconds = FIRST_WAIT_SECONDS
    while True:
        yield seconds
        seconds = min(LONGEST_WAIT_SECONDS, seconds * 2)
