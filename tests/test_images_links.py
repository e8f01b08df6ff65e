"""Links to pictures: ours alone, the same all day, over when their time is."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from staging.images import PictureKind, Pictures
from staging.images_door import Door
from staging.images_kinds import KEPT_AT_ONCE

DAY = 86_400
NOON = 20_000 * DAY + DAY // 2
DIGEST = "a7" * 32


class Clock:
    """Seconds since 1970 that a test can set."""

    def __init__(self) -> None:
        self.now = float(NOON)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pictures(tmp_path: Path, clock: Clock) -> Pictures:
    """Pictures with one file under each kind; no reader ever starts."""
    folder = tmp_path / "pictures"
    for kind in KEPT_AT_ONCE:
        path = folder / kind / DIGEST[:2] / f"{DIGEST}.webp"
        path.parent.mkdir(parents=True)
        path.write_bytes(kind.encode())
    (tmp_path / "secret.webp").write_bytes(b"secret")
    return Pictures(folder, b"key", door=Door(), now=clock)


def parts(url: str) -> tuple[str, str, str, str]:
    """Return kind, digest, until and signature of a link."""
    address = urlsplit(url)
    _, top, kind, digest = address.path.split("/")
    query = parse_qs(address.query)
    assert (top, set(query)) == ("pictures", {"until", "signature"})
    return kind, digest, query["until"][0], query["signature"][0]


@pytest.mark.parametrize("kind", KEPT_AT_ONCE)
def test_a_link_leads_to_its_picture(pictures: Pictures, kind: PictureKind) -> None:
    path = pictures.check(*parts(pictures.url(DIGEST, kind)))
    assert path is not None
    assert path.read_bytes() == kind.encode()


def test_a_link_is_the_same_all_day_and_another_one_tomorrow(pictures: Pictures, clock: Clock) -> None:
    links = []
    for clock.now in (NOON - DAY / 2, NOON, NOON + DAY / 2 - 0.001, NOON + DAY / 2):
        links.append(pictures.url(DIGEST, PictureKind.VIEW))
    assert links[0] == links[1] == links[2] != links[3]


def test_a_link_lives_through_the_next_day_and_no_longer(pictures: Pictures, clock: Clock) -> None:
    link = parts(pictures.url(DIGEST, PictureKind.VIEW))
    clock.now = NOON + 1.5 * DAY - 0.001
    assert pictures.check(*link) is not None
    clock.now = NOON + 1.5 * DAY
    assert pictures.check(*link) is None


def test_no_part_of_a_link_can_be_changed(pictures: Pictures) -> None:
    kind, digest, until, signature = parts(pictures.url(DIGEST, PictureKind.THUMBNAIL))
    other = "a7" * 31 + "a8"
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    changed = [
        ("original", digest, until, signature),
        (kind, other, until, signature),
        (kind, digest, str(int(until) + DAY), signature),
        (kind, digest, "0" + until, signature),
        (kind, digest, until + " ", signature),
        (kind, digest, until, flipped),
        (kind, digest, until, signature[:-1]),
        (kind, digest, until, signature + "="),
        (kind, digest, until, ""),
        (kind, digest, "", signature),
        (kind, digest, until, "\N{SNOWMAN}" * 43),
        (kind, digest, "٢" * 10, signature),
        ("", digest, until, signature),
        (kind, digest.upper(), until, signature),
    ]
    assert pictures.check(kind, digest, until, signature) is not None
    assert [pictures.check(*link) for link in changed] == [None] * len(changed)


def test_another_labs_link_opens_nothing_here(pictures: Pictures, clock: Clock, tmp_path: Path) -> None:
    other = Pictures(tmp_path / "pictures", b"another key", door=Door(), now=clock)
    assert pictures.check(*parts(other.url(DIGEST, PictureKind.VIEW))) is None


@pytest.mark.parametrize(
    "digest",
    [
        "../secret",
        "../../secret",
        "..",
        "/etc/passwd",
        DIGEST + "/../../../secret",
        DIGEST + "\n",
        DIGEST[:-1],
        "\udcff" * 64,
        "",
    ],
)
def test_a_signature_never_makes_a_path_of_what_is_no_digest(pictures: Pictures, digest: str) -> None:
    link = pictures.url(digest, PictureKind.VIEW)
    query = parse_qs(urlsplit(link).query)
    assert pictures.check("view", digest, query["until"][0], query["signature"][0]) is None


def test_a_link_to_a_picture_that_is_gone_leads_nowhere(pictures: Pictures) -> None:
    assert pictures.check(*parts(pictures.url("b" * 64, PictureKind.VIEW))) is None
