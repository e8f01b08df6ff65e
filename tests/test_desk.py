"""Planning and asking, before anything runs."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from staging.config import read_settings
from staging.desk import Amount, ModelChoice, Origin
from staging.errors import ConfirmationNeeded, EventRefused, NotFound, ParametersRefused, UnknownModel, UploadRejected
from staging.lab import Lab, open_lab
from staging.predictions import CHOSEN, Mark, Reason, State, Verdict
from tests.labs import UNCHANGED, ask, finished, lab_at, only, photo, run_one
from tests.replicate_server import ReplicateServer


@pytest.fixture
def lab(tmp_path: Path, replicate_server: ReplicateServer) -> Iterator[Lab]:
    with lab_at(tmp_path, replicate_server) as lab:
        yield lab


def room(lab: Lab, shade: int = 0) -> str:
    return lab.desk.keep_room(photo(shade, (2000, 1000)), "room.png", "tester").digest


def plan(lab: Lab, *choices: ModelChoice, prompt: str = "Furnish.") -> object:
    digest = room(lab)
    return lab.desk.plan([digest], choices, style="modern", prompts={digest: prompt})


def test_a_plan_is_rooms_by_models_by_seeds(lab: Lab) -> None:
    rooms = [room(lab, 1), room(lab, 2)]
    choices = [ModelChoice("qwen/qwen-image-edit", seeds=3), ModelChoice("google/nano-banana", seeds=2)]
    made = lab.desk.plan(rooms, choices, style="modern", prompts=dict.fromkeys(rooms, "Furnish."))
    assert [(cell.room.digest, cell.spec.id, cell.seed) for cell in made.cells[:5]] == [
        (rooms[0], "qwen/qwen-image-edit", 1),
        (rooms[0], "qwen/qwen-image-edit", 2),
        (rooms[0], "qwen/qwen-image-edit", 3),
        (rooms[0], "google/nano-banana", None),  # it takes no seed
        (rooms[0], "google/nano-banana", None),
    ]
    assert made.estimate.count == 10


def test_the_estimate_names_unknown_prices_and_leaves_them_out_of_the_sum(lab: Lab) -> None:
    digest = room(lab)
    choices = [ModelChoice("qwen/qwen-image-edit", seeds=2), ModelChoice("google/nano-banana-2")]
    made = lab.desk.plan([digest], choices, style="modern", prompts={digest: "Furnish."})
    assert made.estimate.known_usd == Decimal("0.06")
    assert made.estimate.unknown_models == (lab.registry.get("google/nano-banana-2").name,)
    assert made.estimate.seconds is not None


def test_the_estimate_follows_the_parameters(lab: Lab) -> None:
    digest = room(lab)
    small, large = (
        lab.desk.plan(
            [digest],
            [ModelChoice("black-forest-labs/flux-2-pro", {"resolution": size})],
            style="modern",
            prompts={digest: "Furnish."},
        ).estimate.known_usd
        for size in ("1 MP", "4 MP")
    )
    assert large - small == 3 * Decimal("0.015")


def test_an_estimate_by_time_is_a_range_that_our_own_runs_narrow(lab: Lab) -> None:
    digest = room(lab)
    model = ModelChoice("jschoormans/interior-v2")
    before = lab.desk.plan([digest], [model], style="modern", prompts={digest: "Furnish."}).estimate
    rate = Decimal("0.000975")

    assert (before.lowest_usd, before.highest_usd) == (Decimal("0.005363"), Decimal("0.02145"))
    done = [run_one(lab, model, rooms=[photo(shade)]).run_seconds or 0 for shade in range(5)]
    after = lab.desk.plan([digest], [model], style="modern", prompts={digest: "Furnish."}).estimate
    assert min(done) <= float(after.lowest_usd / rate) <= float(after.highest_usd / rate) + 1e-9 <= max(done) + 0.01
    assert after.highest_usd < before.lowest_usd


def test_an_estimate_by_size_allows_for_rounded_edges(lab: Lab) -> None:
    digest = lab.desk.keep_room(photo(3, (1155, 866)), "room.png", "tester").digest
    flux = [ModelChoice("black-forest-labs/flux-2-pro")]
    made = lab.desk.plan([digest], flux, style="modern", prompts={digest: "Furnish."}).estimate

    assert made.highest_usd - made.lowest_usd == Decimal("0.015")  # one started megapixel
    assert made.lowest_usd <= made.known_usd <= made.highest_usd


def test_what_is_ahead_makes_it_longer(lab: Lab) -> None:
    digest = room(lab)
    lab.engine.stop()  # nothing ends meanwhile
    alone, behind = (
        (
            lab.desk.plan([digest], [ModelChoice(UNCHANGED)], style="modern", prompts={digest: "x"}).estimate,
            ask(lab, ModelChoice(UNCHANGED, seeds=8)),
        )[0]
        for _ in range(2)
    )

    assert (alone.ahead, behind.ahead) == (0, 8)
    assert (alone.seconds, behind.seconds) == (1.0, 9.0)


def test_a_dear_run_is_refused_until_its_amount_is_confirmed(lab: Lab) -> None:
    rooms = [room(lab, shade) for shade in range(3)]
    choices = [ModelChoice("google/nano-banana-2", seeds=4), ModelChoice("qwen/qwen-image-edit")]
    made = lab.desk.plan(rooms, choices, style="modern", prompts=dict.fromkeys(rooms, "Furnish."))

    assert lab.desk.must_confirm(made)
    for less in (None, Amount(Decimal("0.09"), 11), Amount(Decimal("0.08"), 12)):
        with pytest.raises(ConfirmationNeeded, match=r"\$0\.09 and 12 images of unknown price.*more than \$5\.00"):
            lab.desk.start(made, "tester", confirmed=less)
    assert lab.store.comparisons.list() == []
    lab.desk.start(made, "tester", confirmed=Amount(Decimal("0.09"), 12))
    assert len(lab.store.comparisons.list()) == 1


@pytest.mark.parametrize(
    ("choice", "error", "words"),
    [
        (ModelChoice("nobody/nothing"), UnknownModel, "Known models"),
        (ModelChoice("qwen/qwen-image-edit", {"output_quality": 900}), ParametersRefused, "output_quality"),
        (ModelChoice("qwen/qwen-image-edit", {"tempo": 1}), ParametersRefused, "tempo"),
        (ModelChoice("qwen/qwen-image-edit", seeds=0), ParametersRefused, "1 to 8 seeds"),
        (ModelChoice("qwen/qwen-image-edit", seeds=99), ParametersRefused, "1 to 8 seeds"),
    ],
)
def test_what_cannot_run_is_refused_with_the_reason(
    lab: Lab, choice: ModelChoice, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        plan(lab, choice)


def test_nothing_chosen_is_a_sentence(lab: Lab) -> None:
    with pytest.raises(ParametersRefused, match="at least one room and one model"):
        lab.desk.plan([], [ModelChoice(UNCHANGED)], style="modern", prompts={})


@pytest.mark.parametrize("prompt", ["", "   ", "x" * 5001])
def test_a_prompt_has_a_length(lab: Lab, prompt: str) -> None:
    with pytest.raises(ParametersRefused, match=r"prompt for room\.png"):
        plan(lab, ModelChoice(UNCHANGED), prompt=prompt)


def test_a_room_that_is_not_there_is_a_sentence(lab: Lab) -> None:
    with pytest.raises(NotFound):
        lab.desk.plan(["0" * 64], [ModelChoice(UNCHANGED)], style="modern", prompts={"0" * 64: "x"})


def test_a_comparison_too_large_to_look_at_is_refused(lab: Lab) -> None:
    rooms = [room(lab, shade) for shade in range(4)]
    choices = [ModelChoice(spec.id, seeds=8) for spec in lab.registry][:16]
    with pytest.raises(ParametersRefused, match=r"512 images .* at most 500"):
        lab.desk.plan(rooms, choices, style="modern", prompts=dict.fromkeys(rooms, "Furnish."))


def test_without_a_token_replicates_models_say_what_to_set(tmp_path: Path) -> None:
    with lab_at(tmp_path / "plain") as lab:
        offers = {str(offer.spec.id): offer for offer in lab.desk.models()}
        assert offers["offline/unchanged"].available
        assert not offers["qwen/qwen-image-edit"].available
        assert "REPLICATE_API_TOKEN" in offers["qwen/qwen-image-edit"].reason
        with pytest.raises(ParametersRefused, match="REPLICATE_API_TOKEN"):
            plan(lab, ModelChoice("qwen/qwen-image-edit"))


def test_offline_models_run_on_the_data_folder_that_nobody_chose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default folder is relative, and the process that stages works from a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STAGING_SAMPLE_ROOMS", "false")
    lab = open_lab(read_settings())
    try:
        assert run_one(lab, UNCHANGED).state is State.SUCCEEDED
    finally:
        lab.close()
    assert (tmp_path / "data" / "pictures").is_dir()


def test_the_same_pixels_are_the_same_room(lab: Lab) -> None:
    first = lab.desk.keep_room(photo(7), "a.png", "tester")
    again = lab.desk.keep_room(photo(7), "b.png", "tester")
    assert again.digest == first.digest


def test_a_file_that_is_no_picture_is_refused_by_name(lab: Lab) -> None:
    with pytest.raises(UploadRejected, match=r"^holiday\.jpg: "):
        lab.desk.keep_room(b"hello", "holiday.jpg", "tester")


def test_a_verdict_is_logged_and_the_last_word_counts(lab: Lab) -> None:
    comparison = ask(lab, UNCHANGED)
    now = only(finished(lab, comparison))
    lab.desk.mark(now.prediction.id, "tester", verdict=Verdict.ACCEPTED)
    assert only(lab.desk.look(comparison)).verdict is Verdict.ACCEPTED
    lab.desk.mark(now.prediction.id, "tester", verdict=Verdict.REJECTED)
    assert only(lab.desk.look(comparison)).verdict is Verdict.REJECTED


def test_a_mark_changes_only_what_is_said(lab: Lab) -> None:
    one = only(finished(lab, ask(lab, UNCHANGED))).prediction.id

    lab.desk.mark(one, "ada", stars=4, favourite=True)
    lab.desk.mark(one, "ben", reasons=[Reason.LIGHT, Reason.STRUCTURE])
    seen = lab.desk.mark(one, "ada", note=" too dark ")

    assert seen == Mark(Verdict.REJECTED, (Reason.STRUCTURE, Reason.LIGHT), 4, "too dark", favourite=True)
    assert lab.store.predictions.get(one).mark == seen
    assert lab.desk.mark(one, "ada", verdict=Verdict.ACCEPTED, stars=0) == Mark(
        Verdict.ACCEPTED, (), None, "too dark", favourite=True
    )


@pytest.mark.parametrize(("said", "words"), [({"stars": 6}, "1 to 5 stars"), ({"note": "x" * 2001}, "2000 characters")])
def test_a_mark_out_of_its_limits_is_refused(lab: Lab, said: dict[str, Any], words: str) -> None:
    one = only(finished(lab, ask(lab, UNCHANGED))).prediction.id

    with pytest.raises(ParametersRefused, match=words):
        lab.desk.mark(one, "ada", **said)

    assert lab.store.predictions.get(one).mark == Mark()


def test_a_model_can_be_told_otherwise_than_the_rest(lab: Lab) -> None:
    digest = room(lab)
    choices = [ModelChoice(UNCHANGED), ModelChoice("qwen/qwen-image-edit", prompts={digest: "Add one chair."})]

    made = lab.desk.plan([digest], choices, style="modern", prompts={digest: "Furnish."}, prompt_version="7")

    assert [cell.prompt for cell in made.cells] == ["Furnish.", "Add one chair."]
    comparison = lab.desk.start(made, "ada")
    assert {now.prediction.prompt_version for now in lab.store.predictions.of_comparison(comparison)} == {"7"}


def test_what_has_no_picture_cannot_be_judged_and_what_succeeded_cannot_be_retried(
    lab: Lab, replicate_server: ReplicateServer
) -> None:
    replicate_server.reset(seconds=20)
    running = only(lab.desk.look(ask(lab, "qwen/qwen-image-edit")))
    with pytest.raises(EventRefused, match="no output to judge"):
        lab.desk.mark(running.prediction.id, "tester", verdict=Verdict.ACCEPTED)
    with pytest.raises(ParametersRefused, match="tried again"):
        lab.desk.retry(running.prediction.id, "tester")
    done = only(finished(lab, ask(lab, UNCHANGED)))
    assert done.state is State.SUCCEEDED
    with pytest.raises(ParametersRefused, match="tried again"):
        lab.desk.retry(done.prediction.id, "tester")


def test_what_a_person_chose_is_logged_as_that(lab: Lab) -> None:
    prediction = run_one(lab, UNCHANGED).prediction

    assert (prediction.rule, prediction.rule_note, prediction.arm) == (CHOSEN, None, None)


def test_a_model_is_run_on_its_own_rooms_and_logged_with_its_reason(lab: Lab) -> None:
    first, second = (lab.desk.keep_room(photo(shade), f"{shade}.png", "tester").digest for shade in (1, 2))
    origin = Origin("experiment's arm", "the room's hash falls to arm A", "x/1/A")
    choices = [
        ModelChoice(UNCHANGED, rooms=frozenset({first}), origin=origin),
        ModelChoice("offline/furnish", rooms=frozenset({second})),
    ]

    plan = lab.desk.plan([first, second], choices, style="modern", prompts=dict.fromkeys((first, second), "Furnish."))
    view = lab.desk.look(lab.desk.start(plan, "tester"))

    asked = {one.prediction.room: one.prediction for one in view.tries}
    assert [asked[room].model for room in (first, second)] == [UNCHANGED, "offline/furnish"]
    assert (asked[first].rule, asked[first].rule_note, asked[first].arm) == origin
    assert (asked[second].rule, asked[second].arm) == (CHOSEN, None)
    kept = lab.store.predictions.get(asked[first].id).prediction
    assert (kept.rule, kept.rule_note, kept.arm) == origin
    with pytest.raises(ParametersRefused, match="None of the chosen models"):
        lab.desk.plan([first], [choices[1]], style="modern", prompts={first: "Furnish."})
