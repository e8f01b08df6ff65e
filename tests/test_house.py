"""The rules of the house: who may import what, who reads the environment, how long a file may be.

Each rule is a function from sources (path → text) to complaints; each has a control with planted
code, so that a rule which sees nothing fails too.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest

from tests import conftest

ROOT = Path(__file__).resolve().parent.parent

LAYERS: tuple[tuple[str, ...], ...] = (
    ("app",),
    ("pages",),
    ("staging.api", "staging.__main__", "staging.health"),
    ("staging.lab", "staging.doctor"),
    ("staging.demo",),
    (
        "staging.exports",
        "staging.sharing",
        "staging.jobs",
        "staging.score_files",
        "staging.scoring",
        "staging.judge",
    ),
    (
        "staging.desk",
        "staging.externals",
        "staging.shelf",
        "staging.alerts",
        "staging.routing",
        "staging.votes",
        "staging.people",
        "staging.retention",
        "staging.keys",
        "staging.labels",
    ),
    ("staging.budgets", "staging.experiments"),
    (
        "staging.engine",
        "staging.prices",
        "staging.billing",
        "staging.model_setups",
        "staging.provider_checks",
        "staging.projects",
        "staging.openings",
        "staging.thresholds",
        "staging.floors",
    ),
    ("staging.store",),
    ("staging.providers",),
    ("staging.images", "staging.stager", "staging.costs"),
    (
        "staging.schemas",
        "staging.providers.base",
        "staging.predictions",
        "staging.models",
        "staging.prompts",
        "staging.judgements",
    ),
    ("staging.signin",),
    (
        "staging.registry",
        "staging.rooms",
        "staging.access",
        "staging.config",
        "staging.claim",
        "staging.ratings",
        "staging.audit",
        "staging.quality",
    ),
    (
        "staging.errors",
        "staging.ids",
        "staging.origins",
        "staging.frames",
        "staging.forecast",
        "staging.periods",
        "staging.calibration",
    ),
)
"""From the top down. A module imports lower layers, or its own subject; never its neighbours."""

DOORS: Mapping[str, tuple[str, ...]] = {
    "streamlit": ("app", "pages"),
    "altair": ("pages",),
    "duckdb": ("staging.store",),
    "httpx": ("staging.providers",),
    "replicate": ("staging.providers",),
    "PIL": ("staging.images", "staging.stager", "staging.quality", "staging.exports"),
    "pillow_heif": ("staging.images",),
    "cv2": ("staging.stager", "staging.quality"),
    "segno": ("staging.exports",),
    "apprise": ("staging.alerts",),
    "mitsuba": ("staging.stager",),
    "pyoidn": ("staging.stager",),
    "starlette": ("staging.api", "app"),
    "fastapi": ("staging.api", "app"),
}
"""Which subjects may import a package. Everything else asks them."""


def product_sources() -> dict[str, str]:
    paths = [ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "staging").rglob("*.py")]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def module_of(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(source: str) -> Iterator[str]:
    """Yield each imported module by its full name; `from a import b` as a.b."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def belongs(module: str, subject: str) -> bool:
    """True for the subject itself, what is inside it, and its parts beside it (images_door)."""
    return module == subject or module.startswith((f"{subject}.", f"{subject}_"))


def subject_of(module: str) -> tuple[int, str] | None:
    """Return the layer (0 is the top) and the subject: the longest name that the module belongs to."""
    found = [(layer, name) for layer, names in enumerate(LAYERS) for name in names if belongs(module, name)]
    return max(found, key=lambda place: len(place[1]), default=None)


def modules_without_a_place(sources: Mapping[str, str]) -> list[str]:
    return [path for path in sources if module_of(path) != "staging" and subject_of(module_of(path)) is None]


def upward_imports(sources: Mapping[str, str]) -> list[str]:
    complaints = []
    for path, source in sources.items():
        here = subject_of(module_of(path))
        for imported in imports(source):
            there = subject_of(imported)
            if here and there and here[1] != there[1] and there[0] <= here[0]:
                complaints.append(f"{path} imports {imported}, which is not below it")
    return complaints


def imports_through_the_wrong_door(sources: Mapping[str, str]) -> list[str]:
    return [
        f"{path} imports {imported}"
        for path, source in sources.items()
        for imported in imports(source)
        for package in [imported.split(".")[0]]
        if package in DOORS and not any(belongs(module_of(path), subject) for subject in DOORS[package])
    ]


