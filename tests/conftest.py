"""What every test stands on: an environment of its own and a secret that must never show."""

import os
import secrets
from pathlib import Path

import pytest

from staging.config import Settings

pytest_plugins = ["tests.replicate_server_fixtures", "tests.shared", "tests.screens"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those in a browser come last, in their random order.

    Playwright's event loop runs in the main thread from its first test to the end of the session,
    and `asyncio.run` refuses to start beside it.
    """
    items.sort(key=lambda item: "playwright" in getattr(item, "fixturenames", ()))


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own token or data folder is out of a test's reach."""
    for name in list(os.environ):
        if name.upper().startswith(("STAGING_", "REPLICATE_")) and not name.startswith("STAGING_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a data folder of their own."""
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def canary_token() -> str:
    """A token in Replicate's form that nothing else contains: search for it where it must not be."""
    return "r8_" + secrets.token_hex(19)
