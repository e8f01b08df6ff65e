"""The audit log in the ledger: written in the transaction of the act itself, read by page, checked whole.

How far it has come is also kept in a small file beside the ledger (`<ledger>.audit-head`), so that
entries cut off at the end show. The file is written after the commit: a process that is killed in
between leaves it a little behind, which is no difference. A file that contradicts the log is never
written over.
"""

import builtins
import contextlib
import logging
import re
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from staging.audit import GENESIS, Entry, Head, differences, differing, sealed, told
from staging.origins import LAB, Author, origin_of
from staging.store.connection import LedgerFile, again_on_conflict
from staging.store.tables import AUDIT, aware

log = logging.getLogger(__name__)

_BEGUN_ANEW = "begin audit head anew"
_HEAD = re.compile(r"(?P<sequence>[0-9]{1,18}) (?P<digest>[0-9a-f]{64})\n?", re.ASCII)
_COLUMNS = ("sequence", "happened_at", "actor", "origin", "act", "subject", "before", "after", "note")


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries to list; what is empty or None lets all through."""

    actor: str = ""
    act: str = ""
    subject: str = ""
    """Anywhere in the subject, in any case."""
    since: datetime | None = None
    until: datetime | None = None
    """Before this moment."""
    words: str = ""
    """All of these words, in any case, anywhere in an entry."""


class AuditLedger:
    """The audit log. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile) -> None:
        self._ledger = ledger
        self.head_path = ledger.path.with_name(ledger.path.name + ".audit-head")
        self._secrets: tuple[str, ...] = ()
        self._head_lock = threading.Lock()
        self._appended: Head | None = None
        """The last entry of the transaction under way; guarded by the ledger's write lock."""
        self._head_fits: bool | None = None
        """Whether the file agrees with the log; None until it was asked."""

    def hide(self, secrets: Collection[str]) -> None:
        """Keep these words out of every entry from now on."""
        self._secrets = tuple(secret for secret in secrets if secret)

    # ── writing ──────────────────────────────────────────────────────────────────────────────

    @again_on_conflict
    def write(
        self,
        actor: str,
        origin: str,
        act: str,
        subject: str,
        before: object,
        after: object,
        at: datetime,
        *,
        note: str = "",
    ) -> None:
        """Keep an act that writes nothing else to the ledger; errors as of every write."""
        with self.writing() as cursor:
            self.append(cursor, Author(actor, origin), act, subject, before, after, at, note=note)

    @contextlib.contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Run the body in one transaction, as the ledger's `writing` does; `append` keeps its acts in it."""
        with self._ledger.writing() as cursor:
            self._appended = None
            yield cursor
            appended = self._appended
        if appended is not None:
            self._keep(appended)

    def append(
        self,
        cursor: duckdb.DuckDBPyConnection,
        by: str,
        act: str,
        subject: str,
        before: object,
        after: object,
        at: datetime,
        *,
        note: str = "",
    ) -> None:
        """Keep the act in this transaction, begun with `writing`: it is there when what was done is, or neither.

        Of `before` and `after` only what differs is kept, as JSON, and nothing secret.
        """
        last = _last(cursor)
        if self._head_fits is None:
            head = self._head()
            self._head_fits = _fits(cursor, head, last)
            if not self._head_fits:
                log.warning("the audit log does not agree with %s: run `python -m staging verify`", self.head_path)
            if head is None and last is not None:
                words = f"{self.head_path.name} was not there"
                last = self._insert(cursor, last, at, Author("Staging Lab", LAB), _BEGUN_ANEW, "", (None, None), words)
        hidden = self._secrets
        kept = differing(told(before, hidden), told(after, hidden))
        self._appended = self._insert(cursor, last, at, by, act, subject, kept, note)

    def _insert(
        self,
        cursor: duckdb.DuckDBPyConnection,
        last: Head | None,
        at: datetime,
        by: str,
        act: str,
        subject: str,
        kept: tuple[Any, Any],
        note: str,
    ) -> Head:
        previous = last or Head(0, GENESIS)
        entry = sealed(
            Entry(
                sequence=previous.sequence + 1,
                at=aware(at),
                actor=self._words(by),
                origin=self._words(origin_of(by)),
                act=self._words(act),
                subject=self._words(subject),
                before=kept[0],
                after=kept[1],
                note=self._words(note),
                previous=previous.digest,
                digest="",
            )
        )
        AUDIT.insert(cursor, [tuple(_column(entry, name) for name in AUDIT.columns)])
        return Head(entry.sequence, entry.digest)

    def _words(self, words: str) -> str:
        return str(told(words, self._secrets))

    def _keep(self, head: Head) -> None:
        """Write the file, whole or not at all; what was done stands even where it cannot be written."""
        log.info("audit log: entry %d is %s", head.sequence, head.digest)
        with self._head_lock:
            known = self._head()
            if not self._head_fits or (known is not None and known.sequence >= head.sequence):
                return
            unfinished = self.head_path.with_name(self.head_path.name + ".new")
            try:
                unfinished.write_text(f"{head.sequence} {head.digest}\n", encoding="ascii")
                unfinished.replace(self.head_path)
            except OSError as error:
                log.warning("%s cannot be written: %s", self.head_path, error)

    def _head(self) -> Head | None:
        """Return what the file says; None when it is not there or says nothing that can be read."""
        return read_head(self.head_path)

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def list(self, wanted: AuditFilter, limit: int, offset: int = 0) -> tuple[int, builtins.list[Entry]]:
        """Return how many entries there are, and these of them, the newest first."""
        where, values = _where(wanted)
        with self._ledger.reading() as cursor:
            counted = cursor.execute(f"SELECT count(*) FROM app.audit WHERE {where}", values).fetchone()  # noqa: S608
            rows = cursor.execute(
                f"SELECT {AUDIT.select_list} FROM app.audit WHERE {where} "  # noqa: S608
                "ORDER BY sequence DESC LIMIT $limit OFFSET $offset",
                {**values, "limit": limit, "offset": offset},
            ).fetchall()
        return (counted[0] if counted else 0), [_entry(row) for row in rows]

    def count(self) -> int:
        """Return how many entries there are."""
        ((count,),) = self._ledger.rows("SELECT count(*) FROM app.audit")
        return int(count)

    def names(self) -> tuple[builtins.list[str], builtins.list[str]]:
        """Return who has acted, and which acts there are, each in order."""
        rows = self._ledger.rows("SELECT DISTINCT actor, act FROM app.audit")
        return sorted({actor for actor, _ in rows}), sorted({act for _, act in rows})

    def differences(self) -> tuple[int, builtins.list[str]]:
        """Return how many entries there are, and a sentence for each that was altered, taken away or moved."""
        rows = self._ledger.rows(f"SELECT {AUDIT.select_list} FROM app.audit ORDER BY sequence")  # noqa: S608
        entries = [_entry(row) for row in rows]
        return len(entries), [*differences(entries, self._head())]


