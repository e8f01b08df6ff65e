"""The open ledger file: one cursor a thread, one writer at a time.

DuckDB is opened in memory and the file attached as `app`: a file opened directly could not always
be reopened after a crash with a schema change in its log. No SQL that runs later can read or write
another file, attach a database or load an extension.
"""

import contextlib
import functools
import os
import random
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import duckdb

from staging.errors import DataFolderBusy, LedgerDamaged, LedgerUnavailable

_THREADS = min(4, os.cpu_count() or 1)
_ROW_GROUP = 16_384
"""Rows a block: a look-up reads whole blocks, and is twice as quick as with DuckDB's 122,880."""
_TRIES = 6
_FIRST_PAUSE_SECONDS = 0.005
_CLOSE_SECONDS = 5.0

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Values = Sequence[object] | Mapping[str, object]


class LedgerFile:
    """The ledger file, held by this process until `close`."""

    def __init__(self, path: Path, *, read_only: bool = False, export_to: Path | None = None) -> None:
        """Attach the file; made when it is not there, unless only to be read.

        `export_to` is the one folder that SQL may write files to. DataFolderBusy when another
        process holds the file, LedgerDamaged when it cannot be opened; neither changes it.
        """
        self.path = path
        self._closed = False
        self._of_thread = threading.local()
        self._cursors: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()
        # Two transactions that write fail in DuckDB, at once or at COMMIT; queueing for this lock is
        # cheaper than failing. Re-entrant, so that a nested `writing` is refused by DuckDB ("within
        # a transaction") instead of waiting for itself for ever.
        self._write_lock = threading.RLock()
        self._connection = duckdb.connect(
            ":memory:", config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
        )
        try:
            self._attach(read_only, export_to)
        except BaseException:
            self._connection.close()
            raise

    def _attach(self, read_only: bool, export_to: Path | None) -> None:
        log = self.path.with_name(self.path.name + ".wal")
        if log.exists() and not self.path.exists():
            # DuckDB would make a new file and drop the log, with the rows that are only there.
            raise LedgerDamaged(
                f"The ledger {self.path} is gone, but its log {log.name} is here: put the ledger back beside it, "
                "or move the log away to begin a new ledger. Nothing was changed."
            )
        run = self._connection.execute
        run(f"SET threads = {_THREADS}")
        run("SET GLOBAL TimeZone = 'UTC'")
        options = "READ_ONLY" if read_only else f"STORAGE_VERSION 'v1.5.0', ROW_GROUP_SIZE {_ROW_GROUP}"
        try:
            run(f"ATTACH {quoted(self.path)} AS app ({options})")
        except duckdb.Error as error:
            raise _not_opened(self.path, error) from error
        if export_to is not None:
            run(f"SET allowed_directories = [{quoted(export_to)}]")
        run("SET enable_external_access = false")
        run("SET lock_configuration = true")

    def rows(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Return the rows of one question; LedgerUnavailable when the file cannot be read."""
        with self._told():
            return self._cursor().execute(sql, values).fetchall()

    @contextlib.contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Run the body's questions on one snapshot: a write in between is seen by all or by none."""
        with self._told():
            cursor = self._cursor()
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            try:
                yield cursor
            finally:
                with contextlib.suppress(duckdb.Error):  # closed, or ended by a failed statement
                    cursor.execute("ROLLBACK")

    @contextlib.contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Run the body in one transaction: committed and on the disk after it, or nothing of it.

        After any failed statement the transaction is rolled back: DuckDB would answer a COMMIT
        with success and drop the rows. LedgerUnavailable when the file cannot be written.
        """
        with self._write_lock, self._told():
            cursor = self._cursor()
            cursor.execute("BEGIN")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(duckdb.Error):  # a failed COMMIT has ended it already
                    cursor.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def all_in_one(self) -> Iterator["LedgerFile"]:
        """Run the body in one transaction: whatever is done through the ledger yielded is there after it, or nothing.

        By this thread only. A thousand deeds take one wait for the disk.
        """
        with self.writing() as cursor:
            yield _InOne(self.path, cursor)

    def checkpoint(self) -> None:
        """Move what is in the log into the file."""
        with self._write_lock, self._told():
            self._cursor().execute("CHECKPOINT app")

    def run(self, sql: str) -> None:
        """Run statements that need no transaction, such as making views."""
        with self._told():
            self._cursor().execute(sql)

    def close(self) -> None:
        """Let go of the file, after the write under way; questions under way are broken off."""
        with self._write_lock:
            self._closed = True
            until = time.monotonic() + _CLOSE_SECONDS
            for cursor in list(self._cursors):
                while not _closed(cursor) and time.monotonic() < until:
                    cursor.interrupt()
                    time.sleep(0.002)
            self._connection.close()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        """Return this thread's own cursor; it is closed when the thread ends or the ledger closes.

        A cursor shared by threads silently returns other threads' rows.
        """
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._of_thread, "cursor", None)
        if cursor is None:
            cursor = self._connection.cursor()
            self._of_thread.cursor = cursor
            self._cursors.add(cursor)
        if self._closed:  # asked after it was made known, so that `close` cannot miss it
            cursor.close()
            raise LedgerUnavailable("The ledger is closed: the app is stopping or has stopped.")
        return cursor

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the file or its closing did into one sentence; leave our own mistakes as they are."""
        try:
            yield
        except duckdb.Error as error:
            if self._closed:
                raise LedgerUnavailable("The ledger is closed: the app is stopping or has stopped.") from error
            if isinstance(error, duckdb.IOException | duckdb.FatalException) or "Could not write" in str(error):
                raise LedgerUnavailable(
                    f"The ledger {self.path} cannot be used now; what was acknowledged is safe. Free disk space, "
                    f"then start the app again. DuckDB says: {_first_line(error)}"
                ) from error
            raise


class _InOne(LedgerFile):
    """The ledger within one transaction that somebody else begins and ends."""

    def __init__(self, path: Path, cursor: duckdb.DuckDBPyConnection) -> None:
        self.path = path
        self._held = cursor

    def rows(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        return self._held.execute(sql, values).fetchall()

    @contextlib.contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        yield self._held

    @contextlib.contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        yield self._held


def again_on_conflict(deed: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Make a deed run again, a few times, when DuckDB refuses its transaction for a rival's.

    The write lock keeps our own writers apart; this is for a rival that does not ask for it (a
    cursor used by hand, another machine on a shared store). The second run sees the rival's rows
    and gives the proper answer.
    """

    @functools.wraps(deed)
    def tried(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        for attempt in range(_TRIES):
            try:
                return deed(*args, **kwargs)
            except (duckdb.TransactionException, duckdb.ConstraintException) as error:
                conflict = error
            time.sleep(random.uniform(0.5, 1.0) * _FIRST_PAUSE_SECONDS * 2**attempt)  # noqa: S311 - jitter
        if isinstance(conflict, duckdb.ConstraintException):
            raise conflict  # no rival's row, which the second run would have seen: our own mistake
        raise LedgerUnavailable("The ledger is being written by somebody else: try again.") from conflict

    return tried


def _closed(cursor: duckdb.DuckDBPyConnection) -> bool:
    try:
        cursor.close()
    except duckdb.Error:  # it is answering another thread just now
        return False
    return True


def _not_opened(path: Path, error: duckdb.Error) -> Exception:
    said = str(error)
    if "Could not set lock" in said or "already attached" in said:
        return DataFolderBusy(f"The ledger {path} is held by another process: stop that one first, then start again.")
    return LedgerDamaged(
        f"The ledger {path} cannot be opened, and nothing was changed. Keep it and {path.name}.wal as they are and "
        f'follow docs/ledger.md, "When the ledger does not open". DuckDB says: {_first_line(error)}'
    )


def _first_line(error: duckdb.Error) -> str:
    return str(error).partition("\n")[0]


def quoted(path: Path) -> str:
    """Return the path as an SQL literal: ATTACH and COPY take no parameters."""
    return "'" + str(path).replace("'", "''") + "'"
