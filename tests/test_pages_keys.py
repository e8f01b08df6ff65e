"""The API keys page: a key is made and shown once, listed without it, revoked, and every refusal is a sentence."""

from streamlit.testing.v1 import AppTest

from staging.access import Actor, Role
from staging.lab import Lab
from tests.screens import visit, words

ADMIN = Actor("local", Role.ADMIN, "page")


def made(screen: AppTest, name: str) -> AppTest:
    screen.text_input(key="keys-name").set_value(name)
    screen.selectbox(key="keys-role").set_value(Role.MANAGER)
    return screen.button(key="keys-make").click().run()


def shown(screen: AppTest) -> list[str]:
    return [one.value for one in screen.code if one.value.startswith("stg_")]


def test_a_key_is_shown_once_and_works(first_lab: Lab) -> None:
    screen = made(visit("keys"), "service")

    (token,) = shown(screen)
    holder = first_lab.keys.holder(token)
    assert holder == Actor("API key service", Role.MANAGER, "API key service")
    assert "shown this once" in words(screen)
    screen.run()
    assert shown(screen) == []
    assert token not in words(screen)
    assert "service" in words(screen)
    assert "keys-made" not in screen.session_state


def test_a_revoked_key_moves_to_those_no_longer_in_force(first_lab: Lab) -> None:
    key = first_lab.keys.make(ADMIN, "old one", Role.RATER, 1)
    screen = visit("keys")
    screen.button(key=f"keys-revoke-{key.key.id}").click().run()

    assert "its next request is refused" in words(screen)
    assert [one.label for one in screen.expander] == ["1 key no longer in force"]
    assert first_lab.keys.holder(key.token) is None


def test_a_name_that_cannot_be_given_is_a_sentence(first_lab: Lab) -> None:
    screen = visit("keys")
    assert "Make the first key below" in words(screen)
    assert "No key was made" in words(made(screen, "kim@example.com"))
    assert first_lab.keys.list() == []
