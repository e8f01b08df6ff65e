"""The Prices page: what is in force and since when, entries by hand, hardware, and the provider's bill."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.components import cells, viewing
from pages.components.grid import Column
from staging.billing import settle_by_hand
from staging.exports.manifest import row_of
from staging.exports.words import figures
from staging.lab import Lab
from staging.predictions import PredictionNow, State
from tests.labs import MODEL
from tests.ledgers import ending, queued, succeeded
from tests.screens import SCRIPT, answer, visit, words

AT = datetime(2026, 11, 23, tzinfo=UTC)
KEY = "price-qwen-qwen-image-edit"
ENTRY = {"usd_per_image": "0.05", "source": "our contract", "dated": "2026-11-20"}
ID = "h1nq5zrb4srm80cs4vb9s2gq5c"


def said(screen: AppTest) -> str:
    return words(screen).replace("\\", "").replace("\u2060", "")


def prices(model: str = "", part: str = "") -> AppTest:
    screen = visit("prices")
    if model:
        screen.selectbox(key="prices-model").select(model).run()
    if part:
        answer(screen, "prices-part", part)
    assert not screen.exception
    return screen


def column(screen: AppTest, name: str, *beside: str) -> list[Any]:
    """Return a column of the first table that has it, and those beside it."""
    tables = [table.value for table in screen.dataframe]
    return list(next(table[name] for table in tables if {name, *beside} <= set(table.columns)))


def press(screen: AppTest, key: str) -> AppTest:
    screen.button(key=key).click().run()
    assert not screen.exception
    return screen


def write(screen: AppTest, **values: str) -> None:
    for name, value in values.items():
        screen.text_input(key=f"{KEY}-{name}").set_value(value)


# ── prices ──────────────────────────────────────────────────────────────────────────────────


def test_every_model_is_listed_with_its_price_and_source(first_lab: Lab) -> None:
    today = first_lab.prices.today()
    first_lab.prices.add(MODEL, today, ENTRY, "ada", AT, note="", follows=-1)

    screen = prices()

    shown = {name: column(screen, name, "At worst") for name in ("Model", "Price", "Since", "Set by", "Source")}
    assert len(shown["Model"]) == len(first_lab.registry.every())
    assert (shown["Model"][0], shown["Price"][0], shown["Since"][0], shown["Set by"][0]) == (
        MODEL,
        "$0.05 per image",
        str(today),
        "ada",
    )
    assert shown["Price"][shown["Model"].index("google/nano-banana-2")] == "price unknown"
    assert shown["Price"][shown["Model"].index("jschoormans/interior-v2")] == "$0.000975 per second of gpu-l40s"
    assert all(shown["Source"])
    assert f"{len(shown['Model'])} models, 6 of them at an unknown price" in said(screen)


def test_an_entry_is_added_and_one_to_come_taken_back(first_lab: Lab) -> None:
    screen = prices(MODEL)
    assert "As shipped with this release" in said(screen)

    write(screen, usd_per_image="0.06", source=f"mail {SCRIPT}", usd_per_run="0.01")
    screen.date_input(key=f"{KEY}-since").set_value(first_lab.prices.today() + timedelta(days=3))
    press(screen, f"{KEY}-add")

    (entry,) = first_lab.prices.card(MODEL).entries
    assert (entry.price.usd_per_image, entry.price.usd_per_run, entry.set_by) == (
        Decimal("0.06"),
        Decimal("0.01"),
        "local",
    )
    assert "the entry is in the book" in said(screen)
    assert "to come" in said(screen)
    assert "<img" not in words(screen).replace("\\<img", "")
    assert screen.text_input(key=f"{KEY}-usd_per_image").value == ""

    press(screen, f"{KEY}-take-back-0")
    assert first_lab.prices.card(MODEL).entries == ()
    assert "Taken back" in first_lab.prices.history(MODEL)[0].note


def test_what_cannot_be_is_said_and_stays_as_typed(first_lab: Lab) -> None:
    screen = prices(MODEL)

    for typed, source, sentence in (
        ("a lot", "x", "write dollars as 0.04"),
        ("", "x", "Dollars per image: write dollars"),
        ("-1", "x", "write dollars as 0.04"),
        ("5000", "x", "less than or equal to 1000"),
        ("0.05", "", "source"),
    ):
        write(screen, usd_per_image=typed, source=source)
        press(screen, f"{KEY}-add")
        assert sentence in said(screen)
        assert screen.text_input(key=f"{KEY}-usd_per_image").value == typed
    assert first_lab.prices.card(MODEL).version == -1


@pytest.mark.parametrize(
    ("kind", "typed", "parts"),
    [
        ("Per second of hardware", {}, {"hardware": "cpu"}),
        ("Per second of hardware", {"usd_per_second": "0.1"}, {"hardware": "cpu", "usd_per_second": Decimal("0.1")}),
        ("Per megapixel", {"usd_per_megapixel_out": "0.01"}, {"usd_per_megapixel_out": Decimal("0.01")}),
        ("Per run", {"usd_per_run": "0.2"}, {"usd_per_run": Decimal("0.2")}),
        ("Unknown", {}, {}),
    ],
)
def test_the_kind_picks_the_fields(first_lab: Lab, kind: str, typed: dict[str, str], parts: dict[str, Any]) -> None:
    screen = prices(MODEL)
    screen.selectbox(key=f"{KEY}-kind").select(kind).run()

    write(screen, source="a page", **typed)
    press(screen, f"{KEY}-add")

    (entry,) = first_lab.prices.card(MODEL).entries
    kept = entry.price.model_dump(exclude_none=True, exclude={"source", "dated", "note"})
    assert kept == parts


def test_somebody_elses_edit_meanwhile_is_not_written_over(first_lab: Lab) -> None:
    screen = prices(MODEL)
    first_lab.prices.add(MODEL, first_lab.prices.today(), ENTRY, "ada", AT, note="", follows=-1)

    write(screen, usd_per_image="0.07", source="x")
    press(screen, f"{KEY}-add")

    assert "ada has changed" in said(screen)
    assert len(first_lab.prices.card(MODEL).entries) == 1


def test_a_worst_price_is_declared_and_withdrawn(first_lab: Lab) -> None:
    screen = prices(MODEL)
    write(screen, worst="0.4", **{"worst-why": "their sales"})
    press(screen, f"{KEY}-declare")
    assert first_lab.prices.worst_usd(MODEL) == Decimal("0.4")
    assert "At most $0.40 a run, as declared" in said(screen)

    press(screen, f"{KEY}-withdraw")
    assert first_lab.prices.worst_usd(MODEL) is None


def test_a_rate_is_changed_and_another_added(first_lab: Lab) -> None:
    screen = prices(part="Hardware")
    assert "$3.51" in column(screen, "Per hour")

    screen.selectbox(key="hardware-sku").select("gpu-l40s").run()
    screen.text_input(key="hardware-usd").set_value("0.002")
    screen.text_input(key="hardware-source").set_value("a mail")
    press(screen, "hardware-save")
    assert first_lab.prices.present()["jschoormans/interior-v2"].usd_per_second == Decimal("0.002")

    screen.selectbox(key="hardware-sku").select("other hardware").run()
    for key, value in (("new", "gpu-b200"), ("usd", "0.003"), ("source", "a mail")):
        screen.text_input(key=f"hardware-{key}").set_value(value)
    press(screen, "hardware-save")
    assert first_lab.prices.hardware.table().rates["gpu-b200"].usd_per_second == Decimal("0.003")
    assert "Rate of gpu-b200" in said(screen)


def test_the_models_page_and_the_offline_baselines_say_the_same(first_lab: Lab) -> None:
    first_lab.prices.add(MODEL, first_lab.prices.today(), ENTRY, "ada", AT, note="", follows=-1)
    table = visit("models").get_by_key("model-qwen-qwen-image-edit").table[0].value
    assert "0" in str(table.iloc[:, 0]["Price"])
    assert "our contract" in str(table.iloc[:, 0]["Source"])
    assert "for nothing" in said(prices("offline/unchanged"))


# ── bills ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def billed(first_lab: Lab) -> Iterator[tuple[Lab, bytes]]:
    """A lab with two successes and one in doubt, and a bill that names one of them otherwise."""
    room = first_lab.store.rooms.list()[0].digest
    equal, dearer, left_out = succeeded(first_lab.store, 3, room=room)
    (doubt,) = queued(first_lab.store, 1, room=room)
    first_lab.store.predictions.append(
        [ending(doubt, State.UNKNOWN, 1, charge_usd=Decimal("0.03"), charge_basis="full price", error=SCRIPT)]
    )
    lines = ["id,cost", f"at-provider-{equal.id},0.03", f"at-provider-{dearer.id},0.05"]
    lines += [f"{ID},0.4", f"{ID},0.1", "=1+1,2"]
    yield first_lab, "\n".join(lines).encode()
    assert left_out


def upload(screen: AppTest, data: bytes, name: str = "bill.csv") -> AppTest:
    screen.file_uploader(key="bills-file").upload(name, data, "text/csv").run()
    assert not screen.exception
    return screen


def test_a_bill_is_shown_beside_ours_and_settled_when_confirmed(billed: tuple[Lab, bytes]) -> None:
    lab, data = billed
    screen = upload(prices(part="Bills"), data)

    assert [(one.label, one.value) for one in screen.metric] == [
        ("The bill says", "$0.08"),
        ("We reckoned", "$0.06"),
        ("Difference", "+$0.02"),
    ]
    for counted in ("1 agree", "1 differ", "1 that we do not know", "1 of ours that the bill does not name ($0.03)"):
        assert counted in said(screen)
    assert "1 line without a prediction's id ($2.00)" in said(screen)
    assert column(screen, "Difference") == [0.02]
    assert column(screen, "Bill", "Lines") == [0.5]
    assert "on lines 4, 5" in said(screen)
    assert lab.store.costs.report(AT.date() - timedelta(days=1), AT.date()).total.settled == 0

    press(screen, "bills-settle")

    assert "2 predictions settled" in said(screen)
    assert lab.store.costs.report(AT.date() - timedelta(days=1), AT.date()).total.settled_usd == Decimal("0.08")
    assert screen.button(key="bills-settle").disabled


def test_a_file_that_is_no_bill_is_a_sentence(billed: tuple[Lab, bytes]) -> None:
    screen = upload(prices(part="Bills"), b"id,cost\nabcdef1,-3\n", f"{SCRIPT}.csv")
    assert "Line 2 of" in said(screen)
    assert "negative amount" in said(screen)
    assert "<img" not in words(screen).replace("\\<img", "")


def test_what_is_in_doubt_is_settled_by_hand(billed: tuple[Lab, bytes]) -> None:
    lab, _ = billed
    screen = prices(part="Bills")
    assert "1 prediction of unknown outcome or unknown charge" in said(screen)
    assert "<img" not in words(screen).replace("\\<img", "")

    press(screen, "bills-hand-settle")
    assert "What it came to: write dollars" in said(screen)
    screen.text_input(key="bills-usd").set_value("0")
    press(screen, "bills-hand-settle")
    assert "Say how you know" in said(screen)
    screen.text_input(key="bills-why").set_value("not in their dashboard")
    press(screen, "bills-hand-settle")

    assert "Nothing is in doubt" in said(screen)
    assert lab.store.settlements.to_settle() == (0, [])


def test_without_any_doubt_it_says_so(first_lab: Lab) -> None:
    screen = prices()
    answer(screen, "prices-part", "Bills")
    assert "Nothing is in doubt" in said(screen)


def test_a_settled_amount_shows_wherever_the_cost_shows(billed: tuple[Lab, bytes]) -> None:
    lab, _ = billed
    now = next(one for one in lab.store.settlements.to_settle()[1])
    settle_by_hand(lab.store, now.prediction.id, Decimal("0.07"), "their support", "ada", AT)
    done = next(one for one in made(lab) if one.outputs)
    settle_by_hand(lab.store, done.prediction.id, Decimal("0.09"), "their support", "ada", AT)
    (settled,) = (one for one in made(lab) if one.prediction.id == done.prediction.id)
    basis = "settled by hand: their support; reckoned before: $0.03 (as reported: 0.03 × 1 image)"

    room = lab.store.rooms.get(settled.prediction.room)
    shown = dict(viewing.facts(settled, Column("c", "Qwen", "", None, None, None, 0), None))
    assert (shown["Cost"], shown["Settled"]) == ("$0.09", basis)
    assert "$0.09" in cells.facts(settled)
    assert figures(settled).endswith("$0.09")
    row = row_of(settled, "Qwen", room, None, {})
    told = ("0.090000", "0.090000", "0.030000", basis)
    assert tuple(row[name] for name in ("cost_usd", "settled_usd", "charge_usd", "cost_basis")) == told
    view = lab.desk.look(settled.prediction.comparison_id)
    assert "$0.15 spent" in cells.summary(view)[1]
    assert cells.columns(view, lab.registry)[0].cost == pytest.approx(0.09)


def made(lab: Lab) -> list[PredictionNow]:
    return [one for line in lab.store.comparisons.list() for one in lab.store.predictions.of_comparison(line.id)]
