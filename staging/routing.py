"""Which model does a job: an experiment's arm, else the project's model, else the active model, else the default.

The active model and a project's model are documents with all their versions: who set what, when and why.
"""

import builtins
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from staging.errors import NotFound, ParametersRefused, UnknownModel
from staging.experiments import Assigned, Experiment, Experiments, assign
from staging.model_setups import ModelSetups
from staging.registry import ModelRegistry, ModelSpec
from staging.rooms import RoomType
from staging.store import Document, DocumentLedger, Store

ACTIVE = "active-model"
PROJECT = "project-model"
LONGEST_NOTE = 500
_NAME = "active model"
"""The name of the one document of the kind ACTIVE."""


class Rule(StrEnum):
    """By what a job got its model; the first that says something holds."""

    ARM = "experiment's arm"
    PROJECT = "project's model"
    ACTIVE = "active model"
    DEFAULT = "default model"


class _Body(BaseModel):
    """A setting as it is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Annotated[str, Field(min_length=1, max_length=200)]
    parameters: Mapping[str, JsonValue] = Field(default_factory=dict)
    experiment: str | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """One version of the active model, or of a project's."""

    project: str | None
    """None: the active model."""
    version: int
    """Counts from 0."""
    model: str | None
    """None: with this version nothing is set any more."""
    parameters: Mapping[str, JsonValue]
    """What it sets, be it the builder's default too: it comes before the model's own defaults."""
    experiment: str | None
    """The experiment that it was promoted from."""
    note: str
    set_at: datetime
    set_by: str

    @property
    def words(self) -> str:
        """Say which version of what this is."""
        what = "the active model" if self.project is None else f"the model of project {self.project}"
        return f"version {self.version} of {what}, set by {self.set_by} on {self.set_at:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work that names no model."""

    room: str
    """The room's digest."""
    room_type: RoomType = RoomType.OTHER
    project: str = ""
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    """What the job itself wants otherwise than the settings say."""


@dataclass(frozen=True, slots=True)
class Routed:
    """Which model does a job, with what, and why."""

    model: str
    parameters: Mapping[str, JsonValue]
    """Checked; only what differs from the builder's defaults."""
    rule: Rule
    because: str
    """What the rule stood on."""
    assigned: Assigned | None = None
    """The experiment's arm; None when no experiment takes the job."""

    @property
    def arm(self) -> str | None:
        """What predictions are logged with: "<experiment>/<phase>/<arm>"."""
        return self.assigned.key if self.assigned else None


def parameters_for(
    spec: ModelSpec,
    *,
    job: Mapping[str, JsonValue],
    setting: Setting | None = None,
    defaults: Mapping[str, JsonValue] | None = None,
) -> Mapping[str, JsonValue]:
    """Return the parameters of a job that is in no experiment: checked, only what differs from the builder's defaults.

    Name by name: the job's, else the project's (or the active model's), else the model's defaults, else
    the builder's. A setting that was promoted from an experiment runs as it was tested: the model's
    defaults do not enter. ParametersRefused says what is wrong.
    """
    tested = setting is not None and setting.experiment is not None
    return spec.parameters(
        {
            **({} if tested else defaults or {}),
            **(setting.parameters if setting else {}),
            **job,
        }
    ).chosen()


def route(
    job: Job,
    registry: ModelRegistry,
    *,
    running: Iterable[Experiment] = (),
    project: Setting | None = None,
    active: Setting | None = None,
    defaults: Mapping[str, Mapping[str, JsonValue]] | None = None,
) -> Routed:
    """Return the model of the first rule that says something, and its parameters.

    In an experiment the arm's parameters are all there are: a job that changed them would be of no arm.
    Otherwise they are as `parameters_for` says; `defaults` are those of the models, by id.
    UnknownModel or ParametersRefused say what is wrong: no other model is run in place of one that was set.
    """
    if assigned := assign(running, job.room, job.room_type, job.project):
        arm = assigned.arm
        because = f"experiment {assigned.key}: {assigned.because}"
        return Routed(arm.model, _checked(registry, arm.model, arm.parameters), Rule.ARM, because, assigned)
    for rule, setting in ((Rule.PROJECT, project), (Rule.ACTIVE, active)):
        if setting is not None and setting.model is not None:
            model = setting.model
            begins = (defaults or {}).get(model)
            told = parameters_for(registry.editor(model), job=job.parameters, setting=setting, defaults=begins)
            return Routed(model, told, rule, setting.words)
    default = registry.default
    told = parameters_for(default, job=job.parameters, defaults=(defaults or {}).get(default.id))
    return Routed(default.id.value, told, Rule.DEFAULT, "STAGING_DEFAULT_MODEL")


