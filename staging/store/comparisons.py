"""Comparisons in the ledger: found again, named, noted, archived."""

import builtins
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb

from staging.errors import NotFound
from staging.judgements import JUDGEMENTS
from staging.predictions import Comparison, Verdict
from staging.store.connection import LedgerFile, again_on_conflict
from staging.store.tables import COMPARISON_VERSIONS, utc

_NEWEST = "created_at DESC, id DESC"
_SHOWN = f"NOT starts_with(c.id, '{JUDGEMENTS}')"
"""Questions to a judge are kept as comparisons are, and nobody is shown them as such."""
_COLUMNS = "id, name, project, epoch_us(created_at), created_by, note, archived"


@dataclass(frozen=True, slots=True)
class ComparisonFilter:
    """Which comparisons to list; what is empty or None lets all through."""

    words: str = ""
    """All of these words, in any case, in name, note, project, a room's name or a model's id."""
    project: str | None = None
    by: str | None = None
    model: str | None = None
    room: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Asked for from `since` on, and before `until`."""
    archived: bool = False
    structure_changed: bool = False
    """Only those with an output whose architecture is not the room's any more, as the automatic scorer says."""


@dataclass(frozen=True, slots=True)
class ComparisonLine:
    """A comparison as a list shows it: what it is and what came of it."""

    comparison: Comparison
    rooms: tuple[str, ...]
    """Digests, in the order they were asked for."""
    models: tuple[str, ...]
    predictions: int
    """The cells of its grid: tries after the first are not counted."""
    unfinished: int
    succeeded: int
    accepted: int
    spent_usd: Decimal
    """The known costs of all tries: as settled, else as reckoned."""


@dataclass(frozen=True, slots=True)
class Favourite:
    """An output that somebody gave a heart, with what a card shows of it."""

    prediction_id: str
    comparison_id: str
    room: str
    room_name: str
    model: str
    digest: str
    width: int
    height: int
    stars: int | None
    verdict: Verdict


_FAVOURITE = tuple(field.name for field in fields(Favourite))


class ComparisonLedger:
    """The comparisons. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile) -> None:
        self._ledger = ledger

    def get(self, comparison_id: str) -> Comparison:
        """Return the comparison; NotFound when there is none."""
        with self._ledger.reading() as cursor:
            return _get(cursor, comparison_id)

    @again_on_conflict
    def describe(
        self,
        comparison_id: str,
        by: str,
        at: datetime,
        *,
        name: str | None = None,
        note: str | None = None,
        archived: bool | None = None,
    ) -> Comparison:
        """Say what is given, leave the rest as it was, and return it; NotFound when there is none."""
        with self._ledger.writing() as cursor:
            known = _get(cursor, comparison_id)
            changed = replace(
                known,
                name=known.name if name is None else name,
                note=known.note if note is None else note,
                archived=known.archived if archived is None else archived,
            )
            if changed != known:
                found = cursor.execute(
                    "SELECT count(*) FROM app.comparison_versions WHERE comparison_id = ?", [comparison_id]
                ).fetchone()
                details = (changed.name, changed.note, changed.archived, at, by)
                COMPARISON_VERSIONS.insert(cursor, [(comparison_id, found[0] if found else 0, *details)])
            return changed

    def list(self, limit: int = 50, *, archived: bool = False) -> list[Comparison]:
        """Return the last comparisons, newest first."""
        rows = self._ledger.rows(
            f"SELECT {_COLUMNS} FROM comparisons_now AS c WHERE {_SHOWN} AND archived = ? ORDER BY {_NEWEST} LIMIT ?",  # noqa: S608
            [archived, limit],
        )
        return [_comparison(row) for row in rows]

    def find(self, wanted: ComparisonFilter, limit: int = 50, offset: int = 0) -> "builtins.list[ComparisonLine]":
        """Return the comparisons that pass the filter, newest first, with what came of them."""
        conditions, values = _conditions(wanted)
        with self._ledger.reading() as cursor:
            found = cursor.execute(
                f"SELECT {_COLUMNS} FROM comparisons_now AS c WHERE {' AND '.join(conditions)} "  # noqa: S608
                f"ORDER BY {_NEWEST} LIMIT ? OFFSET ?",
                [*values, limit, offset],
            ).fetchall()
            return _lines(cursor, [_comparison(row) for row in found])

    def running(self, *, by: str | None = None, among: Collection[str] | None = None) -> set[str]:
        """Return the ids of the comparisons that are not finished: all, a person's, or some of these."""
        rows = self._ledger.rows(
            "SELECT DISTINCT comparison_id FROM app.predictions ANTI JOIN endings ON prediction_id = id "
            "WHERE NOT starts_with(comparison_id, $judgements) AND created_by = coalesce($by, created_by) "
            "AND ($among IS NULL OR list_contains($among::VARCHAR[], comparison_id))",
            {"by": by, "among": None if among is None else builtins.list(among), "judgements": JUDGEMENTS},
        )
        return {comparison_id for (comparison_id,) in rows}

    def line(self, comparison_id: str) -> ComparisonLine:
        """Return the comparison with what came of it; NotFound when there is none."""
        with self._ledger.reading() as cursor:
            (line,) = _lines(cursor, [_get(cursor, comparison_id)])
            return line

    def favourites(self, limit: int = 50, offset: int = 0) -> "builtins.list[Favourite]":
        """Return the outputs with a heart, of all rooms and comparisons, the last marked first."""
        rows = self._ledger.rows(
            "SELECT p.id, p.comparison_id, p.room, r.name, p.model, o.digest, o.width, o.height, v.stars, v.verdict "
            "FROM verdicts_now AS v JOIN app.predictions AS p ON p.id = v.prediction_id "
            "JOIN app.rooms AS r ON r.digest = p.room "
            "JOIN app.outputs AS o ON o.prediction_id = p.id AND o.position = 0 "
            "WHERE v.favourite ORDER BY v.given_at DESC, p.id LIMIT ? OFFSET ?",
            [limit, offset],
        )
        return [Favourite(**dict(zip(_FAVOURITE, (*row[:-1], Verdict(row[-1])), strict=True))) for row in rows]

    def people(self) -> "builtins.list[str]":
        """Return who has asked for comparisons, in order."""
        rows = self._ledger.rows("SELECT DISTINCT created_by FROM app.comparisons ORDER BY created_by")
        return [by for (by,) in rows]


