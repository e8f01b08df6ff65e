"""The one place where people's wishes about predictions are taken."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from staging.budgets import Budgets, Outlook, Wanted
from staging.config import Settings
from staging.desk.plans import (
    MOST_PREDICTIONS,
    MOST_SEEDS,
    Amount,
    Listed,
    ModelChoice,
    Plan,
    PlannedPrediction,
    Recipe,
    costs_of,
    estimate_of,
    recipe_of,
)
from staging.desk.timing import Load, Seconds, capacities, seconds_of, seconds_to_the_last
from staging.desk.views import CellView, ComparisonView, ModelOffer, Retried, cell_view, places_of
from staging.engine import Engine
from staging.errors import BudgetExceeded, ConfirmationNeeded, EventRefused, NotFound, ParametersRefused, UnknownModel
from staging.ids import new_id
from staging.images import PictureKind, Pictures
from staging.model_setups import OFF, ModelSetup, ModelSetups
from staging.predictions import LONGEST_NOTE, MOST_STARS, Comparison, Mark, Prediction, Reason, State, Verdict
from staging.prices import PriceBook
from staging.prompts import LONGEST_PROMPT
from staging.registry import Capability, ModelRegistry, ModelSpec, RoomInput
from staging.rooms import Room, RoomType
from staging.store import Store


class Desk:
    """The one place where people's wishes about predictions are taken."""

    def __init__(
        self,
        settings: Settings,
        registry: ModelRegistry,
        store: Store,
        pictures: Pictures,
        engine: Engine,
        budgets: Budgets,
        refusals: Mapping[str, str],
        prices: PriceBook,
        setups: ModelSetups,
    ) -> None:
        self._setups = setups
        self._prices = prices
        self._settings = settings
        self._registry = registry
        self._store = store
        self._pictures = pictures
        self._engine = engine
        self._budgets = budgets
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
        prices, setups = self._prices.present(), self._setups.all()
        return [
            ModelOffer(
                spec,
                available=not reason,
                reason=reason,
                price=prices[spec.id],
                enabled=setup.enabled,
                parameters=setup.parameters,
            )
            for spec in self._registry
            for setup in (setups[spec.id.value],)
            for reason in (self._refusal(spec, setup),)
        ]

    def _refusal(self, spec: ModelSpec, setup: ModelSetup) -> str:
        if not setup.enabled:
            return OFF
        return self._refusals.get(spec.provider) or self._refusals.get(spec.id, "")

    def _refuse_unavailable(self, spec: ModelSpec) -> None:
        if refusal := self._refusal(spec, self._setups.get(spec.id.value)):
            raise ParametersRefused(f"{spec.name} cannot be run here: {refusal}")

    def plan(
        self,
        rooms: Sequence[str],
        choices: Sequence[ModelChoice],
        *,
        style: str,
        prompts: Mapping[str, str],
        project: str = "",
        prompt_version: str | None = None,
    ) -> Plan:
        """Return every cell with its estimate, rooms × models × seeds.

        `prompts` is by room digest; a choice's own prompts come before them. NotFound, UnknownModel
        or ParametersRefused say what is wrong.
        """
        if not rooms or not choices:
            raise ParametersRefused("Choose at least one room and one model.")
        # Once a model, not once a cell: a page plans at every rerun.
        listed = {choice.model: self._listed(choice.model) for choice in choices}
        cells: list[PlannedPrediction] = []
        for digest in dict.fromkeys(rooms):
            room = self._store.rooms.get(digest)
            if not self._pictures.here(digest, PictureKind.ORIGINAL):
                raise ParametersRefused(f"The photo of {room.name} is not kept here any more: upload it again.")
            for choice in choices:
                if choice.rooms is not None and digest not in choice.rooms:
                    continue
                prompt = choice.prompts.get(digest, prompts.get(digest, "")).strip()
                if not prompt or len(prompt) > LONGEST_PROMPT:
                    raise ParametersRefused(
                        f"The prompt for {room.name} must have between 1 and {LONGEST_PROMPT} characters; "
                        f"it has {len(prompt)}."
                    )
                cells.extend(self._cells(room, choice, prompt, style, listed[choice.model]))
        if not cells:
            raise ParametersRefused("None of the chosen models is to be run on any of the chosen rooms.")
        if len(cells) > MOST_PREDICTIONS:
            raise ParametersRefused(
                f"This would be {len(cells)} images in one comparison; at most {MOST_PREDICTIONS} are run together. "
                "Choose fewer rooms, models or seeds."
            )
        loads = self._loads(Counter(cell.spec.id.value for cell in cells))
        expected = estimate_of(
            cells, seconds_to_the_last(loads, capacities(self._settings)), sum(load.ahead for load in loads)
        )
        return Plan(tuple(cells), style, project, prompt_version, expected)

    def _cells(
        self, room: Room, choice: ModelChoice, prompt: str, style: str, listed: Listed
    ) -> list[PlannedPrediction]:
        spec = self._registry.editor(choice.model)
        self._refuse_unavailable(spec)
        if not 1 <= choice.seeds <= MOST_SEEDS:
            raise ParametersRefused(f"{spec.name}: choose 1 to {MOST_SEEDS} seeds, not {choice.seeds}.")
        builder = spec.parameters(choice.parameters)
        builder.refuse_unusable(RoomInput("", room.width, room.height, room_type=room.room_type, style=style))
        costs = costs_of(room, builder, listed)
        takes_seed = Capability.SEED in spec.capabilities
        return [
            PlannedPrediction(
                room, spec, builder.chosen(), position + 1 if takes_seed else None, prompt, *costs, choice.origin
            )
            for position in range(choice.seeds)
        ]

    def _loads(self, wanted: Mapping[str, int]) -> list[Load]:
        """Return what each model has to make with the providers of the wanted ones, those asked for before too."""
        ahead = self._store.history.under_way()
        specs = [spec for spec in self._registry if spec.id in wanted or spec.id in ahead]
        providers = {spec.provider for spec in specs if spec.id in wanted}
        return [
            Load(
                spec.provider,
                seconds.typical if (seconds := self._seconds(spec)) else None,
                wanted.get(spec.id, 0),
                ahead.get(spec.id, 0),
            )
            for spec in specs
            if spec.provider in providers
        ]

    def _listed(self, model: str) -> Listed:
        """Return what is known of the model's cost before its parameters are; UnknownModel."""
        card = self._prices.card(model)
        return Listed(card.price(self._prices.today()), card.worst_usd, self._seconds(card.spec))

    def _seconds(self, spec: ModelSpec) -> Seconds | None:
        return seconds_of(spec, self._store.history.of_models().get(spec.id))

    def must_confirm(self, plan: Plan) -> bool:
        """True when the run may cost more than is bought without asking (STAGING_CONFIRM_ABOVE_USD)."""
        return plan.estimate.amount.above(self._settings.confirm_above_usd)

    def outlook(self, plan: Plan, by: str) -> tuple[Outlook, ...]:
        """Return how the budgets that the run counts against would stand with it, by name."""
        return self._budgets.outlook(
            [
                Wanted(str(number), cell.spec.id.value, plan.project or cell.room.project, by, cell.worst_usd)
                for number, cell in enumerate(plan.cells)
            ]
        )

    # ── a run ────────────────────────────────────────────────────────────────────────────────

    def start(
        self, plan: Plan, by: str, name: str = "", order: str | None = None, *, confirmed: Amount | None = None
    ) -> str:
        """Return the new comparison's id: all its predictions are in the ledger and under way.

        `order` is the id to give it, made by the caller before the person can press: the same order
        given again, by a double click, asks for nothing. ConfirmationNeeded when the run may cost
        more than is bought without asking, and `confirmed`, the amount that a person has agreed to,
        does not cover it. BudgetExceeded when a hard budget has too little left for all of it.
        """
        if order is not None:
            with suppress(NotFound):
                return self._store.comparisons.get(order).id
        amount = plan.estimate.amount
        if self.must_confirm(plan) and (confirmed is None or not amount.within(confirmed)):
            more = f" and {amount.unknown_count} images of unknown price" if amount.unknown_count else ""
            raise ConfirmationNeeded(
                f"Nothing was started: this run may cost ${amount.highest_usd:,.2f}{more}, and runs that may cost "
                f"more than ${self._settings.confirm_above_usd:,.2f} are confirmed first."
            )
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
                prompt_version=plan.prompt_version,
                created_at=now,
                created_by=by,
                arm=cell.origin.arm,
                rule=cell.origin.rule,
                rule_note=cell.origin.note,
            )
            for cell in plan.cells
        ]
        wanted = [
            Wanted(one.id, one.model, one.project, by, cell.worst_usd)
            for one, cell in zip(predictions, plan.cells, strict=True)
        ]
        self._store.predictions.queue(comparison, predictions, now, self._budgets.reserve(wanted))
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

        ParametersRefused while it is under way or done well, EventRefused when it was tried again already,
        BudgetExceeded when a hard budget has too little left for it.
        """
        old = self._store.predictions.get(prediction_id)
        if not old.state.final or old.state is State.SUCCEEDED:
            raise ParametersRefused("Only a prediction that failed, was cancelled or is unknown can be tried again.")
        spec = self._registry.get(old.prediction.model)
        self._refuse_unavailable(spec)
        builder = spec.parameters(old.prediction.parameters)
        room = self._store.rooms.get(old.prediction.room)
        costs = costs_of(room, builder, self._listed(spec.id))
        now = datetime.now(UTC)
        again = replace(
            old.prediction,
            id=new_id(),
            version=spec.version,
            price=costs.price,
            estimate_usd=costs.estimate.usd,
            created_at=now,
            created_by=by,
            retry_of=prediction_id,
        )
        comparison = self._store.comparisons.get(again.comparison_id)
        wanted = Wanted(again.id, again.model, again.project, by, costs.worst_usd)
        self._store.predictions.queue(comparison, [again], now, self._budgets.reserve([wanted]))
        self._engine.wake()
        return again.id

    def retry_failed(self, comparison_id: str, by: str) -> Retried:
        """Try again what failed, was cancelled or is unknown in the comparison, one after another.

        What cannot be tried again now, or was meanwhile by somebody else, is left as it is; so is what a
        budget has too little left for, and the budget's sentence is returned.
        """
        tried = left = 0
        refusal = ""
        for cell in self.look(comparison_id).cells.values():
            now = cell.prediction
            if now.state.final and now.state is not State.SUCCEEDED:
                with suppress(ParametersRefused, EventRefused, UnknownModel, NotFound):
                    try:
                        self.retry(now.prediction.id, by)
                        tried += 1
                    except BudgetExceeded as error:
                        left, refusal = left + 1, refusal or str(error)
        return Retried(tried, left, refusal)

    def recipe(self, comparison_id: str) -> Recipe:
        """Return what the comparison was made of, to be run again or with changes; NotFound."""
        comparison = self._store.comparisons.get(comparison_id)
        return recipe_of(comparison, self._store.predictions.of_comparison(comparison_id))

    def mark(
        self,
        prediction_id: str,
        by: str,
        *,
        verdict: Verdict | None = None,
        reasons: Sequence[Reason] | None = None,
        stars: int | None = None,
        note: str | None = None,
        favourite: bool | None = None,
    ) -> Mark:
        """Log what a person thinks of an output and return all that is thought of it now.

        What is None stays as it was; 0 takes the stars back. Giving reasons rejects, and what is not
        rejected has none. ParametersRefused, NotFound or EventRefused say why nothing was logged.
        """
        if stars is not None and not 0 <= stars <= MOST_STARS:
            raise ParametersRefused(f"Give 1 to {MOST_STARS} stars, or 0 to take them back; not {stars}.")
        if note is not None and len(note) > LONGEST_NOTE:
            raise ParametersRefused(f"A note has at most {LONGEST_NOTE} characters; this one has {len(note)}.")

        def change(before: Mark) -> Mark:
            decided = verdict or (Verdict.REJECTED if reasons else before.verdict)
            why = before.reasons if reasons is None else tuple(reason for reason in Reason if reason in reasons)
            return Mark(
                verdict=decided,
                reasons=why if decided is Verdict.REJECTED else (),
                stars=before.stars if stars is None else stars or None,
                note=before.note if note is None else note.strip(),
                favourite=before.favourite if favourite is None else favourite,
            )

        return self._store.predictions.mark(prediction_id, change, by, datetime.now(UTC))

    # ── watching ─────────────────────────────────────────────────────────────────────────────

    def look(self, comparison_id: str) -> ComparisonView:
        """Return the comparison as it stands; NotFound when there is none."""
        comparison = self._store.comparisons.get(comparison_id)
        members = self._store.predictions.of_comparison(comparison_id)
        live, line = self._engine.live(), self._engine.line()
        place = places_of(members)
        cells: dict[tuple[str, str, int], CellView] = {}
        for member in members:  # a later try stands in its cell's place
            cells[place[member.prediction.id]] = cell_view(
                member, live.get(member.prediction.id), line.get(member.prediction.id)
            )
        return ComparisonView(
            comparison=comparison,
            rooms=tuple(dict.fromkeys(room for room, _, _ in place.values())),
            columns=tuple(dict.fromkeys((model, position) for _, model, position in place.values())),
            cells=cells,
            unfinished=sum(not cell.prediction.state.final for cell in cells.values()),
            tries=tuple(members),
            quality=self._store.scores.of([one.prediction.id for one in members if one.state is State.SUCCEEDED]),
        )

    def cell(self, prediction_id: str) -> CellView:
        """Return one prediction as it stands; NotFound when there is none."""
        return cell_view(self._store.predictions.get(prediction_id), self._engine.live().get(prediction_id))
