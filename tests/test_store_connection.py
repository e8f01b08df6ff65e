"""The ledger file: transactions whole or not at all, threads apart, and one sentence when it fails."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest
from pytest_mock import MockerFixture

from staging.errors import DataFolderBusy, EventRefused, LedgerDamaged, LedgerUnavailable, StagingError
from staging.predictions import Event, State
from staging.store import Store, predictions
from staging.store.connection import LedgerFile, again_on_conflict
from tests.ledgers import NOW, digest, queued, room

LOCAL_PYTHON = [sys.executable, "-c"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.duckdb"


@pytest.fixture
def ledger(path: Path) -> Iterator[LedgerFile]:
    ledger = LedgerFile(path)
    ledger.run("CREATE TABLE app.things (name VARCHAR PRIMARY KEY, count INTEGER)")
    yield ledger
    ledger.close()


def things(ledger: LedgerFile) -> list[str]:
    return [name for (name,) in ledger.rows("SELECT name FROM app.things ORDER BY name")]


# ── transactions ─────────────────────────────────────────────────────────────────────────────────


def test_a_transaction_that_fails_leaves_nothing(ledger: LedgerFile) -> None:
    def fail_half_way() -> None:
        with ledger.writing() as cursor:
            cursor.execute("INSERT INTO app.things VALUES ('a', 1)")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()
    assert things(ledger) == []


def test_a_failed_statement_comes_out_and_takes_the_rest_with_it(ledger: LedgerFile) -> None:
    def write_twice() -> None:
        with ledger.writing() as cursor:
            cursor.execute("INSERT INTO app.things VALUES ('a', 1)")
            cursor.execute("INSERT INTO app.things VALUES ('a', 2)")

    with pytest.raises(duckdb.ConstraintException):
        write_twice()
    _write(ledger, "b")
    assert things(ledger) == ["b"]


def test_duckdb_alone_answers_the_commit_of_a_failed_transaction_with_success(ledger: LedgerFile) -> None:
    """The control of the test above: why every error is followed by a ROLLBACK and raised again."""
    cursor = ledger._connection.cursor()
    cursor.execute("BEGIN").execute("INSERT INTO app.things VALUES ('a', 1)")
    with pytest.raises(duckdb.ConstraintException):
        cursor.execute("INSERT INTO app.things VALUES ('a', 2)")
    cursor.execute("COMMIT")
    assert things(ledger) == []


def test_a_reader_sees_one_moment(ledger: LedgerFile) -> None:
    with ledger.reading() as cursor:
        cursor.execute("SELECT count(*) FROM app.things").fetchall()
        with ThreadPoolExecutor(1) as other:
            other.submit(_write, ledger, "a").result()
        assert cursor.execute("SELECT count(*) FROM app.things").fetchall() == [(0,)]
    assert things(ledger) == ["a"]


def _write(ledger: LedgerFile, name: str) -> None:
    with ledger.writing() as cursor:
        cursor.execute("INSERT INTO app.things VALUES (?, 0)", [name])


def test_writers_queue_so_that_none_is_refused(ledger: LedgerFile) -> None:
    _write(ledger, "a")

    def count_up(_: int) -> None:
        with ledger.writing() as cursor:
            ((count,),) = cursor.execute("SELECT count FROM app.things").fetchall()
            cursor.execute("UPDATE app.things SET count = ?", [count + 1])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(count_up, range(200)))
    assert ledger.rows("SELECT count FROM app.things") == [(200,)]


def test_writers_that_do_not_queue_are_refused(ledger: LedgerFile) -> None:
    """The control of the test above: what the write lock keeps from happening."""
    _write(ledger, "a")
    first, second = ledger._connection.cursor(), ledger._connection.cursor()
    first.execute("BEGIN").execute("UPDATE app.things SET count = 1")
    with pytest.raises(duckdb.TransactionException):
        second.execute("BEGIN").execute("UPDATE app.things SET count = 2")
    first.execute("ROLLBACK")


def test_a_rival_that_does_not_queue_is_met_with_another_try(path: Path, mocker: MockerFixture) -> None:
    store = Store.open(path)
    (asked,) = queued(store)
    rival = store.ledger._connection.cursor()
    sql = "INSERT INTO app.events (prediction_id, sequence, state, happened_at) VALUES (?, 1, 'running', now())"
    rival.execute("BEGIN").execute(sql, [asked.id])
    write, commits = predictions._write_events, iter([rival])

    def write_and_let_the_rival_commit(cursor: duckdb.DuckDBPyConnection, events: Sequence[Event]) -> None:
        write(cursor, events)
        for late in commits:  # only the first time
            late.execute("COMMIT")

    mocker.patch.object(predictions, "_write_events", write_and_let_the_rival_commit)
    with pytest.raises(EventRefused, match="does not follow step 1"):
        store.predictions.append([Event(asked.id, 1, State.FAILED, NOW)])
    assert store.predictions.get(asked.id).state is State.RUNNING
    store.close()


def test_a_rival_that_never_ends_is_named_after_a_few_tries() -> None:
    tries = []

    @again_on_conflict
    def deed() -> None:
        tries.append(1)
        raise duckdb.TransactionException("conflict")

    with pytest.raises(LedgerUnavailable, match="try again"):
        deed()
    assert 2 <= len(tries) <= 10


# ── threads ──────────────────────────────────────────────────────────────────────────────────────


def test_each_thread_reads_its_own_rows(ledger: LedgerFile) -> None:
    def wrong(number: int) -> int:
        return sum(ledger.rows("SELECT ?", [number]) != [(number,)] for _ in range(50))

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(wrong, range(16))) == 0


def test_one_cursor_for_all_threads_does_not_answer_rightly(ledger: LedgerFile) -> None:
    """The control of the test above: refused, or another thread's rows without a word."""
    cursor = ledger._connection.cursor()

    def wrong(number: int) -> int:
        count = 0
        for _ in range(200):
            try:
                count += cursor.execute("SELECT ?", [number]).fetchall() != [(number,)]
            except duckdb.Error:
                count += 1
        return count

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(wrong, range(16))) > 0


