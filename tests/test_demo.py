"""The demo history: labelled, consistent to the last sum, and gone by one press."""

import io
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import JsonValue

from staging import demo_runs
from staging.budgets import Budget, Period, Scope
from staging.demo import DemoMade
from staging.demo_cast import ACTORS, FLOORS, PEOPLE, PROJECTS, SOURCE
from staging.demo_month import Month
from staging.demo_scenes import ARMS
from staging.errors import ParametersRefused
from staging.experiments import State as ExperimentState
from staging.experiments import Terms
from staging.ids import new_id
from staging.lab import Lab
from staging.labels import labelled
from staging.predictions import Event, Mark, State, Verdict
from staging.providers.offline_worker import Staged, WorkRefused
from staging.quality import FAMILIES, SCORER_VERSION, Flag, QualityReport
from staging.rooms import Room, RoomType
from staging.scoring_child import Told
from staging.store import AuditFilter, Ballot, Choice, Kind, Side, Vote
from staging.store import demo as store_demo
from tests.labs import UNCHANGED, ask, finished, lab_at, photo, wait_for

NOW = datetime.now(UTC)
ROOT = Path(__file__).resolve().parent.parent
Rows = dict[str, Counter[tuple[object, ...]]]


class QuickWorker:
    """Answers as the stager's process does, with a picture of its own for each question; offices it refuses."""

    def ask(self, question: Mapping[str, JsonValue], tell: Callable[[float, str], None]) -> Staged:
        if question.get("room_type") == "office":
            raise WorkRefused("The floor could not be found.")
        shade = hash((str(question.get("work")), str(question.get("style")), str(question["path"]))) % 255
        data = io.BytesIO()
        Image.fromarray(np.full((48, 64, 3), shade, np.uint8)).save(data, "PNG")
        return Staged(data.getvalue(), {"render": 2.0}, 5.0, ())

    def kill(self) -> None:
        """Nothing is running."""


class QuickScorer:
    """Scores each picture by its digest, as the scorer's process does by its pixels."""

    def __init__(self, _command: Sequence[str]) -> None:
        """Nothing is started."""

    def ask(self, question: Mapping[str, JsonValue]) -> Told:
        parts: dict[str, float | None] = dict.fromkeys(FAMILIES, 0.9)
        overall = 40 + int(Path(str(question["output"])).stem[:4], 16) % 50
        flag = Flag("blurred", "blurred", 0.4)
        return Told(QualityReport(SCORER_VERSION, float(overall), 0.8, parts, (flag,)), b"overlay", 0.1)

    def kill(self) -> None:
        """Nothing is running."""


