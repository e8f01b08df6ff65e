"""A real HTTP server that takes alerts as a webhook does, and can do what receivers do wrong."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class AlertReceiver:
    """Listens on 127.0.0.1; `messages` is what it was sent, whatever it answered."""

    def __init__(self, *, status: int = 200, hang: bool = False, drop: bool = False, drip: bool = False) -> None:
        self.status = status
        self.hang = hang
        """Takes the message and does not answer before the server ends."""
        self.drop = drop
        """Takes the message and closes the connection."""
        self.drip = drip
        """Answers a header a while, and never comes to the end of them."""
        self.taken: Callable[[], None] = lambda: None
        """Called when a message was taken, before it is answered."""
        self.messages: list[str] = []
        self.requests: list[str] = []
        """Each request whole: its line, its headers, its body."""
        self.ended = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                receiver.requests.append(f"{self.requestline}\n{self.headers}\n{body}")
                receiver.messages.append(json.loads(body)["message"])
                receiver.taken()
                if receiver.hang:
                    receiver.ended.wait(60)
                if receiver.drop:
                    return
                if receiver.drip:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                    while not receiver.ended.wait(0.05):
                        self.wfile.write(b"X-Slow: 1\r\n")
                    return
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A sender that was killed, or that did not wait, is no news."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"json://{self.host}/"

    @property
    def times(self) -> Counter[str]:
        """How often each message was taken."""
        return Counter(self.messages)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
