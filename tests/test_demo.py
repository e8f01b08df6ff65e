"""The demo history: labelled, consistent to the last sum, and gone by one press."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import JsonValue

from staging import demo_runs
from staging.demo import DemoMade
from staging.demo_cast import ACTORS, PEOPLE, SOURCE
from staging.errors import ParametersRefused
from staging.lab import Lab
from staging.providers.offline_worker import Staged, WorkRefused
from staging.quality import FAMILIES, SCORER_VERSION, Flag, QualityReport
from staging.rooms import Room, RoomType
from staging.scoring_child import Told
from staging.store.tables import VOTES
from tests.labs import UNCHANGED, ask, lab_at, photo, wait_for

NOW = datetime.now(UTC)


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


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A lab with two sample rooms."""
    monkeypatch.setattr(demo_runs, "Worker", QuickWorker)
    monkeypatch.setattr(demo_runs, "Child", QuickScorer)
    with lab_at(tmp_path) as opened:
        for shade, kind in ((1, RoomType.LIVING), (2, RoomType.OFFICE)):
            kept = opened.pictures.keep_room(photo(shade), f"{kind}.png")
            facts = (kept.width, kept.height, kept.size_bytes, kind, "", "", True, False, NOW, "Staging Lab")
            opened.store.rooms.add(Room(kept.digest, kind.value, *facts))
        yield opened


def made(lab: Lab) -> DemoMade:
    return lab.demo.make(NOW, lambda _share, _step: None, days=4)


def test_a_month_bears_the_names_of_nobody_real(lab: Lab) -> None:
    written = made(lab)
    assert lab.demo.here()
    rows = lab.store.ledger.rows("SELECT DISTINCT created_by FROM app.predictions")
    raters = lab.store.ledger.rows("SELECT DISTINCT rater FROM app.votes")
    assert {name for (name,) in [*rows, *raters]} <= set(PEOPLE)
    assert all(name.startswith("demo: ") for name in PEOPLE)
    ((names,),) = lab.store.ledger.rows("SELECT bool_and(starts_with(name, 'demo: ')) FROM app.comparisons")
    assert names
    prices = lab.store.ledger.rows("SELECT DISTINCT price->>'source' FROM app.predictions")
    assert prices == [(SOURCE,)]
    assert written.predictions > 12
    assert written.votes > 8


def test_everything_derived_from_it_agrees_with_it(lab: Lab) -> None:
    made(lab)
    assert lab.store.verify(lab.pictures).differences == ()


def test_it_lies_in_the_days_before(lab: Lab) -> None:
    made(lab)
    ((first, last),) = lab.store.ledger.rows("SELECT min(happened_at), max(happened_at) FROM app.events")
    assert NOW - timedelta(days=4, minutes=1) < first < last < NOW + timedelta(minutes=5)


def test_the_engine_never_takes_what_is_made_up(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    made(lab)
    assert lab.store.predictions.unfinished() == []
    mine = ask(lab, UNCHANGED, rooms=[photo(9)])
    wait_for(lambda: all(one.state.final for one in lab.store.predictions.of_comparison(mine)))
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_one_press_removes_it_and_nothing_else(lab: Lab) -> None:
    made(lab)
    mine = ask(lab, UNCHANGED, rooms=[photo(9)])
    wait_for(lambda: all(one.state.final for one in lab.store.predictions.of_comparison(mine)))
    kept = set(
        lab.store.ledger.rows(
            "SELECT digest FROM app.outputs WHERE prediction_id IN "
            "(SELECT id FROM app.predictions WHERE created_by = 'tester')"
        )
    )
    lab.demo.remove("ada", NOW)
    assert not lab.demo.here()
    assert lab.store.demo.count(ACTORS) == 0
    assert lab.store.ledger.rows(f"SELECT count(*) FROM {VOTES.name}") == [(0,)]
    assert set(lab.store.ledger.rows("SELECT digest FROM app.outputs")) == kept
    assert [one.prediction.model for one in lab.store.predictions.of_comparison(mine)] == [UNCHANGED]
    assert len(lab.store.rooms.list()) == 3
    assert lab.store.verify(lab.pictures).differences == ()


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


def test_it_is_made_once(lab: Lab) -> None:
    made(lab)
    with pytest.raises(ParametersRefused, match="already"):
        lab.demo.make(NOW, lambda _share, _step: None)
