"""The prompts of the house: a style, a room type and a model make the text that is sent."""

import difflib
import re
import string
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError, model_validator

from staging.errors import NotFound, PromptsRefused, SettingsRefused
from staging.rooms import RoomType

LONGEST_PROMPT = 5_000
"""Characters, as sent."""
PLACEHOLDERS = ("room", "look", "furniture")
"""What a template may ask for: the first and the last are the room type's, the other is the style's."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9 &-]{0,39}$")]
Template = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=800)]
Body = dict[str, JsonValue]
"""A book as JSON, with the names of the file."""
Place = tuple[str, ...]
"""Where in a book a text stands: ("styles", "modern", "look")."""

_FAULTS = {
    "missing": "it is missing",
    "extra_forbidden": "nothing of this name belongs here",
    "string_too_short": "it is empty",
    "string_too_long": "it has more than {max_length} characters",
    "string_type": "it is not a text",
    "string_pattern_mismatch": "a name has small letters, digits, spaces, & and -, at most 40",
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class RoomWords(_Part):
    """What a room type is called, and what belongs into it."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    furniture: Words


class StyleWords(_Part):
    """How a style looks, as it follows "furnish it in", and the template that says so."""

    look: Words | None = None
    """None where the template does not ask for it."""
    template: Name = "furnish"


class PromptBook(_Part):
    """Every style × every room type × every model; the first words are in data/prompts.toml."""

    version: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    """The shipped wording that this is, or that it was edited from."""
    templates: Mapping[Name, Template] = Field(min_length=1)
    room_words: Mapping[RoomType, RoomWords] = Field(alias="rooms")
    style_words: Mapping[Name, StyleWords] = Field(alias="styles", min_length=1)
    model_templates: Mapping[str, Mapping[Name, Template]] = Field(alias="models", default_factory=dict)
    """By model, what it is told in place of a template; the book's own template where it has none."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for room in RoomType:
            if room not in self.room_words:
                raise ValueError(f"rooms.{room.value}: it is missing")
        for name, template in self.templates.items():
            _refuse_unusable(f"templates.{name}", template)
        for model, own in self.model_templates.items():
            for name, template in own.items():
                if name not in self.templates:
                    raise ValueError(f"models.{model}.{name}: there is no template of this name")
                _refuse_unusable(f"models.{model}.{name}", template)
        for style in self.style_words:
            self._refuse_unusable_style(style)
        return self

    def _refuse_unusable_style(self, style: str) -> None:
        words = self.style_words[style]
        if words.template not in self.templates:
            raise ValueError(f"styles.{style}.template: there is no template called {words.template!r}")
        for model in ("", *self.model_templates):
            if words.look is None and "{look}" in self._template(words.template, model):
                raise ValueError(f"styles.{style}.look: it is empty, and the template {words.template!r} asks for it")
            for room in RoomType:
                if (length := len(self.prompt(style, room, model))) > LONGEST_PROMPT:
                    raise ValueError(
                        f"styles.{style}: the prompt for {room.value} would have {length} characters, "
                        f"and at most {LONGEST_PROMPT} are sent"
                    )

    def _template(self, name: str, model: str) -> str:
        return self.model_templates.get(model, {}).get(name, self.templates[name])

    @classmethod
    def checked(cls, body: object) -> Self:
        """Return the book; PromptsRefused names the first place that is wrong, and what is wrong there."""
        try:
            return cls.model_validate(body)
        except ValidationError as error:
            fault = error.errors()[0]
            place = ".".join(str(part) for part in fault["loc"] if part != "[key]")
            context = fault.get("ctx", {})
            said = str(context["error"]) if "error" in context else _FAULTS.get(fault["type"], fault["msg"])
            said = said.format(**context) if fault["type"] in _FAULTS else said
            raise PromptsRefused(f"{place}: {said}." if place else f"{said}.") from None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the book; SettingsRefused says what is wrong in which file."""
        try:
            return cls.checked(tomllib.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise SettingsRefused(f"The prompts in {path} cannot be read: {error.strerror}.") from None
        except PromptsRefused as error:
            raise SettingsRefused(f"The prompts in {path} cannot be used: {error}") from None
        except ValueError as error:  # not TOML, or not UTF-8
            raise SettingsRefused(f"The prompts in {path} cannot be used: {error}.") from None

    def styles(self) -> list[str]:
        """Return the styles' names, in the book's order."""
        return list(self.style_words)

    def prompt(self, style: str, room_type: RoomType, model: str = "") -> str:
        """Return what the model is told; any model's text where none is named.

        NotFound lists the known styles.
        """
        if style not in self.style_words:
            raise NotFound(f"No style is called {style!r}. Known styles: {', '.join(self.style_words)}.")
        words, room = self.style_words[style], self.room_words[room_type]
        template = self._template(words.template, model)
        return template.format(room=room.name, look=words.look, furniture=room.furniture).strip()

    def body(self) -> Body:
        """Return the book as JSON: `checked` makes an equal one of it."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def _refuse_unusable(place: str, template: str) -> None:
    """Raise ValueError unless the template asks for PLACEHOLDERS only: `format` could be asked for much more."""
    try:
        asked = [part[1:] for part in string.Formatter().parse(template) if part[1] is not None]
    except ValueError:
        raise ValueError(f"{place}: a {{ or }} stands alone; for a brace in the text write {{{{ or }}}}") from None
    for name, how, conversion in asked:
        if name not in PLACEHOLDERS or how or conversion:
            known = ", ".join(f"{{{one}}}" for one in PLACEHOLDERS)
            raise ValueError(f"{place}: {{{name}}} cannot be filled in; only {known} can")


def changed(body: Mapping[str, JsonValue], changes: Mapping[Place, str | None]) -> Body:
    """Return the body with these texts in place; None takes away what stands there, and what it leaves empty."""
    new: Body = _copy(body)
    for place, text in changes.items():
        *folders, last = place
        inside: dict[str, Any] = new
        way = [(new, "")]
        for folder in folders:
            way.append((inside, folder))
            inside = inside.setdefault(folder, {})
        if text is not None:
            inside[last] = text
            continue
        inside.pop(last, None)
        for outer, folder in reversed(way[2:]):  # the book's own parts stay, even empty
            if not outer[folder]:
                del outer[folder]
    return new


def text_at(body: Mapping[str, Any], place: Place) -> str:
    """Return the text that stands there; an empty one where nothing does."""
    inside: Any = body
    for name in place:
        inside = inside.get(name, "") if isinstance(inside, Mapping) else ""
    return str(inside)


def _copy(value: Any) -> Any:
    return {key: _copy(part) for key, part in value.items()} if isinstance(value, Mapping) else value


def difference(before: PromptBook, after: PromptBook) -> str:
    """Return what was changed, as a diff of phrases under the place they stand at; empty when nothing was."""
    old, new = _texts(before.body()), _texts(after.body())
    lines: list[str] = []
    for place in [*new, *(place for place in old if place not in new)]:
        was, becomes = (_phrases(texts.get(place, "")) for texts in (old, new))
        if found := list(difflib.unified_diff(was, becomes, n=1, lineterm=""))[2:]:
            lines += [f"@@ {place} @@", *(line for line in found if not line.startswith("@@"))]
    return "\n".join(lines)


def _texts(body: Mapping[str, Any], above: str = "") -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, value in body.items():
        texts |= _texts(value, f"{above}{name}.") if isinstance(value, Mapping) else {f"{above}{name}": str(value)}
    return texts


def _phrases(text: str) -> list[str]:
    return [phrase for phrase in re.split(r"(?<=[.:;,])\s+|\n+", text) if phrase]
