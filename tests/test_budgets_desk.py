"""Every way to run something goes by the budgets: start, run again, retry, retry all."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from staging.budgets import Budget, Period, Scope
from staging.desk import ModelChoice, Plan
from staging.errors import BudgetExceeded
from staging.externals import Import, bring_in
from staging.lab import Lab
from staging.predictions import State
from tests.labs import MODEL, UNCHANGED, ask, finished, lab_at, only, photo
from tests.replicate_server import ReplicateServer
from tests.replicate_server_options import Fault

UNKNOWN_PRICE = "google/nano-banana-2"
BY_TIME = "jschoormans/interior-v2"


@pytest.fixture
def lab(tmp_path: Path, replicate_server: ReplicateServer) -> Iterator[Lab]:
    with lab_at(tmp_path, replicate_server) as lab:
        yield lab


def limit(lab: Lab, usd: str, *, hard: bool = True, follows: int | None = None) -> None:
    budget = Budget("All", Scope.ALL, "", Period.TOTAL, Decimal(usd), hard=hard)
    lab.budgets.save(budget, "ada", datetime.now(UTC), follows=follows)


def plan(lab: Lab, *choices: ModelChoice) -> Plan:
    digest = lab.desk.keep_room(photo(), "room.png", "tester").digest
    return lab.desk.plan([digest], choices, style="modern", prompts={digest: "Furnish."})


def failed(lab: Lab, server: ReplicateServer, choice: ModelChoice) -> str:
    """Return a comparison whose predictions the provider has refused, each for nothing."""
    server.add_faults(Fault(on="create", status=422, times=choice.seeds))
    comparison = ask(lab, choice)
    states = {cell.prediction.state for cell in finished(lab, comparison).cells.values()}
    assert states == {State.FAILED}
    return comparison


def test_a_run_beyond_a_hard_budget_is_not_started(lab: Lab) -> None:
    limit(lab, "0.05")
    made = plan(lab, ModelChoice(MODEL, seeds=2))

    (outlook,) = lab.desk.outlook(made, "ada")
    assert (outlook.left_usd, outlook.wanted_usd) == (Decimal("-0.01"), Decimal("0.06"))
    with pytest.raises(BudgetExceeded) as raised:
        lab.desk.start(made, "ada")

    assert str(raised.value) == f"Nothing was started. {outlook.objection}"
    assert lab.store.comparisons.list() == []


def test_a_run_within_it_is_started_and_becomes_its_charge(lab: Lab) -> None:
    limit(lab, "0.05")

    one = only(finished(lab, lab.desk.start(plan(lab, ModelChoice(MODEL)), "ada")))

    assert (one.reserved_usd, one.charge_usd) == (Decimal("0.03"), Decimal("0.03"))
    (standing,) = lab.budgets.standings()
    assert (standing.spent_usd, standing.reserved_usd) == (Decimal("0.03"), Decimal(0))


def test_a_price_by_time_reserves_its_slowest_run(lab: Lab) -> None:
    made = plan(lab, ModelChoice(BY_TIME))

    one = only(finished(lab, lab.desk.start(made, "ada")))

    assert one.reserved_usd == made.cells[0].highest_usd
    assert one.charge_usd is not None
    assert made.cells[0].estimate.usd != made.cells[0].highest_usd


def test_an_unknown_price_runs_under_a_hard_budget_once_its_worst_is_declared(lab: Lab) -> None:
    limit(lab, "1.00")
    with pytest.raises(BudgetExceeded, match="declare a worst price"):
        lab.desk.start(plan(lab, ModelChoice(UNKNOWN_PRICE)), "ada")

    lab.prices.declare_worst(
        UNKNOWN_PRICE, Decimal("0.40"), "ada", datetime.now(UTC), note="its list price", follows=-1
    )
    one = only(finished(lab, lab.desk.start(plan(lab, ModelChoice(UNKNOWN_PRICE)), "ada")))

    assert (one.reserved_usd, one.charge_usd) == (Decimal("0.40"), None)
    (standing,) = lab.budgets.standings()
    assert (standing.spent_usd, standing.reserved_usd) == (Decimal("0.40"), Decimal(0))


def test_an_unknown_price_runs_under_a_soft_budget_with_nothing_reserved(lab: Lab) -> None:
    limit(lab, "1.00", hard=False)

    one = only(finished(lab, lab.desk.start(plan(lab, ModelChoice(UNKNOWN_PRICE)), "ada")))

    assert (one.state, one.reserved_usd) == (State.SUCCEEDED, None)


def test_what_is_free_runs_whatever_is_left(lab: Lab) -> None:
    limit(lab, "0.000001")

    assert lab.desk.outlook(plan(lab, ModelChoice(UNCHANGED)), "ada") == ()
    assert only(finished(lab, lab.desk.start(plan(lab, ModelChoice(UNCHANGED)), "ada"))).reserved_usd == 0


def test_a_retry_reserves_too_and_can_be_refused(lab: Lab, replicate_server: ReplicateServer) -> None:
    comparison = failed(lab, replicate_server, ModelChoice(MODEL))
    (cell,) = lab.desk.look(comparison).cells.values()
    limit(lab, "0.02")

    with pytest.raises(BudgetExceeded, match=r"this run may cost \$0\.03"):
        lab.desk.retry(cell.prediction.prediction.id, "ada")
    limit(lab, "0.03", follows=0)
    lab.desk.retry(cell.prediction.prediction.id, "ada")

    assert only(finished(lab, comparison)).reserved_usd == Decimal("0.03")


def test_trying_all_again_leaves_what_the_budget_refuses_and_says_so(
    lab: Lab, replicate_server: ReplicateServer
) -> None:
    comparison = failed(lab, replicate_server, ModelChoice(MODEL, seeds=3))
    limit(lab, "0.07")

    retried = lab.desk.retry_failed(comparison, "ada")

    assert (retried.tried, retried.left) == (2, 1)
    assert "has $0.01 of $0.07 left" in retried.refusal
    states = [cell.prediction.state for cell in finished(lab, comparison).cells.values()]
    assert sorted(states) == [State.FAILED, State.SUCCEEDED, State.SUCCEEDED]


def test_what_was_made_elsewhere_is_never_refused_and_counts(lab: Lab) -> None:
    limit(lab, "1.00")
    room = lab.desk.keep_room(photo(), "room.png", "tester").digest

    bring_in(lab.store, lab.pictures, Import(photo(9), "made.png", room, "Ann's studio", Decimal(24)), "ada")

    (standing,) = lab.budgets.standings()
    assert standing.left_usd == Decimal(-23)
    assert standing.first == date.min
