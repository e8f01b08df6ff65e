"""One prediction in the engine's hands: its last event, its next ones, and who wants it stopped."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from staging.costs import Charge
from staging.engine.journal import Journal
from staging.predictions import Event, Output, PredictionNow, State
from staging.providers.base import Snapshot
from staging.registry import RoomInput

WAITING = "waiting for its turn"


@dataclass(frozen=True, slots=True)
class Live:
    """What a page may show of a prediction under way, beyond the ledger."""

    text: str
    progress: float | None = None
    """0 to 1, where the model tells."""


class Life:
    """The moving part of one prediction."""

    def __init__(self, now: PredictionNow, journal: Journal, show: Callable[[Live], None]) -> None:
        self.now = now
        self.prediction = now.prediction
        self.show = show
        self.cancel = asyncio.Event()
        """Set when a person wants it stopped."""
        self.first_tried_at: datetime | None = None
        self.prepared: tuple[RoomInput, datetime] | None = None
        """The room as the provider can fetch it, and until when."""
        self._journal = journal
        if now.cancel_requested:
            self.cancel.set()

    @property
    def sent_at(self) -> datetime:
        """When the last create was about to be sent."""
        return self.now.submitted_at or self.now.state_at

    def deadline_at(self, deadline_seconds: float) -> datetime:
        """When the provider's time for it is over."""
        return self.sent_at + timedelta(seconds=deadline_seconds)

    def next(self, state: State) -> Event:
        """Return the event that would follow the last one."""
        return Event(self.prediction.id, self.now.sequence + 1, state, datetime.now(UTC))

    async def step(self, event: Event) -> None:
        """Append the event; `now` says the same once it is on disk. EventRefused as `Journal.append`."""
        await self._journal.append(event)
        self.now = replace(
            self.now,
            state=event.state,
            state_at=event.at,
            sequence=event.sequence,
            submitted_at=event.at if event.state is State.SUBMITTING else self.now.submitted_at,
            provider_id=event.provider_id or self.now.provider_id,
            input=event.input if event.input is not None else self.now.input,
        )

    async def end(
        self,
        state: State,
        charge: Charge,
        final: Snapshot | None = None,
        *,
        error: str | None = None,
        error_kind: str | None = None,
        outputs: tuple[Output, ...] = (),
    ) -> None:
        """Append the last event. Total is what the person waited, by our clock; run is the provider's."""
        total = (datetime.now(UTC) - self.prediction.created_at).total_seconds()
        run = _run_seconds(final) if final is not None else None
        await self.step(
            replace(
                self.next(state),
                error=error,
                error_kind=error_kind,
                metrics=final.metrics if final is not None else None,
                total_seconds=total,
                run_seconds=run,
                queue_seconds=max(0.0, total - run) if run is not None else None,
                charge_usd=charge.usd,
                charge_basis=charge.basis,
                charge_inputs=charge.inputs,
                outputs=outputs,
            )
        )

    async def fail(self, error: str, kind: str, charge: Charge, final: Snapshot | None = None) -> None:
        """Append the last event: failed, with the sentence a person reads."""
        await self.end(State.FAILED, charge, final, error=error, error_kind=str(kind))

    async def wait(self, seconds: float) -> None:
        """Return after so long, or at once when a person wants it stopped."""
        if seconds > 0:
            try:
                await asyncio.wait_for(self.cancel.wait(), seconds)
            except TimeoutError:
                return


def _run_seconds(final: Snapshot) -> float | None:
    reported = final.metrics.get("predict_time")
    if isinstance(reported, int | float):
        return float(reported)
    if final.started_at is not None and final.completed_at is not None:
        return max(0.0, (final.completed_at - final.started_at).total_seconds())
    return None
