"""Labelled pairs: what people judged, beside what was scored, on the screen of nobody and in a zip."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from staging.errors import NotFound
from staging.lab import Lab
from staging.labels import labelled
from staging.predictions import Reason, Verdict
from staging.quality import SCORER_VERSION
from staging.store import Score, ScoreFlag, ScoreState
from tests.labs import UNCHANGED, lab_at, photo, run_one

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
DOOR = {"kind": "door", "corners": [[0.1, 0.3], [0.2, 0.3], [0.2, 0.9], [0.1, 0.9]]}


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with lab_at(tmp_path / "data") as lab:
        yield lab


def judged(lab: Lab, shade: int, verdict: Verdict | None, *reasons: Reason) -> str:
    now = run_one(lab, UNCHANGED, rooms=[photo(shade)])
    if verdict is not None or reasons:
        lab.desk.mark(now.prediction.id, "ann", verdict=verdict, reasons=reasons or None)
    return now.prediction.id


def scored(lab: Lab, prediction_id: str, overall: float, version: str = SCORER_VERSION) -> None:
    flags = (ScoreFlag("blurred", "blurred", 0.7), ScoreFlag("blurred", "a little blurred", 0.2))
    lab.store.scores.record(
        Score(prediction_id, 0, version, ScoreState.SCORED, AT, overall=overall, confidence=0.9, flags=flags)
    )


def test_what_people_judged_stands_beside_its_score(lab: Lab) -> None:
    good = judged(lab, 1, Verdict.ACCEPTED)
    bad = judged(lab, 2, None, Reason.STRUCTURE)
    judged(lab, 3, None)
    taken_back = judged(lab, 4, Verdict.REJECTED)
    lab.desk.mark(taken_back, "ann", verdict=Verdict.UNDECIDED)
    scored(lab, good, 90.0)
    scored(lab, bad, 20.0, version="of an older scorer")

    pairs = lab.labels.pairs()

    assert [(pair.label.prediction_id, pair.label.verdict) for pair in pairs] == [
        (bad, Verdict.REJECTED),
        (good, Verdict.ACCEPTED),
    ]
    assert pairs[0].label.reasons == ("structure changed",)
    assert pairs[0].score is None
    (told,) = labelled(pairs)
    assert (told.prediction_id, told.score, told.accepted, told.flags) == (good, 90.0, True, {"blurred": 0.7})


def test_the_zip_has_each_picture_once_and_a_row_for_each_pair(lab: Lab) -> None:
    first = judged(lab, 1, Verdict.ACCEPTED)
    judged(lab, 1, None, Reason.LIGHT)
    scored(lab, first, 90.0)
    room = lab.store.predictions.get(first).prediction.room
    lab.openings.save(room, [DOOR], "ann", AT)

    made = lab.takeaway.labels()

    with made.file, zipfile.ZipFile(made.file) as archive:
        names = archive.namelist()
        rows = list(csv.DictReader(io.StringIO(archive.read("labels.csv").decode("utf-8-sig"))))
        assert len([name for name in names if name.startswith("rooms/")]) == 1
        assert {row["room_file"] for row in rows} | {row["output_file"] for row in rows} <= set(names)
    assert [(row["verdict"], row["reasons"], row["score"]) for row in rows] == [
        ("rejected", "light", ""),
        ("accepted", "", "90.0"),
    ]
    assert "part_structure" in rows[0]
    assert '"kind": "door"' in rows[0]["outlines"]


def test_a_picture_that_is_gone_leaves_its_name_empty(lab: Lab) -> None:
    one = judged(lab, 1, Verdict.ACCEPTED)
    lab.pictures.output_path(lab.store.predictions.get(one).outputs[0].digest).unlink()

    made = lab.takeaway.labels()

    with made.file, zipfile.ZipFile(made.file) as archive:
        (row,) = csv.DictReader(io.StringIO(archive.read("labels.csv").decode("utf-8-sig")))
    assert row["output_file"] == ""
    assert row["room_file"] != ""


def test_without_a_label_there_is_nothing_to_take_away(lab: Lab) -> None:
    with pytest.raises(NotFound, match="no labelled pairs"):
        lab.takeaway.labels()
