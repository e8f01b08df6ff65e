"""Sets of models that people save by name: which models, with which parameters, on how many seeds."""

import builtins
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import TypeAdapter

from staging.desk.plans import ModelChoice
from staging.errors import ParametersRefused
from staging.store import DocumentLedger

KIND = "model set"
LONGEST_NAME = 60
_CHOICES = TypeAdapter(tuple[ModelChoice, ...])


@dataclass(frozen=True, slots=True)
class ModelSet:
    """One set as it was last saved."""

    name: str
    version: int
    choices: tuple[ModelChoice, ...]
    """In the order they were saved. A model may be gone, or not be available now."""
    written_by: str
    written_at: datetime


class ModelSets:
    """The saved sets, every version kept in the ledger."""

    def __init__(self, documents: DocumentLedger) -> None:
        self._documents = documents

    def list(self) -> list[ModelSet]:
        """Return the sets by name."""
        return [
            ModelSet(one.name, one.version, _CHOICES.validate_python(one.body), one.written_by, one.written_at)
            for one in self._documents.list(KIND)
        ]

    def save(self, name: str, choices: Sequence[ModelChoice], by: str, *, follows: int | None = None) -> None:
        """Keep the models under the name, over what was there.

        `follows` is the version that is saved over: EditedMeanwhile when somebody has changed it
        since. ParametersRefused when the name is empty or too long, or no model is chosen.
        """
        name = " ".join(name.split())
        if not 1 <= len(name) <= LONGEST_NAME:
            raise ParametersRefused(f"The name of a set has 1 to {LONGEST_NAME} characters; this one has {len(name)}.")
        if not choices:
            raise ParametersRefused("Choose at least one model before saving a set.")
        body: builtins.list[object] = [
            {"model": one.model, "parameters": dict(one.parameters), "seeds": one.seeds} for one in choices
        ]
        self._documents.write(KIND, name, body, by, datetime.now(UTC), follows=follows)  # type: ignore[arg-type]

    def remove(self, kept: ModelSet, by: str) -> None:
        """Take the set away, its versions stay in the ledger; EditedMeanwhile when it was changed since."""
        self._documents.write(KIND, kept.name, None, by, datetime.now(UTC), follows=kept.version)
