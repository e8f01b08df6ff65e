"""The settings, read from the environment once; nothing else reads it."""

import base64
import difflib
import ipaddress
import os
import re
import warnings
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AliasChoices, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from staging.errors import SettingsRefused

PREFIX = "STAGING_"
TEST_PREFIX = "STAGING_TEST_"
"""Names that only the tests read; the product leaves them alone."""
REPLICATE_URL = "https://api.replicate.com"


class Settings(BaseSettings):
    """What an operator may set. Durations are seconds; hosts are bare names."""

    # A refused value may be a secret in the wrong place: no error repeats what was given.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="forbid",
        env_ignore_empty=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    data_dir: Path = Field(default=Path("data"), validate_default=True)
    """Where the ledger, the pictures and the keys live. One process at a time holds it."""
    default_model: str = "qwen/qwen-image-edit"
    """The model that is chosen when nobody chose one."""
    sample_rooms: bool = True
    """Whether an empty ledger is given the sample rooms."""
    time_zone: str = "UTC"
    """Whose days, weeks and months count for costs and budgets: an IANA name such as Europe/Paris."""
    share_outside: bool = False
    """Whether a comparison can be shown to people outside, by a link that ends."""

    replicate_api_token: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("REPLICATE_API_TOKEN", "replicate_api_token")
    )
    """Without it only the offline models run."""
    replicate_base_url: str = Field(
        default=REPLICATE_URL,
        validation_alias=AliasChoices("REPLICATE_BASE_URL", "replicate_base_url"),
    )
    """Where Replicate is: https, or http on this machine."""
    output_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts, besides Replicate's own, that results may be fetched from: "127.0.0.1:8123,files.example.com"."""

    concurrency: int = Field(default=50, ge=1, le=500)
    """How many predictions may be with the provider at once."""
    model_concurrency: int = Field(default=50, ge=1, le=500)
    """How many of them may be of one model."""
    offline_workers: int = Field(default=1, ge=1, le=16)
    """How many offline predictions run at once; each uses a core and up to 1.5 GB."""
    creates_per_minute: float = Field(default=540.0, gt=0)
    """The pace of creates, under the provider's published 600 a minute."""
    create_burst: int = Field(default=50, ge=1)
    """How many creates may be sent at once before that pace holds."""
    deadline_seconds: float = Field(default=900.0, gt=0)
    """How long a prediction may be with the provider before it is cancelled there."""
    settle_seconds: float = Field(default=60.0, ge=0)
    """How long to go on looking for a create whose answer was lost before it is sent again."""
    output_lifetime_seconds: float = Field(default=3600.0, gt=0)
    """How long the provider keeps inputs and outputs."""
    poll_fastest_seconds: float = Field(default=0.1, gt=0)
    """How soon the provider is asked again while predictions are about to end."""
    poll_slowest_seconds: float = Field(default=1.5, gt=0)
    """How late the provider is asked again at most."""

    alert_urls: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Where alerts are sent, besides the bell: Apprise addresses, with spaces or commas between."""

    public_url: str = ""
    """Where people open Staging Lab: https, or http on this machine, without a path."""
    oidc_client_id: str = ""
    """How the identity provider knows this app; with it, people sign in."""
    oidc_client_secret: SecretStr | None = None
    """What the identity provider gave the app to prove itself with."""
    oidc_metadata_url: str = ""
    """The provider's document that ends in /.well-known/openid-configuration."""
    cookie_secret: SecretStr | None = None
    """What signs the sign-in cookies: 32 random characters or more, the same at every start."""
    admins: Annotated[tuple[str, ...], NoDecode] = ()
    """E-mail addresses that are admins whatever the People page says."""
    role_claim: str = ""
    """A claim of the provider whose value, or one of them, names a role; none means roles by e-mail only."""
    sign_in_hours: float = Field(default=12.0, gt=0, le=720)
    """How long a sign-in lasts before the provider is asked again."""

    api_rate: float = Field(default=10.0, gt=0, le=1_000)
    """How many requests a second an API key may make."""
    api_burst: int = Field(default=40, ge=1, le=10_000)
    """How many it may make at once before that pace holds."""
    webhook_secret: SecretStr | None = None
    """What Replicate signs its webhooks with: whsec_…; with it and STAGING_PUBLIC_URL an end is heard of at once."""

    confirm_above_usd: Decimal = Field(default=Decimal("5.00"), ge=0, allow_inf_nan=False)
    """A run that may cost more than this asks for a confirmation first."""

    scoring: bool = True
    """Whether every output is scored automatically, in the background."""
    vote_check_share: float = Field(default=0.05, ge=0, le=0.5)
    """The share of the ballots on the Vote page that check the rater: hidden repeats and A/A pairs."""

    @field_validator("data_dir")
    @classmethod
    def _from_anywhere(cls, value: Path) -> Path:
        return value.resolve()  # child processes have a working directory of their own

    @field_validator("time_zone")
    @classmethod
    def _a_zone_that_is(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"There is no time zone {value!r}: choose one such as Europe/Paris or UTC") from None
        return value

    @field_validator("replicate_api_token", "oidc_client_secret", "cookie_secret", "webhook_secret", mode="before")
    @classmethod
    def _strip(cls, value: Any) -> Any:
        """A token is pasted, often with the line's end; a blank one is none."""
        return value.strip() or None if isinstance(value, str) else value

    @field_validator("webhook_secret")
    @classmethod
    def _look_like_replicates(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and webhook_key(value) is None:
            raise ValueError("It must be whsec_ and base64, as GET /v1/webhooks/default/secret of Replicate says it")
        return value

    @field_validator("replicate_base_url")
    @classmethod
    def _keep_the_token_private(cls, value: str) -> str:
        url = value.strip() or REPLICATE_URL
        parts = urlsplit(url)
        if not parts.hostname or not (
            parts.scheme == "https" or (parts.scheme == "http" and on_this_machine(parts.hostname))
        ):
            raise ValueError("It must be an https address, or http on this machine, because the token is sent there")
        return url.rstrip("/")

    @field_validator("public_url")
    @classmethod
    def _be_an_origin(cls, value: str) -> str:
        url = value.strip().rstrip("/")
        parts = urlsplit(url)
        bare = parts.hostname and "@" not in parts.netloc and url == f"{parts.scheme}://{parts.netloc}"
        if url and not (bare and parts.scheme in ("https", "http")):
            raise ValueError("It must be such as https://lab.example.com, without a path")
        # A browser names its page's origin in small letters and without the scheme's own port.
        return url.lower().removesuffix(":443" if parts.scheme == "https" else ":80")

    @field_validator("admins", mode="before")
    @classmethod
    def _split_admins(cls, value: Any) -> Any:
        return tuple(part for part in re.split(r"[\s,]+", value.lower()) if part) if isinstance(value, str) else value

    @field_validator("poll_slowest_seconds")
    @classmethod
    def _follow_the_fastest(cls, value: float, known: ValidationInfo) -> float:
        if value < known.data.get("poll_fastest_seconds", 0.0):
            raise ValueError("It must not be less than STAGING_POLL_FASTEST_SECONDS")
        return value

    @field_validator("output_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("alert_urls", mode="before")
    @classmethod
    def _split_urls(cls, value: Any) -> Any:
        """An address may have commas of its own (two people to write to): one ends it only before the next address."""
        if not isinstance(value, str):
            return value
        urls = [part.strip(",") for part in re.split(r"\s+|,(?=[A-Za-z][A-Za-z0-9+.-]*://)", value)]
        return tuple(url for url in urls if url)

    @field_validator("alert_urls")
    @classmethod
    def _look_like_urls(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for position, url in enumerate(value, 1):
            if "://" not in url.get_secret_value():
                raise ValueError(f"Address {position} of {len(value)} has no kind, such as slack:// or mailtos://")
        return value

    @property
    def ledger_path(self) -> Path:
        """The DuckDB file."""
        return self.data_dir / "staging.duckdb"


def variable(field: str) -> str:
    """Return the environment variable that sets the field."""
    return field.upper() if field.startswith("replicate_") else PREFIX + field.upper()


def read_settings() -> Settings:
    """Return the settings; SettingsRefused names the variable, what is wrong and the nearest name."""
    known = {variable(field) for field in Settings.model_fields}
    for name in sorted(os.environ):
        spelled = name.upper()
        if spelled.startswith(PREFIX) and not spelled.startswith(TEST_PREFIX) and spelled not in known:
            nearest = difflib.get_close_matches(spelled, sorted(known), n=1, cutoff=0)[0]
            raise SettingsRefused(f"{name} is not a setting of Staging Lab. Did you mean {nearest}?")
    if "REPLICATE_MODEL_VERSION" in os.environ:
        warnings.warn(
            "REPLICATE_MODEL_VERSION is ignored: versions belong to the model registry (staging/models/).",
            UserWarning,
            stacklevel=2,
        )
    try:
        return Settings()
    except ValidationError as error:
        fault = error.errors(include_input=False, include_context=False)[0]
        reason = fault["msg"].removeprefix("Value error, ")
        raise SettingsRefused(f"{variable(str(fault['loc'][0]).lower())} cannot be used: {reason}.") from None


def webhook_key(secret: SecretStr) -> bytes | None:
    """Return the bytes that webhooks are signed with; None when the secret is not of that form."""
    kind, _, text = secret.get_secret_value().partition("whsec_")
    try:
        return base64.b64decode(text, validate=True) or None if not kind else None
    except ValueError:
        return None


def on_this_machine(host: str) -> bool:
    """True for localhost and the loopback addresses; a host name leads nobody knows where."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
