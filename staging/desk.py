"""What pages and API ask for: plan, start, look, cancel, retry, judge.

Nothing here waits for a provider: an intent is written to the ledger and the engine is woken.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from pydantic import JsonValue

from staging import costs
from staging.config import Settings
from staging.engine import Engine, Live
from staging.errors import NotFound, ParametersRefused
from staging.ids import new_id
from staging.images import Pictures, sent_size
from staging.predictions import Comparison, Prediction, PredictionNow, State, Verdict
from staging.registry import Capability, InputBuilder, ModelID, ModelRegistry, ModelSpec, Price, RoomInput
from staging.rooms import Room, RoomType
from staging.store import Store

MOST_PREDICTIONS = 500
"""In one comparison: beyond it the grid is of no use to anybody, and a slip is dear."""
MOST_SEEDS = 8
LONGEST_PROMPT = 5_000


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model as a person chose it: with these parameters, on so many seeds."""

    model: str
    parameters: Mapping[str, JsonValue] = field(default_factory=dict)
    seeds: int = 1


@dataclass(frozen=True, slots=True)
class PlannedPrediction:
    """One cell of a comparison before it is asked for."""

    room: Room
    spec: ModelSpec
    parameters: Mapping[str, JsonValue]
    seed: int | None
    prompt: str
    price: Price
    """With these parameters."""
    estimate: costs.Charge


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a plan will cost and take, as far as can be known."""

    known_usd: Decimal
    """The sum over the cells whose price is known."""
    unknown_models: tuple[str, ...]
    """Names of the models whose cost cannot be told: not in the sum."""
    count: int
    seconds: float | None
    """Until the last picture, by the models' own history; None when nothing is known."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A comparison before it is asked for: nothing is written yet."""

    cells: tuple[PlannedPrediction, ...]
    style: str
    project: str
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class CellView:
    """One cell of the grid: the newest try."""

    prediction: PredictionNow
    progress: float | None
    stage_text: str
    elapsed_seconds: float
    """Since it was asked for, until now or its end."""


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """A comparison as the grid shows it."""

    comparison: Comparison
    rooms: tuple[str, ...]
    """Digests, in the order they were asked for."""
    columns: tuple[tuple[str, int], ...]
    """(model, position among that model's seeds), in the order they were asked for."""
    cells: Mapping[tuple[str, str, int], CellView]
    """By room, model and position; a cell that was never asked for is absent."""
    unfinished: int
    tries: tuple[PredictionNow, ...]
    """Every prediction that was made, those tried again too: what was spent is the sum over these."""


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """A model as the picker offers it."""

    spec: ModelSpec
    available: bool
    reason: str
    """Why it cannot be run now, and what to do; empty when it can."""


