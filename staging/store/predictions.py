"""Comparisons and predictions in the ledger: asked for once, then one event after another."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb

from staging.errors import AlreadyAdopted, EventRefused, NotFound
from staging.predictions import Comparison, Event, Mark, Prediction, PredictionNow, State
from staging.store.connection import LedgerFile, again_on_conflict
from staging.store.daily import unseal, unseal_predictions
from staging.store.lives import last_steps, lives_of, read_lives, read_marks
from staging.store.tables import (
    ADOPTIONS,
    COMPARISONS,
    EVENTS,
    OPEN_PREDICTIONS,
    OUTPUTS,
    PREDICTIONS,
    RESERVATIONS,
    VERDICTS,
    aware,
    selected,
    utc,
)

Reserve = Callable[[duckdb.DuckDBPyConnection], Mapping[str, Decimal | None]]
"""What returns, by prediction id, the US dollars to set aside (None: nobody can say), asked within the
transaction that queues; it may raise, and nothing is queued."""


class PredictionLedger:
    """The comparisons and predictions. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile) -> None:
        self._ledger = ledger

    @again_on_conflict
    def queue(
        self,
        comparison: Comparison,
        predictions: Sequence[Prediction],
        at: datetime,
        reserve: Reserve | None = None,
    ) -> None:
        """Keep the predictions, all queued, or none of them.

        A comparison that is known already gets them at its end: a retry. EventRefused when a
        prediction is queued already, or retries one that has been retried before. `reserve` says what
        is set aside for each, in the same transaction; what it raises leaves nothing written.
        """
        with self._ledger.writing() as cursor:
            _queue(cursor, comparison, predictions, at, {} if reserve is None else reserve(cursor))

    @again_on_conflict
    def bring_in(self, comparison: Comparison, prediction: Prediction, end: Event) -> None:
        """Keep a prediction that nobody has to run, queued and ended at once, at the comparison's end.

        No reader ever sees it unfinished, so the engine never takes it. EventRefused as of `queue`;
        ValueError when `end` is not its final event.
        """
        if end.prediction_id != prediction.id or end.sequence != 1 or not end.state.final:
            raise ValueError("this event does not end the prediction")
        with self._ledger.writing() as cursor:
            _queue(cursor, comparison, [prediction], end.at, {})
            _write_events(cursor, [end])

    @again_on_conflict
    def bring_in_lives(
        self, comparison: Comparison, predictions: Sequence[Prediction], events: Sequence[Event], at: datetime
    ) -> None:
        """Keep predictions with all that happened to them after they were queued at `at`, to their ends.

        As of `bring_in`, no reader ever sees one unfinished. ValueError when one does not end.
        """
        if {event.prediction_id for event in events if event.state.final} != {one.id for one in predictions}:
            raise ValueError("these events do not end the predictions")
        with self._ledger.writing() as cursor:
            _queue(cursor, comparison, predictions, at, {})
            _adopt(cursor, [event for event in events if event.provider_id is not None])
            _write_events(cursor, events)

    @again_on_conflict
    def append(self, events: Sequence[Event]) -> None:
        """Write the events, all or none; they are on the disk afterwards.

        EventRefused when one does not follow the last of its prediction, or follows a final one;
        AlreadyAdopted when its provider's id belongs to another prediction.
        """
        if not events:
            return
        with self._ledger.writing() as cursor:
            last = last_steps(cursor, {event.prediction_id for event in events})
            for event in events:
                _refuse_misplaced(event, last.get(event.prediction_id))
                last[event.prediction_id] = (event.sequence, event.state)
            _adopt(cursor, [event for event in events if event.provider_id is not None])
            _write_events(cursor, events)

    @again_on_conflict
    def request_cancel(self, ids: Iterable[str], by: str, at: datetime) -> None:
        """Write down that somebody wants these predictions stopped; the first to ask is kept."""
        with self._ledger.writing() as cursor:
            cursor.execute(
                "INSERT INTO app.cancel_requests SELECT DISTINCT unnest(?::VARCHAR[]), ?::TIMESTAMPTZ, ? "
                "ON CONFLICT DO NOTHING",
                [list(ids), aware(at), by],
            )

    @again_on_conflict
    def mark(self, prediction_id: str, change: Callable[[Mark], Mark], by: str, at: datetime) -> Mark:
        """Write down what a person thinks of an output, made from what was thought before; return it.

        NotFound when there is no such prediction, EventRefused when it has no output to judge.
        """
        with self._ledger.writing() as cursor:
            last = last_steps(cursor, [prediction_id]).get(prediction_id)
            if last is None:
                raise _no_prediction(prediction_id)
            if last[1] is not State.SUCCEEDED:
                raise EventRefused("This prediction has no output to judge yet: wait until it has succeeded.")
            before = read_marks(cursor, [prediction_id]).get(prediction_id, Mark())
            after = change(before)
            if after != before:
                sql = "SELECT count(*) FROM app.verdicts WHERE prediction_id = ?"
                (sequence,) = _one(cursor, sql, prediction_id) or (0,)
                reasons = [reason.value for reason in after.reasons]
                thought = (after.verdict.value, at, by, reasons, after.stars, after.note, after.favourite)
                VERDICTS.insert(cursor, [(prediction_id, sequence, *thought)])
                unseal_predictions(cursor, [prediction_id])
            return after

    def unfinished(self) -> list[PredictionNow]:
        """Return the predictions whose last event is not final, by comparison and asking order."""
        with self._ledger.reading() as cursor:
            rows = cursor.execute("SELECT prediction_id FROM app.open_predictions").fetchall()
            return [life.now for life in lives_of(cursor, [prediction_id for (prediction_id,) in rows])]

    def count_by_state(self) -> Counter[State]:
        """Return how many predictions are in each state; every state is in it."""
        finals = [state.value for state in State if state.final]
        with self._ledger.reading() as cursor:
            ended = cursor.execute(
                "SELECT state, count(*) FROM app.events WHERE list_contains(?, state) GROUP BY state", [finals]
            ).fetchall()
            rows = cursor.execute("SELECT prediction_id FROM app.open_predictions").fetchall()
            steps = last_steps(cursor, [prediction_id for (prediction_id,) in rows]) if rows else {}
        counts = Counter(dict.fromkeys(State, 0))
        counts.update({State(state): count for state, count in ended})
        counts.update(state for _, state in steps.values())
        return counts

    def get(self, prediction_id: str) -> PredictionNow:
        """Return the prediction as it is now; NotFound when there is none."""
        with self._ledger.reading() as cursor:
            found = read_lives(cursor, "id = ?", [prediction_id])
        if not found:
            raise _no_prediction(prediction_id)
        return found[0].now

    def of_comparison(self, comparison_id: str) -> list[PredictionNow]:
        """Return the comparison's predictions in the order they were asked for, retries last."""
        with self._ledger.reading() as cursor:
            return [life.now for life in read_lives(cursor, "comparison_id = ?", [comparison_id])]

    def marked(self, comparison_id: str) -> dict[str, tuple[str, datetime]]:
        """Return who spoke last of each output of the comparison, and when; those nobody judged are absent."""
        rows = self._ledger.rows(
            f"SELECT v.prediction_id, v.given_by, {selected('v.given_at')} FROM verdicts_now AS v "  # noqa: S608
            "JOIN app.predictions AS p ON p.id = v.prediction_id WHERE p.comparison_id = ?",
            [comparison_id],
        )
        return {prediction_id: (by, utc(at)) for prediction_id, by, at in rows}

    def adopted(self, provider: str, provider_ids: Collection[str]) -> set[str]:
        """Return those of the provider's ids that belong to one of our predictions."""
        rows = self._ledger.rows(
            "SELECT provider_id FROM app.adoptions WHERE provider = ? AND list_contains(?, provider_id)",
            [provider, list(provider_ids)],
        )
        return {provider_id for (provider_id,) in rows}


