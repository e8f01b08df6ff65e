"""The rows of a prediction's life, read back into what is known of it now."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb

from staging.errors import LedgerDamaged
from staging.predictions import Event, Mark, Output, Prediction, PredictionNow, Reason, State, Verdict
from staging.registry import Price
from staging.store.tables import EVENTS, PREDICTIONS

_LASTING = (
    "provider_id",
    "input",
    "error",
    "error_kind",
    "metrics",
    "queue_seconds",
    "run_seconds",
    "total_seconds",
)
"""The fields of an event that add to what is known, and stay known until another event says more."""


_COMPARISON, _POSITION = (list(PREDICTIONS.columns).index(name) for name in ("comparison_id", "position"))

_MOMENT = 8
"""How much of two UUIDv7 is equal when they were made within the same 65 seconds."""


class Life(NamedTuple):
    """A prediction as it is now, and the events (without outputs) that say so, in order."""

    now: PredictionNow
    events: Sequence[Event]


def known_now(
    prediction: Prediction,
    events: Sequence[Event],
    *,
    outputs: Sequence[Output] = (),
    cancel_requested: bool = False,
    mark: Mark = Mark(),  # noqa: B008 — frozen
    reserved_usd: Decimal | None = None,
    settled: tuple[Decimal, str, str] | None = None,
) -> PredictionNow:
    """Return all that the prediction's events, in order and at least one, say so far."""
    known: dict[str, Any] = {}
    for event in events:
        known |= {name: value for name in _LASTING if (value := getattr(event, name)) is not None}
        if event.charge_usd is not None or event.charge_basis is not None:
            # One word: a basis without an amount takes back an amount said before.
            known |= {name: getattr(event, name) for name in ("charge_usd", "charge_basis", "charge_inputs")}
        if event.state is State.SUBMITTING:
            known["submitted_at"] = event.at
        elif event.state is State.RUNNING:
            known["running_at"] = event.at
        elif event.state.final:
            known["ended_at"] = event.at
    last = events[-1]
    return PredictionNow(
        prediction=prediction,
        state=last.state,
        state_at=last.at,
        sequence=last.sequence,
        cancel_requested=cancel_requested,
        outputs=tuple(outputs),
        mark=mark,
        reserved_usd=reserved_usd,
        settled_usd=settled[0] if settled else None,
        settled_source=settled[1] if settled else None,
        settled_note=settled[2] if settled else None,
        **known,
    )


def read_lives(cursor: duckdb.DuckDBPyConnection, where: str, values: Sequence[object]) -> list[Life]:
    """Return the lives of the predictions that the condition holds for, by comparison and asking order.

    `cursor` stands in a transaction, so that events, outputs and verdicts are of one moment.
    """
    rows = cursor.execute(
        f"SELECT {PREDICTIONS.select_list}, prediction_id IS NOT NULL FROM app.predictions "  # noqa: S608
        f"LEFT JOIN app.cancel_requests ON prediction_id = id WHERE {where}",
        values,
    ).fetchall()
    rows.sort(key=lambda row: (row[_COMPARISON], row[_POSITION]))
    predictions = [(_prediction(row), cancel_requested) for *row, cancel_requested in rows]
    ids = [prediction.id for prediction, _ in predictions]
    if not ids:
        return []
    events = _read_events(cursor, ids)
    if missing := [key for key in ids if key not in events]:
        raise LedgerDamaged(
            f"Prediction {missing[0]} has no events in the ledger, which the app never does: stop it and run "
            "`python -m staging verify`."
        )
    outputs = defaultdict(list)
    for prediction_id, _, *facts in sorted(_of(cursor, ids, "SELECT * FROM app.outputs")):
        outputs[prediction_id].append(Output(*facts))
    marks, (reserved, settled) = read_marks(cursor, ids), _read_amounts(cursor, ids)
    return [
        Life(
            known_now(
                prediction,
                events[prediction.id],
                outputs=outputs[prediction.id],
                cancel_requested=cancel_requested,
                mark=marks.get(prediction.id, Mark()),
                reserved_usd=reserved.get(prediction.id),
                settled=settled.get(prediction.id),
            ),
            events[prediction.id],
        )
        for prediction, cancel_requested in predictions
    ]


