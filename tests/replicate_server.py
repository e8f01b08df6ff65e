"""A real HTTP server that speaks Replicate's API, for tests and for showing the token path by hand.

By hand: `make replicate-server`, or `python -m tests.replicate_server --port 8123 --seconds 6`.
In tests: the fixture `replicate_server` (tests/replicate_server_fixtures.py), or ReplicateServer itself.

It runs as a process of its own, so that killing the app leaves it, its bill and its clock alive. It ends
when the process that started it does. What it knows of the API is facts/replicate.md; its shapes are held
against recorded exchanges by tests/test_replicate_server.py.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import urllib.request
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.replicate_server_options import Fault, ServerOptions, fault_from_json

_REPOSITORY = Path(__file__).parents[1]


class ReplicateServer:
    """The server in a process of its own; a context manager that starts and stops it."""

    def __init__(self, **options: Any) -> None:
        self.options = ServerOptions(**options)
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Return the server's URL ("http://127.0.0.1:…") once it answers."""
        command = [sys.executable, "-m", "tests.replicate_server", "--options", json.dumps(self.options.as_json())]
        self._process = subprocess.Popen(
            command, cwd=_REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | _QUIET
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().decode().strip()
        if not self.url:
            raise RuntimeError(f"the test server ended with {self._process.wait()}")
        return self.url

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def host(self) -> str:
        """Host and port, as STAGING_OUTPUT_HOSTS takes them."""
        return self.url.removeprefix("http://")

    @property
    def token(self) -> str:
        """The word it takes for a token."""
        return self.options.token

    @property
    def environment(self) -> dict[str, str]:
        """What the app needs in its environment to use this server."""
        return {
            "REPLICATE_BASE_URL": self.url,
            "REPLICATE_API_TOKEN": self.token,
            "STAGING_OUTPUT_HOSTS": self.host,
        }

    def reset(self, **options: Any) -> None:
        """Forget everything; go on with the options it was made with, these changed."""
        self._tell("POST", "reset", replace(self.options, **options).as_json())

    def add_faults(self, *faults: Fault) -> None:
        """Let these things go wrong from now on."""
        self._tell("POST", "faults", [_as_json(fault) for fault in faults])

    def clear_faults(self) -> None:
        """Let nothing more go wrong."""
        self._tell("DELETE", "faults")

    def advance(self, seconds: float) -> None:
        """Move the server's clock on."""
        self._tell("POST", "clock", {"advance_seconds": seconds})

    def ledger(self) -> dict[str, Any]:
        """Return every prediction taken on and every call counted (see Book.ledger)."""
        ledger: dict[str, Any] = self._tell("GET", "ledger")
        return ledger

    def billed(self) -> list[dict[str, Any]]:
        """Return the predictions that are billed."""
        return [prediction for prediction in self.ledger()["predictions"] if prediction["billed"]]

    def _tell(self, method: str, path: str, value: Any = None) -> Any:
        body = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(f"{self.url}/_test/{path}", body, method=method)
        # No proxy of the environment stands between a test and its server.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=10) as answer:
            return json.load(answer)


_QUIET = {"PYTHONUNBUFFERED": "1"}


def _as_json(fault: Fault) -> dict[str, Any]:
    values: dict[str, Any] = ServerOptions(faults=(fault,)).as_json()["faults"][0]
    return values


def main(arguments: list[str] | None = None) -> None:
    """Serve until stopped, having said what to export."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.replicate_server", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--seconds", type=float, default=6.0, help="how long a prediction runs, on average")
    parser.add_argument("--tiny", action="store_true", help="give out one tiny picture: for load")
    parser.add_argument("--fault", action="append", default=[], help='a fault as JSON: {"on":"create","status":402}')
    parser.add_argument("--options", help="every option as JSON; the rest is ignored, and standard input is watched")
    told = parser.parse_args(arguments)
    if told.options:
        options = ServerOptions.from_json(json.loads(told.options))
    else:
        faults = tuple(fault_from_json(json.loads(fault)) for fault in told.fault)
        options = ServerOptions(
            port=told.port, seconds=told.seconds, queue_seconds=1.0, tiny_outputs=told.tiny, faults=faults
        )
    from tests.replicate_server_http import Server

    server = Server(options)
    if told.options:
        print(server.address, flush=True)
        threading.Thread(target=_end_with_parent, daemon=True).start()
    else:
        print(f"A stand-in for Replicate is at {server.address}. In another shell:\n")
        host = server.address.removeprefix("http://")
        print(f"  export REPLICATE_BASE_URL={server.address}")
        print(f"  export REPLICATE_API_TOKEN={options.token}")
        print(f"  export STAGING_OUTPUT_HOSTS={host}\n  make run\n", flush=True)
    try:
        server.serve_forever(poll_interval=0.1)
    except KeyboardInterrupt:
        server.server_close()


def _end_with_parent() -> None:
    """End this process when standard input closes: whoever started it is gone."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
