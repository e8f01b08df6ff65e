"""The export for an MLS: each staged picture with its original beside it, as the profile asks for.

Not legal advice, and the export says so.
"""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from typing import IO

import segno
from PIL import Image, ImageDraw

from staging.errors import ParametersRefused
from staging.exports import provenance
from staging.exports.archive import entry, folder_name
from staging.exports.lettering import font
from staging.exports.pieces import Piece, Selection
from staging.exports.profiles import NOT_LEGAL_ADVICE, DisclosureProfile, LabelRule, Original, QrCode
from staging.exports.provenance import FileType
from staging.exports.words import plain_letters, slug
from staging.images import PictureKind, Pictures
from staging.registry import ModelID

PictureAddress = Callable[[str], str]
"""By a room's digest: where the unaltered photo can be seen from outside."""
UNSTAGED = (ModelID.OFFLINE_UNCHANGED, ModelID.OFFLINE_TONE)
"""What these make shows the room empty, as it is."""
_LABEL_SHARE = 0.034
"""Of the picture's long side: the height of the label's letters. Read at the size a listing shows."""
_BAND = (16, 22, 21, 200)


class Links:
    """Where QR codes lead; both empty when nothing is shared outside."""

    def __init__(self, page: str = "", original: PictureAddress | None = None) -> None:
        self.page = page
        self._original = original

    def to(self, qr: QrCode, room: str) -> str:
        """Return the address that the QR code of this room's picture leads to; empty when there is none."""
        match qr:
            case QrCode.PAGE:
                return self.page
            case QrCode.ORIGINAL:
                return self._original(room) if self.page and self._original else ""
            case QrCode.NONE:
                return ""


def write_disclosure(
    file: IO[bytes],
    selection: Selection,
    pictures: Pictures,
    profile: DisclosureProfile,
    *,
    label: bool,
    kind: FileType,
    links: Links,
    made_at: datetime,
) -> None:
    """The export is in the file: pictures in the order to publish, captions, what the profile says.

    `label` asks for the words on the picture where the profile allows them; required or forbidden,
    it changes nothing. ParametersRefused when there is no staged picture to disclose.
    """
    staged = [one for one in selection.pieces if one.now.outputs and one.now.prediction.model not in UNSTAGED]
    if not staged:
        raise ParametersRefused(
            "There is no staged picture here to disclose. The control and the tone baseline furnish nothing: "
            "they are left out."
        )
    labelled = profile.label is LabelRule.REQUIRED or (label and profile.label is LabelRule.ALLOWED)
    place_of = {room.digest: place for place, room in enumerate(selection.rooms, start=1)}
    told = []
    without_link = False
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for piece in staged:
            number = place_of[piece.room.digest]
            stem = f"{folder_name(piece.room, number)}_{piece.column + 1:02d}_{slug(piece.title, 'model')}"
            first = profile.original is Original.BEFORE
            original = f"{stem}_{1 if first else 2}_original{kind.suffix}"
            shown = f"{stem}_{2 if first else 1}_staged{kind.suffix}"
            moment = piece.now.ended_at or made_at
            archive.writestr(entry(original, moment), _original(pictures, piece, kind))
            archive.writestr(entry(shown, moment), _staged(pictures, piece, profile, labelled, kind))
            link = links.to(profile.qr, piece.room.digest)
            qr = f"{stem}_3_qr.png" if link else ""
            if qr:
                archive.writestr(entry(qr, made_at), qr_png(link))
            without_link |= profile.qr is not QrCode.NONE and not link
            told.append(_facts(piece, profile, {"staged": shown, "original": original, "qr": qr, "qr_link": link}))
        whole = {"profile": profile.model_dump(mode="json"), "made_at": made_at.isoformat(), "pictures": told}
        _text(archive, "captions.txt", "\n\n".join(f"{one['staged']}\n{profile.caption}" for one in told), made_at)
        _text(archive, "disclosure.json", json.dumps(whole, ensure_ascii=False, indent=1), made_at)
        _text(archive, "README.txt", _readme(profile, labelled, without_link), made_at)


def qr_png(link: str) -> bytes:
    """Return a QR code as PNG, black on white with its quiet zone."""
    out = io.BytesIO()
    segno.make(link, error="m", micro=False).save(out, kind="png", scale=8, border=4)
    return out.getvalue()


def labelled_picture(picture: Image.Image, text: str) -> Image.Image:
    """Return a copy with the words in the lower left corner, on a dark band that any picture lets read."""
    size = max(12, round(max(picture.size) * _LABEL_SHARE))
    words = plain_letters(text)
    measure = ImageDraw.Draw(picture)
    while size > 8 and measure.textlength(words, font(size)) > picture.width * 0.9:
        size -= 1
    pad = size // 2
    width = round(measure.textlength(words, font(size))) + 2 * pad
    band = Image.new("RGBA", (width, size + 2 * pad), _BAND)
    ImageDraw.Draw(band).text((pad, pad + size // 2), words, fill="white", font=font(size), anchor="lm")
    whole = picture.convert("RGB")
    whole.paste(band, (pad, whole.height - band.height - pad), band)
    return whole


def _staged(pictures: Pictures, piece: Piece, profile: DisclosureProfile, labelled: bool, kind: FileType) -> bytes:
    # The door decodes what a provider or a stranger made; only its own PNG is opened here.
    with Image.open(io.BytesIO(pictures.pixels(piece.now.outputs[0].digest)), formats=("PNG",)) as png:
        picture = png.convert("RGB")
    if labelled:
        picture = labelled_picture(picture, profile.label_text)
    return provenance.encoded(picture, kind, provenance.staged_packet(piece, profile.caption))


def _original(pictures: Pictures, piece: Piece, kind: FileType) -> bytes:
    with Image.open(pictures.path(piece.room.digest, PictureKind.ORIGINAL), formats=("PNG",)) as png:
        return provenance.encoded(png.convert("RGB"), kind, provenance.original_packet())


def _facts(piece: Piece, profile: DisclosureProfile, files: dict[str, str]) -> dict[str, object]:
    now, asked = piece.now, piece.now.prediction
    return files | {
        "statement": "virtually staged",
        "caption": profile.caption,
        "room": piece.room.name,
        "model": asked.model,
        "version": asked.version,
        "prompt": asked.prompt,
        "seed": asked.seed,
        "date": (now.ended_at or asked.created_at).isoformat(),
        "digital_source_type": provenance.source_type(asked.model),
        "output_sha256": now.outputs[0].digest,
        "prediction_id": asked.id,
    }


def _readme(profile: DisclosureProfile, labelled: bool, without_link: bool) -> str:
    lines = [
        f"Disclosure of virtual staging, by the profile {profile.name!r}.",
        NOT_LEGAL_ADVICE,
        "",
        f"Source: {profile.source}; read on {profile.dated}.",
        profile.note,
        "",
        f"Label on the staged picture: {profile.label.value}; drawn here: {'yes' if labelled else 'no'}.",
        f"The original goes directly {profile.original.value} the staged picture: publish them in the files' order.",
        "The captions are in captions.txt. Model, prompt and date are in disclosure.json and in the pictures (XMP).",
    ]
    if without_link:
        lines.append(
            "The profile asks for a QR code, and there is none: share the comparison with people outside first "
            "(it needs STAGING_SHARE_OUTSIDE), then export again."
        )
    elif profile.qr is not QrCode.NONE:
        lines.append("The QR codes end with the link that they were made from, after 30 days at most.")
    return "\n".join(lines) + "\n"


def _text(archive: zipfile.ZipFile, name: str, text: str, at: datetime) -> None:
    info = entry(name, at)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, text.encode())
