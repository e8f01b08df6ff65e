"""What the test server answers to each call of Replicate's API, faults aside."""

import base64
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import urlencode

from tests import replicate_server_shapes as shapes
from tests.replicate_server_book import NEVER, Book, KeptFile, Run
from tests.replicate_server_judge import fake_answer, pieces
from tests.replicate_server_models import ServedModel, input_faults, model_of_slug, model_of_version
from tests.replicate_server_pictures import MEDIA_TYPES, OutputPictures

PROBLEM = "application/problem+json"
WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"staging-lab-test-webhook").decode()
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

_ROUTES = (
    ("POST", r"/v1/predictions", "create"),
    ("POST", r"/v1/models/([^/]+/[^/]+)/predictions", "create"),
    ("POST", r"/v1/deployments/([^/]+/[^/]+)/predictions", "create"),
    ("GET", r"/v1/predictions", "list"),
    ("GET", r"/v1/predictions/([^/]+)", "get"),
    ("POST", r"/v1/predictions/([^/]+)/cancel", "cancel"),
    ("POST", r"/v1/files", "upload"),
    ("GET", r"/v1/files", "file"),
    ("GET", r"/v1/files/([^/]+)", "file"),
    ("DELETE", r"/v1/files/([^/]+)", "file"),
    ("GET", r"/v1/account", "account"),
    ("GET", r"/v1/models/([^/]+/[^/]+)", "model"),
    ("GET", r"/v1/models/([^/]+/[^/]+)/versions/([^/]+)", "model"),
    ("GET", r"/v1/hardware", "hardware"),
    ("GET", r"/v1/webhooks/default/secret", "webhook"),
)
_COMPILED = tuple((method, re.compile(pattern + "$"), kind) for method, pattern, kind in _ROUTES)


@dataclass(frozen=True, slots=True)
class Request:
    """One request, header names in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    base_url: str


@dataclass(slots=True)
class Answer:
    """One answer."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(
        cls, status: int, value: Any, content_type: str = "application/json", headers: dict[str, str] | None = None
    ) -> "Answer":
        """Return an answer with this JSON."""
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status, body, content_type, dict(headers or {}))


def kind_of(request: Request) -> str:
    """Return the kind of call; "unknown" when the API has none at this address."""
    return _match(request)[0]


def _match(request: Request) -> tuple[str, tuple[str, ...]]:
    for method, pattern, kind in _COMPILED:
        if method == request.method and (found := pattern.match(request.path)):
            return kind, found.groups()
    return "unknown", ()


