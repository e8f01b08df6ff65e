"""The judge: a vision-language model asked what became of a room in an output. Off unless an admin switches it on.

Its judgement stands beside the scorer's and is never mixed into it. Each question is a prediction like any
other: reserved in the budgets, sent once, charged, and in the ledger with what was sent.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import zip_longest

from pydantic import BaseModel, ConfigDict, ValidationError

from staging.budgets import Budgets, Wanted
from staging.desk.plans import Listed, costs_of
from staging.engine import Engine
from staging.errors import NotFound, ParametersRefused
from staging.ids import new_id
from staging.images import Pictures
from staging.judgements import JUDGEMENTS, ORDERS, RULE, Judgement, judgements, question
from staging.labels import Pair
from staging.predictions import Comparison, Prediction, PredictionNow
from staging.prices import PriceBook
from staging.registry import JudgeID, Kind, ModelRegistry, ModelSpec
from staging.store import Document, Store

KIND = NAME = "judge"
MOST_AT_ONCE = 60
"""Outputs in one run: a slip is dear."""
SAMPLE_OF_EACH = 20
"""Accepted and rejected outputs on which a judge is tried."""
BLACK_PIXELS = 512
"""A side of the picture that a judge has to refuse."""
OFF = "The judge is off. An admin can switch it on (Calibration)."


class _Body(BaseModel):
    """The judge as an admin left it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = False
    model: str = JudgeID.GPT_4_1_MINI


@dataclass(frozen=True, slots=True)
class JudgeSetup:
    """Whether there is a judge, and which; off while nobody has said so."""

    enabled: bool = False
    model: str = JudgeID.GPT_4_1_MINI
    version: int = -1
    """Of the document; −1: there is none."""


@dataclass(frozen=True, slots=True)
class Question:
    """One call to be made: a picture shown in the place of a prediction's output."""

    subject: PredictionNow
    candidate: str
    """The digest of the picture that is shown as the output."""
    order: str
    control: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """Questions to be asked together, before they are: nothing is written yet."""

    model: str
    questions: tuple[Question, ...]
    outputs: int
    """How many outputs they are about."""
    usd: Decimal | None
    """The most that all of them cost; None when nobody can say."""


