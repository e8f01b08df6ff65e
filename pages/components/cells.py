"""What a comparison's predictions look like in the grid: words, figures and what may be done."""

from collections.abc import Mapping
from decimal import Decimal

from pages.components.cards import offline_badge, room_picture
from pages.components.grid import Cell, CellState, Column, Row
from pages.components.picker import Badge
from pages.components.scores import automatic_badge, badge
from pages.components.words import dollars, duration, ordinal
from staging.desk import CellView, ComparisonView
from staging.externals import is_external, model_name
from staging.images import Pictures
from staging.predictions import PredictionNow, State, Verdict
from staging.registry import Capability, ModelRegistry
from staging.rooms import Room
from staging.store import Quality

STATE_WORDS: dict[State, tuple[CellState, str]] = {
    State.QUEUED: ("waiting", "Queued"),
    State.SUBMITTING: ("waiting", "Sending"),
    State.RUNNING: ("running", "Running"),
    State.COLLECTING: ("running", "Fetching"),
    State.SUCCEEDED: ("done", "Done"),
    State.FAILED: ("failed", "Failed"),
    State.CANCELED: ("cancelled", "Cancelled"),
    State.UNKNOWN: ("unknown", "Outcome unknown"),
}
EXTERNAL = Badge("external")
VERDICT_BADGES = {Verdict.ACCEPTED: Badge("Accepted", "good"), Verdict.REJECTED: Badge("Rejected", "warn")}


def columns(view: ComparisonView, registry: ModelRegistry) -> list[Column]:
    """Return the grid's columns; a model's seeds are told apart by number when there are several."""
    several = {model for model, seed in view.columns if seed > 0}
    parameters = {model: cell.prediction.prediction.parameters for (_, model, _), cell in view.cells.items()}
    drawn = []
    for model, seed in view.columns:
        mine = [cell.prediction for (_, of, position), cell in view.cells.items() if (of, position) == (model, seed)]
        took = [now.total_seconds for now in mine if now.state is State.SUCCEEDED and now.total_seconds is not None]
        ended = [now for now in mine if now.state.final]
        charges = [now.cost_usd for now in ended if now.cost_usd is not None]
        spec = registry.get(model) if registry.exists(model) else None
        seeded = spec is not None and Capability.SEED in spec.capabilities
        drawn.append(
            Column(
                id=f"{model} {seed}",
                name=model_name(model, registry, parameters.get(model)),
                detail=f"{'seed' if seeded else 'run'} {seed + 1}" if model in several else "",
                badge=offline_badge(spec) if spec else EXTERNAL if is_external(model) else None,
                seconds=sum(took) / len(took) if took else None,
                cost=float(sum(charges, Decimal(0))) if len(charges) == len(ended) else None,
                accepted=sum(now.verdict is Verdict.ACCEPTED for now in mine),
            )
        )
    return drawn


def rows(view: ComparisonView, rooms: Mapping[str, Room], pictures: Pictures) -> list[Row]:
    """Return the grid's rows, a cell for each column."""
    drawn = []
    for digest in view.rooms:
        room = rooms[digest]
        picture = room_picture(pictures, digest, room.width, room.height, f"Original of {room.name}")
        seen = (view.cells.get((digest, model, seed)) for model, seed in view.columns)
        drawn_cells = tuple(
            cell(one, room, pictures, view.quality.get(one.prediction.prediction.id)) if one else None for one in seen
        )
        drawn.append(Row(digest, room.name, f"Original · {room.room_type.value}", picture, drawn_cells))
    return drawn


def cell(seen: CellView, room: Room, pictures: Pictures, quality: Quality | None = None) -> Cell:
    """Return one prediction as it is shown now."""
    now = seen.prediction
    kind, word = STATE_WORDS[now.state]
    sentence = now.error or ""
    if not now.state.final:
        # "waiting: Replicate cannot be reached." is a word and its reason.
        stage, _, sentence = seen.stage_text.partition(": ")
        word = "Cancelling" if now.cancel_requested else stage[:1].upper() + stage[1:] or word
        if seen.place is not None and not now.cancel_requested:
            word = "Next in line" if seen.place == 1 else f"{ordinal(seen.place)} in line"
    picture = None
    if now.state is State.SUCCEEDED and now.outputs:
        output = now.outputs[0]
        alt = f"{room.name} staged by {now.prediction.model}"
        picture = room_picture(pictures, output.digest, output.width, output.height, alt)
    return Cell(
        id=now.prediction.id,
        state=kind,
        status=word,
        sentence="" if picture else sentence,
        facts=facts(now),
        hint=now.cost_basis,
        picture=picture,
        progress=seen.progress if not now.state.final else None,
        elapsed_seconds=None if now.state.final else seen.elapsed_seconds,
        # Only a person's word is a verdict: what thresholds made of it shows where there is none.
        verdict=VERDICT_BADGES.get(now.verdict) or automatic_badge(quality),
        score=badge(quality) if picture else None,
        structure_changed=bool(quality and quality.score and quality.score.structure_changed),
        can_retry=can_retry(now),
        can_cancel=not now.state.final and not now.cancel_requested,
    )


def can_retry(now: PredictionNow) -> bool:
    """Return whether it ended without a picture, so that a new try may be asked for."""
    return now.state.final and now.state is not State.SUCCEEDED


def facts(now: PredictionNow) -> str:
    """Return a prediction's seconds and cost: "12 s · $0.04"; what is unknown is said so."""
    parts = []
    if now.state.final:
        parts.append(duration(now.total_seconds))
        if now.cost_usd is not None and (now.cost_usd or now.state is State.SUCCEEDED):
            parts.append(dollars(now.cost_usd))
        elif now.cost_usd is None and now.state is State.SUCCEEDED:
            parts.append("cost unknown")
    elif now.prediction.estimate_usd is not None:
        parts.append(f"about {dollars(now.prediction.estimate_usd)}")
    else:
        parts.append("price unknown")
    return " · ".join(part for part in parts if part)


def summary(view: ComparisonView) -> tuple[float, str]:
    """Return how far a comparison is (0 to 1) and the same in words, with what it cost so far."""
    nows = [seen.prediction for seen in view.cells.values()]
    total, done = len(nows), sum(now.state.final for now in nows)
    words = [f"{done} of {total} done"]
    for state, word in ((State.FAILED, "failed"), (State.CANCELED, "cancelled"), (State.UNKNOWN, "outcome unknown")):
        if count := sum(now.state is state for now in nows):
            words.append(f"{count} {word}")
    # What was spent counts the tries before the last one too.
    spent = sum((one.cost_usd for one in view.tries if one.cost_usd is not None), Decimal(0))
    expected = [one.prediction.estimate_usd for one in view.tries]
    known = sum((amount for amount in expected if amount is not None), Decimal(0))
    beyond = " and what nobody knows" if None in expected else ""
    words.append(f"{dollars(spent)} spent of about {dollars(known)}{beyond}" if known else f"{dollars(spent)} spent")
    if unknown := sum(one.state.final and one.cost_usd is None for one in view.tries):
        words.append(f"{unknown} at an unknown price")
    return (done / total if total else 1.0), " · ".join(words)
