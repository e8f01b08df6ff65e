"""How long picture files are kept: what is past its time is listed first, and deleted when a person says so.

Only files go: the ledger keeps every row, and says which files were deleted. Thumbnails always stay, so
that the past can still be recognised. Off until an admin sets days; daily only where an admin wants it.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from staging.errors import NotFound, StagingError
from staging.experiments import Experiments
from staging.images import PictureKind, Pictures
from staging.origins import LAB, Author
from staging.store import OUTPUT, ROOM, VIEW, Deletion, Document, Store

log = logging.getLogger(__name__)

KIND = "retention"
NAME = "pictures"
BY_ITSELF = Author("Staging Lab", LAB)
LOOK_SECONDS = 3_600.0
_KIND_OF_FILE = {ROOM: PictureKind.ORIGINAL, OUTPUT: PictureKind.ORIGINAL, VIEW: PictureKind.VIEW}

Days = Annotated[int, Field(ge=1, le=36_500)] | None
Keep = Literal["accepted", "favourite", "under vote", "in a running experiment"]


class Policy(BaseModel):
    """How many days each kind of file is kept after it was last wanted; None: for ever."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    room_days: Days = None
    """Originals of rooms, since they were uploaded or last run on."""
    output_days: Days = None
    """Outputs as received, since they were made."""
    view_days: Days = None
    """Views of rooms and outputs."""
    keep: tuple[Keep, ...] = ("accepted", "favourite", "under vote", "in a running experiment")
    """What protects an output, and the room it was made of, however old they are."""
    daily: bool = False
    """Whether what is past its time is deleted every day without being asked for."""

    def days(self, kind: str) -> int | None:
        """Return how long files of this kind are kept; None: for ever."""
        return {ROOM: self.room_days, OUTPUT: self.output_days, VIEW: self.view_days}[kind]


@dataclass(frozen=True, slots=True)
class Listed:
    """A file that is past its time."""

    file: Deletion
    name: str
    """The room's name, or the model's id."""
    wanted_at: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """What would be deleted: to be shown, and to be confirmed as it is."""

    files: tuple[Listed, ...]
    at: datetime

    def count(self, kind: str) -> tuple[int, int]:
        """Return how many files of this kind there are, and their bytes."""
        sizes = [one.file.size_bytes for one in self.files if one.file.kind == kind]
        return len(sizes), sum(sizes)

    @property
    def size_bytes(self) -> int:
        """The bytes of all of them."""
        return sum(one.file.size_bytes for one in self.files)


class Retention:
    """The policy, what it comes to, and the thread that follows it. `start` and `stop` are called once each."""

    def __init__(
        self,
        store: Store,
        pictures: Pictures,
        experiments: Experiments,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._pictures = pictures
        self._experiments = experiments
        self._clock = clock
        self._stopping = threading.Event()
        self._looked: date | None = None
        self._thread = threading.Thread(target=self._watch, name="retention", daemon=True)

    # ── the policy ───────────────────────────────────────────────────────────────────────────

    def policy(self) -> Policy:
        """Return the policy that holds; for ever and never by itself when none is set, or it cannot be read."""
        return self._read()[0]

    def version(self) -> int:
        """Return the policy's version; −1 when none was ever set."""
        return self._read()[1]

    def set(self, policy: Policy, by: str, *, follows: int, note: str = "") -> None:
        """Let this policy hold; EditedMeanwhile when somebody has set another since version `follows`."""
        body = policy.model_dump(mode="json")
        self._store.documents.write(KIND, NAME, body, by, self._clock(), note=note, follows=follows)

    def _read(self) -> tuple[Policy, int]:
        try:
            document: Document = self._store.documents.get(KIND, NAME)
        except NotFound:
            return Policy(), -1
        try:
            return Policy.model_validate(document.body), document.version
        except ValidationError:  # of another release: nothing is deleted on a guess
            return Policy(), document.version

    # ── deleting ─────────────────────────────────────────────────────────────────────────────

    def listing(self, policy: Policy | None = None) -> Listing:
        """Return the files that are past their time now and protected by nothing; nothing is changed."""
        policy, now = policy or self.policy(), self._clock()
        files = []
        for picture in self._store.retention.aged(policy.keep, self._running()):
            for kind in (picture.kind, VIEW):
                days = policy.days(kind)
                if days is None or picture.wanted_at >= now - timedelta(days=days):
                    continue
                size_bytes = self._pictures.size_bytes(picture.digest, _KIND_OF_FILE[kind])
                if size_bytes is not None:
                    files.append(Listed(Deletion(kind, picture.digest, size_bytes), picture.name, picture.wanted_at))
        return Listing(tuple(files), now)

    def delete(self, confirmed: Listing, by: str) -> Listing:
        """Delete what was listed and is still past its time and unprotected; return what went."""
        policy = self.policy()
        still = {one.file for one in self.listing(policy).files}
        wanted = [one.file for one in confirmed.files if one.file in still]
        told = policy.model_dump(mode="json")
        gone = set(self._store.retention.record(wanted, policy.keep, self._running(), by, self._clock(), told))
        overlays = self._store.scores.overlays([file.digest for file in gone]) if gone else []
        for file in gone:
            self._pictures.delete(file.digest, _KIND_OF_FILE[file.kind])
        for overlay in overlays:  # it shows the lines of a picture that is not to be kept any more
            self._pictures.delete(overlay, PictureKind.OVERLAY)
        return Listing(tuple(one for one in confirmed.files if one.file in gone), confirmed.at)

    def _running(self) -> Sequence[str]:
        return [one.id for one in self._experiments.running()]

    # ── by itself ────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Begin to look, now and every hour, whether today's deletion is wanted and still to be done."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, after the file under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def look(self) -> Listing | None:
        """Do today's deletion, once a day; None when none is wanted or it is done."""
        today = self._clock().date()
        if self._looked == today or not self.policy().daily:
            return None
        self._looked = today
        gone = self.delete(self.listing(), BY_ITSELF)
        log.info("retention: %d files, %d bytes deleted", len(gone.files), gone.size_bytes)
        return gone

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except StagingError as error:
                log.warning("retention: %s", error)
            except Exception:
                log.exception("retention failed; it is tried again tomorrow")
            self._stopping.wait(LOOK_SECONDS)
