"""The editions of the prompt book: every one kept, two editors at once, upgrades, what predictions are logged with."""

from collections.abc import Iterator
from pathlib import Path
from threading import Barrier, Thread

import pytest

from staging.desk import ModelChoice
from staging.errors import EditedMeanwhile, ParametersRefused, PromptsRefused
from staging.lab import SHIPPED
from staging.prompts import PromptBook, changed
from staging.rooms import RoomType
from staging.shelf import KIND, NAME, PRODUCT, PromptShelf
from staging.store import Store
from tests.labs import UNCHANGED, finished, lab_at, only, photo
from tests.ledgers import NOW, later

LOOK = ("styles", "modern", "look")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    yield store
    store.close()


@pytest.fixture(scope="module")
def shipped() -> PromptBook:
    return PromptBook.read(SHIPPED / "prompts.toml")


@pytest.fixture
def shelf(store: Store, shipped: PromptBook) -> PromptShelf:
    return PromptShelf(store, shipped)


def test_until_somebody_saves_the_shipped_book_counts(shelf: PromptShelf, store: Store, shipped: PromptBook) -> None:
    now = shelf.current()

    assert (now.number, now.book, now.label) == (0, shipped, f"shipped {shipped.version}")
    assert shelf.editions() == [now]
    assert store.documents.versions(KIND, NAME) == []


def test_the_first_edit_keeps_what_it_was_made_from(shelf: PromptShelf, shipped: PromptBook) -> None:
    first = shelf.keep(changed(shipped.body(), {LOOK: "loud"}), "ada", NOW, note=" Louder. ", follows=0)

    assert (first.number, first.label, first.note, first.written_by, first.written_at) == (
        1, "1", "Louder.", "ada", NOW,
    )  # fmt: skip
    assert shelf.current() == first
    assert shelf.current().usable().prompt("modern", RoomType.LIVING) != shipped.prompt("modern", RoomType.LIVING)
    newest, oldest = shelf.editions()
    assert newest == first
    assert (oldest.number, oldest.book, oldest.written_by) == (0, shipped, PRODUCT)
    assert oldest.label == f"shipped {shipped.version}"


def test_the_styles_stay_in_their_order(shelf: PromptShelf, shipped: PromptBook) -> None:
    shelf.keep(changed(shipped.body(), {("styles", "baroque", "look"): "gold"}), "ada", NOW, note="", follows=0)

    assert shelf.current().usable().styles() == [*shipped.styles(), "baroque"]


def test_a_book_that_cannot_be_used_is_not_saved(shelf: PromptShelf, store: Store, shipped: PromptBook) -> None:
    with pytest.raises(PromptsRefused, match=r"^styles.modern.look: it is empty"):
        shelf.keep(changed(shipped.body(), {LOOK: " "}), "ada", NOW, note="", follows=0)
    assert store.documents.versions(KIND, NAME) == []


def test_the_same_words_again_are_no_new_version(shelf: PromptShelf, shipped: PromptBook) -> None:
    shelf.keep(changed(shipped.body(), {LOOK: "loud"}), "ada", NOW, note="", follows=0)

    again = shelf.keep(changed(shipped.body(), {LOOK: "loud"}), "ben", later(1), note="", follows=1)

    assert (again.number, again.written_by) == (1, "ada")


@pytest.mark.parametrize("saved_before", [0, 1, 2])
def test_of_two_editors_the_second_is_told_and_saves_nothing(
    shelf: PromptShelf, shipped: PromptBook, saved_before: int
) -> None:
    for number in range(saved_before):
        shelf.keep(changed(shipped.body(), {LOOK: f"look {number}"}), "eve", NOW, note="", follows=number)
    shelf.keep(changed(shipped.body(), {LOOK: "ada's"}), "ada", NOW, note="", follows=saved_before)

    with pytest.raises(EditedMeanwhile, match="Nothing was saved: ada has changed"):
        shelf.keep(changed(shipped.body(), {LOOK: "ben's"}), "ben", later(1), note="", follows=saved_before)

    assert shelf.current().usable().style_words["modern"].look == "ada's"
    assert shelf.current().number == saved_before + 1


