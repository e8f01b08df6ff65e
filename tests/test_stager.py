"""The stager as a whole, on a real room, small."""

import math
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from staging.rooms import RoomType
from staging.stager import stage as module
from staging.stager.bare import panes
from staging.stager.camera import Pixels
from staging.stager.colour import to_linear
from staging.stager.composite import _resample
from staging.stager.frame import Crop, fit_size, floor_mask, needed_part
from staging.stager.furniture import Catalogue
from staging.stager.groups import GROUPS
from staging.stager.light import read_light
from staging.stager.measure import CannotStage, Measured
from staging.stager.presets import Preset
from staging.stager.render import _trace, mi_scene, silhouette
from staging.stager.scene import Look, add_furniture, place_parts, room_scene, sensor
from staging.stager.stage import OUT_OF_REACH, Staging, stage
from tests.true_rooms import measured, sample

SMALL = 640
QUICK = {"draft": Preset(240, 2, 2, 4, 1, 4, 8)}


def nobody(_share: float, _text: str) -> None:
    """Progress that nobody listens to."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PRESETS", QUICK)


def as_measured(photo: Pixels, name: str) -> Measured:
    return Measured(measured(name), photo, photo, np.eye(3))


def furnish(seed: int = 1, photo: Pixels | None = None, room_type: str = "office", style: str = "modern") -> Staging:
    given = sample("office", SMALL) if photo is None else photo
    return stage(given, room_type=room_type, style=style, seed=seed, preset="draft", progress=nobody)


@cache
def office() -> Staging:
    return furnish()


def test_a_room_is_furnished_at_its_own_size() -> None:
    staging = office()
    photo = sample("office", SMALL)
    assert staging.picture.shape == photo.shape
    assert staging.picture.dtype == np.uint8
    changed = (staging.picture != photo).any(axis=2).mean()
    assert 0.1 < changed < 0.7
    assert {"measure", "arrange", "build", "render", "composite"} == set(staging.seconds)


def test_pixels_away_from_furniture_and_shadow_are_the_photos_own() -> None:
    staging, photo = office(), sample("office", SMALL)
    render = fit_size(SMALL, SMALL * 3 // 4, QUICK["draft"].long_side)
    needed = needed_part(staging.room, staging.layout.placements, render)
    part = module._whole(needed, QUICK["draft"].empty_divisor)
    larger = SMALL / render[0]
    outside = np.ones(photo.shape[:2], dtype=bool)
    rows = slice(int(part.top * larger), math.ceil((part.top + part.height) * larger))
    columns = slice(int(part.left * larger), math.ceil((part.left + part.width) * larger))
    outside[rows, columns] = False
    assert outside.mean() > 0.2
    assert (staging.picture[outside] == photo[outside]).all()


def test_what_is_seen_through_a_window_lies_in_no_shadow() -> None:
    staging, photo = office(), sample("office", SMALL)
    size = (SMALL, SMALL * 3 // 4)
    windows = [opening for opening in staging.room.openings if opening.kind == "window"]
    glass = panes(staging.room, windows, staging.room.camera.scaled(*size), Crop(0, 0, *size))
    covered = _resample(staging.layers.cover, staging.place, (0, 0), size, 0.0) > 0
    around = np.ones((15, 15), np.uint8)  # the shade's own pixels are five of the photo's
    within = cv2.erode(glass.astype(np.uint8), around) > cv2.dilate(covered.astype(np.uint8), around)
    assert within.sum() > 1000
    assert (staging.picture[within] == photo[within]).all()


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert (furnish().picture == office().picture).all()


def test_progress_rises_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "measure", lambda photo, _: as_measured(photo, "salon"))
    told: list[float] = []
    stage(
        sample("salon", 256),
        room_type="dining",
        style="traditional",
        seed=1,
        preset="draft",
        progress=lambda share, _: told.append(share),
    )
    assert told == sorted(told)
    assert told[0] < 0.1
    assert told[-1] == 1


@pytest.mark.parametrize("room_type", sorted(set(RoomType) - set(GROUPS)))
def test_a_room_type_without_furniture_is_refused(room_type: RoomType) -> None:
    with pytest.raises(CannotStage, match=f"cannot furnish a room of type '{room_type}'"):
        furnish(room_type=room_type)


def test_every_room_type_has_furniture_or_a_reason() -> None:
    assert {str(kind) for kind in RoomType} == set(GROUPS) | set(OUT_OF_REACH)


def test_what_was_done_instead_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "measure", lambda photo, _: as_measured(photo, "loft"))
    staging = furnish(photo=sample("loft", 256), room_type="kitchen", style="baroque")
    assert any("breakfast bar" in note for note in staging.notes)
    assert any("'baroque'" in note for note in staging.notes)


def test_nothing_is_noted_when_nothing_was_done_instead() -> None:
    assert office().notes == ()


NO_ROOMS: dict[str, Callable[[], Pixels]] = {
    "noise": lambda: np.random.default_rng(0).integers(0, 256, (480, 640, 3)).astype(np.uint8),
    "blank wall": lambda: np.full((480, 640, 3), 190, np.uint8),
    "black": lambda: np.zeros((480, 640, 3), np.uint8),
    "a ceiling": lambda: sample("office", SMALL)[:200],
    "on its side": lambda: np.ascontiguousarray(np.rot90(sample("office", SMALL))),
}


@pytest.mark.parametrize("name", NO_ROOMS)
def test_a_picture_without_a_room_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(CannotStage, match="could not be found with enough certainty"):
        furnish(photo=NO_ROOMS[name]())


def test_a_room_without_a_place_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    cupboard = replace(measured("office"), left=-0.9, right=0.9, depth=2.2, openings=())
    monkeypatch.setattr(module, "measure", lambda photo, _: replace(as_measured(photo, "office"), room=cupboard))
    with pytest.raises(CannotStage, match="No place was found"):
        furnish(room_type="bedroom")


def test_the_drawn_outline_is_where_the_furniture_is_rendered() -> None:
    """Camera, crop and principal point agree between our projection and the path tracer's."""
    staging = office()
    size, catalogue = (320, 240), Catalogue()
    crop = needed_part(staging.room, staging.layout.placements, size)
    solids = place_parts(staging.layout.placements, catalogue, staging.room.camera)
    drawn = silhouette(solids, staging.room.camera.scaled(*size), crop, finer=1.0)
    light = read_light(to_linear(sample("office", 320)), staging.room.scaled(*size))
    view = sensor(staging.room.camera.scaled(*size), size, crop)
    bare = {"type": "scene", "sensor": room_scene(staging.room, light, view, Look.ALBEDO)["sensor"]}
    glowing = _trace(mi_scene(add_furniture(bare, solids, staging.layout.fabric, Look.NORMAL)), 1, 16)
    rendered = glowing.max(axis=2) > 0.2
    both, either = ((drawn > 0.5) & rendered).sum(), ((drawn > 0.5) | rendered).sum()
    assert both / either > 0.93


def test_furniture_stands_on_the_floor() -> None:
    staging = office()
    camera = staging.room.camera.scaled(640, 480)
    floor = floor_mask(staging.room, (640, 480), Crop(0, 0, 640, 480), from_wall=0.0)
    for placement in staging.layout.placements:
        base = placement.corners[placement.corners[:, 2] == 0]  # of nothing, where it hangs or stands on a piece
        for column, row in camera.project(base)[0]:
            if 0 <= column < 640 and 0 <= row < 480:
                assert floor[int(row), int(column)] == 1


def test_nothing_is_written_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    furnish(photo=sample("office", 240))
    assert list(tmp_path.iterdir()) == []
