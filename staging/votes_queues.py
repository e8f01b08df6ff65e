"""Queues: chosen comparisons that a group judges by one link, until somebody closes it."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import JsonValue

from staging.errors import NotFound, VoteRefused
from staging.store import Contender, Document, Store
from staging.votes_contests import Unit

KIND = "vote queue"
LONGEST_NAME = 80
MOST_COMPARISONS = 200


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue as it is now."""

    id: str
    """Random: part of the link."""
    name: str
    comparisons: tuple[str, ...]
    unit: Unit
    closed: bool
    version: int
    made_by: str
    """Who wrote the last version."""
    made_at: datetime


class Queues:
    """The queues: documents of the ledger, every version kept."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def make(self, name: str, comparisons: Sequence[str], unit: Unit, by: str) -> Queue:
        """Keep a new open queue and return it.

        VoteRefused when its name is none, or names a model that is in it (raters read it before they vote),
        or when there is nothing to vote on; NotFound when one of the comparisons is not there.
        """
        named = " ".join(name.split())
        if not named or len(named) > LONGEST_NAME or not named.isprintable():
            raise VoteRefused(f"Give the queue a name of 1 to {LONGEST_NAME} characters.")
        if not 1 <= len(comparisons) <= MOST_COMPARISONS:
            raise VoteRefused(f"Choose 1 to {MOST_COMPARISONS} comparisons for the queue.")
        for comparison in comparisons:
            self._store.comparisons.get(comparison)
        models = {one.model for one in self._store.contenders.all() if one.comparison in set(comparisons)}
        if told := sorted(word for model in models for word in told_by(model) if word in named.casefold()):
            raise VoteRefused(f"Raters read the name before they vote, and it says “{told[0]}”: choose another one.")
        body = _body(named, dict.fromkeys(comparisons), unit, closed=False)
        written = self._store.documents.write(
            KIND, secrets.token_urlsafe(12), body, by, datetime.now(UTC), note="made", follows=-1
        )
        return _queue(written)

    def get(self, queue_id: str) -> Queue:
        """Return the queue; NotFound when there is none."""
        try:
            return _queue(self._store.documents.get(KIND, queue_id))
        except NotFound:
            raise NotFound("This link leads to no queue: ask whoever sent it for another one.") from None

    def list(self) -> list[Queue]:
        """Return all queues, the open ones first, the last changed first."""
        found = [_queue(document) for document in self._store.documents.list(KIND)]
        found.sort(key=lambda queue: queue.made_at, reverse=True)
        return sorted(found, key=lambda queue: queue.closed)

    def close(self, queue_id: str, by: str, *, closed: bool = True) -> Queue:
        """The queue shows nothing more, or is opened again; EditedMeanwhile when somebody else was quicker."""
        now = self.get(queue_id)
        body = _body(now.name, now.comparisons, now.unit, closed=closed)
        note = "closed" if closed else "opened again"
        written = self._store.documents.write(
            KIND, queue_id, body, by, datetime.now(UTC), note=note, follows=now.version
        )
        return _queue(written)

    def contenders(self, queue: Queue) -> tuple[Contender, ...]:
        """Return the outputs of the queue's comparisons."""
        chosen = set(queue.comparisons)
        return tuple(one for one in self._store.contenders.all() if one.comparison in chosen)


def told_by(model: str) -> set[str]:
    """Return the words, in small letters, by which a name would tell the model: its id and the parts of it."""
    owner, _, name = model.casefold().partition("/")
    return {word for word in (model.casefold(), owner, name, name.split("-")[0]) if len(word) >= _SHORTEST_WORD}


_SHORTEST_WORD = 4
"""Shorter ones are in many words that mean something else."""


def _body(name: str, comparisons: Iterable[str], unit: Unit, *, closed: bool) -> JsonValue:
    return {"name": name, "comparisons": [*comparisons], "unit": unit.value, "closed": closed}


def _queue(document: Document) -> Queue:
    body = document.body
    assert isinstance(body, dict)
    comparisons = body["comparisons"]
    assert isinstance(comparisons, list)
    return Queue(
        document.name,
        str(body["name"]),
        tuple(map(str, comparisons)),
        Unit(str(body["unit"])),
        body["closed"] is True,
        document.version,
        document.written_by,
        document.written_at,
    )
