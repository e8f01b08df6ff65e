"""Who may reach the app, with sign-in and without."""

from pathlib import Path
from typing import Any

import pytest

from staging.config import Settings, read_settings
from staging.doctor import examine
from staging.errors import SettingsRefused
from staging.signin import (
    METADATA_ENDING,
    faults,
    refuse_open_address,
    refuse_unready,
    sign_in_wanted,
    streamlit_secrets,
)
from tests.signed_in import ADMIN, SIGN_IN

WRONG = ("sign-in", False)


def allowed(address: str) -> bool:
    try:
        refuse_open_address(address)
    except SettingsRefused:
        return False
    return True


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_this_machine_is_allowed(address: str) -> None:
    assert allowed(address)


@pytest.mark.parametrize("address", ["", "0.0.0.0", "192.168.1.7", "::", "lab.example.com"])
def test_any_other_address_is_refused_with_what_to_do(address: str) -> None:
    with pytest.raises(SettingsRefused, match=r"this machine only, not on .*--server.address 127\.0\.0\.1"):
        refuse_open_address(address)


BROKEN: list[tuple[dict[str, object], str]] = [
    ({"oidc_client_id": ""}, "STAGING_OIDC_CLIENT_ID is not set"),
    ({"oidc_client_secret": None}, "STAGING_OIDC_CLIENT_SECRET is not set"),
    ({"oidc_metadata_url": ""}, "STAGING_OIDC_METADATA_URL is not set"),
    ({"cookie_secret": None}, "STAGING_COOKIE_SECRET is not set"),
    ({"public_url": ""}, "STAGING_PUBLIC_URL is not set"),
    ({"public_url": "http://lab.example.com"}, "STAGING_PUBLIC_URL is http"),
    ({"oidc_metadata_url": f"http://id.example.com{METADATA_ENDING}"}, "no https address"),
    ({"oidc_metadata_url": f"id.example.com{METADATA_ENDING}"}, "no https address"),
    ({"oidc_metadata_url": "https://id.example.com/"}, "does not end in"),
    ({"cookie_secret": "short"}, "STAGING_COOKIE_SECRET has 5 characters"),
    ({"oidc_client_secret": "c" * 40}, "STAGING_COOKIE_SECRET is the client secret too"),
    ({"admins": ("ada",)}, "STAGING_ADMINS names ada, which is no e-mail address"),
]


def configured(tmp_path: Path, **changed: Any) -> Settings:
    return Settings(data_dir=tmp_path / "data", **{**SIGN_IN, **changed})


def test_a_complete_sign_in_may_listen_anywhere(tmp_path: Path) -> None:
    for url in ("https://lab.example.com", "http://localhost:8501", "http://[::1]:8501"):
        complete = configured(tmp_path, public_url=url)
        assert faults(complete, admins_known=False) == []
        refuse_unready(complete, "0.0.0.0")
        assert streamlit_secrets(complete)["auth"]["redirect_uri"] == f"{url}/oauth2callback"


@pytest.mark.parametrize(("changed", "words"), BROKEN)
def test_what_is_wrong_is_a_sentence_and_the_app_does_not_start(
    tmp_path: Path, changed: dict[str, object], words: str
) -> None:
    broken = configured(tmp_path, **changed)

    assert [words in said for said in faults(broken, admins_known=False)] == [True]
    with pytest.raises(SettingsRefused, match=r"docs/sign_in\.md"):
        refuse_unready(broken, "127.0.0.1")
    assert WRONG in {(one.about, one.fine) for one in examine(broken)}
    said = " ".join(one.said for one in examine(broken) if one.about == "sign-in")
    assert words in said
    assert "c" * 40 not in said


def test_one_part_alone_is_no_sign_in_that_lets_everybody_in(tmp_path: Path) -> None:
    for name in SIGN_IN.keys() - {"public_url"}:
        alone = Settings(data_dir=tmp_path / "data", **{name: SIGN_IN[name]})
        assert sign_in_wanted(alone)
        assert len(faults(alone, admins_known=False)) >= 4


def test_without_sign_in_nothing_is_wrong_and_nothing_is_told_to_streamlit(settings: Settings) -> None:
    assert faults(settings, admins_known=False) == []
    assert streamlit_secrets(settings) == {}
    refuse_unready(settings, "127.0.0.1")
    with pytest.raises(SettingsRefused, match="this machine only"):
        refuse_unready(settings, "0.0.0.0")
    (found,) = [one for one in examine(settings) if one.about == "sign-in"]
    assert found.fine
    assert "one local admin" in found.said


def test_a_sign_in_without_an_admin_is_said_unless_the_page_has_one(tmp_path: Path) -> None:
    adminless = configured(tmp_path, admins=())

    assert ["Nobody is an admin" in one for one in faults(adminless, admins_known=False)] == [True]
    assert faults(adminless, admins_known=True) == []


def test_a_complete_sign_in_is_said_with_where_it_leads(tmp_path: Path) -> None:
    (found,) = [one for one in examine(configured(tmp_path)) if one.about == "sign-in"]

    assert found.fine
    assert "http://127.0.0.1:8501/oauth2callback" in found.said


def test_a_header_that_says_who_somebody_is_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="trustedUserHeaders"):
        refuse_unready(configured(tmp_path), "127.0.0.1", {"X-User": "email"})


@pytest.mark.parametrize(
    "url",
    [
        "lab.example.com",
        "https://lab.example.com/lab",
        "ftp://lab.example.com",
        "https://a@lab.example.com",
        "https://",
    ],
)
def test_a_public_address_is_an_origin(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("STAGING_PUBLIC_URL", url)
    with pytest.raises(SettingsRefused, match="STAGING_PUBLIC_URL cannot be used: It must be such as"):
        read_settings()


def test_admins_are_read_with_commas_or_spaces_in_small_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGING_ADMINS", " Ada@Example.com, kim@example.com\nlee@example.com, ")
    assert read_settings().admins == (ADMIN, "kim@example.com", "lee@example.com")


@pytest.mark.parametrize(
    "url", ["https://Lab.example.com/", " https://lab.example.com:443 ", "https://lab.example.com"]
)
def test_a_public_address_is_kept_as_browsers_name_it(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("STAGING_PUBLIC_URL", url)
    assert read_settings().public_url == "https://lab.example.com"
