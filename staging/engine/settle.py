"""From doubt to certainty: was the prediction created, or was it not?"""

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from staging import costs
from staging.engine.adopt import same_request
from staging.engine.life import Life, Live
from staging.engine.sizes import expected_sizes
from staging.engine.workplace import Workplace
from staging.errors import AlreadyAdopted, ProviderError, ProviderThrottled
from staging.predictions import State
from staging.registry import ModelRegistry
from staging.store import Store

log = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 2.0


async def settle(work: Workplace, life: Life) -> None:
    """Leave the prediction running (found, adopted), queued (never created) or unknown (too late to say)."""
    # Counted from now, not from the request: it may have taken a minute to be lost, or died with a process.
    settled_at = datetime.now(UTC) + timedelta(seconds=work.settings.settle_seconds)
    forgotten_at = life.sent_at + timedelta(seconds=work.settings.output_lifetime_seconds)
    life.show(Live("checking whether the provider took it"))
    while (looked_at := datetime.now(UTC)) <= forgotten_at:
        try:
            if await _adopt(work, life):
                return
            if looked_at >= settled_at:
                await life.step(life.next(State.QUEUED))
                return
        except ProviderError as error:
            log.warning("prediction %s: cannot look for it: %s", life.prediction.id, error)
            if isinstance(error, ProviderThrottled):
                await asyncio.sleep(error.retry_after_seconds)
        left = (settled_at - datetime.now(UTC)).total_seconds()
        await asyncio.sleep(min(LOOK_AGAIN_SECONDS, left) if left > 0 else LOOK_AGAIN_SECONDS / 4)
    # The provider has deleted the input by now: nothing can be matched any more.
    await unknown(work.store, work.registry, life, "Nobody can say whether the provider ran this: its answer was lost.")


async def _adopt(work: Workplace, life: Life) -> bool:
    sent = life.now.input or {}
    seen = [s for s in await work.lookout.look(life.sent_at) if same_request(s, life.prediction, sent, work.registry)]
    ids = [snapshot.provider_id for snapshot in seen]
    taken = await asyncio.to_thread(work.store.predictions.adopted, work.provider.name, ids)
    for provider_id in ids:
        if provider_id in taken:
            continue
        try:
            await life.step(replace(life.next(State.RUNNING), provider_id=provider_id))
        except AlreadyAdopted:
            continue
        log.info("prediction %s: found as %s", life.prediction.id, provider_id)
        return True
    return False


async def unknown(store: Store, registry: ModelRegistry, life: Life, what: str) -> None:
    """End it as unknown: charged at full price, for a person to settle."""
    charge = costs.charge_unknown(
        life.prediction.price,
        sizes=await expected_sizes(store, registry, life),
        seconds=registry.get(life.prediction.model).typical_seconds,
    )
    error = f"{what} It is counted at full price; look it up in the provider's dashboard."
    await life.end(State.UNKNOWN, charge, error=error, error_kind="unknown")
