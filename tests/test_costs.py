"""What a prediction costs: estimates, charges and the rule that applied."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from staging import costs
from staging.predictions import Output, State
from staging.providers.base import Snapshot, Stage
from staging.registry import OutputShape, Price

PER_IMAGE = Price(usd_per_image=Decimal("0.03"), source="price list", dated=date(2026, 3, 18))
PER_SECOND = Price(
    usd_per_second=Decimal("0.000975"), hardware="L40S", source="hardware rates", dated=date(2026, 11, 1)
)
BY_AREA = Price(
    usd_per_run=Decimal("0.015"),
    usd_per_megapixel_in=Decimal("0.015"),
    usd_per_megapixel_out=Decimal("0.015"),
    source="price list",
    dated=date(2026, 8, 1),
)
UNKNOWN = Price(source="nobody says", dated=date(2026, 11, 1))
ROOM = (1536, 1152)
SIZES = costs.Sizes(ROOM, (1024, 768))


def picture(width: int = 1024, height: int = 768) -> Output:
    return Output("d" * 64, "image/png", 1000, width, height)


def ended(stage: Stage, **facts: Any) -> Snapshot:
    return Snapshot("p1", stage, **facts)


def charged(price: Price, snapshot: Snapshot, *outputs: Output) -> costs.Charge:
    return costs.charge(price, snapshot, sizes=SIZES, outputs=outputs, shape=OutputShape.URI)


@pytest.mark.parametrize(
    ("width", "height", "started"),
    [(10, 10, 1), (1000, 1000, 1), (1001, 1000, 2), (1536, 1152, 2), (2000, 2000, 4), (2001, 2000, 5)],
)
def test_megapixels_are_billed_by_the_one_started(width: int, height: int, started: int) -> None:
    assert costs.megapixels(width, height) == started


def test_the_image_count_reported_is_what_is_charged() -> None:
    charge = charged(PER_IMAGE, ended(Stage.SUCCEEDED, metrics={"image_count": 3}), picture())
    assert charge.usd == Decimal("0.09")
    assert charge.inputs == {"image": 3}
    assert "0.03 × 3 image" in charge.basis
    assert "price list" in charge.basis


def test_without_a_count_the_pictures_received_are_charged() -> None:
    assert charged(PER_IMAGE, ended(Stage.SUCCEEDED), picture(), picture()).usd == Decimal("0.06")


def test_time_is_charged_at_the_hardware_rate() -> None:
    charge = charged(PER_SECOND, ended(Stage.SUCCEEDED, metrics={"predict_time": 10.5}), picture())
    assert charge.usd == Decimal("0.010238")  # 0.0102375, rounded half up at the sixth place
    assert "L40S" in charge.basis


def test_area_is_charged_in_and_out_beside_the_run() -> None:
    charge = charged(BY_AREA, ended(Stage.SUCCEEDED), picture(1024, 768))
    assert charge.usd == Decimal("0.015") + 2 * Decimal("0.015") + 1 * Decimal("0.015")


def test_an_unknown_price_stays_unknown() -> None:
    charge = charged(UNKNOWN, ended(Stage.SUCCEEDED), picture())
    assert charge.usd is None
    assert "unknown" in charge.basis


def test_a_quantity_that_nobody_reported_makes_the_charge_unknown_not_zero() -> None:
    charge = charged(PER_SECOND, ended(Stage.SUCCEEDED), picture())
    assert charge.usd is None
    assert "not reported" in charge.basis


@pytest.mark.parametrize("count", [0, -1, True, "4", None, 2.5])
def test_a_count_that_makes_no_sense_is_not_believed(count: Any) -> None:
    assert charged(PER_IMAGE, ended(Stage.SUCCEEDED, metrics={"image_count": count}), picture()).usd == Decimal("0.03")


@pytest.mark.parametrize(
    ("stage", "facts", "price", "usd", "words"),
    [
        (Stage.ABORTED, {}, PER_IMAGE, Decimal(0), "aborted before it started"),
        (Stage.ABORTED, {}, UNKNOWN, Decimal(0), "aborted before it started"),
        (Stage.FAILED, {}, PER_IMAGE, Decimal(0), "no output to charge for"),
        (Stage.FAILED, {"metrics": {"predict_time": 2}}, PER_SECOND, Decimal("0.00195"), "active time"),
        (Stage.FAILED, {}, PER_SECOND, None, "not reported"),
        (Stage.FAILED, {}, UNKNOWN, None, "failed: active time is charged: price unknown (nobody says)"),
        (Stage.CANCELED, {}, PER_IMAGE, Decimal(0), "before it started"),
        (Stage.CANCELED, {"started_at": datetime.now(UTC)}, PER_IMAGE, Decimal("0.03"), "cancelled while running"),
        (Stage.CANCELED, {"metrics": {"predict_time": 4}}, PER_SECOND, Decimal("0.0039"), "cancelled while running"),
    ],
)
def test_the_rule_for_each_end_is_applied_and_named(
    stage: Stage, facts: dict[str, Any], price: Price, usd: Decimal | None, words: str
) -> None:
    charge = charged(price, ended(stage, **facts))
    assert charge.usd == usd
    assert words in charge.basis


def test_what_succeeded_without_a_picture_for_us_was_billed_all_the_same() -> None:
    charge = charged(BY_AREA, ended(Stage.SUCCEEDED))
    assert charge.usd == Decimal("0.015") * (1 + 2 + 1)
    assert "without a picture" in charge.basis


def test_offline_is_free_and_says_why() -> None:
    charge = costs.charge(
        PER_IMAGE, ended(Stage.SUCCEEDED), sizes=SIZES, outputs=(picture(),), shape=OutputShape.PICTURE
    )
    assert (charge.usd, charge.basis) == (Decimal(0), "offline: made on this machine, not charged")


def test_an_unknown_outcome_is_counted_at_full_price() -> None:
    assert costs.charge_unknown(BY_AREA, sizes=SIZES, seconds=None).usd == Decimal("0.06")
    assert costs.charge_unknown(PER_SECOND, sizes=SIZES, seconds=10).usd == Decimal("0.00975")
    assert costs.charge_unknown(UNKNOWN, sizes=SIZES, seconds=10).usd is None


def test_what_never_reached_the_provider_costs_nothing() -> None:
    charge = costs.not_created(State.CANCELED)
    assert (charge.usd, charge.basis) == (Decimal(0), "canceled: never created with the provider")


def test_an_estimate_counts_the_room_in_and_the_expected_output() -> None:
    charge = costs.estimate(BY_AREA, sizes=SIZES, seconds=None)
    assert charge.usd == Decimal("0.015") * (1 + 2 + 1)
    assert charge.basis.startswith("estimate")


def test_an_estimate_of_a_time_priced_model_without_a_history_is_unknown() -> None:
    assert costs.estimate(PER_SECOND, sizes=SIZES, seconds=None).usd is None
