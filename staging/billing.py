"""The provider's bill beside what we reckoned: matched by prediction, shown where it differs, settled if confirmed."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from staging.billing_csv import MOST_USD, Bill, BillLine, read_bill
from staging.errors import ParametersRefused
from staging.predictions import LONGEST_NOTE
from staging.store import Store
from staging.store.settlements import Billed

__all__ = [
    "PROVIDER",
    "Bill",
    "BillLine",
    "Match",
    "Reconciliation",
    "read_bill",
    "reconcile",
    "settle",
    "settle_by_hand",
]

PROVIDER = "replicate"
CENT_FRACTION = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Match:
    """One prediction of ours that the bill names."""

    prediction_id: str
    provider_ids: tuple[str, ...]
    model: str
    ended_at: datetime | None
    """None while it is under way: it cannot be settled yet."""
    ours_usd: Decimal | None
    """As we reckoned it; None when we could not."""
    theirs_usd: Decimal
    """Rounded to the ledger's six places."""
    settled_usd: Decimal | None
    """What it was settled at before; None when it was not."""

    @property
    def difference_usd(self) -> Decimal | None:
        """How much more the bill says than we reckoned; None when we could not reckon it."""
        return None if self.ours_usd is None else self.theirs_usd - self.ours_usd


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A bill beside the ledger. Nothing is written yet."""

    bill: Bill
    equal: tuple[Match, ...]
    different: tuple[Match, ...]
    """The largest difference first; those that we could not reckon before all."""
    under_way: tuple[Match, ...]
    """Not ended, and so not settled."""
    strangers: tuple[BillLine, ...]
    """Predictions that the bill names and we do not know."""
    unnamed: tuple[Billed, ...]
    """The dearest of ours that ended on the bill's days and that it does not name."""
    unnamed_count: int
    unnamed_usd: Decimal
    news: int
    """How many settlements a confirmation would write."""

    @property
    def matched(self) -> tuple[Match, ...]:
        """What can be settled."""
        return self.equal + self.different

    @property
    def ours_usd(self) -> Decimal:
        """What we reckoned for what can be settled, as far as we could."""
        return sum((one.ours_usd for one in self.matched if one.ours_usd is not None), Decimal(0))

    @property
    def theirs_usd(self) -> Decimal:
        """What the bill says of the same."""
        return sum((one.theirs_usd for one in self.matched), Decimal(0))


def reconcile(store: Store, bill: Bill) -> Reconciliation:
    """Return the bill beside the ledger, by the provider's prediction ids."""
    by_prediction: dict[str, list[Billed]] = defaultdict(list)
    known: set[str] = set()
    for one in store.settlements.billed(PROVIDER, list(bill.lines)):
        by_prediction[one.prediction_id].append(one)
        known.add(one.provider_id)
    matches = [_match(found, bill) for found in by_prediction.values()]
    ended = [one for one in matches if one.ended_at is not None]
    different = sorted((one for one in ended if one.difference_usd != 0), key=_unlikeness, reverse=True)
    count, usd, unnamed = _not_named(store, bill, ended)
    return Reconciliation(
        bill=bill,
        equal=tuple(one for one in ended if one.difference_usd == 0),
        different=tuple(different),
        under_way=tuple(one for one in matches if one.ended_at is None),
        strangers=tuple(line for key, line in bill.lines.items() if key not in known),
        unnamed=tuple(unnamed),
        unnamed_count=count,
        unnamed_usd=usd,
        news=store.settlements.news_of_bill(bill.digest, {one.prediction_id: one.theirs_usd for one in ended}),
    )


def _unlikeness(match: Match) -> Decimal:
    return Decimal("Infinity") if match.difference_usd is None else abs(match.difference_usd)


def _match(found: list[Billed], bill: Bill) -> Match:
    first = found[0]
    theirs = sum((bill.lines[one.provider_id].usd for one in found), Decimal(0))
    return Match(
        prediction_id=first.prediction_id,
        provider_ids=tuple(one.provider_id for one in found),
        model=first.model,
        ended_at=first.ended_at,
        ours_usd=first.charge_usd,
        theirs_usd=theirs.quantize(CENT_FRACTION, ROUND_HALF_UP),
        settled_usd=first.settled_usd,
    )


def _not_named(store: Store, bill: Bill, ended: list[Match]) -> tuple[int, Decimal, list[Billed]]:
    """Ours of the bill's days, or where it names none of the days of what it matches, that it leaves out."""
    zone = ZoneInfo(store.costs.zone)
    days = [one.ended_at.astimezone(zone).date() for one in ended if one.ended_at is not None]
    first, last = bill.first or min(days, default=None), bill.last or max(days, default=None)
    if first is None or last is None:
        return 0, Decimal(0), []
    since = datetime.combine(first, time(), zone).astimezone(UTC)
    until = datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
    return store.settlements.not_billed(PROVIDER, list(bill.lines), since, until)


def settle(store: Store, found: Reconciliation, by: str, at: datetime) -> int:
    """The bill's amounts count from now on, beside what we reckoned; return how many that was news for."""
    amounts = {one.prediction_id: one.theirs_usd for one in found.matched}
    return store.settlements.settle_bill(found.bill.digest, found.bill.name, amounts, by, at)


def settle_by_hand(store: Store, prediction_id: str, usd: Decimal, note: str, by: str, at: datetime) -> None:
    """The prediction came to this, as a person says and says why; ParametersRefused, EventRefused or NotFound."""
    store.predictions.get(prediction_id)
    note = " ".join(note.split())
    if not usd.is_finite() or not 0 <= usd <= MOST_USD or usd != usd.quantize(CENT_FRACTION):
        raise ParametersRefused(f"Say what it came to between $0 and ${MOST_USD:,}, with at most six places.")
    if not note or len(note) > LONGEST_NOTE:
        raise ParametersRefused(f"Say how you know what it came to, in 1 to {LONGEST_NOTE:,} characters.")
    store.settlements.settle_by_hand(prediction_id, usd, note, by, at)
