"""Retention deletes picture files that are past their time and protected by nothing; the ledger keeps its rows."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from staging.desk import ModelChoice
from staging.errors import EditedMeanwhile, NotFound, ParametersRefused
from staging.images import PictureKind
from staging.lab import Lab
from staging.predictions import Verdict
from staging.retention import Keep, Listing, Policy, Retention
from staging.store import KEEPS, OUTPUT, ROOM, VIEW, AuditFilter
from tests.labs import UNCHANGED, ask, finished, lab_at, photo

ALL = Policy(room_days=30, output_days=30, view_days=30)


class House:
    """A lab with four finished outputs, seen so many days later."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.comparison = ask(lab, UNCHANGED, rooms=[photo(shade) for shade in range(4)])
        finished(lab, self.comparison)
        self.members = lab.store.predictions.of_comparison(self.comparison)
        self.days = 31
        self.retention = Retention(lab.store, lab.pictures, lab.experiments, self.now)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=self.days)

    def let(self, policy: Policy) -> None:
        self.retention.set(policy, "ada", follows=self.retention.version())

    def files(self) -> set[Path]:
        return {path for path in (self.lab.settings.data_dir / "pictures").rglob("*") if path.is_file()}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with lab_at(tmp_path / "data") as lab:
        yield House(lab)


def counts(listing: Listing) -> dict[str, int]:
    return {kind: listing.count(kind)[0] for kind in (ROOM, OUTPUT, VIEW)}


def test_without_a_policy_nothing_is_listed_and_nothing_goes(house: House) -> None:
    house.days = 36_000

    assert house.retention.policy() == Policy()
    assert counts(house.retention.listing()) == {ROOM: 0, OUTPUT: 0, VIEW: 0}
    assert house.retention.look() is None


def test_what_is_past_its_time_is_listed_first_with_counts_and_bytes(house: House) -> None:
    house.let(ALL)
    before = house.files()
    listing = house.retention.listing()

    assert counts(listing) == {ROOM: 4, OUTPUT: 4, VIEW: 8}
    assert listing.size_bytes == sum(
        path.stat().st_size for path in before if path.parts[-3] in (PictureKind.ORIGINAL, PictureKind.VIEW)
    )
    assert house.files() == before
    house.days = 29
    assert house.retention.listing().files == ()


def test_only_files_go_and_verify_calls_none_of_them_lost(house: House) -> None:
    house.let(ALL)
    gone = house.retention.delete(house.retention.listing(), "ada")

    assert counts(gone) == {ROOM: 4, OUTPUT: 4, VIEW: 8}
    assert {path.parts[-3] for path in house.files()} == {PictureKind.THUMBNAIL}
    found = house.lab.store.verify(house.lab.pictures)
    assert found.differences == ()
    assert len(house.lab.store.predictions.of_comparison(house.comparison)) == 4
    entry = house.lab.audit.list(AuditFilter(act="delete pictures by retention"), 5)[1][0]
    assert isinstance(entry.after, dict)
    assert (entry.actor, entry.after["files"], entry.after["bytes"]) == ("ada", 16, gone.size_bytes)


def test_a_picture_that_is_gone_without_retention_is_still_called_lost(house: House) -> None:
    """The control: only what the ledger says was deleted is no difference."""
    digest = house.members[0].outputs[0].digest
    house.lab.pictures.delete(digest, PictureKind.ORIGINAL)

    (found,) = house.lab.store.verify(house.lab.pictures).differences
    assert digest in found


def accept(house: House, prediction: str) -> None:
    house.lab.desk.mark(prediction, "ada", verdict=Verdict.ACCEPTED)


def like(house: House, prediction: str) -> None:
    house.lab.desk.mark(prediction, "ada", favourite=True)


def put_to_vote(house: House, prediction: str) -> None:
    other = house.members[1].prediction.id
    house.lab.store.ledger.run(
        "INSERT INTO app.ballots VALUES ('kim', 'p', 0, 'b', 'pair', '', 'u', 'other', '', '', "
        f"'[\"{prediction}\"]', '[\"{other}\"]', 'm', 'm', NULL, NULL, now())"
    )


