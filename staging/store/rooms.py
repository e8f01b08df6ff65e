"""Rooms in the ledger: each uploaded once, described as often as people like."""

import builtins
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

import duckdb

from staging.errors import NotFound
from staging.rooms import Room, RoomType
from staging.store.audit import AuditLedger
from staging.store.connection import LedgerFile, again_on_conflict
from staging.store.daily import unseal_room
from staging.store.tables import ROOM_VERSIONS, ROOMS, utc

_SELECT = (
    "SELECT digest, name, width, height, size_bytes, room_type, project, note, sample, archived, "
    "epoch_us(uploaded_at), uploaded_by FROM rooms_now"
)


class RoomLedger:
    """The rooms. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile, audit: AuditLedger) -> None:
        self._ledger = ledger
        self._audit = audit

    @again_on_conflict
    def add(self, room: Room) -> bool:
        """Keep the room and return True; False when its pixels are known, which un-archives it."""
        with self._audit.writing() as cursor:
            known = _find(cursor, room.digest)
            if known is None:
                facts = (room.digest, room.name, room.width, room.height, room.size_bytes, room.sample)
                ROOMS.insert(cursor, [(*facts, room.uploaded_at, room.uploaded_by)])
                _write_version(cursor, room, room.uploaded_by, room.uploaded_at)
            elif known.archived:
                _write_version(cursor, replace(known, archived=False), room.uploaded_by, room.uploaded_at)
                self._tell(cursor, known, replace(known, archived=False), room.uploaded_by, room.uploaded_at)
            return known is None

    def get(self, digest: str) -> Room:
        """Return the room, archived or not; NotFound when there is none."""
        with self._ledger.reading() as cursor:
            room = _find(cursor, digest)
        if room is None:
            raise _no_room(digest)
        return room

    def of(self, digests: Collection[str]) -> dict[str, Room]:
        """Return these rooms by digest, archived or not; NotFound when one of them is not there."""
        rows = self._ledger.rows(f"{_SELECT} WHERE list_contains(?, digest)", [builtins.list(digests)])
        rooms = {room.digest: room for room in map(_room, rows)}
        for digest in digests:
            if digest not in rooms:
                raise _no_room(digest)
        return rooms

    def list(
        self, *, archived: bool = False, project: str | None = None, room_type: RoomType | None = None
    ) -> list[Room]:
        """Return the rooms in use (or the archived ones), newest first, samples last."""
        rows = self._ledger.rows(
            f"{_SELECT} WHERE archived = $archived AND project = coalesce($project, project) "
            "AND room_type = coalesce($room_type, room_type) ORDER BY sample, uploaded_at DESC, name, digest",
            {"archived": archived, "project": project, "room_type": room_type},
        )
        return [_room(row) for row in rows]

    def describe(self, digest: str, *, room_type: RoomType, project: str, note: str, by: str, at: datetime) -> None:
        """Say what the room is; NotFound when there is none."""
        self._change(digest, by, at, lambda room: replace(room, room_type=room_type, project=project, note=note))

    def archive(self, digest: str, by: str, at: datetime) -> None:
        """Take the room out of use: it stays in the ledger; NotFound when there is none."""
        self._change(digest, by, at, lambda room: replace(room, archived=True))

    def restore(self, digest: str, by: str, at: datetime) -> None:
        """Take the room back into use; NotFound when there is none."""
        self._change(digest, by, at, lambda room: replace(room, archived=False))

    def projects(self) -> builtins.list[str]:
        """Return the names of the projects that rooms or comparisons belong to, in order."""
        rows = self._ledger.rows(
            "SELECT project FROM rooms_now WHERE project <> '' "
            "UNION SELECT project FROM app.comparisons WHERE project <> '' ORDER BY project"
        )
        return [project for (project,) in rows]

    @again_on_conflict
    def _change(self, digest: str, by: str, at: datetime, change: Callable[[Room], Room]) -> None:
        with self._audit.writing() as cursor:
            room = _find(cursor, digest)
            if room is None:
                raise _no_room(digest)
            changed = change(room)
            if changed != room:
                _write_version(cursor, changed, by, at)
                self._tell(cursor, room, changed, by, at)
            if changed.room_type is not room.room_type:
                unseal_room(cursor, digest)

    def _tell(self, cursor: duckdb.DuckDBPyConnection, room: Room, changed: Room, by: str, at: datetime) -> None:
        """Taking a room out of use, or back, is a privileged act; describing it is not."""
        if room.archived is not changed.archived:
            act = "archive room" if changed.archived else "restore room"
            before, after = ({"archived": one.archived, "name": one.name} for one in (room, changed))
            self._audit.append(cursor, by, act, room.digest, before, after, at)


def _find(cursor: duckdb.DuckDBPyConnection, digest: str) -> Room | None:
    row = cursor.execute(f"{_SELECT} WHERE digest = ?", [digest]).fetchone()
    return None if row is None else _room(row)


def _write_version(cursor: duckdb.DuckDBPyConnection, room: Room, by: str, at: datetime) -> None:
    found = cursor.execute("SELECT count(*) FROM app.room_versions WHERE room = ?", [room.digest]).fetchone()
    version = found[0] if found else 0
    details = (room.room_type.value, room.project, room.note, room.archived)
    ROOM_VERSIONS.insert(cursor, [(room.digest, version, *details, at, by)])


def _room(row: tuple[Any, ...]) -> Room:
    digest, name, width, height, size_bytes, room_type, project, note, sample, archived, at, by = row
    return Room(
        digest, name, width, height, size_bytes, RoomType(room_type), project, note, sample, archived, utc(at), by
    )


def _no_room(digest: str) -> NotFound:
    return NotFound(f"There is no room {digest[:12]} in the ledger: it may belong to another data folder.")
