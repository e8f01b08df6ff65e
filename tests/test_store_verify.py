"""`verify` finds nothing wrong in a ledger that is right, and everything that was tampered with."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from staging import costs
from staging.images import Pictures
from staging.images_door import Door
from staging.predictions import State, Verdict
from staging.registry import Price
from staging.rooms import Room, RoomType
from staging.store import Store, Verification
from tests.ledgers import NOW, comparison, decided, ending, photo, prediction, steps


class Lab:
    """A store and pictures of five predictions, all right."""

    def __init__(self, folder: Path, door: Door) -> None:
        self.store = Store.open(folder / "ledger.duckdb")
        self.pictures = Pictures(folder / "pictures", b"key", door=door)
        kept = self.pictures.keep_room(photo(1), "room.png")
        self.room = Room(
            kept.digest,
            "room.png",
            kept.width,
            kept.height,
            kept.size_bytes,
            RoomType.LIVING,
            "",
            "",
            False,
            False,
            NOW,
            "ada",
        )
        self.store.rooms.add(self.room)
        self.outputs = [self.pictures.keep_output(photo(shade, kind=kind)) for shade, kind in ((2, "PNG"), (3, "JPEG"))]
        asked = comparison()
        self.predictions = [prediction(asked, room=kept.digest) for _ in range(5)]
        self.store.predictions.queue(asked, self.predictions, NOW)
        for one, output in zip(self.predictions, self.outputs, strict=False):
            self.store.predictions.append([*steps(one), ending(one, outputs=(output,))])
        self.store.predictions.append(
            [ending(self.predictions[2], State.FAILED, 1, charge_usd=Decimal(0), charge_basis="free")]
        )
        self.store.predictions.append([ending(self.predictions[3], State.UNKNOWN, 1, charge_basis="nobody knows")])
        self.store.predictions.mark(self.predictions[0].id, decided(Verdict.ACCEPTED), "ada", NOW)

    def verify(self) -> Verification:
        return self.store.verify(self.pictures)

    def tamper(self, sql: str) -> None:
        """Change the ledger as somebody with a DuckDB client might."""
        self.store.ledger.run(sql)

    def only_difference(self) -> str:
        (difference,) = self.verify().differences
        return difference


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    """One door for all: its child process takes longer to start than all else here."""
    door = Door()
    yield door
    door.close()


@pytest.fixture
def lab(tmp_path: Path, door: Door) -> Iterator[Lab]:
    lab = Lab(tmp_path, door)
    yield lab
    lab.store.close()


def test_a_ledger_that_is_right_differs_in_nothing(lab: Lab) -> None:
    found = lab.verify()
    assert found.differences == ()
    assert found.checked > 25


def test_an_output_whose_bytes_were_changed_is_found(lab: Lab) -> None:
    path = lab.pictures.output_path(lab.outputs[1].digest)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert f"The picture of output {lab.outputs[1].digest} was changed" in lab.only_difference()


def test_an_output_that_was_swapped_for_another_is_found(lab: Lab) -> None:
    first, second = (lab.pictures.output_path(output.digest) for output in lab.outputs)
    first.write_bytes(second.read_bytes())
    assert [f"{lab.outputs[0].digest} " in difference for difference in lab.verify().differences] == [True, True]


def test_a_room_whose_pixels_were_changed_is_found(lab: Lab) -> None:
    path = lab.pictures.output_path(lab.room.digest)
    path.write_bytes(photo(99))
    assert any(f"The picture of room {lab.room.digest} was changed" in found for found in lab.verify().differences)


def test_a_picture_that_is_gone_is_found(lab: Lab) -> None:
    lab.pictures.output_path(lab.outputs[0].digest).unlink()
    assert lab.only_difference() == f"The picture of output {lab.outputs[0].digest} is not in the pictures folder."


def test_an_output_whose_size_was_changed_in_the_ledger_is_found(lab: Lab) -> None:
    lab.tamper(f"UPDATE app.outputs SET size_bytes = 7 WHERE digest = '{lab.outputs[0].digest}'")
    assert lab.only_difference() == f"Output {lab.outputs[0].digest} has {lab.outputs[0].size_bytes} bytes, not 7."


def test_a_changed_charge_is_found(lab: Lab) -> None:
    lab.tamper(
        f"UPDATE app.events SET charge_usd = 0.01 WHERE prediction_id = '{lab.predictions[0].id}' AND sequence = 4"
    )
    assert f"The charge of prediction {lab.predictions[0].id} is 0.010000 USD" in lab.only_difference()
    assert "come to 0.030000 USD" in lab.only_difference()


def test_a_changed_price_is_found(lab: Lab) -> None:
    price = Price(usd_per_run=Decimal(1), source="s", dated=date(2026, 1, 1)).model_dump_json()
    lab.tamper(f"UPDATE app.predictions SET price = '{price}' WHERE id = '{lab.predictions[0].id}'")
    assert "come to nothing that can be reckoned" in lab.only_difference()


@pytest.mark.parametrize(
    ("sequence", "sentence"), [(0, "gap"), (1, "gap"), (2, "gap"), (4, "has an output, but never succeeded")]
)
def test_a_removed_event_is_found(lab: Lab, sequence: int, sentence: str) -> None:
    key = lab.predictions[0].id
    lab.tamper(f"DELETE FROM app.events WHERE prediction_id = '{key}' AND sequence = {sequence}")
    assert any(key in found and sentence in found for found in lab.verify().differences)


AGAIN = "INSERT INTO app.events SELECT * REPLACE (5 AS sequence, state) FROM app.events WHERE sequence = 3"


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("DELETE FROM app.events WHERE prediction_id = '{open}'", "Prediction {open} has no events."),
        ("DELETE FROM app.predictions WHERE id = '{open}'", "Prediction {open} has events, but was never asked for."),
        ("DELETE FROM app.comparisons", "Prediction {open} is of a comparison that is gone."),
        ("DELETE FROM app.rooms", "Prediction {open} is of a room that is gone."),
        ("DELETE FROM app.outputs WHERE prediction_id = '{done}'", "Prediction {done} succeeded, but has no output."),
        ("DELETE FROM app.room_versions", "Room {room} has no details."),
        ("UPDATE app.room_versions SET version = 3", "Room {room} has a gap among the versions of its details."),
        ("UPDATE app.verdicts SET sequence = 3", "Prediction {done} has a gap among its verdicts."),
        (
            "DELETE FROM app.adoptions WHERE prediction_id = '{done}'",
            "Prediction {done} names at-provider-{done}, which it does not own.",
        ),
        (
            "INSERT INTO app.adoptions VALUES ('replicate', 'p9', '{open}', now())",
            "Prediction {open} owns p9, which none of its events names.",
        ),
        (
            "INSERT INTO app.settlements VALUES ('{done}', 1, 0.04, 'bill', '', now(), 'ada')",
            "Prediction {done} has a gap among its settlements.",
        ),
        (
            "INSERT INTO app.settlements VALUES ('nobody', 0, 0.04, 'bill', '', now(), 'ada')",
            "Prediction nobody is settled, but was never asked for.",
        ),
        (
            "INSERT INTO app.reservations VALUES ('nobody', 0.04, now())",
            "Prediction nobody has a reservation, but was never asked for.",
        ),
        ("DELETE FROM app.open_predictions", "Prediction {open} has not ended, and is not kept among those."),
        (
            "INSERT INTO app.open_predictions VALUES ('{done}', 'm', '', 'ada', NULL)",
            "Prediction {done} is kept among those that have not ended, and is none of them.",
        ),
        (
            "UPDATE app.open_predictions SET reserved_usd = 1",
            "Prediction {open} has not ended, and its reservation is kept as another one.",
        ),
        (
            AGAIN.replace("state)", "'running' AS state)"),
            "Prediction {done} has events after its end.",
        ),
        (
            AGAIN.replace("state)", "'failed' AS state)"),
            "Prediction {done} has ended more than once.",
        ),
    ],
)
def test_a_contradiction_is_found(lab: Lab, sql: str, sentence: str) -> None:
    names = {"open": lab.predictions[4].id, "done": lab.predictions[0].id, "room": lab.room.digest}
    lab.tamper(sql.format(**names))
    assert sentence.format(**names) in lab.verify().differences


def test_a_total_that_is_kept_wrongly_is_found(lab: Lab) -> None:
    """The totals of the program's own report are reckoned again in Python from the events."""
    lab.store.costs.refresh()
    lab.tamper("UPDATE app.daily_totals SET cost_usd = cost_usd + 0.000001 WHERE outcome = 'accepted'")
    differences = lab.verify().differences
    assert {found.split("'")[0] for found in differences} == {
        *(f"The total by {group} " for group in ("total", "model", "project", "person", "room type", "arm", "day")),
        "What app.daily_totals says of 2026-11-22 does not follow from the ledger.",
        "What app.monthly_totals says of 2026-11-01 does not follow from the ledger.",
    }


def test_every_charge_that_the_lab_reckons_can_be_reckoned_again() -> None:
    prices = [
        Price(usd_per_image=Decimal("0.039"), source="s", dated=date(2026, 1, 1)),
        Price(usd_per_second=Decimal("0.000975"), hardware="L40S", source="s", dated=date(2026, 1, 1)),
        Price(usd_per_second=Decimal("0.000975"), source="s", dated=date(2026, 1, 1)),
        Price(usd_per_run=Decimal("0.015"), usd_per_megapixel_in=Decimal("0.015"), source="s", dated=date(2026, 1, 1)),
        Price(usd_per_megapixel_out=Decimal("0.0123456"), source="s", dated=date(2026, 1, 1)),
    ]
    for price in prices:
        used = costs.Quantities(images=3, seconds=7.4321, megapixels_in=2, megapixels_out=5)
        charge = costs.reckon(price, used, "as reported")
        assert costs.reckon_again(price, charge.inputs) == charge.usd
        assert costs.reckon_again(price, {"something else": 1}) is None
        assert costs.reckon_again(price, dict.fromkeys(charge.inputs)) is None
        assert costs.reckon_again(price, {}) == 0
