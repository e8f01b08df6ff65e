"""Where a room's doors and windows are: outlined once by a person, and used by every score from then on.

The outlines of a room are one document with versions ("openings", named by the room's digest):
fractions of the photo's width and height, so that they hold for every size it is shown or scored at.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from staging.errors import NotFound, OpeningsRefused
from staging.images import Pictures
from staging.quality import Opening
from staging.store import Document, Store

KIND = "openings"
MOST_OPENINGS = 40
MOST_CORNERS = 12
SMALLEST_AREA = 0.0004
"""Of the photo: 20 × 20 pixels of a thousand, below which nothing can be seen to be kept or blocked."""
DETECTOR_SECONDS = 60
_PACKAGE_ROOT = Path(__file__).resolve().parent.parent

Corner = tuple[float, float]


class _Shape(BaseModel):
    """One outline as it is kept and as a browser sends it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["door", "window"]
    corners: tuple[tuple[float, float], ...] = Field(min_length=4, max_length=MOST_CORNERS)


class _Body(BaseModel):
    """A room's outlines."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    openings: tuple[_Shape, ...] = Field(max_length=MOST_OPENINGS)


@dataclass(frozen=True, slots=True)
class Outlines:
    """The doors and windows of one room, as somebody left them."""

    openings: tuple[Opening, ...] = ()
    version: int = -1
    """−1: nobody has outlined any."""
    written_at: datetime | None = None
    written_by: str = ""


class RoomOpenings:
    """The outlines of every room. Callable from any thread."""

    def __init__(self, store: Store, pictures: Pictures) -> None:
        self._store = store
        self._pictures = pictures
        self._detecting = threading.Lock()
        """One detector at a time: each takes a core for seconds."""

    def of(self, room: str) -> tuple[Opening, ...]:
        """Return the room's doors and windows; nothing while nobody has outlined any."""
        return self.get(room).openings

    def all(self) -> dict[str, tuple[Opening, ...]]:
        """Return the doors and windows of every room that has any outlined, by the room's digest."""
        kept = {document.name: _read(document).openings for document in self._store.documents.list(KIND)}
        return {room: openings for room, openings in kept.items() if openings}

    def get(self, room: str) -> Outlines:
        """Return the room's outlines as they are now, with who left them so and when."""
        try:
            return _read(self._store.documents.get(KIND, room))
        except NotFound:
            return Outlines()

    def versions(self, room: str) -> list[Outlines]:
        """Return every version of the room's outlines, the newest first."""
        return [_read(document) for document in self._store.documents.versions(KIND, room)]

    def save(
        self, room: str, shapes: object, by: str, at: datetime, *, follows: int | None = None, note: str = ""
    ) -> Outlines:
        """Keep the outlines as a new version and return it; `shapes` is a list of {kind, corners}, as JSON has it.

        OpeningsRefused names the outline that cannot be used; EditedMeanwhile when somebody has saved others
        since the version `follows`; NotFound when there is no such room.
        """
        self._store.rooms.get(room)
        body = checked(shapes)
        written = self._store.documents.write(
            KIND, room, body.model_dump(mode="json"), by, at, follows=follows, note=note
        )
        return _read(written)

    def suggest(self, room: str) -> tuple[Opening, ...]:
        """Return the doors and windows that a detector sees in the photo, to be corrected by a person.

        It runs in a process of its own, for seconds, one at a time. OpeningsRefused says why there is
        nothing to suggest; NotFound when the picture is not here.
        """
        path = self._pictures.room_file(room).path
        with self._detecting:
            answer = _detect(path)
        if "refused" in answer:
            raise OpeningsRefused(str(answer["refused"]))
        return tuple(_opening(shape) for shape in checked(answer.get("openings")).openings)


def checked(shapes: object) -> _Body:
    """Return the outlines as they may be kept; OpeningsRefused says which cannot, and why."""
    try:
        body = _Body.model_validate({"openings": shapes})
    except ValidationError as error:
        where = error.errors()[0]["loc"]
        which = f"Outline {where[1] + 1}" if len(where) > 1 and isinstance(where[1], int) else "The list of outlines"
        raise OpeningsRefused(
            f"{which} cannot be used: an outline is a door or a window with 4 to {MOST_CORNERS} corners, "
            f"and a room has at most {MOST_OPENINGS} of them. Nothing was saved."
        ) from None
    for place, shape in enumerate(body.openings, start=1):
        if fault := _fault(shape.corners):
            raise OpeningsRefused(f"Outline {place} (a {shape.kind}) {fault}. Nothing was saved.")
    return body


def _fault(corners: Sequence[Corner]) -> str:
    """Return what is wrong with the outline, as the end of a sentence; "" when nothing is."""
    if not all(0 <= x <= 1 and 0 <= y <= 1 for x, y in corners):  # False for what is not a number, too
        return "has a corner outside of the photo: drag it inside"
    sides = list(pairwise([*corners, corners[0]]))
    for first in range(len(sides)):
        for second in range(first + 2, len(sides)):
            if (first, second) != (0, len(sides) - 1) and _cross(*sides[first], *sides[second]):
                return "crosses itself: drag its corners apart"
    area = abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in sides)) / 2
    return "" if area >= SMALLEST_AREA else "is too small to be seen: drag its corners apart, or delete it"


def _cross(a: Corner, b: Corner, c: Corner, d: Corner) -> bool:
    def side(p: Corner, q: Corner, r: Corner) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


def _read(document: Document) -> Outlines:
    try:
        body = _Body.model_validate(document.body)
    except ValidationError:  # taken away, or of another release
        return Outlines((), document.version, document.written_at, document.written_by)
    openings = tuple(_opening(shape) for shape in body.openings)
    return Outlines(openings, document.version, document.written_at, document.written_by)


def _opening(shape: _Shape) -> Opening:
    return Opening(kind=shape.kind, corners=shape.corners)


def _detect(path: str) -> dict[str, object]:
    """Return what the detector (`staging.stager.outlines`) answers for this picture."""
    try:
        done = subprocess.run(  # noqa: S603 - our own module, run by our own interpreter
            [sys.executable, "-s", "-P", "-m", "staging.stager.outlines", path],
            capture_output=True,
            # Nothing else of our environment: a process that reads a stranger's picture holds no token.
            env={"PYTHONPATH": str(_PACKAGE_ROOT), "MALLOC_ARENA_MAX": "2"},
            cwd="/",
            timeout=DETECTOR_SECONDS,
            check=True,
        )
        answer = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        answer = None
    if not isinstance(answer, dict):
        raise OpeningsRefused(
            "The detector did not get to the end with this photo. Outline its doors and windows by hand."
        )
    return answer
