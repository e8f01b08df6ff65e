"""`python -m staging …`: look after a lab that is stopped.

doctor          what is here, and what is wrong
verify          every digest and total derived again; what differs is printed
export DIR      the ledger as Parquet and CSV
rate VOTES.csv  ratings of blind votes from anywhere, no lab needed
score A B       what became of the room in picture A in picture B, no lab needed
demo            a month of demo history, into an empty data folder
stage IN        the photo of an empty room, furnished, no lab needed
"""

import argparse
import json
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from staging.claim import claim
from staging.config import Settings, read_settings
from staging.doctor import examine
from staging.errors import NotFound, SettingsRefused, StagingError
from staging.images import Pictures
from staging.lab import open_lab
from staging.ratings import rate
from staging.ratings_csv import COLUMNS, as_json, as_text, read_ballots
from staging.score_files import score_files
from staging.stager.shell import add_stage, stage_photo
from staging.store import Store

FINE, DIFFERS, REFUSED = 0, 1, 2
"""Exit codes: nothing to say; something differs or is wrong; it could not be looked at."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors are one sentence on the error output."""
    parser = argparse.ArgumentParser(prog="python -m staging", description="Look after a lab that is stopped.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="what is here, and what is wrong")
    commands.add_parser("verify", help="derive every digest and total again and print what differs")
    exported = commands.add_parser("export", help="write the ledger as Parquet and CSV")
    exported.add_argument("folder", type=Path, metavar="DIR", help="made when it is not there")
    rated = commands.add_parser("rate", help="rate blind votes from a CSV file; no lab is needed")
    rated.add_argument("votes", type=Path, metavar="VOTES.csv", help=f"its columns: {', '.join(COLUMNS)}")
    rated.add_argument("--json", action="store_true", help="print JSON for programs")
    scored = commands.add_parser("score", help="score a model's output against its room; no lab is needed")
    scored.add_argument("original", type=Path, metavar="ORIGINAL", help="the photo of the room")
    scored.add_argument("output", type=Path, metavar="OUTPUT", help="what a model made of it")
    scored.add_argument("--openings", type=Path, metavar="FILE", help="outlines of doors and windows as JSON")
    scored.add_argument("--overlay", type=Path, metavar="FILE", help="write the picture of why, as PNG")
    scored.add_argument("--json", action="store_true", help="print JSON for programs")
    add_stage(commands)
    commands.add_parser("demo", help="write a month of demo history into an empty data folder")
    asked = parser.parse_args(arguments)
    try:
        if asked.command == "score":
            print(score_files(asked.original, asked.output, asked.openings, asked.overlay, in_json=asked.json))
            return FINE
        if asked.command == "rate":
            return rate_votes(asked.votes, in_json=asked.json)
        if asked.command == "stage":
            return stage(asked)
        settings = read_settings()
        if asked.command == "doctor":
            return doctor(settings)
        if asked.command == "demo":
            return demo(settings)
        if asked.command == "verify":
            return verify(settings)
        return export(settings, asked.folder)
    except StagingError as error:
        print(error, file=sys.stderr)
        return REFUSED


def doctor(settings: Settings) -> int:
    """Print what is found, a line each; DIFFERS when something is wrong."""
    findings = list(examine(settings))
    for finding in findings:
        print(f"{'ok   ' if finding.fine else 'WRONG'} {finding.about}: {finding.said}")
    return FINE if all(finding.fine for finding in findings) else DIFFERS


def verify(settings: Settings) -> int:
    """Print every difference between the ledger, its pictures and its totals; DIFFERS when there is one."""
    _refuse_absent(settings)
    with claim(settings.data_dir):
        store = Store.read(settings.ledger_path, settings.time_zone)
        pictures = Pictures(settings.data_dir / "pictures", secrets.token_bytes(32))  # no link is signed here
        try:
            found = store.verify(pictures)
        finally:
            pictures.close()
            store.close()
    for difference in found.differences:
        print(difference)
    print(f"{found.checked:,} things checked, {len(found.differences):,} differ.")
    return DIFFERS if found.differences else FINE


def export(settings: Settings, folder: Path) -> int:
    """Write the ledger into the folder and print what was written."""
    _refuse_absent(settings)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsRefused(f"{folder} cannot be used ({error.strerror}): name a folder that can be made.") from None
    with claim(settings.data_dir):
        store = Store.read(settings.ledger_path, settings.time_zone, export_to=folder.resolve())
        try:
            written = store.export(folder.resolve())
        finally:
            store.close()
    for name, rows in written.items():
        print(f"{folder / name}: {rows:,} rows")
    return FINE


def rate_votes(path: Path, *, in_json: bool) -> int:
    """Print the ratings of the votes in the file: the Leaderboard page's, by the same code."""
    ratings = rate(read_ballots(path))
    print(json.dumps(as_json(ratings), indent=2, ensure_ascii=False) if in_json else as_text(ratings))
    return FINE


def stage(asked: argparse.Namespace) -> int:
    """Furnish one photo and print what was found; on a terminal, how far it is."""

    def progress(share: float, step: str) -> None:
        if sys.stderr.isatty():
            print(f"\r{share:4.0%} {step:<40}", end="" if share < 1 else "\n", file=sys.stderr)

    for line in stage_photo(asked, progress):
        print(line)
    return FINE


def demo(settings: Settings) -> int:
    """Make the demo history, unless it is there, and print what it came to; interrupted, it goes on next time."""
    # The demo's pictures are scored here, once each, and nobody is told of its made-up budgets.
    lab = open_lab(settings.model_copy(update={"scoring": False, "alert_urls": ()}))
    try:
        if lab.demo.whole():
            print("The demo history is there already.")
            return FINE
        made = lab.demo.make(datetime.now(UTC), lambda share, step: print(f"{share:4.0%} {step}", flush=True))
    except KeyboardInterrupt:
        print("\nStopped. Nothing is lost: start the demo again, and it goes on with the next room.", file=sys.stderr)
        return REFUSED
    finally:
        lab.close()
    print(f"{made.pictures} pictures made, {made.predictions} predictions and {made.votes} votes written.")
    return FINE


def _refuse_absent(settings: Settings) -> None:
    """Raise before a data folder is made only to find nothing in it."""
    if not settings.ledger_path.exists():
        raise NotFound(f"There is no ledger at {settings.ledger_path}: start the app once, or set STAGING_DATA_DIR.")


if __name__ == "__main__":
    sys.exit(main())