def put_into_an_experiment(house: House, prediction: str) -> None:
    house.lab.store.ledger.run(f"UPDATE app.predictions SET arm = 'x1/1/A' WHERE id = '{prediction}'")
    house.retention._running = lambda: ["x1"]  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("protect", "reason", "pictures"),
    [
        (accept, KEEPS[0], 1),
        (like, KEEPS[1], 1),
        (put_to_vote, KEEPS[2], 2),
        (put_into_an_experiment, KEEPS[3], 1),
    ],
)
def test_what_is_protected_stays_by_default_with_its_room(
    house: House, protect: Callable[[House, str], None], reason: Keep, pictures: int
) -> None:
    house.let(ALL)
    protect(house, house.members[0].prediction.id)
    left = 4 - pictures

    listing = house.retention.listing()
    assert counts(listing) == {ROOM: left, OUTPUT: left, VIEW: 2 * left}
    assert house.members[0].outputs[0].digest not in {one.file.digest for one in listing.files}
    others = tuple(one for one in ALL.keep if one != reason)
    unprotected = house.retention.listing(ALL.model_copy(update={"keep": others}))
    assert counts(unprotected) == {ROOM: 4, OUTPUT: 4, VIEW: 8}


def test_what_came_to_be_protected_after_it_was_listed_stays(house: House) -> None:
    house.let(ALL)
    listing = house.retention.listing()
    accept(house, house.members[0].prediction.id)

    gone = house.retention.delete(listing, "ada")
    assert counts(gone) == {ROOM: 3, OUTPUT: 3, VIEW: 6}
    assert house.lab.pictures.output_path(house.members[0].outputs[0].digest).exists()


def test_it_is_written_down_before_a_file_goes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash in between leaves files that are listed again, never one that is gone without a word."""
    house.let(ALL)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(house.lab.pictures, "delete", crash)
    with pytest.raises(KeyboardInterrupt):
        house.retention.delete(house.retention.listing(), "ada")
    assert len(house.lab.store.retention.deleted()) == 16
    monkeypatch.undo()
    assert counts(house.retention.listing()) == {ROOM: 4, OUTPUT: 4, VIEW: 8}


def test_each_kind_has_its_own_time(house: House) -> None:
    house.let(Policy(view_days=7))
    assert counts(house.retention.listing()) == {ROOM: 0, OUTPUT: 0, VIEW: 8}
    house.let(Policy(output_days=30, room_days=60))
    assert counts(house.retention.listing()) == {ROOM: 0, OUTPUT: 4, VIEW: 0}


def test_a_room_whose_photo_is_gone_cannot_be_run_on_and_can_be_uploaded_again(house: House) -> None:
    house.let(ALL)
    house.retention.delete(house.retention.listing(), "ada")
    room = house.members[0].prediction.room

    with pytest.raises(ParametersRefused, match="upload it again"):
        house.lab.desk.plan([room], [ModelChoice(UNCHANGED)], style="modern", prompts={room: "Furnish."})
    with pytest.raises(NotFound, match="deleted by retention"):
        house.lab.pictures.room_file(room)
    name = house.lab.store.rooms.get(room).name
    again = next(shade for shade in range(4) if house.lab.desk.keep_room(photo(shade), name, "ada").digest == room)
    assert again in range(4)
    assert house.lab.desk.plan([room], [ModelChoice(UNCHANGED)], style="modern", prompts={room: "Furnish."}).cells


def test_daily_only_where_an_admin_wants_it_and_once_a_day(house: House) -> None:
    house.let(ALL)
    assert house.retention.look() is None
    house.let(ALL.model_copy(update={"daily": True}))

    gone = house.retention.look()
    assert gone is not None
    assert len(gone.files) == 16
    assert house.retention.look() is None
    house.days += 1
    assert house.retention.look() is not None
    (entry,) = house.lab.audit.list(AuditFilter(act="delete pictures by retention"), 5)[1]
    assert (entry.actor, entry.origin) == ("Staging Lab", "the lab itself")


def test_of_two_who_set_the_policy_at_once_one_is_told(house: House) -> None:
    house.let(ALL)
    with pytest.raises(EditedMeanwhile):
        house.retention.set(Policy(), "ben", follows=-1)


def test_a_policy_of_another_release_deletes_nothing(house: House) -> None:
    house.lab.store.documents.write("retention", "pictures", {"galaxy": 1}, "ada", datetime.now(UTC))

    assert house.retention.policy() == Policy()
    assert house.retention.listing().files == ()


def test_sample_rooms_are_never_listed(tmp_path: Path) -> None:
    with lab_at(tmp_path / "data", sample_rooms=True) as lab:
        later = Retention(lab.store, lab.pictures, lab.experiments, lambda: datetime.now(UTC) + timedelta(days=99))
        assert lab.store.rooms.list()
        assert Policy().keep == KEEPS
        assert later.listing(ALL).files == ()