def _get(cursor: duckdb.DuckDBPyConnection, comparison_id: str) -> Comparison:
    row = cursor.execute(
        f"SELECT {_COLUMNS} FROM comparisons_now AS c WHERE {_SHOWN} AND id = ?",  # noqa: S608
        [comparison_id],
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no comparison {comparison_id!r} in the ledger: check the link.")
    return _comparison(row)


def _comparison(row: Sequence[Any]) -> Comparison:
    comparison_id, name, project, created_at, created_by, note, archived = row
    return Comparison(comparison_id, name, project, utc(created_at), created_by, note, archived)


def _conditions(wanted: ComparisonFilter) -> tuple[list[str], list[Any]]:
    conditions: list[str] = [_SHOWN, "c.archived = ?"]
    values: list[Any] = [wanted.archived]
    for sql, value in (
        ("c.project = ?", wanted.project),
        ("c.created_by = ?", wanted.by),
        ("c.created_at >= ?", wanted.since),
        ("c.created_at < ?", wanted.until),
        ("EXISTS (FROM app.predictions AS p WHERE p.comparison_id = c.id AND p.model = ?)", wanted.model),
        ("EXISTS (FROM app.predictions AS p WHERE p.comparison_id = c.id AND p.room = ?)", wanted.room),
    ):
        if value is not None:
            conditions.append(sql)
            values.append(value)
    if wanted.structure_changed:
        conditions.append(
            "EXISTS (FROM app.predictions AS p JOIN scores_now AS s ON s.prediction_id = p.id "
            "WHERE p.comparison_id = c.id AND s.structure_changed)"
        )
    for word in wanted.words.lower().split():
        conditions.append(
            "(contains(lower(c.name || ' ' || c.note || ' ' || c.project || ' ' || c.created_by), ?) OR EXISTS ("
            "FROM app.predictions AS p LEFT JOIN app.rooms AS r ON r.digest = p.room "
            "WHERE p.comparison_id = c.id AND contains(lower(p.model || ' ' || p.style || ' ' || r.name), ?)))"
        )
        values += [word, word]
    return conditions, values


def _lines(cursor: duckdb.DuckDBPyConnection, comparisons: Sequence[Comparison]) -> list[ComparisonLine]:
    if not comparisons:
        return []
    ids = [one.id for one in comparisons]
    rows = cursor.execute(
        """
        WITH p AS (SELECT * FROM app.predictions WHERE list_contains(?, comparison_id))
        SELECT
            p.comparison_id,
            list(p.room ORDER BY p.position), list(p.model ORDER BY p.position),
            count(*) FILTER (p.retry_of IS NULL), count(*) FILTER (n.state IS NULL),
            count(*) FILTER (n.state = 'succeeded'), count(*) FILTER (v.verdict = 'accepted'),
            coalesce(sum(coalesce(s.settled_usd, g.charge_usd)), 0)
        FROM p
        LEFT JOIN endings AS n ON n.prediction_id = p.id
        LEFT JOIN charges_now AS g ON g.prediction_id = p.id
        LEFT JOIN settlements_now AS s ON s.prediction_id = p.id
        LEFT JOIN verdicts_now AS v ON v.prediction_id = p.id
        GROUP BY p.comparison_id
        """,
        [ids],
    ).fetchall()
    known = {row[0]: row[1:] for row in rows}
    lines = []
    for one in comparisons:
        rooms, models, *counts = known.get(one.id, ([], [], 0, 0, 0, 0, Decimal(0)))
        lines.append(ComparisonLine(one, tuple(dict.fromkeys(rooms)), tuple(dict.fromkeys(models)), *counts))
    return lines