def readers_of_the_environment(sources: Mapping[str, str]) -> list[str]:
    names = {"environ", "environb", "getenv", "putenv", "unsetenv"}
    return [
        f"{path}:{node.lineno}"
        for path, source in sources.items()
        if path != "staging/config.py"
        for node in ast.walk(ast.parse(source))
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "os"
            and node.attr in names
        )
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and names & {name.name for name in node.names})
    ]


def printers(sources: Mapping[str, str]) -> list[str]:
    return [
        f"{path}:{node.lineno}"
        for path, source in sources.items()
        if path.startswith(("staging/", "pages/")) and not path.endswith("/__main__.py")
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]


def most_lines(path: str) -> int:
    if path == "app.py":
        return 60
    return 150 if PurePosixPath(path).parent.name == "pages" else 400


def too_long(sources: Mapping[str, str]) -> list[str]:
    lines = {path: source.count("\n") for path, source in sources.items()}
    return [f"{path}: {count}" for path, count in lines.items() if count > most_lines(path)]


def unfinished(sources: Mapping[str, str]) -> list[str]:
    marks = re.compile(r"\bT[O]DO\b|\bF[I]XME\b|\bX[X]X\b|N[o]tImplementedError")
    return [f"{path}: {mark.group()}" for path, source in sources.items() for mark in marks.finditer(source)]


def test_every_module_has_its_place_in_the_house() -> None:
    assert modules_without_a_place(product_sources()) == []
    assert modules_without_a_place({"staging/helpers.py": ""}) == ["staging/helpers.py"]


def test_imports_go_downwards() -> None:
    assert upward_imports(product_sources()) == []


def test_an_upward_import_is_seen() -> None:
    planted = {
        "staging/errors.py": "from staging import config\n",
        "staging/registry.py": "from staging.models.qwen import QWEN\n",
        "staging/images_door.py": "import staging.providers.replicate\n",
        "staging/store/rooms.py": "def late() -> None:\n    from staging.engine import Engine\n",
        "staging/rooms.py": "from staging.registry import ModelID\n",
        "staging/lab.py": "from pages import index\n",
    }

    assert len(upward_imports(planted)) == len(planted)
    assert upward_imports({"staging/images_door.py": "from staging.images_kinds import read\n"}) == []


def test_packages_come_in_through_their_own_door() -> None:
    assert imports_through_the_wrong_door(product_sources()) == []


def test_a_package_at_the_wrong_door_is_seen() -> None:
    anywhere = {"staging/desk.py": "\n".join(f"import {package}.part" for package in DOORS)}
    right = {f"{subjects[0].replace('.', '/')}.py": f"import {package}" for package, subjects in DOORS.items()}

    assert len(imports_through_the_wrong_door(anywhere)) == len(DOORS)
    assert imports_through_the_wrong_door(right) == []


def test_only_the_settings_read_the_environment() -> None:
    assert readers_of_the_environment(product_sources()) == []
    planted = {
        "staging/desk.py": "import os\nos.environ['HOME']\n",
        "pages/index.py": "import os\nos.getenv('HOME')\n",
        "app.py": "from os import environ\n",
        "staging/config.py": "import os\nos.environ\n",
    }
    assert readers_of_the_environment(planted) == ["staging/desk.py:2", "pages/index.py:2", "app.py:1"]


def test_nothing_prints_but_the_command_line() -> None:
    assert printers(product_sources()) == []
    assert printers({"staging/desk.py": "print(1)", "staging/__main__.py": "print(1)"}) == ["staging/desk.py:1"]


def test_no_file_outgrows_its_reader() -> None:
    assert too_long(product_sources()) == []
    sizes = {"app.py": 61, "pages/index.py": 151, "pages/components/grid.py": 401, "staging/desk.py": 401}
    assert len(too_long({path: "\n" * lines for path, lines in sizes.items()})) == len(sizes)
    assert too_long({path: "\n" * (lines - 1) for path, lines in sizes.items()}) == []


def test_nothing_is_left_unfinished() -> None:
    assert unfinished(product_sources()) == []
    mark = "todo".upper()
    assert unfinished({"app.py": f"# {mark}: later"}) == [f"app.py: {mark}"]


def test_tests_in_a_browser_come_after_all_others(request: pytest.FixtureRequest) -> None:
    order = ["playwright" in getattr(item, "fixturenames", ()) for item in request.session.items]

    assert order == sorted(order)


def test_a_browser_test_that_came_first_is_put_last() -> None:
    """The control: the order above is ours, not luck."""
    shown, asked = SimpleNamespace(fixturenames=["playwright"]), SimpleNamespace(fixturenames=["tmp_path"])
    items: list[Any] = [shown, asked]

    conftest.pytest_collection_modifyitems(items)

    assert items == [asked, shown]
