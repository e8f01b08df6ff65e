"""`python -m staging stage`: one photo from the shell."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from staging.__main__ import FINE, REFUSED, main
from staging.stager import stage as module
from staging.stager.colour import to_linear
from staging.stager.debug import draw_found_light
from staging.stager.light import read_light
from staging.stager.measure import Said, measure
from staging.stager.presets import Preset
from staging.stager.room import Opening
from tests.test_stager_clicks import corners
from tests.true_rooms import sample


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PRESETS", {"standard": Preset(200, 2, 2, 2, 1, 2, 4)})


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "office.png"
    cv2.imwrite(str(path), cv2.cvtColor(sample("office", 400), cv2.COLOR_RGB2BGR))
    return path


def test_a_photo_is_furnished_and_each_step_can_be_looked_at(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, steps = tmp_path / "made" / "staged.png", tmp_path / "steps"
    asked = ["stage", str(photo), "--room", "office", "--seed", "1", "--out", str(out), "--debug", str(steps)]
    assert main(asked) == FINE
    staged = cv2.imread(str(out))
    assert staged is not None
    assert staged.shape == (300, 400, 3)
    assert sorted(path.stem[2:] for path in steps.iterdir()) == [
        *("cover", "empty", "furnished", "light", "plan", "room", "shade", "staged")
    ]
    assert "fit " in capsys.readouterr().out


def test_a_supposed_window_beside_the_camera_is_not_drawn() -> None:
    pixels = sample("office", 400)
    room = measure(pixels, Said()).room
    light = read_light(to_linear(pixels), room.scaled(400, 300))
    seen, beside = (
        draw_found_light(pixels, room, replace(light, windows=(Opening("window", "left", start, 1.9, 0.8, 2.0),)))
        for start in (1.2, -0.5)
    )
    none = draw_found_light(pixels, room, replace(light, windows=()))

    assert (seen != none).any()  # the control
    assert (beside == none).all()


def test_what_a_person_says_of_the_room_is_used(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = tmp_path / "said.json"
    said.write_text(json.dumps({"floor": corners("office")}))
    asked = ["stage", str(photo), "--room", "office", "--out", str(tmp_path / "o.png"), "--said", str(said)]
    assert main(asked) == FINE
    assert "The floor is where a person has outlined it." in capsys.readouterr().out


def test_what_cannot_be_done_is_said_in_a_sentence(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = tmp_path / "noise.png"
    cv2.imwrite(str(noise), np.random.default_rng(0).integers(0, 256, (300, 400, 3)).astype(np.uint8))
    out = str(tmp_path / "o.png")
    for asked, why in (
        ([str(noise), "--out", out], "could not be found with enough certainty"),
        ([str(photo), "--room", "bathroom", "--out", out], "cannot furnish a room of type 'bathroom'"),
        ([str(tmp_path / "absent.jpg"), "--out", out], "is not a picture that can be read"),
        ([str(photo), "--out", str(tmp_path / "o.gif")], "must end in"),
        ([str(photo), "--out", out, "--said", str(noise)], "is not a JSON file"),
    ):
        assert main(["stage", *asked]) == REFUSED
        told = capsys.readouterr().err
        assert why in told
        assert "Traceback" not in told
    assert not Path(out).exists()
