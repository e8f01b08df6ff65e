"""How each MLS asks for virtual staging to be disclosed: shipped in data/disclosure.toml, edited in the app.

Facts as read, with source and date; not legal advice.
"""

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from staging.errors import NotFound, ParametersRefused, SettingsRefused
from staging.store import Store

KIND = "disclosure profile"
"""The kind of document that holds a profile edited in the app."""
NOT_LEGAL_ADVICE = "This is not legal advice: check the rule itself before you publish."


class LabelRule(StrEnum):
    """Whether words may stand on the staged picture."""

    REQUIRED = "required"
    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"


class Original(StrEnum):
    """Where the unaltered photo stands in the order of the files."""

    BEFORE = "before"
    AFTER = "after"


class QrCode(StrEnum):
    """What a QR code leads to."""

    NONE = "none"
    ORIGINAL = "original"
    PAGE = "page"


class DisclosureProfile(BaseModel):
    """What an export for one MLS draws, writes and puts beside the staged picture."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: str = Field(min_length=1, max_length=80)
    label: LabelRule
    label_text: str = Field(min_length=1, max_length=80)
    """What is drawn on the picture where it is."""
    caption: str = Field(min_length=1, max_length=500)
    """What is to be written beside the picture; also in the picture's own metadata."""
    original: Original
    qr: QrCode
    source: str = Field(min_length=1, max_length=300)
    dated: date
    """When the source was read."""
    note: str = Field(default="", max_length=1_000)

    @field_validator("name", "label_text", "source")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("it must be one line of text")
        return value


class KnownProfile(NamedTuple):
    """A profile as it is now."""

    profile: DisclosureProfile
    version: int
    """Of the document; -1 when nobody has edited it."""
    shipped: bool


class Profiles:
    """The shipped profiles and, over them, those that people wrote. Any thread may call any method."""

    def __init__(self, shipped: Mapping[str, DisclosureProfile], store: Store) -> None:
        self._shipped = shipped
        self._store = store

    def list(self) -> list[KnownProfile]:
        """Return every profile, the shipped ones first, in the file's order."""
        written = {document.name: document for document in self._store.documents.list(KIND)}
        known = []
        for name in dict.fromkeys([*self._shipped, *written]):
            document = written.get(name)
            profile = DisclosureProfile.model_validate(document.body) if document else self._shipped[name]
            version = document.version if document else self._last_version(name)
            known.append(KnownProfile(profile, version, name in self._shipped))
        return known

    def get(self, name: str) -> DisclosureProfile:
        """Return the profile; NotFound lists the known ones."""
        known = {one.profile.name: one.profile for one in self.list()}
        if name not in known:
            raise NotFound(f"No disclosure profile is called {name!r}. Known profiles: {', '.join(known)}.")
        return known[name]

    def write(self, values: Mapping[str, object], by: str, *, follows: int | None = None, note: str = "") -> None:
        """Keep the profile as a new version; ParametersRefused names what is wrong in it.

        EditedMeanwhile when `follows` is not the last version.
        """
        try:
            profile = DisclosureProfile.model_validate(dict(values))
        except ValidationError as error:
            fault = error.errors()[0]
            reason = fault["msg"].removeprefix("Value error, ")
            raise ParametersRefused(f"The profile cannot be kept: {fault['loc'][0]}: {reason}.") from None
        body = profile.model_dump(mode="json")
        self._store.documents.write(KIND, profile.name, body, by, datetime.now(UTC), note=note, follows=follows)

    def remove(self, name: str, by: str) -> None:
        """What people wrote under this name counts no more: a shipped profile is as shipped again."""
        if self._last_version(name) >= 0:
            self._store.documents.write(KIND, name, None, by, datetime.now(UTC))

    def _last_version(self, name: str) -> int:
        return max((document.version for document in self._store.documents.versions(KIND, name)), default=-1)


def read_profiles(path: Path) -> dict[str, DisclosureProfile]:
    """Return the shipped profiles by name; SettingsRefused says what is wrong in the file."""
    try:
        listed = tomllib.loads(path.read_text(encoding="utf-8"))["profiles"]
        profiles = [DisclosureProfile.model_validate(one) for one in listed]
    except OSError as error:
        raise SettingsRefused(f"The disclosure profiles in {path} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"]) or "the file"
        raise SettingsRefused(f"The disclosure profiles in {path} cannot be used: {place}: {fault['msg']}.") from None
    except (ValueError, KeyError, TypeError) as error:  # not TOML, not UTF-8, or no list of profiles
        raise SettingsRefused(f"The disclosure profiles in {path} cannot be used: {error!r}.") from None
    return {profile.name: profile for profile in profiles}
