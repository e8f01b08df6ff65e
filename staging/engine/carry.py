"""One prediction, carried from wherever it stands to its end.

Each step is in the ledger before the next begins, so a process that dies anywhere is followed by
one that goes on from the last event. What must never happen is a second create for one prediction:
`submitting` is written before the request, and after any doubt we look before we ask again.
"""

from staging.engine.create import create, prepare
from staging.engine.finish import finish
from staging.engine.life import Life
from staging.engine.settle import settle
from staging.engine.watch import watch
from staging.engine.workplace import Workplace
from staging.predictions import State
from staging.providers.base import Snapshot


async def carry(work: Workplace, life: Life) -> None:
    """Bring the prediction to a final state; cancelling this task leaves it as the ledger says."""
    if not work.provider.survives_restart and life.now.state is not State.QUEUED:
        # It died with the process that ran it, and cost nothing: it begins anew.
        await life.step(life.next(State.QUEUED))
    final: Snapshot | None = None
    async with work.places.of_model(life.prediction.model, life.cancel):
        if life.now.state is State.QUEUED:
            # While others hold the places: a free place is then filled at once.
            await prepare(work, life)
        async with work.places.in_all(life.cancel):
            while final is None and not life.now.state.final:
                match life.now.state:
                    case State.QUEUED:
                        await create(work, life)
                    case State.SUBMITTING:
                        await settle(work, life)
                    case _:
                        final = await watch(work, life)
    # Both places are free from here on: fetching pictures is our own time, not the provider's.
    if final is not None:
        await finish(work, life, final)
