"""Where a picture comes from, written into its file as XMP in IPTC's terms (Photo Metadata 2025.1)."""

import io
from collections.abc import Sequence
from enum import StrEnum
from xml.sax.saxutils import escape

from PIL import Image, PngImagePlugin

from staging.exports.pieces import Piece
from staging.externals import is_external
from staging.registry import ModelID

CREATOR = "Staging Lab"
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
NAMESPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "staging": "urn:staging-lab:provenance:1.0:",
}
_JPEG_QUALITY = 95
_BOM = "\ufeff"


class FileType(StrEnum):
    """The formats that carry XMP."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WebP"

    @property
    def suffix(self) -> str:
        """How a file's name ends."""
        return {FileType.JPEG: ".jpg", FileType.PNG: ".png", FileType.WEBP: ".webp"}[self]


def source_type(model: str) -> str:
    """Return IPTC's word for how a picture of the model came about.

    A photo with what a trained model made of it; the offline baseline renders furniture into the photo
    without a trained model; how somebody outside works is not known to us.
    """
    if model == ModelID.OFFLINE_FURNISH:
        return f"{SOURCE_TYPES}compositeSynthetic"
    if model == ModelID.OFFLINE_TONE:
        return f"{SOURCE_TYPES}algorithmicallyEnhanced"
    if is_external(model):
        return f"{SOURCE_TYPES}composite"
    return f"{SOURCE_TYPES}compositeWithTrainedAlgorithmicMedia"


def staged_packet(piece: Piece, caption: str) -> bytes:
    """Return the XMP packet of a staged picture: virtually staged, by which model, from what, when."""
    now, asked = piece.now, piece.now.prediction
    made = (now.ended_at or asked.created_at).isoformat(timespec="seconds")
    return packet(
        [
            ("Iptc4xmpExt:DigitalSourceType", source_type(asked.model)),
            ("Iptc4xmpExt:AISystemUsed", "" if is_external(asked.model) else f"{piece.title} ({asked.model})"),
            ("Iptc4xmpExt:AISystemVersionUsed", asked.version or ""),
            ("Iptc4xmpExt:AIPromptInformation", asked.prompt),
            ("xmp:CreatorTool", CREATOR),
            ("xmp:CreateDate", made),
            ("staging:Statement", "virtually staged"),
            ("staging:Model", asked.model),
            ("staging:Version", asked.version or ""),
            ("staging:Prompt", asked.prompt),
            ("staging:Seed", "" if asked.seed is None else str(asked.seed)),
            ("staging:Date", made),
            ("staging:Prediction", asked.id),
            ("staging:OutputSHA256", now.outputs[0].digest),
        ],
        description=f"Virtually staged. {caption}",
    )


def original_packet() -> bytes:
    """Return the XMP packet of the unaltered photo."""
    return packet([("xmp:CreatorTool", CREATOR)], description="The unaltered original, before virtual staging.")


def packet(facts: Sequence[tuple[str, str]], *, description: str) -> bytes:
    """Return an XMP packet; facts without a value are left out."""
    spaces = " ".join(f'xmlns:{name}="{address}"' for name, address in NAMESPACES.items())
    about = f'<rdf:Alt><rdf:li xml:lang="x-default">{_text(description)}</rdf:li></rdf:Alt>'
    lines = [f"   <{name}>{_text(value)}</{name}>" for name, value in facts if value]
    return "\n".join(
        [
            f'<?xpacket begin="{_BOM}" id="W5M0MpCehiHzreSzNTczkc9d"?>',
            '<x:xmpmeta xmlns:x="adobe:ns:meta/">',
            f" <rdf:RDF {spaces}>",
            '  <rdf:Description rdf:about="">',
            f"   <dc:description>{about}</dc:description>",
            *lines,
            "  </rdf:Description>",
            " </rdf:RDF>",
            "</x:xmpmeta>",
            '<?xpacket end="w"?>',
        ]
    ).encode()


def _text(value: str) -> str:
    """Return the text as XML may hold it: without control characters, which no escape makes lawful."""
    return escape("".join(character for character in value if character.isprintable() or character in "\n\t"))


def encoded(picture: Image.Image, kind: FileType, xmp: bytes) -> bytes:
    """Return the picture as a file of this type with the packet in it, and nothing else beside pixels."""
    out = io.BytesIO()
    match kind:
        case FileType.JPEG:
            picture.save(out, "JPEG", quality=_JPEG_QUALITY, subsampling=0, optimize=True, xmp=xmp)
        case FileType.PNG:
            info = PngImagePlugin.PngInfo()
            info.add_itxt("XML:com.adobe.xmp", xmp.decode())
            picture.save(out, "PNG", compress_level=4, pnginfo=info)
        case FileType.WEBP:
            picture.save(out, "WEBP", quality=_JPEG_QUALITY, method=2, xmp=xmp)
    return out.getvalue()
