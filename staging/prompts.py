"""The prompts of the house: a style and a room type make the text that every model gets."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from staging.errors import NotFound, SettingsRefused
from staging.rooms import RoomType


class RoomWords(BaseModel):
    """What a room type is called, and what belongs into it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    furniture: str = Field(min_length=1)


class StyleWords(BaseModel):
    """How a style looks, as it follows "furnish it in"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    look: str = Field(min_length=1)


class PromptBook(BaseModel):
    """Every style × every room type; the words are in data/prompts.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(min_length=1)
    """Changes with the wording, for outputs of different wordings are not comparable."""
    template: str = Field(min_length=1)
    room_words: Mapping[RoomType, RoomWords] = Field(alias="rooms")
    style_words: Mapping[str, StyleWords] = Field(alias="styles", min_length=1)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [room.value for room in RoomType if room not in self.room_words]
        if missing:
            raise ValueError(f"no words for the room type {missing[0]}")
        for style in self.style_words:
            try:
                self.prompt(style, RoomType.OTHER)
            except (KeyError, IndexError, ValueError, AttributeError) as error:
                raise ValueError(f"the template cannot be filled in ({error!r})") from error
        return self

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the book; SettingsRefused says what is wrong in which file."""
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise SettingsRefused(f"The prompts in {path} cannot be read: {error.strerror}.") from None
        except ValidationError as error:
            fault = error.errors()[0]
            place = ".".join(str(part) for part in fault["loc"]) or "the file"
            raise SettingsRefused(f"The prompts in {path} cannot be used: {place}: {fault['msg']}.") from None
        except ValueError as error:  # not TOML, or not UTF-8
            raise SettingsRefused(f"The prompts in {path} cannot be used: {error}.") from None

    def styles(self) -> list[str]:
        """Return the styles' names, in the file's order."""
        return list(self.style_words)

    def prompt(self, style: str, room_type: RoomType) -> str:
        """Return the prompt of a style and a room type; NotFound lists the known styles."""
        if style not in self.style_words:
            raise NotFound(f"No style is called {style!r}. Known styles: {', '.join(self.style_words)}.")
        words = self.room_words[room_type]
        return self.template.strip().format(
            room=words.name, look=self.style_words[style].look, furniture=words.furniture
        )
