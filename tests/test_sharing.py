"""Links for people outside: off unless switched on, for one comparison, for a while, until somebody stops it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from staging.errors import NotFound, ParametersRefused
from staging.images import PictureKind
from staging.sharing import KIND, MOST_DAYS, Sharing
from staging.store import Store
from tests.ledgers import digest, succeeded

DAY = 86_400


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


@pytest.fixture
def comparison(store: Store) -> str:
    return succeeded(store)[0].comparison_id


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sharing(store: Store, clock: Clock) -> Sharing:
    return Sharing(store, b"key", outside=True, now=clock)


def token(path: str) -> str:
    start, _, token = path.rpartition("/")
    assert start == "/shared"
    return token


def test_a_link_opens_its_comparison_until_it_ends(sharing: Sharing, comparison: str, clock: Clock) -> None:
    made = token(sharing.link(comparison, "ada", 7))
    until = sharing.shared_until(comparison)
    assert until is not None
    assert (until.timestamp(), sharing.ends_at(made)) == (clock.now + 7 * DAY, until)

    clock.now += 7 * DAY - 1
    assert sharing.opened_by(made) == comparison
    clock.now += 1
    assert sharing.opened_by(made) is None
    assert sharing.shared_until(comparison) is None


def test_no_part_of_a_token_can_be_changed(sharing: Sharing, comparison: str, store: Store) -> None:
    other = succeeded(store)[0].comparison_id
    sharing.link(other, "ada", MOST_DAYS)
    made = token(sharing.link(comparison, "ada", 1))
    _, generation, until, signature = made.split(".")

    forged = [
        f"{other}.{generation}.{until}.{signature}",
        f"{comparison}.{int(generation) + 1}.{until}.{signature}",
        f"{comparison}.0{generation}.{until}.{signature}",
        f"{comparison}.{generation}.{int(until) + DAY}.{signature}",
        f"{comparison}.{generation}.{until}.{signature[:-1]}",
        f"{comparison}.{generation}.{until}.{'A' * 43}",
        f"{made}\n",
        f"{made}.",
        "",
        "é" * 120,
    ]
    assert [sharing.opened_by(one) for one in forged] == [None] * len(forged)
    assert sharing.opened_by(made) == comparison


def test_another_labs_key_opens_nothing(store: Store, comparison: str, sharing: Sharing, clock: Clock) -> None:
    foreign = Sharing(store, b"another key", outside=True, now=clock)

    assert sharing.opened_by(token(foreign.link(comparison, "eve", 1))) is None


def test_a_signature_made_for_pictures_opens_no_comparison(sharing: Sharing, comparison: str) -> None:
    made = token(sharing.link(comparison, "ada", 1))
    path = sharing.picture_path(made, digest(1), PictureKind.VIEW)
    signed, _, _ = made.rpartition(".")

    assert sharing.opened_by(f"{signed}.{path.partition('signature=')[2]}") is None


def test_stopping_ends_every_link_and_a_new_one_opens_again(sharing: Sharing, comparison: str) -> None:
    made = [token(sharing.link(comparison, "ada", days)) for days in (1, 30)]

    sharing.stop(comparison, "ben")

    assert [sharing.opened_by(one) for one in made] == [None, None]
    assert sharing.shared_until(comparison) is None
    assert sharing.opened_by(token(sharing.link(comparison, "ada", 1))) == comparison
    assert [sharing.opened_by(one) for one in made] == [None, None]


def test_a_stop_beside_new_links_is_never_undone(sharing: Sharing, comparison: str, store: Store) -> None:
    old = token(sharing.link(comparison, "ada", 30))

    def deed(number: int) -> None:
        sharing.stop(comparison, "ben") if number == 3 else sharing.link(comparison, "ada", 1 + number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(deed, range(4)))

    assert sharing.opened_by(old) is None
    generations = [int(str(document.body["generation"])) for document in versions(store, comparison)]
    assert generations == sorted(generations, reverse=True)


def test_while_it_is_off_no_link_is_made_and_none_opens(sharing: Sharing, store: Store, comparison: str) -> None:
    made = token(sharing.link(comparison, "ada", 1))
    off = Sharing(store, b"key", outside=False, now=Clock())

    with pytest.raises(ParametersRefused, match="STAGING_SHARE_OUTSIDE"):
        off.link(comparison, "ada", 1)
    assert off.opened_by(made) is None
    assert not off.shows(made, *picture(sharing, made))


def test_a_link_lives_thirty_days_at_most(sharing: Sharing, comparison: str) -> None:
    for days in (0, -1, MOST_DAYS + 1):
        with pytest.raises(ParametersRefused, match="1 to 30 days"):
            sharing.link(comparison, "ada", days)
    with pytest.raises(NotFound):
        sharing.link("no-such-comparison", "ada", 1)


def test_a_link_that_was_made_with_a_wrong_clock_is_no_longer_for_it(
    store: Store, sharing: Sharing, comparison: str, clock: Clock
) -> None:
    fast = Clock()
    fast.now += 900 * DAY
    made = token(Sharing(store, b"key", outside=True, now=fast).link(comparison, "ada", 1))

    assert sharing.opened_by(made) is None


def versions(store: Store, comparison: str) -> list[Any]:
    return list(store.documents.versions(KIND, comparison))


def picture(sharing: Sharing, made: str, kind: PictureKind = PictureKind.VIEW) -> tuple[str, str, str]:
    path = sharing.picture_path(made, digest(1), kind)
    return kind, digest(1), path.partition("signature=")[2]


def test_a_picture_is_shown_while_its_link_opens(sharing: Sharing, comparison: str) -> None:
    made = token(sharing.link(comparison, "ada", 1))
    shown = picture(sharing, made)
    assert sharing.shows(made, *shown)

    sharing.stop(comparison, "ada")

    assert not sharing.shows(made, *shown)


def test_no_other_picture_no_original_and_no_other_link(sharing: Sharing, comparison: str) -> None:
    made = token(sharing.link(comparison, "ada", 1))
    later = token(sharing.link(comparison, "ada", 2))
    kind, of, signature = picture(sharing, made)
    change: list[Callable[[], bool]] = [
        lambda: sharing.shows(made, kind, digest(2), signature),
        lambda: sharing.shows(made, PictureKind.THUMBNAIL, of, signature),
        lambda: sharing.shows(later, kind, of, signature),
        lambda: sharing.shows(made, *picture(sharing, made, PictureKind.ORIGINAL)),
        lambda: sharing.shows(made, kind, of, ""),
    ]

    assert [asked() for asked in change] == [False] * len(change)
