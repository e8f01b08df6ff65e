"""Scores in the ledger: every try is kept, the last score counts, and no threshold speaks for a person."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from staging.images import Pictures
from staging.images_door import Door
from staging.predictions import Verdict
from staging.quality import SCORER_VERSION
from staging.rooms import RoomType
from staging.store import (
    AuditFilter,
    AutomaticDeed,
    BallotFilter,
    ComparisonFilter,
    Judged,
    ScoreState,
    Store,
)
from tests.ledgers import NOW, decided, digest, later, room, succeeded
from tests.scored import failed, score

REJECTED = Judged(AutomaticDeed.REJECTED, ("structure 0.40, below 0.5",), 3)
MARKED = Judged(AutomaticDeed.MARKED, ("score 60, below 70",), 3)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "ledger.duckdb")
    store.rooms.add(room())
    yield store
    store.close()


def ids(store: Store, count: int = 1, **facts: object) -> Sequence[str]:
    return [one.id for one in succeeded(store, count, **facts)]


# ── what counts ─────────────────────────────────────────────────────────────────────────────


def test_every_try_is_kept_with_its_version_and_the_last_score_counts(store: Store) -> None:
    (one,) = ids(store)

    store.scores.record(score(one, overall=40.0, version="1"))
    store.scores.record(score(one, overall=60.0, version="2", changed=True))
    store.scores.record(failed(one, version="3"))

    assert [(each.sequence, each.version, each.overall) for each in store.scores.tries(one)] == [
        (0, "1", 40.0),
        (1, "2", 60.0),
        (2, "3", None),
    ]
    known = store.scores.of([one])[one]
    assert known.score is not None
    assert (known.score.version, known.score.overall, known.last.state) == ("2", 60.0, ScoreState.LOST)
    assert known.score == score(one, overall=60.0, version="2", changed=True, sequence=1)
    assert known.score.worst is not None
    assert known.score.worst.code == "window_gone"


def test_what_was_never_tried_is_absent(store: Store) -> None:
    one, other = ids(store, 2)
    store.scores.record(score(one))

    assert list(store.scores.of([one, other])) == [one]
    assert store.scores.of([]) == {}


def test_nothing_is_kept_of_a_prediction_that_is_gone(store: Store) -> None:
    ids(store)

    assert store.scores.record(score("a prediction of the demo"), REJECTED) is None
    assert store.scores.tries("a prediction of the demo") == []
    assert store.ledger.rows("SELECT count(*) FROM app.automatic_marks") == [(0,)]


def test_why_outputs_have_no_score_is_counted(store: Store) -> None:
    a, b, c = ids(store, 3)
    store.scores.record(score(a))
    store.scores.record(failed(b))
    store.scores.record(failed(c, ScoreState.REFUSED, reason="A picture cannot be read."))
    store.scores.record(failed(b))

    counts = store.scores.counts(SCORER_VERSION)
    assert (counts[ScoreState.SCORED], counts[ScoreState.LOST], counts[ScoreState.REFUSED]) == (1, 1, 1)
    assert dict(store.scores.reasons(SCORER_VERSION)) == {
        "The scorer crashed on these two pictures.": 1,
        "A picture cannot be read.": 1,
    }


# ── what waits ──────────────────────────────────────────────────────────────────────────────


def waiting(store: Store, version: str = SCORER_VERSION, outlines: dict[str, str] | None = None) -> list[str]:
    return [one.prediction_id for one in store.scores.waiting(version, outlines or {}, 100)]


def test_new_outputs_wait_before_those_of_an_older_scorer_and_the_newest_first(store: Store) -> None:
    old = ids(store, 3)
    for one in old[:2]:
        store.scores.record(score(one, version="0"))

    new = ids(store, 2)

    assert waiting(store) == [*reversed(new), old[2], old[1], old[0]]
    assert store.scores.count_waiting(SCORER_VERSION, {}) == (3, 2)
    assert len(store.scores.waiting(SCORER_VERSION, {}, 2)) == 2


def test_what_is_scored_or_cannot_be_waits_no_more(store: Store) -> None:
    done, refused, gone, lost = ids(store, 4)
    store.scores.record(score(done))
    store.scores.record(failed(refused, ScoreState.REFUSED))
    store.scores.record(failed(gone, ScoreState.GONE))
    store.scores.record(failed(lost))

    assert waiting(store) == [lost]  # a crash may have been the machine's: once more
    store.scores.record(failed(lost))
    assert waiting(store) == []
    assert waiting(store, "a newer one") == [lost, refused, done]  # never again what is gone


def test_outlines_that_were_drawn_since_make_the_rooms_outputs_wait(store: Store) -> None:
    (one,) = ids(store)
    store.scores.record(score(one))

    assert waiting(store) == []
    assert waiting(store, outlines={digest(1): "door and window"}) == [one]
    store.scores.record(score(one, outlines="door and window"))
    assert waiting(store, outlines={digest(1): "door and window"}) == []
    assert waiting(store) == [one]  # they were taken away


# ── thresholds and people ───────────────────────────────────────────────────────────────────


def acts(store: Store) -> list[tuple[str, str]]:
    _, entries = store.audit.list(AuditFilter(), 10)
    return [(entry.act, entry.subject) for entry in entries]


def test_an_automatic_rejection_is_no_verdict_and_is_in_the_audit_log(store: Store) -> None:
    (one,) = ids(store)

    store.scores.record(score(one, changed=True), REJECTED)

    mark = store.scores.of([one])[one].automatic
    assert mark is not None
    assert (mark.deed, mark.why, mark.thresholds) == (AutomaticDeed.REJECTED, REJECTED.why, 3)
    assert store.predictions.get(one).verdict is Verdict.UNDECIDED
    (entry,) = store.audit.list(AuditFilter(), 10)[1]
    assert (entry.act, entry.subject, entry.actor) == ("reject automatically", one, "quality thresholds")
    assert entry.after == {"score": 82.0, "why": list(REJECTED.why), "thresholds": 3}


def test_a_mark_alone_is_not_in_the_audit_log(store: Store) -> None:
    (one,) = ids(store)
    store.scores.record(score(one), MARKED)

    mark = store.scores.of([one])[one].automatic
    assert mark is not None
    assert (mark.deed, acts(store)) == (AutomaticDeed.MARKED, [])


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.REJECTED])
def test_what_a_person_has_decided_no_threshold_decides_again(store: Store, verdict: Verdict) -> None:
    (one,) = ids(store)
    store.predictions.mark(one, decided(verdict), "ada", NOW)

    store.scores.record(score(one, changed=True), REJECTED)

    assert store.scores.of([one])[one].automatic is None
    assert store.predictions.get(one).verdict is verdict
    assert acts(store) == []


def test_a_person_decides_over_an_automatic_rejection(store: Store) -> None:
    (one,) = ids(store)
    store.scores.record(score(one, changed=True), REJECTED)

    store.predictions.mark(one, decided(Verdict.ACCEPTED), "ada", later(20))

    assert store.predictions.get(one).verdict is Verdict.ACCEPTED
    assert store.predictions.marked(store.predictions.get(one).prediction.comparison_id)[one][0] == "ada"


def test_an_automatic_mark_counts_as_long_as_its_score_does(store: Store) -> None:
    (one,) = ids(store)
    store.scores.record(score(one, changed=True, version="0"), REJECTED)
    store.scores.record(failed(one))
    assert store.scores.of([one])[one].automatic is not None

    store.scores.record(score(one))
    assert store.scores.of([one])[one].automatic is None


# ── what it comes to ────────────────────────────────────────────────────────────────────────


def test_models_are_told_apart_by_their_scores(store: Store) -> None:
    good, bad = ids(store, 4, model="reve/edit"), ids(store, 2, model="flux/two")
    for number, one in enumerate(good):
        store.scores.record(score(one, overall=80.0 + number))
    for one in bad:
        store.scores.record(score(one, overall=30.0, changed=one == bad[0]))
    store.scores.record(score(bad[1], overall=99.0, version="another"))

    first, second = store.scores.of_models(SCORER_VERSION, BallotFilter())

    assert (first.model, first.scored, first.mean, first.structure_changed) == ("reve/edit", 4, 81.5, 0)
    assert first.low == pytest.approx(80.3)
    assert first.parts == {"floor": pytest.approx(0.8), "structure": pytest.approx(0.95)}  # n/a is no 0
    assert (second.model, second.scored, second.mean, second.structure_changed) == ("flux/two", 1, 30.0, 1)
    assert second.flags == {"window_gone": 1}


def test_only_the_chosen_outputs_count(store: Store) -> None:
    (one,) = ids(store, style="scandinavian")
    store.scores.record(score(one))

    def found(**wanted: object) -> int:
        return len(store.scores.of_models(SCORER_VERSION, BallotFilter(**wanted)))  # type: ignore[arg-type]

    assert found(style="scandinavian", room_type=RoomType.LIVING.value, project="") == 1
    assert found(style="modern") == found(project="Elm") == found(room_type="kitchen") == 0
    assert found(since=NOW, until=NOW + timedelta(hours=1)) == 1
    assert found(until=NOW) == found(since=NOW + timedelta(hours=1)) == 0


def test_comparisons_with_a_changed_structure_are_found(store: Store) -> None:
    (sound,), (changed,) = ids(store), ids(store)
    store.scores.record(score(sound))
    store.scores.record(score(changed, changed=True))
    wanted = store.predictions.get(changed).prediction.comparison_id

    lines = store.comparisons.find(ComparisonFilter(structure_changed=True))
    assert [line.comparison.id for line in lines] == [wanted]
    assert len(store.comparisons.find(ComparisonFilter())) == 2

    store.scores.record(score(changed, version="a better one"))
    assert store.comparisons.find(ComparisonFilter(structure_changed=True)) == []


# ── whole ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.close()


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("UPDATE app.scores SET sequence = 4", "has a gap among the tries to score its output 0."),
        ("UPDATE app.scores SET position = 1, sequence = 0", "has a score, but no output 1."),
        ("UPDATE app.scores SET overall = 101", "has a score that cannot be: 101.0."),
        ("UPDATE app.scores SET overall = NULL", "has a score that cannot be: none."),
        ("UPDATE app.scores SET state = 'lost'", "was not scored, and nothing says why."),
        ("DELETE FROM app.scores", "has an automatic mark that no score is behind."),
        (
            "DELETE FROM app.audit WHERE act = 'reject automatically'",
            "was rejected automatically, and the audit log does not say so.",
        ),
    ],
)
def test_a_score_that_was_tampered_with_is_found(
    store: Store, tmp_path: Path, door: Door, sql: str, sentence: str
) -> None:
    (one,) = ids(store)
    store.scores.record(score(one, changed=True), REJECTED)
    pictures = Pictures(tmp_path / "pictures", b"key", door=door)

    def found() -> list[str]:
        told = store.verify(pictures).differences
        return [each for each in told if each.startswith(f"Prediction {one} ")]

    assert found() == []
    store.ledger.run(sql)
    assert f"Prediction {one} {sentence}" in found()


def test_scores_are_taken_away_with_the_ledger(store: Store, tmp_path: Path) -> None:
    (one,) = ids(store)
    store.scores.record(score(one, changed=True), REJECTED)
    store.scores.record(failed(one, version="2"))
    store.close()
    folder = tmp_path / "out"
    folder.mkdir()

    reading = Store.read(tmp_path / "ledger.duckdb", export_to=folder)
    written = reading.export(folder)
    reading.close()

    assert (written["scores.parquet"], written["automatic_marks.csv"]) == (2, 1)
    question = f"SELECT version, overall, reason FROM '{folder / 'scores.parquet'}' ORDER BY sequence"
    rows = duckdb.connect().execute(question).fetchall()
    assert rows == [(SCORER_VERSION, 82.0, ""), ("2", None, "The scorer crashed on these two pictures.")]
