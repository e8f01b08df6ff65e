"""One process holds a data folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from staging.claim import HOLDER_FILE, claim
from staging.errors import DataFolderBusy, SettingsRefused

HOLD = """
import sys
from pathlib import Path
from staging.claim import claim
held = claim(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def hold_elsewhere(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    with hold_elsewhere(tmp_path) as other:
        with pytest.raises(DataFolderBusy, match=f"held by process {other.pid} on .*STAGING_DATA_DIR"):
            claim(tmp_path)
        other.kill()


def test_a_killed_holder_leaves_nothing_to_clean_up(tmp_path: Path) -> None:
    with hold_elsewhere(tmp_path) as other:
        other.kill()
        other.wait()
        with claim(tmp_path):
            assert str(os.getpid()) in (tmp_path / HOLDER_FILE).read_text()


def test_a_folder_that_cannot_be_locked_is_told_as_that(tmp_path: Path, mocker: MockerFixture) -> None:
    mocker.patch("fcntl.flock", side_effect=OSError(37, "No locks available"))
    with pytest.raises(SettingsRefused, match=r"cannot be locked \(No locks available\)"):
        claim(tmp_path)


def test_a_released_folder_can_be_claimed_again(tmp_path: Path) -> None:
    held = claim(tmp_path / "new")
    held.release()
    held.release()  # harmless

    again = claim(tmp_path / "new")

    with pytest.raises(DataFolderBusy):  # the control: it is claimed
        claim(tmp_path / "new")
    again.release()


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SettingsRefused, match=r"cannot be used .*STAGING_DATA_DIR"):
        claim(tmp_path / "file" / "data")


def test_an_unreadable_holder_is_still_a_holder(tmp_path: Path) -> None:
    with hold_elsewhere(tmp_path) as other:
        (tmp_path / HOLDER_FILE).write_text("not json")
        with pytest.raises(DataFolderBusy, match="another process"):
            claim(tmp_path)
        other.kill()
