"""The zip of labelled pairs: each output that people accepted or rejected, its room, and what was scored."""

import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import IO

from pydantic import JsonValue

from staging.exports.archive import add_original, write_text
from staging.exports.manifest import as_csv
from staging.exports.words import suffix
from staging.images import Pictures
from staging.labels import Pair
from staging.quality import FAMILIES, Opening

BOM = "\ufeff"
"""Without it Excel reads UTF-8 as something else."""


def write_labels(
    file: IO[bytes],
    pairs: Sequence[Pair],
    openings: Mapping[str, Sequence[Opening]],
    pictures: Pictures,
    made_at: datetime,
) -> None:
    """The archive is in the file: rooms/, outputs/ and labels.csv, a row for each pair.

    Files are named by digest, so that a picture that several pairs share is in it once. `openings` are the
    outlined doors and windows by room. A picture that is gone has an empty name in its row.
    """
    there: dict[str, bool] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:

        def kept(name: str, digest: str, at: datetime) -> str:
            if name not in there:
                there[name] = add_original(archive, name, pictures, digest, at)
            return name if there[name] else ""

        rows = []
        for pair in pairs:
            label = pair.label
            room = kept(f"rooms/{label.room}.png", label.room, label.at)
            output = kept(f"outputs/{label.output}{suffix(label.media_type)}", label.output, label.at)
            rows.append(_row(pair, room, output, openings.get(label.room, ())))
        write_text(archive, "labels.csv", BOM + as_csv(rows), made_at)


def _row(pair: Pair, room: str, output: str, openings: Sequence[Opening]) -> dict[str, JsonValue]:
    label, score = pair.label, pair.score
    outlines: list[JsonValue] = [{"kind": one.kind, "corners": [list(at) for at in one.corners]} for one in openings]
    parts = score.parts if score else {}
    return {
        "room_file": room,
        "output_file": output,
        "verdict": label.verdict.value,
        "reasons": list(label.reasons),
        "judged_at": label.at.isoformat(),
        "judged_by": label.by,
        "room_name": label.room_name,
        "model": label.model,
        "style": label.style,
        "scorer_version": score.version if score else "",
        "score": score.overall if score else None,
        "confidence": score.confidence if score else None,
        **{f"part_{family}": parts.get(family) for family in FAMILIES},
        "flags": [f"{flag.code} {flag.severity:.3f}" for flag in score.flags] if score else [],
        "outlines": {"openings": outlines} if outlines else {},
        "prediction_id": label.prediction_id,
        "room_pixels_sha256": label.room,
        "output_sha256": label.output,
    }
