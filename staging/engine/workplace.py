"""What the engine works with at one provider."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from staging.config import Settings
from staging.engine.adopt import Lookout
from staging.engine.pace import Places, TokenBucket
from staging.engine.poll import Poller
from staging.images import Pictures
from staging.providers.base import Provider, Snapshot, UploadedPicture
from staging.registry import ModelRegistry
from staging.store import Store

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0


@dataclass
class Workplace:
    """One provider with all that carrying its predictions needs; lives within the engine's loop."""

    provider: Provider
    settings: Settings
    registry: ModelRegistry
    store: Store
    pictures: Pictures
    places: Places
    bucket: TokenBucket
    poller: Poller
    lookout: Lookout
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the engine stops: a create that has not begun to be sent then is not sent."""
    creating: set["asyncio.Task[Snapshot]"] = field(default_factory=set)
    """Creates whose answers are awaited: a stop gives them a moment."""
    uploading: dict[str, asyncio.Lock] = field(default_factory=dict)
    uploaded: dict[str, UploadedPicture] = field(default_factory=dict)
    """By room: what the ledger was asked for already."""


def waits() -> Iterator[float]:
    """Yield the seconds to wait between tries, doubling up to a limit, without end."""
    seconds = FIRST_WAIT_SECONDS
    while True:
        yield seconds
        seconds = min(LONGEST_WAIT_SECONDS, seconds * 2)
