"""The settings, read from the environment once; nothing else reads it."""

import difflib
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from staging.errors import SettingsRefused

PREFIX = "STAGING_"


class Settings(BaseSettings):
    """What an operator may set. Durations are seconds; hosts are bare names."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True, use_attribute_docstrings=True
    )

    data_dir: Path = Path("data")
    """Where the ledger, the pictures and the keys live. One process at a time holds it."""
    public_url: str = ""
    """The address people reach the app under, when a proxy stands before it."""
    default_model: str = "qwen/qwen-image-edit"
    """The model that is chosen when nobody chose one."""

    replicate_api_token: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("REPLICATE_API_TOKEN", "replicate_api_token")
    )
    """Without it only the offline models run."""
    replicate_base_url: str = Field(
        default="https://api.replicate.com",
        validation_alias=AliasChoices("REPLICATE_BASE_URL", "replicate_base_url"),
    )
    output_hosts: tuple[str, ...] = ()
    """Hosts, besides Replicate's own, that results may be fetched from ("127.0.0.1:8123")."""

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
    poll_fastest_seconds: float = Field(default=0.5, gt=0)
    poll_slowest_seconds: float = Field(default=1.5, gt=0)

    @field_validator("output_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def ledger_path(self) -> Path:
        """The DuckDB file."""
        return self.data_dir / "staging.duckdb"


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings; SettingsRefused names the variable, what is wrong and the nearest name."""
    environ = os.environ if environ is None else environ
    known = {PREFIX + name.upper() for name in Settings.model_fields if not name.startswith("replicate_")}
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known and not name.startswith(PREFIX + "TEST_"):
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0)
            raise SettingsRefused(f"{name} is not a setting of Staging Lab. Did you mean {nearest[0]}?")
    if "REPLICATE_MODEL_VERSION" in environ:
        warnings.warn(
            "REPLICATE_MODEL_VERSION is ignored: versions belong to the model registry (staging/models/).",
            UserWarning,
            stacklevel=2,
        )
    try:
        return Settings()
    except ValidationError as error:
        fault = error.errors()[0]
        name = str(fault["loc"][0])
        variable = name if name.startswith("REPLICATE_") else PREFIX + name.upper()
        raise SettingsRefused(f"{variable} cannot be used: {fault['msg']}.") from None
