"""From the provider's last word to our last event: pictures fetched and kept, the charge reckoned."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from staging import costs
from staging.costs import Charge
from staging.engine.life import Life, Live
from staging.engine.sizes import expected_sizes
from staging.engine.workplace import Workplace, waits
from staging.errors import OutputExpired, OutputRefused, ProviderRefused, ProviderUnavailable
from staging.judgements import ANSWER, Answer, read_answer
from staging.predictions import Output, State
from staging.providers.base import Snapshot, Stage
from staging.providers.outputs import text_in
from staging.registry import OutputShape

Got = TypeVar("Got")

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
        try:
            if shape is OutputShape.TEXT:
                answer = await _answer(work, life, final)
                final = replace(final, metrics={**final.metrics, ANSWER: answer.model_dump(mode="json")})
                outputs: tuple[Output, ...] = ()
            else:
                life.show(Live("fetching the picture", 1.0))
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


async def _answer(work: Workplace, life: Life, final: Snapshot) -> Answer:
    """Return what a judge said; OutputRefused when it is not what was asked for, OutputExpired when it is gone."""

    async def read() -> Answer:
        told = final
        if told.output is None and not told.data_removed:
            # Paid for and empty: a list can lag behind, so the prediction itself is asked once.
            told = (await work.provider.snapshots({told.provider_id: life.sent_at})).get(told.provider_id, told)
        if told.data_removed:
            raise OutputExpired("The provider has already deleted the answer. Ask the judge again.")
        return read_answer(text_in(told.output))

    life.show(Live("reading the answer", 1.0))
    return await _while_kept(work, life, final, read)


async def _collect(work: Workplace, life: Life, final: Snapshot) -> tuple[Output, ...]:
    """Return the outputs, fetched and kept."""

    async def fetch() -> tuple[Output, ...]:
        pictures = await work.provider.collect(final)
        return tuple([await asyncio.to_thread(work.pictures.keep_output, data) for data in pictures])

    return await _while_kept(work, life, final, fetch)


async def _while_kept(work: Workplace, life: Life, final: Snapshot, fetch: Callable[[], Awaitable[Got]]) -> Got:
    """Return what is fetched; passing faults are tried again for as long as the provider keeps it."""
    done_at = final.completed_at or datetime.now(UTC)
    expires_at = done_at + timedelta(seconds=work.settings.output_lifetime_seconds)
    for wait in waits():
        try:
            return await fetch()
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
