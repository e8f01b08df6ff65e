"""Outputs are scored after they are there, in a child process, and whatever becomes of that harms nothing else."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from staging.errors import QualityUnavailable
from staging.images import PictureKind
from staging.images_door import Door
from staging.lab import Lab
from staging.predictions import State
from staging.quality import SCORER_VERSION, Flag, Opening
from staging.retention import Policy, Retention
from staging.scoring import Scoring, outlines_digest
from staging.scoring_child import Child, PairLost, PairRefused
from staging.store import AutomaticDeed, Quality, ScoreState
from staging.thresholds import QualityThresholds, Thresholds
from tests.labs import UNCHANGED, finished, lab_at, photo, run_one, wait_for
from tests.ledgers import NOW
from tests.scored import Scripted, Studio, prompt_child, report, score, studio, wall_over

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample_rooms" / "office.jpg"
LATER = f"{SCORER_VERSION}, the next"
HELLO = f"from staging.frames import send; send(sys.stdout.buffer, {{'ready': True, 'version': '{SCORER_VERSION}'}})"
WINDOW = Opening("window", ((0.1, 0.1), (0.3, 0.1), (0.3, 0.4), (0.1, 0.4)))


def a_child_that(does: str) -> Callable[[], Child]:
    """Return what starts a real process that says hello as the scorer does, hears one question, and then does this."""
    script = f"import os, sys, time; {HELLO}; sys.stdin.buffer.read(4); {does}"
    return lambda: Child([sys.executable, "-c", script], clock_seconds=20)


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.close()


@pytest.fixture
def here(tmp_path: Path, door: Door) -> Iterator[Studio]:
    made = studio(tmp_path, door)
    yield made
    made.store.close()


def scoring(of: Studio, child: Callable[[], Child], **facts: Any) -> Scoring:
    return Scoring(of.store, of.pictures, QualityThresholds(of.store), make_child=child, **facts)


def states(of: Studio) -> list[list[ScoreState]]:
    return [[each.state for each in of.store.scores.tries(one)] for one in of.ids]


# ── the real scorer ─────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    child = prompt_child()
    yield child
    child.kill()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("room") / "room.png"
    Image.open(SAMPLE).convert("RGB").resize((768, 576)).save(path)
    return path


def test_what_happened_to_the_architecture_is_seen_and_drawn(real: Child, room: Path, tmp_path: Path) -> None:
    gone = wall_over(room, tmp_path / "gone.png")

    told = real.ask({"room": str(room), "output": str(gone), "openings": []})
    same = real.ask({"room": str(room), "output": str(room), "openings": []})

    assert told.report.overall < 50
    assert {flag.code for flag in told.report.flags} & {"structure_erased", "window_gone", "door_gone"}
    assert [flag.code for flag in same.report.flags] == ["room_unchanged"]
    (tmp_path / "overlay.webp").write_bytes(told.overlay)
    overlay = Image.open(tmp_path / "overlay.webp")
    assert (overlay.format, overlay.mode, overlay.size) == ("WEBP", "RGBA", (768, 576))
    reds = [colour for count, colour in overlay.getcolors(1_000_000) or [] if isinstance(colour, tuple) and colour[3]]
    assert any(red > 200 and green < 90 and blue < 90 for red, green, blue, *_ in reds)


def test_what_is_no_picture_is_refused_and_the_child_is_good_for_more(real: Child, room: Path, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("this is no picture")

    with pytest.raises(PairRefused, match="A picture cannot be read"):
        real.ask({"room": str(room), "output": str(tmp_path / "text.png"), "openings": []})
    with pytest.raises(PairRefused, match="The scorer failed on these two pictures"):
        real.ask({"room": str(room), "output": str(tmp_path / "absent.png"), "openings": []})

    assert real.ask({"room": str(room), "output": str(room), "openings": []}).report.version == SCORER_VERSION


def test_a_pair_that_takes_too_much_work_ends_the_child(room: Path) -> None:
    child = prompt_child(work_seconds=0.01)

    with pytest.raises(PairLost, match="took too long"):
        child.ask({"room": str(room), "output": str(room), "openings": []})
    assert not _alive(child.pid)


def _alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() if sys.platform == "linux" else _signalled(pid)


def _signalled(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_prediction_is_done_before_its_score_and_the_score_comes_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("staging.scoring_child.NICENESS", 0)  # not behind the tests beside it
    with lab_at(tmp_path / "data", scoring=True) as lab:
        now = run_one(lab, UNCHANGED, rooms=[photo(3)])

        assert now.state is State.SUCCEEDED
        one = now.prediction.id
        wait_for(lambda: one in lab.store.scores.of([one]), 100)
        score = lab.store.scores.of([one])[one].score
        assert score is not None
        assert (score.version, score.reason, score.outlines) == (SCORER_VERSION, "", "")
        assert "room_unchanged" in [flag.code for flag in score.flags]
        assert score.overlay is not None
        url = lab.pictures.url(score.overlay, PictureKind.OVERLAY)
        assert url.startswith(f"/pictures/overlay/{score.overlay}?")
        assert lab.pictures.here(score.overlay, PictureKind.OVERLAY)
        assert lab.desk.look(now.prediction.comparison_id).quality[one].score == score
        assert lab.store.verify(lab.pictures).differences == ()
        pid = _child_of(lab).pid
    assert not _alive(pid)


def _child_of(lab: Lab) -> Child:
    child = lab.scoring._child
    assert child is not None
    return child


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    with lab_at(tmp_path / "data", scoring=False) as lab:
        view = finished(lab, run_one(lab, UNCHANGED).prediction.comparison_id)

        assert "switched off" in lab.scoring.standing().trouble
        assert lab.scoring.awaited([cell.prediction for cell in view.cells.values()], {}) == 0


# ── what becomes of a scorer that fails ─────────────────────────────────────────────────────


def test_a_crash_is_told_as_not_scored_tried_once_more_and_harms_no_prediction(here: Studio) -> None:
    at_work = scoring(here, a_child_that("os.abort()"))

    assert at_work.look() == 3
    assert at_work.look() == 3
    assert at_work.look() == 0

    assert states(here) == [[ScoreState.LOST, ScoreState.LOST]] * 3
    known = here.store.scores.of(here.ids)
    assert {one.last.reason for one in known.values()} == {"The scorer crashed on these two pictures."}
    assert {one.score for one in known.values()} == {None}
    assert {here.store.predictions.get(one).state for one in here.ids} == {State.SUCCEEDED}


def test_a_child_that_hangs_is_ended_and_told_as_too_slow(here: Studio) -> None:
    script = f"import sys, time; {HELLO}; time.sleep(600)"
    children: list[Child] = []

    def hanging() -> Child:
        children.append(Child([sys.executable, "-c", script], clock_seconds=1.0))
        return children[-1]

    scoring(here, hanging).look()

    assert here.store.scores.of(here.ids[:1])[here.ids[0]].last.reason == (
        "The scorer took too long on these two pictures."
    )
    assert not any(_alive(child.pid) for child in children)


def test_an_answer_that_makes_no_sense_is_a_crash(here: Studio) -> None:
    told = "send(sys.stdout.buffer, {'report': '{}', 'seconds': 1}, [b''])"
    scoring(here, a_child_that(told)).look()

    assert states(here) == [[ScoreState.LOST]] * 3


def test_a_scorer_that_does_not_start_blames_no_output(here: Studio) -> None:
    at_work = scoring(here, lambda: Child([sys.executable, "-c", "raise SystemExit(3)"]))

    with pytest.raises(QualityUnavailable, match="does not start"):
        at_work.look()
    assert states(here) == [[], [], []]

    says = "{'ready': False, 'missing': 'No OpenCV.'}"
    missing = f"import sys; from staging.frames import send; send(sys.stdout.buffer, {says})"
    with pytest.raises(QualityUnavailable, match="No OpenCV"):
        scoring(here, lambda: Child([sys.executable, "-c", missing])).look()


def test_a_scorer_of_another_version_than_the_app_says_nothing(here: Studio) -> None:
    other = "import sys; from staging.frames import send; send(sys.stdout.buffer, {'ready': True, 'version': '?'})"

    with pytest.raises(QualityUnavailable, match="start the app again"):
        scoring(here, lambda: Child([sys.executable, "-c", other])).look()


def test_one_bad_pair_does_not_hold_up_the_others(here: Studio) -> None:
    newest = here.outputs[2]
    child = Scripted(answers={newest: PairRefused("A picture cannot be read: it is empty.")})

    assert scoring(here, lambda: child).look() == 3

    assert states(here) == [[ScoreState.SCORED], [ScoreState.SCORED], [ScoreState.REFUSED]]
    nan = Scripted(answers=dict.fromkeys(here.outputs, report(float("nan"))))
    assert scoring(here, lambda: nan, version=LATER).look() == 3
    assert scoring(here, lambda: nan, version=LATER).look() == 0
    assert [one[-1] for one in states(here)] == [ScoreState.REFUSED] * 3


def test_a_picture_that_is_gone_is_told_so_once(here: Studio) -> None:
    here.pictures.delete(here.outputs[0], PictureKind.ORIGINAL)
    child = Scripted()

    scoring(here, lambda: child).look()
    scoring(here, lambda: child, version=LATER).look()

    assert states(here)[0] == [ScoreState.GONE]
    assert "not in the pictures folder" in here.store.scores.tries(here.ids[0])[0].reason


# ── the queue ───────────────────────────────────────────────────────────────────────────────


def test_after_an_upgrade_everything_is_scored_again_and_old_scores_stay(here: Studio) -> None:
    scoring(here, Scripted).look()
    before = [here.store.scores.tries(one)[0] for one in here.ids]
    upgraded = Scripted(answers=dict.fromkeys(here.outputs, report(55.0)))
    at_work = scoring(here, lambda: upgraded, version=LATER)
    assert (at_work.standing().new, at_work.standing().again, at_work.standing().scored) == (0, 3, 0)

    at_work.look()

    tries = [here.store.scores.tries(one) for one in here.ids]
    assert [each[0] for each in tries] == before
    assert [each[1].version for each in tries] == [LATER] * 3
    assert {one.score.overall for one in here.store.scores.of(here.ids).values() if one.score} == {55.0}
    assert (at_work.standing().again, at_work.standing().scored) == (0, 3)
    for old, new in tries:  # the picture of the old score is not kept beside that of the new one
        assert None not in (old.overlay, new.overlay)
        assert not here.pictures.here(str(old.overlay), PictureKind.OVERLAY)
        assert here.pictures.here(str(new.overlay), PictureKind.OVERLAY)


def test_a_new_output_goes_before_a_backlog(here: Studio, tmp_path: Path) -> None:
    scoring(here, Scripted).look()
    at_work: Scoring
    child = Scripted(before=lambda _question: at_work.wake())
    at_work = scoring(here, lambda: child, version=LATER)

    assert at_work.look() == 1  # something came meanwhile: it has the next look
    assert child.outputs == [here.outputs[2]]


def test_a_backlog_goes_on_after_a_restart_where_it_was(here: Studio) -> None:
    first = Scripted()
    stopped: Scoring = scoring(here, lambda: first)
    first.before = lambda _question: stopped.stop() if len(first.asked) == 2 else None
    first.answers = {here.outputs[1]: PairLost("we ended it")}
    stopped.look()
    assert states(here) == [[], [], [ScoreState.SCORED]]  # the pair under way is no crash

    again = Scripted()
    scoring(here, lambda: again).look()

    assert again.outputs == [here.outputs[1], here.outputs[0]]
    assert states(here) == [[ScoreState.SCORED]] * 3


def test_a_stop_ends_the_child_in_the_middle_of_a_pair_and_blames_nobody(here: Studio) -> None:
    asked = threading.Event()
    pids: list[int] = []

    def hanging() -> Child:
        script = f"import sys, time; {HELLO}; time.sleep(600)"
        child = Child([sys.executable, "-c", script])
        pids.append(child.pid)
        asked.set()
        return child

    at_work = scoring(here, hanging)
    at_work.start()
    assert asked.wait(30)
    at_work.stop()

    assert not _alive(pids[0])
    assert states(here) == [[], [], []]


def test_outlined_doors_and_windows_are_told_to_the_scorer_and_score_the_room_anew(here: Studio) -> None:
    child = Scripted()
    outlined: dict[str, tuple[Opening, ...]] = {}
    at_work = scoring(here, lambda: child, outlines=lambda: outlined)
    at_work.look()
    assert [one["openings"] for one in child.asked] == [[], [], []]

    outlined[here.room] = (WINDOW,)
    child.asked.clear()
    at_work.look()

    corners = [[0.1, 0.1], [0.3, 0.1], [0.3, 0.4], [0.1, 0.4]]
    assert [one["openings"] for one in child.asked] == [[{"kind": "window", "corners": corners}]] * 3
    assert {each.outlines for one in here.ids for each in here.store.scores.tries(one)[1:]} == {
        outlines_digest([WINDOW])
    }
    assert at_work.look() == 0


def test_a_page_waits_for_a_score_only_while_one_is_on_its_way(here: Studio) -> None:
    ended_at = max(at for one in here.ids if (at := here.store.predictions.get(one).ended_at))
    asked, go_on = threading.Event(), threading.Event()

    def slow(_question: Any) -> None:
        asked.set()
        go_on.wait(30)

    at_work = scoring(here, lambda: Scripted(before=slow), clock=lambda: ended_at + timedelta(seconds=30))
    later = scoring(here, Scripted, clock=lambda: ended_at + timedelta(minutes=10))
    members = [here.store.predictions.get(one) for one in here.ids]
    assert at_work.awaited(members, {}) == 0  # its thread does not run
    at_work.start()
    later.start()
    try:
        assert asked.wait(30)
        assert at_work.awaited(members, {}) == 3
        assert at_work.awaited(members, {here.ids[0]: Quality(score(here.ids[0]), None)}) == 2
        assert later.awaited(members, {}) == 0  # a backlog is no reason to wait
    finally:
        go_on.set()
        at_work.stop()
        later.stop()


def test_thresholds_of_the_moment_judge_each_score(here: Studio) -> None:
    thresholds = QualityThresholds(here.store)
    thresholds.set(Thresholds(flags={"window_gone": AutomaticDeed.REJECTED}), "ada", follows=-1)
    bad = report(70.0, Flag("window_gone", "the window is gone", 0.9))

    scoring(here, lambda: Scripted(answers={here.outputs[1]: bad})).look()

    known = here.store.scores.of(here.ids)
    assert [known[one].automatic is not None for one in here.ids] == [False, True, False]
    mark = known[here.ids[1]].automatic
    assert mark is not None
    assert (mark.deed, mark.why, mark.thresholds) == (AutomaticDeed.REJECTED, ("the window is gone",), 0)
    assert here.store.verify(here.pictures).differences == ()


def test_an_overlay_goes_with_the_picture_that_it_was_made_of(here: Studio) -> None:
    scoring(here, Scripted).look()
    overlays = [here.store.scores.tries(one)[0].overlay or "" for one in here.ids]

    class Nothing:
        def running(self) -> list[Any]:
            return []

    retention = Retention(here.store, here.pictures, Nothing())  # type: ignore[arg-type]
    retention.set(Policy(output_days=1, keep=()), "ada", follows=-1)
    gone = retention.delete(retention.listing(), "ada")

    assert {one.file.digest for one in gone.files} == set(here.outputs)
    assert not any(here.pictures.here(one, PictureKind.OVERLAY) for one in overlays)


def test_what_is_removed_while_it_is_scored_gets_no_score_and_no_overlay(here: Studio) -> None:
    removed = Scripted(before=lambda _question: here.store.demo.remove(["ada"], "ben", NOW))

    scoring(here, lambda: removed).look()

    assert removed.asked
    assert here.store.ledger.rows("SELECT count(*) FROM app.scores") == [(0,)]
    overlays = here.pictures.path(here.room, PictureKind.ORIGINAL).parents[2] / "overlay"
    assert overlays.is_dir()
    assert [path for path in overlays.rglob("*") if path.is_file()] == []
