"""Blind votes: which pair a rater sees next, what a rater says of it, and what the votes say of the raters.

Nobody learns from here who made a picture before the vote: a ballot's id is random, and its pictures come
from `staging.votes_pictures`.
"""

import math
import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from staging.errors import VoteRefused
from staging.store import Ballot, Contender, Kind, RaterChecks, RaterState, Side, Store, Vote
from staging.votes_choice import next_match
from staging.votes_contests import Contests, Match, Unit
from staging.votes_pictures import BlindPictures
from staging.votes_queues import Queue, Queues

__all__ = [
    "AHEAD",
    "BlindPictures",
    "Interval",
    "Look",
    "Queue",
    "Queues",
    "RaterFigures",
    "Standing",
    "Unit",
    "Voting",
]

AHEAD = 4
"""Ballots made at once: the one that is looked at, and those whose pictures are being loaded."""
REST = 10
"""Decided votes between a pair and its hidden repeat, at least: nobody is to know it again."""
_KEPT = 8
"""Contests kept in memory: of the lab and of the last queues."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A share, and the 95 % interval around it (Wilson's)."""

    share: float
    low: float
    high: float
    of: int


@dataclass(frozen=True, slots=True)
class RaterFigures:
    """What a rater's votes say about the rater; None where there is nothing to say it from."""

    rater: str
    votes: int
    consistency: Interval | None
    """How often a hidden repeat, sides swapped, was judged as at first."""
    twins_decided: Interval | None
    """How often one of two outputs of the same model was said to be better: taste for noise."""
    left: Interval | None
    """How often the left one won, of decided votes."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A rater's own progress."""

    today: int
    total: int
    left: int
    """Pairs that the rater has not judged."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a rater sees on the page."""

    ballots: tuple[Ballot, ...]
    """The one to judge now first; fewer than AHEAD when the pairs run out."""
    standing: Standing
    can_undo: bool


