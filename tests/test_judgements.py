"""What a judge's answers come to: read strictly, capped where the architecture changed, held against controls."""

import json
import math
from datetime import UTC, datetime

import pytest

from staging.errors import OutputRefused
from staging.judgements import DISAGREEMENT, ORDERS, Answer, Call, Judgement, judgements, question, read_answer, trust
from tests.replicate_server_judge import answer

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def call(
    text: str | None,
    order: str = ORDERS[0],
    *,
    control: str = "",
    run: str = "a",
    subject: str = "p",
    ended: bool = True,
) -> Call:
    read = read_answer(text) if text is not None else None
    return Call(f"{run}{order}", run, "judge", subject, order, control, AT, ended, read, "" if read else "no answer")


def judged(*texts: str | None, control: str = "") -> Judgement:
    calls = [call(text, ORDERS[at % 2], control=control) for at, text in enumerate(texts)]
    (found,) = judgements(calls).values()
    return found


def test_an_answer_comes_to_the_root_of_the_two_lowest_figures() -> None:
    told = read_answer(answer(furnished=9, kept=8, natural=7, clean=6))

    assert told.overall == pytest.approx(10 * math.sqrt(8 * 6))
    assert told.changes == ()


@pytest.mark.parametrize(
    "change",
    [
        "camera_moved",
        "windows_changed",
        "doors_changed",
        "walls_changed",
        "floor_changed",
        "colours_changed",
        "openings_blocked",
    ],
)
def test_any_change_of_the_building_caps_it(change: str) -> None:
    told = read_answer(answer(change, grade=10))

    assert told.overall == pytest.approx(10 * math.sqrt(3 * 10))
    assert told.changes == (change.replace("_", " "),)


def test_a_window_or_door_less_is_a_change_whatever_the_judge_calls_it() -> None:
    assert read_answer(answer(windows_room=2, windows_output=1)).changes == ("windows changed",)
    assert read_answer(answer(doors_room=1, doors_output=0)).changes == ("doors changed",)
    assert read_answer(answer(doors_room=0, doors_output=1)).changes == ()


def test_a_cap_raises_nothing() -> None:
    assert read_answer(answer("walls_changed", grade=1)).overall == pytest.approx(10.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The room looks lovely!",
        "[]",
        "null",
        answer()[:-20],
        answer() + " I hope this helps!",
        answer(kept=11),
        answer(kept=-1),
        answer(kept="NaN"),
        answer(windows_room=-1),
        answer(reason="x" * 601),
        answer(mood="good"),
        json.dumps({"kept": 8}),
        answer(camera_moved="perhaps"),
    ],
)
def test_what_is_not_the_json_that_was_asked_for_is_refused(text: str) -> None:
    with pytest.raises(OutputRefused, match="did not answer as it was asked"):
        read_answer(text)


def test_a_code_fence_is_taken_off() -> None:
    assert read_answer(f"```json\n{answer()}\n```") == read_answer(answer())


def test_each_order_is_told_which_picture_is_the_room() -> None:
    first, second = (question(order) for order in ORDERS)

    assert first.startswith("The first picture is the empty room; the second")
    assert second.startswith("The second picture is the empty room; the first")
    assert first.partition("A buyer")[2] == second.partition("A buyer")[2]
    assert all(name in first for name in Answer.model_fields)


def test_a_judgement_is_the_mean_of_both_orders_and_needs_both() -> None:
    both = judged(answer(grade=9), answer(grade=7))

    assert both.overall == pytest.approx(80.0)
    assert both.steady is True
    assert judged(answer(grade=9), None).overall is None
    assert judged(answer(grade=9), None).errors == ("no answer",)


def test_orders_that_contradict_each_other_are_told() -> None:
    unsteady = judged(answer(grade=9), answer("walls_changed", grade=9))

    assert unsteady.steady is False
    assert unsteady.changes == ("walls changed",)


def test_judge_and_scorer_disagree_beyond_thirty_points() -> None:
    assert not judged(answer(grade=8), answer(grade=8)).disagrees(80 - DISAGREEMENT)
    assert judged(answer(grade=8), answer(grade=8)).disagrees(79.9 - DISAGREEMENT)
    assert not judged(answer(), None).disagrees(0.0)
    assert not judged(answer(), answer()).disagrees(None)


def test_only_the_last_run_about_an_output_counts() -> None:
    old = [call(answer(grade=2), order, run="a") for order in ORDERS]
    new = [call(answer(grade=8), ORDERS[0], run="b"), call(None, ORDERS[1], run="b", ended=False)]

    (found,) = judgements([*old, *new]).values()

    assert found.pending
    assert found.overall is None


def test_a_judge_that_passes_every_control_has_no_fault() -> None:
    good = [judged(answer(), answer()) for _ in range(10)]
    caught = [judged(answer("walls_changed"), control="swapped") for _ in range(10)]
    black = [judged(answer("walls_changed", grade=0), control="black") for _ in range(10)]

    found = trust([*good, *caught, *black])

    assert (found.judged, found.steady, found.swapped_caught, found.black_caught, found.unanswered) == (
        10,
        10,
        10,
        10,
        0,
    )
    assert found.faults == ()


@pytest.mark.parametrize(
    ("judgement", "fault"),
    [
        (judged(answer(), control="swapped"), "takes another room for the same one in 1 of 1"),
        (judged(answer(), control="black"), "accepts a black picture in 1 of 1"),
        (judged(answer(grade=9), answer(grade=2)), "contradicts itself on 1 of 1"),
        (judged(None, None), "1 of 1 questions were not answered"),
    ],
)
def test_a_judge_that_fails_a_control_is_not_to_be_trusted(judgement: Judgement, fault: str) -> None:
    (told,) = trust([judgement]).faults

    assert fault in told


def test_what_is_still_awaited_speaks_neither_for_nor_against() -> None:
    (pending,) = judgements([call(None, ended=False)]).values()

    assert trust([pending]).faults == ()
    assert trust([pending]).judged == 0
