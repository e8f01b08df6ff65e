"""The Compare page: choose, see what it will cost, run, watch, judge, come back by link."""

from typing import Any

import pytest
from pytest_mock import MockerFixture
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from pages.components.calm import log
from staging.desk import ModelChoice
from staging.lab import Lab
from staging.predictions import Verdict
from staging.rooms import SAMPLE_ROOMS, RoomType
from tests.labs import UNCHANGED, ask, finished, only, photo
from tests.screens import SCRIPT, answer, told, visit, words

FURNISH = "offline/furnish"


def choose(screen: AppTest, *, rooms: list[str] | None = None, models: list[str] | None = None) -> AppTest:
    """Choose these, as a person does with the cards."""
    if rooms is not None:
        screen.session_state["compare-rooms-chosen"] = rooms
    if models is not None:
        screen.session_state["compare-models-chosen"] = models
    return screen.run()


def run_button(screen: AppTest) -> Button:
    return next(button for button in screen.button if button.label == "Compare")


def sample(lab: Lab, kind: RoomType = RoomType.LIVING) -> str:
    return next(room.digest for room in lab.store.rooms.list() if room.room_type is kind)


def test_a_first_visitor_can_press_compare_at_once(first_lab: Lab) -> None:
    screen = visit()

    assert told(screen, "compare-rooms")["chosen"] == [sample(first_lab)]
    assert told(screen, "compare-models")["chosen"] == [FURNISH, UNCHANGED]
    assert not run_button(screen).disabled
    assert "**2 pictures** (1 room × 2 models)" in words(screen)


def test_sample_rooms_stand_apart_from_ones_own(first_lab: Lab) -> None:
    own = first_lab.desk.keep_room(photo(), "mine.png", "tester")

    groups = told(visit(), "compare-rooms")["groups"]

    assert [group["name"] for group in groups] == ["Your rooms", "Sample rooms"]
    assert [choice["id"] for choice in groups[0]["choices"]] == [own.digest]
    assert len(groups[1]["choices"]) == len(SAMPLE_ROOMS)


def test_a_model_that_cannot_run_is_shown_with_the_reason(first_lab: Lab) -> None:
    barred = [group for group in told(visit(), "compare-models")["groups"] if group["folded"]]

    assert len(barred) == 1
    assert len(barred[0]["choices"]) == 23
    assert all(choice["disabled"] for choice in barred[0]["choices"])
    assert "REPLICATE_API_TOKEN" in barred[0]["note"]


def test_a_model_that_cannot_run_is_not_run_when_a_browser_insists(first_lab: Lab) -> None:
    screen = choose(visit(), models=["qwen/qwen-image-edit"])

    assert run_button(screen).disabled


def model_card(screen: AppTest, model: str) -> dict[str, Any]:
    groups = told(screen, "compare-models")["groups"]
    return next(card for group in groups for card in group["choices"] if card["id"] == model)


def test_a_models_card_says_what_our_own_runs_showed(first_lab: Lab) -> None:
    assert model_card(visit(), UNCHANGED)["facts"] == ["no history yet · published: 1.0 s"]
    for shade, verdict in enumerate((Verdict.ACCEPTED, Verdict.REJECTED, Verdict.UNDECIDED)):
        seen = only(finished(first_lab, ask(first_lab, UNCHANGED, rooms=[photo(shade)])))
        first_lab.desk.mark(seen.prediction.id, "tester", verdict=verdict)

    time, acceptance = model_card(visit(), UNCHANGED)["facts"]

    assert time.endswith("s, median of 3 runs")
    assert acceptance == "1 of 2 accepted (50 %)"


def test_rooms_can_be_filtered_by_what_differs_among_them(first_lab: Lab) -> None:
    first_lab.desk.keep_room(photo(1), "a.png", "ada", project="Elm Street")
    first_lab.desk.keep_room(photo(2), "b.png", "ben", project="Oak Street", room_type=RoomType.KITCHEN)

    rooms = told(visit(), "compare-rooms")

    filters = {one["key"]: [value for value, _ in one["options"]] for one in rooms["filters"]}
    assert filters["project"] == ["Elm Street", "Oak Street"]
    assert filters["by"] == ["Staging Lab", "ada", "ben"]
    assert filters["type"] == ["living", "bedroom", "dining", "kitchen", "office", "outdoor", "other"]
    (mine,) = [card for card in rooms["groups"][0]["choices"] if card["title"] == "b.png"]
    assert mine["facets"]["project"] == ["Oak Street"]
    assert filters["added"][0] == mine["facets"]["added"][0] > filters["added"][1]  # today, and six days before


