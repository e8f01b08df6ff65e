"""The Rooms page: every photo, the samples apart; add, describe, archive, bring back."""

from datetime import UTC, datetime

from staging.lab import Lab
from staging.rooms import SAMPLE_ROOMS, Room, RoomType
from tests.labs import photo
from tests.screens import SCRIPT, told, visit, words


def own(lab: Lab, name: str = "mine.png", project: str = "", shade: int = 1) -> Room:
    return lab.desk.keep_room(photo(shade), name, "tester", project=project)


def cards(lab_groups: list[dict[str, list[dict[str, str]]]]) -> list[str]:
    return [card["title"] for group in lab_groups for card in group["choices"]]


def test_the_samples_are_there_on_first_start(first_lab: Lab) -> None:
    screen = visit("rooms")

    (group,) = told(screen, "rooms-cards")["groups"]
    assert group["name"] == "Sample rooms"
    assert f"0 rooms of yours and {len(SAMPLE_ROOMS)} sample rooms" in words(screen)


def test_search_looks_at_name_project_and_note(first_lab: Lab) -> None:
    own(first_lab, "kitchen.png", shade=1)
    own(first_lab, "attic.png", "Elm Street 5", shade=2)
    noted = own(first_lab, "cellar.png", shade=3)
    first_lab.store.rooms.describe(
        noted.digest, room_type=RoomType.OTHER, project="", note="Elm floor", by="tester", at=datetime.now(UTC)
    )
    screen = visit("rooms")

    screen.text_input(key="rooms-search").set_value("elm").run()

    assert sorted(cards(told(screen, "rooms-cards")["groups"])) == ["attic.png", "cellar.png"]


def test_a_search_without_a_find_says_what_to_do(first_lab: Lab) -> None:
    screen = visit("rooms")

    screen.text_input(key="rooms-search").set_value("no such room").run()

    assert "No room matches. Take a filter away" in words(screen)


def test_type_and_project_narrow_the_rooms_down(first_lab: Lab) -> None:
    own(first_lab, "here.png", "Elm Street 5", shade=1)
    own(first_lab, "there.png", "Oak Road 1", shade=2)
    screen = visit("rooms")

    screen.selectbox(key="rooms-project").select("Oak Road 1").run()
    assert cards(told(screen, "rooms-cards")["groups"]) == ["there.png"]

    screen.selectbox(key="rooms-type").select(RoomType.BATHROOM).run()
    assert "No room matches" in words(screen)


def test_a_room_is_described(first_lab: Lab) -> None:
    room = own(first_lab)
    screen = visit("rooms", room=room.digest)

    screen.selectbox(key=f"room-type-{room.digest}").select(RoomType.DINING)
    screen.text_area(key=f"room-note-{room.digest}").set_value("North light")
    next(button for button in screen.form_submit_button if button.label == "Save").click().run()

    described = first_lab.store.rooms.get(room.digest)
    assert described.room_type is RoomType.DINING
    assert described.note == "North light"
    assert "room" not in screen.query_params


def test_a_room_is_archived_and_brought_back(first_lab: Lab) -> None:
    room = own(first_lab)
    screen = visit("rooms", room=room.digest)
    next(button for button in screen.form_submit_button if button.label == "Archive").click().run()
    assert "mine.png" not in cards(told(screen, "rooms-cards")["groups"])

    screen.toggle(key="rooms-archived").set_value(True).run()
    assert cards(told(screen, "rooms-cards")["groups"]) == ["mine.png"]
    screen.query_params["room"] = room.digest
    screen.run()
    next(button for button in screen.form_submit_button if button.label == "Bring back").click().run()

    assert not first_lab.store.rooms.get(room.digest).archived


def test_no_archived_room_is_said(first_lab: Lab) -> None:
    screen = visit("rooms")

    screen.toggle(key="rooms-archived").set_value(True).run()

    assert "No room is archived." in words(screen)


def test_without_any_room_the_page_says_how_to_begin(first_lab: Lab) -> None:
    for room in first_lab.store.rooms.list():
        first_lab.store.rooms.archive(room.digest, "tester", datetime.now(UTC))

    assert "No rooms yet. Add a photo of a room above" in words(visit("rooms"))


def test_many_files_go_through_and_each_refusal_is_named(first_lab: Lab) -> None:
    screen = visit("rooms")
    uploader = screen.file_uploader(key="rooms-upload-files-0")

    uploader.upload("one.png", photo(1)).upload("two.jpg", b"\xff\xd8\xff").upload("three.webp", photo(3, kind="WEBP"))
    screen.run()

    assert sorted(room.name for room in first_lab.store.rooms.list() if not room.sample) == ["one.png", "three.webp"]
    (error,) = screen.error
    assert "**two\\.jpg** was not added" in error.value


def test_an_unknown_room_is_a_sentence(first_lab: Lab) -> None:
    screen = visit("rooms", room="f" * 64)

    (error,) = screen.error
    assert "room" in error.value


def test_no_name_project_or_note_becomes_markup(first_lab: Lab) -> None:
    room = own(first_lab, SCRIPT, SCRIPT)
    first_lab.store.rooms.describe(
        room.digest, room_type=RoomType.OTHER, project=SCRIPT, note=SCRIPT, by=SCRIPT, at=datetime.now(UTC)
    )

    screen = visit("rooms", room=room.digest)

    assert SCRIPT not in words(screen)
    assert all(SCRIPT not in html.value for html in screen.html)
