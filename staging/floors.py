"""Where a room's floor is, as a person has outlined it: four corners of a rectangle along the walls.

The offline stager measures a room from its lines; where it cannot, these four points tell it what it
needs. They are a document of the room's, every version kept.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from staging.errors import NotFound, ParametersRefused
from staging.quality import Opening
from staging.store import Store

KIND = "floor"
Corners = tuple[tuple[float, float], ...]
"""Four points, as shares of the photo's width and height from its upper left corner; none where nobody has said."""
BEYOND = 0.5
"""A corner may lie outside the picture by this share of it: floors go on."""


class Floors:
    """The outlined floors, by the room's digest. Every method may be called from any thread."""

    def __init__(self, store: Store, openings: Callable[[str], Sequence[Opening]] = lambda _: ()) -> None:
        """`openings` returns a room's outlined doors and windows."""
        self._documents = store.documents
        self._openings = openings

    def get(self, room: str) -> Corners:
        """Return the floor's corners; none where nobody has outlined it, or somebody took it back."""
        try:
            body = self._documents.get(KIND, room).body
        except NotFound:
            return ()
        assert isinstance(body, list)
        return tuple((float(point[0]), float(point[1])) for point in body)  # type: ignore[index, arg-type]

    def keep(self, room: str, corners: Sequence[Sequence[float]], by: str, at: datetime) -> None:
        """Remember the corners with the room; no corner takes the outline back.

        ParametersRefused when they are not four points in or near the picture.
        """
        if corners and (len(corners) != 4 or not all(_near(point) for point in corners)):
            raise ParametersRefused("A floor is outlined by four points in the picture, or just beside it.")
        body: list[JsonValue] | None = [[round(float(x), 5), round(float(y), 5)] for x, y in corners] or None
        if body is None and not self.get(room):
            return
        self._documents.write(KIND, room, body, by, at)

    def said(self, room: str) -> Mapping[str, JsonValue]:
        """Return what the offline stager is told of the room; see `staging.stager.measure.Said`."""
        corners, openings = self.get(room), self._openings(room)
        told: dict[str, JsonValue] = {}
        if corners:
            told["floor"] = [[x, y] for x, y in corners]
        if openings:
            told["openings"] = [{"kind": one.kind, "corners": [[x, y] for x, y in one.corners]} for one in openings]
        return told


def _near(point: Sequence[float]) -> bool:
    return len(point) == 2 and all(-BEYOND <= share <= 1 + BEYOND for share in point)
