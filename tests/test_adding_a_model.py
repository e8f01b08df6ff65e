"""docs/guides/ADDING_NEW_MODEL.md, followed word for word in a copy of what it touches."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "guides" / "ADDING_NEW_MODEL.md"
TOUCHED = (
    "pyproject.toml",
    "docs/model_registry.md",
    "staging/__init__.py",
    "staging/errors.py",
    "staging/registry.py",
    "staging/models",
    "tests/__init__.py",
    "tests/golden",
    "tests/recorded_schemas.py",
    "tests/test_models.py",
    "tests/test_registry.py",
    "data/schemas",
)
STEP = re.compile(r"^## (\d+)\. (.+?)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    kind: str
    path: str
    text: str


@dataclass(frozen=True)
class Step:
    number: int
    title: str
    blocks: tuple[Block, ...]


STEPS = tuple(
    Step(int(number), title, tuple(Block(*block) for block in BLOCK.findall(body)))
    for number, title, body in STEP.findall(GUIDE.read_text())
)
EDITS = tuple(step for step in STEPS if step.number < len(STEPS))


def with_lines_added(text: str, diff: str) -> str:
    """Return the text with the diff's + lines after its other lines, which must be there exactly once."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] if line.startswith(" ") else line for line in lines if not line.startswith("+"))
    after = "".join(line[1:] if line[:1] in " +" else line for line in lines)
    assert text.count(before) == 1, f"the guide's lines are not in the file exactly once:\n{before}"
    return text.replace(before, after)


def follow(block: Block, folder: Path) -> subprocess.CompletedProcess[str] | None:
    """Do what the block says; return what a command of it answered."""
    if block.kind == "console":
        command = shlex.split(block.text.removeprefix("$ "))
        assert command[0] == ".venv/bin/python"
        # Only what concerns the new model and the whole, and no plugin but the one pyproject.toml names:
        # the other models have their own run, and this file runs pytest seven times.
        only = "acme or every_model or every_id or docs_page"
        options = f"--maxfail=1 -p no:cacheprovider -p pytest_timeout -k {shlex.quote(only)}"
        return subprocess.run(
            [sys.executable, *command[1:]],
            cwd=folder,
            env=os.environ | {"PYTEST_ADDOPTS": options, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    path = folder / block.path
    if block.kind == "diff":
        path.write_text(with_lines_added(path.read_text(), block.text))
    else:
        assert not path.exists(), f"{block.path} is new, says the guide"
        path.write_text(block.text)
    return None


def followed(folder: Path, leaving_out: Collection[int] = ()) -> list[subprocess.CompletedProcess[str]]:
    """Return the commands' answers after following the guide in a copy of the project."""
    for name in TOUCHED:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target)
    answers = [follow(block, folder) for step in STEPS if step.number not in leaving_out for block in step.blocks]
    return [answer for answer in answers if answer is not None]


def test_the_steps_are_numbered_and_each_does_something() -> None:
    assert [step.number for step in STEPS] == [1, 2, 3, 4, 5, 6, 7]
    assert all(step.blocks for step in STEPS)


def test_following_the_guide_adds_a_model_that_passes(tmp_path: Path) -> None:
    answers = followed(tmp_path)
    assert [answer.returncode for answer in answers] == [0, 0], answers[-1].stdout + answers[-1].stderr
    assert "`acme/toy-edit`" in (tmp_path / "docs" / "model_registry.md").read_text()
    passed = re.search(r"(\d+) passed", answers[-1].stdout)
    assert passed
    assert int(passed[1]) > 15  # the model's own: inputs, schema, parameters, facts


@pytest.mark.parametrize("step", EDITS, ids=lambda step: f"{step.number}. {step.title}")
def test_leaving_out_a_step_fails(tmp_path: Path, step: Step) -> None:
    assert [answer.returncode for answer in followed(tmp_path, leaving_out={step.number})][-1] != 0
