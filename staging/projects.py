"""Projects: what is known of a listing besides its name: the style it begins with, and whether it is over.

A project is a name on rooms and comparisons; it gets a document when somebody says something of it. Its
model is `staging.routing`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from staging.errors import NotFound, ParametersRefused
from staging.store import Document, Store

KIND = "project"
LONGEST_NAME = 120


class _Body(BaseModel):
    """A project as it is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    style: str = Field(default="", max_length=100)
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Project:
    """One project as it is now."""

    name: str
    version: int = -1
    """Of its document; −1: there is none."""
    style: str = ""
    """The style that its comparisons begin with; "": none of its own."""
    archived: bool = False


class Projects:
    """The projects. Callable from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list(self, *, archived: bool = False) -> list[Project]:
        """Return the projects in use (or the archived ones), by name: those with rooms, comparisons or a document."""
        kept = {document.name: document for document in self._store.documents.list(KIND)}
        names = sorted({*self._store.rooms.projects(), *kept})
        found = [_read(name, kept.get(name)) for name in names]
        return [one for one in found if one.archived is archived]

    def names(self) -> tuple[str, ...]:
        """Return the names of the projects in use, in order: what pages offer."""
        return tuple(one.name for one in self.list())

    def get(self, name: str) -> Project:
        """Return what is known of the project; one that nobody said anything of has nothing of its own."""
        try:
            return _read(name, self._store.documents.get(KIND, name))
        except NotFound:
            return Project(name)

    def set(
        self,
        name: str,
        by: str,
        at: datetime,
        *,
        style: str | None = None,
        archived: bool | None = None,
        follows: int | None = None,
    ) -> Project:
        """Keep what is given, leave the rest as it was, and return it; a new name makes a project.

        `follows` is the version that the person saw: EditedMeanwhile when somebody has changed it since.
        ParametersRefused when the name is empty or too long.
        """
        name = " ".join(name.split())
        if not 1 <= len(name) <= LONGEST_NAME:
            raise ParametersRefused(f"A project's name has 1 to {LONGEST_NAME} characters; this one has {len(name)}.")
        now = self.get(name)
        told: Mapping[str, object] = {
            "style": now.style if style is None else style,
            "archived": now.archived if archived is None else archived,
        }
        try:
            body = _Body.model_validate(told)
        except ValidationError:
            raise ParametersRefused("A style's name has at most 100 characters.") from None
        seen = now.version if follows is None else follows
        self._store.documents.write(KIND, name, body.model_dump(mode="json"), by, at, follows=seen)
        return self.get(name)


def _read(name: str, document: Document | None) -> Project:
    if document is None:
        return Project(name)
    try:
        body = _Body.model_validate(document.body)
    except ValidationError:  # of another release
        return Project(name, document.version)
    return Project(name, document.version, body.style, body.archived)
