"""The house's prompt book as it is now and as it was: the shipped file, and every version saved in the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from staging.errors import NotFound, PromptsRefused
from staging.prompts import PromptBook
from staging.store import Document, Store

KIND = "prompt book"
NAME = "house prompts"
PRODUCT = "Staging Lab"
"""Who wrote version 0: the file as shipped."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of the book."""

    number: int
    """As in the ledger; 0 is the shipped file, in the ledger only once somebody has saved."""
    book: PromptBook | None
    """None: this release cannot use what is written there."""
    fault: str
    """Why it cannot; empty where it can."""
    note: str
    written_at: datetime | None
    """None for a shipped file that is not in the ledger."""
    written_by: str

    @property
    def label(self) -> str:
        """Return what predictions are logged with: "3", or "shipped 2026-11-22"."""
        return f"shipped {self.book.version}" if self.number == 0 and self.book else str(self.number)

    def usable(self) -> PromptBook:
        """Return the book; PromptsRefused when this release cannot use it."""
        if self.book is None:
            raise PromptsRefused(
                f"Version {self.number} of the prompts cannot be used by this release "
                f"({self.fault.rstrip('.')}). Make another version the current one on the Prompts page."
            )
        return self.book


class PromptShelf:
    """All editions of the house's book. Every method may be called from any thread."""

    def __init__(self, store: Store, shipped: PromptBook) -> None:
        self._documents = store.documents
        self.shipped = shipped

    def current(self) -> Edition:
        """Return the edition that counts: the last one saved, or the shipped file."""
        try:
            return _edition(self._documents.get(KIND, NAME))
        except NotFound:
            return self._unsaved()

    def editions(self) -> list[Edition]:
        """Return every edition, the newest first; the last one is the file as it was shipped."""
        return [_edition(one) for one in self._documents.versions(KIND, NAME)] or [self._unsaved()]

    def keep(self, body: Mapping[str, JsonValue], by: str, at: datetime, *, note: str, follows: int) -> Edition:
        """Save the body as the edition that counts, and return it; if it equals the last one, return that.

        PromptsRefused names the faulty place. EditedMeanwhile when `follows` is not the number of the
        last edition: somebody has saved since the writer looked.
        """
        book = PromptBook.checked(body)
        if self.current().written_at is None:
            # Kept with the first edit: an upgrade may bring another file, and what was sent stays readable.
            self._documents.write(KIND, NAME, self.shipped.body(), PRODUCT, at, note="As shipped", follows=-1)
        return _edition(self._documents.write(KIND, NAME, book.body(), by, at, note=note.strip(), follows=follows))

    def shipped_is_other(self) -> bool:
        """True when the product now ships another wording than the one that the book was edited from."""
        now = self.current().book
        return now is None or now.version != self.shipped.version

    def _unsaved(self) -> Edition:
        return Edition(0, self.shipped, "", "As shipped", None, PRODUCT)


def _edition(written: Document) -> Edition:
    book, fault = None, ""
    try:
        book = PromptBook.checked(written.body)
    except PromptsRefused as error:
        fault = str(error)
    return Edition(written.version, book, fault, written.note, written.written_at, written.written_by)
