"""What is wrong with a staging is seen and said; what is right is left alone; and the score is the same everywhere."""

import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest

from staging import quality
from staging.quality import Opening, QualityReport, bend, drift, frames
from staging.quality.evidence import gather
from staging.quality.frames import find_frames
from staging.quality.pair import Pixels, make_pair
from tests import drawn_rooms
from tests.bench.bench_quality import auc, by_mode, judge, kept_and_refused
from tests.bench.naive_quality import all_of_them
from tests.picture_faults import bent, regenerated
from tests.stagebench import FOLDER, GOOD, SET, STRUCTURAL, Staging, committed, stagebench

ROOT = Path(__file__).resolve().parent.parent


@cache
def stagings() -> tuple[Staging, ...]:
    return tuple(committed())


@cache
def report_of(mode: str, number: int = 0) -> QualityReport:
    staging = [one for one in stagings() if one.mode == mode][number]
    return quality.score(staging.original, staging.output)


def codes(report: QualityReport, least: float = 0.4) -> set[str]:
    return {flag.code for flag in report.flags if flag.severity >= least}


def test_good_stagings_score_high_and_have_no_serious_flag() -> None:
    for number in range(4):
        report = report_of(GOOD, number)
        assert report.overall > 65, report
        assert codes(report, least=0.5) == set()
        assert report.confidence > 0.8


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("window_removed", "window_gone"),
        ("door_removed", "door_gone"),
        ("floor_changed", "floor_changed"),
        ("recolor", "walls_recoloured"),
        ("shift", "camera_moved"),
        ("unchanged", "room_unchanged"),
        ("blur", "blurred"),
    ],
)
def test_what_is_wrong_is_said_and_costs(mode: str, code: str) -> None:
    report = report_of(mode)

    assert code in codes(report), report
    assert report.overall < min(report_of(GOOD, number).overall for number in range(4)) - 5


def test_furniture_before_an_opening_is_said_without_an_outline() -> None:
    assert codes(report_of("blocked")) & {"window_blocked", "door_blocked"}
    assert report_of("blocked").overall < 60


def test_an_outline_is_used_where_there_is_one() -> None:
    blocked = next(one for one in stagings() if one.mode == "blocked")
    good = next(one for one in stagings() if one.mode == GOOD)

    assert (quality.score(blocked.original, blocked.output, blocked.openings).parts["openings"] or 0) < 0.5
    assert (quality.score(good.original, good.output, good.openings).parts["openings"] or 0) > 0.7


def test_a_room_that_a_model_made_anew_to_a_part_of_a_pixel_is_kept() -> None:
    good = next(one for one in stagings() if one.mode == GOOD)
    again = regenerated(good.output, np.random.default_rng(5))

    assert quality.score(good.original, again).overall > 60


def test_openings_are_found_and_bare_walls_have_none() -> None:
    original = stagings()[0].original
    found = find_frames(make_pair(original, original))
    assert {one.kind for one in found} <= {"door", "window"}
    assert found

    bare = replace(drawn_rooms.make_room(302), holes=())
    walls = drawn_rooms.draw(bare, finer=1)
    assert find_frames(make_pair(walls, walls)) == ()


@cache
def large_ceiling() -> tuple[drawn_rooms.Scene, Pixels]:
    """Return a room whose ceiling fills half of the upper picture, and whose right window the border cuts."""
    room = drawn_rooms.make_room(201)
    return room, drawn_rooms.draw(room, finer=1)


def test_paint_is_seen_where_the_ceiling_fills_most_of_the_upper_picture() -> None:
    room, original = large_ceiling()
    painted = drawn_rooms.draw(replace(room, wall_colour=(0.32, 0.45, 0.40)), finer=1)

    assert "walls_recoloured" in codes(quality.score(original, painted))
    evening = np.clip(original * np.array([0.98, 0.93, 0.88]), 0, 255).astype(np.uint8)
    assert "walls_recoloured" not in codes(quality.score(original, evening))


def test_a_window_that_the_border_cuts_is_found() -> None:
    original = large_ceiling()[1]

    found = find_frames(make_pair(original, original))

    assert [one.kind for one in found if max(x for x, _ in one.corners) > 0.99] == ["window"]


def test_the_wall_between_a_window_and_a_corner_is_no_door() -> None:
    room = drawn_rooms.make_room(312)
    original = drawn_rooms.draw(room, finer=1)

    found = find_frames(make_pair(original, original))

    doors = [one for one in found if one.kind == "door"]
    assert all(min(x for x, _ in one.corners) < 0.1 for one in doors), doors  # its only door is at the left border


