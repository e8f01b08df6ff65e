"""A ballot's pictures tell nothing but themselves: one frame, one size, one format, and addresses without a name."""

import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from PIL import Image

from staging.api import routes
from staging.images import PictureKind
from staging.lab import Lab
from staging.store import Ballot, Choice, Vote
from staging.votes_pictures import ROUNDED_BYTES, SIDES, BlindPictures, padded
from tests.browser import judged
from tests.labs import lab_at
from tests.routes_server import Web, serving

HOUR = 3_600


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab with pairs of outputs of different sizes, and one of another shape."""
    folder = tmp_path_factory.mktemp("blind") / "data"
    judged.make(folder, rooms=2)
    with lab_at(folder) as lab:
        yield lab


@pytest.fixture(scope="module")
def web(lab: Lab) -> Iterator[Web]:
    with serving(routes(lab)) as served:
        yield served


def addresses(lab: Lab, ballot: Ballot) -> list[str]:
    return [lab.blind_pictures.address(ballot, side, 0) for side in SIDES]


def test_both_sides_and_the_room_have_one_frame_size_and_format(lab: Lab, web: Web) -> None:
    for ballot in lab.voting.look("ada").ballots:
        answers = [web.ask(address) for address in addresses(lab, ballot)]
        pictures = [Image.open(io.BytesIO(answer.content)) for answer in answers]
        assert [(one.format, one.size, one.mode) for one in pictures] == [("WEBP", (1280, 960), "RGB")] * 3
        assert len({len(answer.content) for answer in answers}) == 1
        assert len(answers[0].content) % ROUNDED_BYTES == 0
        assert [one.info.keys() & {"exif", "xmp", "icc_profile"} for one in pictures] == [set()] * 3
        left, right, room = (one.tobytes() for one in pictures)
        assert len({left, right, room}) == 3


def test_an_answer_tells_no_more_than_its_picture(lab: Lab, web: Web) -> None:
    ballot = lab.voting.look("ada").ballots[0]
    told = []
    for address in addresses(lab, ballot):
        answer = web.ask(address)
        told.append({name: value for name, value in answer.headers.items() if name != "date"})
        assert re.fullmatch(r"/pictures/blind/[\w-]{22}/(left|right|room)/0\?until=\d+&signature=[\w-]{43}", address)
    assert told[0] == told[1] == told[2]
    assert told[0]["cache-control"] == "no-store"
    assert {"etag", "last-modified"}.isdisjoint(told[0])


def test_the_address_of_another_side_ballot_or_time_opens_nothing(lab: Lab, web: Web) -> None:
    one, other = lab.voting.look("ada").ballots[:2]
    address = lab.blind_pictures.address(one, "left", 0)
    assert web.ask(address).status == 200
    until = re.search(r"until=(\d+)", address)
    assert until is not None
    for changed in (
        address.replace("/left/", "/right/"),
        address.replace("/left/0", "/left/1"),
        address.replace(one.id, other.id),
        address.replace(until[1], str(int(until[1]) + HOUR)),
        address.partition("?")[0],
        re.sub(r"signature=(.)", lambda found: f"signature={'B' if found[1] == 'A' else 'A'}", address),
    ):
        answer = web.ask(changed)
        assert (answer.status, answer.content) == (404, b""), changed


def test_an_address_ends_by_itself(lab: Lab) -> None:
    now = 1_800_000_000.0
    pictures = BlindPictures(lab.store, lab.pictures, b"key", lambda: now)
    ballot = lab.voting.look("ada").ballots[0]
    address = pictures.address(ballot, "left", 0)
    found = re.search(r"until=(\d+)&signature=(.+)", address)
    assert found is not None
    assert pictures.find(ballot.id, "left", 0, found[1], found[2]) is not None
    now += 2 * HOUR
    assert pictures.find(ballot.id, "left", 0, found[1], found[2]) is None


def test_an_address_ends_with_the_vote_and_lives_again_after_undo(lab: Lab, web: Web) -> None:
    ballot = lab.voting.look("ben").ballots[0]
    address = lab.blind_pictures.address(ballot, "right", 0)
    lab.voting.give(Vote(ballot.id, Choice.LEFT, datetime.now(UTC)), "ben")
    assert web.ask(address).status == 404
    lab.voting.undo("ben", datetime.now(UTC))
    assert web.ask(address).status == 200


def test_the_three_pictures_that_are_asked_for_at_once_are_made_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    ballot = lab.voting.look("una").ballots[0]
    made: list[str] = []
    start = Barrier(len(SIDES))

    def framed(digest: str, width: int, height: int, *, real: Any = lab.pictures.framed) -> bytes:
        made.append(digest)
        data: bytes = real(digest, width, height)
        return data

    def ask(address: str) -> bytes | None:
        start.wait()
        found = re.search(r"/(\w+)/0\?until=(\d+)&signature=(.+)", address)
        assert found is not None
        return lab.blind_pictures.find(ballot.id, found[1], 0, found[2], found[3])

    monkeypatch.setattr(lab.pictures, "framed", framed)
    with ThreadPoolExecutor(len(SIDES)) as threads:
        pictures = list(threads.map(ask, addresses(lab, ballot)))
    assert len({len(one or b"") for one in pictures}) == 1
    assert len(made) == len(SIDES)


def test_no_other_signature_of_the_lab_opens_a_ballot(lab: Lab, web: Web) -> None:
    ballot = lab.voting.look("ada").ballots[0]
    of_room = lab.pictures.url(ballot.unit, PictureKind.VIEW)
    query = of_room.partition("?")[2]
    assert web.ask(f"/pictures/blind/{ballot.id}/left/0?{query}").status == 404


def test_a_picture_that_is_gone_is_a_bare_404(lab: Lab, web: Web) -> None:
    ballot = lab.voting.look("eve").ballots[-1]
    digest = lab.store.contenders.shown(ballot.left.predictions)[0].digest
    path = next(Path(lab.settings.data_dir).glob(f"pictures/view/*/{digest}.webp"))
    data = path.read_bytes()
    path.unlink()
    try:
        pictures = [web.ask(address) for address in addresses(lab, ballot)]
        assert [(one.status, one.content) for one in pictures] == [(404, b"")] * 3
    finally:
        path.write_bytes(data)


def test_filling_up_changes_the_size_and_nothing_else(lab: Lab) -> None:
    plain = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(plain, "WEBP", quality=80)
    filled = padded(plain.getvalue(), (256, 256), 65_536)
    assert len(filled) == 65_536
    assert Image.open(io.BytesIO(filled)).tobytes() == Image.open(plain).tobytes()
    with pytest.raises(ValueError, match="larger than"):
        padded(plain.getvalue(), (256, 256), 100)
    with pytest.raises(ValueError, match="plain lossy"):
        padded(filled, (256, 256), 131_072)


def test_another_shape_stands_whole_on_grey_and_a_near_one_fills_the_frame(lab: Lab) -> None:
    ballot = lab.voting.look("ada").ballots[0]
    room = ballot.unit
    tall = Image.open(io.BytesIO(lab.pictures.framed(room, 400, 1200))).convert("RGB")
    assert tall.getpixel((200, 10)) == pytest.approx((127, 127, 127), abs=4)
    assert tall.getpixel((200, 600)) != pytest.approx((127, 127, 127), abs=4)
    near = Image.open(io.BytesIO(lab.pictures.framed(room, 804, 600))).convert("RGB")
    assert near.getpixel((2, 300)) != pytest.approx((127, 127, 127), abs=4)