@contextmanager
def opened(folder: Path) -> Iterator[Lab]:
    """An open lab whose demo runs nothing slow."""
    with pytest.MonkeyPatch.context() as patch, lab_at(folder) as lab:
        patch.setattr(demo_runs, "Worker", QuickWorker)
        patch.setattr(demo_runs, "Child", QuickScorer)
        yield lab


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A lab with two sample rooms."""
    with opened(tmp_path / "data") as found:
        add_rooms(found)
        yield found


def add_rooms(lab: Lab) -> None:
    for shade, kind in ((1, RoomType.LIVING), (2, RoomType.OFFICE)):
        kept = lab.pictures.keep_room(photo(shade), f"{kind}.png")
        facts = (kept.width, kept.height, kept.size_bytes, kind, "", "", True, False, NOW, "Staging Lab")
        lab.store.rooms.add(Room(kept.digest, kind.value, *facts))


@dataclass(frozen=True)
class Once:
    """A folder with demo history, which tests copy: making it takes a second."""

    folder: Path
    before: Rows
    written: DemoMade


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    folder = tmp_path_factory.mktemp("demo") / "data"
    with opened(folder) as lab:
        add_rooms(lab)
        return Once(folder, rows_of(lab), made(lab, days=3))


@pytest.fixture
def shown(once: Once, tmp_path: Path) -> Iterator[Lab]:
    """A lab with demo history."""
    shutil.copytree(once.folder, tmp_path / "data")
    with opened(tmp_path / "data") as found:
        yield found


def made(lab: Lab, days: int = 1) -> DemoMade:
    return lab.demo.make(NOW, lambda _share, _step: None, days=days)


def test_a_month_bears_the_names_of_nobody_real(shown: Lab, once: Once) -> None:
    assert shown.demo.here()
    rows = shown.store.ledger.rows("SELECT DISTINCT created_by FROM app.predictions")
    raters = shown.store.ledger.rows("SELECT DISTINCT rater FROM app.votes")
    assert {name for (name,) in [*rows, *raters]} <= set(ACTORS)
    assert all(name.startswith("demo: ") for name in PEOPLE)
    ((names,),) = shown.store.ledger.rows("SELECT bool_and(starts_with(name, 'demo: ')) FROM app.comparisons")
    assert names
    prices = shown.store.ledger.rows("SELECT DISTINCT price->>'source' FROM app.predictions")
    assert prices == [(SOURCE,)]
    assert once.written.predictions > 12
    assert once.written.votes > 8


def test_everything_derived_from_it_agrees_with_it(shown: Lab) -> None:
    assert shown.store.verify(shown.pictures).differences == ()


def test_it_lies_in_the_days_before(shown: Lab) -> None:
    ((first, last),) = shown.store.ledger.rows("SELECT min(happened_at), max(happened_at) FROM app.events")
    assert NOW - timedelta(days=3, minutes=1) < first < last < NOW + timedelta(minutes=5)


def test_the_engine_never_takes_what_is_made_up(shown: Lab, caplog: pytest.LogCaptureFixture) -> None:
    assert shown.store.predictions.unfinished() == []
    mine = ask(shown, UNCHANGED, rooms=[photo(9)])
    wait_for(lambda: all(one.state.final for one in shown.store.predictions.of_comparison(mine)))
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_removing_twice_is_removing_once(lab: Lab) -> None:
    made(lab)
    lab.demo.remove("ada", NOW)
    lab.demo.remove("ada", NOW)
    assert made(lab).predictions > 0


def test_it_is_not_mixed_into_real_work(lab: Lab) -> None:
    ask(lab, UNCHANGED, rooms=[photo(9)])
    with pytest.raises(ParametersRefused, match="real work in this folder"):
        made(lab)
    assert not lab.demo.here()


def test_it_is_made_once(shown: Lab) -> None:
    with pytest.raises(ParametersRefused, match="already"):
        shown.demo.make(NOW, lambda _share, _step: None)


def rows_of(lab: Lab) -> Rows:
    """Return every row of every table, but for sums that follow from others, and the log of what was done."""
    tables = lab.store.ledger.rows("SELECT table_name FROM duckdb_tables() WHERE database_name = 'app'")
    kept = {name for (name,) in tables} - {"audit", *store_demo._DERIVED}
    return {name: Counter(lab.store.ledger.rows(f"SELECT * FROM app.{name}")) for name in sorted(kept)}


def differences(before: Rows, after: Rows) -> set[str]:
    return {name for name in before if before[name] != after[name]}


FILLED = {
    "adoptions", "alerts", "api_key_revocations", "api_key_uses", "api_keys", "assignments", "ballots", "comparisons",
    "documents", "events", "jobs", "outputs", "predictions", "scores", "verdicts", "votes",
}  # fmt: skip
"""The tables in which demo history has rows."""


def persons_own(lab: Lab) -> None:
    """A person uploads a room, runs it, votes, sets a budget, drafts an experiment, edits the prompts."""
    mine = ask(lab, UNCHANGED, "offline/tone", rooms=[photo(9)])
    finished(lab, mine)
    one, other = (now.prediction for now in lab.store.predictions.of_comparison(mine))
    sides = [Side((prediction.id,), prediction.model) for prediction in (one, other)]
    ballot = Ballot(new_id(), "kim", Kind.PAIR, "", one.room, "other", one.style, "", sides[0], sides[1], NOW)
    lab.store.votes.show(ballot)
    lab.store.votes.give(Vote(ballot.id, Choice.LEFT, NOW), "kim")
    lab.store.predictions.mark(one.id, lambda _: Mark(Verdict.ACCEPTED), "kim", NOW)
    lab.budgets.save(Budget("mine", Scope.ALL, "", Period.MONTH, Decimal(5), hard=False), "kim", NOW)
    lab.experiments.draft(Terms(question="Mine?", owner="kim", arms=ARMS[0]), "kim", NOW)
    lab.projects.set("1 Own Street", "kim", NOW, style="modern")
    edition = lab.prompt_shelf.current()
    body = edition.usable().body()
    body["styles"]["modern"]["look"] = "my own words"  # type: ignore[index,call-overload]
    lab.prompt_shelf.keep(body, "kim", NOW, note="mine", follows=edition.number)


def test_it_fills_every_page(shown: Lab, once: Once) -> None:
    assert differences(once.before, rows_of(shown)) == FILLED
    states = {one.state: one for one in shown.experiments.list()}
    assert states.keys() == {ExperimentState.RUNNING, ExperimentState.DECIDED}
    assert all("demo: " in one.terms.question for one in states.values())
    assert states[ExperimentState.DECIDED].body.decision is not None
    shares = {standing.budget.name: standing.share for standing in shown.budgets.standings()}
    ((near, share),) = ((name, share) for name, share in shares.items() if name in PROJECTS)
    assert 0.8 <= share < 1
    assert any(near in line.alert.sentence for line in shown.store.alerts.lines("kim", 9))
    assert {one.style for one in shown.projects.list()} >= {"scandinavian", "modern"}
    assert shown.projects.list(archived=True)
    assert shown.routing.project(PROJECTS[1]) is not None
    assert len(shown.prompt_shelf.editions()) == 2
    assert shown.voting.queues.list()[0].name.startswith("demo: ")
    assert len(shown.keys.list()) == 2
    assert labelled(shown.labels.pairs())
    failed = shown.store.predictions.count_by_state()[State.FAILED]
    assert 0 < failed < 0.2 * once.written.predictions  # one of the two rooms is refused by the stager


def test_no_deed_of_the_demo_is_in_the_audit_log(shown: Lab) -> None:
    shown.demo.remove("ada", NOW)
    _, entries = shown.audit.list(AuditFilter(), 99)
    assert [entry.act for entry in entries] == ["remove demo", "change demo", "add demo"]
    users = [path for path in (ROOT / "staging").rglob("*.py") if "made_up(" in path.read_text(encoding="utf-8")]
    assert {path.relative_to(ROOT).as_posix() for path in users} == {"staging/demo.py", "staging/store/__init__.py"}


def test_every_table_is_as_before_once_it_is_removed(shown: Lab, once: Once) -> None:
    shown.demo.remove("ada", NOW)
    assert differences(once.before, rows_of(shown)) == set()
    assert not (shown.settings.data_dir / "demo-runs.json").exists()
    files = [path for path in (shown.settings.data_dir / "pictures").rglob("*") if path.is_file()]
    assert {path.stem for path in files} == {room.digest for room in shown.store.rooms.list()}


def test_a_table_that_is_forgotten_is_seen(shown: Lab, once: Once, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = tuple(name for name in store_demo._OF_PREDICTIONS if name != "scores")
    monkeypatch.setattr(store_demo, "_OF_PREDICTIONS", rest)
    shown.demo.remove("ada", NOW)
    assert differences(once.before, rows_of(shown)) == {"scores"}


def test_what_a_person_did_beside_it_stays(shown: Lab, once: Once) -> None:
    with_demo = rows_of(shown)
    persons_own(shown)
    both = rows_of(shown)
    shown.demo.remove("kim", NOW)
    wanted = {name: once.before[name] + (both[name] - with_demo[name]) for name in both}
    found = rows_of(shown)
    # A person's edition of the prompts keeps those that it followed: versions count without a gap.
    wanted["documents"].update(row for row in with_demo["documents"] if row[0] == "prompt book")
    assert differences(wanted, found) == set()
    assert shown.store.verify(shown.pictures).differences == ()
    assert shown.prompt_shelf.current().usable().body()["styles"]["modern"]["look"] == "my own words"  # type: ignore[index,call-overload]


def test_what_a_person_ran_again_in_a_demo_comparison_stays(shown: Lab) -> None:
    failed = next(
        now.prediction
        for one in shown.store.comparisons.list(99)
        for now in shown.store.predictions.of_comparison(one.id)
        if now.state is State.FAILED
    )
    again = replace(failed, id=new_id(), created_by="kim", retry_of=failed.id)
    comparison = shown.store.comparisons.get(failed.comparison_id)
    end = Event(again.id, 1, State.FAILED, NOW, error="No.", charge_usd=Decimal(0), charge_basis="", charge_inputs={})
    shown.store.predictions.bring_in_lives(comparison, [again], [end], NOW)
    shown.demo.remove("kim", NOW)
    assert [one.prediction.id for one in shown.store.predictions.of_comparison(comparison.id)] == [again.id]
    assert shown.store.verify(shown.pictures).differences == ()


def test_interrupted_among_the_rooms_it_goes_on_with_the_next(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    ask_worker = QuickWorker.ask

    def stop_at_the_second(
        self: QuickWorker, question: Mapping[str, JsonValue], tell: Callable[[float, str], None]
    ) -> Staged:
        asked.append(str(question["path"]))
        if len(set(asked)) == 2:
            raise KeyboardInterrupt
        return ask_worker(self, question, tell)

    monkeypatch.setattr(QuickWorker, "ask", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        made(lab)
    assert not lab.demo.here()
    first = asked[0]
    asked.clear()

    def noted(self: QuickWorker, question: Mapping[str, JsonValue], tell: Callable[[float, str], None]) -> Staged:
        asked.append(str(question["path"]))
        return ask_worker(self, question, tell)

    monkeypatch.setattr(QuickWorker, "ask", noted)
    made(lab)
    assert first not in asked
    assert lab.store.verify(lab.pictures).differences == ()


def test_interrupted_in_the_month_it_is_written_anew(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    before, votes = rows_of(lab), []
    vote = Month.vote

    def stop(self: Month, *said: Any) -> None:
        votes.append(1)
        if len(votes) == 3:
            raise KeyboardInterrupt
        vote(self, *said)

    monkeypatch.setattr(Month, "vote", stop)
    with pytest.raises(KeyboardInterrupt):
        made(lab)
    assert lab.demo.here()
    assert not lab.demo.whole()
    monkeypatch.setattr(Month, "vote", vote)
    written = made(lab)
    assert lab.demo.whole()
    assert lab.store.demo.count(ACTORS) == written.predictions
    lab.demo.remove("ada", NOW)
    assert differences(before, rows_of(lab)) == set()


def test_the_clicked_floor_is_where_the_renderer_put_it() -> None:
    truth = json.loads((ROOT / "data" / "sample_rooms" / "truth.json").read_text(encoding="utf-8"))
    for name, corners in FLOORS.items():
        assert np.allclose(corners, truth[f"{name.lower()}.jpg"]["floor"], atol=0.02)
