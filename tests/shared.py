"""What all tests of a session may share, because no test changes it: it costs more than most tests do.

A new ledger with every migration applied, picture readers, and the data folder of a first start.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from staging import images, store
from staging.images_door import Door
from staging.store.connection import LedgerFile
from tests.labs import lab_at


class _SharedDoor(Door):
    """A door that no lab closes: the session does."""

    def close(self) -> None:
        """Nothing: other labs still look through it."""

    def close_for_good(self) -> None:
        """All readers are gone."""
        super().close()


@pytest.fixture(scope="session", autouse=True)
def _readers_shared() -> Iterator[None]:
    """A lab that is given no door of its own shares one: a reader takes an eighth of a second to start."""
    door = _SharedDoor()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(images, "Door", lambda: door)
        yield
    door.close_for_good()


@pytest.fixture(scope="session", autouse=True)
def _migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new ledger is a copy of one that every migration was applied to: the rest of an opening is as it is."""
    migrated = tmp_path_factory.mktemp("migrated") / "ledger.duckdb"
    store.Store.open(migrated).close()

    def ledger_file(path: Path, **options: Any) -> LedgerFile:
        new = not path.exists() and not path.with_name(path.name + ".wal").exists()
        if new and path.parent.exists() and not options.get("read_only"):
            shutil.copyfile(migrated, path)
        return LedgerFile(path, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "LedgerFile", ledger_file)
        yield


@pytest.fixture(scope="session")
def first_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder after its first start, to be copied: reading the sample rooms takes seconds."""
    folder = tmp_path_factory.mktemp("first") / "data"
    with lab_at(folder, sample_rooms=True):
        pass
    return folder
