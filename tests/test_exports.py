"""What is taken away: read back as whoever gets it reads it."""

import csv
import hashlib
import io
import json
import re
import threading
import zipfile
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from PIL import Image

from staging.errors import EditedMeanwhile, NotFound, ParametersRefused, SettingsRefused
from staging.exports import PDF, PNG, Download, FileType, LabelRule, Links, Original, Which, read_profiles
from staging.exports import archive as archives
from staging.exports import takeaway as takeaways
from staging.exports.provenance import NAMESPACES, packet, source_type
from staging.exports.sheet import PDF_COLUMNS
from staging.exports.words import harmless, money, plain_letters, room_slug, slug
from staging.externals import Import, bring_in
from staging.images import PictureKind
from staging.lab import SHIPPED, Lab
from staging.predictions import Reason, Verdict
from staging.quality import SCORER_VERSION
from tests.labs import UNCHANGED, ask, finished, lab_at, photo
from tests.scored import GONE, failed, score

MAKER = "=Studio Müller"
SHARED = "https://staging.example/shared/token"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with lab_at(tmp_path / "data") as lab:
        yield lab


@pytest.fixture
def comparison(lab: Lab) -> str:
    """Two rooms of one name, the control and a maker on both; the first is accepted, the second rejected."""
    made = ask(lab, UNCHANGED, rooms=[photo(1), photo(2)], prompt="=cmd|' /C calc'!A0")
    rooms = finished(lab, made).rooms
    for number, room in enumerate(rooms):
        piece = Import(photo(100, (640 + 32 * number, 480), "JPEG"), "x.jpg", room, MAKER, Decimal("4.5"))
        one = bring_in(lab.store, lab.pictures, piece, "ada", comparison=made)
        if number == 0:
            lab.desk.mark(one.id, "ben", verdict=Verdict.ACCEPTED, stars=4, note="+fine", favourite=True)
        else:
            lab.desk.mark(one.id, "ben", reasons=[Reason.LIGHT, Reason.SCALE])
    lab.store.comparisons.describe(made, "ada", lab.store.comparisons.get(made).created_at, name="../Küche: Haus 1")
    return made


def read(download: Download) -> bytes:
    with download.file as file:
        data = file.read()
    assert len(data) == download.size_bytes
    return data


def archive(download: Download) -> zipfile.ZipFile:
    opened = zipfile.ZipFile(io.BytesIO(read(download)))
    assert opened.testzip() is None
    return opened


def manifest(opened: zipfile.ZipFile) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(opened.read("manifest.json"))["predictions"]
    return rows


def disclosed(lab: Lab, comparison: str, profile: str, **options: Any) -> zipfile.ZipFile:
    known: dict[str, Any] = {"label": False, "kind": FileType.PNG, "links": Links()}
    which = options.pop("which", Which.ALL)
    return archive(lab.takeaway.disclosure(comparison, which, profile, **known | options))


