"""Scores on the pages: badges, the viewer's words and layer, the leaderboard's table, thresholds in the settings."""

from collections.abc import Sequence
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.components.scores import automatic_badge, badge, told
from staging.errors import ThresholdsRefused
from staging.images import PictureKind
from staging.lab import Lab
from staging.predictions import Verdict
from staging.quality import FAMILIES, FLAG_CODES
from staging.scoring import STRUCTURAL
from staging.store import AuditFilter, AutomaticDeed, Judged, Quality, ScoreFlag, ScoreState
from staging.thresholds import Thresholds, thresholds_of
from tests.labs import UNCHANGED, ask, finished, only, photo
from tests.ledgers import NOW
from tests.scored import GONE, failed, score
from tests.screens import SCRIPT, visit, words
from tests.screens import told as component

REJECTED = Judged(AutomaticDeed.REJECTED, ("the window on the left wall is gone",), 0)


def made(lab: Lab, shade: int = 1) -> tuple[str, str]:
    """Return a comparison with one output, and its prediction."""
    comparison = ask(lab, UNCHANGED, rooms=[photo(shade)])
    return comparison, only(finished(lab, comparison)).prediction.id


def grid_cell(screen: AppTest, comparison: str) -> dict[str, Any]:
    (row,) = component(screen, f"compare-grid-{comparison}")["rows"]
    (cell,) = row["cells"]
    found: dict[str, Any] = cell
    return found


# ── the grid ────────────────────────────────────────────────────────────────────────────────


def test_the_grid_has_the_score_and_the_worst_flag(first_lab: Lab) -> None:
    comparison, one = made(first_lab)
    assert grid_cell(visit(comparison=comparison), comparison)["score"] is None

    first_lab.store.scores.record(score(one, overall=61.6, changed=True))

    cell = grid_cell(visit(comparison=comparison), comparison)
    assert cell["score"] == {"text": "62 · window gone", "tone": "warn"}
    assert cell["structure_changed"] is True
    assert cell["verdict"] is None


def test_a_persons_verdict_stands_where_an_automatic_rejection_was(first_lab: Lab) -> None:
    comparison, one = made(first_lab)
    first_lab.store.scores.record(score(one, changed=True), REJECTED)
    assert grid_cell(visit(comparison=comparison), comparison)["verdict"]["text"] == "Rejected automatically"

    first_lab.desk.mark(one, "ada", verdict=Verdict.ACCEPTED)

    assert grid_cell(visit(comparison=comparison), comparison)["verdict"]["text"] == "Accepted"


@pytest.mark.parametrize(
    ("overall", "flags", "text", "tone"),
    [
        (92.0, (), "92", "good"),
        (70.0, (), "70", "quiet"),
        (88.0, (ScoreFlag("blurred", "a little blurred", 0.2),), "88 · blurred", "good"),
        (88.0, (GONE,), "88 · window gone", "warn"),
        (50.0, (ScoreFlag("of a newer release", "strange", 0.2),), "50 · strange", "quiet"),
    ],
)
def test_a_badge_says_score_and_worst_flag(overall: float, flags: Sequence[ScoreFlag], text: str, tone: str) -> None:
    one = score("p", overall=overall, flags=tuple(flags))
    shown = badge(Quality(one, one))

    assert shown is not None
    assert (shown.text, shown.tone) == (text, tone)


def test_what_has_no_score_says_so_or_nothing() -> None:
    crashed = Quality(failed("p"), None)

    assert badge(None) is None
    assert automatic_badge(None) is None
    shown = badge(crashed)
    assert shown is not None
    assert shown.text == "not scored"
    assert told(crashed, "1").headline == "Not scored: The scorer crashed on these two pictures."
    assert told(None, "1").headline == ""


# ── the viewer ──────────────────────────────────────────────────────────────────────────────


def shot(screen: AppTest) -> dict[str, Any]:
    found: dict[str, Any] = component(screen, "viewer")["shots"][1]
    return found


def test_the_viewer_says_what_was_seen_and_has_a_layer(first_lab: Lab) -> None:
    comparison, one = made(first_lab)
    overlay = "ab" * 32
    first_lab.pictures.keep_overlay(overlay, b"a picture")
    first_lab.store.scores.record(score(one, overall=61.6, changed=True, overlay=overlay), REJECTED)

    found = shot(visit(comparison=comparison, view=one))

    assert found["score"] == "Score 62 of 100"
    assert found["flags"] == ["the window on the left wall is gone"]
    assert found["automatic"] == "Rejected automatically: the window on the left wall is gone."
    assert found["overlay"].startswith(f"/pictures/overlay/{overlay}?")
    facts = dict(map(tuple, found["facts"]))
    assert f"{FAMILIES['structure']}: 0.40" in facts["Parts"]
    assert f"{FAMILIES['openings']}: n/a" in facts["Parts"]
    assert facts["Confidence"] == "0.90"

    first_lab.desk.mark(one, "ada", verdict=Verdict.ACCEPTED)
    first_lab.pictures.delete(overlay, PictureKind.OVERLAY)
    again = shot(visit(comparison=comparison, view=one))
    assert (again["automatic"], again["overlay"]) == ("", None)


def test_an_old_score_is_shown_with_its_version_until_the_new_one_is_there(first_lab: Lab) -> None:
    comparison, one = made(first_lab)
    first_lab.store.scores.record(score(one, overall=70.0, version="0"))
    first_lab.store.scores.record(failed(one, ScoreState.LOST))

    found = shot(visit(comparison=comparison, view=one))

    assert found["score"] == f"Score 70 of 100, by scorer 0; {first_lab.scoring.version} has not had its turn"


# ── the leaderboard ─────────────────────────────────────────────────────────────────────────


