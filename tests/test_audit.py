"""Every privileged act is in the log with what it changed, and no entry changes, goes or moves unnoticed."""

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import JsonValue

from staging.audit import GENESIS, HIDDEN, Change, Entry, Head, changes, differences, differing, sealed, told
from staging.errors import EditedMeanwhile
from staging.origins import UNKNOWN, Author
from staging.store import AuditFilter, Store
from tests.ledgers import NOW, room, succeeded

MANY = 1_000


def chain(length: int) -> list[Entry]:
    """Return a log of so many acts, all right."""
    entries, previous = list[Entry](), GENESIS
    for number in range(1, length + 1):
        after: JsonValue = {"limit_usd": str(number)}
        act = Entry(
            number, NOW + timedelta(seconds=number), "ada", "page", "change budget", "ours", {}, after, "", "", ""
        )
        entries.append(sealed(replace(act, previous=previous)))
        previous = entries[-1].digest
    return entries


LOG = chain(MANY)
HEAD = Head(MANY, LOG[-1].digest)


def said(entries: Sequence[Entry], head: Head | None = HEAD) -> list[str]:
    return list(differences(entries, head))


def put(entry: Entry, entries: Sequence[Entry] = LOG) -> list[Entry]:
    """Return the log with this entry in the place of the one of its number."""
    return [*entries[: entry.sequence - 1], entry, *entries[entry.sequence :]]


def test_a_log_that_is_right_differs_in_nothing() -> None:
    assert said(LOG) == []
    assert said([], None) == []


def test_each_of_a_thousand_entries_is_named_when_it_is_altered() -> None:
    named = sum(
        said(put(replace(entry, after={"limit_usd": "9"})))
        == [f"Entry {entry.sequence} of the audit log was altered: it does not match its digest."]
        for entry in LOG
        if entry.sequence != 9
    )
    assert named == MANY - 1


@pytest.mark.parametrize(
    "change",
    [
        {"at": NOW},
        {"actor": "ben"},
        {"origin": "API key x"},
        {"act": "add budget"},
        {"subject": "theirs"},
        {"before": None},
        {"note": "!"},
        {"previous": GENESIS},
        {"digest": GENESIS},
    ],
)
def test_every_part_of_an_entry_is_under_its_digest(change: dict[str, object]) -> None:
    assert any("Entry 500 " in sentence for sentence in said(put(replace(LOG[499], **change))))  # type: ignore[arg-type]


def test_each_of_a_thousand_entries_is_named_when_it_is_altered_and_its_digest_reckoned_anew() -> None:
    """Up to the last one, which only the head knows."""
    named = sum(
        any(f"ntry {entry.sequence} " in one or f"follow entry {entry.sequence}:" in one for one in found)
        for entry in LOG
        for found in [said(put(sealed(replace(entry, actor="nobody"))))]
    )
    assert named == MANY


def test_each_of_a_thousand_entries_is_named_when_it_is_taken_away() -> None:
    named = sum(
        any(f"ntry {entry.sequence} of the audit log" in one for one in said([one for one in LOG if one is not entry]))
        for entry in LOG
    )
    assert named == MANY


def test_each_of_a_thousand_entries_is_named_when_it_is_moved() -> None:
    named = 0
    for entry in LOG:
        other = LOG[(entry.sequence + 6) % MANY]
        here, there = replace(other, sequence=entry.sequence), replace(entry, sequence=other.sequence)
        found = said(put(there, put(here)))
        named += any(
            one.startswith(
                f"Entry {here.sequence} of the audit log was moved: it was written as entry {there.sequence}"
            )
            for one in found
        )
    assert named == MANY


def test_an_end_that_was_cut_off_shows_against_the_head_only() -> None:
    (found,) = said(LOG[:900])
    assert found == (
        "The audit log ends at entry 900, but 1000 were written: entries 901 to 1000 of the audit log were cut off, "
        "or an older ledger was put back."
    )
    assert len(said([])) == 1
    # The control, and the limit that docs/ledger.md names: without the head nobody can tell.
    assert said(LOG[:900], Head(900, LOG[899].digest)) == []
    assert "nobody can tell whether entries after 900 were cut off" in said(LOG[:900], None)[0]


def test_a_log_written_anew_as_a_whole_shows_against_the_head() -> None:
    anew = chain(MANY - 1)
    anew.append(sealed(replace(LOG[-1], actor="nobody")))
    assert "Entry 1000 of the audit log is not the one that the head beside the ledger knows" in said(anew)[0]


