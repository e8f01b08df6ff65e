"""`make install` finds a Python that works, installs by hash only, and does nothing when nothing changed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

BROKEN_SHIM = "#!/bin/sh\necho 'command not found' >&2\nexit 127\n"
WITHOUT_VENV = '#!/bin/sh\n[ "$1" = -c ] && exit 1\nexit 2\n'
# Stands for a Python: answers the question, and makes a virtual environment that notes what it is asked.
WORKING = """#!/bin/sh
[ "$1" = -c ] && exit 0
mkdir -p .venv/bin
printf '#!/bin/sh\\necho "$@" >> asked\\n' > .venv/bin/python
chmod +x .venv/bin/python
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("Makefile", "constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def program(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(["make", *arguments], cwd=folder, env=outside, capture_output=True, text=True, check=False)


def asked(folder: Path) -> list[str]:
    return (folder / "asked").read_text().splitlines()


def test_without_a_usable_python_it_says_what_to_do(checkout: Path) -> None:
    shim = program(checkout / "python3.13", BROKEN_SHIM)

    made = make(checkout, "install", f"PYTHON={shim} {checkout}/nowhere {program(checkout / 'bare', WITHOUT_VENV)}")

    assert made.returncode != 0
    assert "Staging Lab needs Python 3.11, 3.12 or 3.13" in made.stderr
    assert "make install PYTHON=/path/to/python" in made.stderr
    assert not (checkout / ".venv").exists()


def test_a_shim_that_fails_is_passed_over_and_only_hashed_wheels_are_installed(checkout: Path) -> None:
    shim = program(checkout / "python3.13", BROKEN_SHIM)

    made = make(checkout, "install", f"PYTHON={shim} {program(checkout / 'python3.12', WORKING)}")

    assert made.returncode == 0, made.stderr
    pinned, ours = [call for call in asked(checkout) if "install" in call]
    assert "--require-hashes" in pinned
    assert "--only-binary :all:" in pinned
    assert "-r constraints.txt" in pinned
    assert "--no-deps --no-build-isolation --editable ." in ours


def test_it_does_nothing_until_something_changes(checkout: Path) -> None:
    python = f"PYTHON={program(checkout / 'python3', WORKING)}"
    make(checkout, "install", python)
    calls = asked(checkout)

    make(checkout, "install", python)
    assert asked(checkout) == calls

    later = (checkout / ".venv" / ".installed").stat().st_mtime + 10
    os.utime(checkout / "constraints.txt", (later, later))
    make(checkout, "install", python)
    assert len(asked(checkout)) > len(calls)


def test_an_interrupted_install_is_done_again(checkout: Path) -> None:
    python = f"PYTHON={program(checkout / 'python3', WORKING.replace('asked', 'asked; exit 1'))}"

    assert make(checkout, "install", python).returncode != 0
    assert not (checkout / ".venv" / ".installed").exists()


def test_bytecode_is_kept_where_the_machine_forbids_it(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    telling = WORKING.replace('echo "$@"', 'echo "${PYTHONDONTWRITEBYTECODE:-kept}"')

    make(checkout, "install", f"PYTHON={program(checkout / 'python3', telling)}")

    assert set(asked(checkout)) == {"kept"}


def test_ci_runs_what_the_documents_say() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()

    (made,) = [line.split() for line in lines if line.startswith("make")]
    assert [word for word in made[1:] if not word.startswith("-")] == ["check", "test"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


FAILS_IN_A_BROWSER = """#!/bin/sh
echo "$@" >> asked
case "$*" in
  *--last-failed*) exit {alone} ;;
  *--ignore=tests/browser*) exit {others} ;;
  *--numprocesses*) exit {browser} ;;
esac
"""


@pytest.mark.parametrize(
    ("browser", "others", "alone", "passes"),
    [(0, 0, 1, True), (1, 0, 0, True), (1, 0, 1, False), (0, 1, 0, False), (1, 1, 0, False), (2, 0, 0, False)],
)
def test_only_what_failed_in_a_browser_is_tried_once_more(
    checkout: Path, browser: int, others: int, alone: int, passes: bool
) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    script = FAILS_IN_A_BROWSER.format(browser=browser, others=others, alone=alone)
    program(checkout / ".venv" / "bin" / "python", script)

    made = make(checkout, "test", "--old-file=.venv/.installed", "--assume-old=install")

    tried_again = [line for line in asked(checkout) if "--last-failed" in line]
    assert (made.returncode == 0) == passes
    assert len(tried_again) == (1 if browser == 1 else 0)
    assert ("tried once more, alone" in made.stdout) == (browser == 1)
