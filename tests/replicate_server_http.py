"""The HTTP side of the test server: parse a request, let a fault strike, answer."""

import contextlib
import json
import os
import socket
import struct
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests import replicate_server_shapes as shapes
from tests.replicate_server_book import Book
from tests.replicate_server_options import Fault, ServerOptions, fault_from_json
from tests.replicate_server_pictures import OutputPictures, not_a_picture
from tests.replicate_server_routes import PROBLEM, Answer, Api, Request, kind_of
from tests.replicate_server_webhooks import Webhooks

_BLOCK = bytes(256 * 1024)
_MINUTE_LIMITS = {"create": 600, "get": 60000}


class Server(ThreadingHTTPServer):
    """Listens at once; `address` is where."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, options: ServerOptions) -> None:
        self._begin(options)
        super().__init__(("127.0.0.1", options.port), Handler)
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        self.webhooks = Webhooks(lambda: self.api, self.address)

    def restart(self, options: ServerOptions) -> None:
        """Forget everything and go on with these options."""
        forgotten = self.book
        self._begin(options)
        forgotten.move_clock(0)  # wakes the webhooks: they look at the new book from now on

    def _begin(self, options: ServerOptions) -> None:
        self.book = Book(options)
        self.api = Api(self.book, OutputPictures(options.tiny_outputs))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when a client hangs up; show anything else."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name for it
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer a GET."""
        self._handle()

    def do_POST(self) -> None:
        """Answer a POST."""
        self._handle()

    def do_DELETE(self) -> None:
        """Answer a DELETE."""
        self._handle()

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            base_url=self.server.address,
        )
        if request.path.startswith("/_test/"):
            self._send(self._control(request))
        elif request.path.startswith("/delivery/"):
            self._deliver(request)
        else:
            self._answer_api(request)

    def _answer_api(self, request: Request) -> None:
        api, book = self.server.api, self.server.book
        kind = kind_of(request)
        book.calls[kind] += 1
        if book.options.latency_seconds:
            time.sleep(book.options.latency_seconds)
        fault = book.fault(kind, api.model_asked_for(request) if kind == "create" else None)
        if fault and fault.do in ("silent", "reset"):
            self._hang_up(fault)
            return
        refused = fault is not None and fault.do == "refuse"
        answer = _refusal(fault) if fault and refused else api.answer(kind, request)
        limit = _MINUTE_LIMITS.get(kind, 3000)
        answer.headers |= {"ratelimit-remaining": str(limit - 1), "ratelimit-reset": "1"}
        with book.lock:
            book.answers[f"{kind} {answer.status}"] += 1
        if fault and not refused:
            self._spoil(fault, answer)
        else:
            self._send(answer)

    def _spoil(self, fault: Fault, answer: Answer) -> None:
        """Send the answer of a call that was done, as the fault has it."""
        if fault.do == "lost":
            self._hang_up(fault)
        elif fault.do == "truncated":
            self._send(answer, cut=True)
        elif fault.do == "drip":
            self._send(answer, drip_seconds=fault.seconds)
        elif fault.do == "html":
            status = fault.status if fault.status != 503 else 502
            self._send(Answer(status, b"<html><body><h1>502 Bad Gateway</h1></body></html>", "text/html"))
        elif fault.do == "list":
            self._send(Answer(answer.status, b'["not", "an", "object"]', "application/json"))
        elif fault.do == "answer":
            shown = json.loads(answer.body) | dict(fault.fields)
            shown = {name: value for name, value in shown.items() if name not in fault.drop}
            self._send(Answer(answer.status, json.dumps(shown).encode(), answer.content_type, answer.headers))
        else:
            time.sleep(fault.seconds)
            self._send(answer)

    def _hang_up(self, fault: Fault) -> None:
        if fault.do == "silent":
            time.sleep(fault.seconds)
        self.close_connection = True
        with contextlib.suppress(OSError):
            if fault.do == "reset":
                # Linger 0 and a close without a shutdown: the kernel sends RST instead of FIN.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                os.close(self.connection.detach())
            else:
                self.connection.shutdown(socket.SHUT_RDWR)

    def _deliver(self, request: Request) -> None:
        api, book = self.server.api, self.server.book
        with book.lock:
            book.calls["output"] += 1
            book.authorized_downloads += "authorization" in request.headers
        fault = book.fault("output", api.model_of_output(request.path))
        if fault is None:
            self._send(api.output(request.path))
        elif fault.do in ("silent", "reset"):
            self._hang_up(fault)
        elif fault.do == "refuse":
            self._send(Answer(fault.status, b"Not here.", "text/plain", dict(fault.headers)))
        elif fault.do == "html":
            self._send(Answer(200, not_a_picture(), "text/html"))
        elif fault.do == "redirect":
            self._send(Answer(302, b"", "text/plain", {"Location": fault.location}))
        elif fault.do == "huge":
            self._send_zeros(fault.size_bytes)
        elif fault.do == "drip":
            self._send(api.output(request.path), drip_seconds=fault.seconds)
        else:
            time.sleep(fault.seconds if fault.do == "late" else 0)
            self._send(api.output(request.path), cut=fault.do == "truncated")

    def _send(self, answer: Answer, cut: bool = False, drip_seconds: float = 0.0) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if cut:
            self.send_header("Connection", "close")
        self.end_headers()
        body = answer.body[: len(answer.body) // 2] if cut else answer.body
        for byte in body if drip_seconds else b"":
            self.wfile.flush()
            time.sleep(drip_seconds)
            self.wfile.write(bytes([byte]))
        self.wfile.write(b"" if drip_seconds else body)
        self.wfile.flush()

    def _send_zeros(self, size_bytes: int) -> None:
        """Send so many zeros in chunks, the length untold."""
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in _blocks(size_bytes):
            self.wfile.write(f"{len(_BLOCK):x}\r\n".encode() + _BLOCK + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _control(self, request: Request) -> Answer:
        """Obey the test."""
        server, book = self.server, self.server.book
        told: Any = json.loads(request.body or b"{}")
        if request.path == "/_test/ledger":
            return Answer.json(200, book.ledger())
        if request.path == "/_test/clock":
            book.move_clock(float(told["advance_seconds"]))
            return Answer.json(200, {"now": book.now()})
        if request.path == "/_test/faults" and request.method == "DELETE":
            book.clear_faults()
            return Answer.json(200, {})
        if request.path == "/_test/faults":
            book.add_faults(tuple(fault_from_json(fault) for fault in told))
            return Answer.json(200, {})
        if request.path == "/_test/reset":
            server.restart(ServerOptions.from_json(told))
            return Answer.json(200, {})
        return Answer.json(404, shapes.error_body(404))


def _refusal(fault: Fault) -> Answer:
    headers = dict(fault.headers)
    if fault.status == 429 and fault.body is None:
        body: Any = shapes.throttled(fault.seconds)
        headers = headers or {"Retry-After": str(body["retry_after"])}
    elif fault.status == 422 and fault.body is None:
        body = shapes.INVALID_VERSION
    else:
        body = shapes.error_body(fault.status) if fault.body is None else fault.body
    if isinstance(body, str):
        return Answer(fault.status, body.encode(), "text/plain", headers)
    return Answer.json(fault.status, body, PROBLEM, headers)


def _blocks(size_bytes: int) -> Iterator[int]:
    return iter(range(0, size_bytes, len(_BLOCK)))
