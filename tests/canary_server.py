"""A server that must not be asked: it writes down every request, and answers with a picture.

It answers absolute addresses too, so it can stand in for an HTTP proxy.
"""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

PICTURE = b"\x89PNG\r\n\x1a\n not really"


@dataclass(frozen=True, slots=True)
class Heard:
    """One request."""

    method: str
    target: str
    headers: dict[str, str] = field(default_factory=dict)


class CanaryServer:
    """Listens on 127.0.0.1 (and so on every name and number that leads there)."""

    def __init__(self, body: bytes = PICTURE, content_type: str = "image/png") -> None:
        self.heard: list[Heard] = []
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class calls it so
                pass

            def _answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                heard.append(Heard(self.command, self.path, headers))
                self.send_response(200)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Set-Cookie", "seen=1")
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_CONNECT = _answer

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
