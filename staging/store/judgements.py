"""What judges were asked and said, out of the predictions that their questions are."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from staging.judgements import ANSWER, RULE, Answer, Call
from staging.predictions import State
from staging.store.connection import LedgerFile
from staging.store.tables import selected, utc

_CALLS = f"""
WITH asked AS (
    SELECT id, comparison_id, model, created_at, parameters ->> 'subject' AS subject,
           parameters ->> 'order' AS shown, coalesce(parameters ->> 'control', '') AS control
    FROM app.predictions
    WHERE rule = '{RULE}'
)
SELECT a.id, a.comparison_id, a.model, a.subject, a.shown, a.control, {selected("a.created_at")},
       e.state, (e.metrics -> '{ANSWER}')::VARCHAR, e.error
FROM asked AS a
LEFT JOIN app.events AS e ON e.prediction_id = a.id AND list_contains(?, e.state)
WHERE ? OR list_contains(?, a.subject)
ORDER BY a.id
"""  # noqa: S608 - no text of anybody's


class JudgementLedger:
    """The judgements. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile) -> None:
        self._ledger = ledger

    def calls(self, subjects: Sequence[str] | None = None) -> list[Call]:
        """Return every question about these predictions' outputs (None: about all), the first asked first."""
        finals = [state.value for state in State if state.final]
        rows = self._ledger.rows(_CALLS, [finals, subjects is None, list(subjects or ())])
        return [_call(row) for row in rows]


def _call(row: Sequence[Any]) -> Call:
    prediction_id, run, model, subject, order, control, asked_at, state, answered, error = row
    answer = None
    if state == State.SUCCEEDED.value and answered is not None:
        try:
            answer = Answer.model_validate_json(answered)
        except ValidationError:
            error = "It was answered to the questions of another release."
    told = "" if answer is not None or state is None else error or f"It was {state}."
    return Call(prediction_id, run, model, subject, order, control, utc(asked_at), state is not None, answer, told)
