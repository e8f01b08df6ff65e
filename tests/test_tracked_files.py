"""What the repository holds: no secret, no machine's own path, no dead link, no promise of a missing target."""

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parent.parent
MOST_BYTES = 1_000_000

SECRETS = re.compile(
    r"\br8_[A-Za-z0-9]{20,}"  # Replicate
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
)
# Which address a package comes from is each machine's own affair. Letter classes keep this file from naming one.
REGISTRIES = re.compile(
    r"--(?:extra-)?index-url|p[y]pi\.org|p[y]thonhosted\.org|registry\.n[p]mjs|n[p]mjs\.org|d[e]b\.debian\.org"
)


def tracked_files() -> list[Path]:
    """Return what is in git or about to be: what git does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def tracked_texts() -> dict[str, str]:
    texts = {}
    for path in tracked_files():
        try:
            texts[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return texts


def documents() -> dict[str, str]:
    return {path: text for path, text in tracked_texts().items() if path.endswith(".md")}


def own_paths() -> list[str]:
    """Return the folders of this machine that no file may name."""
    return [
        f"{folder}/" for folder in (ROOT, ROOT.parent, Path.home()) if len(folder.parts) > 1 and folder.name != "tmp"
    ]


def holding(pattern: re.Pattern[str], texts: Mapping[str, str]) -> list[str]:
    return [f"{path}: {found.group()}" for path, text in texts.items() for found in [pattern.search(text)] if found]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE))


def promised_targets(text: str) -> set[str]:
    """Return each target that a document tells people to make, in code spans and code blocks."""
    blocks = re.findall(r"^```.*?^```|`[^`\n]+`", text, re.MULTILINE | re.DOTALL)
    calls = [call for block in blocks for call in re.findall(r"\bmake((?: [a-z][a-z-]*)+)", block)]
    return {target for call in calls for target in call.split()}


def links(text: str) -> Iterator[str]:
    """Yield the local links and pictures of a document, without their anchors."""
    prose = re.sub(r"^```.*?^```|`[^`\n]+`", "", text, flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if not re.match(r"[a-z]+:|#", target):
            yield target.split("#")[0]


def dead_links(texts: Mapping[str, str]) -> list[str]:
    return [
        f"{path} → {target}"
        for path, text in texts.items()
        for target in links(text)
        if not (ROOT / PurePosixPath(path).parent / target).exists()
    ]


def test_no_secret_is_tracked(canary_token: str) -> None:
    assert holding(SECRETS, tracked_texts()) == []
    assert holding(SECRETS, {"x": f"token = {canary_token}"}) != []


def test_no_file_says_where_packages_come_from() -> None:
    assert holding(REGISTRIES, tracked_texts()) == []
    assert holding(REGISTRIES, {"x": "pip install --extra-index-" + "url=x"}) != []
    assert holding(REGISTRIES, {"x": "files.python" + "hosted.org"}) != []


def test_no_file_names_a_folder_of_this_machine() -> None:
    paths = re.compile("|".join(re.escape(folder) for folder in own_paths()))

    assert holding(paths, tracked_texts()) == []
    assert holding(paths, {"x": f"see {ROOT}/app.py"}) != []


def test_no_file_is_over_a_megabyte() -> None:
    assert [str(path) for path in tracked_files() if path.stat().st_size > MOST_BYTES] == []


def test_the_documents_name_targets_that_make_knows() -> None:
    promised = {(path, target) for path, text in documents().items() for target in promised_targets(text)}

    assert {target for _, target in promised} >= {"run", "test"}
    assert sorted(entry for entry in promised if entry[1] not in make_targets()) == []


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("run `make no-such-thing`", {"no-such-thing"}),
        ("```\nmake check test\n```", {"check", "test"}),
        ("people make mistakes", set()),
    ],
)
def test_a_promised_target_is_seen(text: str, targets: set[str]) -> None:
    assert promised_targets(text) == targets


def test_every_target_is_explained_by_make_help() -> None:
    explained = set(re.findall(r"^([a-z-]+):.*## \S", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert make_targets() - explained == {"coverage"}  # a part of check


def test_links_between_documents_lead_somewhere() -> None:
    assert dead_links(documents()) == []
    assert dead_links({"docs/x.md": "[gone](nowhere.md#part) ![seen](../README.md)"}) == ["docs/x.md → nowhere.md"]


def test_each_decision_has_a_number_of_its_own_and_a_date() -> None:
    decisions = {path.name: path.read_text() for path in (ROOT / "docs" / "decisions").iterdir()}
    numbers = [name[:5] for name in decisions]

    assert [name for name in decisions if not re.match(r"\d{4}-[a-z0-9-]+\.md$", name)] == []
    assert len(set(numbers)) == len(numbers) > 0
    assert [name for name, text in decisions.items() if not dated(text)] == []
    assert not dated("# A decision\n\nSome time in 2026.\n")


def dated(decision: str) -> bool:
    """True when the line under the title has its day."""
    return re.match(r"# .+\n\n20\d\d-\d\d-\d\d\b", decision) is not None


def promised_tests(text: str) -> set[str]:
    return set(re.findall(r"`(test_\w+)`", text))


def missing_tests(names: Iterable[str]) -> list[str]:
    """Return those that no test file defines."""
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), re.M)
    }
    return sorted(set(names) - there)


def test_every_promise_names_a_test_that_is_there() -> None:
    promised = promised_tests((ROOT / "docs" / "promises.md").read_text(encoding="utf-8"))

    assert len(promised) > 20
    assert missing_tests(promised) == []
    assert missing_tests(["test_that_nobody_wrote"]) == ["test_that_nobody_wrote"]


def test_every_promise_has_a_proof() -> None:
    rows = [line for line in (ROOT / "docs" / "promises.md").read_text().splitlines() if line.startswith("| ")]

    assert [row for row in rows if not promised_tests(row) and row != "| promise | proof |"] == []
