"""Prompts on Compare (per room type, per model, for a run), and the Prompts page (editing, history, upgrades)."""

import pytest
from streamlit.testing.v1 import AppTest

from staging.lab import Lab
from staging.prompts import PromptBook, changed
from staging.registry import ModelID
from staging.rooms import RoomType
from staging.shelf import KIND, NAME
from tests.labs import UNCHANGED, finished, only
from tests.ledgers import NOW
from tests.screens import INDEX, SCRIPT, answer, visit, words

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
    assert "without your edit" not in words(screen)

    screen.text_area(key=LIVING).set_value("Add one red chair.").run()

    assert "FLUX.1 Kontext Pro gets other words, without your edit." in said(screen)
    screen.toggle(key="compare-same-words").set_value(True).run()
    assert "without your edit" not in words(screen)


def test_every_run_tells_the_browser_the_words_of_an_area(first_lab: Lab) -> None:
    """Those of the session alone are told once: a press that ends the run before they are sent loses them."""
    screen = visit()
    told = [screen.text_area(key=LIVING).proto.default]
    screen.run()
    told.append(screen.text_area(key=LIVING).proto.default)

    assert told == [first_lab.prompts.prompt("modern", RoomType.LIVING)] * 2


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


# ── the Prompts page ─────────────────────────────────────────────────────────────────────────────

LOOK_AREA = "prompts-styles.modern.look"


def prompts_page(part: str = "Styles") -> AppTest:
    screen = visit("prompts")
    return screen if part == "Styles" else answer(screen, "prompts-part", part)


def type_look(screen: AppTest, look: str) -> AppTest:
    return screen.text_area(key=LOOK_AREA).set_value(look).run()


def said(screen: AppTest) -> str:
    """Return the page's words as a person reads them, the marks that keep them harmless left out."""
    return words(screen).replace("\\", "")


def sent(screen: AppTest) -> str:
    return "\n".join(block.value for block in screen.code)


def test_an_edited_style_is_saved_with_who_and_why(first_lab: Lab) -> None:
    screen = type_look(prompts_page(), "loud")
    assert "furnish it in loud." in sent(screen), "the preview shows it before it is saved"
    assert "1 unsaved change: styles.modern.look" in said(screen)
    assert first_lab.prompt_shelf.current().number == 0

    screen.text_input(key="prompts-note").set_value("Quiet did not sell").run()
    press(screen, "Save")

    now = first_lab.prompt_shelf.current()
    assert (now.number, now.written_by, now.note) == (1, "local", "Quiet did not sell")
    assert now.usable().style_words["modern"].look == "loud"
    assert "Saved as version 1" in said(screen)
    assert "unsaved" not in said(screen)
    assert screen.text_input(key="prompts-note").value == ""


def test_a_fault_is_named_and_what_was_typed_stays(first_lab: Lab) -> None:
    screen = answer(prompts_page(), "prompts-part", "Templates")
    area = "prompts-templates.furnish"
    screen.text_area(key=area).set_value("Furnish it in {feel}.").run()
    assert "This cannot be saved yet" in said(screen)

    press(screen, "Save")

    assert "Nothing was saved. templates.furnish: {feel} cannot be filled in" in said(screen)
    assert screen.text_area(key=area).value == "Furnish it in {feel}."
    assert first_lab.prompt_shelf.current().number == 0


def test_of_two_editors_the_second_sees_what_changed_and_loses_nothing(first_lab: Lab) -> None:
    screen = type_look(prompts_page(), "mine")
    screen.text_input(key="prompts-note").set_value("my reason").run()
    save(first_lab, "theirs")

    press(screen, "Save")
    read = said(screen)
    assert "Nothing was saved: ada has changed 'house prompts' meanwhile" in read
    assert "ada saved version 1" in read
    assert "+theirs" in sent(screen)
    assert screen.text_area(key=LOOK_AREA).value == "mine"
    assert screen.text_input(key="prompts-note").value == "my reason"
    assert first_lab.prompts.style_words["modern"].look == "theirs"

    press(screen, "Put my changes on top of Version 1")
    assert first_lab.prompts.style_words["modern"].look == "theirs", "only Save saves"
    press(screen, "Save")
    now = first_lab.prompt_shelf.current()
    assert (now.number, now.note, now.usable().style_words["modern"].look) == (2, "my reason", "mine")


