"""Ballots and votes, for tests of the ledger and of what is made from it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from staging.ids import new_id
from staging.store import Ballot, Choice, Kind, Side, Store, Vote
from tests.ledgers import NOW, later, room, succeeded


def ballot(rater: str = "ada", **facts: Any) -> Ballot:
    """Return a ballot of two outputs that no other has; `facts` are laid over it."""
    known: dict[str, Any] = {
        "id": new_id(),
        "rater": rater,
        "kind": Kind.PAIR,
        "queue": "",
        "unit": "room 1",
        "room_type": "living",
        "style": "modern",
        "project": "",
        "left": Side((new_id(),), "qwen/qwen-image-edit"),
        "right": Side((new_id(),), "reve/edit"),
        "made_at": NOW,
    }
    return Ballot(**known | facts)


def turned(of: Ballot, **facts: Any) -> Ballot:
    """Return the hidden repeat of the ballot: sides swapped."""
    known: dict[str, Any] = {name: getattr(of, name) for name in Ballot.__slots__}
    swapped = {"id": new_id(), "left": of.right, "right": of.left, "kind": Kind.REPEAT, "showing": 1}
    return Ballot(**known | swapped | facts)


def voted(store: Store, of: Ballot, choice: Choice = Choice.LEFT, at: datetime | None = None, **said: Any) -> Ballot:
    """Show the ballot, give this vote on it, and return it as it was shown."""
    shown = store.votes.show(of)
    store.votes.give(Vote(shown.id, choice, at or later(5), **said), shown.rater)
    return shown


def two_outputs(store: Store) -> Sequence[str]:
    """Return the ids of two predictions of a room, by two models, that have outputs."""
    store.rooms.add(room())
    (one,), (other,) = succeeded(store, model="reve/edit"), succeeded(store)
    return one.id, other.id