class Routing:
    """The active model, the projects' models, and the way of a job to its model. Callable from any thread."""

    def __init__(self, store: Store, registry: ModelRegistry, experiments: Experiments, setups: ModelSetups) -> None:
        self._setups = setups
        self._documents: DocumentLedger = store.documents
        self._registry = registry
        self._experiments = experiments

    # ── jobs ─────────────────────────────────────────────────────────────────────────────────

    def route(self, job: Job) -> Routed:
        """Return which model does the job, as of now; nothing is written."""
        project = self.project(job.project) if job.project else None
        return route(
            job,
            self._registry,
            running=self._experiments.running(),
            project=project,
            active=self.current(),
            defaults={model: setup.parameters for model, setup in self._setups.all().items()},
        )

    def take(self, job: Job, by: str) -> Routed:
        """Return which model does the job; its unit's arm is written down."""
        routed = self.route(job)
        if routed.assigned:
            self._experiments.write_down([routed.assigned], by, datetime.now(UTC))
        return routed

    # ── settings ─────────────────────────────────────────────────────────────────────────────

    def current(self) -> Setting | None:
        """Return the active model; None when none is set and the default model holds."""
        return self._now(None)

    def project(self, name: str) -> Setting | None:
        """Return the project's model; None when it has none of its own."""
        return self._now(name)

    def projects(self) -> builtins.list[Setting]:
        """Return the models of all projects that have one of their own, by name."""
        return [_read(document) for document in self._documents.list(PROJECT)]

    def history(self, project: str | None = None) -> builtins.list[Setting]:
        """Return every version of the active model, or of the project's, the newest first."""
        kind, name = _place(project)
        return [_read(document) for document in self._documents.versions(kind, name)]

    def set(
        self,
        model: str,
        by: str,
        at: datetime,
        *,
        project: str | None = None,
        parameters: Mapping[str, JsonValue] | None = None,
        note: str = "",
        follows: int | None = None,
        experiment: str | None = None,
    ) -> Setting:
        """Make the model the active one, or the project's, and return the setting.

        `follows` is the version that the person saw, −1 for none: EditedMeanwhile when somebody has set
        another one since. UnknownModel or ParametersRefused say what is wrong; nothing is written then.
        """
        kept = _Body(model=model, parameters=_named(self._registry, model, parameters or {}), experiment=experiment)
        return self._write(project, kept, by, at, note, follows)

    def clear(
        self, by: str, at: datetime, *, project: str | None = None, note: str = "", follows: int | None = None
    ) -> None:
        """Nothing is set any more, so the next rule holds. NotFound when nothing was; errors as of `set`."""
        if self._now(project) is None:
            raise NotFound("No model is set here.")
        self._write(project, None, by, at, note, follows)

    def undo(self, setting: Setting, by: str, at: datetime) -> Setting | None:
        """Put back what held before this version, and return it; None when nothing did.

        EditedMeanwhile when this version does not hold any more. UnknownModel when the model before is gone.
        """
        before = next((one for one in self.history(setting.project) if one.version == setting.version - 1), None)
        body = None
        if before is not None and before.model is not None:
            parameters = _named(self._registry, before.model, before.parameters)
            body = _Body(model=before.model, parameters=parameters, experiment=before.experiment)
        self._write(setting.project, body, by, at, f"Version {setting.version} undone", setting.version)
        return self._now(setting.project)

    # ── within ───────────────────────────────────────────────────────────────────────────────

    def _now(self, project: str | None) -> Setting | None:
        kind, name = _place(project)
        try:
            return _read(self._documents.get(kind, name))
        except NotFound:
            return None

    def _write(
        self, project: str | None, body: _Body | None, by: str, at: datetime, note: str, follows: int | None
    ) -> Setting:
        kind, name = _place(project)
        note = " ".join(note.split())
        if len(note) > LONGEST_NOTE:
            raise ParametersRefused(f"A note has at most {LONGEST_NOTE} characters; this one has {len(note)}.")
        kept = body.model_dump(mode="json") if body else None
        return _read(self._documents.write(kind, name, kept, by, at, note=note, follows=follows))


def _place(project: str | None) -> tuple[str, str]:
    """Return the kind and name of the document."""
    if project is None:
        return ACTIVE, _NAME
    if not project.strip():
        raise NotFound("Work without a project has the active model: name a project.")
    return PROJECT, project


def _checked(registry: ModelRegistry, model: str, parameters: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    return registry.editor(model).parameters(parameters).chosen()


def _named(registry: ModelRegistry, model: str, parameters: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Return these parameters, checked: the names that were given and no others."""
    checked = registry.editor(model).parameters(parameters).model_dump(mode="json")
    return {name: checked[name] for name in parameters}


def _read(document: Document) -> Setting:
    body = None
    if document.body is not None:
        try:
            body = _Body.model_validate(document.body)
        except ValidationError:
            raise UnknownModel(
                f"The {document.kind} “{document.name}” is of another release and cannot be read: set it anew."
            ) from None
    return Setting(
        project=None if document.kind == ACTIVE else document.name,
        version=document.version,
        model=body.model if body else None,
        parameters=body.parameters if body else {},
        experiment=body.experiment if body else None,
        note=document.note,
        set_at=document.written_at,
        set_by=document.written_by,
    )