def _queue(
    cursor: duckdb.DuckDBPyConnection,
    comparison: Comparison,
    predictions: Sequence[Prediction],
    at: datetime,
    reserved: Mapping[str, Decimal | None],
) -> None:
    if any(prediction.comparison_id != comparison.id for prediction in predictions):
        raise ValueError("a prediction is of another comparison")
    queued = last_steps(cursor, [prediction.id for prediction in predictions])
    if queued:
        raise EventRefused(f"Prediction {next(iter(queued))} is queued already; nothing was written.")
    retried = [prediction.retry_of for prediction in predictions if prediction.retry_of is not None]
    sql = "SELECT id FROM app.predictions WHERE list_contains(?, retry_of)"
    if retried and _one(cursor, sql, retried) is not None:
        raise EventRefused("This prediction has already been tried again.")
    if _one(cursor, "SELECT id FROM app.comparisons WHERE id = ?", comparison.id) is None:
        COMPARISONS.insert(cursor, [_comparison_row(comparison)])
    sql = "SELECT count(*) FROM app.predictions WHERE comparison_id = ?"
    (first,) = _one(cursor, sql, comparison.id) or (0,)
    PREDICTIONS.insert(
        cursor,
        (_prediction_row(prediction, position) for position, prediction in enumerate(predictions, start=first)),
    )
    OPEN_PREDICTIONS.insert(
        cursor,
        [(one.id, one.model, one.project, one.created_by, reserved.get(one.id)) for one in predictions],
    )
    RESERVATIONS.insert(cursor, [(key, usd, at) for key, usd in reserved.items() if usd is not None])
    _write_events(cursor, [Event(prediction.id, 0, State.QUEUED, at) for prediction in predictions])