def test_a_thread_that_ends_leaves_no_cursor(ledger: LedgerFile) -> None:
    for _ in range(20):
        thread = threading.Thread(target=ledger.rows, args=("SELECT 1",))
        thread.start()
        thread.join()
    assert len(ledger._cursors) <= 1


def test_closing_breaks_off_questions_and_lets_go_of_the_file(ledger: LedgerFile) -> None:
    asking = threading.Event()
    said: list[BaseException] = []

    def ask() -> None:
        try:
            while True:
                ledger.rows("SELECT count(*) FROM range(3000000)")
                asking.set()
        except StagingError as error:
            said.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    asking.wait(20)
    ledger.close()
    for thread in threads:
        thread.join(20)
    assert [type(error) for error in said] == [LedgerUnavailable] * 3
    LedgerFile(ledger.path).close()


def test_a_closed_ledger_says_so(ledger: LedgerFile) -> None:
    ledger.close()
    for use in (lambda: ledger.rows("SELECT 1"), lambda: _write(ledger, "a"), ledger.checkpoint):
        with pytest.raises(LedgerUnavailable, match="is closed"):
            use()
    ledger.close()


# ── what SQL may not do ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY app.things TO '{folder}/stolen.csv'",
        "ATTACH '{folder}/other.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET threads = 1",
    ],
)
def test_sql_reaches_nothing_but_the_ledger(ledger: LedgerFile, tmp_path: Path, sql: str) -> None:
    before = set(tmp_path.iterdir())
    with pytest.raises(duckdb.Error):
        ledger.run(sql.format(folder=tmp_path))
    assert set(tmp_path.iterdir()) == before


def test_an_export_writes_to_its_folder_only(path: Path, tmp_path: Path) -> None:
    LedgerFile(path).close()
    (tmp_path / "out").mkdir()
    ledger = LedgerFile(path, read_only=True, export_to=tmp_path / "out")
    ledger.rows(f"COPY (SELECT 1) TO '{tmp_path}/out/one.csv'")
    for elsewhere in (f"{tmp_path}/two.csv", f"{tmp_path}/out/../two.csv"):
        with pytest.raises(duckdb.PermissionException):
            ledger.rows(f"COPY (SELECT 1) TO '{elsewhere}'")
    ledger.close()
    assert not (tmp_path / "two.csv").exists()


def test_reading_only_changes_nothing(path: Path) -> None:
    Store.open(path).close()
    before = path.read_bytes()
    store = Store.read(path)
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        store.rooms.add(room())
    store.close()
    assert path.read_bytes() == before


# ── files that cannot be opened ──────────────────────────────────────────────────────────────────


