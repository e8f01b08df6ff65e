"""Every cell of the table of roles, and the pages' rows."""

import copy
import pickle
from itertools import product
from pathlib import Path

import pytest

from staging import access
from staging.access import PAGE, ROLE_PERMISSIONS, Actor, Permission, Role, acting, allow, person, set_acting
from staging.access_pages import PAGE_PERMISSIONS, may_open, open_page
from staging.errors import NotAllowed
from staging.origins import origin_of

PAGES = Path(__file__).resolve().parent.parent / "pages"

TABLE = {
    # who may it: r(ater), o(perator), m(anager), a(dmin). Written down twice on purpose.
    "VOTE": "roma",
    "LOOK": "oma",
    "RUN": "oma",
    "JUDGE": "oma",
    "TAKE_AWAY": "oma",
    "SHARE": "oma",
    "SEE_COSTS": "ma",
    "EDIT_PRICES": "ma",
    "EDIT_BUDGETS": "ma",
    "EDIT_PROMPTS": "ma",
    "MANAGE_EXPERIMENTS": "ma",
    "MANAGE_PROJECTS": "ma",
    "SEE_CALIBRATION": "ma",
    "MANAGE_MODELS": "a",
    "MANAGE_PEOPLE": "a",
    "MANAGE_KEYS": "a",
    "SEE_AUDIT": "a",
    "ADMINISTER": "a",
}
PAGE_TABLE = {
    "compare": "oma",
    "history": "oma",
    "rooms": "oma",
    "models": "oma",
    "prompts": "oma",
    "vote": "roma",
    "leaderboard": "oma",
    "experiments": "ma",
    "prices": "ma",
    "costs": "ma",
    "budgets": "ma",
    "alerts": "ma",
    "projects": "ma",
    "calibration": "ma",
    "people": "a",
    "keys": "a",
    "audit": "a",
    "settings": "a",
}


def actor(role: Role) -> Actor:
    return Actor("kim@example.com", role, PAGE)


def test_the_tables_here_name_every_permission_and_every_page() -> None:
    assert set(TABLE) == set(Permission.__members__)
    assert set(PAGE_TABLE) == set(PAGE_PERMISSIONS)
    assert set(ROLE_PERMISSIONS) == set(Role)


@pytest.mark.parametrize(("role", "permission"), list(product(Role, Permission)))
def test_a_role_may_what_the_table_says_and_nothing_else(role: Role, permission: Permission) -> None:
    may = role.value[0] in TABLE[permission.name]

    assert actor(role).may(permission) is may
    if may:
        allow(actor(role), permission)
    else:
        with pytest.raises(NotAllowed, match=f"kim@example.com is an? {role} here, and only .* may {permission}"):
            allow(actor(role), permission)


@pytest.mark.parametrize(("role", "page"), list(product(Role, PAGE_TABLE)))
def test_a_role_opens_the_pages_that_the_table_says_and_no_other(role: Role, page: str) -> None:
    may = role.value[0] in PAGE_TABLE[page]

    assert may_open(actor(role), page) is may
    if may:
        open_page(actor(role), page)
    else:
        with pytest.raises(NotAllowed):
            open_page(actor(role), page)


def test_every_page_has_its_row() -> None:
    here = {path.stem for path in PAGES.glob("*.py")} - {"index", "__init__"}

    assert here <= set(PAGE_PERMISSIONS)


@pytest.mark.parametrize("role", Role)
def test_a_page_without_a_row_opens_for_nobody(role: Role) -> None:
    assert not may_open(actor(role), "new")
    with pytest.raises(NotAllowed, match="no row"):
        open_page(actor(role), "new")


def test_a_permission_in_no_row_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "ROLE_PERMISSIONS", {role: frozenset() for role in Role})

    with pytest.raises(NotAllowed, match="nobody may vote"):
        allow(actor(Role.ADMIN), Permission.VOTE)


@pytest.fixture
def role_now(monkeypatch: pytest.MonkeyPatch) -> list[Role]:
    now = [Role.OPERATOR]
    monkeypatch.setattr(access, "_acting", lambda: actor(now[0]))
    return now


def test_who_acts_is_asked_for_at_every_act(role_now: list[Role]) -> None:
    assert person() == person(Permission.RUN) == "kim@example.com"
    role_now[0] = Role.RATER

    assert person() == "kim@example.com"
    with pytest.raises(NotAllowed, match="may upload rooms"):
        person(Permission.RUN)


def test_a_name_that_is_copied_still_says_where_from(role_now: list[Role]) -> None:
    assert origin_of(copy.deepcopy(person())) == origin_of(pickle.loads(pickle.dumps(person()))) == PAGE


def test_nobody_acts_before_a_page_was_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_acting", None)
    with pytest.raises(NotAllowed, match="Nobody is signed in"):
        person()

    set_acting(lambda: actor(Role.ADMIN))
    assert acting() == actor(Role.ADMIN)
