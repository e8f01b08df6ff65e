"""Which kept picture files are past their time and protected by nothing, and which have been deleted for it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from staging.store.audit import AuditLedger
from staging.store.connection import LedgerFile, again_on_conflict
from staging.store.tables import DELETIONS, aware, utc

ACCEPTED, FAVOURITE, VOTED, RUNNING = "accepted", "favourite", "under vote", "in a running experiment"
KEEPS = (ACCEPTED, FAVOURITE, VOTED, RUNNING)
"""What protects an output, and the room it was made of."""
ROOM, OUTPUT, VIEW = "room", "output", "view"
"""The kinds of files: a room's original, an output as received, a view of either."""
_ACT = "delete pictures by retention"


@dataclass(frozen=True, slots=True)
class Aged:
    """A picture whose files nothing protects, and when it was last wanted."""

    kind: str
    """ROOM or OUTPUT."""
    digest: str
    name: str
    """The room's name, or the model's id."""
    wanted_at: datetime


@dataclass(frozen=True, slots=True)
class Deletion:
    """A file that goes, or has gone."""

    kind: str
    digest: str
    size_bytes: int


class RetentionLedger:
    """The deleted files, and what may follow them. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile, audit: AuditLedger) -> None:
        self._ledger = ledger
        self._audit = audit

    def aged(self, keep: Collection[str], running: Sequence[str]) -> list[Aged]:
        """Return every picture that nothing of `keep` protects, with when it was last wanted.

        `running` are the ids of the experiments that take work now. Sample rooms, rooms with work under
        way and pictures that one protected prediction stands on are never among them. A room was last
        wanted when it was uploaded or run on, an output when it was made.
        """
        with self._ledger.reading() as cursor:
            return _aged(cursor, keep, running)

    def deleted(self) -> frozenset[tuple[str, str]]:
        """Return the kind and digest of every file that was deleted."""
        return frozenset(self._ledger.rows("SELECT DISTINCT kind, digest FROM app.deletions"))

    @again_on_conflict
    def record(
        self,
        wanted: Sequence[Deletion],
        keep: Collection[str],
        running: Sequence[str],
        by: str,
        at: datetime,
        policy: object,
    ) -> list[Deletion]:
        """Write down that these are deleted, and return those that are: what came to be protected is left out.

        The files are to be deleted after it: a crash in between leaves files that are listed again,
        never a file that is gone without a word in the ledger.
        """
        with self._audit.writing() as cursor:
            free = {(one.kind, one.digest) for one in _aged(cursor, keep, running)}
            pictures = {digest for _, digest in free}
            going = [
                one
                for one in wanted
                if ((one.kind, one.digest) in free if one.kind != VIEW else one.digest in pictures)
            ]
            if going:
                DELETIONS.insert(cursor, [(one.kind, one.digest, at, by, one.size_bytes) for one in going])
                told = {
                    "files": len(going),
                    "bytes": sum(one.size_bytes for one in going),
                    **{f"{kind} files": sum(one.kind == kind for one in going) for kind in (ROOM, OUTPUT, VIEW)},
                    "policy": policy,
                }
                self._audit.append(cursor, by, _ACT, "pictures", None, told, at)
            return going


def _aged(cursor: duckdb.DuckDBPyConnection, keep: Collection[str], running: Sequence[str]) -> list[Aged]:
    values = {
        "accepted": ACCEPTED in keep,
        "favourite": FAVOURITE in keep,
        "voted": VOTED in keep,
        "running": list(running) if RUNNING in keep else [],
    }
    rows = cursor.execute(_AGED, values).fetchall()
    return [Aged(kind, digest, name, utc(at)) for kind, digest, name, at in rows]


_AGED = """
WITH protected AS (
    SELECT prediction_id FROM verdicts_now WHERE ($accepted AND verdict = 'accepted') OR ($favourite AND favourite)
    UNION
    SELECT unnest(from_json(left_predictions, '["VARCHAR"]') || from_json(right_predictions, '["VARCHAR"]'))
    FROM app.ballots WHERE $voted
    UNION
    SELECT id FROM app.predictions WHERE list_contains($running::VARCHAR[], split_part(arm, '/', 1))
), known AS (
    SELECT p.id, p.room, p.model, p.created_at, x.prediction_id IS NOT NULL AS kept, o.prediction_id IS NOT NULL AS open
    FROM app.predictions AS p
    LEFT JOIN protected AS x ON x.prediction_id = p.id
    LEFT JOIN app.open_predictions AS o ON o.prediction_id = p.id
)
SELECT 'output', o.digest, arg_max(k.model, e.ended_at), epoch_us(max(e.ended_at))
FROM app.outputs AS o JOIN known AS k ON k.id = o.prediction_id JOIN endings AS e ON e.prediction_id = k.id
GROUP BY o.digest HAVING NOT bool_or(k.kept)
UNION ALL
SELECT 'room', r.digest, r.name, epoch_us(greatest(r.uploaded_at, coalesce(max(k.created_at), r.uploaded_at)))
FROM app.rooms AS r LEFT JOIN known AS k ON k.room = r.digest
WHERE NOT r.sample
    AND r.digest NOT IN (SELECT unit FROM app.assignments WHERE list_contains($running::VARCHAR[], experiment))
GROUP BY r.digest, r.name, r.uploaded_at HAVING NOT bool_or(coalesce(k.kept OR k.open, false))
ORDER BY 4, 2
"""


def since(aged: Sequence[Aged], before: datetime) -> list[Aged]:
    """Return those that were last wanted before this moment."""
    return [one for one in aged if one.wanted_at < aware(before)]
