"""Words and figures on the pages say what is known, and harm nobody."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from pages.components.words import counted, dollars, duration, moment, ordinal, plain, price_text
from staging.registry import Price

ANY_DAY = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "$0"),
        ("0.04", "$0.04"),
        ("0.10", "$0.10"),
        ("0.0385", "$0.0385"),
        ("0.000225", "$0.000225"),
        ("1.5", "$1.50"),
        ("1234.567", "$1,234.57"),
    ],
)
def test_an_amount_keeps_the_places_that_count(amount: str, shown: str) -> None:
    assert dollars(Decimal(amount)) == shown


def test_an_unknown_amount_is_never_zero() -> None:
    assert dollars(None) == "unknown"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, ""), (0.42, "0.4 s"), (3, "3 s"), (12.4, "12 s"), (59.4, "59 s"), (59.6, "1 min"), (125, "2 min 5 s")],
)
def test_a_duration_is_as_exact_as_it_is_useful(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ({"usd_per_image": Decimal("0.03")}, "$0.03 per image"),
        ({"usd_per_second": Decimal("0.000975"), "hardware": "L40S"}, "$0.000975 per second of L40S"),
        (
            {"usd_per_run": Decimal("0.015"), "usd_per_megapixel_in": Decimal("0.01")},
            "$0.015 per run + $0.01 per megapixel in",
        ),
        ({"usd_per_run": Decimal(0)}, "free"),
        ({}, "price unknown"),
    ],
)
def test_a_price_is_told_in_its_own_units(parts: dict[str, Decimal], shown: str) -> None:
    assert price_text(Price.model_validate({**parts, "source": "a test", "dated": ANY_DAY})) == shown


def test_a_moment_is_told_by_the_readers_clock() -> None:
    at = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)

    assert moment(at, "Europe/Berlin") == "23 Nov 2026, 00:30"
    assert moment(at, "Nowhere/Atall") == "22 Nov 2026, 23:30"
    assert moment(at, None) == "22 Nov 2026, 23:30"


def test_numbers_and_nouns_agree() -> None:
    assert counted(1, "room") == "1 room"
    assert counted(2, "room") == "2 rooms"
    assert counted(2, "person", "people") == "2 people"


@pytest.mark.parametrize("sign", list(r"\`*_{}[]()<>#+-.!|$~:&@/"))
def test_no_sign_of_markdown_gets_through(sign: str) -> None:
    assert plain(f"a{sign}b").replace("\u2060", "") == f"a\\{sign}b"


@pytest.mark.parametrize("address", ["https://example.com", "www.example.com", "me@example.com"])
def test_an_address_in_a_name_is_cut_so_that_it_is_made_no_link(address: str) -> None:
    assert "\u2060" in plain(address)


def test_a_name_stays_on_its_line() -> None:
    assert plain("one\n\n# two\t three") == r"one \# two three"


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (22, "22nd"), (113, "113th")]
)
def test_a_place_in_line_is_said_as_people_say_it(number: int, text: str) -> None:
    assert ordinal(number) == text
