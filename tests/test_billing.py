"""The provider's bill: read strictly, matched by id, shown where it differs, and settled without erasing anything."""

import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from staging.billing import Reconciliation, read_bill, reconcile, settle, settle_by_hand
from staging.billing_csv import MOST_BYTES
from staging.errors import BillRefused, EventRefused, NotFound, ParametersRefused
from staging.lab import Lab
from staging.predictions import Prediction, PredictionNow, State
from staging.store import Store
from tests.labs import lab_at, run_one
from tests.ledgers import NOW, ending, later, queued, steps, succeeded
from tests.replicate_server import ReplicateServer

AT = datetime(2026, 12, 1, tzinfo=UTC)
ID = "h1nq5zrb4srm80cs4vb9s2gq5c"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


def read(text: str) -> dict[str, Decimal]:
    return {key: line.usd for key, line in read_bill(text.encode(), "bill.csv").lines.items()}


def at_provider(one: Prediction) -> str:
    return f"at-provider-{one.id}"


def bill_of(*lines: tuple[str, ...], head: str = "prediction_id,cost") -> bytes:
    return "\n".join([head, *(",".join(line) for line in lines)]).encode()


def compared(store: Store, *lines: tuple[str, str]) -> Reconciliation:
    return reconcile(store, read_bill(bill_of(*lines), "bill.csv"))


# ── reading ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        f"prediction_id,cost\n{ID},0.04\n",
        f"\ufeffPrediction ID;Amount (USD)\r\n{ID};0,04\r\n",
        f"Date\tId\tTotal\n2026-11-22\t{ID}\t$0.04\n",
        f'id|price\n"{ID}"|USD 0.04\n',
        f"Billing export\n\nunit price,id,amount_usd\n1,{ID},0.04\n",
        f"id,price,total cost,currency\n{ID},9,4e-2,USD\n",
        f"id,cost\n{ID},0.01\n{ID},0.03\n",
        f"id,cost\n\n,\n{ID}, 0.04 \n",
    ],
)
def test_columns_are_known_by_their_meaning_in_any_dialect(text: str) -> None:
    assert read(text) == {ID: Decimal("0.04")}


@pytest.mark.parametrize(
    ("told", "usd"),
    [
        ("0.000975", "0.000975"),
        ('"1,234.50"', "1234.5"),
        ('"1.234,50"', "1234.5"),
        ('"12,5"', "12.5"),
        ("US$ 2", "2"),
        ("3 $", "3"),
        ("1e-05", "0.00001"),
        ("0", "0"),
    ],
)
def test_amounts_are_read_as_they_are_written(told: str, usd: str) -> None:
    assert read(f"id,cost\n{ID},{told}\n") == {ID: Decimal(usd)}


def test_a_wide_encoding_with_its_mark_is_read() -> None:
    assert read_bill(f"id,cost\n{ID},0.04\n".encode("utf-16"), "b").lines[ID].usd == Decimal("0.04")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "bill.csv is empty"),
        (b" \n ", "bill.csv is empty"),
        (b"PK\x03\x04rest", "no CSV file, but an Excel workbook"),
        (b"%PDF-1.7", "no CSV file, but a PDF"),
        (b"x" * (MOST_BYTES + 1), "at most 20 MB are read"),
        (b"id,cost\n\xff\xfe,1\n", "Line 2 of bill.csv is not UTF-8"),
        (b"id,cost\na\x00b,1\n", "Line 2 of bill.csv holds binary data"),
        (b"name,sum\na,1\n", "names no columns for the prediction's id .* Its first line is: 'name,sum'"),
        (f"id,cost\n{ID},1,2\n".encode(), "Line 2 of bill.csv has 3 fields, but line 1 names 2"),
        (f'id,cost\n{ID},"1\n'.encode(), "cannot be read as CSV"),
        (f"id,cost\n{ID},-0.04\n".encode(), "Line 2 of bill.csv has a negative amount"),
        (f"id,cost\n{ID},(0.04)\n".encode(), "Line 2 of bill.csv has a negative amount"),
        (f"id,cost\n{ID},\n".encode(), "Line 2 of bill.csv has no amount"),
        (f"id,cost\n{ID},=1+1\n".encode(), "no amount in US dollars that is clear: '=1\\+1'"),
        (f"id,cost\n{ID},€ 3\n".encode(), "no amount in US dollars that is clear"),
        (f'id,cost\n{ID},"1,234"\n'.encode(), "no amount in US dollars that is clear"),
        (f"id,cost\n{ID},NaN\n".encode(), "no amount in US dollars that is clear"),
        (f"id,cost\n{ID},1e99\n".encode(), "an amount above"),
        (f"id,cost,currency\n{ID},1,EUR\n".encode(), "Line 2 of bill.csv is in 'EUR'"),
        (b"id,cost\n=cmd()\x01,1\n", "something else than an id"),
        (b"id,cost\nTotal,1\n", "names no prediction"),
        (b'id,cost\n"' + b"a" * 200_000 + b'",1\n', "cannot be read as CSV"),
    ],
)
def test_what_is_no_bill_is_refused_in_a_sentence_with_its_line(data: bytes, sentence: str) -> None:
    with pytest.raises(BillRefused, match=sentence):
        read_bill(data, "bill.csv")


