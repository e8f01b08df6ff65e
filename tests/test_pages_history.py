"""History: comparisons found again; and what may be done with one."""

from decimal import Decimal

from streamlit.testing.v1 import AppTest

from staging.desk import ModelChoice
from staging.lab import Lab
from staging.store import ComparisonFilter
from tests.labs import UNCHANGED, ask, finished, only, photo
from tests.scored import score
from tests.screens import answer, told, visit, words


def listed(screen: AppTest) -> list[str]:
    (group,) = told(screen, "history-list")["groups"]
    return [card["id"] for card in group["choices"]]


def test_without_any_comparison_it_says_what_to_do(first_lab: Lab) -> None:
    assert "Make the first one on the Compare page" in words(visit("history"))


def test_comparisons_are_found_by_words_and_filters(first_lab: Lab) -> None:
    first, second = ask(first_lab, UNCHANGED), ask(first_lab, UNCHANGED, rooms=[photo(9)])
    for one in (first, second):
        finished(first_lab, one)
    screen = visit("history")
    screen_all = listed(screen)

    screen.text_input(key="history-words").set_value("unchanged nothing-like-it").run()
    none = words(screen)
    screen.text_input(key="history-words").set_value("UNCHANGED").run()

    assert screen_all == [second, first]
    assert "No comparison passes these filters" in none
    assert listed(screen) == [second, first]


def test_comparisons_with_a_changed_structure_are_found(first_lab: Lab) -> None:
    sound, changed = ask(first_lab, UNCHANGED), ask(first_lab, UNCHANGED, rooms=[photo(9)])
    for one, is_changed in ((sound, False), (changed, True)):
        made = only(finished(first_lab, one))
        first_lab.store.scores.record(score(made.prediction.id, changed=is_changed))
    screen = visit("history")
    assert listed(screen) == [changed, sound]

    screen.toggle(key="history-changed").set_value(True).run()

    assert listed(screen) == [changed]


def test_a_comparison_is_named_noted_and_archived_and_found_so(first_lab: Lab) -> None:
    comparison = ask(first_lab, UNCHANGED)
    finished(first_lab, comparison)
    screen = visit(comparison=comparison)

    screen.text_input(key=f"manage-name-{comparison}").set_value(" North *rooms* ")
    screen.text_area(key=f"manage-note-{comparison}").set_value("look again")
    next(button for button in screen.button if button.label == "Save").click().run()
    screen.button(key="manage-archive").click().run()

    seen = first_lab.store.comparisons.get(comparison)
    assert (seen.name, seen.note, seen.archived) == ("North *rooms*", "look again", True)
    assert "North \\*rooms\\*" in words(screen)
    history = visit("history")
    assert "No comparison" in words(history)
    history.toggle(key="history-archived").set_value(True).run()
    assert listed(history) == [comparison]
    screen.button(key="manage-restore").click().run()
    assert not first_lab.store.comparisons.get(comparison).archived


def test_run_again_asks_for_the_same(first_lab: Lab) -> None:
    comparison = ask(first_lab, ModelChoice(UNCHANGED, seeds=2), rooms=[photo(1), photo(2)], prompt="Add a chair.")
    finished(first_lab, comparison)
    screen = visit(comparison=comparison)

    screen.button(key="manage-again").click().run()

    again = screen.query_params["comparison"]
    assert again != comparison
    finished(first_lab, again)
    assert first_lab.desk.recipe(again) == first_lab.desk.recipe(comparison)
    assert first_lab.store.comparisons.line(again).succeeded == 4


