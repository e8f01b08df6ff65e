"""The Compare page's prompts: per room type and per model, edited for a run, following the book that is saved."""

import pytest
from streamlit.testing.v1 import AppTest

from staging.lab import Lab
from staging.prompts import changed
from staging.registry import ModelID
from staging.rooms import RoomType
from tests.labs import UNCHANGED, finished, only
from tests.ledgers import NOW
from tests.screens import answer, visit, words

LIVING = "compare-prompt-modern-living"
KONTEXT, INTERIOR, QWEN = ModelID.FLUX_KONTEXT_PRO, ModelID.INTERIOR_V2, ModelID.QWEN_IMAGE_EDIT
LOOK = ("styles", "modern", "look")


def save(lab: Lab, look: str) -> None:
    now = lab.prompt_shelf.current()
    lab.prompt_shelf.keep(
        changed(now.usable().body(), {LOOK: look}), "ada", NOW, note=f"now {look}", follows=now.number
    )


def choose(screen: AppTest, *models: str) -> AppTest:
    screen.session_state["compare-models-chosen"] = list(models)
    return screen.run()


def areas(screen: AppTest) -> dict[str, str]:
    return {area.key: area.value or "" for area in screen.text_area if area.key}


def press(screen: AppTest, label: str) -> AppTest:
    return next(button for button in screen.button if button.label == label).click().run()


@pytest.fixture
def connected(first_lab: Lab) -> Lab:
    """The lab as if Replicate were connected: choosing its models is enough here, nothing is run."""
    first_lab.desk._refusals = {}
    return first_lab


def test_only_models_with_words_of_their_own_get_an_area_of_their_own(connected: Lab) -> None:
    shown = areas(choose(visit(), QWEN, KONTEXT))

    assert shown == {
        LIVING: connected.prompts.prompt("modern", RoomType.LIVING),
        f"{LIVING}-{KONTEXT}": connected.prompts.prompt("modern", RoomType.LIVING, KONTEXT),
    }


def test_what_is_sent_to_a_model_is_what_its_area_says(connected: Lab) -> None:
    screen = choose(visit(), QWEN, KONTEXT, INTERIOR)
    screen.text_area(key=f"{LIVING}-{KONTEXT}").set_value("Add one red chair.").run()

    press(screen, "Compare")

    cells = connected.store.predictions.of_comparison(screen.query_params["comparison"])
    assert {cell.prediction.model: cell.prediction.prompt for cell in cells} == {
        QWEN: connected.prompts.prompt("modern", RoomType.LIVING),
        KONTEXT: "Add one red chair.",
        INTERIOR: connected.prompts.prompt("modern", RoomType.LIVING, INTERIOR),
    }


def test_one_text_for_all_can_be_asked_for(connected: Lab) -> None:
    screen = choose(visit(), QWEN, KONTEXT)

    screen.toggle(key="compare-same-words").set_value(True).run()
    press(screen, "Compare")

    cells = connected.store.predictions.of_comparison(screen.query_params["comparison"])
    assert {cell.prediction.prompt for cell in cells} == {connected.prompts.prompt("modern", RoomType.LIVING)}


def test_an_edit_that_a_model_does_not_get_is_said(connected: Lab) -> None:
    screen = choose(visit(), QWEN, KONTEXT)
    assert "is not in these texts" not in words(screen)

    screen.text_area(key=LIVING).set_value("Add one red chair.").run()

    assert "What you edited above is not in these texts." in words(screen)


def test_reset_brings_back_the_text_of_the_book(first_lab: Lab) -> None:
    screen = visit()
    assert not [button for button in screen.button if button.label == "Reset"]

    screen.text_area(key=LIVING).set_value("Add one red chair.").run()
    assert "Edited for this run" in words(screen)
    press(screen, "Reset")

    assert areas(screen)[LIVING] == first_lab.prompts.prompt("modern", RoomType.LIVING)
    assert "Edited for this run" not in words(screen)


def test_an_edit_survives_another_style_and_back(first_lab: Lab) -> None:
    screen = visit()
    screen.text_area(key=LIVING).set_value("Add one red chair.").run()

    answer(screen, "compare-style", "declutter")
    assert areas(screen)["compare-prompt-declutter-living"].startswith("Empty this living room")
    answer(screen, "compare-style", "modern")

    assert areas(screen)[LIVING] == "Add one red chair."


def test_a_text_that_nobody_touched_follows_the_book(first_lab: Lab) -> None:
    screen = choose(visit(), UNCHANGED)

    save(first_lab, "loud")
    screen.run()
    assert "furnish it in loud." in areas(screen)[LIVING]
    press(screen, "Compare")

    logged = only(finished(first_lab, screen.query_params["comparison"])).prediction
    assert "furnish it in loud." in logged.prompt
    assert logged.prompt_version == "1"


def test_an_edited_text_stays_and_keeps_the_version_it_was_made_from(first_lab: Lab) -> None:
    screen = choose(visit(), UNCHANGED)
    screen.text_area(key=LIVING).set_value("Add one red chair.").run()

    save(first_lab, "loud")
    screen.run()
    assert areas(screen)[LIVING] == "Add one red chair."
    assert "the prompts were changed since" in words(screen)
    press(screen, "Compare")

    logged = only(finished(first_lab, screen.query_params["comparison"])).prediction
    assert logged.prompt == "Add one red chair."
    assert logged.prompt_version == f"shipped {first_lab.prompt_shelf.shipped.version}"


def test_reset_takes_the_text_as_it_is_now(first_lab: Lab) -> None:
    screen = visit()
    screen.text_area(key=LIVING).set_value("Add one red chair.").run()
    save(first_lab, "loud")

    press(screen.run(), "Reset")

    assert "furnish it in loud." in areas(screen)[LIVING]


def test_a_style_that_was_taken_away_gives_way_to_the_first(first_lab: Lab) -> None:
    screen = answer(visit(), "compare-style", "luxury")
    now = first_lab.prompt_shelf.current()
    gone = changed(now.usable().body(), {("styles", "luxury"): None})
    first_lab.prompt_shelf.keep(gone, "ada", NOW, note="", follows=0)

    screen.run()

    assert not screen.exception
    assert list(areas(screen)) == [LIVING]