@pytest.mark.parametrize("seed", range(20))
def test_no_bytes_bring_anything_but_a_bill_or_a_sentence(seed: int) -> None:
    dice = random.Random(seed)
    whole = bill_of(*((f"{ID}{n}", "0.04", "2026-11-22") for n in range(4)), head="id,cost,date")
    pieces = [b'"', b",", b";", b"\n", b"\r", b"\xff", b"\x00", b"-", b"1e9", "é€\u2028".encode(), b"id", b"cost"]
    read_at_all = 0
    for _ in range(50):
        data = bytearray(whole)
        for _ in range(dice.randrange(4)):
            place = dice.randrange(len(data))
            data[place : place + dice.randrange(3)] = dice.choice([*pieces, dice.randbytes(3)])
        with suppress(BillRefused):
            assert all(line.usd >= 0 for line in read_bill(bytes(data), "bill.csv").lines.values())
            read_at_all += 1
    assert 0 < read_at_all < 50


def test_what_has_no_id_is_counted_apart_and_repeated_ids_are_named() -> None:
    text = f"id,cost,date\n{ID},0.01,2026-11-02\n{ID},0.03,11/12/2026\nTotal,0.04,\n,1.5,2026-11-30T23:00:00Z\n"
    bill = read_bill(text.encode(), "bill.csv")

    assert (bill.nameless_lines, bill.nameless_usd) == (2, Decimal("1.54"))
    assert [(line.provider_id, line.lines) for line in bill.repeated] == [(ID, (2, 3))]
    assert (bill.first, bill.last) == (date(2026, 11, 2), date(2026, 11, 2))
    assert bill.columns == {"id": "id", "usd": "cost", "day": "date"}


# ── matching ────────────────────────────────────────────────────────────────────────────────


def test_a_bill_is_matched_by_the_providers_id(store: Store) -> None:
    equal, dearer, cheaper, left_out = succeeded(store, 4)
    (running,) = queued(store)
    store.predictions.append(steps(running)[:2])

    found = compared(
        store,
        (at_provider(equal), "0.03"),
        (at_provider(dearer), "0.05"),
        (at_provider(cheaper), "0.0"),
        (at_provider(running), "0.03"),
        (ID, "0.9"),
    )

    assert [one.prediction_id for one in found.equal] == [equal.id]
    assert [(one.prediction_id, one.difference_usd) for one in found.different] == [
        (cheaper.id, Decimal("-0.03")),
        (dearer.id, Decimal("0.02")),
    ]
    assert [one.prediction_id for one in found.under_way] == [running.id]
    assert [line.provider_id for line in found.strangers] == [ID]
    assert [one.prediction_id for one in found.unnamed] == [left_out.id]
    assert (found.unnamed_count, found.unnamed_usd) == (1, Decimal("0.03"))
    assert (found.ours_usd, found.theirs_usd, found.news) == (Decimal("0.09"), Decimal("0.08"), 3)


