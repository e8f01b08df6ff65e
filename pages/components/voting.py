"""What a rater says on the Vote page is kept until it is done: no vote is lost, and none counts twice."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any

import streamlit as st

from pages.components.ballot import Paper, View, ballot
from pages.components.calm import calm
from staging.access import Permission, person
from staging.errors import NotFound, StagingError, VoteRefused
from staging.lab import Lab
from staging.predictions import Reason
from staging.store import Ballot, Choice, Pin, Vote
from staging.votes import Queue, Unit

INBOX = "vote-inbox"
KEY = "ballot"


@dataclass
class Inbox:
    """A visitor's votes on their way into the ledger (as the viewer's marks, pages/components/judging.py)."""

    said: list[Any] = field(default_factory=list)
    heard: int = 0
    """The turn of the last one that was taken, or refused."""
    lock: Lock = field(default_factory=Lock)


def inbox() -> Inbox:
    """Return this visitor's."""
    kept: Inbox = st.session_state.setdefault(INBOX, Inbox())
    return kept


def hear(said: Any) -> None:
    """Keep what was said for `take_votes`: before the script runs, when it is heard, nothing can be drawn."""
    if said is not None:
        inbox().said.append(said)


def take_votes(lab: Lab) -> None:
    """Every vote that makes sense and was not taken yet is in the ledger; the others change nothing.

    A run may be ended wherever it touches the session or the page: between taking a vote out and writing
    it, nothing touches either.
    """
    kept, rater = inbox(), person(Permission.VOTE)
    while kept.said:
        with calm(), kept.lock:
            refused: list[StagingError] = []
            for turn, said in _turns(kept.said.pop(0) if kept.said else None):
                if turn <= kept.heard:
                    continue
                try:
                    _take(lab, said, rater)
                except (VoteRefused, NotFound) as error:
                    refused.append(error)  # for good; of anything else the browser will speak again
                kept.heard = turn
            if refused:
                raise refused[0]


def _take(lab: Lab, said: Mapping[str, Any], rater: str) -> None:
    now = datetime.now(UTC)
    named = said.get("id")
    if said.get("undo"):
        lab.voting.undo(rater, now, named if isinstance(named, str) else None)
    elif said.get("choice") in [one.value for one in Choice]:
        lab.voting.give(_vote(said, now), rater)


def _turns(said: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for one in said if isinstance(said, list) else []:
        turn = one.get("turn") if isinstance(one, dict) else None
        if isinstance(turn, int | float):
            yield int(turn), one


def _vote(said: Mapping[str, Any], now: datetime) -> Vote:
    """Return the vote that a browser sent; a reason, pin or time that is none of ours is left out."""
    reasons, seconds = said.get("reasons"), said.get("seconds")
    return Vote(
        ballot=str(said.get("id")),
        choice=Choice(said["choice"]),
        given_at=now,
        reasons=tuple(reason for reason in Reason if isinstance(reasons, list) and reason.value in reasons),
        pin=_pin(said.get("pin")),
        seconds=float(seconds) if isinstance(seconds, int | float) and seconds >= 0 else None,
    )


def _pin(said: Any) -> Pin | None:
    if not isinstance(said, dict):
        return None
    view, x, y = (said.get(name) for name in ("view", "x", "y"))
    if not all(isinstance(value, int | float) for value in (view, x, y)):
        return None
    return Pin(str(said.get("side")), int(view or 0), float(x or 0), float(y or 0))


def show_ballots(lab: Lab, queue: Queue | None, unit: Unit, nothing: str) -> int:
    """Draw the rater's next ballot, with those after it on their way; return how many there are."""
    seen = lab.voting.look(person(), queue, unit)
    ballot(
        [_paper(lab, one) for one in seen.ballots],
        key=KEY if unit is Unit.PICTURE else f"{KEY}-{unit}",  # undo is of the same kind
        reasons=[reason.value for reason in Reason],
        heard=inbox().heard,
        today=seen.standing.today,
        total=seen.standing.total,
        left=seen.standing.left,
        can_undo=seen.can_undo,
        nothing=nothing,
        on_say=hear,
    )
    return len(seen.ballots)


def _paper(lab: Lab, of: Ballot) -> Paper:
    rooms = lab.store.contenders.shown(of.left.predictions)
    return Paper(of.id, tuple(_views(lab, of, [one.room_width / one.room_height for one in rooms])))


def _views(lab: Lab, of: Ballot, ratios: Sequence[float]) -> Iterator[View]:
    for place, ratio in enumerate(ratios):
        left, right, room = (lab.blind_pictures.address(of, side, place) for side in ("left", "right", "room"))
        yield View(left, right, room, round(ratio, 4))