def test_changes_put_on_top_leave_what_the_other_one_changed_elsewhere(first_lab: Lab) -> None:
    screen = prompts_page()
    screen = answer(screen, "prompts-style", "coastal")
    screen.text_area(key="prompts-styles.coastal.look").set_value("salty").run()
    save(first_lab, "theirs")
    press(screen.run(), "Put my changes on top of Version 1")

    press(screen, "Save")

    looks = first_lab.prompts.style_words
    assert (looks["modern"].look, looks["coastal"].look) == ("theirs", "salty")


def test_discard_brings_the_book_back(first_lab: Lab) -> None:
    screen = type_look(prompts_page(), "mine")

    press(screen, "Discard")

    assert screen.text_area(key=LOOK_AREA).value == first_lab.prompts.style_words["modern"].look
    assert "unsaved" not in said(screen)


def test_unsaved_changes_survive_other_parts_and_pages(first_lab: Lab) -> None:
    screen = type_look(prompts_page(), "mine")
    answer(screen, "prompts-style", "coastal")
    answer(screen, "prompts-part", "Room types")
    screen.switch_page(str(INDEX.parent / "rooms.py")).run()
    screen.switch_page(str(INDEX.parent / "prompts.py")).run()

    answer(screen, "prompts-part", "Styles")
    answer(screen, "prompts-style", "modern")

    assert screen.text_area(key=LOOK_AREA).value == "mine"


def test_saving_without_a_change_writes_no_version(first_lab: Lab) -> None:
    screen = press(prompts_page(), "Save")

    assert "no version was saved" in said(screen)
    assert first_lab.prompt_shelf.editions()[0].written_at is None


def test_a_style_can_be_added_and_taken_away(first_lab: Lab) -> None:
    screen = prompts_page()
    screen.text_input(key="prompts-new-style").set_value(" Art Deco ").run()
    press(screen, "Add")
    screen.text_area(key="prompts-styles.art deco.look").set_value("an art deco style: brass, fans").run()
    answer(screen, "prompts-style", "luxury")
    press(screen, "Take this style away")
    press(screen, "Save")

    styles = first_lab.prompts.styles()
    assert styles[-1] == "art deco"
    assert "luxury" not in styles
    assert "an art deco style: brass, fans" in first_lab.prompts.prompt("art deco", RoomType.LIVING)


def test_a_style_with_a_name_that_cannot_be_used_is_refused(first_lab: Lab) -> None:
    screen = prompts_page()
    screen.text_input(key="prompts-new-style").set_value("<b>bold</b>").run()
    press(screen, "Add")
    press(screen, "Save")

    assert "a name has small letters" in said(screen)
    assert "<b>" not in words(screen).replace("\\<b\\>", "")
    assert first_lab.prompt_shelf.current().number == 0


def test_a_room_types_words_can_be_edited(first_lab: Lab) -> None:
    screen = prompts_page("Room types")
    screen.text_area(key="prompts-rooms.living.furniture").set_value("one red chair").run()
    press(screen, "Save")

    assert "Add one red chair." in first_lab.prompts.prompt("modern", RoomType.LIVING)


def test_a_model_gets_words_of_its_own_and_loses_them_again(first_lab: Lab) -> None:
    screen = prompts_page("Templates")
    screen.selectbox(key="prompts-template-model").set_value(QWEN).run()
    own = f"prompts-models.{QWEN}.furnish"
    assert screen.text_area(key=own).value == ""
    assert screen.text_area(key=own).placeholder == first_lab.prompts.templates["furnish"]

    screen.text_area(key=own).set_value("Put {furniture} in.").run()
    press(screen, "Save")
    assert first_lab.prompts.prompt("modern", RoomType.LIVING, QWEN).startswith("Put a sofa")

    screen.text_area(key=own).set_value(" ").run()
    press(screen, "Save")
    assert QWEN not in first_lab.prompts.model_templates


