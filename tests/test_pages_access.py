"""The pages with sign-in: who sees which, what is said otherwise, and that a role holds only while it is there."""

import ast
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.navigation.page import StreamlitPage
from streamlit.testing.v1 import AppTest

from staging import access
from staging import lab as labs
from staging.access import PAGE, Actor, Permission, Role
from staging.access_pages import PAGE_PERMISSIONS, may_open
from staging.lab import Lab
from tests.labs import lab_at
from tests.screens import INDEX, SCRIPT, visit, words
from tests.signed_in import ADMIN, SIGN_IN, claims

KIM = "kim@example.com"
ROOT = Actor(ADMIN, Role.ADMIN, PAGE)
PAGES = sorted({path.stem for path in INDEX.parent.glob("*.py")} - {"index", "__init__"})


@pytest.fixture
def lab(first_folder: Path, tmp_path: Path) -> Iterator[Lab]:
    """A lab with sign-in, and ada as its admin."""
    shutil.copytree(first_folder, tmp_path / "data")
    with lab_at(tmp_path / "data", **SIGN_IN) as lab:
        labs.set_current(lab)
        yield lab
        labs.set_current(None)


def give(lab: Lab, role: Role | None) -> None:
    lab.people.set(ROOT, KIM, role, datetime.now(UTC), follows=lab.people.roster().version)


def look(user: dict[str, Any], page: str | None = None) -> AppTest:
    screen = AppTest.from_file(str(INDEX), default_timeout=120)
    screen.user = user
    screen.run()
    if page:
        screen.switch_page(str(INDEX.parent / f"{page}.py")).run()
    assert not screen.exception
    return screen


