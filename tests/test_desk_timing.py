"""How long a run will take, and when it must be confirmed."""

from decimal import Decimal

import pytest

from staging.desk import Amount
from staging.desk.timing import Capacity, Load, Seconds, seconds_of, seconds_to_the_last
from staging.models import default_registry
from staging.store import ModelHistory

CAPACITY = {"replicate": Capacity(10, 4, 20, 60.0), "offline": Capacity(1, 1, 20, 60.0)}
QWEN = default_registry().get("qwen/qwen-image-edit")


def history(runs: int, seconds: float | None) -> ModelHistory:
    return ModelHistory(runs, seconds, 2.0, 9.0, 0, 0, None)


def test_before_any_run_the_published_time_holds_with_a_wide_spread() -> None:
    assert seconds_of(QWEN, None) == Seconds(2.85 / 2, 2.85, 2.85 * 2)
    assert seconds_of(QWEN, history(0, None)) == Seconds(2.85 / 2, 2.85, 2.85 * 2)
    assert seconds_of(default_registry().get("reve/edit"), None) is None


def test_the_own_median_comes_before_the_published_time_and_enough_runs_tell_the_spread() -> None:
    assert seconds_of(QWEN, history(4, 6.0)) == Seconds(3.0, 6.0, 12.0)
    assert seconds_of(QWEN, history(5, 6.0)) == Seconds(2.0, 6.0, 9.0)


@pytest.mark.parametrize(
    ("loads", "expected"),
    [
        ([Load("replicate", 5.0, 4, 0)], 5.0),
        ([Load("replicate", 5.0, 5, 0)], 10.0),  # of_model: two rounds
        ([Load("replicate", 5.0, 4, 4)], 10.0),  # behind four others
        ([Load("replicate", 5.0, 4, 0), Load("offline", 7.0, 2, 0)], 14.0),  # providers side by side
        ([Load("replicate", 5.0, 1, 0), Load("offline", 7.0, 0, 9)], 5.0),  # what is ahead elsewhere is no matter
        ([Load("offline", 20.0, 2, 0), Load("offline", 1.0, 2, 0)], 42.0),  # one worker does all of it
        ([Load("offline", 1.0, 1, 0), Load("offline", 20.0, 0, 3)], 61.0),  # another model's are ahead
        ([Load("replicate", 0.1, 80, 0)], 60.1),  # sixty more than the burst, sixty a minute
        ([Load("replicate", None, 4, 0)], None),
        ([Load("replicate", None, 4, 0), Load("replicate", 3.0, 1, 0)], 3.0),
    ],
)
def test_the_slowest_of_models_places_and_pace_ends_last(loads: list[Load], expected: float | None) -> None:
    assert seconds_to_the_last(loads, CAPACITY) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("amount", "asks"),
    [
        (Amount(Decimal("5.00"), 0), False),
        (Amount(Decimal("5.01"), 0), True),
        (Amount(Decimal(0), 10), False),
        (Amount(Decimal(0), 11), True),
        (Amount(Decimal("4.80"), 1), True),
    ],
)
def test_what_may_cost_more_than_the_limit_asks(amount: Amount, asks: bool) -> None:
    assert amount.above(Decimal("5.00")) is asks
