"""The ledger's schema: numbered migrations, applied once each, in order, and never edited after.

A migration is a file `NNNN_name.sql` in staging/store/migrations. What was applied is written in
the ledger with its digest, so that a changed file or a newer ledger is refused before any write.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from staging.errors import LedgerDamaged
from staging.store.connection import LedgerFile
from staging.store.tables import utc

MIGRATIONS = Path(__file__).with_name("migrations")
VIEWS = Path(__file__).with_name("views.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema. `sha256` is of the file's bytes."""

    number: int
    name: str
    sha256: str
    sql: str


@dataclass(frozen=True, slots=True)
class Applied:
    """One migration as the ledger remembers it."""

    number: int
    name: str
    sha256: str
    applied_at: datetime


def read_migrations(folder: Path = MIGRATIONS) -> tuple[Migration, ...]:
    """Return the folder's migrations in order; ValueError when numbers are not 1, 2, 3, …"""
    migrations = []
    for number, path in enumerate(sorted(folder.glob("*.sql")), start=1):
        if not re.fullmatch(rf"{number:04}_[a-z_]+\.sql", path.name):
            raise ValueError(f"{path.name} is not migration {number:04}")
        data = path.read_bytes()
        migrations.append(Migration(number, path.stem, hashlib.sha256(data).hexdigest(), data.decode()))
    return tuple(migrations)


def applied_migrations(ledger: LedgerFile) -> tuple[Applied, ...]:
    """Return what the ledger remembers, in order; nothing when it is new."""
    if "migrations" not in _tables(ledger):
        return ()
    rows = ledger.rows("SELECT number, name, sha256, epoch_us(applied_at) FROM app.migrations ORDER BY number")
    return tuple(Applied(number, name, sha256, utc(at)) for number, name, sha256, at in rows)


def pending(ledger: LedgerFile, migrations: Sequence[Migration]) -> Sequence[Migration]:
    """Return the migrations the ledger still lacks; LedgerDamaged when it is not one of ours, or newer."""
    applied = applied_migrations(ledger)
    if not applied and _tables(ledger):
        raise LedgerDamaged(f"{ledger.path} is a DuckDB file, but not a ledger of Staging Lab; it was left as it is.")
    if len(applied) > len(migrations):
        raise LedgerDamaged(
            f"The ledger {ledger.path} was written by a newer Staging Lab (schema {applied[-1].number}; "
            f"this program knows {len(migrations)}): start the newer program; nothing was changed."
        )
    for known, found in zip(migrations, applied, strict=False):
        if (known.name, known.sha256) != (found.name, found.sha256):
            raise LedgerDamaged(
                f"Migration {known.name} is not the one that was applied to {ledger.path} as {found.name}: "
                f"put the program's files back as they were released; nothing was changed."
            )
    return migrations[len(applied) :]


def migrate(ledger: LedgerFile, migrations: Sequence[Migration]) -> None:
    """Bring the ledger to the last of the migrations; LedgerDamaged, and no write, when it cannot be."""
    wanted = pending(ledger, migrations)
    if not wanted:
        return
    # A schema change must not share the log with rows: a log holding both was not always replayed.
    ledger.checkpoint()
    # A new ledger has no rows: it is made whole or not at all, in a fifth of the time.
    steps = [wanted] if len(wanted) == len(migrations) else [[migration] for migration in wanted]
    for step in steps:
        with ledger.writing() as cursor:
            for migration in step:
                try:
                    _apply(cursor, migration)
                except duckdb.Error as error:
                    raise LedgerDamaged(
                        f"Migration {migration.name} could not be applied to {ledger.path}; nothing of it was kept. "
                        f"Start the program that wrote the ledger, and report this: {error}"
                    ) from error
        ledger.checkpoint()


def _apply(cursor: duckdb.DuckDBPyConnection, migration: Migration) -> None:
    if migration.number == 1:
        cursor.execute(
            "CREATE TABLE app.migrations (number INTEGER PRIMARY KEY, name VARCHAR NOT NULL, "
            "sha256 VARCHAR NOT NULL, applied_at TIMESTAMPTZ NOT NULL)"
        )
    cursor.execute(migration.sql)
    cursor.execute(
        "INSERT INTO app.migrations VALUES (?, ?, ?, ?)",
        [migration.number, migration.name, migration.sha256, datetime.now(UTC)],
    )


def make_views(ledger: LedgerFile) -> None:
    """Make the views of views.sql, in memory: the ledger file holds facts only."""
    ledger.run(VIEWS.read_text(encoding="utf-8"))


def _tables(ledger: LedgerFile) -> set[str]:
    rows = ledger.rows("SELECT table_name FROM duckdb_tables() WHERE database_name = 'app'")
    return {name for (name,) in rows}
