"""What a browser says in the viewer is kept until it is done: no mark is lost, however quick the hand."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import streamlit as st

from pages.components.addresses import VIEW, address_of
from pages.components.calm import calm
from staging.access import Permission, person
from staging.errors import StagingError
from staging.lab import Lab
from staging.predictions import Reason, Verdict

INBOX = "viewer-inbox"


@dataclass
class Inbox:
    """A visitor's marks and moves on their way into ledger and address.

    A run of the script may be ended wherever it touches the session or the page, and the next one may
    begin in another thread before that: between taking a mark out and writing it, nothing touches either.
    """

    said: list[tuple[str, Any]] = field(default_factory=list)
    heard: int = 0
    """The turn of the last mark that was taken, or refused."""
    lock: Lock = field(default_factory=Lock)


def inbox() -> Inbox:
    """Return this visitor's."""
    kept: Inbox = st.session_state.setdefault(INBOX, Inbox())
    return kept


def heard() -> int:
    """Return the turn up to which the browser need not say its marks again."""
    return inbox().heard


def hears(deed: str) -> Callable[[Any], None]:
    """Return what keeps this deed for `take`: before the script runs, when it is heard, nothing can be drawn."""

    def keep(said: Any) -> None:
        if said is not None:
            inbox().said.append((deed, said))

    return keep


def take(lab: Lab) -> None:
    """What was said in the viewer is done; also when it was closed at once, and is not drawn again."""
    kept = inbox()
    while kept.said:
        with calm(), kept.lock:
            deed, said = kept.said.pop(0) if kept.said else ("", None)
            if deed == "mark":
                take_marks(lab, kept, said)
            elif deed == "go" and VIEW in st.query_params:  # not closed meanwhile
                st.query_params.update(address_of(lab, str(said)))


def take_marks(lab: Lab, kept: Inbox, said: Any) -> None:
    """Every mark that makes sense and was not taken yet is in the ledger; the others change nothing.

    `said` is what a browser sent: a list of {turn, id, changes}, sent again until they are heard.
    StagingError says why one was refused, once the others are taken; it is not tried again.
    """
    refused: list[StagingError] = []
    for turn, prediction_id, changes in _marks(said):
        if turn <= kept.heard:
            continue
        kept.heard = turn
        try:
            lab.desk.mark(prediction_id, person(Permission.JUDGE), **_asked(changes))
        except StagingError as error:
            refused.append(error)
    if refused:
        raise refused[0]


def _marks(said: Any) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    for one in said if isinstance(said, list) else []:
        turn, changes = (one.get("turn"), one.get("changes")) if isinstance(one, dict) else (None, None)
        if isinstance(turn, int | float) and isinstance(changes, dict):
            yield int(turn), str(one.get("id")), changes


def _asked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of the changes a mark may say; a word that is none of ours is left out."""
    asked: dict[str, Any] = {}
    verdict, reasons, stars = changes.get("verdict"), changes.get("reasons"), changes.get("stars")
    if verdict in [one.value for one in Verdict]:
        asked["verdict"] = Verdict(verdict)
    if isinstance(reasons, list):
        asked["reasons"] = [reason for reason in Reason if reason.value in reasons]
    if isinstance(stars, int | float):
        asked["stars"] = int(stars)
    if isinstance(changes.get("note"), str):
        asked["note"] = changes["note"]
    if isinstance(changes.get("favourite"), bool):
        asked["favourite"] = changes["favourite"]
    return asked
