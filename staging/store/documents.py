"""What people write and edit in the app, every version kept: prompt books, model sets, profiles."""

import builtins
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
from pydantic import JsonValue

from staging.audit import EVERYDAY
from staging.errors import EditedMeanwhile, NotFound
from staging.store.audit import AuditLedger
from staging.store.connection import LedgerFile, again_on_conflict
from staging.store.tables import DOCUMENTS


@dataclass(frozen=True, slots=True)
class Document:
    """One version of something written in the app."""

    kind: str
    name: str
    version: int
    """Counts from 0."""
    body: JsonValue
    """None: it was taken away with this version."""
    note: str
    """Why it was changed, in the writer's words."""
    written_at: datetime
    written_by: str


class DocumentLedger:
    """The documents, by kind and name. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile, audit: AuditLedger) -> None:
        self._ledger = ledger
        self._audit = audit
        self._writes = 0

    @property
    def writes(self) -> int:
        """How many times `write` has ended in this process, which owns the ledger.

        Whoever keeps what they read, with this number from before they read it, knows when it may have changed.
        """
        return self._writes

    def write(
        self,
        kind: str,
        name: str,
        body: JsonValue,
        by: str,
        at: datetime,
        *,
        note: str = "",
        follows: int | None = None,
    ) -> Document:
        """Keep a new version and return it; None as the body takes the document away.

        `follows` is the version that the writer had before them: EditedMeanwhile when somebody has
        written another one since. A body equal to the last one writes nothing. Every kind but
        the EVERYDAY ones is in the audit log with the same transaction.
        """
        try:
            return self._write(kind, name, body, by, at, note, follows)
        finally:
            self._writes += 1

    @again_on_conflict
    def _write(
        self, kind: str, name: str, body: JsonValue, by: str, at: datetime, note: str, follows: int | None
    ) -> Document:
        with self._audit.writing() as cursor:
            last = _last(cursor, kind, name)
            if follows is not None and (last.version if last else -1) != follows:
                who = f"{last.written_by} has" if last else "somebody has"
                raise EditedMeanwhile(
                    f"Nothing was saved: {who} changed {name!r} meanwhile. Look at the new version first."
                )
            if last is not None and last.body == body:
                return last
            new = Document(kind, name, last.version + 1 if last else 0, body, note, at, by)
            DOCUMENTS.insert(cursor, [tuple(getattr(new, column) for column in DOCUMENTS.columns)])
            if kind not in EVERYDAY:
                before = last.body if last else None
                act = f"{'remove' if body is None else 'add' if before is None else 'change'} {kind}"
                self._audit.append(cursor, by, act, name, before, body, at, note=note)
            return new

    def get(self, kind: str, name: str) -> Document:
        """Return the last version; NotFound when there is none, or when it was taken away."""
        with self._ledger.reading() as cursor:
            last = _last(cursor, kind, name)
        if last is None or last.body is None:
            raise NotFound(f"There is no {kind} called {name!r}.")
        return last

    def list(self, kind: str) -> builtins.list[Document]:
        """Return the last version of every document of the kind that was not taken away, by name."""
        with self._ledger.reading() as cursor:
            return documents_in(cursor, kind)

    def versions(self, kind: str, name: str) -> builtins.list[Document]:
        """Return every version, the newest first; nothing when there is none."""
        return self._read("kind = ? AND name = ? ORDER BY version DESC", [kind, name])

    def every_version(self, kind: str) -> builtins.list[Document]:
        """Return every version of every document of the kind, by name and version."""
        return self._read("kind = ? ORDER BY name, version", [kind])

    def _read(self, where: str, values: builtins.list[Any]) -> builtins.list[Document]:
        with self._ledger.reading() as cursor:
            return _read(cursor, where, values)


def documents_in(cursor: duckdb.DuckDBPyConnection, kind: str) -> list[Document]:
    """Return what `DocumentLedger.list` does, as the transaction sees it."""
    last = {document.name: document for document in _read(cursor, "kind = ? ORDER BY name, version", [kind])}
    return [document for document in last.values() if document.body is not None]


def _last(cursor: duckdb.DuckDBPyConnection, kind: str, name: str) -> Document | None:
    found = _read(cursor, "kind = ? AND name = ? ORDER BY version DESC LIMIT 1", [kind, name])
    return found[0] if found else None


def _read(cursor: duckdb.DuckDBPyConnection, where: str, values: list[Any]) -> list[Document]:
    rows = cursor.execute(f"SELECT {DOCUMENTS.select_list} FROM app.documents WHERE {where}", values).fetchall()  # noqa: S608
    return [Document(**DOCUMENTS.read(row)) for row in rows]
