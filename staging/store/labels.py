"""The outputs that people accepted or rejected, with their rooms: what scores are measured against."""

import json
from dataclasses import dataclass
from datetime import datetime

from staging.predictions import Verdict
from staging.store.connection import LedgerFile
from staging.store.tables import selected, utc

MOST_LABELS = 20_000
"""Outputs that are read at once, the last judged first: beyond it the oldest are left out."""

_LABELS = f"""
SELECT v.prediction_id, p.room, r.name, p.model, p.style, o.digest, o.media_type, v.verdict, v.reasons::VARCHAR,
       {selected("v.given_at")}, v.given_by
FROM verdicts_now AS v
JOIN app.predictions AS p ON p.id = v.prediction_id
JOIN app.outputs AS o ON o.prediction_id = v.prediction_id AND o.position = 0
JOIN app.rooms AS r ON r.digest = p.room
WHERE v.verdict IN ('accepted', 'rejected')
ORDER BY v.given_at DESC, v.prediction_id
LIMIT ?
"""  # noqa: S608 - no text of anybody's


@dataclass(frozen=True, slots=True)
class Label:
    """One output with the last word that a person said of it."""

    prediction_id: str
    room: str
    """The room's digest."""
    room_name: str
    model: str
    style: str
    output: str
    """The output's digest."""
    media_type: str
    verdict: Verdict
    """Accepted or rejected."""
    reasons: tuple[str, ...]
    at: datetime
    by: str


class LabelLedger:
    """The labels. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile) -> None:
        self._ledger = ledger

    def last(self, limit: int = MOST_LABELS) -> list[Label]:
        """Return the outputs that were accepted or rejected, the last judged first."""
        return [_label(*row) for row in self._ledger.rows(_LABELS, [limit])]


def _label(
    prediction_id: str,
    room: str,
    room_name: str,
    model: str,
    style: str,
    output: str,
    media_type: str,
    verdict: str,
    reasons: str,
    at: int,
    by: str,
) -> Label:
    why = tuple(json.loads(reasons))
    said = Verdict(verdict)
    return Label(prediction_id, room, room_name, model, style, output, media_type, said, why, utc(at), by)
