"""What a rater is shown and what a rater may say of it: the words of the ledger of votes."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from staging.predictions import Reason

MOST_SECONDS = 3_600.0
"""Nobody looks at a pair for longer: whoever took more was away, and how long they took is not known."""


class Kind(StrEnum):
    """What a ballot is for."""

    PAIR = "pair"
    REPEAT = "repeat"
    """A pair that the rater has judged, sides swapped: does the same eye say the same?"""
    TWIN = "twin"
    """Two outputs of one model (A/A): who sees a winner sees noise."""


class Choice(StrEnum):
    """What a rater said of a ballot. The first four are the outcomes of `staging.ratings`."""

    LEFT = "left"
    RIGHT = "right"
    TIE = "tie"
    BOTH_BAD = "both bad"
    SKIP = "skip"
    """Nothing: it counts nowhere, and the pair is not shown again."""
    WITHDRAWN = "withdrawn"
    """The last word is taken back: the pair is open again."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a ballot: the outputs of one model, one a view, in the order of the other side's."""

    predictions: tuple[str, ...]
    model: str
    arm: str | None = None


@dataclass(frozen=True, slots=True)
class Ballot:
    """One showing of a pair to a rater."""

    id: str
    """Random: all that a browser learns of the ballot before the vote, and after."""
    rater: str
    kind: Kind
    queue: str
    """The queue that it was first shown in; empty when the lab chose it."""
    unit: str
    """What was judged: a room's digest, or the name of a set of rooms."""
    room_type: str
    style: str
    project: str
    left: Side
    right: Side
    made_at: datetime
    showing: int = 0
    """1 for a hidden repeat."""

    @property
    def pair(self) -> str:
        """The key of the two sides, whichever is left."""
        return self.pair_of(self.left, self.right)

    @staticmethod
    def pair_of(one: Side, other: Side) -> str:
        """Return the key of two sides, in any order."""
        sides = sorted(json.dumps(side.predictions) for side in (one, other))
        return hashlib.sha256("".join(sides).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Pin:
    """A place in a picture: 0, 0 is its upper left corner, 1, 1 its lower right one."""

    side: str
    """left or right."""
    view: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Vote:
    """What a rater says of a ballot."""

    ballot: str
    choice: Choice
    given_at: datetime
    reasons: tuple[Reason, ...] = ()
    """Why the loser lost, or both; of nothing else."""
    pin: Pin | None = None
    seconds: float | None = None
    """From the pair's showing to the choice; None when that is not known."""


@dataclass(frozen=True, slots=True)
class BallotFilter:
    """Which votes; what is None lets all through. Room type and style are those of the day of the vote."""

    room_type: str | None = None
    style: str | None = None
    project: str | None = None
    rater: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Given from `since` on, and before `until`."""
    arms: tuple[str, ...] | None = None
    """Both sides were made for one of these arms of an experiment; then the arms take the models' place."""


@dataclass(frozen=True, slots=True)
class Meetings:
    """How two models (or two arms of one model) did over one unit, in one style, by all votes that count."""

    players: tuple[str, str]
    """In order."""
    unit: str
    style: str
    votes: int
    won: float
    """Of the first: ties and both bad are half a win."""


@dataclass(frozen=True, slots=True)
class RaterChecks:
    """What a rater's votes say about the rater. Skipped ballots are in none of the figures."""

    rater: str
    votes: int
    left: int
    right: int
    """How often each side won, of all ballots."""
    repeats: int
    same: int
    """Repeats with the same winner, tie or both bad as at first."""
    twins: int
    twins_decided: int
    """Twins (A/A) of which one was said to be better."""


@dataclass(frozen=True, slots=True)
class RaterState:
    """Where a rater is."""

    waiting: tuple[Ballot, ...]
    """Shown, and nothing said of them that stands: the first made first."""
    answered: frozenset[str]
    """The keys of the pairs that were judged or skipped."""
    shown: int
    """Ballots made so far, checks too."""
    last: tuple[str, str] | None
    """The ballot and the unit of the last vote or skip that stands."""
    today: int
    total: int
    """Votes given since a moment, and in all; skips are not counted."""


LOSERS: Mapping[Choice, tuple[str, ...]] = {
    Choice.LEFT: ("right",),
    Choice.RIGHT: ("left",),
    Choice.BOTH_BAD: ("left", "right"),
}
"""The sides that lose by a choice."""
