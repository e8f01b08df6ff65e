"""The prompts: every style × room type, and files that cannot be used."""

from pathlib import Path

import pytest

from staging.errors import NotFound, SettingsRefused
from staging.prompts import PromptBook
from staging.rooms import RoomType

BOOK = Path(__file__).parents[1] / "data" / "prompts.toml"
PROMISED_STYLES = {
    "modern", "scandinavian", "mid-century", "industrial", "farmhouse", "coastal", "japandi", "traditional",
}  # fmt: skip
KEPT = ("walls", "windows", "doors", "floor", "fixtures", "camera")


@pytest.fixture(scope="module")
def book() -> PromptBook:
    return PromptBook.read(BOOK)


def test_the_promised_styles_are_there(book: PromptBook) -> None:
    assert set(book.styles()) >= PROMISED_STYLES


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


def test_the_wording_has_a_version(book: PromptBook) -> None:
    assert book.version


def test_an_unknown_style_is_refused_with_the_known_ones(book: PromptBook) -> None:
    with pytest.raises(NotFound, match=r"No style is called 'baroque'. Known styles: modern, .*traditional"):
        book.prompt("baroque", RoomType.LIVING)


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("version =", "verzion =", "version: Field required"),
        ("[rooms.office]", "[rooms.cellar]", "rooms.cellar"),
        ("[rooms.office]\nname", "[rooms.bathroom.office]\nname", "bathroom"),
        ("{look}", "{feel}", "the template cannot be filled in"),
        ("{look}", "{look", "the template cannot be filled in"),
        ("{look}", "{look.nothing}", "the template cannot be filled in"),
        ('template = """', 'template = "', "Illegal character"),
    ],
)
def test_a_book_that_cannot_be_used_is_refused_with_the_place(
    tmp_path: Path, was: str, becomes: str, says: str
) -> None:
    text = BOOK.read_text()
    assert was in text
    broken = tmp_path / "prompts.toml"
    broken.write_text(text.replace(was, becomes))
    with pytest.raises(SettingsRefused, match=says) as refusal:
        PromptBook.read(broken)
    assert str(broken) in str(refusal.value)


def test_a_book_without_one_room_type_is_refused(tmp_path: Path) -> None:
    before, after = BOOK.read_text().split("[rooms.office]")
    broken = tmp_path / "prompts.toml"
    broken.write_text(before + after[after.index("[rooms.") :])
    with pytest.raises(SettingsRefused, match="no words for the room type office"):
        PromptBook.read(broken)


def test_a_book_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="cannot be read: No such file or directory"):
        PromptBook.read(tmp_path / "prompts.toml")


def test_a_book_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "prompts.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsRefused, match="cannot be used"):
        PromptBook.read(tmp_path / "prompts.toml")