def shown(screen: AppTest) -> str:
    return "\n".join([*(title.value for title in screen.title), words(screen)])


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The titles of the pages that ran; none of them draws anything."""
    ran: list[str] = []
    monkeypatch.setattr(StreamlitPage, "run", lambda page: ran.append(page.title))
    return ran


@pytest.mark.parametrize("user", [{}, {"is_logged_in": False}, {"email": ADMIN}, claims(is_logged_in="yes")])
def test_nobody_sees_anything_before_they_sign_in(lab: Lab, opened: list[str], user: dict[str, Any]) -> None:
    screen = look(user)
    for page in ("compare", "costs", "people"):
        screen.switch_page(str(INDEX.parent / f"{page}.py")).run()

        assert shown(screen) == "Staging Lab\nSign in to use Staging Lab\\."
        assert [button.key for button in screen.button] == ["sign-in"]
    assert opened == []


def test_a_stranger_gets_in_nowhere_and_learns_whom_to_ask(lab: Lab, opened: list[str]) -> None:
    screen = look(claims(KIM))
    for page in PAGES:
        screen.switch_page(str(INDEX.parent / f"{page}.py")).run()

        assert "You are signed in as kim" in shown(screen)
        assert "Ask an admin to add you: ada" in shown(screen)
        assert [button.key for button in screen.button] == ["sign-out"]
    assert "ada" not in shown(look(claims("kim@elsewhere.example")))
    assert opened == []


@pytest.mark.parametrize("role", Role)
def test_a_page_opens_for_the_roles_of_its_row_only(lab: Lab, opened: list[str], role: Role) -> None:
    """Every cell of role × page, by address."""
    give(lab, role)
    actor = Actor(KIM, role, PAGE)
    screen = look(claims(KIM))
    for page in PAGES:
        opened.clear()
        screen.switch_page(str(INDEX.parent / f"{page}.py")).run()

        assert not screen.exception
        if may_open(actor, page):
            assert opened == [page.capitalize()]
            assert not screen.error
        else:
            assert opened == []
            assert f"an {role} here, and only" in shown(screen) or f"a {role} here, and only" in shown(screen)


def test_the_navigation_lists_what_the_role_may_open(
    lab: Lab, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: list[StreamlitPage] = []
    real = st.navigation

    def navigation(sections: dict[str, list[StreamlitPage]], **more: Any) -> StreamlitPage:
        offered.extend(page for pages in sections.values() for page in pages)
        return real(sections, **more)

    monkeypatch.setattr(st, "navigation", navigation)
    for role in Role:
        give(lab, role)
        offered.clear()
        look(claims(KIM))

        visible = {page.title.lower() for page in offered if page.visibility == "visible"}
        assert visible == {page for page in PAGES if may_open(Actor(KIM, role, PAGE), page)}
    offered.clear()
    look({})
    assert {page.visibility for page in offered} == {"hidden"}


def test_a_role_that_was_taken_away_acts_on_the_next_interaction(lab: Lab) -> None:
    give(lab, Role.OPERATOR)
    screen = look(claims(KIM), "models")
    assert "qwen" in shown(screen)
    lab.people.remove(ROOT, KIM, datetime.now(UTC), follows=lab.people.roster().version)

    screen.run()

    assert "nobody has given you a role" in shown(screen)
    assert [button.key for button in screen.button] == ["sign-out"]


def test_a_press_after_the_role_was_taken_away_does_nothing(lab: Lab) -> None:
    give(lab, Role.ADMIN)
    screen = look(claims(KIM), "people")
    screen.text_input(key="people-email").set_value("lee@example.com")
    lab.people.set(ROOT, KIM, Role.MANAGER, datetime.now(UTC), follows=lab.people.roster().version)

    screen.button(key="people-add").click().run()

    assert "lee@example.com" not in lab.people.roster().people
    assert "only admins may manage people" in shown(screen)


def test_who_became_an_operator_meanwhile_saves_no_prompts(lab: Lab) -> None:
    give(lab, Role.MANAGER)
    screen = look(claims(KIM), "prompts")
    screen.text_area(key="prompts-styles.modern.look").set_value("Something else").run()
    give(lab, Role.OPERATOR)
    screen.button(key="prompts-save").click().run()

    assert lab.prompt_shelf.current().number == 0
    assert "only managers and admins may edit prompts" in shown(screen)


def test_a_fragment_runs_only_while_its_page_is_open_to_the_person(monkeypatch: pytest.MonkeyPatch) -> None:
    role = Role.MANAGER
    monkeypatch.setattr(access, "_acting", lambda: Actor(KIM, role, PAGE))

    def script() -> None:
        import streamlit as st

        from pages.components.calm import calmly

        st.session_state["acting-page"] = "costs"

        @calmly
        def sums() -> None:
            st.markdown("The sums")

        sums()

    screen = AppTest.from_function(script).run()
    assert shown(screen) == "The sums"
    role = Role.OPERATOR

    assert "The sums" not in shown(screen.run())
    assert "only managers and admins may see costs" in shown(screen)


def test_every_fragment_and_dialog_asks_again_who_acts() -> None:
    def name(decorator: ast.expr) -> str:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        return ast.unparse(called)

    seen = 0
    for path in INDEX.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [name(one) for one in node.decorator_list] if isinstance(node, ast.FunctionDef) else []
            if {"st.fragment", "st.dialog"} & set(names):
                seen += 1
                assert names[-1] == "calmly", f"{path.name}: {node.name}"  # type: ignore[attr-defined]
    assert seen >= 8


def test_no_deed_of_a_page_goes_without_its_permission() -> None:
    """A deed asks `person(Permission.X)`; a bare `person()` only reads what is theirs."""
    bare: set[tuple[str, ...]] = set()
    asked: set[tuple[str, ...]] = set()
    for path in INDEX.parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "person":
                (asked if node.args else bare).add((path.stem, *(ast.unparse(one) for one in node.args)))

    assert {one for (one,) in bare} <= {
        "alerts",
        "asking",
        "bell",
        "budgeting",
        "experiment_fields",
        "experiment_runs",
        "finishing",
        "vote_filters",
        "voting",
    }
    assert {(page, permission.removeprefix("Permission.")) for page, permission in asked} >= {
        ("alerts", "EDIT_BUDGETS"),
        ("asking", "RUN"),
        ("bell", "SEE_COSTS"),
        ("bringing", "RUN"),
        ("budgeting", "EDIT_BUDGETS"),
        ("disclosing", "TAKE_AWAY"),
        ("drafts", "EDIT_PROMPTS"),
        ("experiment_fields", "MANAGE_EXPERIMENTS"),
        ("experiment_runs", "RUN"),
        ("experiment_steps", "MANAGE_EXPERIMENTS"),
        ("experiment_votes", "MANAGE_EXPERIMENTS"),
        ("judging", "JUDGE"),
        ("past", "RUN"),
        ("pricing", "EDIT_PRICES"),
        ("queues", "JUDGE"),
        ("rooms", "RUN"),
        ("saved_sets", "RUN"),
        ("settling", "EDIT_PRICES"),
        ("taking", "SHARE"),
        ("upload", "RUN"),
        ("voting", "VOTE"),
        ("watching", "RUN"),
    }


def test_people_are_added_changed_and_taken_off_on_their_page(lab: Lab) -> None:
    screen = look(claims(), "people")
    assert "ada" in shown(screen)
    screen.text_input(key="people-email").set_value("Kim@Example.com")
    screen.selectbox(key="people-role").set_value("operator")
    screen.button(key="people-add").click().run()
    assert lab.people.roster().people == {KIM: "operator"}
    assert "kim\\@\u2060example\\.com is an operator" in shown(screen)

    version = lab.people.roster().version
    screen.selectbox(key=f"people-role-{KIM}-{version}").set_value("blocked").run()
    assert lab.people.roster().people == {KIM: "blocked"}

    version = lab.people.roster().version
    screen.button(key=f"people-remove-{KIM}-{version}").click().run()
    assert lab.people.roster().people == {}
    assert "3 changes" in str([one.label for one in screen.expander])


def test_what_cannot_be_kept_is_said_and_nothing_is_markup(lab: Lab) -> None:
    screen = look(claims(), "people")
    for email in (SCRIPT, "", ADMIN):
        screen.text_input(key="people-email").set_value(email)
        screen.button(key="people-add").click().run()
        assert len(screen.error) == 1
    give(lab, Role.RATER)
    screen.run()
    screen.text_input(key="people-email").set_value(KIM)
    screen.button(key="people-add").click().run()
    assert "is on the list already" in shown(screen)
    assert lab.people.roster().people == {KIM: "rater"}
    assert SCRIPT not in words(screen)


def test_without_sign_in_the_page_says_so_and_who_is_signed_in_is_not_drawn(first_lab: Lab) -> None:
    screen = visit("people")

    assert "No sign\\-in is set up" in words(screen) or "No sign-in is set up" in words(screen)
    assert "sign-out" not in [button.key for button in screen.button]
    assert set(PAGE_PERMISSIONS) >= set(PAGES)
    assert Permission.MANAGE_PEOPLE is PAGE_PERMISSIONS["people"]


def test_an_operator_tries_prompts_and_only_a_manager_saves(lab: Lab) -> None:
    saves = {}
    for role in (Role.OPERATOR, Role.MANAGER):
        give(lab, role)
        screen = look(claims(KIM)).switch_page(str(INDEX.parent / "prompts.py")).run()
        saves[role] = screen.button(key="prompts-save").disabled

    assert saves == {Role.OPERATOR: True, Role.MANAGER: False}
