"""How an admin has set each model up: whether it is offered for new runs, and which parameters it begins with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from staging.errors import NotFound, ParametersRefused
from staging.registry import ModelRegistry
from staging.store import Document, DocumentLedger

KIND = "model setup"
"""The kind of document, named by the model's id."""
LONGEST_NOTE = 500
OFF = "An admin has switched it off for new runs (Settings, Models)."


class _Body(BaseModel):
    """A setup as it is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = True
    parameters: Annotated[Mapping[str, JsonValue], Field(default_factory=dict)]


@dataclass(frozen=True, slots=True)
class ModelSetup:
    """One model as it is set up; without a document it is offered, and begins with its builder's defaults."""

    model: str
    version: int = -1
    """Of the document; −1: there is none."""
    enabled: bool = True
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    """Only what differs from the builder's defaults."""


class ModelSetups:
    """The setups of all models. Callable from any thread."""

    def __init__(self, documents: DocumentLedger, registry: ModelRegistry) -> None:
        self._documents = documents
        self._registry = registry

    def all(self) -> dict[str, ModelSetup]:
        """Return every registered model's setup by id.

        Default parameters that this release's builder refuses count as none, so that no upgrade stops a run.
        """
        kept = {document.name: document for document in self._documents.list(KIND)}
        return {spec.id.value: self._read(spec.id.value, kept.get(spec.id.value)) for spec in self._registry}

    def get(self, model: str) -> ModelSetup:
        """Return the model's setup; UnknownModel when it is not registered."""
        self._registry.get(model)
        try:
            document = self._documents.get(KIND, model)
        except NotFound:
            document = None
        return self._read(model, document)

    def set(
        self,
        model: str,
        by: str,
        at: datetime,
        *,
        enabled: bool | None = None,
        parameters: Mapping[str, JsonValue] | None = None,
        note: str = "",
        follows: int | None = None,
    ) -> ModelSetup:
        """Keep what is given, leave the rest as it was, and return it.

        `follows` is the version that the person saw: EditedMeanwhile when somebody has set it since.
        UnknownModel or ParametersRefused say what is wrong; nothing is written then.
        """
        now = self.get(model)
        if len(note) > LONGEST_NOTE:
            raise ParametersRefused(f"A note has at most {LONGEST_NOTE} characters; this one has {len(note)}.")
        wanted = now.parameters if parameters is None else self._registry.get(model).parameters(parameters).chosen()
        body = _Body(enabled=now.enabled if enabled is None else enabled, parameters=wanted)
        seen = now.version if follows is None else follows
        self._documents.write(KIND, model, body.model_dump(mode="json"), by, at, note=note.strip(), follows=seen)
        return self.get(model)

    def _read(self, model: str, document: Document | None) -> ModelSetup:
        if document is None:
            return ModelSetup(model)
        try:
            body = _Body.model_validate(document.body)
        except ValidationError:  # of another release
            return ModelSetup(model, document.version)
        try:
            parameters = self._registry.get(model).parameters(body.parameters).chosen()
        except ParametersRefused:
            parameters = {}
        return ModelSetup(model, document.version, body.enabled, parameters)
