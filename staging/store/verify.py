"""Whether the ledger and the pictures still say what they said: every digest and total derived again."""

import contextlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from staging.costs import reckon_again
from staging.errors import NotFound
from staging.images import Pictures
from staging.predictions import State, Verdict
from staging.store.connection import LedgerFile
from staging.store.costs import CostLedger, CostReport, CostRow
from staging.store.lives import Life, lives_of

_AT_ONCE = 1_000
"""Predictions read in one go: some tens of megabytes."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found: how many things were compared, and a sentence for each that differs."""

    checked: int
    differences: tuple[str, ...]


def verify(ledger: LedgerFile, pictures: Pictures) -> Verification:
    """Return every way in which the ledger contradicts itself, its pictures or its totals."""
    found = _Findings()
    _check_rows(ledger, found)
    _check_pictures(ledger, pictures, found)
    _check_charges_and_totals(ledger, found)
    return Verification(found.checked, tuple(found.differences))


@dataclass(slots=True)
class _Findings:
    checked: int = 0
    differences: list[str] = field(default_factory=list)

    def compare(self, same: bool, sentence: str) -> None:
        self.checked += 1
        if not same:
            self.differences.append(sentence)


def _check_rows(ledger: LedgerFile, found: _Findings) -> None:
    ((things,),) = ledger.rows("SELECT (SELECT count(*) FROM app.predictions) + (SELECT count(*) FROM app.events)")
    found.checked += things
    found.differences.extend(sentence for (sentence,) in ledger.rows("SELECT * FROM contradictions ORDER BY ALL"))


def _check_pictures(ledger: LedgerFile, pictures: Pictures, found: _Findings) -> None:
    rows = ledger.rows(
        "SELECT 'room', digest FROM app.rooms UNION SELECT 'output', digest FROM app.outputs ORDER BY ALL"
    )
    for kind, digest in rows:
        try:
            now = pictures.digest_now(digest)
        except (NotFound, OSError):
            found.compare(False, f"The picture of {kind} {digest} is not in the pictures folder.")
        else:
            found.compare(
                now == digest, f"The picture of {kind} {digest} was changed: its digest is now {now or 'none'}."
            )
    for digest, size_bytes in ledger.rows("SELECT DISTINCT digest, size_bytes FROM app.outputs ORDER BY ALL"):
        with contextlib.suppress(NotFound, OSError):  # told above
            size_now = pictures.output_path(digest).stat().st_size
            found.compare(size_now == size_bytes, f"Output {digest} has {size_now} bytes, not {size_bytes}.")


def _check_charges_and_totals(ledger: LedgerFile, found: _Findings) -> None:
    """Reckon each charge again from its copied price, and each total from the events, all in Python."""
    sums: dict[tuple[str, str], _Sum] = defaultdict(_Sum)
    for life in _all_lives(ledger):
        _check_charge(life, found)
        for group in _groups(life):
            sums[group].add(life)
    report = CostLedger(ledger).report()
    rows = _rows(report)
    for group in sorted(sums.keys() | rows.keys()):
        own, told = sums[group].row(group[1]), rows.get(group)
        found.compare(own == told, f"The total by {group[0]} {group[1]!r} is {told}, but the events add up to {own}.")


def _all_lives(ledger: LedgerFile) -> Iterator[Life]:
    ids = [
        key
        for (key,) in ledger.rows(
            "SELECT id FROM app.predictions SEMI JOIN app.events ON prediction_id = id ORDER BY id"
        )
    ]
    for start in range(0, len(ids), _AT_ONCE):
        with ledger.reading() as cursor:
            lives = lives_of(cursor, ids[start : start + _AT_ONCE])
        yield from lives


def _check_charge(life: Life, found: _Findings) -> None:
    now = life.now
    if now.charge_usd is None:
        return
    again = reckon_again(now.prediction.price, now.charge_inputs or {})
    found.compare(
        again == now.charge_usd,
        f"The charge of prediction {now.prediction.id} is {now.charge_usd} USD, but its copied price and what it used "
        f"({now.charge_basis}) come to {'nothing that can be reckoned' if again is None else f'{again} USD'}.",
    )


@dataclass(slots=True)
class _Sum:
    """One row of the cost report, added up in Python."""

    predictions: int = 0
    succeeded: int = 0
    failed: int = 0
    accepted: int = 0
    charged_usd: Decimal = Decimal("0.000000")
    unknown_charges: int = 0

    def add(self, life: Life) -> None:
        now = life.now
        self.predictions += 1
        self.succeeded += now.state is State.SUCCEEDED
        self.failed += now.state is State.FAILED
        self.accepted += now.verdict is Verdict.ACCEPTED
        self.charged_usd += now.charge_usd or 0
        self.unknown_charges += now.charge_usd is None and (now.state.final or now.charge_basis is not None)

    def row(self, key: str) -> CostRow:
        return CostRow(
            key,
            self.predictions,
            self.succeeded,
            self.failed,
            self.accepted,
            self.charged_usd,
            self.unknown_charges,
        )


def _groups(life: Life) -> Iterator[tuple[str, str]]:
    prediction = life.now.prediction
    yield "total", ""
    yield "model", prediction.model
    yield "project", prediction.project
    yield "person", prediction.created_by
    yield "day", str(_counted_at(life).astimezone(UTC).date())


def _counted_at(life: Life) -> datetime:
    charged = [event.at for event in life.events if event.charge_usd is not None or event.charge_basis is not None]
    return charged[-1] if charged else life.now.ended_at or life.now.prediction.created_at


def _rows(report: CostReport) -> dict[tuple[str, str], CostRow]:
    groups = {
        "model": report.by_model,
        "project": report.by_project,
        "person": report.by_person,
        "day": report.by_day,
        "total": (report.total,),
    }
    return {(name, row.key): row for name, rows in groups.items() for row in rows}
