"""The scorer's report: what it holds, that it is the same every time, and what the command prints."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from staging import quality
from staging.__main__ import main
from staging.errors import QualityRefused
from staging.quality import FAMILIES, FLAG_CODES, Flag, QualityReport
from staging.quality.files import pixels_of, read_openings
from staging.quality.pair import Pixels

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "sample_rooms"


@pytest.fixture(scope="module")
def room() -> Pixels:
    picture = pixels_of((SAMPLES / "office.jpg").read_bytes(), "office.jpg")
    return np.asarray(cv2.resize(picture, (768, 576), interpolation=cv2.INTER_AREA), np.uint8)


def codes(report: QualityReport) -> list[str]:
    return [flag.code for flag in report.flags]


def test_a_report_has_every_family_and_known_flags(room: Pixels) -> None:
    report = quality.score(room, room)

    assert list(report.parts) == list(FAMILIES)
    assert report.version == quality.SCORER_VERSION
    assert codes(report) == ["room_unchanged"]
    assert set(codes(report)) <= set(FLAG_CODES)
    assert report.parts["structure"] == 1
    assert report.parts["openings"] == 1  # the office's door and window, which the scorer finds itself


def test_a_report_is_read_back_from_its_json_as_it_was() -> None:
    report = QualityReport("1", 71.5, 0.8, {"structure": 0.25, "openings": None}, (Flag("door_gone", "ä", 0.9),))

    assert QualityReport.from_json(report.to_json()) == report
    assert hash(QualityReport.from_json(report.to_json())) == hash(report)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": "1"}', '{"parts": 3}', "null"])
def test_what_is_no_report_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(QualityRefused, match="not the report of a score"):
        QualityReport.from_json(text)


def test_a_report_cannot_be_changed() -> None:
    report = QualityReport("1", 71.5, 0.8, {"structure": 0.25}, ())

    with pytest.raises(TypeError):
        report.parts["structure"] = 1.0  # type: ignore[index]


def test_another_room_has_no_structure_to_speak_of(room: Pixels) -> None:
    other = np.random.default_rng(1).integers(0, 255, room.shape).astype(np.uint8)

    report = quality.score(room, other)

    assert report.parts["structure"] is None
    assert codes(report) == ["room_replaced"]
    assert report.overall < 20


def test_a_moved_camera_is_told_in_the_originals_pixels(room: Pixels) -> None:
    moved = np.roll(room, (24, 24), axis=(0, 1))[24:, 24:]
    moved = np.asarray(cv2.copyMakeBorder(moved, 24, 0, 24, 0, cv2.BORDER_REPLICATE), np.uint8)

    report = quality.score(room, moved)

    assert "camera moved 34 px" in [flag.words for flag in report.flags]


@pytest.mark.parametrize(
    "picture", [np.zeros((40, 40), np.uint8), np.zeros((40, 40, 3)), np.zeros((4, 40, 3), np.uint8)]
)
def test_arrays_that_are_no_pictures_are_refused(room: Pixels, picture: Pixels) -> None:
    with pytest.raises(ValueError, match="must be"):
        quality.score(room, picture)


@pytest.mark.parametrize("size", [(16, 16), (1600, 20), (300, 900)])
def test_a_flat_picture_of_any_shape_is_scored_without_a_fuss(size: tuple[int, int]) -> None:
    flat = np.full((size[1], size[0], 3), 128, np.uint8)

    report = quality.score(flat, flat)

    assert 0 <= report.overall <= 100
    assert report.confidence < 0.5
    assert report.parts["openings"] is None


def test_the_overlay_has_the_originals_size_and_colours(room: Pixels) -> None:
    large = np.asarray(cv2.resize(room, (1000, 750)), np.uint8)

    drawn = quality.overlay(large, room)

    assert drawn.shape == (750, 1000, 4)
    assert drawn.dtype == np.uint8
    seen = drawn[drawn[..., 3] == 255]
    assert (seen[:, 1] > seen[:, 0]).mean() > 0.9  # green: everything was kept


# ── the command ──────────────────────────────────────────────────────────────────────────────────


def test_the_command_prints_the_report_and_writes_the_overlay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    openings = tmp_path / "openings.json"
    openings.write_text('[{"kind": "door", "corners": [[0.62, 0.3], [0.75, 0.3], [0.75, 0.66], [0.62, 0.66]]}]')
    picture, overlay = str(SAMPLES / "office.jpg"), tmp_path / "why.png"

    code = main(["score", picture, picture, "--openings", str(openings), "--overlay", str(overlay), "--json"])

    report = json.loads(capsys.readouterr().out)
    assert code == 0
    assert report["parts"]["openings"] == 1
    assert [flag["code"] for flag in report["flags"]] == ["room_unchanged"]
    assert overlay.read_bytes()[:4] == b"\x89PNG"


def test_the_command_prints_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    picture = str(SAMPLES / "office.jpg")

    assert main(["score", picture, picture]) == 0

    told = capsys.readouterr().out
    assert told.startswith("Overall ")
    assert "Doors and windows kept and free  1.00" in told
    assert "! the room is unchanged (1.00)" in told


def test_a_file_that_is_no_picture_is_named_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_text("{}")

    for broken in (bad, tmp_path / "absent.jpg"):
        assert main(["score", str(SAMPLES / "office.jpg"), str(broken)]) == 2
        told = capsys.readouterr().err
        assert told.startswith(f"{broken}")
        assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ("{}", "must hold a list"),
        ("[3]", "opening 1: it must read"),
        ('[{"kind": "hatch", "corners": [[0,0],[1,0],[1,1],[0,1]]}]', "opening 1: An opening is a door or a window"),
        ('[{"kind": "door", "corners": [[0,0],[1,0],[1,1]]}]', "at least four corners"),
        ('[{"kind": "door", "corners": [[0,0],[1,0],[1,2],[0,1]]}]', "0 to 1"),
        ('[{"kind": "door", "corners": [[0,0],[1,0],[1,NaN],[0,1]]}]', "0 to 1"),
        ('[{"kind": ["door"], "corners": [[0,0],[1,0],[1,1],[0,1]]}]', "a door or a window"),
    ],
)
def test_outlines_that_make_no_sense_are_refused_with_their_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "openings.json"
    path.write_text(text)

    with pytest.raises(QualityRefused, match=said):
        read_openings(path)