class Api:
    """Answers every call by the book."""

    def __init__(self, book: Book, pictures: OutputPictures) -> None:
        self.book = book
        self._pictures = pictures

    def answer(self, kind: str, request: Request) -> Answer:
        """Return the answer; 401 without the token, 404 for what is not there."""
        if request.headers.get("authorization") != f"Bearer {self.book.options.token}":
            return Answer.json(401, shapes.error_body(401), PROBLEM)
        _, names = _match(request)
        if kind == "unknown":
            return _missing()
        answer: Answer = getattr(self, f"_{kind}")(request, *names)
        return answer

    def model_asked_for(self, request: Request) -> str | None:
        """Return the slug a create asks for; None when that cannot be told."""
        model, _ = self._resolve(request)
        return model.slug if model else None

    def _resolve(self, request: Request) -> tuple[ServedModel | None, str]:
        _, names = _match(request)
        if request.path.startswith("/v1/models/"):
            return model_of_slug(names[0]), "hidden"
        if request.path.startswith("/v1/deployments/"):
            return model_of_slug(names[0]), "dp-" + names[0].encode().hex().ljust(32, "0")[:32]
        asked = _json(request)
        version = str(asked.get("version", "")) if isinstance(asked, dict) else ""
        model = model_of_version(version)
        return model, "hidden" if model and model.official else version.rpartition(":")[2]

    def _create(self, request: Request, *_names: str) -> Answer:
        book = self.book
        if (seconds := book.take_create()) > 0:
            body = shapes.throttled(seconds)
            return Answer.json(429, body, PROBLEM, {"Retry-After": str(body["retry_after"])})
        asked = _json(request)
        if not isinstance(asked, dict) or not isinstance(asked.get("input"), dict):
            fault = {"type": "required", "field": "input", "description": "input is required"}
            return Answer.json(422, shapes.invalid_input([fault]), PROBLEM)
        model, version = self._resolve(request)
        if model is None and request.path == "/v1/predictions":
            return Answer.json(422, shapes.INVALID_VERSION, PROBLEM)
        if model is None or (request.path.startswith("/v1/models/") and not model.official):
            return _missing()
        if faults := input_faults(model, asked["input"]):
            return Answer.json(422, shapes.invalid_input(faults), PROBLEM)
        kept: dict[str, str] = {
            name: request.headers[name] for name in ("prefer", "cancel-after") if name in request.headers
        }
        run = book.begin(model, version, asked["input"], kept, _seconds(kept.get("cancel-after")))
        if model.text and "output" not in run.overlay:
            run.overlay |= {"output": pieces(fake_answer(self._files(run)))}
        self._refuse_expired_files(run, request.base_url)
        if webhook := asked.get("webhook"):
            events = tuple(asked.get("webhook_events_filter") or ("start", "output", "logs", "completed"))
            with book.lock:
                run.webhook, run.webhook_events = str(webhook), events
                book.changed.notify_all()
        return self._created(run, request.base_url, kept.get("prefer", ""))

    def _created(self, run: Run, base_url: str, prefer: str) -> Answer:
        """Return the answer to a create, after waiting for it when that was preferred."""
        if not prefer.startswith("wait"):
            return Answer.json(201, shapes.prediction(self.book, run, base_url, fresh=True))
        wait = min(60.0, float(prefer.partition("=")[2] or 60))
        self.book.wait_until_over(run, wait)
        shown = shapes.prediction(self.book, run, base_url)
        if shown["status"] == "succeeded":
            # As recorded in 2024: still "processing", the output inline, no metrics yet.
            inline = [self._data_uri(run, index) for index in range(len(run.output_names))]
            shown |= {"status": "processing", "output": inline if run.model.listed else inline[0]}
            for name in ("metrics", "completed_at"):
                shown.pop(name, None)
        return Answer.json(201, shown, headers={"Preference-Applied": prefer})

    def _data_uri(self, run: Run, index: int) -> str:
        media_type, content = self._encoded(run, index)
        return f"data:{media_type};base64,{base64.b64encode(content).decode()}"

    def _refuse_expired_files(self, run: Run, base_url: str) -> None:
        """Let the run fail when it is given a file of this server that is gone."""
        prefix = f"{base_url}/v1/files/"
        for url in _strings(run.input):
            if url.startswith(prefix) and self.book.file(url.removeprefix(prefix)) is None:
                error = f"404 Client Error: Not Found for url: {url}"
                run.overlay |= {"status": "failed", "error": error, "output": None}

    def _files(self, run: Run) -> list[bytes]:
        """Return the files of this server among the inputs, in order."""
        found = (self.book.files.get(text.rpartition("/")[2]) for text in _strings(run.input) if "/v1/files/" in text)
        return [kept.content for kept in found if kept is not None]

    def _get(self, request: Request, run_id: str) -> Answer:
        run = self.book.run(run_id)
        return Answer.json(200, shapes.prediction(self.book, run, request.base_url)) if run else _missing()

    def _cancel(self, request: Request, run_id: str) -> Answer:
        run = self.book.run(run_id)
        if run is None:
            return _missing()
        self.book.cancel(run)
        return Answer.json(200, shapes.prediction(self.book, run, request.base_url))

    def _list(self, request: Request) -> Answer:
        """A page, newest first. A cursor is a direction and the ordinal that the page starts beyond."""
        book, query = self.book, request.query
        # Times are told in microseconds: half of one must not hide the prediction that was told.
        after, before = _moment(query.get("created_after"), 0.0) - 1e-6, _moment(query.get("created_before"), NEVER)
        direction, _, ordinal = query.get("cursor", "").partition("-")
        with book.lock:
            fitting = [run for run in book.runs if not run.vanished and after <= run.created < before - 2e-6]
        fitting.reverse()
        size = book.options.page_size
        if direction == "p":
            newer = [run for run in fitting if run.ordinal > int(ordinal)]
            page = newer[-size:]
        else:
            page = [run for run in fitting if not direction or run.ordinal < int(ordinal)][:size]

        def link(towards: str, run: Run) -> str:
            kept = {name: query[name] for name in ("created_after", "created_before") if name in query}
            return f"{request.base_url}/v1/predictions?{urlencode(kept | {'cursor': f'{towards}-{run.ordinal}'})}"

        older = bool(page) and page[-1].ordinal != fitting[-1].ordinal
        newer_left = bool(page) and page[0].ordinal != fitting[0].ordinal
        shown = {
            "previous": link("p", page[0]) if newer_left else None,
            "next": link("n", page[-1]) if older else None,
            "results": [shapes.prediction(book, run, request.base_url, listed=True) for run in page],
        }
        return Answer.json(200, shown)

    def _upload(self, request: Request) -> Answer:
        parts = _multipart(request)
        if "content" not in parts:
            detail = {"detail": "Missing content", "status": 400}
            return Answer.json(400, detail, PROBLEM)
        name, content_type, content = parts["content"]
        metadata = json.loads(parts["metadata"][2]) if "metadata" in parts else {}
        kept = self.book.keep_file(name, content_type, content, metadata)
        return Answer.json(201, shapes.file(kept, self.book, request.base_url), "application/json; charset=UTF-8")

    def _file(self, request: Request, file_id: str = "") -> Answer:
        book, content_type = self.book, "application/json; charset=UTF-8"
        if not file_id:
            alive = [kept for kept in book.files.values() if book.file(kept.id)]
            results = [shapes.file(kept, book, request.base_url) for kept in alive]
            return Answer.json(200, {"previous": None, "next": None, "results": results}, content_type)
        kept: KeptFile | None = book.file(file_id)
        if kept is None:
            return _missing()
        if request.method == "DELETE":
            with book.lock:
                del book.files[file_id]
            return Answer(204, b"", "text/plain; charset=UTF-8")
        return Answer.json(200, shapes.file(kept, book, request.base_url), content_type)

    def _account(self, _request: Request) -> Answer:
        return Answer.json(200, shapes.ACCOUNT)

    def _hardware(self, _request: Request) -> Answer:
        return Answer.json(200, shapes.HARDWARE)

    def _webhook(self, _request: Request) -> Answer:
        return Answer.json(200, {"key": WEBHOOK_SECRET})

    def _model(self, _request: Request, slug: str, version: str = "") -> Answer:
        model = model_of_slug(slug)
        if model is None or (version and version != shapes.model_version(model)["id"]):
            return _missing()
        return Answer.json(200, shapes.model_version(model) if version else shapes.model(model))

    def model_of_output(self, path: str) -> str | None:
        """Return the slug of the model that made this output."""
        found = self.book.run_of_output(path.split("/")[2])
        return found[0].model.slug if found else None

    def output(self, path: str) -> Answer:
        """Return an output's bytes; 404 when there is none, it is not made yet, or it was deleted."""
        found = self.book.run_of_output(path.split("/")[2])
        if not found or self.book.removed(found[0]) or found[0].status(self.book.now()) != "succeeded":
            return Answer(404, b"Not Found", "text/plain")
        media_type, content = self._encoded(*found)
        return Answer(200, content, media_type)

    def _encoded(self, run: Run, index: int) -> tuple[str, bytes]:
        form = run.model.output_format(run.input)
        variant = f"{run.input.get('seed')} {index}"
        picture = self._pictures.picture(self._source(run), run.model.slug, variant, form)
        return MEDIA_TYPES.get(form, "image/png"), picture

    def _source(self, run: Run) -> bytes | None:
        """Return the first picture among the inputs."""
        for value in _strings(run.input):
            if "/v1/files/" in value and (kept := self.book.files.get(value.rpartition("/")[2])):
                return kept.content
            if value.startswith("data:image/"):
                return base64.b64decode(value.partition(",")[2])
        return None


def _json(request: Request) -> Any:
    try:
        return json.loads(request.body)
    except ValueError:
        return None


def _missing() -> Answer:
    return Answer.json(404, shapes.error_body(404), PROBLEM)


def _seconds(duration: str | None) -> float:
    """Return the seconds of "90", "1m", "1h30m"; never for none."""
    if not duration:
        return NEVER
    parts = _DURATION.findall(duration)
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts) if parts else float(duration)


def _moment(text: str | None, default: float) -> float:
    return datetime.fromisoformat(text).timestamp() if text else default


def _strings(value: Any) -> list[str]:
    """Return every string in a JSON value, in order."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in inner for text in _strings(item)]


def _multipart(request: Request) -> dict[str, tuple[str, str, bytes]]:
    """Return the parts of a form: name → (file name, content type, content)."""
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + request.body)
    parts: dict[str, tuple[str, str, bytes]] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        parts[str(name)] = (part.get_filename() or "file", part.get_content_type(), bytes(content or b""))
    return parts