def test_ours_are_looked_for_on_the_days_that_the_bill_names(store: Store) -> None:
    succeeded(store, 1)
    data = bill_of((ID, "1", "2026-11-21"), head="id,cost,date")
    assert reconcile(store, read_bill(data, "b")).unnamed == ()
    data = bill_of((ID, "1", "2026-11-21"), (f"{ID}x", "1", "2026-11-22"), head="id,cost,date")
    assert len(reconcile(store, read_bill(data, "b")).unnamed) == 1


def test_what_came_to_nothing_is_not_missed(store: Store) -> None:
    (failed,) = queued(store)
    store.predictions.append(
        [*steps(failed)[:2], ending(failed, State.FAILED, 3, charge_usd=Decimal(0), charge_basis="free")]
    )
    (done,) = succeeded(store)
    assert compared(store, (at_provider(done), "0.03")).unnamed == ()


# ── settling ────────────────────────────────────────────────────────────────────────────────


def test_a_settled_amount_supersedes_the_estimate_and_erases_nothing(store: Store) -> None:
    first, second = succeeded(store, 2)
    day = NOW.date()
    assert store.costs.report(day, day).total.cost_usd == Decimal("0.06")
    found = compared(store, (at_provider(first), "0.051"), (at_provider(second), "0.03"))

    assert settle(store, found, "ada", AT) == 2

    now = store.predictions.get(first.id)
    assert (now.charge_usd, now.settled_usd, now.cost_usd) == (Decimal("0.03"), Decimal("0.051"), Decimal("0.051"))
    assert now.cost_basis == "settled by the bill bill.csv; reckoned before: $0.03 (as reported: 0.03 × 1 image)"
    total = store.costs.report(day, day).total
    assert (total.cost_usd, total.settled, total.settled_usd) == (Decimal("0.081"), 2, Decimal("0.081"))
    assert store.comparisons.line(first.comparison_id).spent_usd == Decimal("0.081")
    assert store.history.of_models()[first.model].usd_per_image == Decimal("0.03")


def test_the_median_cost_of_a_model_follows_the_bill(store: Store) -> None:
    (one,) = succeeded(store)
    assert store.history.of_models()[one.model].usd_per_image == Decimal("0.03")
    settle(store, compared(store, (at_provider(one), "0.07")), "ada", AT)
    assert store.history.of_models()[one.model].usd_per_image == Decimal("0.07")


def test_the_same_bill_twice_changes_nothing(store: Store) -> None:
    one, other = succeeded(store, 2)
    lines = ((at_provider(one), "0.05"),)
    settle(store, compared(store, *lines), "ada", AT)
    settle_by_hand(store, one.id, Decimal("0.04"), "their support said so", "ben", later(99))

    again = compared(store, *lines)
    assert (again.news, settle(store, again, "cyd", AT)) == (0, 0)
    assert store.predictions.get(one.id).cost_usd == Decimal("0.04")

    more = compared(store, *lines, (at_provider(other), "0.05"))
    assert (more.news, settle(store, more, "cyd", AT)) == (2, 2)
    longer = compared(store, *lines, (at_provider(other), "0.05"), (ID, "1"))
    assert (longer.news, settle(store, longer, "cyd", AT)) == (0, 0)
    assert [(said.usd, said.source.split()[0]) for said in store.settlements.of(one.id)] == [
        (Decimal("0.05"), "bill"),
        (Decimal("0.04"), "by"),
        (Decimal("0.05"), "bill"),
    ]


def test_a_bill_is_settled_whole_or_not_at_all(store: Store) -> None:
    (done,) = succeeded(store)
    (running,) = queued(store)

    with pytest.raises(EventRefused, match="has not ended"):
        store.settlements.settle_bill("d", "b", {done.id: Decimal(1), running.id: Decimal(1)}, "ada", AT)

    assert store.predictions.get(done.id).settled_usd is None
    assert store.documents.list("bill") == []


