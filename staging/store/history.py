"""What the ledger says of each model: how long it takes, what it costs, how often it was accepted.

Events, verdicts and settlements are only ever added, so their counts tell whether anything has changed: the
answers are kept until it has. A page asks at every rerun, and counting takes a tenth of asking.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from staging.store.ballots import BallotFilter
from staging.store.connection import LedgerFile

RECENT = 200
"""How many of a model's last predictions speak for it: models and providers change."""

_MODELS = """
WITH recent AS (
    SELECT id, model FROM app.predictions
    QUALIFY row_number() OVER (PARTITION BY model ORDER BY id DESC) <= ?
)
SELECT
    r.model,
    count(*) FILTER (n.state = 'succeeded'),
    median(n.run_seconds) FILTER (n.state = 'succeeded'),
    quantile_cont(n.run_seconds, 0.1) FILTER (n.state = 'succeeded'),
    quantile_cont(n.run_seconds, 0.9) FILTER (n.state = 'succeeded'),
    count(*) FILTER (v.verdict = 'accepted'),
    count(*) FILTER (v.verdict IN ('accepted', 'rejected')),
    quantile_disc(coalesce(s.settled_usd, g.charge_usd), 0.5) FILTER (n.state = 'succeeded')
FROM recent AS r
LEFT JOIN endings AS n ON n.prediction_id = r.id
LEFT JOIN charges_now AS g ON g.prediction_id = r.id
LEFT JOIN settlements_now AS s ON s.prediction_id = r.id
LEFT JOIN verdicts_now AS v ON v.prediction_id = r.id
GROUP BY r.model
"""

_UNDER_WAY = "SELECT model, count(*) FROM app.predictions ANTI JOIN endings ON prediction_id = id GROUP BY model"

_REJECTIONS = """
SELECT p.model, unnest(from_json(v.reasons, '["VARCHAR"]')) AS reason
FROM verdicts_now AS v
JOIN app.predictions AS p ON p.id = v.prediction_id
LEFT JOIN rooms_now AS r ON r.digest = p.room
WHERE v.verdict = 'rejected'
"""
_REJECTED_WHERE = {
    "room_type": "r.room_type = $room_type",
    "style": "p.style = $style",
    "project": "p.project = $project",
    "rater": "v.given_by = $rater",
    "since": "v.given_at >= $since",
    "until": "v.given_at < $until",
}


@dataclass(frozen=True, slots=True)
class ModelHistory:
    """What came of a model's last predictions."""

    runs: int
    """Those that succeeded."""
    seconds: float | None
    """The median run time of a success."""
    quick_seconds: float | None
    """One run in ten was quicker."""
    slow_seconds: float | None
    """One run in ten was slower."""
    accepted: int
    judged: int
    """Accepted or rejected."""
    usd_per_image: Decimal | None
    """The median cost of a success, as far as costs are known: as settled, else as reckoned."""


class _Known(NamedTuple):
    counts: tuple[int, int, int]
    models: Mapping[str, ModelHistory]
    under_way: Mapping[str, int]


class HistoryLedger:
    """What is known of models. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile) -> None:
        self._ledger = ledger
        self._known: _Known | None = None

    def of_models(self) -> Mapping[str, ModelHistory]:
        """Return what is known of every model that was ever asked, by model id."""
        return self._read().models

    def under_way(self) -> Mapping[str, int]:
        """Return how many predictions of each model have not ended, by model id."""
        return self._read().under_way

    def rejections(self, wanted: BallotFilter) -> dict[tuple[str, str], int]:
        """Return how many outputs of each model were last rejected for each reason.

        The filter's rater is who rejected, its moments are when, its room type that of today; arms are left unread.
        """
        question = _REJECTIONS
        values: dict[str, object] = {}
        for name, condition in _REJECTED_WHERE.items():
            if (value := getattr(wanted, name)) is not None:
                question += f" AND {condition}"
                values[name] = value
        rows = self._ledger.rows(f"SELECT model, reason, count(*) FROM ({question}) GROUP BY ALL ORDER BY ALL", values)  # noqa: S608
        return {(model, reason): count for model, reason, count in rows}

    def _read(self) -> _Known:
        # Two threads may both find it old and read it twice, which harms nobody.
        known = self._known
        with self._ledger.reading() as cursor:
            (counts,) = cursor.execute(
                "SELECT (SELECT count(*) FROM app.events), (SELECT count(*) FROM app.verdicts), "
                "(SELECT count(*) FROM app.settlements)"
            ).fetchall()
            if known is None or known.counts != counts:
                models = {model: ModelHistory(*facts) for model, *facts in cursor.execute(_MODELS, [RECENT]).fetchall()}
                known = self._known = _Known(counts, models, dict(cursor.execute(_UNDER_WAY).fetchall()))
        return known