def test_duplicate_with_changes_begins_with_the_same_choices(first_lab: Lab) -> None:
    rooms = [room.digest for room in first_lab.store.rooms.list()][1:3]
    choices = [ModelChoice(UNCHANGED, seeds=3), ModelChoice("offline/furnish", {"quality": "draft"})]
    plan = first_lab.desk.plan(rooms, choices, style="japandi", prompts=dict.fromkeys(rooms, "Add a chair."))
    comparison = first_lab.desk.start(plan, "ada")
    first_lab.desk.cancel_comparison(comparison, "ada")
    finished(first_lab, comparison)
    screen = visit(comparison=comparison)

    screen.button(key="manage-duplicate").click().run()

    assert "comparison" not in screen.query_params
    assert set(told(screen, "compare-rooms")["chosen"]) == set(rooms)
    assert set(told(screen, "compare-models")["chosen"]) == {UNCHANGED, "offline/furnish"}
    assert {area.value for area in screen.text_area} >= {"Add a chair."}
    assert "**8 pictures**" in words(screen)
    assert screen.session_state["compare-parameters"] == {"offline/furnish": {"quality": "draft"}}


def test_a_model_that_cannot_run_any_more_is_a_sentence(first_lab: Lab) -> None:
    comparison = ask(first_lab, UNCHANGED)
    finished(first_lab, comparison)
    screen = visit(comparison=comparison)
    first_lab.desk._refusals = {UNCHANGED: "It is switched off."}

    screen.button(key="manage-again").click().run()

    assert "cannot be run here" in words(screen)
    assert len(first_lab.store.comparisons.list()) == 1


def test_a_toast_tells_on_another_page_that_it_is_finished_and_only_once(first_lab: Lab) -> None:
    comparison = ask(first_lab, UNCHANGED)
    finished(first_lab, comparison)
    screen = visit("rooms")
    screen.session_state["finishing-awaited"] = {comparison}

    screen.run()
    told_first = [toast.value for toast in screen.toast]
    screen.run()

    assert len(told_first) == 1
    assert "is finished: 1 of 1 picture made" in told_first[0]
    assert f"/?comparison={comparison}" in told_first[0]
    assert [toast.value for toast in screen.toast] == []


def test_who_looks_at_it_needs_no_toast(first_lab: Lab) -> None:
    comparison = ask(first_lab, UNCHANGED)
    finished(first_lab, comparison)
    screen = visit(comparison=comparison)
    screen.session_state["finishing-awaited"] = {comparison}

    screen.run()

    assert [toast.value for toast in screen.toast] == []
    assert screen.session_state["finishing-awaited"] == set()


def test_what_failed_is_tried_again_together(first_lab: Lab) -> None:
    comparison = ask(first_lab, UNCHANGED, rooms=[photo(1), photo(2)])
    first_lab.desk.cancel_comparison(comparison, "ada")
    view = finished(first_lab, comparison)
    lost = sum(not cell.prediction.outputs for cell in view.cells.values())

    assert first_lab.desk.retry_failed(comparison, "ada") == (lost, 0, "")

    assert first_lab.store.comparisons.line(comparison).predictions == 2
    finished(first_lab, comparison)
    line = first_lab.store.comparisons.find(ComparisonFilter())[0]
    assert (line.succeeded, line.spent_usd) == (2, Decimal(0))


def test_favourites_of_all_rooms_stand_together(first_lab: Lab) -> None:
    none = words(answer(visit("history"), "history-kind", "Favourites"))
    ids = []
    for shade in (1, 2, 3):
        view = finished(first_lab, ask(first_lab, UNCHANGED, rooms=[photo(shade)]))
        ids += [cell.prediction.prediction.id for cell in view.cells.values()]
    first_lab.desk.mark(ids[0], "ada", favourite=True, stars=5)
    first_lab.desk.mark(ids[2], "ben", favourite=True)
    first_lab.desk.mark(ids[1], "ben", favourite=True)
    first_lab.desk.mark(ids[1], "ben", favourite=False)

    screen = answer(visit("history"), "history-kind", "Favourites")

    (group,) = told(screen, "history-favourites")["groups"]
    assert "No favourites yet" in none
    assert [card["id"] for card in group["choices"]] == [ids[2], ids[0]]
    assert [badge["text"] for badge in group["choices"][1]["badges"]] == ["★★★★★"]