def _refuse_misplaced(event: Event, last: tuple[int, State] | None) -> None:
    if last is None:
        raise EventRefused(f"Prediction {event.prediction_id} was never queued; nothing was written.")
    sequence, state = last
    if state.final:
        raise EventRefused(f"Prediction {event.prediction_id} has ended ({state}); nothing was written.")
    if event.sequence != sequence + 1:
        raise EventRefused(
            f"Step {event.sequence} of prediction {event.prediction_id} does not follow step {sequence}; "
            "nothing was written."
        )


def _adopt(cursor: duckdb.DuckDBPyConnection, events: Sequence[Event]) -> None:
    """Make each provider's id belong to its event's prediction, or refuse all."""
    if not events:
        return
    owners = cursor.execute(
        "SELECT p.id, p.provider, a.provider_id, a.prediction_id FROM app.predictions AS p "
        "LEFT JOIN app.adoptions AS a ON a.provider = p.provider AND list_contains(?, a.provider_id) "
        "WHERE p.id BETWEEN ? AND ? AND list_contains(?, p.id)",
        [
            [event.provider_id for event in events],
            min(event.prediction_id for event in events),
            max(event.prediction_id for event in events),
            [event.prediction_id for event in events],
        ],
    ).fetchall()
    providers = {prediction_id: provider for prediction_id, provider, _, _ in owners}
    taken = {(provider, provider_id): owner for _, provider, provider_id, owner in owners}
    rows = []
    for event in events:
        key = (providers[event.prediction_id], event.provider_id)
        if key not in taken:
            rows.append((*key, event.prediction_id, event.at))
        if taken.setdefault(key, event.prediction_id) != event.prediction_id:
            raise AlreadyAdopted(
                f"{key[0]}'s prediction {key[1]} belongs to prediction {taken[key]} already; nothing was written."
            )
    ADOPTIONS.insert(cursor, rows)


def _write_events(cursor: duckdb.DuckDBPyConnection, events: Sequence[Event]) -> None:
    EVENTS.insert(cursor, (_event_row(event) for event in events))
    OUTPUTS.insert(
        cursor,
        (
            (event.prediction_id, place, made.digest, made.media_type, made.size_bytes, made.width, made.height)
            for event in events
            for place, made in enumerate(event.outputs)
        ),
    )

    if ended := [event for event in events if event.state.final]:
        cursor.execute(
            "DELETE FROM app.open_predictions WHERE list_contains(?, prediction_id)",
            [[event.prediction_id for event in ended]],
        )
        unseal(cursor, [event.at for event in ended])


def _event_row(event: Event) -> tuple[Any, ...]:
    return tuple(
        event.at if column == "happened_at" else event.state.value if column == "state" else getattr(event, column)
        for column in EVENTS.columns
    )


def _prediction_row(prediction: Prediction, position: int) -> tuple[Any, ...]:
    known = {"position": position, "price": prediction.price.model_dump(mode="json")}
    return tuple(known[column] if column in known else getattr(prediction, column) for column in PREDICTIONS.columns)


def _comparison_row(comparison: Comparison) -> tuple[Any, ...]:
    return tuple(getattr(comparison, column) for column in COMPARISONS.columns)


def _one(cursor: duckdb.DuckDBPyConnection, sql: str, *values: object) -> tuple[Any, ...] | None:
    row: tuple[Any, ...] | None = cursor.execute(sql, list(values)).fetchone()
    return row


def _no_prediction(prediction_id: str) -> NotFound:
    return NotFound(f"There is no prediction {prediction_id!r} in the ledger.")