def test_a_ledger_that_another_process_holds_is_busy(path: Path) -> None:
    holding = "import sys, staging.store.connection as c, pathlib; held = c.LedgerFile(pathlib.Path(sys.argv[1])); "
    holder = subprocess.Popen(
        [*LOCAL_PYTHON, holding + "print('held', flush=True); input()", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DataFolderBusy, match="held by another process: stop that one first"):
            LedgerFile(path)
        holder.stdin.write("\n")
    LedgerFile(path).close()


def test_a_ledger_is_opened_once_in_a_process(ledger: LedgerFile, path: Path) -> None:
    with pytest.raises(DataFolderBusy):
        LedgerFile(path)


def test_a_file_that_is_no_ledger_is_left_as_it_is(path: Path) -> None:
    path.write_bytes(b"hello" * 1000)
    with pytest.raises(LedgerDamaged, match="cannot be opened, and nothing was changed"):
        Store.open(path)
    assert path.read_bytes() == b"hello" * 1000


def test_a_damaged_block_is_refused(path: Path) -> None:
    store = Store.open(path)
    for number in range(50):
        store.rooms.add(room(number))
    store.close()
    data = bytearray(path.read_bytes())
    for place in range(8_192, len(data), 97):
        data[place] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(LedgerDamaged, match=r"docs/ledger\.md"):
        Store.open(path)
    assert path.read_bytes() == data


@pytest.fixture
def crashed(path: Path) -> tuple[Path, Path]:
    """A ledger and its log as kill -9 leaves them: 20 rooms, all in the log only."""
    child = (
        "import os, sys, pathlib; from staging.store import Store; from tests.ledgers import room; "
        "store = Store.open(pathlib.Path(sys.argv[1])); [store.rooms.add(room(n)) for n in range(20)]; "
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([*LOCAL_PYTHON, child, str(path)], check=False).returncode == -signal.SIGKILL
    log = path.with_name(path.name + ".wal")
    assert log.stat().st_size > 0
    return path, log


def test_what_only_the_log_holds_is_read_back(crashed: tuple[Path, Path]) -> None:
    store = Store.open(crashed[0])
    assert len(store.rooms.list()) == 20
    store.close()


def test_a_log_whose_end_is_zeros_is_refused_and_kept(crashed: tuple[Path, Path]) -> None:
    """So a power cut can leave it: its length on the disk, its last block not."""
    path, log = crashed
    kept = log.read_bytes()[:-100] + bytes(100)
    log.write_bytes(kept)
    ledger_before = path.read_bytes()
    with pytest.raises(LedgerDamaged, match=r"Keep it and ledger\.duckdb\.wal as they are"):
        Store.open(path)
    assert (log.read_bytes(), path.read_bytes()) == (kept, ledger_before)


def test_a_log_without_its_ledger_is_refused_and_kept(crashed: tuple[Path, Path]) -> None:
    path, log = crashed
    kept = log.read_bytes()
    path.rename(path.with_name("moved.duckdb"))
    with pytest.raises(LedgerDamaged, match="put the ledger back beside it"):
        Store.open(path)
    assert log.read_bytes() == kept
    path.with_name("moved.duckdb").rename(path)
    store = Store.open(path)
    assert len(store.rooms.list()) == 20
    store.close()


def test_duckdb_alone_drops_a_log_without_its_ledger(crashed: tuple[Path, Path]) -> None:
    """The control of the test above: why the guard is there."""
    path, log = crashed
    path.unlink()
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{path}' AS app")
        connection.execute("CREATE TABLE app.t (a INTEGER)")
        connection.execute("CHECKPOINT app")
    assert not log.exists() or log.stat().st_size == 0


def test_a_full_disk_refuses_in_a_sentence_and_loses_nothing(path: Path) -> None:
    child = """
import resource, signal, sys
from pathlib import Path
from staging.errors import LedgerUnavailable
from staging.store import Store
from tests.ledgers import room
path = Path(sys.argv[1])
store = Store.open(path)
size = path.with_name(path.name + ".wal").stat().st_size if path.with_name(path.name + ".wal").exists() else 0
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 3_000, resource.RLIM_INFINITY))
kept = 0
while True:
    try:
        store.rooms.add(room(kept))
        kept += 1
    except LedgerUnavailable as error:
        print(error)
        break
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.rooms.add(room(kept))
print(kept + 1, len(store.rooms.list()), flush=True)
"""
    ran = subprocess.run([*LOCAL_PYTHON, child, str(path)], capture_output=True, text=True, check=False)
    assert "Traceback" not in ran.stderr, ran.stderr
    sentence, counts = ran.stdout.splitlines()
    assert "what was acknowledged is safe. Free disk space" in sentence
    kept, listed = map(int, counts.split())
    assert kept == listed > 1
    store = Store.open(path)
    assert [known.digest for known in store.rooms.list()] == [digest(number) for number in range(kept)]
    store.close()
