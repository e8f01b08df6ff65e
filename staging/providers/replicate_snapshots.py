"""Replicate's JSON, read by us: its package drops fields that matter and fails on "aborted"."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import JsonValue

from staging.errors import Refusal
from staging.providers.base import Snapshot, Stage
from staging.providers.replicate_reasons import Reasons

HIDDEN = "hidden"
"""The version that official models are shown with."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TQDM = re.compile(r"(\d{1,3})%\|[^|]*\|")


def snapshot(answer: JsonValue, reasons: Reasons) -> Snapshot | None:
    """Return what the JSON of one prediction says; None when it is not the JSON of a prediction."""
    told = answer if isinstance(answer, dict) else {}
    provider_id, status = told.get("id"), told.get("status")
    if not isinstance(provider_id, str) or not _ID.fullmatch(provider_id) or not isinstance(status, str):
        return None
    completed_at = moment(told.get("completed_at"))
    stage, error, kind = _ending(status, told.get("error"), completed_at, reasons)
    version = _text(told.get("version"))
    return Snapshot(
        provider_id=provider_id,
        stage=stage,
        model=_text(told.get("model")) or "",
        version=None if version == HIDDEN else version,
        input=_object(told.get("input")),
        output=told.get("output"),
        error=error,
        error_kind=kind,
        progress=progress(told.get("logs")),
        metrics=_object(told.get("metrics")),
        created_at=moment(told.get("created_at")),
        started_at=moment(told.get("started_at")),
        completed_at=completed_at,
        data_removed=told.get("data_removed") is True,
    )


def _ending(
    status: str, error: JsonValue, completed_at: datetime | None, reasons: Reasons
) -> tuple[Stage, str | None, str | None]:
    """Return the stage, and the sentence and its kind when it failed."""
    try:
        stage = Stage(status)
    except ValueError:
        # A status from after this was written: it is over when it says when it ended, else it still runs.
        if completed_at is None:
            return Stage.PROCESSING, None, None
        text = f"Replicate ended the prediction with the status “{reasons.quote(status)}”, which is not known here."
        return Stage.FAILED, text, Refusal.OTHER
    if stage is not Stage.FAILED:
        return stage, None, None
    return stage, *reasons.of_failure(error)


def progress(logs: JsonValue) -> float | None:
    """Return how far the last tqdm line of the logs has come, 0 to 1; None when there is none."""
    found = _TQDM.findall(logs) if isinstance(logs, str) else []
    return min(100, int(found[-1])) / 100 if found else None


def moment(value: JsonValue) -> datetime | None:
    """Return an aware time in UTC; None when the value is none. Replicate writes 0 to 9 fraction digits."""
    try:
        parsed = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if parsed is None:
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def _object(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None