def test_a_filter_that_would_change_nothing_is_left_out(first_lab: Lab) -> None:
    assert [one["key"] for one in told(visit(), "compare-rooms")["filters"]] == ["type", "added"]


def test_offline_baselines_are_named_so_on_their_cards(first_lab: Lab) -> None:
    cards = told(visit(), "compare-models")["groups"][0]["choices"]

    for card in cards:
        label = (card["title"] + " ".join(badge["text"] for badge in card["badges"])).casefold()
        assert "offline baseline" in label


def test_nothing_chosen_says_what_to_do(first_lab: Lab) -> None:
    screen = choose(visit(), rooms=[])

    assert run_button(screen).disabled
    assert "Choose at least one room and one model." in words(screen)


def test_without_any_room_the_page_asks_for_a_photo(first_lab: Lab) -> None:
    for room in first_lab.store.rooms.list():
        first_lab.store.rooms.archive(room.digest, "tester", room.uploaded_at)

    screen = visit()

    assert "No rooms yet. Add a photo" in words(screen)
    assert run_button(screen).disabled


def test_each_room_type_has_a_prompt_of_its_own(first_lab: Lab) -> None:
    screen = choose(visit(), rooms=[sample(first_lab), sample(first_lab, RoomType.BEDROOM)])

    living = screen.text_area(key="compare-prompt-modern-living").value
    bedroom = screen.text_area(key="compare-prompt-modern-bedroom").value
    assert living == first_lab.prompts.prompt("modern", RoomType.LIVING)
    assert bedroom == first_lab.prompts.prompt("modern", RoomType.BEDROOM)
    assert living != bedroom


def test_another_style_brings_another_prompt(first_lab: Lab) -> None:
    screen = visit()

    answer(screen, "compare-style", "japandi")

    prompt = screen.text_area(key="compare-prompt-japandi-living").value
    assert prompt == first_lab.prompts.prompt("japandi", RoomType.LIVING)


def test_the_prompt_is_logged_as_it_was_edited(first_lab: Lab) -> None:
    screen = choose(visit(), models=[UNCHANGED])

    screen.text_area(key="compare-prompt-modern-living").set_value("Add one red chair.").run()
    run_button(screen).click().run()

    seen = only(finished(first_lab, screen.query_params["comparison"]))
    assert seen.prediction.prompt == "Add one red chair."
    assert seen.prediction.style == "modern"
    assert seen.prediction.prompt_version == f"shipped {first_lab.prompts.version}"


def test_an_empty_prompt_is_refused_with_a_sentence(first_lab: Lab) -> None:
    screen = visit()

    screen.text_area(key="compare-prompt-modern-living").set_value(" ").run()

    assert run_button(screen).disabled
    assert "must have between 1 and" in words(screen)


def test_seeds_multiply_the_pictures(first_lab: Lab) -> None:
    screen = choose(visit(), models=[FURNISH])

    answer(screen, "compare-seeds", 3)

    assert "**3 pictures**" in words(screen)


def test_pressing_compare_starts_and_gives_the_address_of_the_comparison(first_lab: Lab) -> None:
    screen = choose(visit(), models=[UNCHANGED])

    run_button(screen).click().run()

    (comparison,) = first_lab.store.comparisons.list()
    assert screen.query_params["comparison"] == comparison.id
    assert [column["name"] for column in told(screen, f"compare-grid-{comparison.id}")["columns"]] == [
        "Offline baseline: unchanged"
    ]
    finished(first_lab, comparison.id)


def test_the_same_press_heard_twice_asks_once(first_lab: Lab) -> None:
    screen = choose(visit(), models=[UNCHANGED])
    late = visit()  # what a second click brings: the page as it was before the first was answered
    for name in ("compare-order", "compare-models-chosen", "compare-rooms-chosen"):
        late.session_state[name] = screen.session_state[name]
    late.run()

    run_button(screen).click().run()
    run_button(late).click().run()

    assert len(first_lab.store.comparisons.list()) == 1
    assert late.query_params["comparison"] == screen.query_params["comparison"]
    finished(first_lab, screen.query_params["comparison"])


def test_another_comparison_is_another_order(first_lab: Lab) -> None:
    screen = choose(visit(), models=[UNCHANGED])
    run_button(screen).click().run()
    screen.button(key="compare-new").click().run()

    run_button(screen).click().run()

    assert len(first_lab.store.comparisons.list()) == 2
    for comparison in first_lab.store.comparisons.list():
        finished(first_lab, comparison.id)


