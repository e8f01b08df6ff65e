"""The sign-in cookie as the routes read it: whole or in parts, and nothing that Streamlit did not sign."""

import secrets
from typing import Any

import pytest
from streamlit import config
from streamlit.auth_util import set_cookie_with_chunks
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import TOKENS_COOKIE_NAME, USER_COOKIE_NAME

from pages.components import signing_in
from pages.components.signing_in import claims_of, serve_under
from tests.signed_in import claims

SECRET = "c" * 40


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_in, "get_cookie_secret", lambda: SECRET)


def cookies(said: dict[str, Any], secret: str = SECRET, name: str = USER_COOKIE_NAME) -> dict[str, str]:
    """Return the cookies that Streamlit sets at a sign-in."""
    kept: dict[str, str] = {}

    def keep(cookie: str, value: str) -> None:
        kept[cookie] = sign(cookie, value).decode()

    def sign(cookie: str, value: str) -> bytes:
        signed: bytes = create_signed_value(secret, cookie, value)
        return signed

    set_cookie_with_chunks(keep, sign, name, said, cookie_attr_size=100)
    return kept


@pytest.mark.parametrize("groups", [1, 400])
def test_the_claims_are_those_of_the_sign_in_in_one_cookie_or_many(groups: int) -> None:
    said = claims(groups=[secrets.token_hex(20) for _ in range(groups)])
    kept = cookies(said)

    assert (len(kept) > 1) is (groups > 1)
    assert claims_of(kept) == said


def test_what_streamlit_did_not_sign_says_nothing() -> None:
    kept = cookies(claims())
    value = kept[USER_COOKIE_NAME]
    for wrong in (
        {},
        {USER_COOKIE_NAME: ""},
        {USER_COOKIE_NAME: "somebody"},
        {USER_COOKIE_NAME: f"{value}x"},
        {USER_COOKIE_NAME: f"x{value}"},
        {USER_COOKIE_NAME: "\u20ac"},
        {TOKENS_COOKIE_NAME: value},
        {USER_COOKIE_NAME: cookies(claims(), name=TOKENS_COOKIE_NAME)[TOKENS_COOKIE_NAME]},
        cookies(claims(), secret="d" * 40),
        cookies(claims(is_logged_in=False)),
    ):
        assert claims_of(wrong) is None
    many = cookies(claims(groups=[secrets.token_hex(20) for _ in range(400)]))
    del many[f"{USER_COOKIE_NAME}_2"]
    assert claims_of(many) is None


def test_streamlit_answers_under_the_public_address_too(monkeypatch: pytest.MonkeyPatch) -> None:
    options: dict[str, Any] = {"server.allowedHosts": ["127.0.0.1"], "server.corsAllowedOrigins": []}
    monkeypatch.setattr(config, "get_option", options.__getitem__)
    monkeypatch.setattr(config, "set_option", options.__setitem__)

    serve_under("")
    assert options == {"server.allowedHosts": ["127.0.0.1"], "server.corsAllowedOrigins": []}
    serve_under("https://lab.example.com")
    assert options == {
        "server.allowedHosts": ["127.0.0.1", "lab.example.com"],
        "server.corsAllowedOrigins": ["https://lab.example.com"],
    }