def test_the_history_says_who_when_why_and_what(first_lab: Lab) -> None:
    save(first_lab, "loud")
    save(first_lab, "quiet")

    screen = prompts_page("History")

    read = said(screen)
    assert read.index("Version 2") < read.index("Version 1") < read.index("**Shipped")
    assert "22 Nov 2026, 12:00 · ada · now quiet" in read
    assert next(block.value for block in screen.code if block.value[0] == "@").splitlines()[1:] == ["-loud", "+quiet"]
    again = [button.key for button in screen.button if button.label == "Make this the current one again"]
    assert again == ["prompts-again-1", "prompts-again-0"]


def test_an_older_version_becomes_a_new_one(first_lab: Lab) -> None:
    save(first_lab, "loud")
    save(first_lab, "quiet")

    prompts_page("History").button(key="prompts-again-1").click().run()

    now = first_lab.prompt_shelf.current()
    assert (now.number, now.note, now.written_by) == (3, "Version 1 again", "local")
    assert now.usable().style_words["modern"].look == "loud"


def test_an_older_version_is_not_put_over_one_that_nobody_here_has_seen(first_lab: Lab) -> None:
    save(first_lab, "loud")
    screen = prompts_page("History")
    save(first_lab, "quiet")

    screen.button(key="prompts-again-0").click().run()

    assert "Nothing was saved: ada has changed" in said(screen)
    assert first_lab.prompts.style_words["modern"].look == "quiet"


def upgraded(lab: Lab) -> PromptBook:
    """Have the product ship another wording, as after an upgrade."""
    newer = changed(lab.prompt_shelf.shipped.body(), {("version",): "2027-01-01", LOOK: "newer"})
    lab.prompt_shelf.shipped = PromptBook.checked(newer)
    return lab.prompt_shelf.shipped


def test_after_an_upgrade_the_shipped_prompts_are_offered_not_taken(first_lab: Lab) -> None:
    save(first_lab, "ours")
    assert "ships other prompts" not in said(prompts_page())
    newer = upgraded(first_lab)

    screen = prompts_page()
    assert "This release ships other prompts** (2027-01-01)" in said(screen)
    assert first_lab.prompts.style_words["modern"].look == "ours"

    press(screen, "Take the shipped prompts")
    assert first_lab.prompts == newer
    assert "ships other prompts" not in said(screen)


def test_ours_can_be_kept_after_an_upgrade(first_lab: Lab) -> None:
    save(first_lab, "ours")
    upgraded(first_lab)

    screen = press(prompts_page(), "Keep ours")

    assert first_lab.prompts.style_words["modern"].look == "ours"
    assert "ships other prompts" not in said(screen)


def test_a_book_of_another_release_leaves_a_way_back(first_lab: Lab) -> None:
    save(first_lab, "ours")
    first_lab.store.documents.write(KIND, NAME, {"of": "the future"}, "ada", NOW)

    compare = visit()
    assert "Version 2 of the prompts cannot be used by this release" in said(compare)
    screen = prompts_page()
    assert "Version 2 cannot be used by this release" in said(screen)
    screen.button(key="prompts-again-1").click().run()

    assert first_lab.prompts.style_words["modern"].look == "ours"


def test_nobodys_words_become_markup(first_lab: Lab) -> None:
    now = first_lab.prompt_shelf.current()
    first_lab.prompt_shelf.keep(
        changed(now.usable().body(), {LOOK: SCRIPT}), SCRIPT, NOW, note=SCRIPT, follows=now.number
    )

    for part in ("Styles", "History"):
        screen = prompts_page(part)
        assert SCRIPT not in words(screen)
