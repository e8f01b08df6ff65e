"""One process holds a data folder: DuckDB lets no second one in, and neither do we."""

import fcntl
import json
import os
import socket
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Self

from staging.errors import DataFolderBusy, SettingsRefused

HOLDER_FILE = "holder.lock"


class Claim:
    """The data folder is ours until `release`, or until the process ends in whatever way.

    The operating system drops the lock with the process, so a kill -9 leaves nothing to clean up;
    the text in the file only says who to look for.
    """

    def __init__(self, file: TextIOWrapper) -> None:
        self._file = file

    def release(self) -> None:
        """Let go; a second call does nothing."""
        if not self._file.closed:
            self._file.truncate(0)
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def claim(data_dir: Path) -> Claim:
    """Take the data folder, making it if need be.

    DataFolderBusy names the process that holds it; SettingsRefused when it cannot be written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        file = (data_dir / HOLDER_FILE).open("a+", encoding="utf-8")
    except OSError as error:
        raise SettingsRefused(
            f"The data folder {data_dir} cannot be used ({error.strerror}). "
            "Set STAGING_DATA_DIR to a folder that can be written."
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = _holder(file.read())
        file.close()
        raise DataFolderBusy(
            f"The data folder {data_dir} is held by {holder}. "
            "Stop that one first, or set STAGING_DATA_DIR to another folder."
        ) from None
    except OSError as error:
        file.close()
        raise SettingsRefused(
            f"The data folder {data_dir} cannot be locked ({error.strerror}), so nothing keeps a second process out. "
            "Set STAGING_DATA_DIR to a folder on a local disk."
        ) from None
    file.truncate(0)
    json.dump({"pid": os.getpid(), "host": socket.gethostname(), "started_at": datetime.now(UTC).isoformat()}, file)
    file.flush()
    return Claim(file)


def _holder(text: str) -> str:
    try:
        facts = json.loads(text)
        return f"process {facts['pid']} on {facts['host']}, started {facts['started_at']}"
    except (ValueError, KeyError, TypeError):
        return "another process"
