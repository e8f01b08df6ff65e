"""From the provider's last word to our last event: pictures fetched and kept, the charge reckoned."""

import asyncio
from datetime import UTC, datetime, timedelta

from staging import costs
from staging.costs import Charge
from staging.engine.life import Life, Live
from staging.engine.sizes import expected_sizes
from staging.engine.workplace import Workplace, waits
from staging.errors import OutputExpired, OutputRefused, ProviderRefused, ProviderUnavailable
from staging.predictions import Output, State
from staging.providers.base import Snapshot, Stage

LATE_AT_MOST = timedelta(seconds=20)
"""How long after the end a picture that is not at its address may still come."""


async def finish(work: Workplace, life: Life, final: Snapshot) -> None:
    """End the prediction as the provider's last word says."""
    sizes = await expected_sizes(work.store, work.registry, life)
    shape = work.registry.get(life.prediction.model).output

    def charged(outputs: tuple[Output, ...] = ()) -> Charge:
        return costs.charge(life.prediction.price, final, sizes=sizes, outputs=outputs, shape=shape)

    deadline = work.settings.deadline_seconds
    if final.stage is Stage.SUCCEEDED:
        if life.now.state is not State.COLLECTING:
            await life.step(life.next(State.COLLECTING))
        life.show(Live("fetching the picture", 1.0))
        try:
            outputs = await _collect(work, life, final)
        except OutputExpired as error:
            await life.fail(str(error), "expired", charged(), final)
        except (OutputRefused, ProviderRefused) as error:
            await life.fail(str(error), "output", charged(), final)
        else:
            await life.end(State.SUCCEEDED, charged(outputs), final, outputs=outputs)
    elif final.stage is Stage.FAILED:
        error_text = final.error or "The model failed and gave no reason."
        await life.fail(error_text, final.error_kind or "model_failed", charged(), final)
    elif life.cancel.is_set():
        await life.end(State.CANCELED, charged(), final)
    elif datetime.now(UTC) >= life.deadline_at(deadline):
        text = f"Stopped: it took longer than the deadline of {deadline:.0f} seconds."
        await life.fail(text, "deadline", charged(), final)
    else:
        await life.end(State.CANCELED, charged(), final, error="Cancelled at the provider, not from here.")


async def _collect(work: Workplace, life: Life, final: Snapshot) -> tuple[Output, ...]:
    """Fetch and keep the outputs; passing faults are tried again for as long as the provider keeps them."""
    done_at = final.completed_at or datetime.now(UTC)
    expires_at = done_at + timedelta(seconds=work.settings.output_lifetime_seconds)
    for wait in waits():
        try:
            pictures = await work.provider.collect(final)
            return tuple([await asyncio.to_thread(work.pictures.keep_output, data) for data in pictures])
        except OutputExpired:
            # A host may be late with what is new; what the provider itself calls deleted is gone.
            if final.data_removed or datetime.now(UTC) > done_at + LATE_AT_MOST:
                raise
        except ProviderUnavailable as error:
            if datetime.now(UTC) > expires_at:
                break
            life.show(Live(f"waiting: {error}", 1.0))
        await asyncio.sleep(wait)
    raise OutputExpired("The picture could not be fetched before the provider deleted it. Run it again.")
