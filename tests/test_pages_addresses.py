"""What a press put into the address stays there when a question from before the press comes after it."""

from collections.abc import Mapping

import pytest

from pages.components import addresses
from staging.lab import Lab
from tests.labs import UNCHANGED, ask, finished
from tests.screens import told, visit

LATER = addresses.HOLD_SECONDS + 0.1


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock of one hand, to be turned by the test."""
    hand = [100.0]
    monkeypatch.setattr("pages.components.addresses.monotonic", lambda: hand[0])
    return hand


def test_a_late_question_with_the_address_from_before_changes_nothing(first_lab: Lab, seconds: list[float]) -> None:
    comparison = ask(first_lab, UNCHANGED)
    finished(first_lab, comparison)
    screen = visit(comparison=comparison)
    screen.button(key="compare-new").click().run()
    assert "comparison" not in screen.query_params

    screen.query_params["comparison"] = comparison  # as a timer's question that was on its way
    screen.run()

    assert "comparison" not in screen.query_params
    assert told(screen, "compare-rooms")

    screen.query_params["comparison"] = comparison  # the control: later it is what somebody wants
    seconds[0] += LATER
    screen.run()

    assert told(screen, f"compare-grid-{comparison}")


@pytest.mark.parametrize(("takes", "held"), [(LATER, True), (addresses.LONGEST_START_SECONDS + 0.1, False)])
def test_a_server_that_takes_its_time_holds_the_address_all_the_same(
    first_lab: Lab, seconds: list[float], monkeypatch: pytest.MonkeyPatch, takes: float, held: bool
) -> None:
    comparison = ask(first_lab, UNCHANGED)
    finished(first_lab, comparison)
    screen = visit(comparison=comparison)
    write = addresses._write

    def slowly(wanted: Mapping[str, str]) -> None:
        write(wanted)
        seconds[0] += takes  # between the press and the run that follows it

    monkeypatch.setattr("pages.components.addresses._write", slowly)
    screen.button(key="compare-new").click().run()
    monkeypatch.setattr("pages.components.addresses._write", write)

    screen.query_params["comparison"] = comparison
    screen.run()

    assert ("comparison" not in screen.query_params) is held
    assert told(screen, "compare-rooms" if held else f"compare-grid-{comparison}")


def test_another_address_is_followed_at_once(first_lab: Lab, seconds: list[float]) -> None:
    first, second = ask(first_lab, UNCHANGED), ask(first_lab, UNCHANGED)
    finished(first_lab, first)
    finished(first_lab, second)
    screen = visit(comparison=first)
    screen.button(key="compare-new").click().run()

    screen.query_params["comparison"] = second
    screen.run()

    assert told(screen, f"compare-grid-{second}")


def test_who_goes_on_to_another_page_takes_nothing_along(first_lab: Lab, seconds: list[float]) -> None:
    comparison = ask(first_lab, UNCHANGED)
    finished(first_lab, comparison)
    screen = visit(comparison=comparison)
    screen.button(key="compare-new").click().run()
    (room, *_) = first_lab.store.rooms.list()

    screen.switch_page("rooms.py")
    screen.query_params["comparison"] = comparison
    screen.run()
    assert screen.query_params["comparison"] == comparison

    screen.query_params.clear()
    screen.query_params["room"] = room.digest
    screen.run()
    assert screen.text_area(key=f"room-note-{room.digest}").value == room.note
