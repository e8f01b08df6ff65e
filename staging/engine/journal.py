"""Events reach the ledger in groups: one commit serves all that wait for one.

A commit waits for the disk (about a millisecond); fifty predictions ending together would otherwise
hold each other up fifty times. An event counts as written only when its `append` returns.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from staging.predictions import Event
from staging.store import PredictionLedger


class Journal:
    """The engine's way to the ledger, for use within its loop."""

    def __init__(self, ledger: PredictionLedger) -> None:
        self._ledger = ledger
        self._waiting: list[tuple[Event, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")

    async def append(self, event: Event) -> None:
        """Return when the event is on disk; EventRefused (AlreadyAdopted) when it cannot follow."""
        written = asyncio.get_running_loop().create_future()
        self._waiting.append((event, written))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        await written

    async def close(self) -> None:
        """Return when everything handed in is written."""
        if self._writing is not None:
            await self._writing
        self._thread.shutdown(wait=True)

    async def _write(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            try:
                await self._commit([event for event, _ in group])
            except Exception as error:  # noqa: BLE001 - whatever it is belongs to those who wait
                if len(group) == 1:
                    _answer(group[0][1], error)
                    continue
                # One refused event must not take its group with it.
                for event, written in group:
                    await self._write_alone(event, written)
            else:
                for _, written in group:
                    _answer(written, None)

    async def _write_alone(self, event: Event, written: asyncio.Future[None]) -> None:
        try:
            await self._commit([event])
        except Exception as error:  # noqa: BLE001 - as above
            _answer(written, error)
        else:
            _answer(written, None)

    async def _commit(self, events: Sequence[Event]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._ledger.append, events)


def _answer(written: asyncio.Future[None], error: Exception | None) -> None:
    if written.done():  # its prediction was told to stop meanwhile; the event is written all the same
        return
    if error is None:
        written.set_result(None)
    else:
        written.set_exception(error)