def test_of_two_first_editors_at_the_same_moment_one_saves(shelf: PromptShelf, shipped: PromptBook) -> None:
    ready, refused = Barrier(2), []

    def edit(who: str) -> None:
        ready.wait()
        try:
            shelf.keep(changed(shipped.body(), {LOOK: who}), who, NOW, note="", follows=0)
        except EditedMeanwhile:
            refused.append(who)

    editors = [Thread(target=edit, args=(who,)) for who in ("ada", "ben")]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join()

    assert len(refused) == 1
    assert [one.number for one in shelf.editions()] == [1, 0]
    assert shelf.current().written_by != refused[0]


def test_an_upgrade_leaves_the_edited_book_alone_and_is_noticed(
    store: Store, shelf: PromptShelf, shipped: PromptBook
) -> None:
    edited = shelf.keep(changed(shipped.body(), {LOOK: "ours"}), "ada", NOW, note="", follows=0)
    assert not shelf.shipped_is_other()

    newer = PromptBook.checked(changed(shipped.body(), {("version",): "2027-01-01", LOOK: "newer"}))
    upgraded = PromptShelf(store, newer)

    assert upgraded.current() == edited
    assert upgraded.shipped_is_other()
    assert upgraded.editions()[-1].book == shipped, "the file that ours was made from is still there"
    upgraded.keep(newer.body(), "ada", later(1), note="", follows=1)
    assert not upgraded.shipped_is_other()
    assert upgraded.current().usable() == newer


def test_an_upgrade_of_a_book_that_nobody_edited_is_taken(store: Store, shipped: PromptBook) -> None:
    newer = PromptShelf(store, PromptBook.checked(changed(shipped.body(), {("version",): "2027-01-01"})))

    assert newer.current().label == "shipped 2027-01-01"
    assert not newer.shipped_is_other()


def test_a_version_that_this_release_cannot_use_says_so_and_can_be_replaced(
    store: Store, shelf: PromptShelf, shipped: PromptBook
) -> None:
    store.documents.write(KIND, NAME, shipped.body(), PRODUCT, NOW)
    store.documents.write(KIND, NAME, {"of": "the future"}, "ada", NOW)

    with pytest.raises(PromptsRefused, match=r"Version 1 of the prompts cannot be used by this release \(version: it"):
        shelf.current().usable()
    assert shelf.current().label == "1"
    assert shelf.shipped_is_other()

    shelf.keep(shipped.body(), "ben", later(1), note="", follows=1)
    assert shelf.current().usable() == shipped


def test_the_lab_follows_what_is_saved_and_logs_the_version(tmp_path: Path) -> None:
    with lab_at(tmp_path / "data") as lab:
        lab.prompt_shelf.keep(changed(lab.prompts.body(), {LOOK: "loud"}), "ada", NOW, note="", follows=0)
        room = lab.desk.keep_room(photo(), "room.png", "ada")
        prompts = {room.digest: lab.prompts.prompt("modern", room.room_type)}
        plan = lab.desk.plan(
            [room.digest],
            [ModelChoice(UNCHANGED)],
            style="modern",
            prompts=prompts,
            prompt_version=lab.prompt_shelf.current().label,
        )
        made = lab.desk.start(plan, "ada")

        logged = only(finished(lab, made)).prediction
        assert "furnish it in loud." in logged.prompt
        assert logged.prompt_version == "1"
    with lab_at(tmp_path / "data") as again:
        assert again.prompts.style_words["modern"].look == "loud"


def test_the_offline_baseline_does_not_pretend_to_empty_a_room(tmp_path: Path) -> None:
    with lab_at(tmp_path / "data") as lab:
        room = lab.desk.keep_room(photo(), "room.png", "ada")
        with pytest.raises(ParametersRefused, match="can furnish a room but not empty one"):
            lab.desk.plan(
                [room.digest], [ModelChoice("offline/furnish")], style="declutter", prompts={room.digest: "Empty it."}
            )
