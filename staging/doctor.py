"""What a person looking after the lab wants to know first, a line each."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from staging.claim import claim
from staging.config import Settings
from staging.errors import StagingError
from staging.people import People
from staging.providers.offline import missing_packages
from staging.signin import faults, sign_in_wanted
from staging.store import Store

_PACKAGES = ("streamlit", "duckdb", "replicate", "pydantic", "pillow", "pillow-heif")
_LEAST_FREE_BYTES = 1_000_000_000
"""Below it the ledger and a day's pictures may not fit."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, what was found, and whether it is fine."""

    about: str
    said: str
    fine: bool = True


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield the findings, from the ground up; nothing is changed."""
    yield Finding("python", platform.python_version(), fine=(3, 11) <= sys.version_info[:2] < (3, 14))
    yield _packages()
    yield _offline()
    yield _token(settings)
    yield _writable(settings.data_dir)
    yield _free(settings.data_dir)
    yield from _sign_in(settings)
    if settings.data_dir.exists():
        yield _said("holder", lambda: _holder(settings.data_dir))
        yield _said("ledger", lambda: _ledger(settings.ledger_path))


def _packages() -> Finding:
    found, missing = [], []
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    said = ", ".join(found) + (f"; missing: {', '.join(missing)}. Run `make install`." if missing else "")
    return Finding("packages", said, fine=not missing)


def _offline() -> Finding:
    if missing := missing_packages():
        return Finding("offline staging", f"not here ({', '.join(missing)} missing): `make install` brings it")
    return Finding("offline staging", "here")


def _token(settings: Settings) -> Finding:
    given = settings.replicate_api_token is not None
    return Finding("Replicate token", "set" if given else "not set: only offline models run")


def _sign_in(settings: Settings) -> Iterator[Finding]:
    if not sign_in_wanted(settings):
        yield Finding("sign-in", "not set up: one local admin, on this machine only (docs/sign_in.md)")
        return
    wrong = faults(settings, admins_known=_admin_by_page(settings))
    for fault in wrong:
        yield Finding("sign-in", fault, fine=False)
    if not wrong:
        yield Finding("sign-in", f"set up; the identity provider must know {settings.public_url}/oauth2callback")


def _admin_by_page(settings: Settings) -> bool:
    """Return whether the People page has an admin; True when the ledger cannot be asked, which is said below."""
    if settings.admins or not settings.ledger_path.exists():
        return bool(settings.admins)
    try:
        store = Store.read(settings.ledger_path)
    except StagingError:
        return True
    try:
        return People(settings, store).any_admin()
    finally:
        store.close()


def _writable(folder: Path) -> Finding:
    nearest = _nearest(folder)
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return Finding("data folder", f"{folder} cannot be written: set STAGING_DATA_DIR to one that can", fine=False)
    made = "" if folder.exists() else ", made at the first start"
    return Finding("data folder", f"{folder.resolve()}, writable{made}")


def _free(folder: Path) -> Finding:
    free = shutil.disk_usage(_nearest(folder)).free
    said = f"{free / 1e9:.1f} GB free"
    if free < _LEAST_FREE_BYTES:
        return Finding("disk", f"{said}: make room before the ledger cannot be written", fine=False)
    return Finding("disk", said)


def _holder(folder: Path) -> str:
    claim(folder).release()
    return "nobody"


def _ledger(path: Path) -> str:
    if not path.exists():
        return "none yet, made at the first start"
    store = Store.read(path)
    try:
        return f"schema {store.schema_version}, {path.stat().st_size / 1e6:.1f} MB"
    finally:
        store.close()


def _said(about: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(about, look())
    except StagingError as error:
        return Finding(about, str(error), fine=False)


def _nearest(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
