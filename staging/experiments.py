"""Experiments (A/B): asked, run, decided and archived, with every step kept.

An experiment is a document with all its versions: each says who did what, when and why. Arms and
weights are frozen while it runs; a change begins a new phase with units drawn anew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from staging.errors import EditedMeanwhile, ExperimentRefused, NotFound
from staging.experiments_split import arm_of
from staging.experiments_terms import (
    FAULTS,
    LONGEST_NOTE,
    Arm,
    Body,
    Decision,
    Deed,
    Experiment,
    Guards,
    Metric,
    Phase,
    State,
    StopRule,
    Terms,
    Unit,
)
from staging.ids import new_id
from staging.registry import ModelRegistry
from staging.rooms import RoomType
from staging.store import Assignment, Document, Store

__all__ = [
    "Arm",
    "Assigned",
    "Decision",
    "Deed",
    "Experiment",
    "Experiments",
    "Guards",
    "Metric",
    "Phase",
    "State",
    "StopRule",
    "Terms",
    "Unit",
    "assign",
]

KIND = "experiment"


@dataclass(frozen=True, slots=True)
class Assigned:
    """Where an experiment puts a piece of work."""

    experiment: Experiment
    unit: str
    """The room's digest, or the project's name."""
    arm: Arm

    @property
    def key(self) -> str:
        """What its predictions are logged with: experiment, phase and arm."""
        return self.experiment.key(self.arm.name)

    @property
    def because(self) -> str:
        """Say why it is this arm."""
        terms = self.experiment.terms
        share = f"{self.arm.weight} of {sum(arm.weight for arm in terms.arms)}"
        return f"the {terms.unit}'s hash falls to arm {self.arm.name} (weight {share})"


def assign(running: Iterable[Experiment], room: str, room_type: RoomType, project: str) -> Assigned | None:
    """Return the arm that work on this room belongs to; None when no running experiment takes it.

    The same room (or project) always gets the same arm of a phase, and nothing has to be looked up for
    it. When several experiments would take it, the one that was started first does.
    """
    for experiment in sorted(running, key=_started):
        terms = experiment.terms
        if experiment.state is State.RUNNING and terms.takes(room_type, project):
            unit = room if terms.unit is Unit.ROOM else project
            name = arm_of(experiment.salt(), unit, {arm.name: arm.weight for arm in terms.arms})
            return Assigned(experiment, unit, next(arm for arm in terms.arms if arm.name == name))
    return None


def _started(experiment: Experiment) -> tuple[bool, datetime, str]:
    first = experiment.body.phases[0].started_at if experiment.body.phases else datetime.max.replace(tzinfo=UTC)
    return not experiment.body.phases, first, experiment.id


class Experiments:
    """The experiments. Every method may be called from any thread.

    Those that change one take the version that the person saw (`follows`): EditedMeanwhile when somebody
    has changed it since, so that of two who press at once one is taken. ExperimentRefused says what
    makes no sense, and NotFound that there is no such experiment; nothing is written then.
    """

    def __init__(self, store: Store, registry: ModelRegistry) -> None:
        self._store = store
        self._registry = registry

    # ── looking ──────────────────────────────────────────────────────────────────────────────

    def list(self) -> tuple[Experiment, ...]:
        """Return all that this release can read, as they are now, the newest first."""
        found = [one for one in self._all() if isinstance(one, Experiment)]
        return tuple(sorted(found, key=lambda one: one.id, reverse=True))

    def unreadable(self) -> tuple[str, ...]:
        """Return a sentence for each that was written by another release; those take no work."""
        return tuple(str(one) for one in self._all() if isinstance(one, ExperimentRefused))

    def running(self) -> Sequence[Experiment]:
        """Return those that take work now."""
        return [one for one in self.list() if one.state is State.RUNNING]

    def get(self, experiment_id: str) -> Experiment:
        """Return it as it is now."""
        try:
            return _read(self._store.documents.get(KIND, experiment_id))
        except NotFound:
            raise NotFound("There is no such experiment in the ledger: check the link.") from None

    def history(self, experiment_id: str) -> tuple[Experiment, ...]:
        """Return every version, the newest first: who did what, when and why."""
        return tuple(_read(document) for document in self._store.documents.versions(KIND, experiment_id))

    # ── its life ─────────────────────────────────────────────────────────────────────────────

    def draft(self, terms: Terms, by: str, at: datetime, *, note: str = "") -> Experiment:
        """Keep a new draft and return it."""
        body = Body(state=State.DRAFT, deed=Deed.DRAFTED, terms=self._checked(terms))
        return self._write(new_id(), body, by, at, note, -1)

    def edit(
        self, experiment_id: str, terms: Terms, by: str, at: datetime, *, note: str = "", follows: int
    ) -> Experiment:
        """Keep the draft's new terms and return it."""
        now = self._in(experiment_id, State.DRAFT, "Only a draft can be edited: a change while it runs is a new phase.")
        body = now.body.model_copy(update={"deed": Deed.EDITED, "terms": self._checked(terms)})
        return self._write(experiment_id, body, by, at, note, follows)

    def start(self, experiment_id: str, by: str, at: datetime, *, note: str = "", follows: int) -> Experiment:
        """Begin its first phase and return it running: from now on it takes work."""
        now = self._in(experiment_id, State.DRAFT, "Only a draft can be started.")
        terms = self._checked(now.terms)
        phase = Phase(number=1, terms=terms, started_at=at, started_by=by)
        body = Body(state=State.RUNNING, deed=Deed.STARTED, terms=terms, phases=(phase,))
        return self._write(experiment_id, body, by, at, note, follows)

    def change(
        self, experiment_id: str, terms: Terms, by: str, at: datetime, *, note: str = "", follows: int
    ) -> Experiment:
        """End the phase, begin the next one with these terms and return it: its report begins at nothing."""
        now = self._in(experiment_id, State.RUNNING, "Only a running experiment gets a new phase.")
        terms = self._checked(terms)
        if terms == now.terms:
            raise ExperimentRefused("Nothing was changed, so no new phase was begun.")
        phase = Phase(number=len(now.body.phases) + 1, terms=terms, started_at=at, started_by=by)
        body = Body(state=State.RUNNING, deed=Deed.CHANGED, terms=terms, phases=(*now.body.phases, phase))
        return self._write(experiment_id, body, by, at, note, follows)

    def decide(
        self,
        experiment_id: str,
        winner: str | None,
        verdict: str,
        by: str,
        at: datetime,
        *,
        note: str = "",
        follows: int,
    ) -> Experiment:
        """End it with this arm as the winner, or none, and with what its report said; it takes no more work."""
        now = self._in(experiment_id, State.RUNNING, "Only a running experiment can be decided.")
        if winner is not None and now.terms.arm(winner) is None:
            raise ExperimentRefused(f"The experiment has no arm called {winner!r}.")
        decision = Decision(winner=winner, verdict=verdict, decided_at=at, decided_by=by)
        body = now.body.model_copy(update={"state": State.DECIDED, "deed": Deed.DECIDED, "decision": decision})
        return self._write(experiment_id, body, by, at, note, follows)

    def archive(self, experiment_id: str, by: str, at: datetime, *, note: str = "", follows: int) -> Experiment:
        """Put it away: a draft that was given up, or what was decided."""
        now = self.get(experiment_id)
        if now.state not in (State.DRAFT, State.DECIDED):
            raise ExperimentRefused(
                "A running experiment is decided first."
                if now.state is State.RUNNING
                else "The experiment is archived already."
            )
        body = now.body.model_copy(update={"state": State.ARCHIVED, "deed": Deed.ARCHIVED})
        return self._write(experiment_id, body, by, at, note, follows)

    # ── assignment ───────────────────────────────────────────────────────────────────────────

    def assign(
        self, room: str, room_type: RoomType, project: str, *, running: Sequence[Experiment] | None = None
    ) -> Assigned | None:
        """Return the arm of the running experiment that takes work on this room; nothing is written.

        `running` are those that were read a moment ago, where many rooms are asked for.
        """
        return assign(self.running() if running is None else running, room, room_type, project)

    def still(self, experiment: Experiment) -> None:
        """Raise EditedMeanwhile unless the experiment is running in the phase that is given."""
        now = self.get(experiment.id)
        if now.state is not State.RUNNING or now.phase != experiment.phase:
            raise EditedMeanwhile(
                f"Nothing was started: {now.written_by} has {now.body.deed} the experiment meanwhile. Look at it first."
            )

    def write_down(self, assigned: Iterable[Assigned], by: str, at: datetime) -> None:
        """Keep which unit went to which arm, once each: the hash needs it not, the split's check does."""
        self._store.experiments.write_down(
            [
                Assignment(one.experiment.id, phase.number, one.unit, one.arm.name, at, by)
                for one in assigned
                if (phase := one.experiment.phase)
            ]
        )

    # ── within ───────────────────────────────────────────────────────────────────────────────

    def _all(self) -> Iterable[Experiment | ExperimentRefused]:
        for document in self._store.documents.list(KIND):
            try:
                yield _read(document)
            except ExperimentRefused as error:
                yield error

    def _in(self, experiment_id: str, state: State, otherwise: str) -> Experiment:
        now = self.get(experiment_id)
        if now.state is not state:
            raise ExperimentRefused(f"{otherwise} This one is {now.state}.")
        return now

    def _checked(self, terms: Terms) -> Terms:
        """Return the terms with only what differs from the models' defaults; ExperimentRefused, UnknownModel,
        or ParametersRefused say what makes no sense."""
        names = [arm.name.casefold() for arm in terms.arms]
        if len(set(names)) < len(names):
            raise ExperimentRefused("Two arms have the same name.")
        arms = tuple(
            arm.model_copy(update={"parameters": self._registry.editor(arm.model).parameters(arm.parameters).chosen()})
            for arm in terms.arms
        )
        for position, arm in enumerate(arms):
            for other in arms[:position]:
                if (arm.model, arm.parameters) == (other.model, other.parameters):
                    raise ExperimentRefused(
                        f"Arms {other.name} and {arm.name} are the same model with the same parameters: "
                        "no vote can tell them apart."
                    )
        return terms.model_copy(update={"arms": arms})

    def _write(self, experiment_id: str, body: Body, by: str, at: datetime, note: str, follows: int) -> Experiment:
        note = " ".join(note.split())
        if len(note) > LONGEST_NOTE:
            raise ExperimentRefused(f"A note has at most {LONGEST_NOTE} characters; this one has {len(note)}.")
        kept = body.model_dump(mode="json")
        return _read(self._store.documents.write(KIND, experiment_id, kept, by, at, note=note, follows=follows))


def terms_of(values: object) -> Terms:
    """Return the terms; ExperimentRefused says of the first field that cannot be kept what its limits are."""
    try:
        return Terms.model_validate(values)
    except ValidationError as error:
        places = [str(part) for part in error.errors()[0]["loc"]]
        told = next((FAULTS[part] for part in reversed(places) if part in FAULTS), "That is no experiment.")
        raise ExperimentRefused(told) from None


def _read(document: Document) -> Experiment:
    """Return the experiment; ExperimentRefused when this release cannot read it."""
    try:
        body = Body.model_validate(document.body)
    except ValidationError:
        raise ExperimentRefused(
            f"The experiment {document.name} cannot be read by this release: use the one that wrote it."
        ) from None
    return Experiment(document.name, document.version, body, document.note, document.written_at, document.written_by)