def test_a_link_shows_the_finished_comparison_to_anybody(first_lab: Lab) -> None:
    comparison = ask(first_lab, UNCHANGED, rooms=[photo(1), photo(2)])
    finished(first_lab, comparison)

    grid = told(visit(comparison=comparison), f"compare-grid-{comparison}")

    cells = [cell for row in grid["rows"] for cell in row["cells"]]
    assert [cell["state"] for cell in cells] == ["done", "done"]
    assert all(cell["picture"]["url"].startswith("/pictures/thumbnail/") for cell in cells)
    assert all(cell["facts"].endswith("· $0") for cell in cells)


def test_a_finished_comparison_says_so_and_asks_no_more(first_lab: Lab) -> None:
    comparison = ask(first_lab, UNCHANGED)
    finished(first_lab, comparison)

    screen = visit(comparison=comparison)

    assert "1 of 1 done" in words(screen)
    assert not screen.progress
    assert "compare-cancel-all" not in [button.key for button in screen.button]


def test_cancel_all_stops_what_is_under_way(first_lab: Lab) -> None:
    comparison = ask(first_lab, ModelChoice(UNCHANGED, seeds=8), rooms=[photo(shade) for shade in range(8)])
    screen = visit(comparison=comparison)
    assert screen.progress

    screen.button(key="compare-cancel-all").click().run()

    states = {cell.prediction.state.value for cell in finished(first_lab, comparison).cells.values()}
    assert "canceled" in states


def test_an_unknown_comparison_is_a_sentence_and_a_way_on(first_lab: Lab) -> None:
    screen = visit(comparison="nobody-knows")
    assert "nobody\\-knows" in words(screen)

    screen.button(key="compare-new").click().run()

    assert "comparison" not in screen.query_params
    assert run_button(screen)


def test_past_comparisons_can_be_opened_again(first_lab: Lab) -> None:
    comparison = ask(first_lab, UNCHANGED, rooms=[photo(1), photo(2)])
    finished(first_lab, comparison)

    (group,) = told(visit(), "compare-recent")["groups"]

    (card,) = group["choices"]
    assert card["id"] == comparison
    assert card["detail"] == "2 rooms × 1 model · $0 · tester"
    assert card["badges"][0]["text"] == "2 pictures"


def test_an_upload_is_kept_and_chosen_and_a_bad_file_is_named(first_lab: Lab) -> None:
    screen = visit()
    uploader = screen.file_uploader(key="compare-upload-files-0")

    uploader.upload("good.jpg", photo(7, kind="JPEG")).upload("bad.jpg", b"no picture at all")
    screen.run()

    (own,) = [room for room in first_lab.store.rooms.list() if not room.sample]
    assert own.name == "good.jpg"
    assert own.digest in told(screen, "compare-rooms")["chosen"]
    (error,) = screen.error
    assert "**bad\\.jpg** was not added" in error.value
    assert "good" not in error.value


def test_what_is_uploaded_gets_the_room_type_that_was_set(first_lab: Lab) -> None:
    screen = visit()

    screen.selectbox(key="compare-upload-type").select(RoomType.KITCHEN).run()
    screen.file_uploader(key="compare-upload-files-0").upload("k.png", photo(9))
    screen.run()

    (own,) = [room for room in first_lab.store.rooms.list() if not room.sample]
    assert own.room_type is RoomType.KITCHEN


def test_unknown_prices_are_named_beside_the_known_money(first_lab: Lab, mocker: MockerFixture) -> None:
    mocker.patch.object(first_lab.desk, "_refusals", {})  # as with a token: planning sends nothing
    screen = choose(visit(), models=["qwen/qwen-image-edit", "google/nano-banana-2"])

    assert "about \\$0\\.03 ·" in words(screen)
    assert "price unknown for Nano Banana 2" in words(screen)


def test_a_price_that_varies_is_a_range(first_lab: Lab, mocker: MockerFixture) -> None:
    mocker.patch.object(first_lab.desk, "_refusals", {})
    screen = choose(visit(), models=["jschoormans/interior-v2"])

    assert "· \\$0\\.0053 to \\$0\\.0215 ·" in words(screen)  # 5.5 to 22 s of hardware: no history of our own yet


def test_what_has_only_unknown_prices_is_not_called_free(first_lab: Lab, mocker: MockerFixture) -> None:
    mocker.patch.object(first_lab.desk, "_refusals", {})
    screen = choose(visit(), models=["google/nano-banana-2"])

    assert "price unknown for Nano Banana 2" in words(screen)
    assert "\\$0" not in words(screen)