class Judge:
    """The judge. Callable from any thread."""

    def __init__(
        self,
        registry: ModelRegistry,
        store: Store,
        pictures: Pictures,
        engine: Engine,
        budgets: Budgets,
        prices: PriceBook,
        refusal: str,
    ) -> None:
        """`refusal` says why no judge can be asked on this machine; "" when it can."""
        self._registry = registry
        self._store = store
        self._pictures = pictures
        self._engine = engine
        self._budgets = budgets
        self._prices = prices
        self._refusal = refusal

    # ── whether and which ────────────────────────────────────────────────────────────────────

    def setup(self) -> JudgeSetup:
        """Return whether there is a judge, and which."""
        try:
            return self._read(self._store.documents.get(KIND, NAME))
        except NotFound:
            return JudgeSetup()

    def set(self, by: str, at: datetime, *, enabled: bool, model: str, follows: int) -> JudgeSetup:
        """There is this judge, or none; in the audit log. ParametersRefused when the model judges nothing.

        EditedMeanwhile when somebody has set it since the version `follows`.
        """
        if self._registry.get(model).kind is not Kind.JUDGE:
            raise ParametersRefused(f"{model} makes pictures and judges none: choose a judge.")
        body = _Body(enabled=enabled, model=model).model_dump(mode="json")
        return self._read(self._store.documents.write(KIND, NAME, body, by, at, follows=follows))

    def _read(self, document: Document) -> JudgeSetup:
        try:
            body = _Body.model_validate(document.body)
        except ValidationError:  # of another release
            return JudgeSetup(version=document.version)
        if not self._registry.exists(body.model):
            return JudgeSetup(version=document.version)
        return JudgeSetup(body.enabled, body.model, document.version)

    @property
    def refusal(self) -> str:
        """Why nobody can ask the judge now; "" when they can."""
        return self._refusal or ("" if self.setup().enabled else OFF)

    # ── asking ───────────────────────────────────────────────────────────────────────────────

    def plan(self, predictions: Sequence[str]) -> Round:
        """Return the questions about these outputs, each in both orders; ParametersRefused when it is off.

        Predictions without an output are left out.
        """
        questions = [
            Question(now, now.outputs[0].digest, order) for now in self._with_output(predictions) for order in ORDERS
        ]
        return self._round(questions)

    def plan_trial(self, pairs: Sequence[Pair]) -> Round:
        """Return the questions that show whether the judge can be trusted, on some of the labelled pairs.

        Each output in both orders; in its place, once, the output of another room ("swapped") and a black
        picture. Of accepted and rejected ones the same number, from as many rooms as there are.
        """
        chosen = self._with_output([pair.label.prediction_id for pair in _sample(pairs)])
        black = self._pictures.keep_output(_black(BLACK_PIXELS)).digest if chosen else ""
        questions = []
        for at, now in enumerate(chosen):
            order = ORDERS[at % 2]
            questions += [Question(now, now.outputs[0].digest, one) for one in ORDERS]
            other = next(
                (one for one in (*chosen[at:], *chosen[:at]) if one.prediction.room != now.prediction.room), None
            )
            if other is not None:
                questions.append(Question(now, other.outputs[0].digest, order, "swapped"))
            questions.append(Question(now, black, order, "black"))
        return self._round(questions)

    def ask(self, planned: Round, by: str) -> None:
        """The questions are in the ledger and under way.

        ParametersRefused when there is none, or the judge is off; BudgetExceeded when a hard budget has too
        little left for all of them; nothing is asked then.
        """
        spec = self._spec()
        if planned.model != spec.id:
            raise ParametersRefused("Nothing was asked: the judge was changed meanwhile. Look at the price again.")
        if not planned.questions:
            raise ParametersRefused("There is no output to ask the judge about.")
        now = datetime.now(UTC)
        run = f"{JUDGEMENTS}{new_id()}"
        predictions, wanted = [], []
        for one in planned.questions:
            made, worst = self._prediction(spec, one, run, by, now)
            predictions.append(made)
            wanted.append(Wanted(made.id, made.model, made.project, by, worst))
        comparison = Comparison(run, f"Judged by {spec.name}", "", now, by)
        self._store.predictions.queue(comparison, predictions, now, self._budgets.reserve(wanted))
        self._engine.wake()

    def _spec(self) -> ModelSpec:
        if refusal := self.refusal:
            raise ParametersRefused(refusal)
        return self._registry.get(self.setup().model)

    def _with_output(self, predictions: Sequence[str]) -> list[PredictionNow]:
        known = [self._store.predictions.get(one) for one in dict.fromkeys(predictions)]
        found = [now for now in known if now.outputs]
        if len(found) > MOST_AT_ONCE:
            raise ParametersRefused(f"At most {MOST_AT_ONCE} outputs are judged at once; these are {len(found)}.")
        return found

    def _round(self, questions: Sequence[Question]) -> Round:
        spec = self._spec()
        outputs = len({one.subject.prediction.id for one in questions})
        worst = [self._prediction(spec, one, "", "", datetime.now(UTC))[1] for one in questions[:1]]
        usd = None if None in worst else sum((one for one in worst if one is not None), Decimal(0)) * len(questions)
        return Round(spec.id, tuple(questions), outputs, usd)

    def _prediction(
        self, spec: ModelSpec, one: Question, run: str, by: str, at: datetime
    ) -> tuple[Prediction, Decimal | None]:
        """Return the call as a prediction, and the most that it costs."""
        asked = one.subject.prediction
        builder = spec.parameters(
            {"subject": asked.id, "candidate": one.candidate, "order": one.order, "control": one.control}
        )
        card = self._prices.card(spec.id)
        costs = costs_of(
            self._store.rooms.get(asked.room), builder, Listed(card.price(self._prices.today()), card.worst_usd, None)
        )
        made = Prediction(
            id=new_id(),
            comparison_id=run,
            room=asked.room,
            model=spec.id,
            version=spec.version,
            provider=spec.provider,
            style="",
            prompt=question(one.order),
            parameters=builder.chosen(),
            seed=None,
            price=costs.price,
            estimate_usd=costs.estimate.usd,
            project=asked.project,
            created_at=at,
            created_by=by,
            rule=RULE,
            rule_note=f"of {asked.id}" + (f", shown {one.control}" if one.control else ""),
        )
        return made, costs.worst_usd

    # ── answers ──────────────────────────────────────────────────────────────────────────────

    def of(self, predictions: Sequence[str]) -> dict[str, Judgement]:
        """Return what was last said of these outputs; those nobody asked about are absent."""
        calls = self._store.judgements.calls(predictions)
        return {subject: one for (subject, control), one in judgements(calls).items() if not control}

    def everything(self, model: str) -> list[Judgement]:
        """Return what this judge last said of every output and control that it was asked about."""
        calls = [call for call in self._store.judgements.calls() if call.model == model]
        return list(judgements(calls).values())


def _sample(pairs: Sequence[Pair]) -> list[Pair]:
    """Return some accepted and as many rejected pairs: of each the newest, room by room in turn."""
    kinds: dict[str, list[Pair]] = {}
    for pair in pairs:
        kinds.setdefault(pair.label.verdict, []).append(pair)
    sampled = []
    for members in kinds.values():
        rooms: dict[str, list[Pair]] = {}
        for pair in members:
            rooms.setdefault(pair.label.room, []).append(pair)
        in_turn = [pair for turn in zip_longest(*rooms.values()) for pair in turn if pair is not None]
        sampled += in_turn[:SAMPLE_OF_EACH]
    return sampled


def _black(side: int) -> bytes:
    """Return a black picture, PNG, with sides of so many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = (b"\0" + bytes(3 * side)) * side
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
