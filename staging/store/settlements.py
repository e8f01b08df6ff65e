"""Settlements: what the provider's bill, or a person, says a prediction came to. None is ever changed."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import duckdb

from staging.errors import EventRefused
from staging.predictions import PredictionNow, State
from staging.store.audit import AuditLedger
from staging.store.connection import LedgerFile, again_on_conflict
from staging.store.daily import unseal_predictions
from staging.store.lives import last_steps, lives_of
from staging.store.tables import DOCUMENTS, MICRODOLLAR, SETTLEMENTS, aware, selected, utc

BILL = "bill"
"""The kind of the documents that say which bill settled what; their name is the bill's digest."""
BY_HAND = "by hand"
_AT_ONCE = 1_000
_ENDED = "('succeeded', 'failed', 'canceled', 'unknown')"


@dataclass(frozen=True, slots=True)
class Settlement:
    """One word on what a prediction came to; the last one counts."""

    prediction_id: str
    sequence: int
    usd: Decimal
    source: str
    """"by hand", or "bill " and the digest of its file."""
    note: str
    settled_at: datetime
    settled_by: str


@dataclass(frozen=True, slots=True)
class Billed:
    """A prediction of ours by the provider's id, with what we know of its cost."""

    provider_id: str
    prediction_id: str
    model: str
    ended_at: datetime | None
    """None while it is under way."""
    charge_usd: Decimal | None
    """As we reckoned it."""
    settled_usd: Decimal | None


class SettlementLedger:
    """The settlements. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile, audit: AuditLedger) -> None:
        self._ledger = ledger
        self._audit = audit

    def news_of_bill(self, digest: str, amounts: Mapping[str, Decimal]) -> int:
        """Return how many settlements `settle_bill` would write."""
        with self._ledger.reading() as cursor:
            return len(_news(_read(cursor, list(amounts)), f"{BILL} {digest}", amounts))

    @again_on_conflict
    def settle_bill(self, digest: str, name: str, amounts: Mapping[str, Decimal], by: str, at: datetime) -> int:
        """Settle these predictions as the bill says, all or none; return how many that was news for.

        What this bill has settled before is left as it is, and so is what another bill has settled last
        at the same amount. EventRefused when one of them has not ended.
        """
        source = f"{BILL} {digest}"
        with self._audit.writing() as cursor:
            known = _read(cursor, list(amounts))
            news = _news(known, source, amounts)
            _settle(cursor, known, news, source, name, by, at)
            if news:
                _keep_bill(cursor, digest, name, news, by, at)
                what = {"file": name, "predictions": len(news), "usd": sum(news.values(), Decimal(0))}
                self._audit.append(cursor, by, "settle bill", digest, None, what, at)
            return len(news)

    @again_on_conflict
    def settle_by_hand(self, prediction_id: str, usd: Decimal, note: str, by: str, at: datetime) -> None:
        """Settle one prediction as a person says; EventRefused when it has not ended."""
        with self._audit.writing() as cursor:
            known = _read(cursor, [prediction_id])
            _settle(cursor, known, {prediction_id: usd}, BY_HAND, note, by, at)
            before = [{"usd": one.usd, "source": one.source} for one in known.get(prediction_id, [])[-1:]]
            after = {"usd": usd.quantize(MICRODOLLAR), "source": BY_HAND}
            told = before[0] if before else None
            self._audit.append(cursor, by, "settle prediction", prediction_id, told, after, at, note=note)

    def of(self, prediction_id: str) -> list[Settlement]:
        """Return every word on what the prediction came to, the last one last."""
        with self._ledger.reading() as cursor:
            return _read(cursor, [prediction_id]).get(prediction_id, [])

    def billed(self, provider: str, provider_ids: Collection[str]) -> list[Billed]:
        """Return those of the provider's ids that are ours; the others are absent."""
        rows = self._ledger.rows(
            f"{_BILLED} JOIN (SELECT unnest(?::VARCHAR[]) AS provider_id) AS w ON w.provider_id = a.provider_id "
            "WHERE a.provider = ?",
            [list(provider_ids), provider],
        )
        return [_billed(row) for row in rows]

    def not_billed(
        self, provider: str, provider_ids: Collection[str], since: datetime, until: datetime, limit: int = 500
    ) -> tuple[int, Decimal, list[Billed]]:
        """Return what ended in this time, may have cost something and is not among the provider's ids.

        How many they are, what they come to as far as it is known, and the dearest of them.
        """
        rows = self._ledger.rows(
            f"{_BILLED} ANTI JOIN (SELECT unnest(?::VARCHAR[]) AS provider_id) AS w ON w.provider_id = a.provider_id "  # noqa: S608
            "WHERE a.provider = ? AND e.happened_at >= ? AND e.happened_at < ? AND e.charge_usd IS DISTINCT FROM 0 "
            "ORDER BY coalesce(s.settled_usd, e.charge_usd) DESC NULLS FIRST, p.id",
            [list(provider_ids), provider, aware(since), aware(until)],
        )
        found = [_billed(row) for row in rows]
        costs = [one.charge_usd if one.settled_usd is None else one.settled_usd for one in found]
        return len(found), sum((cost for cost in costs if cost is not None), Decimal(0)), found[:limit]

    def to_settle(self, limit: int = 100) -> tuple[int, list[PredictionNow]]:
        """Return how many predictions ended in doubt (outcome or charge unknown) unsettled, and the last of them."""
        with self._ledger.reading() as cursor:
            ids = [
                prediction_id
                for (prediction_id,) in cursor.execute(
                    "SELECT prediction_id FROM app.events ANTI JOIN app.settlements USING (prediction_id) "
                    "WHERE state = 'unknown' "
                    "OR (charge_usd IS NULL AND state IN ('succeeded', 'failed', 'canceled')) "
                    "ORDER BY happened_at DESC, prediction_id DESC"
                ).fetchall()
            ]
            lives = {life.now.prediction.id: life.now for life in lives_of(cursor, ids[:limit])}
        return len(ids), [lives[prediction_id] for prediction_id in ids[:limit]]