def dear_screen(lab: Lab, mocker: MockerFixture) -> AppTest:
    """A run of eleven pictures at a price that nobody knows."""
    mocker.patch.object(lab.desk, "_refusals", {})
    mocker.patch.object(lab.engine, "wake")  # nothing is sent: it stays in the queue
    rooms = [lab.desk.keep_room(photo(shade), "room.png", "tester").digest for shade in range(11)]
    return choose(visit(), rooms=rooms, models=["google/nano-banana-2"])


def confirm_button(screen: AppTest) -> Button | None:
    return next((button for button in screen.button if button.label == "Run it"), None)


def test_a_run_that_may_be_dear_asks_first_and_names_the_amount(first_lab: Lab, mocker: MockerFixture) -> None:
    screen = dear_screen(first_lab, mocker)

    run_button(screen).click().run()

    assert first_lab.store.comparisons.list() == []
    assert "11 pictures · price unknown for Nano Banana 2" in words(screen)
    confirmed = confirm_button(screen)
    assert confirmed is not None
    confirmed.click().run()
    (comparison,) = first_lab.store.comparisons.list()
    assert screen.query_params["comparison"] == comparison.id


def test_a_run_that_was_not_confirmed_buys_nothing_and_can_be_asked_for_again(
    first_lab: Lab, mocker: MockerFixture
) -> None:
    screen = dear_screen(first_lab, mocker)
    run_button(screen).click().run()

    next(button for button in screen.button if button.label == "Not now").click().run()

    assert confirm_button(screen) is None
    assert first_lab.store.comparisons.list() == []
    run_button(screen).click().run()
    assert confirm_button(screen)


def test_a_confirmation_heard_twice_buys_once(first_lab: Lab, mocker: MockerFixture) -> None:
    screen = dear_screen(first_lab, mocker)
    late = visit()
    for name in ("compare-order", "compare-models-chosen", "compare-rooms-chosen"):
        late.session_state[name] = screen.session_state[name]
    late.run()
    for one in (screen, late):
        run_button(one).click().run()
        confirmed = confirm_button(one)
        assert confirmed
        confirmed.click().run()

    assert len(first_lab.store.comparisons.list()) == 1
    assert late.query_params["comparison"] == screen.query_params["comparison"]


def test_no_name_of_a_file_becomes_markup(first_lab: Lab) -> None:
    screen = visit()

    screen.file_uploader(key="compare-upload-files-0").upload(f"{SCRIPT}.jpg", b"nothing")
    screen.run()

    (error,) = screen.error
    assert "\\<img src=x onerror=alert\\(1\\)\\>" in error.value
    assert SCRIPT not in words(screen)


def test_no_project_and_no_prompt_becomes_markup(first_lab: Lab) -> None:
    room = first_lab.desk.keep_room(photo(), SCRIPT, "tester", project=SCRIPT)
    plan = first_lab.desk.plan(
        [room.digest], [ModelChoice(UNCHANGED)], style="modern", prompts={room.digest: SCRIPT}, project=SCRIPT
    )
    comparison = first_lab.desk.start(plan, "tester", name=SCRIPT)
    prediction = only(finished(first_lab, comparison)).prediction.id

    screen = visit(comparison=comparison, view=prediction)

    assert SCRIPT not in words(screen)
    assert ["Prompt", SCRIPT] in told(screen, "viewer")["shots"][1]["facts"]  # drawn as text: see tests/browser


def test_what_nobody_foresaw_is_a_number_here_and_a_traceback_in_the_log(first_lab: Lab, mocker: MockerFixture) -> None:
    logged = mocker.spy(log, "exception")
    mocker.patch.object(type(first_lab.desk), "models", side_effect=RuntimeError("secret detail"))

    screen = visit()

    (error,) = screen.error
    assert logged.call_count == 1
    assert logged.call_args.args[1] in error.value
    assert "secret detail" not in words(screen)
    assert not screen.exception


def test_the_grid_of_a_broken_ledger_is_calm_too(first_lab: Lab, mocker: MockerFixture) -> None:
    comparison = ask(first_lab, UNCHANGED)
    finished(first_lab, comparison)
    mocker.patch.object(type(first_lab.store.rooms), "of", side_effect=RuntimeError("secret detail"))

    screen = visit(comparison=comparison)

    (error,) = screen.error
    assert "tell the person who runs Staging Lab this number" in error.value


@pytest.mark.parametrize("style", ["", "no such style"])
def test_a_style_that_does_not_exist_falls_back_to_the_first(first_lab: Lab, style: str) -> None:
    screen = visit()
    screen.session_state["compare-style"] = style

    screen.run()

    assert screen.text_area(key="compare-prompt-modern-living")
