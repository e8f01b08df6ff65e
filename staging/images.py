"""Pictures: the one door for bytes, where they are kept, and the links that show them.

Of a room nothing but its pixels is ever kept. A model's output is kept bit for bit as received, and
what is shown of it are views made from its pixels. Decoding happens in `staging.images_worker`, a
child process with limits, never in this one.
"""

import hashlib
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from staging.errors import NotFound, OutputRefused, ProviderUnavailable, UploadRejected
from staging.frames import receive, send
from staging.images_door import Door, DoorUnavailable, Refused, Seen
from staging.images_folder import MEDIA_TYPES, PNG, WEBP, Folder
from staging.images_kinds import KEPT_AT_ONCE, Limits, PictureKind
from staging.images_links import Links
from staging.predictions import Output
from staging.providers.base import RoomFile

__all__ = ["MEDIA_TYPES", "OUTPUT_LIMITS", "ROOM_LIMITS", "Limits", "PictureKind", "Pictures", "RoomPicture"]

ROOM_LIMITS = Limits(most_bytes=25_000_000, most_pixels=40_000_000, least_side=256)
OUTPUT_LIMITS = Limits(most_bytes=60_000_000, most_pixels=80_000_000, least_side=16)
KEPT_LIMITS = Limits(most_bytes=160_000_000, most_pixels=80_000_000, least_side=16)
"""For what we wrote ourselves: a room of 40 megapixels of noise is 120 MB as PNG."""
LARGEST_SENT = 2048
"""Pixels on the long side: no model here makes more of an input, some refuse larger ones, and input is
paid by the megapixel where it is paid."""

_SUFFIXES = {"JPEG": ".jpg", "PNG": PNG, "WEBP": WEBP, "HEIF": ".heic"}
_PNG_SIZE = struct.Struct(">II")
_PNG_SIZE_AT = 16
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class RoomPicture:
    """A room's picture as kept. Width and height are upright pixels; the size is the kept original's."""

    digest: str
    """SHA-256, in hex, over mode, size and pixels: the same pixels are the same room."""
    width: int
    height: int
    size_bytes: int


