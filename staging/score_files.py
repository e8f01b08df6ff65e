"""`python -m staging score`: two picture files in, a report as text or JSON out."""

from pathlib import Path

from staging import quality
from staging.errors import QualityRefused
from staging.images import OUTPUT_LIMITS, PictureKind
from staging.images_door import Door, DoorUnavailable, Refused
from staging.quality import FAMILIES, QualityReport


def score_files(original: Path, output: Path, openings: Path | None, overlay: Path | None, *, in_json: bool) -> str:
    """Return the report of the pair, and write its overlay as PNG where one is wanted.

    The files go through the door for pictures, turned upright. QualityRefused names the file that
    cannot be used.
    """
    quality.check_available()
    from staging.quality.files import pixels_of, png_of, read_openings

    outlined = () if openings is None else read_openings(openings)
    door = Door(readers=1)
    try:
        pictures = [pixels_of(_clean(door, path), str(path)) for path in (original, output)]
    finally:
        door.close()
    report = quality.score(pictures[0], pictures[1], outlined)
    if overlay is not None:
        try:
            overlay.write_bytes(png_of(quality.overlay(pictures[0], pictures[1], outlined)))
        except OSError as error:
            raise QualityRefused(f"{overlay} cannot be written: {error.strerror}.") from None
    return report.to_json() if in_json else as_text(report)


def as_text(report: QualityReport) -> str:
    """Return the report for a terminal."""
    lines = [f"Overall {report.overall:.0f} of 100, confidence {report.confidence:.2f}, scorer {report.version}"]
    width = max(len(name) for name in FAMILIES.values())
    for family, name in FAMILIES.items():
        part = report.parts[family]
        lines.append(f"  {name:<{width}}  {'n/a' if part is None else f'{part:.2f}'}")
    lines += [f"  ! {flag.words} ({flag.severity:.2f})" for flag in report.flags]
    return "\n".join(lines)


def _clean(door: Door, path: Path) -> bytes:
    """Return the file's upright pixels as PNG."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise QualityRefused(f"{path} cannot be read: {error.strerror}.") from None
    try:
        return door.look(data, OUTPUT_LIMITS, [PictureKind.ORIGINAL], digest=False).files[PictureKind.ORIGINAL]
    except Refused as refused:
        raise QualityRefused(f"{path}: {refused}") from None
    except DoorUnavailable as error:
        raise QualityRefused(f"{path} could not be looked at. {error}") from None
