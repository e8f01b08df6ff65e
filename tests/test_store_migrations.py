"""Every earlier version of the ledger becomes today's with all that is in it, or is left as it is."""

import hashlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from staging.errors import LedgerDamaged
from staging.store import Store
from staging.store.connection import LedgerFile
from staging.store.schema import MIGRATIONS, VIEWS, Migration, applied_migrations, migrate, read_migrations
from tests.ledgers import ending, queued, room, steps

RELEASED = read_migrations()

ROWS: Mapping[str, str] = {
    "rooms": "VALUES ('{n}', 'room {n}.jpg', 1536, 1152, 5, false, '2026-01-02 03:04:05+00', 'ada')",
    "room_versions": "VALUES ('{n}', 0, 'kitchen', 'Elm St', 'north', false, '2026-01-02 03:04:05+00', 'ada')",
    "comparisons": "VALUES ('c{n}', 'first', 'Elm St', '2026-01-02 03:04:05+00', 'ada')",
    "predictions": (
        "VALUES ('p{n}', 'c{n}', 0, '{n}', 'reve/edit', NULL, 'replicate', 'modern', 'Furnish.', '{{\"a\": 1}}', 7, "
        '\'{{"usd_per_image": "0.03", "source": "s", "dated": "2026-01-01"}}\', 0.03, \'Elm St\', '
        "'2026-01-02 03:04:05+00', 'ada', NULL)"
    ),
    "events": (
        "VALUES ('p{n}', 0, 'queued', '2026-01-02 03:04:05+00', "
        "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), "
        "('p{n}', 1, 'succeeded', '2026-01-02 03:05:05+00', "
        "'r{n}', '{{\"b\": 2}}', NULL, NULL, '{{}}', 1.5, 2.5, 4.0, 0.03, 'as reported', '{{\"image\": 1}}')"
    ),
    "adoptions": "VALUES ('replicate', 'r{n}', 'p{n}', '2026-01-02 03:04:06+00')",
    "outputs": "VALUES ('p{n}', 0, 'd{n}', 'image/png', 6, 1536, 1152)",
    "cancel_requests": "VALUES ('p{n}', '2026-01-02 03:04:07+00', 'ben')",
    "verdicts": "VALUES ('p{n}', 0, 'accepted', '2026-01-02 03:06:05+00', 'ada')",
    "comparison_versions": "VALUES ('c{n}', 0, 'kitchens', 'look again', false, '2026-01-02 03:07:05+00', 'ben')",
    "documents": "VALUES ('model set', 'ours {n}', 0, '[1]', '', '2026-01-02 03:04:05+00', 'ada')",
    "ballots": (
        "VALUES ('ada', 'pair{n}', 0, 'b{n}', 'pair', '', '{n}', 'kitchen', 'modern', '', '[\"p{n}\"]', '[\"q{n}\"]', "
        "'reve/edit', 'offline/furnish', NULL, NULL, '2026-01-02 03:04:05+00')"
    ),
    "votes": (
        "VALUES ('ada', 'pair{n}', 0, 0, 'b{n}', 'pair', '{n}', 'kitchen', 'modern', '', 'reve/edit', "
        "'offline/furnish', NULL, NULL, 'left', '[\"light\"]', 'right', 0, 0.5, 0.25, 3.5, "
        "'2026-01-02 03:04:09+00')"
    ),
    "assignments": "VALUES ('x{n}', 1, '{n}', 'B', '2026-01-02 03:04:05+00', 'ada')",
    "audit": (
        "VALUES ({n} + 1, '2026-01-02 03:04:05+00', 'ada', 'page', 'change budget', 'ours', NULL, '{{\"a\": 1}}', '', "
        "'0', '{n}')"
    ),
    "deletions": "VALUES ('output', 'd{n}', '2026-01-02 03:04:05+00', 'ada', 6)",
    "api_keys": "VALUES ('k{n}', 'key {n}', 'd', 'admin', '2026-01-02 03:04:05+00', 'ada', '2026-02-02 03:04:05+00')",
    "api_key_revocations": "VALUES ('k{n}', '2026-01-02 03:05:05+00', 'ada')",
    "api_key_uses": "VALUES ('k{n}', '2026-01-02 03:04:00+00')",
    "jobs": "VALUES ('API key {n}', 'i{n}', 'd', 'c{n}', '2026-01-02 03:04:05+00')",
    "settlements": "VALUES ('p{n}', 0, 0.03, 'bill', '', '2026-01-02 03:08:05+00', 'ada')",
    "reservations": "VALUES ('p{n}', 0.05, '2026-01-02 03:04:05+00')",
    "open_predictions": "VALUES ('o{n}', 'reve/edit', '', 'ada', 0.05)",
    "alerts": "VALUES ('ours {n}', '2026-01', '50', 'Half is spent.', 5, 10, '2026-01-02 03:08:05+00')",
    "alert_deliveries": "VALUES ('ours {n}', '2026-01', '50', '1: json', 0, 'sending', '', '2026-01-02 03:08:06+00')",
    "alert_readings": "VALUES ('ours {n}', '2026-01', '50', 'ada', '2026-01-02 03:09:05+00')",
    "sealed_days": "VALUES (DATE '2025-01-01' + {n}, 'UTC', '2026-01-02 03:04:05+00', true)",
    "daily_costs": (
        "VALUES (DATE '2025-01-01' + {n}, 'reve/edit', '', 'ada', 'other', '', 'accepted', '', 1, 0, 0.03, 0, 0, 0, 0)"
    ),
    "daily_totals": ("VALUES (DATE '2025-01-01' + {n}, 'model', 'reve/edit', 'accepted', '', 1, 0, 0.03, 0, 0, 0, 0)"),
    "monthly_totals": ("VALUES (DATE '2025-01-01', 'model', 'reve/edit', 'accepted', '', 1, 0, 0.03, 0, 0, 0, 0)"),
    "monthly_seconds": "VALUES (DATE '2025-01-01', 'reve/edit', 40, 1)",
    "daily_seconds": "VALUES (DATE '2025-01-01' + {n}, 'reve/edit', 40, 1)",
    "scores": (
        "VALUES ('p{n}', 0, 0, '1', '', 'scored', 71.5, 0.8, true, '{{\"structure\": 0.25}}', "
        '\'[{{"code": "window_gone", "words": "gone", "severity": 0.9}}]\', \'\', 0.4, \'d{n}\', '
        "'2026-01-02 03:05:09+00')"
    ),
    "automatic_marks": "VALUES ('p{n}', 0, 0, 'marked', '[\"gone\"]', 2, '2026-01-02 03:05:09+00')",
    "uploads": "VALUES ('u{n}', 'replicate', '{n}', 'https://files.example/{n}', '2026-01-02 04:04:05+00', "
    "'2026-01-02 03:04:05+00')",
}
"""Rows for each table, by number, as they were when the table was made: a later migration keeps them."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.duckdb"


def tables(ledger: LedgerFile) -> list[str]:
    rows = ledger.rows(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'app' AND table_name <> 'migrations'"
    )
    return sorted(name for (name,) in rows)


def columns(ledger: LedgerFile, table: str) -> tuple[str, ...]:
    return tuple(name for name, *_ in ledger.rows(f"DESCRIBE app.{table}"))


Kept = Mapping[tuple[str, tuple[str, ...]], list[tuple[Any, ...]]]
"""By table and columns: what was in them."""


def contents(ledger: LedgerFile, wanted: Iterable[tuple[str, tuple[str, ...]]]) -> Kept:
    return {
        (name, known): ledger.rows(f"SELECT {', '.join(known)} FROM app.{name} ORDER BY ALL") for name, known in wanted
    }


def ledger_of_version(path: Path, version: int) -> Kept:
    """Make a ledger as an earlier program did, with rows in every table, and return them."""
    ledger = LedgerFile(path)
    migrate(ledger, RELEASED[:version])
    for name in tables(ledger):
        for number in range(20):
            values = ROWS[name].format(n=number)
            first = columns(ledger, name)[: len(ledger.rows(f"DESCRIBE {values}"))]  # columns are added at the end
            ledger.run(f"INSERT INTO app.{name} ({', '.join(first)}) {values}")
    kept = contents(ledger, [(name, columns(ledger, name)) for name in tables(ledger)])
    ledger.close()
    return kept


@pytest.mark.parametrize("version", range(len(RELEASED) + 1))
def test_a_ledger_of_every_earlier_version_is_migrated_with_all_that_is_in_it(path: Path, version: int) -> None:
    kept = ledger_of_version(path, version)
    store = Store.open(path)
    assert store.schema_version == len(RELEASED)
    assert contents(store.ledger, kept) == kept
    assert sum(map(len, kept.values())) == 20 * len(kept) + 20 * any(name == "events" for name, _ in kept)
    store.rooms.add(room(1))
    (asked,) = queued(store)
    store.predictions.append([*steps(asked), ending(asked)])
    store.close()
    store = Store.open(path)
    assert store.predictions.get(asked.id).outputs
    if version == len(RELEASED):
        assert (
            store.predictions.get("p7").charge_usd
            == store.costs.report(date(2026, 1, 1), date(2026, 6, 1)).total.cost_usd / 20
        )
    store.close()


def test_every_table_has_rows_in_the_tests_of_migrations(path: Path) -> None:
    Store.open(path).close()
    ledger = LedgerFile(path)
    assert tables(ledger) == sorted(ROWS)
    ledger.close()


def test_what_was_applied_is_written_with_its_digest_and_time(path: Path) -> None:
    before = datetime.now(UTC)
    ledger = LedgerFile(path)
    migrate(ledger, RELEASED)
    for applied, migration in zip(applied_migrations(ledger), RELEASED, strict=True):
        assert (applied.number, applied.name) == (migration.number, migration.name)
        file = MIGRATIONS / f"{migration.name}.sql"
        assert applied.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
        assert before <= applied.applied_at <= datetime.now(UTC)
    ledger.close()


def test_nothing_is_left_in_the_log_after_migrating(path: Path) -> None:
    """A schema change in a log that is replayed after a crash is what DuckDB has stumbled over."""
    ledger = LedgerFile(path)
    migrate(ledger, RELEASED)
    log = path.with_name(path.name + ".wal")
    assert not log.exists() or log.stat().st_size == 0
    ledger.close()


def test_opening_again_changes_nothing(path: Path) -> None:
    Store.open(path).close()
    before = path.read_bytes()
    Store.open(path).close()
    assert path.read_bytes() == before


def test_a_migration_that_was_changed_after_it_was_applied_is_refused(path: Path) -> None:
    Store.open(path).close()
    changed = [*RELEASED[:-1], Migration(len(RELEASED), RELEASED[-1].name, "0" * 64, "SELECT 1")]
    ledger = LedgerFile(path)
    with pytest.raises(LedgerDamaged, match="put the program's files back as they were released"):
        migrate(ledger, changed)
    ledger.close()


def test_a_ledger_newer_than_the_program_is_refused(path: Path) -> None:
    Store.open(path).close()
    ledger = LedgerFile(path)
    with pytest.raises(LedgerDamaged, match=r"newer Staging Lab .* start the newer program; nothing was changed"):
        migrate(ledger, RELEASED[:-1])
    ledger.close()


def test_an_older_ledger_is_not_migrated_by_reading_it(path: Path) -> None:
    ledger_of_version(path, 1)
    before = path.read_bytes()
    with pytest.raises(LedgerDamaged, match="start the app once to update it"):
        Store.read(path)
    assert path.read_bytes() == before


def test_somebody_elses_duckdb_file_is_refused_and_left_as_it_is(path: Path) -> None:
    ledger = LedgerFile(path)
    ledger.run("CREATE TABLE app.payroll (name VARCHAR)")
    ledger.close()
    before = path.read_bytes()
    with pytest.raises(LedgerDamaged, match="not a ledger of Staging Lab; it was left as it is"):
        Store.open(path)
    assert path.read_bytes() == before


def test_a_migration_that_fails_leaves_the_ledger_as_it_was(path: Path) -> None:
    kept = ledger_of_version(path, len(RELEASED))
    sql = "CREATE TABLE app.half (a INTEGER); INSERT INTO app.rooms SELECT * FROM app.rooms"
    ledger = LedgerFile(path)
    with pytest.raises(LedgerDamaged, match=r"9999_half could not be applied .* nothing of it was kept"):
        migrate(ledger, [*RELEASED, Migration(len(RELEASED) + 1, "9999_half", "0" * 64, sql)])
    assert contents(ledger, kept) == kept
    assert "half" not in tables(ledger)
    ledger.close()
    Store.open(path).close()


def test_migrations_are_numbered_without_a_gap(tmp_path: Path) -> None:
    (tmp_path / "0001_first.sql").write_text("SELECT 1")
    (tmp_path / "0003_third.sql").write_text("SELECT 1")
    with pytest.raises(ValueError, match=r"0003_third\.sql is not migration 0002"):
        read_migrations(tmp_path)
    assert len(RELEASED) >= 3


def test_tables_have_no_index_or_foreign_key(path: Path) -> None:
    """Secondary indexes lost rows after kill -9 in DuckDB 1.5; only keys stated inline are trusted."""
    Store.open(path).close()
    ledger = LedgerFile(path)
    assert ledger.rows("SELECT * FROM duckdb_indexes() WHERE database_name = 'app'") == []
    kinds = ledger.rows("SELECT DISTINCT constraint_type FROM duckdb_constraints() WHERE database_name = 'app'")
    assert {kind for (kind,) in kinds} == {"PRIMARY KEY", "NOT NULL"}
    views = ledger.rows("SELECT view_name FROM duckdb_views() WHERE database_name = 'app' AND NOT internal")
    assert views == []
    ledger.close()


def test_the_sql_is_in_the_wheel(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=MIGRATIONS.parents[2], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {f"staging/store/migrations/{migration.name}.sql" for migration in RELEASED} <= set(names)
    assert f"staging/store/{VIEWS.name}" in names


def test_the_document_shows_the_view_as_it_is() -> None:
    document = (MIGRATIONS.parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")
    view = re.search(r"CREATE OR REPLACE VIEW predictions_now.*?;\n", VIEWS.read_text(encoding="utf-8"), re.DOTALL)
    assert view is not None
    assert view.group() in document
