"""The prompts: every style × room type × model, books that cannot be used, and what differs between two."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from staging.errors import NotFound, PromptsRefused, SettingsRefused
from staging.models import default_registry
from staging.prompts import LONGEST_PROMPT, PromptBook, changed, difference
from staging.registry import ModelID
from staging.rooms import RoomType

BOOK = Path(__file__).parents[1] / "data" / "prompts.toml"
PROMISED_STYLES = {
    "modern", "scandinavian", "mid-century", "industrial", "farmhouse", "coastal", "japandi", "traditional",
}  # fmt: skip
KEPT = ("walls", "windows", "doors", "floor", "fixtures", "camera")
KONTEXT = ModelID.FLUX_KONTEXT_PRO
LOOK = ("styles", "modern", "look")


@pytest.fixture(scope="module")
def book() -> PromptBook:
    return PromptBook.read(BOOK)


def test_the_promised_styles_are_there(book: PromptBook) -> None:
    assert set(book.styles()) >= PROMISED_STYLES | {"declutter"}
    assert book.styles()[0] == "modern"


@pytest.mark.parametrize("room_type", list(RoomType))
def test_every_prompt_tells_the_model_what_to_keep(book: PromptBook, room_type: RoomType) -> None:
    for style in book.styles():
        prompt = book.prompt(style, room_type)
        kept = prompt.split("Keep the ")[1].split("exactly as they are")[0]
        assert [word for word in KEPT if word not in kept] == []
        assert "{" not in prompt
        assert prompt == " ".join(prompt.split())


def test_every_style_and_room_type_has_a_prompt_of_its_own(book: PromptBook) -> None:
    prompts = [book.prompt(style, room_type) for style in book.styles() for room_type in RoomType]
    assert len(set(prompts)) == len(book.styles()) * len(RoomType)


def test_a_prompt_names_the_room_and_the_style(book: PromptBook) -> None:
    prompt = book.prompt("japandi", RoomType.BEDROOM)
    assert "this bedroom" in prompt
    assert "japandi" in prompt
    assert "bed with a headboard" in prompt


@pytest.mark.parametrize("model", ["", *ModelID])
@pytest.mark.parametrize("room_type", list(RoomType))
def test_declutter_takes_away_and_adds_nothing(book: PromptBook, room_type: RoomType, model: str) -> None:
    prompt = book.prompt("declutter", room_type, model)

    assert re.search(r"remove all movable furniture|an empty, unfurnished", prompt, re.IGNORECASE)
    assert book.room_words[room_type].furniture not in prompt
    assert not re.search(r"\b(add|furnish it|place) (?!nothing)\w+", prompt.replace("Do not remove, add or", ""))


def test_declutter_keeps_what_is_built_in(book: PromptBook) -> None:
    kept = book.prompt("declutter", RoomType.KITCHEN).split("Keep the ")[1].split("exactly as they are")[0]
    assert "built-in cupboards, worktops, appliances" in kept


def test_a_model_with_words_of_its_own_is_told_those(book: PromptBook) -> None:
    for style in book.styles():
        own = book.prompt(style, RoomType.LIVING, KONTEXT)
        assert own != book.prompt(style, RoomType.LIVING)
        assert len(own) < len(book.prompt(style, RoomType.LIVING))
    assert book.style_words["coastal"].look in book.prompt("coastal", RoomType.LIVING, KONTEXT)  # type: ignore[operator]


def test_any_other_model_is_told_what_the_book_says(book: PromptBook) -> None:
    everybody = book.prompt("modern", RoomType.LIVING)
    assert book.prompt("modern", RoomType.LIVING, ModelID.QWEN_IMAGE_EDIT) == everybody
    assert book.prompt("modern", RoomType.LIVING, "nobody/knows-it") == everybody


def test_a_model_with_one_template_falls_back_to_the_book_for_the_others(book: PromptBook) -> None:
    less = PromptBook.checked(changed(book.body(), {("models", KONTEXT, "furnish"): None}))

    assert less.prompt("modern", RoomType.LIVING, KONTEXT) == less.prompt("modern", RoomType.LIVING)
    assert less.prompt("declutter", RoomType.LIVING, KONTEXT) == book.prompt("declutter", RoomType.LIVING, KONTEXT)


def test_every_model_named_in_the_shipped_book_is_registered(book: PromptBook) -> None:
    assert [model for model in book.model_templates if not default_registry().exists(model)] == []


def test_an_unknown_style_is_refused_with_the_known_ones(book: PromptBook) -> None:
    with pytest.raises(NotFound, match=r"No style is called 'baroque'. Known styles: modern, .*traditional"):
        book.prompt("baroque", RoomType.LIVING)


def test_a_book_survives_the_way_through_the_ledger(book: PromptBook) -> None:
    assert PromptBook.checked(book.body()) == book
    assert PromptBook.checked(book.body()).styles() == book.styles()


@pytest.mark.parametrize(
    ("place", "text", "says"),
    [
        (LOOK, " ", "styles.modern.look: it is empty."),
        (LOOK, "x" * 801, "styles.modern.look: it has more than 800 characters."),
        (LOOK, None, "styles.modern.look: it is empty, and the template 'furnish' asks for it."),
        (("styles", "modern", "template"), "paint", "styles.modern.template: there is no template called 'paint'."),
        (("styles", "Modern!", "look"), "loud", "styles.Modern!: a name has small letters, digits, spaces, & and -"),
        (("styles", "modern", "mood"), "gay", "styles.modern.mood: nothing of this name belongs here."),
        (("rooms", "office", "furniture"), None, "rooms.office.furniture: it is missing."),
        (("rooms", "office"), None, "rooms.office: it is missing."),
        (("rooms", "cellar", "name"), "cellar", "rooms.cellar"),
        (("version",), None, "version: it is missing."),
        (("templates", "furnish"), "{feel}", "templates.furnish: {feel} cannot be filled in; only {room}, {look}"),
        (("templates", "furnish"), "{look", "templates.furnish: a { or } stands alone"),
        (("templates", "furnish"), "{}", "templates.furnish: {} cannot be filled in"),
        (("templates", "furnish"), "{look.nothing}", "templates.furnish: {look.nothing} cannot be filled in"),
        (("templates", "furnish"), "{look.__class__}", "templates.furnish: {look.__class__} cannot be filled in"),
        (("templates", "furnish"), "{look!r}", "templates.furnish: {look} cannot be filled in"),
        (("templates", "furnish"), "{look:>9999999999}", "templates.furnish: {look} cannot be filled in"),
        (("models", "a/b", "furnish"), "{feel}", "models.a/b.furnish: {feel} cannot be filled in"),
        (("models", "a/b", "paint"), "Paint.", "models.a/b.paint: there is no template of this name."),
        (("templates", "furnish"), "{furniture}" * 60, "and at most 5000 are sent."),
    ],
)
def test_a_book_that_cannot_be_used_is_refused_with_the_place(
    book: PromptBook, place: tuple[str, ...], text: str | None, says: str
) -> None:
    with pytest.raises(PromptsRefused) as refusal:
        PromptBook.checked(changed(book.body(), {place: text}))
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_no_prompt_is_longer_than_what_is_sent(book: PromptBook) -> None:
    long = changed(book.body(), {("rooms", "other", "furniture"): "x" * 800})
    template = "{furniture}" * 6 + "y" * (LONGEST_PROMPT - 6 * 800)

    PromptBook.checked(changed(long, {("templates", "furnish"): template}))
    with pytest.raises(PromptsRefused, match=rf"would have {LONGEST_PROMPT + 1} characters"):
        PromptBook.checked(changed(long, {("templates", "furnish"): template + "y"}))


def test_braces_can_be_written(book: PromptBook) -> None:
    braced = PromptBook.checked(changed(book.body(), {("templates", "furnish"): "{{x}} {room}"}))
    assert braced.prompt("modern", RoomType.OFFICE) == "{x} home office"


@pytest.mark.parametrize("body", [None, [], "text", {}, {"version": 1}])
def test_what_is_no_book_at_all_is_refused(body: object) -> None:
    with pytest.raises(PromptsRefused):
        PromptBook.checked(body)


def test_a_file_that_cannot_be_used_is_refused_with_its_path(tmp_path: Path) -> None:
    broken = tmp_path / "prompts.toml"
    for was, becomes, says in (
        ("version =", "verzion =", "version: it is missing"),
        ('furnish = """', 'furnish = "', "Illegal character"),
    ):
        assert was in BOOK.read_text()
        broken.write_text(BOOK.read_text().replace(was, becomes))
        with pytest.raises(SettingsRefused, match=says) as refusal:
            PromptBook.read(broken)
        assert str(broken) in str(refusal.value)