_BILLED = (
    f"SELECT a.provider_id, p.id, p.model, {selected('e.happened_at')}, e.charge_usd, s.settled_usd "  # noqa: S608
    "FROM app.adoptions AS a JOIN app.predictions AS p ON p.id = a.prediction_id "
    f"LEFT JOIN app.events AS e ON e.prediction_id = p.id AND e.state IN {_ENDED} "
    "LEFT JOIN settlements_now AS s ON s.prediction_id = p.id"
)


def _billed(row: tuple[str, str, str, int | None, Decimal | None, Decimal | None]) -> Billed:
    provider_id, prediction_id, model, ended, charge_usd, settled_usd = row
    return Billed(provider_id, prediction_id, model, None if ended is None else utc(ended), charge_usd, settled_usd)


def _news(known: Mapping[str, list[Settlement]], source: str, amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return what was not settled by this bill yet, nor last by another one at the same amount."""
    news = {}
    for prediction_id, usd in amounts.items():
        said = known.get(prediction_id, [])
        again = any(one.source == source for one in said)
        same = said and said[-1].source.startswith(f"{BILL} ") and said[-1].usd == usd.quantize(MICRODOLLAR)
        if not (again or same):
            news[prediction_id] = usd
    return news


def _settle(
    cursor: duckdb.DuckDBPyConnection,
    known: Mapping[str, list[Settlement]],
    amounts: Mapping[str, Decimal],
    source: str,
    note: str,
    by: str,
    at: datetime,
) -> None:
    if not amounts:
        return
    # In order, so that each question is about a short stretch of the ledger.
    ids = sorted(amounts)
    for some in (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)):
        last = last_steps(cursor, some)
        for prediction_id in some:
            if not last.get(prediction_id, (0, State.QUEUED))[1].final:
                raise EventRefused(f"Prediction {prediction_id} has not ended: it can be settled once it has.")
        unseal_predictions(cursor, some)
    SETTLEMENTS.insert(
        cursor,
        [
            (prediction_id, len(known.get(prediction_id, [])), usd, source, note, at, by)
            for prediction_id, usd in amounts.items()
        ],
    )


def _keep_bill(
    cursor: duckdb.DuckDBPyConnection, digest: str, name: str, amounts: Mapping[str, Decimal], by: str, at: datetime
) -> None:
    """Write down what the bill has settled, all of it in the last version, so that `verify` can compare."""
    found = cursor.execute(
        f"SELECT {DOCUMENTS.select_list} FROM app.documents WHERE kind = ? AND name = ? ORDER BY version DESC LIMIT 1",  # noqa: S608
        [BILL, digest],
    ).fetchone()
    version, before = -1, {}
    if found:
        last = DOCUMENTS.read(found)
        version, before = last["version"], last["body"]["usd"]
    told = {prediction_id: str(usd.quantize(MICRODOLLAR)) for prediction_id, usd in amounts.items()}
    DOCUMENTS.insert(cursor, [(BILL, digest, version + 1, {"file": name, "usd": before | told}, "", at, by)])


def _read(cursor: duckdb.DuckDBPyConnection, ids: list[str]) -> dict[str, list[Settlement]]:
    found: dict[str, list[Settlement]] = {}
    rows = cursor.execute(
        f"SELECT {SETTLEMENTS.select_list} FROM app.settlements "  # noqa: S608
        "JOIN (SELECT unnest(?::VARCHAR[]) AS prediction_id) USING (prediction_id) ORDER BY prediction_id, sequence",
        [ids],
    ).fetchall()
    for row in rows:
        one = Settlement(**SETTLEMENTS.read(row))
        found.setdefault(one.prediction_id, []).append(one)
    return found


def bill_differences(ledger: LedgerFile) -> tuple[int, list[str]]:
    """Return how many settlements stand on a bill, and a sentence for each that the bill's document contradicts."""
    with ledger.reading() as cursor:
        kept = cursor.execute(
            "SELECT name, body FROM app.documents WHERE kind = ? "
            "QUALIFY row_number() OVER (PARTITION BY name ORDER BY version DESC) = 1",
            [BILL],
        ).fetchall()
        rows = cursor.execute(
            "SELECT source, prediction_id, usd FROM app.settlements WHERE starts_with(source, ?)", [f"{BILL} "]
        ).fetchall()
    told = {(f"{BILL} {name}", prediction_id): usd for name, body in kept for prediction_id, usd in _told(body).items()}
    settled = {(source, prediction_id): usd for source, prediction_id, usd in rows}
    return len(rows), sorted(
        f"Prediction {place[1]} is settled at {settled.get(place)} USD, but the bill that was kept says "
        f"{told.get(place)}."
        for place in told.keys() | settled.keys()
        if told.get(place) != settled.get(place)
    )


def _told(body: str) -> dict[str, Decimal]:
    """Return what the bill's document says of each prediction; nothing when it says nothing that can be read."""
    try:
        return {prediction_id: Decimal(usd) for prediction_id, usd in json.loads(body)["usd"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError):
        return {}