def test_one_in_doubt_is_settled_by_hand(store: Store) -> None:
    doubtful, nameless, sure = queued(store, 3)
    store.predictions.append(
        [
            ending(doubtful, State.UNKNOWN, 1, charge_usd=Decimal("0.03"), charge_basis="full price"),
            ending(nameless, State.CANCELED, 1, charge_usd=None, charge_basis="price unknown"),
            ending(sure, State.FAILED, 1, charge_usd=Decimal(0), charge_basis="never created"),
        ]
    )
    count, shown = store.settlements.to_settle()
    assert (count, {now.prediction.id for now in shown}) == (2, {doubtful.id, nameless.id})

    settle_by_hand(store, doubtful.id, Decimal(0), " not in  their dashboard ", "ada", AT)

    now = store.predictions.get(doubtful.id)
    assert (now.cost_usd, now.state) == (Decimal(0), State.UNKNOWN)
    assert "settled by hand: not in their dashboard; reckoned before: $0.03" in now.cost_basis
    assert store.settlements.to_settle()[0] == 1


def test_a_hand_settles_only_what_makes_sense(store: Store) -> None:
    (done,) = succeeded(store)
    (running,) = queued(store)
    for usd in ("-1", "NaN", "0.0000001", "100001"):
        with pytest.raises(ParametersRefused, match="Say what it came to"):
            settle_by_hand(store, done.id, Decimal(usd), "note", "ada", AT)
    with pytest.raises(ParametersRefused, match="Say how you know"):
        settle_by_hand(store, done.id, Decimal(1), "  ", "ada", AT)
    with pytest.raises(EventRefused, match="has not ended"):
        settle_by_hand(store, running.id, Decimal(1), "note", "ada", AT)
    with pytest.raises(NotFound):
        settle_by_hand(store, "nobody", Decimal(1), "note", "ada", AT)
    assert store.settlements.of(done.id) == []


# ── verify ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def billed_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, PredictionNow]]:
    """A lab with one prediction by the second, which a bill has settled."""
    with ReplicateServer(tiny_outputs=True) as server, lab_at(tmp_path_factory.mktemp("l") / "data", server) as lab:
        now = run_one(lab, "jschoormans/interior-v2")
        assert now.provider_id
        found = reconcile(lab.store, read_bill(bill_of((now.provider_id, "0.5")), "bill.csv"))
        settle(lab.store, found, "ada", AT)
        yield lab, now


def test_verify_reckons_a_charge_by_the_second_from_what_is_stored(billed_lab: tuple[Lab, PredictionNow]) -> None:
    lab, now = billed_lab
    assert now.prediction.price.usd_per_second == Decimal("0.000975")
    assert now.charge_basis is not None
    assert now.charge_basis.startswith("as reported: 0.000975 × ")
    assert lab.store.verify(lab.pictures).differences == ()


@pytest.mark.parametrize(
    ("tampered", "sentence"),
    [
        (
            "UPDATE app.settlements SET usd = 0.4",
            "is settled at 0.400000 USD, but the bill that was kept says 0.500000",
        ),
        ("DELETE FROM app.settlements", "is settled at None USD, but the bill that was kept says 0.500000"),
        ("UPDATE app.documents SET body = '{\"usd\": {}}'", "but the bill that was kept says None"),
        ("UPDATE app.documents SET body = '[1]'", "but the bill that was kept says None"),
        ("UPDATE app.settlements SET sequence = 1", "has a gap among its settlements"),
        ("UPDATE app.events SET charge_usd = 0 WHERE charge_usd IS NOT NULL", "is 0.000000 USD, but its copied price"),
        (
            "UPDATE app.events SET charge_usd = 0, charge_inputs = '{}' WHERE charge_usd IS NOT NULL",
            "does not say what its price was multiplied with",
        ),
        ("UPDATE app.events SET charge_usd = NULL", "is unknown, but its copied price and what it used come to"),
    ],
)
def test_a_tampered_settlement_or_charge_is_found(
    billed_lab: tuple[Lab, PredictionNow], tampered: str, sentence: str
) -> None:
    lab, _ = billed_lab
    tables = ("settlements", "documents", "events")
    for table in tables:
        lab.store.ledger.run(f"CREATE TEMP TABLE kept_{table} AS FROM app.{table}")
    lab.store.ledger.run(tampered)

    assert any(sentence in found for found in lab.store.verify(lab.pictures).differences)

    for table in tables:
        lab.store.ledger.run(f"DELETE FROM app.{table}")
        lab.store.ledger.run(f"INSERT INTO app.{table} FROM kept_{table}")
        lab.store.ledger.run(f"DROP TABLE kept_{table}")
