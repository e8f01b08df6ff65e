"""The open ledger file: one cursor a thread, one writer at a time.

DuckDB is opened in memory and the file attached as `app`: a file opened directly could not be
reopened after a crash with DDL in its log (measured, docs/decisions/). No SQL that runs later can
read or write another file, attach a database or load an extension.
"""

import contextlib
import functools
import os
import random
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

import duckdb

from staging.errors import DataFolderBusy, LedgerDamaged

_THREADS = min(4, os.cpu_count() or 1)
_ROW_GROUP = 16_384
"""Rows a block: a look-up reads whole blocks, and is twice as quick as with DuckDB's 122,880."""
_TRIES = 6
_FIRST_PAUSE_SECONDS = 0.005

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class LedgerFile:
    """The ledger file, held by this process until `close`."""

    def __init__(self, path: Path, export_to: Path | None = None) -> None:
        """Attach the file, made when it is not there.

        `export_to` is the one folder that SQL may write files to. DataFolderBusy when another
        process holds the file, LedgerDamaged when it cannot be opened; neither changes it.
        """
        self.path = path
        self._connection = duckdb.connect(
            ":memory:",
            config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"},
        )
        self._cursors: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()
        self._of_thread = threading.local()
        # Same-row writes of two transactions fail in DuckDB at once or at COMMIT; queueing for
        # this lock is cheaper than failing. Re-entrant, so that a nested `writing` is refused by
        # DuckDB ("within a transaction") instead of waiting for itself for ever.
        self._write_lock = threading.RLock()
        try:
            self._attach(export_to)
        except BaseException:
            self._connection.close()
            raise

    def _attach(self, export_to: Path | None) -> None:
        run = self._connection.execute
        run(f"SET threads = {_THREADS}")
        run("SET GLOBAL TimeZone = 'UTC'")
        try:
            run(f"ATTACH {_quoted(self.path)} AS app (STORAGE_VERSION 'v1.5.0', ROW_GROUP_SIZE {_ROW_GROUP})")
        except duckdb.Error as error:
            raise _not_opened(self.path, error) from error
        if export_to is not None:
            run(f"SET allowed_directories = [{_quoted(export_to)}]")
        run("SET enable_external_access = false")
        run("SET lock_configuration = true")

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return this thread's own cursor; it is closed when the thread ends or the ledger closes.

        A cursor shared by threads silently returns other threads' rows.
        """
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._of_thread, "cursor", None)
        if cursor is None:
            cursor = self._connection.cursor()
            self._of_thread.cursor = cursor
            self._cursors.add(cursor)
        return cursor

    @contextlib.contextmanager
    def writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Run the body in one transaction: committed and on the disk after it, or nothing of it.

        After any failed statement the transaction is rolled back: DuckDB would answer a COMMIT
        with success and drop the rows.
        """
        with self._write_lock:
            cursor = self.cursor()
            cursor.execute("BEGIN")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                # A failed COMMIT has ended the transaction already.
                with contextlib.suppress(duckdb.Error):
                    cursor.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Run the body's questions on one snapshot: a write in between is seen by all or by none."""
        cursor = self.cursor()
        cursor.execute("BEGIN TRANSACTION READ ONLY")
        try:
            yield cursor
        finally:
            cursor.execute("ROLLBACK")

    def checkpoint(self) -> None:
        """Move what is in the log into the file."""
        with self._write_lock:
            self.cursor().execute("CHECKPOINT app")

    def close(self) -> None:
        """Let go of the file. Waits for a write under way; later calls find the ledger closed."""
        with self._write_lock:
            for cursor in list(self._cursors):
                cursor.close()
            self._connection.close()


def again_on_conflict(deed: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Make a deed run again, a few times, when DuckDB refuses its transaction for a rival's.

    The write lock keeps our own writers apart; this is for a rival that does not ask for it (a
    cursor used by hand, another machine on a shared store). The second run sees the rival's rows
    and gives the proper answer.
    """

    @functools.wraps(deed)
    def tried(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        for attempt in range(_TRIES - 1):
            try:
                return deed(*args, **kwargs)
            except duckdb.TransactionException:
                time.sleep(random.uniform(0.5, 1.0) * _FIRST_PAUSE_SECONDS * 2**attempt)  # noqa: S311 - jitter
        return deed(*args, **kwargs)

    return tried


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _not_opened(path: Path, error: duckdb.Error) -> Exception:
    said = str(error)
    if "Could not set lock" in said or "already attached" in said:
        return DataFolderBusy(f"The ledger {path} is held by another process: stop that one first, then start again.")
    return LedgerDamaged(
        f"The ledger {path} cannot be opened, and nothing was changed. Keep it and {path.name}.wal as they are, "
        f"and restore the last backup, or ask for help with this: {said.splitlines()[0]}"
    )
