"""The judge over real HTTP: the test server answers as a fake, and says so. Each question is a prediction."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from staging.budgets import Budget, Period, Scope
from staging.errors import BudgetExceeded, EditedMeanwhile, NotFound, ParametersRefused, UnknownModel
from staging.judge import OFF
from staging.judgements import ORDERS, Judgement, trust
from staging.lab import Lab
from staging.labels import Pair
from staging.predictions import PredictionNow, State, Verdict
from staging.registry import JudgeID
from staging.store import AuditFilter, ComparisonFilter
from staging.store.verify import verify
from tests.labs import ask, lab_at, photo, run_one, wait_for
from tests.replicate_server import ReplicateServer
from tests.replicate_server_judge import FAKE, answer, pieces
from tests.replicate_server_options import Fault

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
MODEL = JudgeID.GPT_4_1_MINI.value


@pytest.fixture
def lab(tmp_path: Path, replicate_server: ReplicateServer) -> Iterator[Lab]:
    with lab_at(tmp_path / "data", replicate_server) as lab:
        yield lab


def switched_on(lab: Lab, model: str = MODEL) -> None:
    lab.judge.set("admin", AT, enabled=True, model=model, follows=lab.judge.setup().version)


def judged(lab: Lab, *predictions: PredictionNow) -> dict[str, Judgement]:
    ids = [now.prediction.id for now in predictions]
    lab.judge.ask(lab.judge.plan(ids), "ann")
    wait_for(lambda: all(not one.pending for one in lab.judge.of(ids).values()))
    return lab.judge.of(ids)


def saying(*texts: str) -> list[Fault]:
    return [Fault(on="run", do="end", model=MODEL, times=1, fields={"output": pieces(text)}) for text in texts]


def test_an_output_is_judged_in_both_orders_and_paid_like_any_prediction(
    lab: Lab, replicate_server: ReplicateServer
) -> None:
    now = run_one(lab)
    switched_on(lab)
    replicate_server.add_faults(*saying(answer(), answer()))

    told = judged(lab, now)[now.prediction.id]

    assert [call.order for call in told.calls] == list(ORDERS)
    assert told.overall == pytest.approx(80.0)
    assert told.steady is True
    assert {one.reason for one in told.answers} == {FAKE}
    calls = [lab.store.predictions.get(call.prediction_id) for call in told.calls]
    first, second = (one.input or {} for one in calls)
    assert first["image_input"] == list(reversed(second["image_input"]))  # type: ignore[arg-type]
    assert first["prompt"] != second["prompt"]
    assert [(one.state, one.charge_usd, one.outputs) for one in calls] == [(State.SUCCEEDED, Decimal("0.004"), ())] * 2
    (row,) = [
        row
        for row in lab.store.costs.report(now.prediction.created_at.date(), datetime.now(UTC).date()).by_model
        if row.key == MODEL
    ]
    assert row.cost_usd == Decimal("0.008")
    assert len([one for one in replicate_server.billed() if one["model"] == MODEL]) == 2
    assert verify(lab.store.ledger, lab.store.audit, lab.store.costs, lab.pictures).differences == ()


def test_judgements_are_shown_nowhere_as_comparisons_nor_set_against_pictures(lab: Lab) -> None:
    now = run_one(lab)
    switched_on(lab)
    before = [line.comparison.id for line in lab.store.comparisons.find(ComparisonFilter())]

    call = judged(lab, now)[now.prediction.id].calls[0]

    assert [line.comparison.id for line in lab.store.comparisons.find(ComparisonFilter())] == before
    assert [one.id for one in lab.store.comparisons.list()] == before
    assert [one.prediction for one in lab.store.contenders.all()] == [now.prediction.id]
    with pytest.raises(NotFound):
        lab.desk.look(call.run)
    with pytest.raises(UnknownModel, match="makes none"):
        ask(lab, MODEL)
    assert MODEL not in {offer.spec.id for offer in lab.desk.models()}
    assert MODEL in {card.spec.id for card in lab.prices.cards()}


@pytest.mark.parametrize("text", ["What a lovely room!", answer()[:-30], answer(kept=12)])
def test_an_answer_that_is_not_the_json_is_paid_for_and_is_no_judgement(
    lab: Lab, replicate_server: ReplicateServer, text: str
) -> None:
    now = run_one(lab)
    switched_on(lab)
    replicate_server.add_faults(*saying(text))

    told = judged(lab, now)[now.prediction.id]

    assert told.overall is None
    assert len(told.answers) == 1
    (error,) = told.errors
    assert "did not answer as it was asked" in error
    assert sum(lab.store.predictions.get(call.prediction_id).charge_usd or 0 for call in told.calls) == Decimal("0.008")


def test_a_judge_that_changes_its_mind_with_the_order_is_called_unsteady(
    lab: Lab, replicate_server: ReplicateServer
) -> None:
    now = run_one(lab)
    switched_on(lab)
    replicate_server.add_faults(*saying(answer(grade=9), answer("walls_changed", grade=3)))

    told = judged(lab, now)[now.prediction.id]

    assert told.steady is False
    assert told.changes == ("walls changed",)


def test_a_black_picture_and_another_room_are_shown_to_see_whether_it_notices(
    lab: Lab, replicate_server: ReplicateServer
) -> None:
    pairs = labelled(lab)
    switched_on(lab)

    planned = lab.judge.plan_trial(pairs)
    lab.judge.ask(planned, "ann")
    wait_for(lambda: all(not one.pending for one in lab.judge.everything(MODEL)))

    found = lab.judge.everything(MODEL)
    assert sorted((one.control, len(one.calls)) for one in found) == [
        ("", 2),
        ("", 2),
        ("black", 1),
        ("black", 1),
        ("swapped", 1),
        ("swapped", 1),
    ]
    told = trust(found)
    assert (told.black, told.black_caught) == (2, 2)
    assert told.swapped == 2
    controls = [call for one in found for call in one.calls if call.control]
    assert {call.order for call in controls} == set(ORDERS)


def labelled(lab: Lab) -> list[Pair]:
    for shade, verdict in ((1, Verdict.ACCEPTED), (200, Verdict.REJECTED)):
        now = run_one(lab, rooms=[photo(shade)])
        lab.desk.mark(now.prediction.id, "ann", verdict=verdict)
    return lab.labels.pairs()


def test_a_judge_that_accepts_a_black_picture_is_not_to_be_trusted(lab: Lab, replicate_server: ReplicateServer) -> None:
    pairs = labelled(lab)
    switched_on(lab)
    replicate_server.add_faults(Fault(on="run", do="end", model=MODEL, fields={"output": pieces(answer(grade=9))}))

    lab.judge.ask(lab.judge.plan_trial(pairs), "ann")
    wait_for(lambda: all(not one.pending for one in lab.judge.everything(MODEL)))

    faults = " ".join(trust(lab.judge.everything(MODEL)).faults)
    assert "accepts a black picture in 2 of 2" in faults
    assert "another room for the same one in 2 of 2" in faults


def test_a_budget_with_too_little_left_refuses_and_nothing_is_asked(
    lab: Lab, replicate_server: ReplicateServer
) -> None:
    now = run_one(lab)
    switched_on(lab)
    lab.budgets.save(
        Budget("judging", Scope.MODEL, MODEL, Period.MONTH, Decimal("0.007"), hard=True, thresholds=()), "admin", AT
    )
    planned = lab.judge.plan([now.prediction.id])
    assert planned.usd == Decimal("0.008")

    with pytest.raises(BudgetExceeded, match="judging"):
        lab.judge.ask(planned, "ann")

    assert lab.judge.of([now.prediction.id]) == {}
    assert [one for one in replicate_server.billed() if one["model"] == MODEL] == []


def test_it_is_off_until_an_admin_switches_it_on_and_that_is_in_the_log(lab: Lab) -> None:
    now = run_one(lab)
    assert lab.judge.refusal == OFF
    with pytest.raises(ParametersRefused, match="off"):
        lab.judge.plan([now.prediction.id])

    switched_on(lab)

    planned = lab.judge.plan([now.prediction.id])
    assert len(planned.questions) == 2
    assert lab.audit.list(AuditFilter(), 1)[1][0].act == "add judge"
    with pytest.raises(EditedMeanwhile):
        lab.judge.set("bob", AT, enabled=False, model=MODEL, follows=-1)
    with pytest.raises(ParametersRefused, match="judges none"):
        lab.judge.set("admin", AT, enabled=True, model="qwen/qwen-image-edit", follows=0)
    lab.judge.set("admin", AT, enabled=True, model=JudgeID.GPT_4O_MINI, follows=0)
    with pytest.raises(ParametersRefused, match="changed meanwhile"):
        lab.judge.ask(planned, "ann")


def test_without_a_token_it_says_what_is_missing(tmp_path: Path) -> None:
    with lab_at(tmp_path / "data") as lab:
        switched_on(lab)

        assert "REPLICATE_API_TOKEN" in lab.judge.refusal
        with pytest.raises(ParametersRefused, match="REPLICATE_API_TOKEN"):
            lab.judge.plan([])


def test_a_restart_goes_on_with_what_was_asked(tmp_path: Path, replicate_server: ReplicateServer) -> None:
    with lab_at(tmp_path / "data", replicate_server) as lab:
        now = run_one(lab)
        switched_on(lab)
        lab.judge.ask(lab.judge.plan([now.prediction.id]), "ann")
    with lab_at(tmp_path / "data", replicate_server) as lab:
        wait_for(lambda: not lab.judge.of([now.prediction.id])[now.prediction.id].pending)
        assert lab.judge.of([now.prediction.id])[now.prediction.id].overall is not None
    assert len([one for one in replicate_server.billed() if one["model"] == MODEL]) == 2


def test_an_answer_that_comes_late_to_its_place_is_asked_for_once_more(
    lab: Lab, replicate_server: ReplicateServer
) -> None:
    replicate_server.reset(seconds=0.0, queue_seconds=0.0)
    now = run_one(lab)
    switched_on(lab)
    replicate_server.add_faults(Fault(on="get", do="answer", times=2, fields={"output": None}))

    assert judged(lab, now)[now.prediction.id].overall is not None


def test_an_output_that_is_not_kept_any_more_cannot_be_judged_and_costs_nothing(
    lab: Lab, replicate_server: ReplicateServer
) -> None:
    now = run_one(lab)
    switched_on(lab)
    lab.pictures.output_path(now.outputs[0].digest).unlink()

    told = judged(lab, now)[now.prediction.id]

    assert told.answers == ()
    assert "not in the pictures folder" in told.errors[0]
    assert [one for one in replicate_server.billed() if one["model"] == MODEL] == []