def lives_of(cursor: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> list[Life]:
    """Return the lives of these predictions, by comparison and asking order; unknown ids are absent."""
    if not ids:
        return []
    return read_lives(cursor, "id BETWEEN ? AND ? AND list_contains(?, id)", [min(ids), max(ids), list(ids)])


def _read_events(cursor: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> Mapping[str, list[Event]]:
    """Return each prediction's events in order; outputs are not among them."""
    events: dict[str, list[Event]] = defaultdict(list)
    for row in _of(cursor, ids, f"SELECT {EVENTS.select_list} FROM app.events"):  # noqa: S608
        event = _event(row)
        events[event.prediction_id].append(event)
    for known in events.values():
        known.sort(key=lambda event: event.sequence)
    return events


def last_steps(cursor: duckdb.DuckDBPyConnection, ids: Iterable[str]) -> dict[str, tuple[int, State]]:
    """Return the sequence and state of each prediction's last event; unknown ids are absent."""
    rows = _of(
        cursor,
        list(ids),
        "SELECT prediction_id, max(sequence), arg_max(state, sequence) FROM app.events",
        "GROUP BY prediction_id",
    )
    return {prediction_id: (sequence, State(state)) for prediction_id, sequence, state in rows}


def read_marks(cursor: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> dict[str, Mark]:
    """Return the last mark of each prediction; those without one are absent."""
    columns = "prediction_id, sequence, verdict, reasons, stars, note, favourite"
    marks: dict[str, Mark] = {}
    rows = _of(cursor, ids, f"SELECT {columns} FROM app.verdicts")  # noqa: S608
    for prediction_id, _, verdict, reasons, stars, note, favourite in sorted(rows, key=lambda row: row[:2]):
        why = tuple(map(Reason, json.loads(reasons)))
        marks[prediction_id] = Mark(Verdict(verdict), why, stars, note, favourite)
    return marks


def _read_amounts(
    cursor: duckdb.DuckDBPyConnection, ids: Sequence[str]
) -> tuple[Mapping[str, Decimal], Mapping[str, tuple[Decimal, str, str]]]:
    """Return what was reserved for each prediction, and its last settlement: amount, source, note."""
    reserved = _of(cursor, ids, "SELECT prediction_id, usd FROM app.reservations")
    settled = _of(cursor, ids, "SELECT prediction_id, sequence, usd, source, note FROM app.settlements")
    return dict(reserved), {
        prediction_id: (usd, source, note) for prediction_id, _, usd, source, note in sorted(settled)
    }


def _of(cursor: duckdb.DuckDBPyConnection, ids: Sequence[str], select: str, end: str = "") -> list[tuple[Any, ...]]:
    """Return the rows of some predictions, in no order (sorting here is quicker than in DuckDB).

    `select` names the prediction's id first. The bounds let DuckDB pass over the blocks that cannot
    hold the ids, which sort by time. Ids of one moment need no more than the bounds: hardly a row
    of another prediction lies between them, and it is dropped here; a list takes longer to plan
    than the rows take to read.
    """
    first, last = min(ids), max(ids)
    where, values = "prediction_id BETWEEN ? AND ?", [first, last, list(ids)]
    if first[:_MOMENT] == last[:_MOMENT]:
        del values[2]
    else:
        where += " AND list_contains(?, prediction_id)"
    wanted = set(ids)
    rows = cursor.execute(f"{select} WHERE {where} {end}", values).fetchall()
    return [row for row in rows if row[0] in wanted]


def _prediction(row: Sequence[Any]) -> Prediction:
    known = PREDICTIONS.read(row)
    del known["position"]
    return Prediction(**known | {"price": Price.model_validate(known["price"])})


def _event(row: Sequence[Any]) -> Event:
    known = EVENTS.read(row)
    return Event(at=known.pop("happened_at"), **known | {"state": State(known["state"])})
