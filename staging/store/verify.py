"""Whether the ledger and the pictures still say what they said: every digest and total derived again."""

import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from staging.costs import reckon_again
from staging.errors import NotFound
from staging.images import Pictures
from staging.predictions import State
from staging.store.audit import AuditLedger
from staging.store.connection import LedgerFile
from staging.store.costs import CostLedger
from staging.store.daily import daily_differences
from staging.store.lives import Life, lives_of
from staging.store.reports import CostReport, CostRow
from staging.store.settlements import bill_differences

OFFLINE = "offline"
"""The provider that runs on this machine for nothing."""
_AT_ONCE = 1_000
"""Predictions read in one go: some tens of megabytes."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found: how many things were compared, and a sentence for each that differs."""

    checked: int
    differences: tuple[str, ...]


def verify(ledger: LedgerFile, audit: AuditLedger, costs: CostLedger, pictures: Pictures) -> Verification:
    """Return every way in which the ledger contradicts itself, its audit log, its pictures or its totals."""
    found = _Findings()
    _check_rows(ledger, found)
    _check_pictures(ledger, pictures, found)
    _check_charges_and_totals(ledger, costs, found)
    _check_days(ledger, found)
    _check_bills(ledger, found)
    _check_audit(audit, found)
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
    deleted = set(ledger.rows("SELECT DISTINCT kind, digest FROM app.deletions"))
    for kind, digest in rows:
        try:
            now = pictures.digest_now(digest)
        except (NotFound, OSError):
            if (kind, digest) in deleted:  # by retention, and written down before
                found.checked += 1
                continue
            found.compare(False, f"The picture of {kind} {digest} is not in the pictures folder.")
        else:
            found.compare(
                now == digest, f"The picture of {kind} {digest} was changed: its digest is now {now or 'none'}."
            )
    for digest, size_bytes in ledger.rows("SELECT DISTINCT digest, size_bytes FROM app.outputs ORDER BY ALL"):
        with contextlib.suppress(NotFound, OSError):  # told above
            size_now = pictures.output_path(digest).stat().st_size
            found.compare(size_now == size_bytes, f"Output {digest} has {size_now} bytes, not {size_bytes}.")


def _check_charges_and_totals(ledger: LedgerFile, costs: CostLedger, found: _Findings) -> None:
    """Reckon each charge again from its copied price, and each total from the events, all in Python."""
    sums: dict[tuple[str, str], _Sum] = defaultdict(_Sum)
    types = dict(ledger.rows("SELECT digest, room_type FROM rooms_now"))
    zone = ZoneInfo(costs.zone)
    ended: list[date] = []
    for life in _all_lives(ledger):
        _check_charge(life, found)
        if life.now.ended_at is None:
            continue
        ended.append(life.now.ended_at.astimezone(zone).date())
        for group in _groups(life, types, ended[-1]):
            sums[group].add(life)
    rows: dict[tuple[str, str], CostRow] = {}
    if ended:
        rows = _rows(costs.report_as_it_is(min(ended), max(ended)))
    for group in sorted(sums.keys() | rows.keys()):
        own, told = sums[group].row(group[1]), rows.get(group)
        found.compare(own == told, f"The total by {group[0]} {group[1]!r} is {told}, but the events add up to {own}.")


def _check_days(ledger: LedgerFile, found: _Findings) -> None:
    """Add up each sealed day again, by all dimensions at once."""
    with ledger.reading() as cursor:
        checked, wrong = daily_differences(cursor)
    found.checked += checked
    found.differences.extend(wrong)


def _check_bills(ledger: LedgerFile, found: _Findings) -> None:
    """Compare each settlement with what was kept of the bill that it stands on."""
    checked, wrong = bill_differences(ledger)
    found.checked += checked
    found.differences.extend(wrong)


def _check_audit(audit: AuditLedger, found: _Findings) -> None:
    """Follow the chain of the audit log, and compare its end with the head that is kept beside the ledger."""
    checked, wrong = audit.differences()
    found.checked += checked
    found.differences.extend(wrong)


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
    inputs, price = now.charge_inputs or {}, now.prediction.price
    if now.charge_usd is None:
        found.compare(
            not price.known or not inputs or reckon_again(price, inputs) is None,
            f"The charge of prediction {now.prediction.id} is unknown, but its copied price and what it used come to "
            f"{reckon_again(price, inputs)} USD.",
        )
        return
    if now.state in (State.SUCCEEDED, State.UNKNOWN) and now.prediction.provider != OFFLINE:
        found.compare(
            bool(inputs),
            f"The charge of prediction {now.prediction.id} does not say what its price was multiplied with.",
        )
    again = reckon_again(price, inputs)
    found.compare(
        again == now.charge_usd,
        f"The charge of prediction {now.prediction.id} is {now.charge_usd} USD, but its copied price and what it used "
        f"({now.charge_basis}) come to {'nothing that can be reckoned' if again is None else f'{again} USD'}.",
    )


@dataclass(slots=True)
class _Sum:
    """One row of the cost report, added up in Python."""

    outcomes: Counter[str] = field(default_factory=Counter)
    cost_of: dict[str, Decimal] = field(default_factory=lambda: defaultdict(lambda: Decimal("0.000000")))
    retries: int = 0
    settled: int = 0
    settled_usd: Decimal = Decimal("0.000000")
    unknown_charges: int = 0
    held_usd: Decimal = Decimal("0.000000")

    def add(self, life: Life) -> None:
        now = life.now
        outcome = now.verdict.value if now.state is State.SUCCEEDED else now.state.value
        self.outcomes[outcome] += 1
        self.cost_of[outcome] += now.cost_usd or 0
        self.retries += now.prediction.retry_of is not None
        self.settled += now.settled_usd is not None
        self.settled_usd += now.settled_usd or 0
        if now.cost_usd is None:
            self.unknown_charges += 1
            self.held_usd += now.reserved_usd or 0

    def row(self, key: str) -> CostRow:
        of, cost = self.outcomes, self.cost_of
        return CostRow(
            key=key,
            predictions=of.total(),
            accepted=of["accepted"],
            rejected=of["rejected"],
            undecided=of["undecided"],
            failed=of["failed"],
            canceled=of["canceled"],
            unknown=of["unknown"],
            retries=self.retries,
            cost_usd=sum(cost.values(), Decimal("0.000000")),
            settled=self.settled,
            settled_usd=self.settled_usd,
            unknown_charges=self.unknown_charges,
            held_usd=self.held_usd,
            rejected_usd=cost["rejected"],
            lost_usd=cost["failed"] + cost["canceled"] + cost["unknown"],
        )


def _groups(life: Life, types: Mapping[str, str], day: date) -> Iterator[tuple[str, str]]:
    prediction = life.now.prediction
    yield "total", ""
    yield "model", prediction.model
    yield "project", prediction.project
    yield "person", prediction.created_by
    yield "room type", types.get(prediction.room, "other")
    yield "arm", prediction.arm or ""
    yield "day", str(day)


def _rows(report: CostReport) -> dict[tuple[str, str], CostRow]:
    groups = {
        "model": report.by_model,
        "project": report.by_project,
        "person": report.by_person,
        "room type": report.by_room_type,
        "arm": report.by_arm,
        "day": report.by_day,
        "total": (report.total,),
    }
    return {(name, row.key): row for name, rows in groups.items() for row in rows}
