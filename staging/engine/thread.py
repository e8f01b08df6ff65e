"""The engine's thread: its loop, taking up work, stopping within a second or two."""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime

from staging import costs
from staging.config import Settings
from staging.engine.adopt import Lookout
from staging.engine.carry import carry
from staging.engine.journal import Journal
from staging.engine.life import WAITING, Life, Live
from staging.engine.pace import Places, TokenBucket
from staging.engine.poll import Poller
from staging.engine.settle import unknown
from staging.engine.workplace import Workplace
from staging.errors import EventRefused, LedgerUnavailable
from staging.images import Pictures
from staging.predictions import State
from staging.providers.base import Provider
from staging.registry import ModelRegistry
from staging.store import Store

log = logging.getLogger(__name__)

LOOK_FOR_WORK_SECONDS = 5.0
"""A page wakes the engine; this bounds the wait should that ever be missed."""
ANSWERS_GRACE_SECONDS = 0.7
"""How long a stop waits for the answers of creates already sent: each saves a look at the next start."""
CALLS_GRACE_SECONDS = 0.8
"""How long it then waits for calls to the ledger and the pictures that are under way in threads."""


ProviderMaker = Callable[[], Sequence[Provider]]


class Engine:
    """Carries predictions in a thread of its own. `start` and `stop` are called once each."""

    def __init__(
        self,
        *,
        settings: Settings,
        registry: ModelRegistry,
        store: Store,
        pictures: Pictures,
        providers: ProviderMaker,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        """`ended` is called, in the engine's thread, whenever a prediction has ended: it must return at once."""
        self._settings = settings
        self._registry = registry
        self._store = store
        self._pictures = pictures
        self._make_providers = providers
        self._tell_ended = ended
        self._live: dict[str, Live] = {}
        self._ended: set[str] = set()
        self._carried: dict[str, tuple[Life, asyncio.Task[None]]] = {}
        self._loop = asyncio.new_event_loop()
        self._threads = ThreadPoolExecutor(thread_name_prefix="engine-call")
        self._loop.set_default_executor(self._threads)
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._pollers: dict[str, Poller] = {}
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Begin to carry whatever the ledger holds."""
        self._thread.start()

    def wake(self) -> None:
        """Look for new work and new cancels now. May be called from any thread."""
        self._tell(self._wake)

    def hear_of(self, provider: str, provider_id: str) -> None:
        """Look sooner how the provider's prediction stands: it is said to have news. May be called from any thread.

        Nothing is believed: the provider is asked, as it would have been a moment later anyway.
        """
        poller = self._pollers.get(provider)
        if poller is not None and self._thread.is_alive():
            with suppress(RuntimeError):  # the loop has just ended
                self._loop.call_soon_threadsafe(poller.look_sooner, provider_id)

    def stop(self, within_seconds: float = 1.8) -> None:
        """Leave everything as the ledger says and end the thread; False in `running` afterwards."""
        self._tell(self._stopping)
        self._thread.join(within_seconds)

    @property
    def running(self) -> bool:
        """True while the thread carries predictions."""
        return self._thread.is_alive()

    def live(self) -> Mapping[str, Live]:
        """Return what is known of predictions under way beyond the ledger, by prediction id."""
        return dict(self._live)

    def line(self) -> Mapping[str, int]:
        """Return the place in line at its model, from 1, of each prediction that waits for its turn."""
        ahead: Counter[str] = Counter()
        places = {}
        live = self.live()
        for life, _ in list(self._carried.values()):  # in the order in which they took their places
            seen = live.get(life.prediction.id)  # none before it has a place at its model
            if life.now.state is State.QUEUED and (seen is None or seen.text == WAITING):
                ahead[life.prediction.model] += 1
                places[life.prediction.id] = ahead[life.prediction.model]
        return places

    def _tell(self, event: asyncio.Event) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(event.set)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._work())
        except Exception:
            log.exception("the engine stopped; predictions go on at the next start")
        finally:
            self._end_calls()
            self._loop.close()

    def _end_calls(self) -> None:
        """Wait for calls under way, so that nothing of ours uses the ledger when it is closed after us."""
        ending = threading.Thread(target=self._threads.shutdown, kwargs={"cancel_futures": True}, daemon=True)
        ending.start()
        ending.join(CALLS_GRACE_SECONDS)

    async def _work(self) -> None:
        journal = Journal(self._store.predictions)
        workplaces = {provider.name: self._workplace(provider) for provider in self._make_providers()}
        self._pollers = {name: work.poller for name, work in workplaces.items()}
        try:
            while not self._stopping.is_set():
                self._wake.clear()
                await self._take_up(workplaces, journal)
                await self._next_call()
        finally:
            await self._leave(workplaces)
            await journal.close()

    def _workplace(self, provider: Provider) -> Workplace:
        settings = self._settings
        here = not provider.survives_restart
        # Offline work is this machine's: one place beside the workers lets quick models pass slow ones.
        places = (
            Places(settings.offline_workers + 1, settings.offline_workers)
            if here
            else Places(settings.concurrency, settings.model_concurrency)
        )
        return Workplace(
            provider=provider,
            settings=settings,
            registry=self._registry,
            store=self._store,
            pictures=self._pictures,
            places=places,
            bucket=TokenBucket(settings.creates_per_minute, settings.create_burst),
            poller=Poller(
                provider,
                fastest_seconds=settings.poll_fastest_seconds,
                slowest_seconds=settings.poll_slowest_seconds,
            ),
            lookout=Lookout(provider),
        )

    async def _next_call(self) -> None:
        waiting = [asyncio.create_task(event.wait()) for event in (self._wake, self._stopping)]
        await asyncio.wait(waiting, timeout=LOOK_FOR_WORK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()

    async def _take_up(self, workplaces: Mapping[str, Workplace], journal: Journal) -> None:
        """Begin to carry what is new; pass on new cancels."""
        self._ended.clear()
        try:
            unfinished = await asyncio.to_thread(self._store.predictions.unfinished)
        except Exception:
            # Whatever it is, the predictions under way go on, and the next look may succeed.
            log.exception("the ledger cannot be read")
            return
        # What is already with the provider comes before what is not: it holds its place there.
        for now in sorted(unfinished, key=lambda now: now.state is State.QUEUED):
            carried = self._carried.get(now.prediction.id)
            if carried is not None:
                if now.cancel_requested:
                    carried[0].cancel.set()
                continue
            if now.prediction.id in self._ended:  # while the ledger was being read
                continue
            life = Life(now, journal, self._shower(now.prediction.id))
            task = asyncio.create_task(self._carry(workplaces.get(now.prediction.provider), life))
            self._carried[now.prediction.id] = (life, task)

    def _shower(self, prediction_id: str) -> Callable[[Live], None]:
        def show(live: Live) -> None:
            self._live[prediction_id] = live

        return show

    async def _carry(self, work: Workplace | None, life: Life) -> None:
        try:
            if work is None:
                await self._without_provider(life)
            else:
                await carry(work, life)
        except EventRefused:
            log.exception("prediction %s was moved on by somebody else", life.prediction.id)
        except LedgerUnavailable:
            # It stands in the ledger as it did: the next look for work takes it up from there.
            log.exception("prediction %s waits for the ledger", life.prediction.id)
        except Exception:
            log.exception("prediction %s could not be carried on", life.prediction.id)
            await self._give_up(life)
        finally:
            self._live.pop(life.prediction.id, None)
            self._carried.pop(life.prediction.id, None)
            self._ended.add(life.prediction.id)
            self._tell_ended()

    async def _give_up(self, life: Life) -> None:
        """End a prediction that an error of our own stopped: it must not stay open for ever."""
        text = f"Staging Lab itself failed on this prediction; the log has the reason under {life.prediction.id}."
        maybe_created = life.now.state is not State.QUEUED
        charge = costs.Charge(None, "our own error: look it up at the provider")
        try:
            if maybe_created:
                await life.end(State.UNKNOWN, charge, error=text, error_kind="internal")
            else:
                await life.fail(text, "internal", costs.not_created(State.FAILED))
        except Exception:
            # The ledger itself refuses (a full disk): the next look for work takes it up again.
            log.exception("prediction %s could not be ended either", life.prediction.id)

    async def _leave(self, workplaces: Mapping[str, Workplace]) -> None:
        for work in workplaces.values():
            work.closing.set()
        creating = [task for work in workplaces.values() for task in work.creating]
        if creating:
            await asyncio.wait(creating, timeout=ANSWERS_GRACE_SECONDS)
            await asyncio.sleep(0)  # lets each answer reach the journal before its task is told to stop
        tasks = [task for _, task in self._carried.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for work in workplaces.values():
            await work.poller.close()
            await work.provider.close()

    async def _without_provider(self, life: Life) -> None:
        """End what nobody here can run; what may be running waits, within the hour, for its provider."""
        if life.now.state is State.QUEUED:
            text = f"{life.prediction.provider} is not set up here: set REPLICATE_API_TOKEN and start again."
            await life.fail(text, "token", costs.not_created(State.FAILED))
            return
        life.show(Live(f"waiting for {life.prediction.provider} to be set up again"))
        forgotten_at = life.deadline_at(self._settings.output_lifetime_seconds)
        await life.wait((forgotten_at - datetime.now(UTC)).total_seconds())
        text = f"Nobody can say what became of this: {life.prediction.provider} is no longer set up here."
        await unknown(self._store, self._registry, life, text)