class Desk:
    """The one place where people's wishes about predictions are taken."""

    def __init__(
        self,
        settings: Settings,
        registry: ModelRegistry,
        store: Store,
        pictures: Pictures,
        engine: Engine,
        refusals: Mapping[str, str],
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._store = store
        self._pictures = pictures
        self._engine = engine
        self._refusals = refusals
        """Provider name or model id → why it cannot be used here."""

    # ── rooms ────────────────────────────────────────────────────────────────────────────────

    def keep_room(
        self, data: bytes, name: str, by: str, *, room_type: RoomType = RoomType.OTHER, project: str = ""
    ) -> Room:
        """Return the room, new or known already (same pixels); UploadRejected says why not."""
        picture = self._pictures.keep_room(data, name)
        room = Room(
            digest=picture.digest,
            name=name,
            width=picture.width,
            height=picture.height,
            size_bytes=picture.size_bytes,
            room_type=room_type,
            project=project,
            note="",
            sample=False,
            archived=False,
            uploaded_at=datetime.now(UTC),
            uploaded_by=by,
        )
        self._store.rooms.add(room)
        return self._store.rooms.get(room.digest)

    # ── before a run ─────────────────────────────────────────────────────────────────────────

    def models(self) -> list[ModelOffer]:
        """All models, with whether they can be run here and now."""
        return [
            ModelOffer(spec, available=not reason, reason=reason)
            for spec in self._registry
            for reason in (self._refusal(spec),)
        ]

    def _refusal(self, spec: ModelSpec) -> str:
        return self._refusals.get(spec.provider) or self._refusals.get(spec.id, "")

    def _refuse_unavailable(self, spec: ModelSpec) -> None:
        if refusal := self._refusal(spec):
            raise ParametersRefused(f"{spec.name} cannot be run here: {refusal}")

    def plan(
        self,
        rooms: Sequence[str],
        choices: Sequence[ModelChoice],
        *,
        style: str,
        prompts: Mapping[str, str],
        project: str = "",
    ) -> Plan:
        """Return every cell with its estimate, rooms × models × seeds.

        `prompts` is by room digest. NotFound, UnknownModel or ParametersRefused say what is wrong.
        """
        if not rooms or not choices:
            raise ParametersRefused("Choose at least one room and one model.")
        # Once a model, not once a cell: a page plans at every rerun.
        seconds = {choice.model: self._typical_seconds(self._registry.get(choice.model)) for choice in choices}
        pace = {model: (value, self._places(model)) for model, value in seconds.items()}
        cells: list[PlannedPrediction] = []
        for digest in dict.fromkeys(rooms):
            room = self._store.rooms.get(digest)
            prompt = prompts.get(digest, "").strip()
            if not prompt or len(prompt) > LONGEST_PROMPT:
                raise ParametersRefused(
                    f"The prompt for {room.name} must have between 1 and {LONGEST_PROMPT} characters; "
                    f"it has {len(prompt)}."
                )
            for choice in choices:
                cells.extend(self._cells(room, choice, prompt, seconds[choice.model]))
        if len(cells) > MOST_PREDICTIONS:
            raise ParametersRefused(
                f"This would be {len(cells)} images in one comparison; at most {MOST_PREDICTIONS} are run together. "
                "Choose fewer rooms, models or seeds."
            )
        return Plan(tuple(cells), style, project, _estimate(cells, pace))

    def _cells(self, room: Room, choice: ModelChoice, prompt: str, seconds: float | None) -> list[PlannedPrediction]:
        spec = self._registry.get(choice.model)
        self._refuse_unavailable(spec)
        if not 1 <= choice.seeds <= MOST_SEEDS:
            raise ParametersRefused(f"{spec.name}: choose 1 to {MOST_SEEDS} seeds, not {choice.seeds}.")
        builder = spec.parameters(choice.parameters)
        price = builder.price(spec.price)
        estimate = _charge_to_expect(room, builder, price, seconds)
        takes_seed = Capability.SEED in spec.capabilities
        return [
            PlannedPrediction(
                room, spec, builder.chosen(), position + 1 if takes_seed else None, prompt, price, estimate
            )
            for position in range(choice.seeds)
        ]

    def _places(self, model: str) -> int:
        offline = self._registry.get(model).provider == "offline"
        return self._settings.offline_workers if offline else self._settings.model_concurrency

    def _typical_seconds(self, spec: ModelSpec) -> float | None:
        seen = self._store.predictions.finished_seconds(spec.id)
        return spec.typical_seconds if seen is None else seen

    # ── a run ────────────────────────────────────────────────────────────────────────────────

    def start(self, plan: Plan, by: str, name: str = "", order: str | None = None) -> str:
        """Return the new comparison's id: all its predictions are in the ledger and under way.

        `order` is the id to give it, made by the caller before the person can press: the same order
        given again, by a double click, asks for nothing.
        """
        if order is not None:
            with suppress(NotFound):
                return self._store.predictions.comparison(order).id
        now = datetime.now(UTC)
        comparison = Comparison(order or new_id(), name, plan.project, now, by)
        predictions = [
            Prediction(
                id=new_id(),
                comparison_id=comparison.id,
                room=cell.room.digest,
                model=cell.spec.id,
                version=cell.spec.version,
                provider=cell.spec.provider,
                style=plan.style,
                prompt=cell.prompt,
                parameters=cell.parameters,
                seed=cell.seed,
                price=cell.price,
                estimate_usd=cell.estimate.usd,
                project=plan.project or cell.room.project,
                created_at=now,
                created_by=by,
            )
            for cell in plan.cells
        ]
        self._store.predictions.queue(comparison, predictions, now)
        self._engine.wake()
        return comparison.id

    def cancel(self, prediction_ids: Sequence[str], by: str) -> None:
        """Ask for these to be stopped; those that have ended are left as they are."""
        self._store.predictions.request_cancel(prediction_ids, by, datetime.now(UTC))
        self._engine.wake()

    def cancel_comparison(self, comparison_id: str, by: str) -> None:
        """Ask for all that is unfinished in the comparison to be stopped."""
        members = self._store.predictions.of_comparison(comparison_id)
        self.cancel([member.prediction.id for member in members if not member.state.final], by)

    def retry(self, prediction_id: str, by: str) -> str:
        """Return the id of a new try in the same cell.

        ParametersRefused while it is under way or done well, EventRefused when it was tried again already.
        """
        old = self._store.predictions.get(prediction_id)
        if not old.state.final or old.state is State.SUCCEEDED:
            raise ParametersRefused("Only a prediction that failed, was cancelled or is unknown can be tried again.")
        spec = self._registry.get(old.prediction.model)
        self._refuse_unavailable(spec)
        builder = spec.parameters(old.prediction.parameters)
        price = builder.price(spec.price)
        room = self._store.rooms.get(old.prediction.room)
        now = datetime.now(UTC)
        again = replace(
            old.prediction,
            id=new_id(),
            version=spec.version,
            price=price,
            estimate_usd=_charge_to_expect(room, builder, price, self._typical_seconds(spec)).usd,
            created_at=now,
            created_by=by,
            retry_of=prediction_id,
        )
        comparison = self._store.predictions.comparison(again.comparison_id)
        self._store.predictions.queue(comparison, [again], now)
        self._engine.wake()
        return again.id

    def judge(self, prediction_id: str, verdict: Verdict, by: str) -> None:
        """Log what a person decided about an output; the last word counts."""
        if self._store.predictions.get(prediction_id).state is not State.SUCCEEDED:
            raise ParametersRefused("Only a finished picture can be accepted or rejected.")
        self._store.predictions.judge(prediction_id, verdict, by, datetime.now(UTC))

    # ── watching ─────────────────────────────────────────────────────────────────────────────

    def look(self, comparison_id: str) -> ComparisonView:
        """Return the comparison as it stands; NotFound when there is none."""
        comparison = self._store.predictions.comparison(comparison_id)
        members = self._store.predictions.of_comparison(comparison_id)
        live = self._engine.live()
        place = _places(members)
        cells: dict[tuple[str, str, int], CellView] = {}
        for member in members:  # a later try stands in its cell's place
            cells[place[member.prediction.id]] = _cell(member, live.get(member.prediction.id))
        return ComparisonView(
            comparison=comparison,
            rooms=tuple(dict.fromkeys(room for room, _, _ in place.values())),
            columns=tuple(dict.fromkeys((model, position) for _, model, position in place.values())),
            cells=cells,
            unfinished=sum(not cell.prediction.state.final for cell in cells.values()),
            tries=tuple(members),
        )

    def cell(self, prediction_id: str) -> CellView:
        """Return one prediction as it stands; NotFound when there is none."""
        return _cell(self._store.predictions.get(prediction_id), self._engine.live().get(prediction_id))


def _charge_to_expect(room: Room, builder: InputBuilder, price: Price, seconds: float | None) -> costs.Charge:
    width, height = sent_size(room.width, room.height)
    sizes = costs.Sizes((width, height), builder.output_size(RoomInput("", width, height)))
    return costs.estimate(price, sizes=sizes, seconds=seconds)


def _estimate(cells: Sequence[PlannedPrediction], seconds: Mapping[str, tuple[float | None, int]]) -> Estimate:
    known = [cell.estimate.usd for cell in cells if cell.estimate.usd is not None]
    unknown = dict.fromkeys(cell.spec.name for cell in cells if cell.estimate.usd is None)
    of_model = Counter(cell.spec.id for cell in cells)
    # Models run side by side, each in rounds of as many as it has places: the slowest one ends last.
    told = [value * math.ceil(of_model[ModelID(model)] / places) for model, (value, places) in seconds.items() if value]
    return Estimate(sum(known, Decimal(0)), tuple(unknown), len(cells), max(told, default=None))


def _places(members: Sequence[PredictionNow]) -> dict[str, tuple[str, str, int]]:
    """Return each prediction's cell: room, model, position among that model's seeds."""
    places: dict[str, tuple[str, str, int]] = {}
    taken: dict[tuple[str, str], int] = {}
    for member in members:
        prediction = member.prediction
        if prediction.retry_of is not None and prediction.retry_of in places:
            places[prediction.id] = places[prediction.retry_of]
            continue
        position = taken.get((prediction.room, prediction.model), 0)
        taken[prediction.room, prediction.model] = position + 1
        places[prediction.id] = (prediction.room, prediction.model, position)
    return places


def _cell(now: PredictionNow, live: Live | None) -> CellView:
    until = now.ended_at or datetime.now(UTC)
    return CellView(
        prediction=now,
        progress=live.progress if live is not None else None,
        stage_text=live.text if live is not None else ("" if now.state.final else "waiting for its turn"),
        elapsed_seconds=max(0.0, (until - now.prediction.created_at).total_seconds()),
    )
