"""The zip of a comparison: originals, outputs bit for bit, and the manifest as CSV and JSON."""

import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from staging.errors import NotFound
from staging.exports.manifest import Row, as_csv, as_json, row_of
from staging.exports.pieces import Selection
from staging.exports.words import room_slug, slug, suffix
from staging.images import PictureKind, Pictures
from staging.rooms import Room

Said = Mapping[str, tuple[str, datetime]]
"""By prediction: who judged it last, and when."""
_PIECE_BYTES = 1 << 20
_BOM = "\ufeff"
"""Without it Excel reads UTF-8 as something else."""


def write_zip(file: IO[bytes], selection: Selection, pictures: Pictures, said: Said, made_at: datetime) -> None:
    """The archive is in the file: read piece by piece from the pictures folder, never whole in memory.

    Names begin with the place of the room and of the column, so that no two are equal. A picture that
    is gone from the folder is named in the manifest.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        rooms: dict[str, tuple[str, str]] = {}
        for place, room in enumerate(selection.rooms, start=1):
            name = folder_name(room, place)
            path = f"originals/{name}.png"
            there = add_original(archive, path, pictures, room.digest, room.uploaded_at)
            rooms[room.digest] = (name, path if there else "")
        rows: list[Row] = []
        for piece in selection.pieces:
            folder, room_file = rooms[piece.room.digest]
            files = {"room": room_file}
            if piece.now.outputs:
                output = piece.now.outputs[0]
                ending = suffix(output.media_type)
                name = f"outputs/{folder}/{piece.column + 1:02d}_{slug(piece.title, 'model')}{ending}"
                there = add_original(archive, name, pictures, output.digest, piece.now.ended_at or made_at)
                files["output" if there else "missing"] = name if there else "the output is not in the pictures folder"
            key = piece.now.prediction.id
            rows.append(row_of(piece.now, piece.title, piece.room, said.get(key), files, selection.quality.get(key)))
        by_digest = {room.digest: room for room in selection.rooms}
        for now in selection.earlier:
            room = by_digest[now.prediction.room]
            note = {"room": rooms[room.digest][1], "missing": "tried again"}
            rows.append(row_of(now, now.prediction.model, room, said.get(now.prediction.id), note))
        write_text(archive, "manifest.csv", _BOM + as_csv(rows), made_at)
        write_text(archive, "manifest.json", as_json(selection, rows, made_at), made_at)


def entry(name: str, at: datetime) -> zipfile.ZipInfo:
    """Return the head of a file in an archive, readable by everybody."""
    moment = at.astimezone(UTC)
    info = zipfile.ZipInfo(name, (max(1980, moment.year), *moment.timetuple()[1:6]))
    info.external_attr = 0o644 << 16
    return info


def folder_name(room: Room, place: int) -> str:
    """Return the part of a name that tells rooms apart: "003_living"."""
    return f"{place:03d}_{room_slug(room.name)}"


def add_original(archive: zipfile.ZipFile, name: str, pictures: Pictures, digest: str, at: datetime) -> bool:
    """Add a kept original under this name; False when it is gone."""
    try:
        path: Path = pictures.path(digest, PictureKind.ORIGINAL)
        source = path.open("rb")
    except (NotFound, FileNotFoundError):
        return False
    info = entry(name, at)
    info.file_size = path.stat().st_size
    with source, archive.open(info, "w") as target:
        while piece := source.read(_PIECE_BYTES):
            target.write(piece)
    return True


def write_text(archive: zipfile.ZipFile, name: str, text: str, at: datetime) -> None:
    """Add a text under this name, compressed."""
    info = entry(name, at)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, text.encode())
