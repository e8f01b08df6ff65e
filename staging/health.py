"""How the lab is: what runs, what waits, what is reachable, how much room is left; nothing is changed by looking."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from staging.errors import StagingError
from staging.lab import Lab
from staging.store import Verification

LEAST_FREE_BYTES = 1_000_000_000
"""Below it the ledger and a day's pictures may not fit."""
BACKUPS = "backups"


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that was looked at."""

    about: str
    said: str
    fine: bool = True


@dataclass(frozen=True, slots=True)
class Verified:
    """What the last verification in this process found, and when."""

    at: datetime
    found: Verification


_verified: dict[Path, Verified] = {}


def signs(lab: Lab) -> Iterator[Sign]:
    """Yield what can be told at once; the provider is asked by `reach`, the ledger by `verify_now`."""
    yield _engine(lab)
    yield _queue(lab)
    yield _disk(lab.settings.data_dir)
    yield Sign("Ledger", _ledger(lab))
    yield Sign("Audit log", f"{lab.audit.count():,} entries")
    yield Sign("Alerts", _alerts(lab))
    yield _scoring(lab)
    yield Sign("Retention", "every day" if lab.retention.policy().daily else "only when somebody asks for it")
    yield Sign("Last backup", last_backup(lab.settings.data_dir))
    yield _verification(lab)


def _scoring(lab: Lab) -> Sign:
    now = lab.scoring.standing()
    if now.trouble:
        return Sign("Scores", now.trouble, fine=not lab.settings.scoring)
    return Sign("Scores", f"{now.scored:,} outputs scored by scorer {now.version}, {now.new + now.again:,} wait")


def reach(lab: Lab) -> Sign:
    """Ask Replicate who we are; a sentence when it does not answer."""
    if lab.settings.replicate_api_token is None:
        return Sign("Replicate", "not connected: only offline models run")
    try:
        return Sign("Replicate", f"reachable, as {lab.provider_checks.account()}")
    except StagingError as error:
        return Sign("Replicate", str(error), fine=False)


def verify_now(lab: Lab) -> Verified:
    """Derive every digest and total again, and remember what was found until the process ends."""
    checked = Verified(datetime.now(UTC), lab.store.verify(lab.pictures))
    _verified[lab.settings.data_dir] = checked
    return checked


def last_verified(lab: Lab) -> Verified | None:
    """Return what `verify_now` found last in this process; None when it was not asked."""
    return _verified.get(lab.settings.data_dir)


def last_backup(data_dir: Path) -> str:
    """Return when the newest thing in the folder of backups was made; "none" when there is none."""
    try:
        made = [path.stat().st_mtime for path in (data_dir / BACKUPS).iterdir()]
    except OSError:
        made = []
    return f"{datetime.fromtimestamp(max(made), UTC):%-d %b %Y, %H:%M} UTC" if made else "none known here"


def size_words(size_bytes: int) -> str:
    """Return "512 B", "3.4 MB", "1.2 GB"."""
    size, unit = float(size_bytes), "B"
    for bigger in ("kB", "MB", "GB", "TB"):
        if size < 1_000:
            break
        size, unit = size / 1_000, bigger
    return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"


def _engine(lab: Lab) -> Sign:
    if lab.engine.running:
        return Sign("Engine", "running")
    return Sign("Engine", "stopped: nothing that is asked for will end. Start the app again.", fine=False)


def _queue(lab: Lab) -> Sign:
    under_way = sum(lab.store.history.under_way().values())
    return Sign("Queue", f"{under_way} under way, {len(lab.engine.line())} of them waiting for their turn")


def _disk(folder: Path) -> Sign:
    free = shutil.disk_usage(folder).free
    said = f"{size_words(free)} free"
    if free < LEAST_FREE_BYTES:
        return Sign("Disk", f"{said}: make room before the ledger cannot be written", fine=False)
    return Sign("Disk", said)


def _ledger(lab: Lab) -> str:
    path = lab.settings.ledger_path
    sizes = [_size(path), _size(path.with_name(path.name + ".wal"))]
    return f"{size_words(sum(sizes))}, schema {lab.store.schema_version}"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _alerts(lab: Lab) -> str:
    channels = [channel.name for channel in lab.alerts.channels]
    return ", ".join(["the bell", *channels])


def _verification(lab: Lab) -> Sign:
    last = last_verified(lab)
    if last is None:
        return Sign("Last verification", "none since the app was started")
    when = f"{last.at:%-d %b %Y, %H:%M} UTC"
    wrong = len(last.found.differences)
    told = "nothing differs" if not wrong else f"{wrong:,} differ"
    return Sign("Last verification", f"{when}: {last.found.checked:,} things checked, {told}", fine=not wrong)
