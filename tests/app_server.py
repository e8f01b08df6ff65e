"""The real app as a child process on a free port, for browser tests and benches."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120
STOP_SECONDS = 60


class AppServer:
    """`streamlit run app.py` with an environment and a data folder of its own."""

    def __init__(
        self, data_dir: Path, environment: Mapping[str, str] | None = None, script: Path = ROOT / "app.py"
    ) -> None:
        self.data_dir = data_dir
        self.script = script
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path = data_dir.with_suffix(".log")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not _sets_the_app(name)},
            "STAGING_DATA_DIR": str(data_dir),
            # A scorer beside every app of every test would take the core that the others wait for.
            "STAGING_SCORING": "false",
            **(environment or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it and wait until it is healthy; RuntimeError with its log when it ends instead."""
        self.spawn()
        self.wait_until_healthy()
        return self

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start it and wait for nothing."""
        command = [sys.executable, "-m", "streamlit", "run", str(self.script), "--server.port", str(self.port)]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )
        return self._process

    def wait_until_healthy(self) -> None:
        """Return once the server answers on its health route."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._ended_within(0.02):
                raise RuntimeError(f"The app ended at its start:\n{self.log()}")
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                continue
        self.kill()
        raise RuntimeError(f"The app was not healthy within {START_SECONDS} s:\n{self.log()}")

    def stop(self) -> float:
        """Ask it to end (SIGTERM) and return the seconds that took; RuntimeError when it does not."""
        started = time.monotonic()
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            if not self._ended_within(STOP_SECONDS):
                self.kill()
                raise RuntimeError(f"The app did not end within {STOP_SECONDS} s of SIGTERM:\n{self.log()}")
            self._process = None
        return time.monotonic() - started

    def kill(self) -> None:
        """End it at once (SIGKILL), as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def log(self) -> str:
        """All that it printed so far, over all its starts."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def _ended_within(self, seconds: float) -> bool:
        if self._process is None:
            return True
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


def _sets_the_app(name: str) -> bool:
    return name.upper().startswith(("STAGING_", "REPLICATE_", "STREAMLIT_"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
