"""How large the pictures of a prediction are, for its charge."""

import asyncio

from staging.costs import Sizes
from staging.engine.life import Life
from staging.images import sent_size
from staging.registry import ModelRegistry, RoomInput
from staging.store import Store


async def expected_sizes(store: Store, registry: ModelRegistry, life: Life) -> Sizes:
    """Return the room's size as it was sent and the output's to expect. From the ledger: no file is needed."""
    room = await asyncio.to_thread(store.rooms.get, life.prediction.room)
    width, height = sent_size(room.width, room.height)
    builder = registry.get(life.prediction.model).parameters(life.prediction.parameters)
    return Sizes((width, height), builder.output_size(RoomInput("", width, height)))
