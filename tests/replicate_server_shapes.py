"""The JSON of Replicate's API, as recorded (corpora/replicate_responses) and as its documentation has it."""

import hashlib
import math
from datetime import UTC, datetime
from typing import Any

from tests.replicate_server_book import Book, KeptFile, Run
from tests.replicate_server_models import ServedModel, openapi_schema

_BODIES: dict[int, dict[str, Any]] = {
    401: {"title": "Unauthenticated", "detail": "You did not pass a valid authentication token", "status": 401},
    402: {
        "title": "Insufficient credit",
        "detail": "You have insufficient credit to run this model. Go to https://replicate.com/account/billing#billing "
        "to purchase credit. Once you purchase credit, please wait a few minutes before trying again.",
        "status": 402,
    },
    403: {"title": "Forbidden", "detail": "You do not have permission to perform this action.", "status": 403},
    404: {"detail": "The requested resource could not be found.", "status": 404},
    500: {"title": "Internal server error", "detail": "Something went wrong on our end.", "status": 500},
    503: {"title": "Service unavailable", "detail": "The service is temporarily unavailable.", "status": 503},
}
INVALID_VERSION = {
    "title": "Invalid version or not permitted",
    "detail": "The specified version does not exist (or perhaps you don't have permission to use it?)",
    "status": 422,
}


def error_body(status: int) -> dict[str, Any]:
    """Return what Replicate says with this status."""
    return _BODIES.get(status) or {"detail": f"Refused with {status}.", "status": status}


def throttled(seconds: float) -> dict[str, Any]:
    """Return the body of a 429."""
    whole = max(1, math.ceil(seconds))
    detail = f"Request was throttled. Your rate limit resets in ~{whole}s."
    return {"detail": detail, "status": 429, "retry_after": whole}


def invalid_input(faults: list[dict[str, str]]) -> dict[str, Any]:
    """Return the body of a 422 that names the fields."""
    detail = "".join(f"- {fault['field']}: {fault['description']}\n" for fault in faults)
    return {"detail": detail, "status": 422, "title": "Input validation failed", "invalid_fields": faults}


def moment(seconds: float, extra_digits: str = "") -> str:
    """Return a time as Replicate writes it: trailing zeros cut, sometimes down to nanoseconds."""
    at = datetime.fromtimestamp(seconds, UTC)
    fraction = f"{at:%f}{extra_digits}".rstrip("0")
    return f"{at:%Y-%m-%dT%H:%M:%S}{'.' + fraction if fraction else ''}Z"


def output_urls(run: Run, base_url: str) -> Any:
    """Return the output as the model's schema has it: one URI or a list."""
    form = run.model.output_format(run.input)
    urls = [f"{base_url}/delivery/{name}/out-{index}.{form}" for index, name in enumerate(run.output_names)]
    return urls if run.model.listed else urls[0]


def prediction(book: Book, run: Run, base_url: str, *, fresh: bool = False, listed: bool = False) -> dict[str, Any]:
    """Return a prediction: as create answers it (`fresh`), as a list has it (`listed`), or as a get does."""
    now = book.now()
    status = run.status(now)
    started, over, removed = now >= run.starts and run.stopped > run.starts, run.over <= now, book.removed(run)
    urls = {
        "cancel": f"{base_url}/v1/predictions/{run.id}/cancel",
        "get": f"{base_url}/v1/predictions/{run.id}",
        "web": f"https://replicate.com/p/{run.id}",
    }
    shown: dict[str, Any] = {
        "id": run.id,
        "model": run.model.slug,
        "version": run.version,
        "input": {} if removed else run.input,
        "logs": "" if fresh else _logs(run, now),
        "error": None,
        "status": status,
        "created_at": moment(run.created, "134" if fresh else ""),
        "data_removed": removed,
        "urls": urls,
    }
    if not fresh:
        shown["source"] = "api"
    if started:
        shown["started_at"] = moment(run.starts)
    if over:
        shown["completed_at"] = moment(run.over)
        ran = max(0.0, run.over - run.starts)
        shown["metrics"] = {"predict_time": round(ran, 6), "total_time": round(run.over - run.created, 6)}
        shown["output"] = None
        if status == "succeeded":
            shown["output"] = None if removed else output_urls(run, base_url)
            shown["metrics"]["image_count"] = len(run.output_names)
        if run.stopped == math.inf:
            shown |= {name: value for name, value in run.overlay.items() if not (removed and name == "output")}
    if listed:
        shown.pop("logs", None)
    if removed and not listed:
        shown["logs"] = None
    for name in run.drop if over else ():
        shown.pop(name, None)
    return shown


def _logs(run: Run, now: float) -> str:
    """Return what the model has printed so far: a tqdm line for every tenth done."""
    if now < run.starts:
        return ""
    done = min(1.0, (min(now, run.over) - run.starts) / max(run.ends - run.starts, 1e-9))
    lines = [f"Using seed: {run.input.get('seed', 16010)}"]
    for tenth in range(int(done * 10) + 1):
        lines.append(f"{tenth * 10:3d}%|{'█' * tenth:<10}| {tenth * 5}/50 [00:00<00:0{10 - tenth}, 16.56it/s]")
    return "\n".join(lines) + "\n"


def file(kept: KeptFile, book: Book, base_url: str) -> dict[str, Any]:
    """Return an uploaded file."""
    md5 = hashlib.md5(kept.content, usedforsecurity=False).hexdigest()
    return {
        "id": kept.id,
        "name": kept.name,
        "content_type": kept.content_type,
        "size": len(kept.content),
        "etag": md5,
        "checksums": {"sha256": hashlib.sha256(kept.content).hexdigest(), "md5": md5},
        "metadata": kept.metadata,
        "created_at": moment(kept.created),
        "expires_at": moment(kept.created + book.options.file_lifetime_seconds),
        "urls": {"get": f"{base_url}/v1/files/{kept.id}"},
    }


def model_version(model: ServedModel) -> dict[str, Any]:
    """Return one version of a model, with its schema."""
    return {
        "id": model.version or hashlib.sha256(model.slug.encode()).hexdigest(),
        "created_at": "2023-11-06T23:13:07.906314Z",
        "cog_version": "0.8.6",
        "openapi_schema": openapi_schema(model),
    }


def model(served: ServedModel) -> dict[str, Any]:
    """Return a model as the API describes it."""
    owner, _, name = served.slug.partition("/")
    return {
        "url": f"https://replicate.com/{served.slug}",
        "owner": owner,
        "name": name,
        "description": "A model of the test server.",
        "visibility": "public",
        "is_official": served.official,
        "github_url": None,
        "paper_url": None,
        "license_url": None,
        "run_count": 1,
        "cover_image_url": None,
        "created_at": "2023-07-26T17:53:09.882651Z",
        "default_example": None,
        "latest_version": model_version(served),
    }


ACCOUNT = {
    "type": "organization",
    "username": "staging-lab-test",
    "name": "Staging Lab Test",
    "github_url": None,
    "avatar_url": None,
}
HARDWARE = [
    {"sku": "cpu", "name": "CPU"},
    {"sku": "gpu-t4", "name": "Nvidia T4 GPU"},
    {"sku": "gpu-l40s", "name": "Nvidia L40S GPU"},
    {"sku": "gpu-a100-large", "name": "Nvidia A100 (80GB) GPU"},
    {"sku": "gpu-h100", "name": "Nvidia H100 GPU"},
]
