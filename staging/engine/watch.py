"""From running to the provider's last word."""

import asyncio
import contextlib
import logging
from datetime import UTC, datetime, timedelta

from staging.engine.life import Life, Live
from staging.engine.settle import unknown
from staging.engine.workplace import Workplace, waits
from staging.errors import NotFound, ProviderError, ProviderRefused
from staging.predictions import State
from staging.providers.base import Snapshot, Stage

log = logging.getLogger(__name__)

GRACE = timedelta(seconds=60)
"""How long after its deadline a provider may take to end a prediction before we stop waiting."""


async def watch(work: Workplace, life: Life) -> Snapshot | None:
    """Return the provider's last word; None when it never came and the prediction is ended as unknown."""
    provider_id = life.now.provider_id or ""
    heard = asyncio.Event()

    def hear(snapshot: Snapshot) -> None:
        if not snapshot.stage.final:
            heard.set()
        text = "starting" if snapshot.stage is Stage.STARTING else snapshot.step or "running"
        life.show(Live("stopping" if life.cancel.is_set() else text, snapshot.progress))

    life.show(Live("waiting for the provider"))
    lost: NotFound | None = None
    ending = asyncio.create_task(work.poller.until_final(provider_id, life.sent_at, hear))
    stopping = asyncio.create_task(_stop_in_time(work, life, provider_id, heard))
    try:
        await asyncio.wait({ending, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if ending.done():
            return await ending
        await stopping
    except NotFound as error:
        lost = error
    finally:
        ending.cancel()
        stopping.cancel()
    await unknown(work.store, work.registry, life, str(lost or "The provider did not end this within its deadline."))
    return None


async def _stop_in_time(work: Workplace, life: Life, provider_id: str, heard: asyncio.Event) -> None:
    """Ask the provider to stop when a person or the deadline says so; return when it had time enough.

    `heard` is set whenever the provider says that it is still at it.
    """
    if life.now.state is State.COLLECTING:
        # It ended well before a restart: there is nothing to stop, only its output to be asked for again.
        await asyncio.sleep(work.settings.output_lifetime_seconds)
        return
    deadline_at = life.deadline_at(work.settings.deadline_seconds)
    await life.wait((deadline_at - datetime.now(UTC)).total_seconds())
    until = max(deadline_at, datetime.now(UTC)) + GRACE
    for wait in waits():
        try:
            await work.provider.cancel(provider_id)
            break
        except ProviderRefused as error:
            log.warning("prediction %s cannot be cancelled: %s", life.prediction.id, error)
            break
        except ProviderError as error:
            log.warning("prediction %s: the cancel did not arrive: %s", life.prediction.id, error)
        if datetime.now(UTC) > until:
            break
        await asyncio.sleep(wait)
    await asyncio.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()))
    # A provider that cannot be reached may have ended it long ago: only its own word counts, while it remembers.
    heard.clear()
    forgotten_at = life.deadline_at(work.settings.output_lifetime_seconds)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(heard.wait(), max(0.0, (forgotten_at - datetime.now(UTC)).total_seconds()))