def xmp(data: bytes) -> Mapping[str, str]:
    """Return the plain facts of a picture's XMP by prefixed name, and its description."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        raw = image.info["xmp"] if "xmp" in image.info else image.info["XML:com.adobe.xmp"].encode()
    found = {}
    prefixes = {address: name for name, address in NAMESPACES.items()}
    for node in ElementTree.fromstring(raw.strip()).iter():
        address, _, name = node.tag.removeprefix("{").partition("}")
        if address in prefixes and (node.text or "").strip():
            found[f"{prefixes[address]}:{name}"] = node.text or ""
    return found


# ── one output, the zip and its manifest ───────────────────────────────────────────────────────────


def test_one_output_is_the_bytes_as_received_under_a_name_that_says_what_it_is(lab: Lab, comparison: str) -> None:
    now = next(cell.prediction for (_, model, _), cell in lab.desk.look(comparison).cells.items() if "ext" in model)

    download = lab.takeaway.output(now.prediction.id)

    assert re.fullmatch(r"room-0_external-studio-muller_[0-9a-f]{6}\.jpg", download.name)
    assert (read(download), download.media_type) == (photo(100, (640, 480), "JPEG"), "image/jpeg")
    with pytest.raises(NotFound):
        lab.takeaway.output("no-such-prediction")


def test_the_zip_holds_every_picture_bit_for_bit(lab: Lab, comparison: str) -> None:
    opened = archive(lab.takeaway.zip(comparison, Which.ALL))

    rows = manifest(opened)
    assert len(rows) == 4
    for row in rows:
        assert hashlib.sha256(opened.read(row["output_file"])).hexdigest() == row["output_sha256"]
        kept = lab.pictures.path(row["room_pixels_sha256"], PictureKind.ORIGINAL)
        assert opened.read(row["room_file"]) == kept.read_bytes()
    named = {row["output_file"] for row in rows} | {row["room_file"] for row in rows}
    assert named | {"manifest.csv", "manifest.json"} == set(opened.namelist())


def test_names_in_the_zip_are_safe_and_no_two_are_equal(lab: Lab, comparison: str) -> None:
    download = lab.takeaway.zip(comparison, Which.ALL)
    names = archive(download).namelist()

    assert len({name.lower() for name in names}) == len(names)
    assert all(re.fullmatch(r"[a-z]+(/[a-z0-9_.-]+)*\.[a-z]+|outputs/.+", name) for name in names)
    assert all(".." not in name and re.fullmatch(r"[a-z0-9_./-]+", name) for name in names)
    assert download.name == "kuche-haus-1_pictures.zip"


def test_the_manifest_says_who_what_when_and_for_how_much(lab: Lab, comparison: str) -> None:
    row = manifest(archive(lab.takeaway.zip(comparison, Which.ACCEPTED)))[0]

    told = {name: row[name] for name in ("model", "model_name", "verdict", "stars", "note", "favourite", "judged_by")}
    assert told == {
        "model": "external/studio-muller",
        "model_name": MAKER,
        "verdict": "accepted",
        "stars": 4,
        "note": "+fine",
        "favourite": True,
        "judged_by": "ben",
    }
    assert (Decimal(row["charge_usd"]), row["asked_by"]) == (Decimal("4.5"), "ada")
    assert row["charge_basis"].startswith("imported, as stated")
    assert row["judged_at"] > row["asked_at"]
    assert (row["score"], row["score_flags"], row["scorer"], row["automatic_mark"]) == (None, [], None, None)


def test_the_manifest_has_the_automatic_score_beside_the_verdict(lab: Lab, comparison: str) -> None:
    before = manifest(archive(lab.takeaway.zip(comparison, Which.ACCEPTED)))[0]
    key = before["prediction_id"]
    lab.store.scores.record(failed(key))
    assert manifest(archive(lab.takeaway.zip(comparison, Which.ACCEPTED)))[0]["not_scored"].startswith("The scorer")

    lab.store.scores.record(score(key, overall=61.5, changed=True))

    row = manifest(archive(lab.takeaway.zip(comparison, Which.ACCEPTED)))[0]
    assert (row["score"], row["score_flags"], row["scorer"]) == (61.5, [GONE.words], SCORER_VERSION)
    assert (row["verdict"], row["not_scored"]) == ("accepted", None)


def test_the_csv_says_what_the_json_says_and_no_cell_is_a_formula(lab: Lab, comparison: str) -> None:
    opened = archive(lab.takeaway.zip(comparison, Which.ALL))

    rows = list(csv.DictReader(io.StringIO(opened.read("manifest.csv").decode("utf-8-sig"))))

    assert [row["prediction_id"] for row in rows] == [row["prediction_id"] for row in manifest(opened)]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    assert {row["prompt"] for row in rows} == {"", "'=cmd|' /C calc'!A0"}
    assert "'+fine" in {row["note"] for row in rows}
    assert "scale; light" in {row["reasons"] for row in rows}
    assert [harmless(text) for text in ("=1", "+1", "-1", "@A", "\t=1", "a=1")] == [
        "'=1", "'+1", "'-1", "'@A", "'\t=1", "a=1",
    ]  # fmt: skip


@pytest.mark.parametrize(("which", "count"), [(Which.ALL, 4), (Which.ACCEPTED, 1), (Which.FAVOURITES, 1)])
def test_only_what_is_meant_is_taken(lab: Lab, comparison: str, which: Which, count: int) -> None:
    opened = archive(lab.takeaway.zip(comparison, which))

    assert len(manifest(opened)) == count
    assert len([name for name in opened.namelist() if name.startswith("outputs/")]) == count


def test_nothing_accepted_is_said_not_zipped(lab: Lab) -> None:
    made = ask(lab, UNCHANGED)
    finished(lab, made)

    with pytest.raises(NotFound, match="Nothing in it is accepted"):
        lab.takeaway.zip(made, Which.ACCEPTED)


def test_a_picture_that_is_gone_is_named_in_the_manifest_and_the_rest_is_there(lab: Lab, comparison: str) -> None:
    lab.pictures.output_path(hashlib.sha256(photo(100, (640, 480), "JPEG")).hexdigest()).unlink()

    rows = manifest(archive(lab.takeaway.zip(comparison, Which.ALL)))

    assert [row["missing"] for row in rows if row["missing"]] == ["the output is not in the pictures folder"]
    assert sum(bool(row["output_file"]) for row in rows) == 3


def test_nothing_is_left_on_the_disk_and_no_more_than_two_are_made_at_once(
    lab: Lab, comparison: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, most, guard, go = 0, 0, threading.Lock(), threading.Event()
    write = archives.write_zip

    def slow(*arguments: Any) -> None:
        nonlocal inside, most
        with guard:
            inside += 1
            most = max(most, inside)
        go.wait(0.3)
        write(*arguments)
        with guard:
            inside -= 1

    monkeypatch.setattr(takeaways, "write_zip", slow)
    before = sorted(path.name for path in lab.settings.data_dir.iterdir())
    threads = [threading.Thread(target=lambda: read(lab.takeaway.zip(comparison, Which.ACCEPTED))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == takeaways.AT_ONCE
    assert sorted(path.name for path in lab.settings.data_dir.iterdir()) == before


# ── the contact sheet ──────────────────────────────────────────────────────────────────────────────


def test_the_sheet_as_png_has_a_row_for_each_room_and_a_column_for_each_model(lab: Lab, comparison: str) -> None:
    all_of_it, one = (
        Image.open(io.BytesIO(read(lab.takeaway.sheet(comparison, which, PNG))))
        for which in (Which.ALL, Which.ACCEPTED)
    )

    assert all_of_it.format == "PNG"
    assert all_of_it.width > one.width
    assert all_of_it.height > one.height
    assert len(all_of_it.convert("RGB").getcolors(1_000_000) or []) > 50  # the pictures are on it


def pages(data: bytes) -> int:
    """Return how many pages the last page tree of a PDF counts."""
    return int(re.findall(rb"/Count (\d+)", data)[-1])


def test_the_sheet_as_pdf_is_paged(lab: Lab) -> None:
    made = ask(lab, UNCHANGED, rooms=[photo(shade) for shade in range(4)])
    for room in finished(lab, made).rooms:
        for number in range(PDF_COLUMNS):
            piece = Import(photo(200 + number), "x.png", room, f"Maker {number}")
            bring_in(lab.store, lab.pictures, piece, "ada", comparison=made)

    data = read(lab.takeaway.sheet(made, Which.ALL, PDF))

    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    assert pages(data) == data.count(b"/DCTDecode") == 4  # 4 rooms, 3 a page; 5 columns, 4 a page


def test_a_sheet_of_too_many_rooms_is_cut_as_png_and_whole_as_pdf(
    lab: Lab, comparison: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Image.open(io.BytesIO(read(lab.takeaway.sheet(comparison, Which.ALL, PNG))))
    monkeypatch.setattr("staging.exports.sheet.MOST_PNG_PIXELS", whole.width * whole.height - 1)

    cut = Image.open(io.BytesIO(read(lab.takeaway.sheet(comparison, Which.ALL, PNG))))

    assert cut.height < whole.height


def test_letters_the_font_lacks_become_others_or_a_question_mark() -> None:
    assert plain_letters("Küche, Łódź – 3 × ½ 東京\u202e") == "Kuche, Lodz - 3 x 1?2 ???"
    assert (slug("../../etc/passwd", "x"), slug("東京", "room"), room_slug("IMG 1.HEIC")) == (
        "etc-passwd",
        "room",
        "img-1",
    )
    assert [money(usd) for usd in (None, Decimal(0), Decimal("0.0385"), Decimal(12))] == [
        "cost unknown", "$0", "$0.0385", "$12.00",
    ]  # fmt: skip


# ── the export for an MLS ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", list(FileType))
def test_provenance_is_in_the_picture_and_the_pixels_are_the_models(lab: Lab, comparison: str, kind: FileType) -> None:
    opened = disclosed(lab, comparison, "MLS Now", kind=kind)

    (staged,) = [name for name in opened.namelist() if re.search(r"001.*staged", name)]
    assert staged.endswith(kind.suffix)
    told = xmp(opened.read(staged))
    assert told["Iptc4xmpExt:DigitalSourceType"] == source_type("external/studio-muller")
    assert told["staging:Statement"] == "virtually staged"
    assert told["staging:Model"] == "external/studio-muller"
    assert told["rdf:li"].startswith("Virtually staged. ")
    with (
        Image.open(io.BytesIO(opened.read(staged))) as image,
        Image.open(io.BytesIO(photo(100, (640, 480), "JPEG"))) as received,
    ):
        gap = np.abs(np.asarray(image.convert("RGB"), int) - np.asarray(received.convert("RGB"), int))
    assert gap.mean() < (0.001 if kind is FileType.PNG else 2)


def test_model_version_prompt_seed_and_date_are_in_the_picture(lab: Lab) -> None:
    from staging.exports.pieces import Piece
    from staging.exports.provenance import staged_packet
    from tests import ledgers

    asked = ledgers.prediction(ledgers.comparison(), version="a1b2", prompt="Sofa & <lamp>\x00", seed=7)
    (one,) = ledgers.succeeded(lab.store)
    now = lab.store.predictions.get(one.id)
    piece = Piece(ledgers.room(), "Qwen Image Edit", 0, type(now)(**{**_fields(now), "prediction": asked}))

    told = xmp_of(staged_packet(piece, "Caption."))

    assert told["Iptc4xmpExt:DigitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")
    assert told["Iptc4xmpExt:AISystemUsed"] == "Qwen Image Edit (qwen/qwen-image-edit)"
    assert told["Iptc4xmpExt:AISystemVersionUsed"] == told["staging:Version"] == "a1b2"
    assert told["Iptc4xmpExt:AIPromptInformation"] == told["staging:Prompt"] == "Sofa & <lamp>"
    assert told["staging:Seed"] == "7"
    assert told["staging:Date"] == "2026-11-22T12:00:10+00:00"


def _fields(now: Any) -> dict[str, Any]:
    return {name: getattr(now, name) for name in now.__slots__}


def xmp_of(raw: bytes) -> Mapping[str, str]:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", xmp=raw)
    return xmp(out.getvalue())


def test_the_label_is_drawn_only_where_the_profile_says_so(lab: Lab, comparison: str) -> None:
    def staged(profile: str, label: bool) -> bytes:
        opened = disclosed(lab, comparison, profile, label=label, which=Which.ACCEPTED)
        (name,) = [name for name in opened.namelist() if "staged" in name]
        with Image.open(io.BytesIO(opened.read(name))) as image:
            return image.convert("RGB").tobytes()

    plain = staged("MLS Now", False)

    assert staged("MLS Now", True) == staged("RealTracs", True) == staged("CRMLS", False) == plain
    assert staged("RMLS", False) == staged("RMLS", True) != plain
    assert staged("CRMLS", True) != plain


def test_the_original_stands_before_or_after_as_the_profile_says(lab: Lab, comparison: str) -> None:
    profile = lab.takeaway.profiles.get("CRMLS")
    lab.takeaway.profiles.write({**profile.model_dump(), "name": "After", "original": Original.AFTER}, "ada")

    before, after = (
        sorted(name for name in disclosed(lab, comparison, name, which=Which.ACCEPTED).namelist() if name[0] == "0")
        for name in ("CRMLS", "After")
    )

    assert ["original" in name for name in before] == [True, False]
    assert ["original" in name for name in after] == [False, True]
    opened = disclosed(lab, comparison, "CRMLS", which=Which.ACCEPTED)
    with Image.open(io.BytesIO(opened.read(before[0]))) as original, Image.open(io.BytesIO(photo(1))) as room:
        assert original.convert("RGB").tobytes() == room.convert("RGB").tobytes()


def test_the_qr_code_leads_to_the_original_where_a_link_exists(lab: Lab, comparison: str) -> None:
    links = Links(SHARED, lambda room: f"{SHARED}/view/{room}?signature=abc")
    opened = disclosed(lab, comparison, "California AB 723", links=links, which=Which.ACCEPTED)

    (name,) = [name for name in opened.namelist() if "qr" in name]
    code = cv2.imdecode(np.frombuffer(opened.read(name), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert code is not None
    read_back, _, _ = cv2.QRCodeDetector().detectAndDecode(code)

    room = lab.desk.look(comparison).rooms[0]
    assert read_back == f"{SHARED}/view/{room}?signature=abc"
    none = disclosed(lab, comparison, "California AB 723", which=Which.ACCEPTED)
    assert not [name for name in none.namelist() if "qr" in name]
    assert "asks for a QR code, and there is none" in none.read("README.txt").decode()


def test_the_export_says_its_source_and_that_it_is_no_legal_advice(lab: Lab, comparison: str) -> None:
    opened = disclosed(lab, comparison, "RMLS")

    told = opened.read("README.txt").decode()
    assert "not legal advice" in told
    assert "RMLS rule 3.8" in told
    assert "Virtually Staged" in opened.read("captions.txt").decode()
    assert len(json.loads(opened.read("disclosure.json"))["pictures"]) == 2


def test_the_control_is_never_called_staged(lab: Lab, comparison: str) -> None:
    assert not [name for name in disclosed(lab, comparison, "RMLS").namelist() if "unchanged" in name]
    alone = ask(lab, UNCHANGED)
    finished(lab, alone)

    with pytest.raises(ParametersRefused, match="no staged picture"):
        disclosed(lab, alone, "RMLS")


def test_each_way_of_making_has_its_own_word() -> None:
    words = [
        source_type(model).rpartition("/")[2] for model in ("qwen/qwen-image-edit", "offline/furnish", "external/x")
    ]

    assert words == ["compositeWithTrainedAlgorithmicMedia", "compositeSynthetic", "composite"]
    assert ElementTree.fromstring(packet([("staging:Prompt", "a\x0b<b>&")], description="\ud800x").strip()) is not None


# ── the profiles ───────────────────────────────────────────────────────────────────────────────────


def test_the_shipped_profiles_say_what_the_rules_say() -> None:
    shipped = read_profiles(SHIPPED / "disclosure.toml")

    assert {name: profile.label for name, profile in shipped.items()} == {
        "California AB 723": LabelRule.ALLOWED,
        "CRMLS": LabelRule.ALLOWED,
        "MLS Now": LabelRule.FORBIDDEN,
        "RealTracs": LabelRule.FORBIDDEN,
        "RMLS": LabelRule.REQUIRED,
    }
    assert all(profile.source and profile.dated for profile in shipped.values())


def test_a_profile_can_be_edited_added_and_taken_back(lab: Lab) -> None:
    profiles = lab.takeaway.profiles
    crmls = profiles.get("CRMLS").model_dump()

    profiles.write({**crmls, "caption": "Staged."}, "ada", follows=-1)
    profiles.write({**crmls, "name": "Ours"}, "ada", follows=-1)

    assert profiles.get("CRMLS").caption == "Staged."
    assert [(one.profile.name, one.shipped) for one in profiles.list()][-1] == ("Ours", False)
    with pytest.raises(EditedMeanwhile):
        profiles.write({**crmls, "caption": "Mine."}, "ben", follows=-1)

    profiles.remove("CRMLS", "ada")
    profiles.remove("Ours", "ada")

    assert profiles.get("CRMLS").model_dump() == crmls
    with pytest.raises(NotFound, match="Known profiles: California"):
        profiles.get("Ours")
    (again,) = [one for one in profiles.list() if one.profile.name == "CRMLS"]
    profiles.write({**crmls, "caption": "Once more."}, "ada", follows=again.version)


@pytest.mark.parametrize("wrong", [{"label": "maybe"}, {"caption": ""}, {"name": "a\nb"}, {"source": " "}, {"more": 1}])
def test_a_profile_that_cannot_be_is_refused_in_a_sentence(lab: Lab, wrong: dict[str, object]) -> None:
    with pytest.raises(ParametersRefused, match=r"^The profile cannot be kept: "):
        lab.takeaway.profiles.write({**lab.takeaway.profiles.get("CRMLS").model_dump(), **wrong}, "ada")


@pytest.mark.parametrize("text", ["", "profiles = 3", "[[profiles]]\nname = 'x'", "\xff"])
def test_a_broken_file_of_profiles_stops_the_start_with_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "disclosure.toml"
    path.write_bytes(text.encode("latin-1"))

    with pytest.raises(SettingsRefused, match=r"disclosure\.toml cannot be used"):
        read_profiles(path)
    with pytest.raises(SettingsRefused, match="cannot be read"):
        read_profiles(tmp_path / "absent.toml")
