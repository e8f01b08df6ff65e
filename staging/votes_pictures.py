"""The pictures of a ballot, served so that nothing but the picture tells one side from the other.

Both sides and the room have one frame, one pixel size, one format and one number of bytes, and are reached
by addresses that name the ballot and the side. An address ends with the vote, and after two hours.
"""

import hashlib
import re
import secrets
import struct
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from itsdangerous import Signer

from staging.errors import NotFound
from staging.images import Pictures
from staging.store import Ballot, Store

LONG_SIDE = 1280
"""Pixels of every picture's long side, whatever the model made: smaller outputs are enlarged."""
ROUNDED_BYTES = 32_768
"""Sizes are filled up to the largest of the ballot's view, and to a multiple of this."""
SIDES = ("left", "right", "room")
_HOUR_SECONDS = 3_600
_KEPT = 48
"""Views of ballots kept in memory: some 30 MB."""
_SIGNATURE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_UNTIL = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)


class BlindPictures:
    """Makes and answers the addresses. Any thread may call any method; `now` is seconds since 1970."""

    def __init__(self, store: Store, pictures: Pictures, key: bytes, now: Callable[[], float] = time.time) -> None:
        self._store = store
        self._pictures = pictures
        # A purpose of its own: no other signature made with this key opens a ballot.
        self._signer = Signer(key, salt="staging.ballots", key_derivation="hmac", digest_method=hashlib.sha256)
        self._now = now
        self._made: OrderedDict[tuple[str, int], Mapping[str, bytes]] = OrderedDict()
        # The three pictures of a view are asked for at once, and made once.
        self._making = threading.Lock()

    def address(self, ballot: Ballot, side: str, view: int) -> str:
        """Return where one picture of the ballot is, for one to two hours and until the vote."""
        until = str((int(self._now()) // _HOUR_SECONDS + 2) * _HOUR_SECONDS)
        signature = self._signer.get_signature(_signed(ballot.id, side, view, until)).decode("ascii")
        return f"/pictures/blind/{ballot.id}/{side}/{view}?until={until}&signature={signature}"

    def find(self, ballot_id: str, side: str, view: int, until: str, signature: str) -> bytes | None:
        """Return the picture at an address, as WebP; None when it is none of ours, over, or its ballot is judged."""
        if not (
            _UNTIL.fullmatch(until)
            and _SIGNATURE.fullmatch(signature)
            and int(until) > self._now()
            and self._signer.verify_signature(_signed(ballot_id, side, view, until), signature)
        ):
            return None
        try:
            ballot = self._store.votes.get(ballot_id)
        except NotFound:
            return None
        if self._store.votes.answered(ballot_id):
            return None
        return self._view(ballot, view)[side]

    def _view(self, ballot: Ballot, view: int) -> Mapping[str, bytes]:
        with self._making:
            made = self._made.get((ballot.id, view))
            if made is None:
                made = self._made[ballot.id, view] = self._make(ballot, view)
            self._made.move_to_end((ballot.id, view))
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
            return made

    def _make(self, ballot: Ballot, view: int) -> Mapping[str, bytes]:
        left, right = self._store.contenders.shown([side.predictions[view] for side in (ballot.left, ballot.right)])
        scale = LONG_SIDE / max(left.room_width, left.room_height)
        size = max(1, round(left.room_width * scale)), max(1, round(left.room_height * scale))
        digests = dict(zip(SIDES, (left.digest, right.digest, left.room), strict=True))
        files = {side: self._pictures.framed(digest, *size) for side, digest in digests.items()}
        largest = max(map(len, files.values())) + _HEADER
        wanted = -(-largest // ROUNDED_BYTES) * ROUNDED_BYTES
        return {side: padded(file, size, wanted) for side, file in files.items()}


def _signed(ballot_id: str, side: str, view: int, until: str) -> bytes:
    return f"{ballot_id}/{side}/{view}/{until}".encode(errors="replace")


_CHUNK = struct.Struct("<4sI")
_CANVAS = struct.Struct("<4sI4x3s3s")
_HEADER = _CANVAS.size + _CHUNK.size
_FILLING = b"FILL"


def padded(webp: bytes, size: tuple[int, int], wanted: int) -> bytes:
    """Return the WebP file with exactly so many bytes (an even number), the same picture.

    In the extended format a reader passes over a chunk that it does not know (RFC 9649, 2.7). What fills it
    is random: zeros would be squeezed out on the way, and the size would tell again. `webp` is lossy and plain.
    """
    chunks = webp[12:]
    if webp[8:12] != b"WEBP" or chunks[:4] != b"VP8 ":
        raise ValueError("only a plain lossy WebP file can be filled up")
    width, height = (int.to_bytes(side - 1, 3, "little") for side in size)
    start = _CANVAS.pack(b"VP8X", 10, width, height) + chunks
    filling = wanted - 12 - len(start) - _CHUNK.size
    if filling < 0 or wanted % 2:
        raise ValueError("the file is larger than it is to become")
    body = b"WEBP" + start + _CHUNK.pack(_FILLING, filling) + secrets.token_bytes(filling)
    return _CHUNK.pack(b"RIFF", len(body)) + body
