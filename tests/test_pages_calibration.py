"""The Calibration page: what it says of much, of little and of nothing; and the judge's part of it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from pages.components.second_opinion import opinion_words
from staging.judge import Judge
from staging.judgements import ORDERS, Call, Judgement, read_answer
from staging.lab import Lab
from staging.labels import Labels, Pair
from staging.predictions import Verdict
from staging.quality import SCORER_VERSION
from staging.registry import JudgeID
from staging.store import JudgementLedger, Label, Score, ScoreFlag, ScoreState
from tests.labs import UNCHANGED, ask, finished, only
from tests.replicate_server_judge import answer
from tests.screens import SCRIPT, visit, words

AT = datetime(2026, 9, 1, 12, tzinfo=UTC)
MODEL = JudgeID.GPT_4_1_MINI.value


def pairs(count: int, rooms: int = 12, reason: str = "structure changed") -> list[Pair]:
    """Accepted outputs that score about 80 and rejected ones about 50, in turn."""
    made = []
    for at in range(count):
        accepted = at % 2 == 0
        verdict = Verdict.ACCEPTED if accepted else Verdict.REJECTED
        name, key = f"{SCRIPT} {at % rooms}", f"{at:064d}"
        label = Label(
            key,
            f"room {at % rooms}",
            name,
            "a/model",
            "",
            key,
            "image/png",
            verdict,
            () if accepted else (reason,),
            AT + timedelta(days=at),
            "ann",
        )
        flags = () if accepted else (ScoreFlag("window_gone", "a window is gone", 0.8),)
        overall = (80 if accepted else 50) + at % 7
        made.append(Pair(label, Score(key, 0, SCORER_VERSION, ScoreState.SCORED, AT, overall=overall, flags=flags)))
    return made


@pytest.fixture
def told(first_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> list[Pair]:
    """What the page finds labelled; to be filled."""
    found: list[Pair] = []
    monkeypatch.setattr(Labels, "pairs", lambda self: found)
    return found


def metric(screen: object, label: str) -> str:
    return next(str(one.value) for one in screen.metric if one.label == label)  # type: ignore[attr-defined]


def test_of_nothing_it_says_how_much_is_needed(told: list[Pair]) -> None:
    screen = visit("calibration")

    assert metric(screen, "AUC") == "–"
    assert "at least 20 more accepted outputs and 20 more rejected outputs are needed" in words(screen)
    assert not screen.dataframe


def test_of_little_it_shows_the_figure_and_says_that_it_is_too_little(told: list[Pair]) -> None:
    told += pairs(10, rooms=3)

    screen = visit("calibration")

    assert metric(screen, "AUC") == "1.000"
    assert metric(screen, "95 % interval") == "–"
    assert "15 more accepted outputs and 15 more rejected outputs" in words(screen)
    assert "needs at least 20 scored outputs; there are 10" in words(screen)
    assert screen.dataframe[0].value["Refuse"][0] == "too few: 15 more"


def test_of_enough_it_suggests_thresholds_and_tells_reasons(told: list[Pair]) -> None:
    told += pairs(120)
    told[0] = Pair(told[0].label, None)

    screen = visit("calibration")

    assert "Too few" not in words(screen)
    assert "120 outputs accepted or rejected, of 12 rooms. 1 of them have no score" in words(screen)
    thresholds, reasons = (frame.value for frame in screen.dataframe)
    assert list(thresholds["Of"]) == ["Score", "Window gone"]
    assert list(thresholds["Refuse"]) == ["below 80", "severity from 0.80"]
    assert list(thresholds["Refuses of rejected"]) == ["100%", "100%"]
    assert list(reasons["Reason"]) == ["structure changed"]
    assert SCRIPT not in words(screen)


def judgement(pair: Pair, *texts: str, control: str = "") -> Judgement:
    calls = tuple(
        Call(f"{order}", "run", MODEL, pair.label.prediction_id, order, control, AT, True, read_answer(text), "")
        for order, text in zip(ORDERS, texts, strict=False)
    )
    return Judgement(pair.label.prediction_id, control, MODEL, AT, calls)


def judging(monkeypatch: pytest.MonkeyPatch, found: Sequence[Judgement]) -> None:
    monkeypatch.setattr(Judge, "everything", lambda self, model: list(found))


def test_the_judge_is_off_and_an_admin_switches_it_on(first_lab: Lab, told: list[Pair]) -> None:
    screen = visit("calibration", **{"calibration-section": "Judge"})
    assert not screen.toggle(key="judge-on--1").value

    screen.toggle(key="judge-on--1").set_value(True)
    next(one for one in screen.button if one.label == "Save").click().run()

    assert first_lab.judge.setup().enabled
    assert "REPLICATE\\_API\\_TOKEN" in words(screen)
    assert "nobody knows whether it can be trusted" in words(screen)


def test_a_judge_that_fails_a_control_is_called_so(
    first_lab: Lab, told: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    told += pairs(4)
    first_lab.judge.set("admin", AT, enabled=True, model=MODEL, follows=-1)
    judging(monkeypatch, [judgement(one, answer(), control="black") for one in told])

    screen = visit("calibration", **{"calibration-section": "Judge"})

    assert "Do not trust this judge" in words(screen)
    assert metric(screen, "Black refused") == "0 of 4"


def test_judge_and_scorer_stand_beside_each_other_and_what_is_far_apart_is_marked(
    first_lab: Lab, told: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    told += pairs(4)
    first_lab.judge.set("admin", AT, enabled=True, model=MODEL, follows=-1)
    judging(
        monkeypatch,
        [
            judgement(told[0], answer(grade=8), answer(grade=8)),
            judgement(told[1], answer(grade=9), answer(grade=9)),
        ],
    )

    screen = visit("calibration", **{"calibration-section": "Judge"})

    table = screen.dataframe[0].value
    assert list(table["Judge"]) == [90, 80]
    assert list(table["Look at it"]) == [True, False]
    assert "not tried on another room" in words(screen)


def test_beside_a_picture_the_two_figures_are_not_mixed_and_disagreement_is_told() -> None:
    (pair,) = pairs(1)
    kind, harsh = judgement(pair, answer(grade=8), answer(grade=8)), judgement(pair, answer(grade=9), answer(grade=4))

    assert opinion_words("attic", kind, 60.0) == "**80** beside score 60: attic"
    assert "more than 30 apart" in opinion_words("attic", kind, 40.0)
    assert opinion_words("attic", kind, None) == "**80** beside no score: attic"
    assert "contradicts itself" in opinion_words("attic", harsh, 65.0)
    assert SCRIPT not in opinion_words(SCRIPT, kind, 60.0)


def test_compare_has_the_judge_only_while_it_is_on(first_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    comparison = ask(first_lab, UNCHANGED)
    now = only(finished(first_lab, comparison))
    assert "The judge has not been asked" not in screen_with_judge(comparison)
    first_lab.judge.set("admin", AT, enabled=True, model=MODEL, follows=-1)

    unasked = screen_with_judge(comparison)
    call = Call("c", "judge-1", MODEL, now.prediction.id, ORDERS[0], "", AT, True, read_answer(answer()), "")
    monkeypatch.setattr(JudgementLedger, "calls", lambda self, subjects=None: [call])

    assert "The judge has not been asked about these outputs" in unasked
    assert "Replicate is not connected" in unasked
    assert "**80** beside no score" in screen_with_judge(comparison)


def screen_with_judge(comparison: str) -> str:
    """Return what the opened popover says."""
    screen = visit(comparison=comparison)
    screen.session_state["second-opinion"] = True
    screen.run()
    assert not screen.exception
    return words(screen)
