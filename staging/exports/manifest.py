"""The manifest of an export: everything the ledger says of each output that a person needs, as CSV and JSON."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

from pydantic import JsonValue

from staging.exports.pieces import Selection
from staging.exports.words import harmless
from staging.predictions import PredictionNow
from staging.rooms import Room
from staging.store import Quality

Row = Mapping[str, JsonValue]


def row_of(
    now: PredictionNow,
    title: str,
    room: Room,
    said: tuple[str, datetime] | None,
    files: Mapping[str, str],
    quality: Quality | None = None,
) -> Row:
    """Return one prediction as the manifest says it; `said` is who judged it last and when.

    `files` are the names in the archive: of the room, of the output, and what is missing.
    """
    asked, mark = now.prediction, now.mark
    output = now.outputs[0] if now.outputs else None
    score = quality.score if quality else None
    return {
        "room": room.name,
        "room_file": files.get("room", ""),
        "output_file": files.get("output", ""),
        "missing": files.get("missing", ""),
        "model": asked.model,
        "model_name": title,
        "version": asked.version,
        "provider": asked.provider,
        "state": now.state.value,
        "verdict": mark.verdict.value,
        "reasons": [reason.value for reason in mark.reasons],
        "stars": mark.stars,
        "favourite": mark.favourite,
        "note": mark.note,
        "judged_by": said[0] if said else None,
        "judged_at": said[1].isoformat() if said else None,
        "score": score.overall if score else None,
        "score_flags": [flag.words for flag in score.flags] if score else [],
        "score_confidence": score.confidence if score else None,
        "scorer": score.version if score else None,
        "not_scored": quality.last.reason if quality and score is None else None,
        "automatic_mark": quality.automatic.deed.value if quality and quality.automatic else None,
        "total_seconds": now.total_seconds,
        "queue_seconds": now.queue_seconds,
        "run_seconds": now.run_seconds,
        "cost_usd": _amount(now.cost_usd),
        "cost_basis": now.cost_basis,
        "settled_usd": _amount(now.settled_usd),
        "charge_usd": _amount(now.charge_usd),
        "charge_basis": now.charge_basis,
        "charge_inputs": dict(now.charge_inputs or {}),
        "price": asked.price.model_dump(mode="json", exclude_none=True),
        "estimate_usd": _amount(asked.estimate_usd),
        "style": asked.style,
        "prompt": asked.prompt,
        "prompt_version": asked.prompt_version,
        "parameters": dict(asked.parameters),
        "seed": asked.seed,
        "error": now.error,
        "error_kind": now.error_kind,
        "asked_at": asked.created_at.isoformat(),
        "asked_by": asked.created_by,
        "submitted_at": _moment(now.submitted_at),
        "ended_at": _moment(now.ended_at),
        "output_sha256": output.digest if output else None,
        "output_media_type": output.media_type if output else None,
        "output_bytes": output.size_bytes if output else None,
        "output_width": output.width if output else None,
        "output_height": output.height if output else None,
        "room_pixels_sha256": room.digest,
        "project": asked.project,
        "comparison_id": asked.comparison_id,
        "prediction_id": asked.id,
        "provider_id": now.provider_id,
        "retry_of": asked.retry_of,
    }


def as_csv(rows: Sequence[Row]) -> str:
    """Return the rows as CSV; text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if not rows:
        return ""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(rows[0])
    writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return out.getvalue()


def as_json(selection: Selection, rows: Sequence[Row], made_at: datetime) -> str:
    """Return the rows as JSON, under what the comparison and its rooms are."""
    told = asdict(selection.comparison) | {"created_at": selection.comparison.created_at.isoformat()}
    rooms = [
        asdict(room) | {"uploaded_at": room.uploaded_at.isoformat(), "room_type": room.room_type.value}
        for room in selection.rooms
    ]
    whole = {
        "comparison": told,
        "which": selection.which.value,
        "made_at": made_at.isoformat(),
        "rooms": rooms,
        "predictions": rows,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1)


def _cell(value: JsonValue) -> object:
    if value is None:
        return ""
    if isinstance(value, list):
        return harmless("; ".join(map(str, value)))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return harmless(value) if isinstance(value, str) else value


def _amount(usd: Decimal | None) -> str | None:
    return None if usd is None else str(usd)


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
