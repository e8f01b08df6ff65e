"""The routes of downloads and of people outside: exactly what was signed, and a bare 404 for all else."""

import io
import re
import zipfile
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from staging.api import routes
from staging.exports import DownloadLinks
from staging.lab import Lab
from tests.labs import UNCHANGED, ask, finished, lab_at, only, photo
from tests.routes_server import Web, serving
from tests.screens import SCRIPT

COOKIE = {"Cookie": "_streamlit_user=somebody"}


class Parts(HTMLParser):
    """Collects the tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


class Shown(NamedTuple):
    """A lab with one finished comparison, and its routes."""

    lab: Lab
    web: Web
    comparison: str
    prediction: str
    output: str


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    with lab_at(tmp_path_factory.mktemp("lab") / "data", share_outside=True) as lab:
        comparison = ask(lab, UNCHANGED, prompt="A secret prompt")
        now = only(finished(lab, comparison))
        lab.store.comparisons.describe(comparison, "ada", now.state_at, name=SCRIPT, note="An inside note")
        lab.desk.mark(now.prediction.id, "ben", note="An inside remark")
        with serving(routes(lab)) as web:
            yield Shown(lab, web, comparison, now.prediction.id, now.outputs[0].digest)


def links(shown: Shown) -> dict[str, str]:
    url = shown.lab.takeaway.links.url
    options = {"profile": "RMLS", "label": "no", "kind": "JPEG", "page": ""}
    return {
        "output": url("output", shown.prediction),
        "zip": url("zip", shown.comparison, which="all"),
        "png": url("png", shown.comparison, which="all"),
        "pdf": url("pdf", shown.comparison, which="all"),
        "disclosure": url("disclosure", shown.comparison, which="all", **options),
    }


def is_bare_404(shown: Shown, path: str) -> bool:
    answer = shown.web.ask(path)
    return (answer.status, answer.content, answer.headers["cache-control"]) == (404, b"", "no-store")


def test_each_download_is_an_attachment_that_is_never_cached(shown: Shown) -> None:
    asked = links(shown)
    for what, start in (("output", b"\x89PNG"), ("zip", b"PK"), ("png", b"\x89PNG"), ("pdf", b"%PDF-")):
        answer = shown.web.ask(asked[what])
        assert answer.status == 200
        assert answer.content.startswith(start)
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert re.fullmatch(r'attachment; filename="[a-z0-9_.-]+"', answer.headers["content-disposition"])
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    kept = shown.lab.pictures.output_path(shown.output).read_bytes()
    assert shown.web.ask(asked["output"]).content == kept
    assert zipfile.ZipFile(io.BytesIO(shown.web.ask(asked["zip"]).content)).testzip() is None


def test_what_cannot_be_made_is_said_in_a_sentence(shown: Shown) -> None:
    refused = shown.web.ask(links(shown)["disclosure"])
    assert (refused.status, refused.headers["content-type"]) == (409, "text/plain; charset=utf-8")
    assert "no staged picture" in refused.text

    none = shown.web.ask(shown.lab.takeaway.links.url("zip", shown.comparison, which="accepted"))
    assert (none.status, "Nothing in it is accepted" in none.text) == (404, True)


def test_no_part_of_a_download_can_be_changed(shown: Shown) -> None:
    link = links(shown)["zip"]
    changed = [
        link.replace("which=all", "which=accepted"),
        link.replace("/zip/", "/pdf/"),
        link.replace(shown.comparison, shown.prediction),
        link + "&which=accepted",
        link + "&more=1",
        link[:-1],
        re.sub("signature=.*", "", link),
        link.partition("?")[0],
        re.sub(r"until=\d+", "until=99999999999", link),
        "/downloads/",
        "/downloads/zip",
        link.replace("?", "/more?"),
        shown.lab.takeaway.links.url("ledger", shown.comparison),
    ]
    assert [path for path in changed if not is_bare_404(shown, path)] == []


def test_a_download_ends_with_the_next_day_and_another_key_makes_none() -> None:
    now = [1_800_000_000.0]
    made = DownloadLinks(b"key", lambda: now[0])
    query = [part.partition("=")[::2] for part in made.url("zip", "a", which="all").partition("?")[2].split("&")]

    assert made.options("zip", "a", query) == {"which": "all"}
    assert DownloadLinks(b"other", lambda: now[0]).options("zip", "a", query) is None
    now[0] += 2 * 86_400
    assert made.options("zip", "a", query) is None


def test_a_download_is_only_fetched(shown: Shown) -> None:
    for method in ("HEAD", "POST", "PUT", "DELETE"):
        assert shown.web.ask(links(shown)["zip"], method).status == 405


# ── people outside ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def link(shown: Shown) -> str:
    return shown.lab.sharing.link(shown.comparison, "ada", 7)


def test_people_outside_see_the_pictures_and_nothing_of_what_is_said_inside(shown: Shown, link: str) -> None:
    page = shown.web.ask(link)

    assert page.status == 200
    assert "Offline baseline: unchanged" in page.text
    assert "Virtually staged" in page.text
    for inside in ("secret prompt", "inside note", "inside remark", "ada", "ben", "$", SCRIPT):
        assert inside not in page.text
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(sources) == 4
    for source in sources:
        answer = shown.web.ask(unescape(source))
        assert (answer.status, answer.headers["content-type"]) == (200, "image/webp")
        assert Image.open(io.BytesIO(answer.content)).format == "WEBP"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_page_can_run_nothing_and_leaves_nothing_behind(shown: Shown, link: str) -> None:
    page = shown.web.ask(link, headers=COOKIE)

    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; img-src 'self'; base-uri 'none'; form-action 'none'")
    assert "unsafe" not in policy
    assert "script" not in policy
    parts = Parts()
    parts.feed(page.text)
    assert parts.tags == {
        *[
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "header",
            "h1",
            "p",
            "main",
            "section",
            "h2",
            "div",
            "figure",
            "a",
            "img",
            "figcaption",
        ]
    }
    assert parts.attributes == {*["lang", "charset", "name", "content", "class", "href", "src", "alt", "loading"]}
    assert "set-cookie" not in page.headers
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in page.headers["x-robots-tag"]
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert shown.web.ask(link, method).status == 405


def test_wrong_links_are_a_bare_404(shown: Shown, link: str) -> None:
    source = unescape(re.findall(r'src="([^"]+)"', shown.web.ask(link).text)[0])
    other = shown.lab.desk.keep_room(photo(50), "unrelated.png", "ada").digest
    _, _, token, _, digest = source.partition("?")[0].split("/")
    wrong = [
        "/shared/",
        link[:-1],
        link + "/",
        link.replace(shown.comparison, shown.prediction),
        source.replace("thumbnail", "original"),
        source.replace("thumbnail", "view"),
        source.replace(digest, other),
        source.replace(token, "x"),
        source.partition("?")[0],
        f"{link}/../../downloads/zip/{shown.comparison}",
        f"/shared/{shown.comparison}",
    ]
    assert [path for path in wrong if not is_bare_404(shown, path)] == []


def test_stopping_closes_the_page_and_its_pictures_at_once(shown: Shown, link: str) -> None:
    source = unescape(re.findall(r'src="([^"]+)"', shown.web.ask(link).text)[0])

    shown.lab.sharing.stop(shown.comparison, "ada")

    assert is_bare_404(shown, link)
    assert is_bare_404(shown, source)


def test_sharing_outside_is_off_unless_somebody_switches_it_on(tmp_path: Path, shown: Shown, link: str) -> None:
    shown.web.ask(link)
    with lab_at(tmp_path / "data") as lab, serving(routes(lab)) as web:
        assert not lab.settings.share_outside
        assert web.ask(link).status == 404
