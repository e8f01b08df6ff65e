"""Comparisons found again: by filter and words, named, noted, archived."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from staging.errors import NotFound
from staging.predictions import Comparison, State, Verdict
from staging.store import ComparisonFilter, Store
from tests.ledgers import NOW, comparison, decided, digest, ending, later, prediction, room, steps


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    store.rooms.add(room(1, name="Loft.jpg"))
    store.rooms.add(room(2, name="Kitchen.jpg"))
    yield store
    store.close()


@pytest.fixture
def asked(store: Store) -> list[Comparison]:
    """Three comparisons, the oldest first."""
    facts: list[dict[str, Any]] = [
        {"name": "first look", "project": "Elm St", "created_by": "ada"},
        {"created_at": later(60), "created_by": "ben"},
        {"created_at": later(120), "created_by": "ada", "project": "Oak St"},
    ]
    made = [comparison(**fact) for fact in facts]
    models = ["reve/edit", "google/nano-banana", "reve/edit"]
    for one, model, number in zip(made, models, (1, 1, 2), strict=True):
        store.predictions.queue(one, [prediction(one, model=model, room=digest(number))], NOW)
    return made


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ComparisonFilter(), [2, 1, 0]),
        (ComparisonFilter(project="Elm St"), [0]),
        (ComparisonFilter(by="ada"), [2, 0]),
        (ComparisonFilter(model="reve/edit"), [2, 0]),
        (ComparisonFilter(room=digest(1)), [1, 0]),
        (ComparisonFilter(since=later(60)), [2, 1]),
        (ComparisonFilter(until=later(60)), [0]),
        (ComparisonFilter(words="FIRST"), [0]),
        (ComparisonFilter(words="banana loft"), [1]),
        (ComparisonFilter(words="kitchen oak"), [2]),
        (ComparisonFilter(words="kitchen elm"), []),
        (ComparisonFilter(words="100%"), []),
        (ComparisonFilter(by="ada", model="reve/edit", words="loft"), [0]),
        (ComparisonFilter(archived=True), []),
    ],
)
def test_a_filter_lets_through_what_it_says(
    store: Store, asked: list[Comparison], wanted: ComparisonFilter, found: list[int]
) -> None:
    assert [line.comparison.id for line in store.comparisons.find(wanted)] == [asked[number].id for number in found]


def test_pages_follow_each_other(store: Store, asked: list[Comparison]) -> None:
    pages = [store.comparisons.find(ComparisonFilter(), limit=2, offset=offset) for offset in (0, 2)]
    assert [[line.comparison.id for line in page] for page in pages] == [[asked[2].id, asked[1].id], [asked[0].id]]


def test_a_line_says_what_came_of_it(store: Store) -> None:
    one = comparison()
    good, bad, open_ = (prediction(one, room=digest(number)) for number in (1, 2, 2))
    store.predictions.queue(one, [good, bad, open_], NOW)
    store.predictions.append([*steps(good), ending(good)])
    store.predictions.append([*steps(bad), ending(bad, State.FAILED, charge_usd=Decimal("0.01"))])
    store.predictions.mark(good.id, decided(Verdict.ACCEPTED), "ada", NOW)
    again = prediction(one, room=digest(2), retry_of=bad.id)
    store.predictions.queue(one, [again], NOW)
    store.predictions.append([*steps(again), ending(again)])

    (line,) = store.comparisons.find(ComparisonFilter())

    assert line.rooms == (digest(1), digest(2))
    assert line.models == ("qwen/qwen-image-edit",)
    assert (line.predictions, line.unfinished, line.succeeded, line.accepted) == (3, 1, 2, 1)
    assert line.spent_usd == Decimal("0.07")


def test_what_is_said_of_a_comparison_is_kept_and_the_rest_stays(store: Store, asked: list[Comparison]) -> None:
    one = asked[0].id
    store.comparisons.describe(one, "ben", later(5), note="the north rooms")
    store.comparisons.describe(one, "ada", later(6), name="second look")
    store.comparisons.describe(one, "ada", later(7), archived=True)

    seen = store.comparisons.get(one)

    assert (seen.name, seen.note, seen.archived) == ("second look", "the north rooms", True)
    assert one not in {line.comparison.id for line in store.comparisons.find(ComparisonFilter())}
    assert [line.comparison for line in store.comparisons.find(ComparisonFilter(archived=True))] == [seen]
    store.comparisons.describe(one, "ada", later(8), archived=False)
    assert store.comparisons.list(limit=9)[-1].id == one


def test_saying_nothing_new_writes_nothing(store: Store, asked: list[Comparison]) -> None:
    store.comparisons.describe(asked[0].id, "ben", later(5), name="first look")
    assert store.ledger.rows("FROM app.comparison_versions") == []


def test_a_comparison_that_is_not_there_cannot_be_described(store: Store) -> None:
    with pytest.raises(NotFound, match="check the link"):
        store.comparisons.describe("nothing", "ada", NOW, name="x")


def test_what_runs_is_known_by_person_and_among_some(store: Store, asked: list[Comparison]) -> None:
    ids = [one.id for one in asked]
    (done,) = store.predictions.of_comparison(ids[0])
    store.predictions.append([*steps(done.prediction), ending(done.prediction)])

    assert store.comparisons.running() == {ids[1], ids[2]}
    assert store.comparisons.running(by="ben") == {ids[1]}
    assert store.comparisons.running(among=ids[:2]) == {ids[1]}
    assert store.comparisons.running(among=[]) == set()


def test_who_has_asked_is_known(store: Store, asked: list[Comparison]) -> None:
    assert store.comparisons.people() == ["ada", "ben"]
