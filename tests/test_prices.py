"""The price book: dated entries over the shipped prices, one table of hardware rates, and no change of the past."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from staging.desk import ModelChoice
from staging.errors import EditedMeanwhile, PricesRefused, SettingsRefused, UnknownModel
from staging.models import default_registry
from staging.predictions import State
from staging.prices import PriceBook, checked, read_rates
from staging.prices_rates import KIND as RATES
from staging.registry import Price
from staging.store import Store
from tests.labs import MODEL, ask, finished, lab_at, only, photo, run_one
from tests.replicate_server import ReplicateServer
from tests.replicate_server_options import Fault

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = read_rates(ROOT / "data" / "hardware.toml")
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
BY_SECOND = "jschoormans/interior-v2"
UNKNOWN = "google/nano-banana-2"


def priced(usd: str, **parts: Any) -> dict[str, Any]:
    return {"usd_per_image": usd, "source": "our contract", "dated": "2026-11-20", **parts}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


@pytest.fixture
def book(store: Store) -> PriceBook:
    return PriceBook(default_registry(), store, SHIPPED)


def add(book: PriceBook, since: date, usd: str, model: str = MODEL, follows: int | None = None) -> None:
    book.add(
        model, since, priced(usd), "ada", AT, note="", follows=book.card(model).version if follows is None else follows
    )


def day(book: PriceBook, days: int) -> date:
    return book.today() + timedelta(days=days)


# ── entries ─────────────────────────────────────────────────────────────────────────────────


def test_the_shipped_price_holds_until_somebody_writes_one(book: PriceBook) -> None:
    shipped = default_registry().get(MODEL).price
    assert book.price(MODEL, date(2030, 1, 1)) == shipped
    assert shipped.source
    assert (book.card(MODEL).version, book.card(MODEL).in_force(book.today())) == (-1, None)


def test_an_entry_holds_from_its_day_until_the_next_one(book: PriceBook) -> None:
    add(book, day(book, 10), "0.05")
    add(book, day(book, 3), "0.04")

    prices = [book.price(MODEL, day(book, days)).usd_per_image for days in (2, 3, 9, 10, 400)]

    assert prices == [Decimal(usd) for usd in ("0.03", "0.04", "0.04", "0.05", "0.05")]
    entry = book.card(MODEL).in_force(day(book, 3))
    assert entry is not None
    assert (entry.set_by, entry.set_at, entry.price.source) == ("ada", AT, "our contract")


def test_of_two_entries_of_one_day_the_later_one_holds(book: PriceBook) -> None:
    for minutes, usd in ((0, "0.05"), (1, "0.04")):
        book.add(MODEL, book.today(), priced(usd), "ada", AT + timedelta(minutes=minutes), note="", follows=minutes - 1)
    assert book.present()[MODEL].usd_per_image == Decimal("0.04")


def test_what_has_begun_stays_and_what_has_not_can_be_taken_back(book: PriceBook) -> None:
    add(book, book.today(), "0.04")
    add(book, day(book, 1), "0.05")
    begun, coming = book.card(MODEL).entries

    with pytest.raises(PricesRefused, match="has begun, and what has begun stays"):
        book.take_back(MODEL, begun, "ben", AT, note="", follows=1)
    book.take_back(MODEL, coming, "ben", AT, note="a slip", follows=1)

    assert book.card(MODEL).entries == (begun,)
    assert [(one.version, one.written_by, one.note) for one in book.history(MODEL)] == [
        (2, "ben", "a slip"),
        (1, "ada", ""),
        (0, "ada", ""),
    ]


def test_a_begun_entry_cannot_be_left_out_or_changed_by_a_whole_new_list(book: PriceBook) -> None:
    add(book, book.today(), "0.04")
    for entries in ([], [(book.today(), priced("0.01"))]):
        with pytest.raises(PricesRefused, match="has begun"):
            book.replace(MODEL, entries, None, "ben", AT, note="", follows=0)

    later = AT + timedelta(hours=1)
    card = book.replace(
        MODEL, [(book.today(), priced("0.04")), (day(book, 5), priced("0.01"))], None, "ben", later, note="", follows=0
    )

    assert [(entry.set_by, entry.set_at) for entry in card.entries] == [("ada", AT), ("ben", later)]


def test_two_people_at_once_do_not_overwrite_each_other(book: PriceBook) -> None:
    add(book, book.today(), "0.04", follows=-1)
    with pytest.raises(EditedMeanwhile, match="ada has changed"):
        add(book, book.today(), "0.05", follows=-1)


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ({"usd_per_image": "-0.01"}, "usd_per_image: input should be greater than or equal to 0"),
        ({"usd_per_image": "NaN"}, "usd_per_image: input should be a finite number"),
        ({"usd_per_image": "1e300"}, "usd_per_image"),
        ({"usd_per_image": "1001"}, "less than or equal to 1000"),
        ({"usd_per_second": "0.1"}, "a price by the second names its hardware"),
        ({"hardware": "a b"}, "hardware"),
        ({"source": ""}, "source"),
        ({"source": "two\nlines"}, "source"),
        ({"dated": "soon"}, "dated"),
        ({"usd_per_picture": "1"}, "usd_per_picture"),
        ({"note": "n" * 501}, "note"),
    ],
)
def test_a_price_that_cannot_be_is_refused_with_its_place(book: PriceBook, parts: dict[str, Any], fault: str) -> None:
    with pytest.raises(PricesRefused, match=f"The price cannot be kept: .*{fault}"):
        checked(priced("0.01") | parts)


def test_days_beyond_reason_and_offline_models_have_no_entries(book: PriceBook) -> None:
    with pytest.raises(PricesRefused, match="A price begins between"):
        add(book, date(1999, 1, 1), "0.04")
    with pytest.raises(PricesRefused, match="runs on this machine for nothing"):
        add(book, book.today(), "0.04", "offline/unchanged")
    with pytest.raises(UnknownModel):
        add(book, book.today(), "0.04", "made/up")


def test_a_price_without_parts_is_unknown_again(book: PriceBook) -> None:
    book.add(MODEL, book.today(), {"source": "nobody", "dated": AT.date()}, "ada", AT, note="", follows=-1)
    assert not book.present()[MODEL].known


def test_what_this_release_cannot_read_is_an_unknown_price_and_can_be_written_anew(
    store: Store, book: PriceBook
) -> None:
    store.documents.write("price", MODEL, {"entries": "?"}, "ada", AT)

    price = book.present()[MODEL]
    assert not price.known
    assert "cannot read version 0" in price.note

    add(book, book.today(), "0.04")
    assert book.present()[MODEL].usd_per_image == Decimal("0.04")


# ── the worst price ─────────────────────────────────────────────────────────────────────────


def test_a_worst_price_is_declared_and_withdrawn(book: PriceBook) -> None:
    assert book.worst_usd(UNKNOWN) is None
    book.declare_worst(UNKNOWN, Decimal("0.25"), "ada", AT, note="their sales", follows=-1)
    assert book.worst_usd(UNKNOWN) == Decimal("0.25")
    assert not book.present()[UNKNOWN].known
    book.declare_worst(UNKNOWN, None, "ada", AT, note="", follows=0)
    assert book.worst_usd(UNKNOWN) is None


@pytest.mark.parametrize("usd", ["-1", "NaN", "Infinity", "1001"])
def test_a_worst_price_beyond_reason_is_refused(book: PriceBook, usd: str) -> None:
    with pytest.raises(PricesRefused, match="The worst price is more than"):
        book.declare_worst(UNKNOWN, Decimal(usd), "ada", AT, note="", follows=-1)


# ── hardware ────────────────────────────────────────────────────────────────────────────────


def test_the_shipped_rates_are_those_of_the_facts() -> None:
    known = {sku: rate.usd_per_second for sku, rate in SHIPPED.items()}
    assert known == {
        sku: Decimal(usd)
        for sku, usd in {
            "cpu": "0.0001",
            "gpu-t4": "0.000225",
            "gpu-a40-small": "0.000575",
            "gpu-a40-large": "0.000725",
            "gpu-l40s": "0.000975",
            "gpu-2x-l40s": "0.00195",
            "gpu-4x-l40s": "0.0039",
            "gpu-8x-l40s": "0.0078",
            "gpu-a100-large": "0.0014",
            "gpu-a100-large-2x": "0.0028",
            "gpu-a100-large-4x": "0.0056",
            "gpu-a100-large-8x": "0.0112",
            "gpu-h100": "0.001525",
        }.items()
    }
    assert all("replicate.com/pricing" in rate.source for rate in SHIPPED.values())


def test_a_price_by_the_second_takes_the_rate_of_the_one_table(book: PriceBook) -> None:
    price = book.present()[BY_SECOND]
    assert (price.usd_per_second, price.hardware) == (Decimal("0.000975"), "gpu-l40s")
    assert "rate of gpu-l40s: replicate.com/pricing" in price.source

    rate = {"sku": "gpu-l40s", "name": "L40S", "usd_per_second": "0.002", "source": "a mail", "dated": "2026-11-20"}
    table = book.hardware.keep(rate, "ada", AT, note="dearer", follows=-1)

    assert (table.version, len(table.rates)) == (0, len(SHIPPED))
    assert book.present()[BY_SECOND].usd_per_second == Decimal("0.002")
    assert table.rates["gpu-h100"] == SHIPPED["gpu-h100"]
    assert [one.note for one in book.hardware.history()] == ["dearer"]


def test_a_rate_of_the_prices_own_comes_before_the_table(book: PriceBook) -> None:
    own = Price(usd_per_second=Decimal("0.5"), hardware="gpu-l40s", source="s", dated=AT.date())
    assert book.hardware.table().rated(own) == own


def test_without_a_rate_the_whole_price_is_unknown(book: PriceBook) -> None:
    price = Price(usd_per_run=Decimal(1), hardware="gpu-b200", source="s", dated=AT.date())
    rated = book.hardware.table().rated(price)
    assert not rated.known
    assert "no rate for gpu-b200" in rated.note


def test_a_rate_that_cannot_be_or_that_somebody_was_quicker_with_is_refused(book: PriceBook) -> None:
    rate = {"sku": "gpu-b200", "name": "B200", "usd_per_second": "0.003", "source": "a mail", "dated": "2026-11-20"}
    with pytest.raises(PricesRefused, match="The rate cannot be kept: sku"):
        book.hardware.keep(rate | {"sku": "b 200"}, "ada", AT, note="", follows=-1)
    book.hardware.keep(rate, "ada", AT, note="", follows=-1)
    with pytest.raises(EditedMeanwhile):
        book.hardware.keep(rate | {"usd_per_second": "1"}, "ben", AT, note="", follows=-1)


def test_rates_that_this_release_cannot_read_make_prices_unknown(store: Store, book: PriceBook) -> None:
    store.documents.write(RATES, RATES, [{"sku": 1}], "ada", AT)
    assert "cannot read the rates" in book.hardware.table().fault
    assert not book.present()[BY_SECOND].known


@pytest.mark.parametrize("text", ["", "hardware = 1", "x", "source='s'\ndated=2026-01-01\n[[hardware]]\nsku='a'"])
def test_a_shipped_table_that_cannot_be_used_stops_the_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hardware.toml"
    with pytest.raises(SettingsRefused, match="cannot be read"):
        read_rates(path)
    path.write_text(text)
    with pytest.raises(SettingsRefused, match="cannot be used"):
        read_rates(path)


# ── what uses it ────────────────────────────────────────────────────────────────────────────


def test_plans_and_retries_use_the_present_price_and_carry_the_worst(
    tmp_path: Path, replicate_server: ReplicateServer
) -> None:
    with lab_at(tmp_path / "data", replicate_server) as lab:
        add(lab.prices, lab.prices.today(), "0.07")
        lab.prices.declare_worst(UNKNOWN, Decimal("0.25"), "ada", AT, note="", follows=-1)
        room = lab.desk.keep_room(photo(), "room.png", "ada").digest

        plan = lab.desk.plan([room], [ModelChoice(MODEL), ModelChoice(UNKNOWN)], style="modern", prompts={room: "Do."})

        assert [cell.price.usd_per_image for cell in plan.cells] == [Decimal("0.07"), None]
        assert [cell.worst_usd for cell in plan.cells] == [Decimal("0.07"), Decimal("0.25")]
        assert plan.estimate.unknown_count == 1
        offers = {offer.spec.id: offer.price for offer in lab.desk.models()}
        assert offers[lab.registry.get(MODEL).id].usd_per_image == Decimal("0.07")


def test_an_edit_changes_no_past_report_and_no_charge_under_way(
    tmp_path: Path, replicate_server: ReplicateServer
) -> None:
    with lab_at(tmp_path / "data", replicate_server) as lab:
        run_one(lab)
        today = lab.prices.today()
        before = lab.store.costs.report(today, today)
        replicate_server.reset(seconds=2.0)
        comparison = ask(lab, MODEL, rooms=[photo(9)])

        add(lab.prices, today - timedelta(days=30), "0.90")

        assert lab.store.costs.report(today, today) == before
        assert only(finished(lab, comparison)).charge_usd == Decimal("0.03")
        assert run_one(lab, rooms=[photo(10)]).charge_usd == Decimal("0.90")
        assert lab.store.verify(lab.pictures).differences == ()


def test_a_retry_copies_the_price_of_its_own_day(tmp_path: Path, replicate_server: ReplicateServer) -> None:
    with lab_at(tmp_path / "data", replicate_server) as lab:
        replicate_server.add_faults(Fault(on="create", status=402, times=1))
        failed = run_one(lab)
        add(lab.prices, lab.prices.today(), "0.90")

        again = lab.store.predictions.get(lab.desk.retry(failed.prediction.id, "ada")).prediction

        assert failed.state is State.FAILED
        assert (failed.prediction.price.usd_per_image, again.price.usd_per_image) == (Decimal("0.03"), Decimal("0.90"))
        assert again.estimate_usd == Decimal("0.90")
