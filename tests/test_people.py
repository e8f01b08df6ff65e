"""Who somebody is by what the provider says, which role they have at this moment, and who may change it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from staging.access import LOCAL_PERSON, PAGE, Actor, Role
from staging.audit import changes
from staging.config import Settings
from staging.errors import EditedMeanwhile, NotAllowed, PeopleRefused, SettingsRefused, SignInNeeded, Stranger
from staging.people import Basis, People
from staging.store import Store
from staging.store.audit import AuditFilter
from tests.signed_in import ADMIN, SIGN_IN, claims

NOW = datetime(2026, 11, 23, tzinfo=UTC)
KIM = "kim@example.com"
ROOT = Actor(ADMIN, Role.ADMIN, PAGE)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path / "staging.duckdb")
    yield store
    store.close()


def people_of(store: Store, **settings: Any) -> People:
    return People(Settings(**{**SIGN_IN, **settings}), store)


@pytest.fixture
def people(store: Store) -> People:
    return people_of(store)


def give(people: People, email: str, role: Role | None, actor: Actor = ROOT) -> None:
    people.set(actor, email, role, NOW, follows=people.roster().version)


def test_without_sign_in_the_local_admin_acts_whatever_is_claimed(store: Store) -> None:
    people = People(Settings(), store)

    assert people.actor(claims("mallory@example.com"), PAGE) == Actor(LOCAL_PERSON, Role.ADMIN, PAGE)


def test_nobody_is_signed_in_without_claims(people: People) -> None:
    for nothing in (None, dict[str, object]()):
        with pytest.raises(SignInNeeded, match="Sign in"):
            people.actor(nothing, PAGE)


def test_a_stranger_has_no_role(people: People) -> None:
    with pytest.raises(Stranger, match=r"kim@example\.com, and nobody has given you a role"):
        people.actor(claims(KIM), PAGE)


@pytest.mark.parametrize("role", Role)
def test_a_role_holds_from_the_next_question_and_ends_with_it(people: People, role: Role) -> None:
    give(people, " Kim@Example.com ", role)
    assert people.actor(claims("KIM@example.com"), PAGE) == Actor(KIM, role, PAGE)

    people.remove(ROOT, KIM, NOW, follows=people.roster().version)
    with pytest.raises(Stranger):
        people.actor(claims(KIM), PAGE)


@pytest.mark.parametrize("hours", [-1.0, 12.5, None, "now", True])
def test_a_sign_in_that_is_over_or_of_no_known_time_counts_no_more(people: People, hours: Any) -> None:
    issued = time.time() - hours * 3600 if isinstance(hours, float) else hours
    with pytest.raises(SignInNeeded, match="sign in again"):
        people.actor(claims(iat=issued), PAGE)


@pytest.mark.parametrize("hours", [0.0, 11.9])
def test_a_sign_in_of_the_last_hours_counts(people: People, hours: float) -> None:
    assert people.actor(claims(iat=time.time() - hours * 3600), PAGE) == ROOT


@pytest.mark.parametrize("verified", [False, "false", None, 0])
def test_an_address_that_the_provider_has_not_verified_is_nobody(people: People, verified: object) -> None:
    with pytest.raises(Stranger, match=r"not verified the address ada@example\.com"):
        people.actor(claims(email_verified=verified), PAGE)


def test_a_provider_that_says_nothing_of_verifying_is_believed(people: People) -> None:
    silent = claims()
    del silent["email_verified"]

    assert people.actor(silent, PAGE) == ROOT


@pytest.mark.parametrize("email", [None, "", 7, "ada", "ada@", "ada@example.com, kim@example.com", ["ada@example.com"]])
def test_no_address_is_nobody(people: People, email: object) -> None:
    with pytest.raises(Stranger, match="did not say your e-mail address"):
        people.actor(claims(email), PAGE)


@pytest.mark.parametrize(
    ("value", "role"),
    [
        ("operator", Role.OPERATOR),
        (["rater", "manager", "of-nothing"], Role.MANAGER),
        (["admin"], Role.ADMIN),
        ("Admin", None),
        ("administrators", None),
        (["owner"], None),
        ({"admin": True}, None),
        (None, None),
    ],
)
def test_a_claim_gives_the_highest_role_that_it_names(store: Store, value: object, role: Role | None) -> None:
    people = people_of(store, role_claim="groups")

    assert people.role(KIM, claims(KIM, groups=value)) == (role and (role, Basis.CLAIM))
    assert people_of(store).role(KIM, claims(KIM, groups=value)) is None, "no claim was set to give roles"


def test_the_page_stands_above_the_claim_and_the_environment_above_both(store: Store) -> None:
    people = people_of(store, role_claim="groups")
    give(people, KIM, Role.RATER)
    assert people.role(KIM, claims(KIM, groups="admin")) == (Role.RATER, Basis.PAGE)

    give(people, KIM, None)
    assert people.role(KIM, claims(KIM, groups="admin")) is None
    assert people_of(store, admins=(KIM,)).role(KIM, claims(KIM)) == (Role.ADMIN, Basis.SETTING)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_admins_change_people(people: People, role: Role) -> None:
    give(people, KIM, Role.ADMIN)
    actor, version = Actor("lee@example.com", role, PAGE), people.roster().version

    with pytest.raises(NotAllowed, match="manage people"):
        people.set(actor, "lee@example.com", Role.ADMIN, NOW, follows=version)
    with pytest.raises(NotAllowed, match="manage people"):
        people.remove(actor, KIM, NOW, follows=version)
    assert people.roster().people == {KIM: "admin"}


def test_the_last_admin_stays(store: Store) -> None:
    give(people_of(store), KIM, Role.ADMIN)
    people = people_of(store, admins=())
    kim, version = Actor(KIM, Role.ADMIN, PAGE), people.roster().version

    for role in (Role.MANAGER, None):
        with pytest.raises(PeopleRefused, match="last admin"):
            people.set(kim, KIM, role, NOW, follows=version)
    with pytest.raises(PeopleRefused, match="last admin"):
        people.remove(kim, KIM, NOW, follows=version)
    give(people, "lee@example.com", Role.ADMIN, kim)
    people.remove(kim, KIM, NOW, follows=people.roster().version)
    assert people.roster().people == {"lee@example.com": "admin"}


def test_what_is_no_address_or_the_environments_is_not_kept(people: People) -> None:
    for email in ("", "kim", "kim@", "<img src=x>@x", "a@b@c", f"{'k' * 250}@x.de"):
        with pytest.raises(PeopleRefused, match="no e-mail address"):
            give(people, email, Role.RATER)
    with pytest.raises(PeopleRefused, match="STAGING_ADMINS"):
        give(people, ADMIN, Role.RATER)
    assert people.versions() == []


def test_nobodys_change_is_lost_and_each_says_who_made_it(people: People) -> None:
    give(people, KIM, Role.RATER)
    with pytest.raises(EditedMeanwhile, match=r"ada@example\.com has changed"):
        people.set(ROOT, KIM, Role.ADMIN, NOW, follows=-1)
    give(people, KIM, Role.OPERATOR)

    assert [(one.written_by, one.note) for one in people.versions()] == [
        (ADMIN, "kim@example.com: operator"),
        (ADMIN, "kim@example.com: rater"),
    ]


def test_a_sign_in_without_any_admin_does_not_start(store: Store) -> None:
    with pytest.raises(SettingsRefused, match="STAGING_ADMINS"):
        people_of(store, admins=()).refuse_adminless()
    give(people_of(store), KIM, Role.ADMIN)
    people_of(store, admins=()).refuse_adminless()


def test_only_people_of_the_same_domain_learn_whom_to_ask(people: People) -> None:
    give(people, "zoe@example.com", Role.ADMIN)
    give(people, KIM, Role.RATER)

    assert people.whom_to_ask("lee@example.com") == [ADMIN, "zoe@example.com"]
    assert people.whom_to_ask("lee@elsewhere.example") == []


def test_the_people_are_read_once_until_a_document_is_written(store: Store, mocker: MockerFixture) -> None:
    people, another = people_of(store), people_of(store)
    give(another, KIM, Role.RATER)
    read = mocker.spy(store.documents, "get")
    for _ in range(5):
        assert people.role(KIM) == (Role.RATER, Basis.PAGE)
    assert read.call_count == 1

    give(another, KIM, Role.MANAGER)
    assert people.role(KIM) == (Role.MANAGER, Basis.PAGE)


def test_a_change_of_roles_is_in_the_audit_log(people: People, store: Store) -> None:
    give(people, KIM, Role.RATER)
    give(people, KIM, Role.ADMIN)

    _, entries = store.audit.list(AuditFilter(), 10)
    last = entries[0]
    assert (last.actor, last.origin, last.act, last.note) == (ADMIN, PAGE, "change people", "kim@example.com: admin")
    assert [(one.before, one.after) for one in changes(last)] == [("rater", "admin")]
