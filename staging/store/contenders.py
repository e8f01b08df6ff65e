"""The outputs that can be set against each other in blind votes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from staging.errors import NotFound
from staging.store.connection import LedgerFile

# A picture made elsewhere has no style of its own: it stands beside what the models made of its room in the
# same comparison, in that style.
_CONTENDERS = """
SELECT p.id, p.comparison_id, p.room, r.room_type, r.project,
       coalesce(nullif(p.style, ''), beside.style, ''), p.model, p.parameters::VARCHAR, p.arm, o.digest
FROM app.predictions AS p
JOIN app.outputs AS o ON o.prediction_id = p.id AND o.position = 0
JOIN rooms_now AS r ON r.digest = p.room AND NOT r.archived
JOIN comparisons_now AS c ON c.id = p.comparison_id AND NOT c.archived
LEFT JOIN (
    SELECT comparison_id, room, max(style) AS style FROM app.predictions WHERE style <> '' GROUP BY ALL
) AS beside ON beside.comparison_id = p.comparison_id AND beside.room = p.room
ORDER BY p.id
"""
_COUNTS = """
SELECT (SELECT count(*) FROM app.outputs), (SELECT count(*) FROM app.room_versions),
       (SELECT count(*) FROM app.comparison_versions)
"""


@dataclass(frozen=True, slots=True)
class Contender:
    """An output that can be voted on: of a room and a comparison that are in use."""

    prediction: str
    comparison: str
    room: str
    room_type: str
    project: str
    style: str
    model: str
    variant: str
    """The same for the same parameters, and another one for others."""
    arm: str | None
    digest: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An output's picture, and the room's that it is of; the size is the room's, upright, in pixels."""

    digest: str
    room: str
    room_width: int
    room_height: int


class ContenderLedger:
    """The outputs that can be voted on. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile) -> None:
        self._ledger = ledger
        self._known: tuple[tuple[int, ...], tuple[Contender, ...]] | None = None

    def all(self) -> tuple[Contender, ...]:
        """Return all contenders, the oldest first; the same tuple as long as there is no other output or word on them.

        Outputs and versions are only ever added: their counts tell.
        """
        known = self._known
        with self._ledger.reading() as cursor:
            (counts,) = cursor.execute(_COUNTS).fetchall()
            if known is None or known[0] != counts:
                rows = cursor.execute(_CONTENDERS).fetchall()
                known = self._known = (counts, tuple(Contender(*_named(row)) for row in rows))
        return known[1]

    def shown(self, predictions: Sequence[str]) -> list[Shown]:
        """Return the pictures of these predictions, in order; NotFound when one has none."""
        rows = self._ledger.rows(
            "SELECT p.id, o.digest, p.room, r.width, r.height FROM app.predictions AS p "
            "JOIN app.outputs AS o ON o.prediction_id = p.id AND o.position = 0 "
            "JOIN app.rooms AS r ON r.digest = p.room WHERE list_contains(?::VARCHAR[], p.id)",
            [list(predictions)],
        )
        found = {prediction: Shown(*facts) for prediction, *facts in rows}
        if missing := [one for one in predictions if one not in found]:
            raise NotFound(f"Prediction {missing[0]} has no picture in the ledger.")
        return [found[one] for one in predictions]


def _named(row: tuple[str, ...]) -> tuple[str, ...]:
    *before, parameters, arm, digest = row
    return (*before, hashlib.sha256(parameters.encode()).hexdigest()[:12], arm, digest)