def test_a_head_that_a_crash_left_behind_is_no_difference() -> None:
    assert said(LOG, Head(MANY - 3, LOG[-4].digest)) == []


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────


def test_nothing_secret_is_kept() -> None:
    body = {
        "name": "hook",
        "api_key": "abc",
        "nested": {"Client Secret": ["x", {"deep": "y"}], "max_tokens": 5, "token": None},
        "note": "use r8_abcdefghijkl or Bearer abcdefghijk at https://you:password@example.com/x, canary",
    }
    kept = told(body, ["canary"])
    assert kept == {
        "name": "hook",
        "api_key": HIDDEN,
        "nested": {"Client Secret": [HIDDEN, {"deep": HIDDEN}], "max_tokens": 5, "token": None},
        "note": f"use {HIDDEN} or {HIDDEN} at https://{HIDDEN}@example.com/x, {HIDDEN}",
    }


def test_only_what_differs_is_kept_and_told_in_words() -> None:
    before: JsonValue = {"limit_usd": "5", "period": "month", "people": {"ada": 1, "ben": 2}, "hard": False}
    after: JsonValue = {"limit_usd": "7", "period": "month", "people": {"ada": 1, "cy": 3}, "hard": True, "note": ""}
    was, became = differing(before, after)
    assert was == {"limit_usd": "5", "people": {"ben": 2}, "hard": False}
    assert became == {"limit_usd": "7", "people": {"cy": 3}, "hard": True, "note": ""}
    entry = replace(LOG[0], before=was, after=became)
    assert [(one.what, one.before, one.after) for one in changes(entry)] == [
        ("limit usd", "5", "7"),
        ("people › ben", "2", None),
        ("hard", "no", "yes"),
        ("people › cy", None, "3"),
    ]


# ── in the ledger ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.duckdb"


def entries(store: Store, **wanted: str) -> list[Entry]:
    return store.audit.list(AuditFilter(**wanted), 100)[1]  # type: ignore[arg-type]


def test_what_is_written_in_the_app_is_in_the_log_with_its_writer_and_what_differed(path: Path) -> None:
    store = Store.open(path)
    ada = Author("ada", "page")
    store.documents.write("budget", "all", {"limit_usd": "5", "hard": True}, ada, NOW, note="first")
    store.documents.write("budget", "all", {"limit_usd": "7", "hard": True}, "ben", NOW, follows=0)
    store.documents.write("budget", "all", {"limit_usd": "7", "hard": True}, "ben", NOW)
    store.documents.write("budget", "all", None, ada, NOW)
    store.documents.write("model set", "ours", [], ada, NOW)
    removed, changed, added = entries(store)
    assert (added.act, added.actor, added.origin, added.note) == ("add budget", "ada", "page", "first")
    assert (added.before, added.after) == (None, {"limit_usd": "5", "hard": True})
    assert (changed.act, changed.origin) == ("change budget", UNKNOWN)
    assert (changed.before, changed.after) == ({"limit_usd": "5"}, {"limit_usd": "7"})
    assert (removed.act, removed.after) == ("remove budget", None)
    assert store.audit.differences() == (3, [])
    store.close()


def test_neither_the_act_nor_its_entry_is_there_without_the_other(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open(path)
    store.documents.write("budget", "all", {"limit_usd": "5"}, "ada", NOW)
    with pytest.raises(EditedMeanwhile):
        store.documents.write("budget", "all", {"limit_usd": "6"}, "ada", NOW, follows=-1)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the log cannot be written")

    monkeypatch.setattr(store.audit, "append", broken)
    with pytest.raises(RuntimeError):
        store.documents.write("budget", "all", {"limit_usd": "6"}, "ada", NOW)
    assert len(store.documents.versions("budget", "all")) == len(entries(store)) == 1
    store.close()


def test_rooms_and_settlements_are_in_the_log(path: Path) -> None:
    store = Store.open(path)
    store.rooms.add(room(1))
    store.rooms.archive(room(1).digest, "ada", NOW)
    store.rooms.archive(room(1).digest, "ada", NOW)
    store.rooms.restore(room(1).digest, "ada", NOW)
    first, second = succeeded(store, 2)
    store.settlements.settle_by_hand(first.id, Decimal("0.05"), "as told", "ada", NOW)
    store.settlements.settle_bill("d" * 64, "may.csv", {first.id: Decimal(1), second.id: Decimal(2)}, "ada", NOW)
    store.settlements.settle_bill("d" * 64, "may.csv", {first.id: Decimal(1)}, "ada", NOW)
    assert [(one.act, one.subject) for one in entries(store)] == [
        ("settle bill", "d" * 64),
        ("settle prediction", first.id),
        ("restore room", room(1).digest),
        ("archive room", room(1).digest),
    ]
    bill = entries(store)[0].after
    assert bill == {"file": "may.csv", "predictions": 2, "usd": "3"}
    store.close()


@pytest.fixture
def tampered(path: Path) -> Store:
    store = Store.open(path)
    for number in range(5):
        store.audit.write("ada", "page", "change price", f"model {number}", {"usd": 1.5}, {"usd": number}, NOW)
    return store


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("UPDATE app.audit SET actor = 'ben' WHERE sequence = 3", "Entry 3 of the audit log was altered"),
        ("DELETE FROM app.audit WHERE sequence = 3", "Entry 3 of the audit log is missing."),
        ("UPDATE app.audit SET sequence = 9 - sequence WHERE sequence IN (4, 5)", "Entry 5 of the audit log was moved"),
        ("DELETE FROM app.audit WHERE sequence > 3", "entries 4 to 5 of the audit log were cut off"),
        ("DELETE FROM app.audit", "entries 1 to 5 of the audit log were cut off"),
    ],
)
def test_what_somebody_does_to_the_log_with_a_client_is_named(tampered: Store, sql: str, sentence: str) -> None:
    assert tampered.audit.differences() == (5, [])
    tampered.ledger.run(sql)
    assert any(sentence in found for found in tampered.audit.differences()[1])
    tampered.close()


