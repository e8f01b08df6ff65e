"""The keys of the HTTP API in the ledger: made, revoked, used; and the jobs asked for with them."""

import builtins
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from staging.access import Role
from staging.errors import KeyRefused, NotFound
from staging.store.audit import AuditLedger
from staging.store.connection import LedgerFile, again_on_conflict
from staging.store.tables import Table, selected, utc

API_KEYS = Table(
    "app.api_keys",
    {
        "id": "VARCHAR",
        "name": "VARCHAR",
        "digest": "VARCHAR",
        "role": "VARCHAR",
        "made_at": "TIMESTAMPTZ",
        "made_by": "VARCHAR",
        "expires_at": "TIMESTAMPTZ",
    },
)
API_KEY_REVOCATIONS = Table(
    "app.api_key_revocations", {"key_id": "VARCHAR", "revoked_at": "TIMESTAMPTZ", "revoked_by": "VARCHAR"}
)
API_KEY_USES = Table("app.api_key_uses", {"key_id": "VARCHAR", "used_at": "TIMESTAMPTZ"})
JOBS = Table(
    "app.jobs",
    {
        "holder": "VARCHAR",
        "idempotency_key": "VARCHAR",
        "digest": "VARCHAR",
        "id": "VARCHAR",
        "asked_at": "TIMESTAMPTZ",
    },
)

_KEYS = (
    f"SELECT {', '.join(f'k.{name}' for name in ('id', 'name', 'digest', 'role', 'made_by'))}, "  # noqa: S608
    f"{selected('k.made_at')}, {selected('k.expires_at')}, {selected('r.revoked_at')}, r.revoked_by, "
    f"(SELECT {selected('max(u.used_at)')} FROM app.api_key_uses AS u WHERE u.key_id = k.id) "
    "FROM app.api_keys AS k LEFT JOIN app.api_key_revocations AS r ON r.key_id = k.id "
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as the ledger knows it: what was shown once is not in it."""

    id: str
    """The first part of the key; no secret."""
    name: str
    digest: str
    """SHA-256, in hex, over the whole key."""
    role: Role
    made_by: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    revoked_by: str | None
    used_at: datetime | None
    """The last use, right to a minute."""

    def in_force(self, at: datetime) -> bool:
        """True while it is neither revoked nor over."""
        return self.revoked_at is None and at < self.expires_at


@dataclass(frozen=True, slots=True)
class JobOrder:
    """A job as it was asked for: its id is that of its comparison."""

    holder: str
    idempotency_key: str
    digest: str
    """SHA-256, in hex, over all that was asked."""
    id: str
    asked_at: datetime


class KeyLedger:
    """The keys. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile, audit: AuditLedger) -> None:
        self._ledger = ledger
        self._audit = audit

    @again_on_conflict
    def add(self, key: ApiKey, by: str) -> None:
        """Keep a new key; KeyRefused when one of its name was ever there. It is in the audit log."""
        with self._audit.writing() as cursor:
            if cursor.execute("SELECT id FROM app.api_keys WHERE name = ?", [key.name]).fetchone() is not None:
                raise KeyRefused(
                    f"There is or was a key called {key.name!r}: give this one another name, so that the log says "
                    "which of them acted. No key was made."
                )
            row = (key.id, key.name, key.digest, key.role.value, key.made_at, key.made_by, key.expires_at)
            API_KEYS.insert(cursor, [row])
            after = {"role": key.role.value, "expires_at": key.expires_at.isoformat(timespec="seconds")}
            self._audit.append(cursor, by, "make API key", key.name, None, after, key.made_at)

    @again_on_conflict
    def revoke(self, key_id: str, by: str, at: datetime) -> None:
        """End the key at once; NotFound when there is none, nothing when it is revoked. It is in the audit log."""
        with self._audit.writing() as cursor:
            key = _found(cursor, key_id)
            if key is None:
                raise NotFound("There is no such API key.")
            if key.revoked_at is not None:
                return
            API_KEY_REVOCATIONS.insert(cursor, [(key_id, at, by)])
            self._audit.append(cursor, by, "revoke API key", key.name, {"in force": True}, {"in force": False}, at)

    @again_on_conflict
    def used(self, key_id: str, at: datetime) -> None:
        """Write down that the key was used in this minute."""
        minute = at.astimezone(UTC).replace(second=0, microsecond=0)
        with self._ledger.writing() as cursor:
            known = cursor.execute(
                "SELECT 1 FROM app.api_key_uses WHERE key_id = ? AND used_at = ?::TIMESTAMPTZ", [key_id, minute]
            ).fetchone()
            if known is None:
                API_KEY_USES.insert(cursor, [(key_id, minute)])

    def find(self, key_id: str) -> ApiKey | None:
        """Return the key of this id."""
        with self._ledger.reading() as cursor:
            return _found(cursor, key_id)

    def list(self) -> builtins.list[ApiKey]:
        """Return every key that was ever made, the newest first."""
        return [_key(row) for row in self._ledger.rows(_KEYS + "ORDER BY k.made_at DESC, k.id")]


class JobLedger:
    """The jobs' orders. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile) -> None:
        self._ledger = ledger

    @again_on_conflict
    def order(self, wanted: JobOrder) -> JobOrder:
        """Keep the order, and return what is kept under its key: the first one that was ever asked for."""
        with self._ledger.writing() as cursor:
            sql = f"SELECT {JOBS.select_list} FROM app.jobs WHERE holder = ? AND idempotency_key = ?"  # noqa: S608
            row = cursor.execute(sql, [wanted.holder, wanted.idempotency_key]).fetchone()
            if row is not None:
                return JobOrder(**JOBS.read(row))
            JOBS.insert(cursor, [tuple(getattr(wanted, name) for name in JOBS.columns)])
            return wanted

    def find(self, holder: str, idempotency_key: str) -> JobOrder | None:
        """Return the order of this holder's key, if there is one."""
        return self._one("holder = ? AND idempotency_key = ?", [holder, idempotency_key])

    def get(self, job_id: str) -> JobOrder:
        """Return the order of the job; NotFound when there is none."""
        found = self._one("id = ?", [job_id])
        if found is None:
            raise NotFound(f"There is no job {job_id!r}.")
        return found

    def _one(self, where: str, values: builtins.list[Any]) -> JobOrder | None:
        rows = self._ledger.rows(f"SELECT {JOBS.select_list} FROM app.jobs WHERE {where}", values)  # noqa: S608
        return next((JobOrder(**JOBS.read(row)) for row in rows), None)


def _found(cursor: duckdb.DuckDBPyConnection, key_id: str) -> ApiKey | None:
    row = cursor.execute(_KEYS + "WHERE k.id = ?", [key_id]).fetchone()
    return _key(row) if row else None


def _key(row: tuple[Any, ...]) -> ApiKey:
    key_id, name, digest, role, made_by, made, expires, revoked, revoked_by, used = row
    return ApiKey(
        id=key_id,
        name=name,
        digest=digest,
        role=Role(role),
        made_by=made_by,
        made_at=utc(made),
        expires_at=utc(expires),
        revoked_at=None if revoked is None else utc(revoked),
        revoked_by=revoked_by,
        used_at=None if used is None else utc(used),
    )
