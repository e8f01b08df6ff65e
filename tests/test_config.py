"""What the environment may say, and what is refused."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from staging.config import REPLICATE_URL, Settings, read_settings, variable
from staging.errors import SettingsRefused

DOCUMENTED = Path(__file__).resolve().parent.parent / "docs" / "settings.md"


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = read_settings()

    assert settings == Settings()
    assert settings.data_dir == Path("data").resolve()
    assert settings.ledger_path == Path("data/staging.duckdb").resolve()
    assert settings.default_model == "qwen/qwen-image-edit"
    assert settings.replicate_api_token is None
    assert settings.replicate_base_url == REPLICATE_URL
    assert settings.output_hosts == ()


@pytest.mark.parametrize(
    ("name", "given", "field", "expected"),
    [
        ("STAGING_DATA_DIR", "/var/lib/staging", "data_dir", Path("/var/lib/staging")),
        ("STAGING_CONCURRENCY", "7", "concurrency", 7),
        ("STAGING_DEADLINE_SECONDS", "1.5", "deadline_seconds", 1.5),
        ("REPLICATE_BASE_URL", "http://127.0.0.1:8123/", "replicate_base_url", "http://127.0.0.1:8123"),
        ("REPLICATE_BASE_URL", " ", "replicate_base_url", REPLICATE_URL),
        ("STAGING_OUTPUT_HOSTS", "127.0.0.1:8123, files.example.com ,", "output_hosts",
         ("127.0.0.1:8123", "files.example.com")),
    ],
)  # fmt: skip
def test_a_setting_is_read_from_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, given: str, field: str, expected: object
) -> None:
    monkeypatch.setenv(name, given)

    assert getattr(read_settings(), field) == expected


def test_every_field_has_a_variable_of_its_own() -> None:
    names = [variable(field) for field in Settings.model_fields]

    assert len(set(names)) == len(names)
    assert variable("data_dir") == "STAGING_DATA_DIR"
    assert variable("replicate_api_token") == "REPLICATE_API_TOKEN"


@pytest.mark.parametrize("name", [variable(field) for field in Settings.model_fields])
def test_an_empty_value_means_the_default(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "")

    assert read_settings() == Settings()


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        ("STAGING_DATADIR", "STAGING_DATA_DIR"),
        ("STAGING_CONCURENCY", "STAGING_CONCURRENCY"),
        ("staging_data_dri", "STAGING_DATA_DIR"),
        ("STAGING_REPLICATE_API_TOKEN", "REPLICATE_API_TOKEN"),
        ("STAGING_LEDGER_PATH", None),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(
    monkeypatch: pytest.MonkeyPatch, wrong: str, nearest: str | None
) -> None:
    monkeypatch.setenv(wrong, "x")

    with pytest.raises(SettingsRefused) as refused:
        read_settings()

    assert str(refused.value).startswith(f"{wrong} is not a setting of Staging Lab. Did you mean ")
    if nearest is not None:
        assert f" {nearest}?" in str(refused.value)


def test_names_for_the_tests_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGING_TEST_ANYTHING", "x")

    assert read_settings() == Settings()


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("STAGING_CONCURRENCY", "many"),
        ("STAGING_CONCURRENCY", "0"),
        ("STAGING_OFFLINE_WORKERS", "17"),
        ("STAGING_DEADLINE_SECONDS", "0"),
        ("STAGING_DEADLINE_SECONDS", "nan"),
        ("STAGING_POLL_SLOWEST_SECONDS", "0.05"),
        ("REPLICATE_BASE_URL", "api.replicate.com"),
        ("REPLICATE_BASE_URL", "ftp://127.0.0.1"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, given: str
) -> None:
    monkeypatch.setenv(name, given)

    with pytest.raises(SettingsRefused, match=f"^{name} cannot be used: .+[.]$") as refused:
        read_settings()

    assert "\n" not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("url", ["http://example.com", "http://10.0.0.1", "http://127.0.0.1.example.com", "http://"])
def test_the_token_is_never_sent_in_the_clear_to_another_machine(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("REPLICATE_BASE_URL", url)

    with pytest.raises(SettingsRefused, match="REPLICATE_BASE_URL"):
        read_settings()


@pytest.mark.parametrize("url", ["http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1", "https://example.com"])
def test_plain_http_is_allowed_on_this_machine_and_https_everywhere(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("REPLICATE_BASE_URL", url)

    assert read_settings().replicate_base_url == url


def test_a_model_version_in_the_environment_is_ignored_with_one_warning_that_names_the_registry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REPLICATE_MODEL_VERSION", "0" * 64)

    with pytest.warns(UserWarning, match="REPLICATE_MODEL_VERSION is ignored") as warned:
        settings = read_settings()

    assert len(warned) == 1
    assert "model registry (staging/models/)" in str(warned[0].message)
    assert settings == Settings()


def test_a_token_is_taken_without_the_blanks_it_was_pasted_with(
    monkeypatch: pytest.MonkeyPatch, canary_token: str
) -> None:
    monkeypatch.setenv("REPLICATE_API_TOKEN", f" {canary_token}\n")

    token = read_settings().replicate_api_token

    assert token is not None
    assert token.get_secret_value() == canary_token


def test_a_blank_token_is_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLICATE_API_TOKEN", "  ")

    assert read_settings().replicate_api_token is None


def test_a_secret_is_in_no_text_of_the_settings(monkeypatch: pytest.MonkeyPatch, canary_token: str) -> None:
    monkeypatch.setenv("REPLICATE_API_TOKEN", canary_token)

    settings = read_settings()

    assert canary_token not in repr(settings) + str(settings) + settings.model_dump_json()
    assert settings.replicate_api_token is not None
    assert canary_token in settings.replicate_api_token.get_secret_value()  # the control: it is there


@pytest.mark.parametrize("name", ["STAGING_CONCURRENCY", "STAGING_DEADLINE_SECONDS", "REPLICATE_BASE_URL"])
def test_a_secret_set_under_the_wrong_name_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, canary_token: str, name: str
) -> None:
    monkeypatch.setenv(name, canary_token)

    with pytest.raises(SettingsRefused, match=name) as refused:
        read_settings()

    assert canary_token not in str(refused.value)


def test_settings_never_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().concurrency = 1  # type: ignore[misc]


def test_an_unknown_argument_is_refused() -> None:
    with pytest.raises(ValidationError, match="no_such_setting"):
        Settings(no_such_setting=1)


def test_every_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]*) \|", DOCUMENTED.read_text(), re.MULTILINE))

    assert sorted(rows) == sorted(variable(field) for field in Settings.model_fields)
    for field, info in Settings.model_fields.items():
        assert rows[variable(field)].strip() == shown(info.default), field


def shown(default: object) -> str:
    if default in (None, "", ()):
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def test_every_setting_explains_itself() -> None:
    assert [field for field, info in Settings.model_fields.items() if not info.description] == []


def test_the_data_folder_is_known_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child process with a working directory of its own must find the same files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STAGING_DATA_DIR", "somewhere")
    assert read_settings().data_dir == tmp_path / "somewhere"
    monkeypatch.delenv("STAGING_DATA_DIR")
    assert read_settings().data_dir == tmp_path / "data"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("slack://a/b/c", ["slack://a/b/c"]),
        (" slack://a/b/c  \n jsons://host/x ", ["slack://a/b/c", "jsons://host/x"]),
        ("slack://a/b/c,jsons://host/x,", ["slack://a/b/c", "jsons://host/x"]),
        ("slack://a/b/c, jsons://host/x", ["slack://a/b/c", "jsons://host/x"]),
        ("mailtos://u:p@host?to=a@b.c,d@e.f,json://host", ["mailtos://u:p@host?to=a@b.c,d@e.f", "json://host"]),
    ],
)
def test_alert_addresses_are_split_and_keep_commas_of_their_own(
    monkeypatch: pytest.MonkeyPatch, given: str, expected: list[str]
) -> None:
    monkeypatch.setenv("STAGING_ALERT_URLS", given)

    assert [url.get_secret_value() for url in read_settings().alert_urls] == expected


def test_an_alert_address_that_is_none_is_named_by_its_place(
    monkeypatch: pytest.MonkeyPatch, canary_token: str
) -> None:
    monkeypatch.setenv("STAGING_ALERT_URLS", f"slack://a/b/c {canary_token}")

    with pytest.raises(SettingsRefused) as refused:
        read_settings()

    assert str(refused.value).startswith("STAGING_ALERT_URLS cannot be used: Address 2 of 2 has no kind")
    assert canary_token not in str(refused.value)


def test_alert_addresses_are_in_no_text_of_the_settings(monkeypatch: pytest.MonkeyPatch, canary_token: str) -> None:
    monkeypatch.setenv("STAGING_ALERT_URLS", f"slack://{canary_token}")

    settings = read_settings()

    assert canary_token not in repr(settings) + str(settings) + settings.model_dump_json()
    assert canary_token in settings.alert_urls[0].get_secret_value()  # the control: it is there
