"""The rooms' pictures that a provider holds for us, and until when."""

from datetime import datetime

from staging.ids import new_id
from staging.providers.base import UploadedPicture
from staging.store.connection import LedgerFile, again_on_conflict
from staging.store.tables import UPLOADS, aware, utc


class UploadLedger:
    """The uploads. Every method may be called from any thread."""

    def __init__(self, ledger: LedgerFile) -> None:
        self._ledger = ledger

    def find(self, provider: str, room: str, now: datetime) -> UploadedPicture | None:
        """Return the room's picture that the provider holds longest after `now`, if any."""
        rows = self._ledger.rows(
            "SELECT url, epoch_us(expires_at) FROM app.uploads WHERE provider = ? AND room = ? AND expires_at > ? "
            "ORDER BY expires_at DESC, id DESC LIMIT 1",
            [provider, room, aware(now)],
        )
        return next((UploadedPicture(url, utc(expires_at)) for url, expires_at in rows), None)

    @again_on_conflict
    def record(self, provider: str, room: str, uploaded: UploadedPicture, at: datetime) -> None:
        """Write down that the provider holds the room's picture."""
        with self._ledger.writing() as cursor:
            UPLOADS.insert(cursor, [(new_id(), provider, room, uploaded.url, uploaded.expires_at, at)])