def read_head(path: Path) -> Head | None:
    """Return what a head file says; None when it is not there or says nothing that can be read."""
    try:
        found = _HEAD.fullmatch(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return Head(int(found["sequence"]), found["digest"]) if found else None


def _fits(cursor: duckdb.DuckDBPyConnection, head: Head | None, last: Head | None) -> bool:
    if head is None:
        return True
    found = cursor.execute("SELECT digest FROM app.audit WHERE sequence = ?", [head.sequence]).fetchone()
    return last is not None and found is not None and found[0] == head.digest


def _last(cursor: duckdb.DuckDBPyConnection) -> Head | None:
    row = cursor.execute("SELECT sequence, digest FROM app.audit ORDER BY sequence DESC LIMIT 1").fetchone()
    return Head(*row) if row else None


def _column(entry: Entry, name: str) -> Any:
    return entry.at if name == "happened_at" else getattr(entry, name)


def _entry(row: tuple[Any, ...]) -> Entry:
    found = AUDIT.read(row)
    return Entry(at=found.pop("happened_at"), **found)


def _where(wanted: AuditFilter) -> tuple[str, dict[str, Any]]:
    parts, values = ["true"], dict[str, Any]()
    if wanted.subject.strip():
        parts.append("contains(lower(subject), lower($subject))")
        values["subject"] = wanted.subject.strip()
    for name in ("actor", "act"):
        if exactly := getattr(wanted, name):
            parts.append(f"{name} = ${name}")
            values[name] = exactly
    for name, sign in (("since", ">="), ("until", "<")):
        if (moment := getattr(wanted, name)) is not None:
            parts.append(f"happened_at {sign} ${name}")
            values[name] = aware(moment)
    said = "concat_ws(' ', actor, origin, act, subject, before, after, note)"
    for number, word in enumerate(wanted.words.split()):
        parts.append(f"contains(lower({said}), lower($word{number}))")
        values[f"word{number}"] = word
    return " AND ".join(parts), values