def test_a_head_that_contradicts_the_log_is_never_written_over(
    tampered: Store, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tampered.ledger.run("DELETE FROM app.audit WHERE sequence > 3")
    tampered.close()
    store = Store.open(path)
    for _ in range(4):
        store.audit.write("ben", "page", "change price", "model", None, None, NOW)
    assert "is not the one that the head beside the ledger knows" in store.audit.differences()[1][0]
    assert "does not agree" in caplog.text
    store.close()


def test_a_head_that_is_gone_is_told_and_a_new_one_says_so_in_the_log(tampered: Store, path: Path) -> None:
    tampered.audit.head_path.unlink()
    assert "nobody can tell" in tampered.audit.differences()[1][0]
    tampered.close()
    store = Store.open(path)
    store.audit.write("ben", "page", "change price", "model", None, None, NOW)
    assert [one.act for one in entries(store)][:2] == ["change price", "begin audit head anew"]
    assert store.audit.differences() == (7, [])
    store.close()


def test_the_log_is_filtered_and_read_by_page(tampered: Store) -> None:
    tampered.audit.write("Ben", "API key x", "add key", "door", None, {"role": "rater"}, NOW + timedelta(days=2))
    assert [one.subject for one in entries(tampered, actor="Ben")] == ["door"]
    assert len(entries(tampered, act="change price")) == 5
    assert len(entries(tampered, subject="model 3")) == 1
    assert [one.actor for one in entries(tampered, words="RATER door")] == ["Ben"]
    assert entries(tampered, words="rater model") == []
    later = AuditFilter(since=NOW + timedelta(days=1))
    assert tampered.audit.list(later, 10)[0] == 1
    assert tampered.audit.list(AuditFilter(until=NOW + timedelta(days=1)), 10)[0] == 5
    count, page = tampered.audit.list(AuditFilter(), 2, 2)
    assert (count, [one.sequence for one in page]) == (6, [4, 3])
    assert tampered.audit.names() == (["Ben", "ada"], ["add key", "change price"])
    tampered.close()


def test_no_secret_reaches_the_ledger_or_the_head(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store = Store.open(path)
    store.audit.hide(["canary-7"])
    store.audit.write("ada", "page", "add canary-7", "canary-7", {"x": "canary-7"}, ["canary-7"], NOW, note="canary-7")
    (entry,) = entries(store)
    assert "canary" not in json.dumps([entry.act, entry.subject, entry.before, entry.after, entry.note])
    store.close()
    assert all(b"canary-7" not in file.read_bytes() for file in path.parent.iterdir())
    assert "canary-7" not in caplog.text


def test_of_a_long_text_only_what_differs_is_told() -> None:
    before = "Furnish this room as a home stager would, " * 4 + "warm light" + ", keep the walls as they are" * 4
    told_before, told_after = Change("prompt", before, before.replace("warm", "cold")).told
    assert (told_before[0], told_before[-1]) == ("…", "…")
    assert "warm light" in told_before
    assert told_after == told_before.replace("warm", "cold")
    assert len(told_before) < 80
    assert Change("note", None, "x" * 1_000).told == ("", "x" * 299 + "…")