def test_the_leaderboard_has_the_models_automatic_quality_without_any_vote(first_lab: Lab) -> None:
    assert "No output like these has a score yet" in words(visit("leaderboard"))
    for shade in range(3):
        _, one = made(first_lab, shade)
        first_lab.store.scores.record(score(one, overall=60.0 + shade, changed=shade == 0))

    screen = visit("leaderboard")

    table = screen.dataframe[0].value
    row = dict(zip(table.columns, table.iloc[0], strict=True))
    assert (row["Score"], row["Outputs"], row["Most frequent flags"]) == (61.0, 3, "window gone 33%")
    assert row["Structure changed"] == pytest.approx(1 / 3)
    assert row[FAMILIES["structure"]] == pytest.approx((0.4 + 0.95 + 0.95) / 3)
    assert "3 outputs scored by scorer" in words(screen)


# ── thresholds ──────────────────────────────────────────────────────────────────────────────


def section() -> AppTest:
    return visit("settings", **{"settings-section": "Quality"})


def test_thresholds_are_off_until_an_admin_sets_them_and_each_change_is_audited(first_lab: Lab) -> None:
    screen = section()
    assert "**Off**" in words(screen)
    assert first_lab.thresholds.current() == Thresholds()
    assert not first_lab.thresholds.current().on

    screen.number_input(key="settings-quality-mark-below-a-score-of--1").set_value(70.0)
    screen.multiselect(key="settings-quality-rejected--1").set_value(["window_gone"])
    screen.number_input(key="settings-quality-structure-kept:-reject-below--1").set_value(0.5)
    screen.text_input(key="settings-quality-note--1").set_value("as agreed")
    screen.button(key="settings-quality-save").click().run()

    now = first_lab.thresholds.current()
    assert (now.overall_mark_below, now.overall_reject_below) == (70.0, None)
    assert dict(now.flags) == {"window_gone": AutomaticDeed.REJECTED}
    assert {name: limits.reject_below for name, limits in now.parts.items()} == {"structure": 0.5}
    (entry,) = first_lab.audit.list(AuditFilter(subject="scores"), 10)[1]
    assert (entry.act, entry.note) == ("add quality thresholds", "as agreed")
    assert "they hold for every score from now on" in words(screen)
    assert "**On**" in words(screen)


def test_the_settings_say_how_the_scorer_is(first_lab: Lab) -> None:
    _, one = made(first_lab)
    first_lab.store.scores.record(failed(one, reason=f"Bad {SCRIPT}"))
    screen = section()

    assert "Scoring is switched off" in words(screen).replace("\\", "")
    assert {metric.label: metric.value for metric in screen.metric} == {
        "Scorer": first_lab.scoring.version,
        "Scored": "0",
        "Waiting": "1",
        "Not scored": "1",
    }
    assert SCRIPT not in words(screen)


SURE = score("p", overall=60.0, changed=True)


def judged(**values: Any) -> tuple[AutomaticDeed, tuple[str, ...]] | None:
    return Thresholds.model_validate(values).judge(SURE)


def test_a_threshold_does_what_it_says_and_says_why() -> None:
    assert judged() is None
    assert judged(overall_mark_below=60) is None
    assert judged(overall_mark_below=61) == (AutomaticDeed.MARKED, ("score 60, below 61",))
    assert judged(overall_mark_below=80, overall_reject_below=70) == (
        AutomaticDeed.REJECTED,
        ("score 60, below 70",),
    )
    assert judged(parts={"structure": {"reject_below": 0.5}}) == (
        AutomaticDeed.REJECTED,
        ("structure 0.40, below 0.5",),
    )
    assert judged(flags={"window_gone": "marked"}) == (AutomaticDeed.MARKED, (GONE.words,))
    assert judged(flags={"window_gone": "rejected"}, least_severity=0.95) is None


def test_what_means_nothing_for_an_output_passes() -> None:
    assert judged(parts={"openings": {"reject_below": 1.0}}) is None


def test_what_is_scored_unsurely_is_marked_at_most() -> None:
    unsure = score("p", overall=20.0, confidence=0.3)
    deed, why = Thresholds(overall_reject_below=50).judge(unsure) or (None, ())

    assert deed is AutomaticDeed.MARKED
    assert why == ("score 20, below 50", "marked only: the scorer's confidence is 0.30, below 0.5")
    assert (Thresholds(overall_reject_below=50, least_confidence=0.3).judge(unsure) or (None,))[0] is (
        AutomaticDeed.REJECTED
    )


@pytest.mark.parametrize("values", [{"overall_mark_below": 101}, {"parts": {"floor": {"mark_below": 2}}}, {"x": 1}])
def test_a_figure_that_is_no_threshold_is_refused_in_a_sentence(values: dict[str, Any]) -> None:
    with pytest.raises(ThresholdsRefused, match="0 to 100"):
        thresholds_of(values)


def test_what_the_scorer_does_not_know_is_refused_and_nothing_is_written(first_lab: Lab) -> None:
    with pytest.raises(ThresholdsRefused, match="nothing called 'ghosts'"):
        first_lab.thresholds.set(Thresholds(flags={"ghosts": AutomaticDeed.MARKED}), "ada", follows=-1)
    assert first_lab.thresholds.version() == -1


def test_thresholds_of_another_release_reject_nothing(first_lab: Lab) -> None:
    first_lab.store.documents.write("quality thresholds", "scores", {"newer": True}, "ada", NOW)

    assert first_lab.thresholds.judge(SURE) is None
    assert first_lab.thresholds.version() == 0


def test_the_flags_that_mean_changed_structure_are_the_scorers() -> None:
    assert set(FLAG_CODES) > STRUCTURAL
