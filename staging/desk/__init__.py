"""What pages and API ask for: plan, start, look, cancel, retry, mark.

Nothing here waits for a provider: an intent is written to the ledger and the engine is woken.
"""

from staging.desk.desk import Desk
from staging.desk.plans import (
    MOST_PREDICTIONS,
    MOST_SEEDS,
    Amount,
    Estimate,
    ModelChoice,
    Origin,
    Plan,
    PlannedPrediction,
    Recipe,
)
from staging.desk.sets import ModelSet, ModelSets
from staging.desk.views import CellView, ComparisonView, ModelOffer, Retried

__all__ = [
    "MOST_PREDICTIONS",
    "MOST_SEEDS",
    "Amount",
    "CellView",
    "ComparisonView",
    "Desk",
    "Estimate",
    "ModelChoice",
    "ModelOffer",
    "ModelSet",
    "ModelSets",
    "Origin",
    "Plan",
    "PlannedPrediction",
    "Recipe",
    "Retried",
]
