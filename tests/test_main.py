"""`python -m staging`: a person at a terminal is told what is so, in sentences."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb
import pytest

from staging.__main__ import main
from staging.claim import claim
from staging.images import Pictures
from staging.predictions import Verdict
from staging.rooms import Room, RoomType
from staging.store import Store
from tests.ledgers import NOW, comparison, decided, ending, photo, prediction, steps

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a room, a success and an open prediction, set as the one to look after."""
    folder = tmp_path / "data"
    monkeypatch.setenv("STAGING_DATA_DIR", str(folder))
    folder.mkdir()
    store = Store.open(folder / "staging.duckdb")
    pictures = Pictures(folder / "pictures", b"key")
    kept = pictures.keep_room(photo(1), "room.png")
    facts = (kept.width, kept.height, kept.size_bytes, RoomType.LIVING, "Elm St", 'a, "note"\nof two lines')
    store.rooms.add(Room(kept.digest, "=room.png", *facts, False, False, NOW, "ada"))
    asked = comparison()
    done, open_ = prediction(asked, room=kept.digest), prediction(asked, room=kept.digest)
    store.predictions.queue(asked, [done, open_], NOW)
    store.predictions.append([*steps(done), ending(done, outputs=(pictures.keep_output(photo(2)),))])
    store.documents.write("model set", "ours", ["offline/unchanged"], "ada", NOW)
    store.predictions.mark(done.id, decided(Verdict.ACCEPTED), "ada", NOW)
    pictures.close()
    store.close()
    return folder


def output_of(folder: Path) -> Path:
    store = Store.read(folder / "staging.duckdb")
    ((digest,),) = store.ledger.rows("SELECT digest FROM app.outputs")
    store.close()
    return Path(folder, "pictures", "original", digest[:2], f"{digest}.png")


@dataclass(frozen=True)
class Ran:
    """What a command said and how it ended."""

    returncode: int
    stdout: str
    stderr: str