@pytest.mark.parametrize(("seed", "side", "beyond"), [(425, 549, 617), (413, 159, 191)])
def test_a_door_in_a_wall_at_a_glancing_angle_is_found(
    seed: int, side: int, beyond: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = drawn_rooms.draw(drawn_rooms.make_room(seed), finer=1)
    pair = make_pair(original, original)

    def sides() -> list[list[int]]:
        return [[round(x * 768) for x, _ in one.corners[:2]] for one in find_frames(pair) if one.kind == "door"]

    assert sides() == [pytest.approx([side, beyond], abs=3)]

    monkeypatch.setattr(frames, "_recedes", lambda *_: False)  # the control
    assert sides() == []


def test_a_window_seen_whole_wins_over_a_part_of_it_at_a_glancing_angle(monkeypatch: pytest.MonkeyPatch) -> None:
    original = drawn_rooms.draw(drawn_rooms.make_room(409), finer=1)
    pair = make_pair(original, original)

    def reach_the_border() -> list[bool]:
        return [min(x for x, _ in one.corners) < 0.01 for one in find_frames(pair) if one.corners[0][0] < 0.3]

    assert reach_the_border() == [True]

    monkeypatch.setattr(frames, "LESS_SURE", 0.0)  # the control
    assert reach_the_border() == [False]


@pytest.mark.parametrize(
    ("left", "right", "limit", "none"),
    [
        ((100, 400), (60, 470), "", None),
        ((100, 400), (20, 470), "STEEPEST_TOP", 9.0),
        ((100, 400), (40, 520), "STEEPEST_BOTTOM", 9.0),
        ((60, 260), (20, 300), "HORIZON", (0.0, 1.0)),
        ((200, 400), (198, 460), "EYE_LEVEL", (0.0, 1.0)),
    ],
)
def test_what_recedes_meets_where_eyes_are(
    left: tuple[int, int], right: tuple[int, int], limit: str, none: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    far, near = frames._Upright(300, 0, *left), frames._Upright(390, 0, *right)

    assert frames._recedes(far, near, 90, 576) is not bool(limit)
    if limit:
        monkeypatch.setattr(frames, limit, none)  # the control: nothing else refuses it
        assert frames._recedes(far, near, 90, 576)


def test_a_picture_that_was_turned_has_nothing_that_recedes() -> None:
    far, near = frames._Upright(300, 0, 100, 400), frames._Upright(390, 0, 120, 470)

    assert not frames._recedes(far, near, 90, 576)


def test_stripes_of_wallpaper_are_no_doors() -> None:
    room = replace(drawn_rooms.make_room(302), holes=(), wall="stripes")
    walls = drawn_rooms.draw(room, finer=1)

    assert find_frames(make_pair(walls, walls)) == ()


def room_with_an_opening(inside: int, wide: int) -> Pixels:
    """Return a grey wall above a floor, with a framed opening so many pixels wide that reaches down to the floor."""
    picture = np.full((576, 768, 3), 150, np.uint8)
    picture[400:] = 110
    picture[250:400, 360 : 360 + wide] = 60
    picture[254:400, 364 : 356 + wide] = inside
    return picture


def test_a_view_that_is_burnt_out_is_a_window() -> None:
    kinds = []
    for inside in (250, 205):
        picture = room_with_an_opening(inside, 90)
        kinds.append({one.kind for one in find_frames(make_pair(picture, picture))})

    assert kinds == [{"window"}, {"door"}]


def test_what_stands_beside_a_small_door_does_not_block_it() -> None:
    original = room_with_an_opening(205, 40)
    staged = original.copy()
    leaves = np.kron(np.random.default_rng(1).integers(0, 255, (35, 15)), np.ones((4, 4))).astype(np.uint8)[..., None]
    staged[270:410, 406:466] = leaves
    staged[270:410, 294:354] = leaves
    door = Opening("door", tuple((x / 768, y / 576) for x, y in ((360, 250), (400, 250), (400, 400), (360, 400))))

    report = quality.score(original, staged, (door,))

    assert (report.parts["openings"] or 0) > 0.7


def test_a_map_that_finds_no_more_structure_is_no_moved_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = np.full((576, 768, 3), 200, np.uint8)
    picture[100:400, 20:120] = 90  # all of its lines are at the left, where the map below hardly moves anything
    by_chance = np.array([[1.02, 0, 0], [0, 1, 0]], np.float32)
    monkeypatch.setattr(drift, "find_affine", lambda pair: (by_chance, 15, 23))

    assert gather(make_pair(picture, picture)).drift.affine is None


@cache
def brick_room() -> tuple[Pixels, Pixels]:
    """Return a room with a wall of bricks, and a good staging of it."""
    room = drawn_rooms.make_room(323)
    return drawn_rooms.draw(room), drawn_rooms.draw(drawn_rooms.furnish(room, 1))


def test_a_bend_is_seen_where_bricks_hide_it_from_the_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    original, good = brick_room()
    output = bent(good, np.random.default_rng(0), 5.0)

    assert "structure_moved" in codes(quality.score(original, output), least=0.9)

    monkeypatch.setattr(bend, "measure", lambda _: 0.0)  # the control: lines alone
    assert "structure_moved" not in codes(quality.score(original, output), least=0.5)


@pytest.mark.parametrize(("pixels", "least", "most"), [(0.0, 0.0, 0.3), (1.0, 0.0, 0.65), (5.0, 0.8, 5.0)])
def test_a_bend_is_told_in_size(pixels: float, least: float, most: float) -> None:
    original, good = brick_room()
    pair = make_pair(original, regenerated(bent(good, np.random.default_rng(2), pixels), np.random.default_rng(3)))

    assert least <= bend.measure(pair) * pair.diagonal <= most


@pytest.mark.parametrize("by", [(1.0, 0.0), (1.01, 6.0)])
def test_what_moves_all_of_a_picture_is_no_bend(by: tuple[float, float]) -> None:
    original, good = brick_room()
    scale, shift = by
    moved = cv2.warpAffine(
        good, np.array([[scale, 0.004, shift], [0, scale, -shift]]), (768, 576), flags=cv2.INTER_CUBIC
    )

    assert bend.measure(make_pair(original, np.asarray(moved, np.uint8))) * 960 < 0.4


def test_what_does_not_come_home_is_no_bend(monkeypatch: pytest.MonkeyPatch) -> None:
    staging = next(one for one in stagings() if one.mode == GOOD)
    pair = make_pair(staging.original, staging.output)

    assert bend.measure(pair) * pair.diagonal < 0.4

    monkeypatch.setattr(bend, "_RETURNS_WITHIN", 1e9)  # the control
    assert bend.measure(pair) * pair.diagonal > 0.65


@pytest.mark.parametrize("least", ["_LEAST_PARTS", "_LEAST_IN_PART"])
def test_a_picture_with_next_to_nothing_in_it_is_not_called_bent(least: str, monkeypatch: pytest.MonkeyPatch) -> None:
    original = np.full((576, 768, 3), 200, np.uint8)
    if least == "_LEAST_PARTS":
        for x, y in ((100, 100), (600, 120), (130, 450), (640, 430)):
            original[y : y + 20, x : x + 20] = 60
    else:
        for x, y in product(range(32, 768, 64), range(32, 576, 64)):
            original[y - 2 : y + 2, x - 2 : x + 2] = 60
    pair = make_pair(original, bent(original, np.random.default_rng(0), 6.0))

    assert bend.measure(pair) == 0.0
    assert bend.measure(make_pair(np.full_like(original, 200), original)) == 0.0

    monkeypatch.setattr(bend, least, 1)  # the control
    assert bend.measure(pair) > 0


def test_the_committed_pictures_are_small() -> None:
    files = list(SET.iterdir())

    assert len(files) == 15
    assert sum(path.stat().st_size for path in files) < 1_000_000


# ── the same score everywhere ────────────────────────────────────────────────────────────────────

_SCORE = """
import sys
from staging import quality
from tests.stagebench import SET, read
print(quality.score(read(SET / "original.webp"), read(SET / sys.argv[1])).to_json())
"""


def score_in_a_child(name: str, **environment: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", _SCORE, name],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return ran.stdout


def test_a_processor_without_vector_units_gives_the_same_report() -> None:
    plain = {"OPENCV_CPU_DISABLE": "AVX2,FMA3,AVX,AVX512-SKX,AVX512-ICL,AVX512F", "OPENCV_IPP": "disabled"}

    assert score_in_a_child("good_1.webp", **plain) == report_of(GOOD, 1).to_json() + "\n"


def test_a_pair_scores_the_same_again_and_on_any_number_of_threads() -> None:
    staging = next(one for one in stagings() if one.mode == "wobble")
    cv2_threads = score_in_a_child("wobble_6.webp", OMP_NUM_THREADS="4", OPENCV_FOR_THREADS_NUM="4")

    assert quality.score(staging.original, staging.output).to_json() + "\n" == cv2_threads


# ── how it is measured ───────────────────────────────────────────────────────────────────────────


def test_the_area_under_the_curve_is_how_often_good_is_above_bad() -> None:
    assert auc([2, 3], [1]) == 1
    assert auc([1], [1]) == 0.5
    assert auc([1, 3], [2]) == 0.5


def test_simple_measures_of_equal_pictures_are_at_their_best() -> None:
    original = stagings()[0].original

    assert all_of_them(original, original) == {
        "ssim": pytest.approx(1),
        "psnr": pytest.approx(361.2, abs=1),
        "phash": 0,
        "canny": 1,
    }


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_stagebench_is_told_apart() -> None:
    judged = judge(stagebench())
    if not judged:
        pytest.skip(f"{FOLDER} is not there")
    print(f"{len(judged)} outputs of {len({one.room for one in judged})} rooms")
    table = by_mode(judged)
    kept, refused = kept_and_refused(judged)

    assert np.mean([row["score"] for row in table.values()]) >= 0.985
    assert min(row["score"] for row in table.values()) >= 0.85
    assert kept >= 0.97
    assert refused >= 0.9
    assert {one.mode for one in judged} & STRUCTURAL
