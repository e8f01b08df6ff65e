"""The folder of pictures: <kind>/<first two of digest>/<digest><suffix>, each file whole or absent."""

import os
import re
import time
import uuid
from pathlib import Path

from staging.images_kinds import PictureKind

PNG, WEBP = ".png", ".webp"
MEDIA_TYPES = {PNG: "image/png", WEBP: "image/webp", ".jpg": "image/jpeg", ".heic": "image/heic"}
"""The suffixes a kept file may have, and what each is."""

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_UNFINISHED = ".unfinished-"
_STALE_SECONDS = 3_600.0


class Folder:
    """Keeps files under digests. A name that is not a digest finds nothing and never becomes a path."""

    def __init__(self, path: Path) -> None:
        self._path = path
        for kind in PictureKind:
            (path / kind).mkdir(parents=True, exist_ok=True)
        self._sweep()

    def find(self, kind: PictureKind, digest: str) -> Path | None:
        """Return the file's path, or None when there is none."""
        if _DIGEST.fullmatch(digest) is None:
            return None
        place = self._path / kind / digest[:2]
        candidates = (place / f"{digest}{suffix}" for suffix in MEDIA_TYPES)
        return next((path for path in candidates if path.is_file()), None)

    def write(self, kind: PictureKind, digest: str, suffix: str, data: bytes) -> None:
        """The file is on the disk, whole, also after a power cut. OSError when the disk refuses."""
        if _DIGEST.fullmatch(digest) is None or suffix not in MEDIA_TYPES:
            raise ValueError("a picture is kept under its digest")
        place = self._path / kind / digest[:2]
        place.mkdir(exist_ok=True)
        unfinished = place / f"{_UNFINISHED}{uuid.uuid4().hex}"
        try:
            with unfinished.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(place / f"{digest}{suffix}")
        finally:
            unfinished.unlink(missing_ok=True)
        _sync_folder(place)

    def _sweep(self) -> None:
        """Remove what a process that was killed while writing left; younger files may be being written."""
        for unfinished in self._path.glob(f"*/??/{_UNFINISHED}*"):
            if unfinished.stat().st_mtime < time.time() - _STALE_SECONDS:
                unfinished.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """The names in the folder are on the disk too: a rename alone may be lost in a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
