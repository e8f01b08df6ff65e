"""What is imported is asked for, what is asked for is pinned, and what is pinned has its hashes."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OURS = {"app", "pages", "staging", "tests"}


def canonical(name: str) -> str:
    """Return the one spelling of a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def asked_for() -> set[str]:
    """Return the distributions that pyproject.toml names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    return {canonical(re.split(r"[\s<>=!~;\[]", requirement)[0]) for requirement in wanted}


def imported_packages() -> set[str]:
    sources = [
        ROOT / "app.py",
        *(path for name in ("pages", "staging", "tests") for path in (ROOT / name).rglob("*.py")),
    ]
    found = set()
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.split(".")[0])
    return found - OURS - set(sys.stdlib_module_names)


def not_asked_for(packages: Iterable[str]) -> list[str]:
    """Return the packages that are here only because something else brought them, or not at all."""
    brought_by = packages_distributions()
    wanted = asked_for()
    return sorted(package for package in packages if not {canonical(d) for d in brought_by.get(package, [])} & wanted)


def pins() -> set[str]:
    """Return the distributions that constraints.txt pins with a hash."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9][^\s=]*)==.*\\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE))


def test_every_imported_package_is_asked_for_by_name() -> None:
    assert not_asked_for(imported_packages()) == []
    assert not_asked_for(["streamlit", "pyarrow", "made_up"]) == ["made_up", "pyarrow"]


def test_everything_asked_for_is_pinned() -> None:
    assert sorted(asked_for() - pins()) == []


def test_everything_pinned_is_pinned_by_hash() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    named = {line.split("==")[0] for line in lines if line and not line.startswith((" ", "#"))}

    assert named == pins()
    assert len(named) > 50
