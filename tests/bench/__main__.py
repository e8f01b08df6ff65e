"""`python -m tests.bench [subject …]` measures, prints a table and writes bench.json.

Without subjects everything is measured; `start` is bench_start.py alone. `--document FILE` also puts
the table between the marks in that file.
"""

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.figures import Figure, table

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BEGIN, END = "<!-- make bench: begin -->", "<!-- make bench: end -->"


def benches(subjects: Sequence[str], folder: Path = HERE) -> list[Callable[[], list[Figure]]]:
    """Return the bench functions of the subjects (all when none is named); SystemExit for an unknown one."""
    known = {path.stem.removeprefix("bench_"): path.stem for path in sorted(folder.glob("bench_*.py"))}
    if unknown := set(subjects) - set(known):
        sys.exit(f"No bench {', '.join(sorted(unknown))}. Known: {', '.join(known)}.")
    modules = [
        importlib.import_module(f"tests.bench.{name}") for key, name in known.items() if key in (subjects or known)
    ]
    return [bench for module in modules for name, bench in vars(module).items() if name.startswith("bench_")]


def machine() -> dict[str, str]:
    """Return what the figures hold for: the commit, the day and the machine."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "commit": commit.stdout.strip(),
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}",
    }


def write_document(path: Path, about: dict[str, str], figures: Sequence[Figure]) -> None:
    """Put the table between the marks of the document; ValueError when it has none."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{path} has no place for the table: {BEGIN} … {END}")
    told = f"Measured {about['measured_at'][:10]} at {about['commit']} on {about['machine']}."
    path.write_text(f"{before}{BEGIN}\n{told}\n\n{table(figures)}\n{END}{after}", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; return 1 when a figure could not be taken (a missed goal is told, not an error)."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("subjects", nargs="*")
    parser.add_argument("--output", type=Path, default=ROOT / "bench.json")
    parser.add_argument("--document", type=Path)
    chosen = parser.parse_args(arguments)
    figures: list[Figure] = []
    failed = []
    for bench in benches(chosen.subjects):
        print(f"{bench.__module__}.{bench.__name__} …", file=sys.stderr, flush=True)
        try:
            figures += bench()
        except Exception:  # noqa: BLE001 - the other figures are still worth taking
            traceback.print_exc()
            failed.append(bench.__name__)
    about = machine()
    print(table(figures))
    chosen.output.write_text(
        json.dumps({**about, "figures": [figure.as_record() for figure in figures]}, indent=2) + "\n"
    )
    if chosen.document:
        write_document(chosen.document, about, figures)
    missed = [figure.name for figure in figures if figure.met() is False]
    if missed:
        print(f"Missed: {', '.join(missed)}.")
    if failed:
        print(f"Not measured: {', '.join(failed)}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