def test_a_book_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="cannot be read: No such file or directory"):
        PromptBook.read(tmp_path / "prompts.toml")


def test_a_book_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "prompts.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsRefused, match="cannot be used"):
        PromptBook.read(tmp_path / "prompts.toml")


def test_a_change_leaves_the_body_it_was_made_of_as_it_was(book: PromptBook) -> None:
    body = book.body()
    new: Any = changed(body, {LOOK: "loud", ("styles", "luxury"): None, ("models", KONTEXT, "furnish"): "Go."})

    assert body == book.body()
    assert new["styles"]["modern"]["look"] == "loud"
    assert "luxury" not in new["styles"]
    assert new["models"][KONTEXT]["furnish"] == "Go."


def test_a_model_without_any_words_of_its_own_is_not_named_any_more(book: PromptBook) -> None:
    own: dict[tuple[str, ...], str | None] = {("models", KONTEXT, name): None for name in book.templates}
    assert KONTEXT not in PromptBook.checked(changed(book.body(), own)).model_templates


def test_the_difference_names_the_place_and_the_phrase(book: PromptBook) -> None:
    look = tomllib.loads(BOOK.read_text())["styles"]["modern"]["look"]
    after = PromptBook.checked(changed(book.body(), {LOOK: look.replace("low furniture", "high furniture")}))

    lines = difference(book, after).splitlines()
    assert lines[0] == "@@ styles.modern.look @@"
    assert [line for line in lines if line[0] in "+-"] == ["-low furniture,", "+high furniture,"]
    assert difference(book, book) == ""


def test_the_difference_shows_what_came_and_what_went(book: PromptBook) -> None:
    after = PromptBook.checked(
        changed(book.body(), {("styles", "luxury"): None, ("styles", "baroque", "look"): "gold"})
    )

    lines = difference(book, after).splitlines()
    assert "+gold" in lines
    assert "@@ styles.luxury.look @@" in lines
    assert "-velvet and bouclé," in lines