class Pictures:
    """All pictures of rooms and outputs. Any thread may call any method."""

    def __init__(
        self,
        folder: Path,
        key: bytes,
        *,
        door: Door | None = None,
        room_limits: Limits = ROOM_LIMITS,
        output_limits: Limits = OUTPUT_LIMITS,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Open the folder; `key` signs the links, `now` (seconds since 1970) ends them."""
        self._folder = Folder(folder)
        self._links = Links(key, now)
        self._door = door or Door()
        self._room_limits = room_limits
        self._output_limits = output_limits

    def keep_room(self, data: bytes, name: str, *, prepared: Path | None = None) -> RoomPicture:
        """The room's clean pixels, view and thumbnail are kept; the same pixels again change nothing.

        `name` is only for the sentence: UploadRejected names the file and the reason. `prepared`, for what comes
        with the product, is a folder of ours: what was made of the same bytes before is copied from there, and
        what is made now is kept there for the next lab.
        """
        shown = _shown(name)
        try:
            seen = self._look_once(data, prepared)
            for kind, content in reversed(seen.files.items()):  # the original last: it vouches for the others
                self._folder.write(kind, seen.digest, PNG if kind is PictureKind.ORIGINAL else WEBP, content)
        except Refused as refused:
            raise UploadRejected(shown, str(refused)) from None
        except DoorUnavailable as error:
            raise UploadRejected(shown, f"it could not be looked at. {error} Try again.") from None
        except OSError as error:
            raise UploadRejected(shown, f"it could not be kept: {error.strerror}. Tell whoever runs this.") from None
        size_bytes = len(seen.files[PictureKind.ORIGINAL])
        return RoomPicture(seen.digest, seen.width, seen.height, size_bytes)

    def _look_once(self, data: bytes, prepared: Path | None) -> Seen:
        """Return what the door says of a room's photo, now or before."""
        if prepared is None:
            return self._door.look(data, self._room_limits, KEPT_AT_ONCE, digest=True)
        # The code that makes the files is in the name: none of another release's is ever taken.
        made_by = Path(__file__).with_name("images_pixels.py").read_bytes()
        path = prepared / hashlib.sha256(made_by + data).hexdigest()
        with suppress(OSError, ValueError, KeyError), path.open("rb") as file:
            if (known := receive(file)) is not None:
                facts = known.header
                files = dict(zip(KEPT_AT_ONCE, known.blobs, strict=True))
                return Seen(facts["format"], facts["width"], facts["height"], facts["digest"], files)
        seen = self._door.look(data, self._room_limits, KEPT_AT_ONCE, digest=True)
        unfinished = path.with_suffix(f".{uuid4().hex}")
        with suppress(OSError):  # a folder that may only be read costs the next lab a second
            prepared.mkdir(exist_ok=True)
            with unfinished.open("xb") as file:
                told = {"format": seen.format, "width": seen.width, "height": seen.height, "digest": seen.digest}
                send(file, told, [seen.files[kind] for kind in KEPT_AT_ONCE])
            unfinished.replace(path)
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        return seen

    def keep_output(self, data: bytes) -> Output:
        """The output's bytes are kept as received, with a view and a thumbnail.

        Its digest is SHA-256, in hex, over the bytes; width and height are upright pixels. OutputRefused
        when it is not a picture; ProviderUnavailable when it could not be kept now and may be later.
        """
        try:
            return self._keep_as_received(data, self._output_limits)
        except Refused as refused:
            raise OutputRefused(f"The model's output is not a picture that can be kept: {refused}") from None
        except DoorUnavailable as error:
            raise ProviderUnavailable(f"The output could not be looked at. {error}") from None
        except OSError as error:
            raise ProviderUnavailable(f"The output could not be kept: {error.strerror}.") from None

    def keep_imported(self, data: bytes, name: str) -> Output:
        """An output made elsewhere is kept as received, as by `keep_output`; UploadRejected says why not."""
        shown = _shown(name)
        try:
            return self._keep_as_received(data, self._output_limits)
        except Refused as refused:
            raise UploadRejected(shown, str(refused)) from None
        except DoorUnavailable as error:
            raise UploadRejected(shown, f"it could not be looked at. {error} Try again.") from None
        except OSError as error:
            raise UploadRejected(shown, f"it could not be kept: {error.strerror}. Tell whoever runs this.") from None

    def _keep_as_received(self, data: bytes, limits: Limits) -> Output:
        digest = hashlib.sha256(data).hexdigest()
        seen = self._door.look(data, limits, (PictureKind.VIEW, PictureKind.THUMBNAIL), digest=False)
        suffix = _SUFFIXES[seen.format]
        for kind, content in seen.files.items():
            self._folder.write(kind, digest, WEBP, content)
        self._folder.write(PictureKind.ORIGINAL, digest, suffix, data)  # last: it vouches for the others
        return Output(digest, MEDIA_TYPES[suffix], len(data), seen.width, seen.height)

    def keep_overlay(self, key: str, data: bytes) -> None:
        """The overlay, a WebP of our own making, is kept under this digest. OSError when the disk refuses."""
        self._folder.write(PictureKind.OVERLAY, key, WEBP, data)

    def room_file(self, digest: str) -> RoomFile:
        """Return the room's kept original; NotFound when there is none."""
        return _room_file(digest, self._original(digest))

    def room_to_send(self, digest: str) -> RoomFile:
        """Return the room as models get it: its original, or a copy of at most LARGEST_SENT pixels a side.

        The copy is made when first asked for. NotFound; ProviderUnavailable when it cannot be made now.
        """
        original = self.room_file(digest)
        if max(original.width, original.height) <= LARGEST_SENT:
            return original
        path = self._folder.find(PictureKind.SENT, digest)
        if path is None:
            data = Path(original.path).read_bytes()
            try:
                seen = self._door.look(data, KEPT_LIMITS, (PictureKind.SENT,), digest=True)
                self._folder.write(PictureKind.SENT, digest, PNG, seen.files[PictureKind.SENT])
            except (Refused, DoorUnavailable) as error:
                raise ProviderUnavailable(f"The room's picture could not be made ready to send: {error}") from None
            except OSError as error:
                raise ProviderUnavailable(f"The room's picture could not be kept: {error.strerror}.") from None
            path = self._folder.find(PictureKind.SENT, digest)
        return _room_file(digest, path or Path(original.path))

    def file_to_send(self, digest: str) -> RoomFile:
        """Return the kept original of a room or an output as it can be sent beside a room; NotFound when it is gone.

        Its width and height are not looked up: nothing is reckoned from them.
        """
        path = self._original(digest)
        return RoomFile(digest, str(path), MEDIA_TYPES[path.suffix], 0, 0)

    def output_path(self, digest: str) -> Path:
        """Return where the output's bytes are, as received; NotFound when they are not here."""
        return self._original(digest)

    def path(self, digest: str, kind: PictureKind) -> Path:
        """Return where this file of a room or an output is; NotFound when it is not here."""
        path = self._folder.find(kind, digest)
        if path is None:
            raise NotFound(
                f"The picture {digest[:12]} is not in the pictures folder: it was deleted by retention, "
                "or the folder was moved or cleaned."
            )
        return path

    def here(self, digest: str, kind: PictureKind) -> bool:
        """True when this file of the picture is kept."""
        return self._folder.find(kind, digest) is not None

    def size_bytes(self, digest: str, kind: PictureKind) -> int | None:
        """Return the file's size, an original's copy to send included; None when it is not kept."""
        files = self._files(digest, kind)
        return sum(path.stat().st_size for path in files) if files else None

    def delete(self, digest: str, kind: PictureKind) -> None:
        """The file is not kept any more, nor an original's copy to send."""
        for path in self._files(digest, kind):
            path.unlink(missing_ok=True)

    def _files(self, digest: str, kind: PictureKind) -> list[Path]:
        kinds = (kind, PictureKind.SENT) if kind is PictureKind.ORIGINAL else (kind,)
        return [path for one in kinds if (path := self._folder.find(one, digest)) is not None]

    def pixels(self, digest: str) -> bytes:
        """Return all pixels of an output as lossless PNG of our own, upright, in sRGB, with nothing else in it.

        Decoded at the door again: what a stranger wrote is opened nowhere else. NotFound;
        ProviderUnavailable when it cannot be looked at now.
        """
        data = self._original(digest).read_bytes()
        try:
            return self._door.look(data, KEPT_LIMITS, (PictureKind.ORIGINAL,), digest=False).files[PictureKind.ORIGINAL]
        except (Refused, DoorUnavailable) as error:
            raise ProviderUnavailable(f"The picture {digest[:12]} could not be looked at: {error}") from None

    def framed(self, digest: str, width: int, height: int) -> bytes:
        """Return a view of the room or output as WebP of exactly this size, with nothing but pixels in it.

        It stands whole in its frame, on grey where its shape is another. NotFound; ProviderUnavailable when
        it cannot be made now.
        """
        data = self.path(digest, PictureKind.VIEW).read_bytes()
        try:
            return self._door.frame(data, KEPT_LIMITS, (width, height))
        except (Refused, DoorUnavailable) as error:
            raise ProviderUnavailable(f"The picture {digest[:12]} could not be looked at: {error}") from None

    def digest_now(self, digest: str) -> str:
        """Return the digest that the kept original has now; another one means that it was changed.

        Of an output over its bytes, of a room over its pixels; "" when it is no picture any more.
        NotFound when it is gone, ProviderUnavailable when nobody could look at it now.
        """
        path = self._original(digest)
        data = path.read_bytes()
        of_bytes = hashlib.sha256(data).hexdigest()
        if of_bytes == digest or path.suffix != PNG:
            return of_bytes
        try:
            return self._door.look(data, KEPT_LIMITS, (), digest=True).digest
        except Refused:
            return ""
        except DoorUnavailable as error:
            raise ProviderUnavailable(f"The picture {digest[:12]} could not be looked at. {error}") from None

    def url(self, digest: str, kind: PictureKind) -> str:
        """Return a link to the picture: the same all day (UTC), ended by the end of the next."""
        return self._links.url(digest, kind)

    def check(self, kind: str, digest: str, until: str, signature: str) -> Path | None:
        """Return the file that a link leads to; None when the link is not ours, too old, or leads nowhere."""
        if not self._links.allow(kind, digest, until, signature):
            return None
        return self._folder.find(PictureKind(kind), digest)

    def close(self) -> None:
        """No child process is left; who still waits for one is told to try again."""
        self._door.close()

    def _original(self, digest: str) -> Path:
        return self.path(digest, PictureKind.ORIGINAL)


def sent_size(width: int, height: int) -> tuple[int, int]:
    """Return the size, in pixels, at which a room of this size is sent to models."""
    scale = min(1.0, LARGEST_SENT / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _shown(name: str) -> str:
    """Return an uploaded name as a sentence may show it."""
    return "".join(character for character in name if character.isprintable())[:_LONGEST_NAME] or "The picture"


def _room_file(digest: str, path: Path) -> RoomFile:
    with path.open("rb") as file:
        start = file.read(_PNG_SIZE_AT + _PNG_SIZE.size)
    width, height = _PNG_SIZE.unpack_from(start, _PNG_SIZE_AT)
    return RoomFile(digest, str(path), MEDIA_TYPES[PNG], width, height)