class Run(Protocol):
    """Run a command in an environment."""

    def __call__(self, *arguments: str, **environment: str) -> Ran: ...


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run it in this process."""

    def run(*arguments: str, **environment: str) -> Ran:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        returncode = main(arguments)
        said = capsys.readouterr()
        return Ran(returncode, said.out, said.err)

    return run


def run_child(*arguments: str, **environment: str) -> Ran:
    """Run it as a person does."""
    child = [sys.executable, "-m", "staging", *arguments]
    ran = subprocess.run(
        child, cwd=REPOSITORY, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


# ── verify ───────────────────────────────────────────────────────────────────────────────────────


def test_verify_of_a_ledger_that_is_right_says_how_much_it_looked_at(folder: Path) -> None:
    ran = run_child("verify")
    assert re.fullmatch(r"\d+ things checked, 0 differ\.\n", ran.stdout), ran.stdout
    assert (ran.returncode, ran.stderr) == (0, "")


def test_verify_names_what_differs_and_fails(folder: Path, run: Run) -> None:
    output_of(folder).write_bytes(photo(3))
    ran = run("verify")
    assert ran.returncode == 1
    assert f"The picture of output {output_of(folder).stem} was changed" in ran.stdout
    assert ran.stdout.endswith("differ.\n")


def test_verify_changes_nothing(folder: Path, run: Run) -> None:
    def files() -> Mapping[Path, bytes]:
        return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "holder.lock"}

    before = files()
    assert run("verify").returncode == 0
    assert files() == before


# ── export ───────────────────────────────────────────────────────────────────────────────────────


def test_export_writes_every_subject_as_parquet_and_csv(folder: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "o'ut" / "deep"
    ran = run("export", str(out))
    assert ran.returncode == 0, ran.stderr
    expected = {"predictions": 2, "outputs": 1, "rooms": 1, "comparisons": 1, "verdicts": 1, "documents": 1}
    expected |= {"assignments": 0, "audit": 0, "ballots": 0, "votes": 0, "scores": 0, "automatic_marks": 0}
    assert {path.name for path in out.iterdir()} == {
        f"{name}.{kind}" for name in expected for kind in ("parquet", "csv")
    }
    for name, count in expected.items():
        with (out / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        parquet = duckdb.read_parquet(str(out / f"{name}.parquet"))
        assert len(rows) == len(parquet) == count
        assert not rows or list(rows[0]) == parquet.columns
        assert f"{name}.csv: {count} rows" in ran.stdout
    predictions = duckdb.read_parquet(str(out / "predictions.parquet"))
    columns = "epoch(asked_at), charge_usd, parameters"  # DuckDB fetches no time with a zone without pytz
    ((asked_at, charge_usd, parameters),) = predictions.filter("state = 'succeeded'").project(columns).fetchall()
    assert (asked_at, str(charge_usd), json.loads(parameters)) == (NOW.timestamp(), "0.030000", {"go_fast": False})


def test_export_over_an_older_export_replaces_it(folder: Path, tmp_path: Path, run: Run) -> None:
    for _ in range(2):
        assert run("export", str(tmp_path / "out")).returncode == 0
    assert len((tmp_path / "out" / "predictions.csv").read_text().splitlines()) == 3


def test_an_export_folder_that_cannot_be_made_is_named(folder: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "file").write_text("")
    ran = run("export", str(tmp_path / "file" / "out"))
    assert ran.returncode == 2
    assert re.fullmatch(r".*file/out cannot be used \(.*\): name a folder that can be made\.\n", ran.stderr)


def test_no_secret_is_exported_or_printed(folder: Path, tmp_path: Path, canary_token: str, run: Run) -> None:
    said = ""
    for arguments in (["doctor"], ["verify"], ["export", str(tmp_path / "out")]):
        ran = run(*arguments, REPLICATE_API_TOKEN=canary_token)
        said += ran.stdout + ran.stderr
    assert "Replicate token: set" in said
    assert canary_token not in said
    assert not any(canary_token.encode() in path.read_bytes() for path in (tmp_path / "out").iterdir())


# ── doctor ───────────────────────────────────────────────────────────────────────────────────────


def test_doctor_says_what_is_here(folder: Path) -> None:
    ran = run_child("doctor")
    assert ran.returncode == 0, ran.stdout
    assert "WRONG" not in ran.stdout
    for line in ("ok    python: 3.", "duckdb 2.", "Replicate token: not set", "writable", "GB free", "holder: nobody"):
        assert line in ran.stdout
    assert re.search(r"ok    ledger: schema \d+, \d\.\d MB", ran.stdout)


def test_doctor_makes_nothing(tmp_path: Path, run: Run) -> None:
    ran = run("doctor", STAGING_DATA_DIR=str(tmp_path / "new" / "data"))
    assert ran.returncode == 0, ran.stdout
    assert "made at the first start" in ran.stdout
    assert not (tmp_path / "new").exists()


def test_doctor_names_who_holds_the_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with claim(folder):
        assert main(["doctor"]) == 1
    assert re.search(rf"WRONG holder: .*held by process {os.getpid()} on ", capsys.readouterr().out)


def test_doctor_says_that_a_ledger_is_damaged(folder: Path, run: Run) -> None:
    (folder / "staging.duckdb").write_bytes(b"hello" * 1000)
    ran = run("doctor")
    assert ran.returncode == 1
    assert "WRONG ledger: " in ran.stdout
    assert "cannot be opened" in ran.stdout


def test_doctor_says_that_the_disk_is_nearly_full(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    usage = shutil.disk_usage(folder)._replace(free=300_000_000)
    monkeypatch.setattr("staging.doctor.shutil.disk_usage", lambda _: usage)
    assert main(["doctor"]) == 1
    assert "WRONG disk: 0.3 GB free: make room" in capsys.readouterr().out


def test_doctor_says_that_the_folder_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STAGING_DATA_DIR", str(tmp_path / "file" / "data"))
    assert main(["doctor"]) == 1
    assert "WRONG data folder: " in capsys.readouterr().out


def test_doctor_names_what_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STAGING_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("staging.doctor._PACKAGES", ("duckdb", "no-such-package"))
    monkeypatch.setattr("staging.providers.offline.NEEDED", {"no_such_module": "no-such-extra"})
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert "missing: no-such-package. Run `make install`." in said
    assert "ok    offline staging: not here (no-such-extra missing): `make install` brings it" in said


# ── what it refuses ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("command", ["verify", "export"])
def test_a_lab_that_is_running_is_left_alone(folder: Path, tmp_path: Path, command: str, run: Run) -> None:
    arguments = [command, str(tmp_path / "out")] if command == "export" else [command]
    with claim(folder):
        ran = run(*arguments)
    assert ran.returncode == 2
    assert re.fullmatch(rf"The data folder .* is held by process {os.getpid()} on .*\n", ran.stderr), ran.stderr


@pytest.mark.parametrize("command", ["verify", "export"])
def test_a_folder_without_a_ledger_is_named_and_not_made(tmp_path: Path, command: str, run: Run) -> None:
    arguments = [command, str(tmp_path / "out")] if command == "export" else [command]
    ran = run(*arguments, STAGING_DATA_DIR=str(tmp_path / "data"))
    assert ran.returncode == 2
    assert "start the app once, or set STAGING_DATA_DIR" in ran.stderr
    assert not (tmp_path / "data").exists()
    assert not (tmp_path / "out").exists()


def test_a_setting_that_cannot_be_used_is_one_sentence() -> None:
    ran = run_child("doctor", STAGING_CONCURENCY="5")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "STAGING_CONCURENCY is not a setting of Staging Lab. Did you mean STAGING_CONCURRENCY?\n"


def test_a_damaged_ledger_is_one_sentence(folder: Path, run: Run) -> None:
    (folder / "staging.duckdb").write_bytes(b"hello" * 1000)
    ran = run("verify")
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr
    assert ran.stderr.count("\n") == 1


# ── what docs/ledger.md says ─────────────────────────────────────────────────────────────────────


def test_the_ledger_is_read_by_hand_as_the_document_says(folder: Path, tmp_path: Path, run: Run) -> None:
    document = (REPOSITORY / "docs" / "ledger.md").read_text(encoding="utf-8")
    ((program),) = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    (tmp_path / "staging").symlink_to(REPOSITORY / "staging")
    ran = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "qwen/qwen-image-edit" in ran.stdout
    assert "0.030000" in ran.stdout
