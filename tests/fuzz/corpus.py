"""What every file must come to, whoever made it: kept as pixels alone, or refused with a reason."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from staging.errors import OutputRefused, UploadRejected
from staging.images import OUTPUT_LIMITS, ROOM_LIMITS, Limits, PictureKind, Pictures
from staging.images_door import Door
from staging.images_kinds import KEPT_AT_ONCE
from tests.picture_chunks import assert_only_pixels

ROOT = Path(__file__).resolve().parent.parent.parent
HANG_SECONDS = 10.0


def corpus_files() -> list[Path]:
    """Return the malformed and metadata-bearing pictures; skips, saying why, where they are not at hand."""
    corpora = Path(os.environ.get("STAGING_TEST_CORPORA") or ROOT.parent / "shared" / "corpora")
    files = sorted(path for path in (corpora / "images").glob("*") if path.is_file())
    if not files:
        pytest.skip(f"no pictures under {corpora}/images: set STAGING_TEST_CORPORA to the folder of corpora")
    return files


@dataclass
class Tally:
    """What became of the files."""

    files: int = 0
    kept: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    crashed_a_reader: list[str] = field(default_factory=list)
    """Refused, and the app lives; but a decoder has a hole: worth a report to its makers."""
    slowest_seconds: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.files} files: {self.kept} kept, {sum(self.reasons.values())} refused "
            f"({len(self.reasons)} reasons), slowest {self.slowest_seconds:.2f} s, "
            f"readers crashed by {self.crashed_a_reader or 'none'}"
        )


class Doorway:
    """Puts files through the door as rooms and as outputs, and looks at what is kept."""

    def __init__(self, folder: Path, door: Door, *, least_side: int | None = None) -> None:
        """With `least_side`, in pixels, also pictures too small for a room are kept, to look at more of them."""
        self._folder = folder
        limits = ROOM_LIMITS if least_side is None else _with_least_side(ROOM_LIMITS, least_side)
        self._pictures = Pictures(folder, b"key", door=door, room_limits=limits, output_limits=OUTPUT_LIMITS)
        self._seen: set[Path] = set()
        self.tally = Tally()

    def put(self, files: Iterable[tuple[str, bytes]]) -> Tally:
        """Put files (name, bytes) through, one after the other; any crash or leak fails the test here."""
        for name, data in files:
            started = time.monotonic()
            self.tally.files += 1
            self._as_room(name, data)
            self._as_output(name, data)
            seconds = time.monotonic() - started
            assert seconds < 2 * HANG_SECONDS, f"{name} took {seconds:.1f} s"
            self.tally.slowest_seconds = max(self.tally.slowest_seconds, seconds)
        return self.tally

    def _as_room(self, name: str, data: bytes) -> None:
        try:
            room = self._pictures.keep_room(data, name)
        except UploadRejected as rejected:
            refusal = rejected
        else:
            self.tally.kept += 1
            self._only_pixels(room.digest, KEPT_AT_ONCE)
            return
        assert refusal.name == name
        assert is_sentence(refusal.reason), refusal
        kind = "".join(letter for letter in refusal.reason if not letter.isdigit())
        self.tally.reasons[kind] = self.tally.reasons.get(kind, 0) + 1
        if "made the picture reader stop" in refusal.reason:
            self.tally.crashed_a_reader.append(name)

    def _as_output(self, name: str, data: bytes) -> None:
        try:
            output = self._pictures.keep_output(data)
        except OutputRefused as refused:
            sentence = str(refused)
        else:
            assert self._pictures.output_path(output.digest).read_bytes() == data
            self._only_pixels(output.digest, (PictureKind.VIEW, PictureKind.THUMBNAIL))
            return
        assert is_sentence(sentence), (name, sentence)

    def _only_pixels(self, digest: str, kinds: tuple[PictureKind, ...]) -> None:
        for kind in kinds:
            (path,) = (self._folder / kind / digest[:2]).glob(f"{digest}.*")
            assert_only_pixels(path)


def is_sentence(text: str) -> bool:
    """True when a person can be shown it: ends, names no class, shows no traceback."""
    return text.endswith(".") and "Error" not in text and "Traceback" not in text and "\n" not in text


def _with_least_side(limits: Limits, least_side: int) -> Limits:
    return Limits(limits.most_bytes, limits.most_pixels, least_side)