class Voting:
    """Ballots made and votes taken. Every method may be called from any thread."""

    def __init__(self, store: Store, *, check_share: float, seed: str, zone: str = "UTC") -> None:
        """`check_share` of the ballots are checks (0 to 0.5); the same seed, rater and votes choose the same."""
        self.queues = Queues(store)
        self._store = store
        self._check_share = check_share
        self._seed = seed
        self._zone = ZoneInfo(zone)
        self._contests: dict[tuple[str, Unit], tuple[tuple[Contender, ...], Contests]] = {}

    def look(self, rater: str, queue: Queue | None = None, unit: Unit = Unit.PICTURE) -> Look:
        """Return the rater's next ballots and standing; days begin in the lab's time zone.

        The ballots are the same again until they are judged, in any window. There are none of a closed queue.
        """
        state = self._state(rater)
        standing = Standing(state.today, state.total, 0)
        if queue is not None and queue.closed:
            return Look((), standing, state.last is not None)
        contests = self.contests(queue, unit)
        known = contests.pairs | contests.twin_pairs
        ballots = [one for one in state.waiting if one.pair in known][:AHEAD]
        shown = state.shown
        while len(ballots) < AHEAD:
            chosen = self._choose(rater, queue, contests, ballots, state, shown)
            if chosen is None:
                break
            ballots.append(self._store.votes.show(chosen))
            shown += 1
        left = len(contests.pairs - state.answered)
        return Look(tuple(ballots), replace(standing, left=left), state.last is not None)

    def give(self, vote: Vote, rater: str) -> None:
        """Write the vote down; VoteRefused or NotFound say why not (`VoteLedger.give`)."""
        self._store.votes.give(vote, rater)

    def undo(self, rater: str, at: datetime, ballot_id: str | None = None) -> str:
        """Take the rater's last vote or skip back, or the one on this ballot; return the ballot's id.

        It is the next to be judged again. VoteRefused when there is none.
        """
        if ballot_id is None:
            last = self._state(rater).last
            if last is None:
                raise VoteRefused("There is no vote of yours to take back.")
            ballot_id = last[0]
        self._store.votes.take_back(ballot_id, rater, at)
        return ballot_id

    def figures(self) -> tuple[list[RaterFigures], Interval | None]:
        """Return what the votes say of each rater, and how often the left side won, of all decided votes.

        Sides are shuffled, so a left share away from a half is the page's doing, or the eye's, not the models'.
        """
        checks = self._store.votes.checks()
        left, right = sum(one.left for one in checks), sum(one.right for one in checks)
        return [_figures(one) for one in checks], interval(left, left + right)

    def contests(self, queue: Queue | None = None, unit: Unit = Unit.PICTURE) -> Contests:
        """Return the matches that there are, of the lab or of a queue."""
        everything = self._store.contenders.all()
        place = ("" if queue is None else queue.id, unit)
        known = self._contests.get(place)
        if known is None or known[0] is not everything:
            chosen = everything if queue is None else self.queues.contenders(queue)
            known = (everything, Contests(chosen, unit))
            # A new dictionary each time: another thread may be reading the one that is.
            last = dict([*self._contests.items()][1 - _KEPT :])
            self._contests = {**last, place: known}
        return known[1]

    def _state(self, rater: str) -> RaterState:
        midnight = datetime.combine(datetime.now(self._zone).date(), time(), self._zone)
        return self._store.votes.state(rater, midnight.astimezone(UTC))

    def _choose(
        self,
        rater: str,
        queue: Queue | None,
        contests: Contests,
        ballots: Sequence[Ballot],
        state: RaterState,
        shown: int,
    ) -> Ballot | None:
        chance = random.Random(f"{self._seed}:{rater}:{shown}")  # noqa: S311 - to be repeated, not secret
        about = Ballot(
            id=secrets.token_urlsafe(16),
            rater=rater,
            kind=Kind.PAIR,
            queue="" if queue is None else queue.id,
            unit="",
            room_type="",
            style="",
            project="",
            left=_NOBODY,
            right=_NOBODY,
            made_at=datetime.now(UTC),
        )
        taken = state.answered | {one.pair for one in ballots}
        resting = {one.unit for one in ballots} | ({state.last[1]} if state.last else set())
        match = next_match(
            contests.by_players,
            self._store.votes.meetings(),
            lambda one: one.pair in taken,
            resting,
            chance,
        )
        if match is None:
            return None  # nothing new: checks alone would teach the rater to know them
        if chance.random() < self._check_share:
            twins_first = chance.random() < 0.5
            for check in (self._twin, self._repeat) if twins_first else (self._repeat, self._twin):
                if (found := check(about, contests, taken, resting, chance)) is not None:
                    return found
        return _of_match(about, match, chance)

    def _repeat(
        self, about: Ballot, contests: Contests, _taken: frozenset[str], resting: set[str], _chance: random.Random
    ) -> Ballot | None:
        """Return one of the rater's earlier pairs, sides swapped; None when none has rested long enough."""
        for before in self._store.votes.repeatable(about.rater, REST):
            if before.pair in contests.pairs and before.unit not in resting:
                return replace(
                    before,
                    id=about.id,
                    kind=Kind.REPEAT,
                    queue=about.queue,
                    left=before.right,
                    right=before.left,
                    made_at=about.made_at,
                    showing=1,
                )
        return None

    def _twin(
        self, about: Ballot, contests: Contests, taken: frozenset[str], resting: set[str], chance: random.Random
    ) -> Ballot | None:
        """Return two different outputs of one model; None when there are none: the same twice would be seen."""
        free = [one for one in contests.twins if one.pair not in taken and one.unit not in resting]
        return replace(_of_match(about, chance.choice(free), chance), kind=Kind.TWIN) if free else None


_NOBODY = Side((), "")


def _of_match(about: Ballot, match: Match, chance: random.Random) -> Ballot:
    left, right = chance.sample((match.first, match.second), 2)
    return replace(
        about,
        unit=match.unit,
        room_type=match.room_type,
        style=match.style,
        project=match.project,
        left=left,
        right=right,
    )


def interval(count: int, of: int) -> Interval | None:
    """Return the share with Wilson's 95 % interval; None of nothing.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if not of:
        return None
    z = 1.959963984540054
    share, squared = count / of, z * z / of
    middle = (share + squared / 2) / (1 + squared)
    half = z / (1 + squared) * math.sqrt(share * (1 - share) / of + squared / (4 * of))
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half), of)


def _figures(checks: RaterChecks) -> RaterFigures:
    return RaterFigures(
        checks.rater,
        checks.votes,
        interval(checks.same, checks.repeats),
        interval(checks.twins_decided, checks.twins),
        interval(checks.left, checks.left + checks.right),
    )
