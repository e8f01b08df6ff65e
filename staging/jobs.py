"""Jobs: one model on one room, asked for by a program. The settings say which model, unless the job does.

A job is a comparison with one prediction, so that people find it on the pages like any other. Its order is in
the ledger, under the Idempotency-Key of who asks, before the comparison is: whoever sends a job again, after
a lost answer or a restart, gets the first one and buys nothing.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import JsonValue

from staging.access import Actor
from staging.desk import Desk, ModelChoice, Origin, Plan
from staging.errors import JobRefused, JobUnderWay, NotFound
from staging.ids import new_id
from staging.model_setups import ModelSetups
from staging.origins import Author
from staging.predictions import CHOSEN, PredictionNow
from staging.projects import Projects
from staging.registry import ModelRegistry
from staging.routing import Job as Work
from staging.routing import Routing, parameters_for
from staging.shelf import PromptShelf
from staging.store import JobOrder, Store

NAMED = "named by the job"
"""What the rule stood on when the job itself said which model."""


@dataclass(frozen=True, slots=True)
class JobWanted:
    """What a program asks for; what is None or empty is for the lab to choose."""

    room: str
    """The room's digest."""
    project: str = ""
    """Empty: the room's own."""
    model: str | None = None
    """None: the rules of `staging.routing` choose it."""
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    style: str | None = None
    """None: the project's, else the first one of the prompt book."""
    prompt: str | None = None
    """None: the prompt book's for the style, the room's type and the model."""
    confirmed: bool = False
    """Whether it may cost more than is bought without asking."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands."""

    order: JobOrder
    first: PredictionNow
    """As it was asked for."""
    now: PredictionNow
    """Its newest try: somebody may have tried it again on the pages."""


class Jobs:
    """Takes jobs and tells how they stand. Callable from any thread."""

    def __init__(
        self,
        store: Store,
        registry: ModelRegistry,
        desk: Desk,
        routing: Routing,
        shelf: PromptShelf,
        setups: ModelSetups,
    ) -> None:
        self._setups = setups
        self._projects = Projects(store)
        self._store = store
        self._registry = registry
        self._desk = desk
        self._routing = routing
        self._shelf = shelf
        self._lock = threading.Lock()
        self._taking: set[tuple[str, str]] = set()
        """Who and which Idempotency-Key is being taken now: of two at once, the second would start another one."""

    def ask(self, actor: Actor, key: str, digest: str, wanted: Callable[[], JobWanted]) -> tuple[Job, bool]:
        """Return the job, under way, and whether it was there before.

        `digest` is over all that was asked; `wanted` is called only when the key is new. JobRefused when
        the key was used for something else, JobUnderWay when its first request is being taken right now;
        else what `Desk.plan`, `Desk.start` and `Routing.route` raise, and nothing was started.
        """
        with self._alone(actor.name, key):
            known = self._store.jobs.find(actor.name, key)
            if known is not None:
                if known.digest != digest:
                    raise JobRefused(
                        "This Idempotency-Key was used for another job: send a new key with a new job. "
                        "Nothing was started."
                    )
                with suppress(NotFound):  # the process ended between the order and the start: it goes on here
                    return self._job(known), True
            asked = wanted()
            plan, by = self._plan(asked, actor), Author(actor.name, actor.origin)
            order = known or self._store.jobs.order(JobOrder(actor.name, key, digest, new_id(), datetime.now(UTC)))
            confirmed = plan.estimate.amount if asked.confirmed else None
            self._desk.start(plan, by, order=order.id, confirmed=confirmed)
            return self._job(order), False

    def get(self, job_id: str) -> Job:
        """Return the job; NotFound when there is none."""
        return self._job(self._store.jobs.get(job_id))

    def cancel(self, job_id: str, actor: Actor) -> Job:
        """Ask for the job to be stopped, and return it; one that has ended is left as it is. NotFound."""
        job = self.get(job_id)
        if not job.now.state.final:
            self._desk.cancel([job.now.prediction.id], Author(actor.name, actor.origin))
        return self.get(job_id)

    @contextmanager
    def _alone(self, holder: str, key: str) -> Iterator[None]:
        with self._lock:
            if (holder, key) in self._taking:
                raise JobUnderWay("The first request with this Idempotency-Key is being taken: ask again in a second.")
            self._taking.add((holder, key))
        try:
            yield
        finally:
            with self._lock:
                self._taking.discard((holder, key))

    def _plan(self, asked: JobWanted, actor: Actor) -> Plan:
        room = self._store.rooms.get(asked.room)
        project = asked.project or room.project
        edition = self._shelf.current()
        book = edition.usable()
        styles = book.styles()
        usual = self._projects.get(project).style if project else ""
        style = asked.style if asked.style is not None else usual if usual in styles else styles[0]
        if asked.model is not None:
            model, origin = asked.model, Origin(CHOSEN, NAMED)
            defaults = self._setups.get(model).parameters
            parameters = parameters_for(self._registry.editor(model), job=asked.parameters, defaults=defaults)
        else:
            work = Work(room.digest, room.room_type, project, asked.parameters)
            routed = self._routing.take(work, Author(actor.name, actor.origin))
            model, parameters = routed.model, routed.parameters
            origin = Origin(routed.rule.value, routed.because, routed.arm)
        housed = book.prompt(style, room.room_type, model)
        prompt = housed if asked.prompt is None else asked.prompt
        return self._desk.plan(
            [room.digest],
            [ModelChoice(model, parameters, origin=origin)],
            style=style,
            prompts={room.digest: prompt},
            project=project,
            prompt_version=edition.label if asked.prompt is None else None,
        )

    def _job(self, order: JobOrder) -> Job:
        members = self._store.predictions.of_comparison(order.id)
        if not members:
            raise NotFound(f"Job {order.id} was never started: send it again with its Idempotency-Key.")
        now = members[0]
        for member in members:  # pictures made elsewhere may stand beside it
            if member.prediction.retry_of == now.prediction.id:
                now = member
        return Job(order, members[0], now)
