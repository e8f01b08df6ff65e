"""May we stop? One decision a unit, the evidence of every pair of arms, guardrails, and the answer in words.

The unit of the test is the room (or the project), never the vote: votes on one room are not independent.
A unit counts once it has as many votes as the stop rule asks for, by their majority, and later votes on
it change nothing. So each unit is one toss, and Ville's inequality holds however often somebody looks.
With more than two arms every pair is tested, and evidence is divided by the number of pairs.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, combinations
from typing import NamedTuple

from staging.experiments_evidence import Interval, evidence, interval, intervals, units_to_go
from staging.experiments_terms import Guards, StopRule, Unit
from staging.ratings import Outcome
from staging.store import ArmFigures, ArmScores, ArmVote

TOO_EARLY = 10
"""Decided units before which nobody can say how many more it takes."""
LEAST_RUNS = 20
"""Ended runs of each arm before the guardrail on failures speaks."""
LEAST_ACCEPTED = 5
"""Accepted outputs of each arm before the one on cost does."""
LEAST_SCORED = 20
"""Scored outputs of each arm before those on automatic scores do."""


MOST_E = 1_000


class Toss(NamedTuple):
    """What one unit says of a pair of arms."""

    unit: str
    second: bool | None
    """True: its votes prefer the second arm; None: neither."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What is known of two arms against each other."""

    first: str
    second: str
    tosses: tuple[Toss, ...]
    """In the order in which the units were decided."""
    waiting: int
    """Units that have votes, but not enough yet."""
    votes: int
    both_bad: int
    raters: int
    pairs: int
    """How many pairs the experiment has: evidence is divided by it."""
    error: float
    """The share of false alarms that the whole experiment may have."""

    @property
    def units(self) -> int:
        """How many units prefer one of the two."""
        return sum(toss.second is not None for toss in self.tosses)

    @property
    def wins(self) -> int:
        """How many of them prefer the second arm."""
        return sum(toss.second is True for toss in self.tosses)

    @property
    def ties(self) -> int:
        """How many units are decided and prefer neither: they are no part of the evidence."""
        return len(self.tosses) - self.units

    @property
    def evidence(self) -> float:
        """The e-value, already divided by the number of pairs."""
        return evidence(self.wins, self.units) / self.pairs

    @property
    def alpha(self) -> float:
        """The share of false alarms that this pair may have."""
        return self.error / self.pairs

    @property
    def interval(self) -> Interval:
        """What share of the units prefers the second arm."""
        return interval(self.wins, self.units, self.alpha)

    @property
    def winner(self) -> str | None:
        """The arm that is preferred surely enough; None while there is none."""
        if self.evidence < 1 / self.error:
            return None
        return self.second if 2 * self.wins > self.units else self.first

    def even(self, worth: float) -> bool:
        """True when what is left of a preference is worth nothing."""
        low, high = self.interval
        return 0.5 - worth <= low and high <= 0.5 + worth


class Look(NamedTuple):
    """The pair as it stood once so many units were decided for one of the two."""

    units: int
    share: float
    """Of them, that prefers the second arm."""
    evidence: float
    low: float
    high: float


def path_of(pair: Pair) -> list[Look]:
    """Return how the evidence grew, unit by unit."""
    decided = [toss.second for toss in pair.tosses if toss.second is not None]
    wins = list(accumulate(map(int, decided)))
    units = list(range(1, len(decided) + 1))
    ends = intervals(wins, units, pair.alpha) if units else []
    return [
        Look(n, k / n, evidence(k, n) / pair.pairs, low, high)
        for k, n, (low, high) in zip(wins, units, ends, strict=True)
    ]


def pairs_of(votes: Sequence[ArmVote], keys: Mapping[str, str], stop: StopRule, unit: Unit) -> list[Pair]:
    """Return every pair of arms; `keys` are the arms' names by what their predictions are logged with.

    The votes are in the order they were given.
    """
    names = list(keys.values())
    count = math.comb(len(names), 2)
    return [
        _pair(
            [vote for vote in votes if {keys.get(vote.left), keys.get(vote.right)} == {one, other}],
            keys,
            (one, other),
            count,
            stop,
            unit,
        )
        for one, other in combinations(names, 2)
    ]


def _pair(
    votes: Sequence[ArmVote],
    keys: Mapping[str, str],
    names: tuple[str, str],
    count: int,
    stop: StopRule,
    unit: Unit,
) -> Pair:
    first, second = names
    of_unit: dict[str, list[int]] = {}
    tosses: list[Toss] = []
    for vote in votes:
        name = vote.unit if unit is Unit.ROOM else vote.project
        said = of_unit.setdefault(name, [])
        if len(said) == stop.votes_per_unit:
            continue  # decided: what is known of a unit must not change with more looks
        preferred = {Outcome.LEFT: vote.left, Outcome.RIGHT: vote.right}.get(vote.outcome)
        said.append(0 if preferred is None else 1 if keys[preferred] == second else -1)
        if len(said) == stop.votes_per_unit:
            total = sum(said)
            tosses.append(Toss(name, None if total == 0 else total > 0))
    return Pair(
        first=first,
        second=second,
        tosses=tuple(tosses),
        waiting=len(of_unit) - len(tosses),
        votes=len(votes),
        both_bad=sum(vote.outcome is Outcome.BOTH_BAD for vote in votes),
        raters=len({vote.rater for vote in votes}),
        pairs=count,
        error=stop.error_percent / 100,
    )


# ── guardrails ──────────────────────────────────────────────────────────────────────────────


class Held(StrEnum):
    """What a guardrail says."""

    HOLDS = "holds"
    BROKEN = "broken"
    NOT_KNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Guard:
    """What one guardrail says of one arm, against the best of the others."""

    name: str
    arm: str
    held: Held
    sentence: str


def guards_of(figures: Mapping[str, ArmFigures], guards: Guards, scores: Mapping[str, ArmScores]) -> list[Guard]:
    """Return what the guardrails that are set say of every arm; `scores` has the arms with scored outputs."""
    found: list[Guard] = []
    for arm in figures:
        others = [other for other in figures if other != arm]
        if guards.failure_points is not None:
            found.append(_failures(arm, others, figures, guards.failure_points))
        if guards.cost_percent is not None:
            found.append(_cost(arm, others, figures, guards.cost_percent))
        if guards.score_drop is not None:
            found.append(_score(arm, others, scores, guards.score_drop))
        if guards.structure_points is not None:
            found.append(_structure(arm, others, scores, guards.structure_points))
    return found


def _failures(arm: str, others: Sequence[str], figures: Mapping[str, ArmFigures], limit: int) -> Guard:
    few = [name for name in (arm, *others) if figures[name].ended < LEAST_RUNS]
    if few:
        told = f"Too few runs of {_and(few)} to say: each needs {LEAST_RUNS}."
        return Guard("failures", arm, Held.NOT_KNOWN, told)
    rates = {name: figures[name].failed / figures[name].ended for name in (arm, *others)}
    best = min(others, key=rates.__getitem__)
    told = f"{arm} fails {rates[arm]:.0%} of its runs, {best} {rates[best]:.0%} (limit: {limit} points more)"
    broken = 100 * (rates[arm] - rates[best]) > limit
    return Guard("failures", arm, Held.BROKEN if broken else Held.HOLDS, f"{told}.")


def _cost(arm: str, others: Sequence[str], figures: Mapping[str, ArmFigures], limit: int) -> Guard:
    for name in (arm, *others):
        if figures[name].unknown_costs:
            told = f"The cost of {figures[name].unknown_costs} runs of {name} is not known."
            return Guard("cost", arm, Held.NOT_KNOWN, told)
    few = [name for name in (arm, *others) if figures[name].accepted < LEAST_ACCEPTED]
    if few:
        told = f"Too few accepted outputs of {_and(few)} to say: each needs {LEAST_ACCEPTED}."
        return Guard("cost", arm, Held.NOT_KNOWN, told)
    costs = {name: figures[name].cost_usd / figures[name].accepted for name in (arm, *others)}
    best = min(others, key=costs.__getitem__)
    told = f"An accepted image of {arm} costs ${costs[arm]:.4f}, of {best} ${costs[best]:.4f} (limit: {limit} % more)"
    broken = 100 * costs[arm] > (100 + limit) * costs[best]
    return Guard("cost", arm, Held.BROKEN if broken else Held.HOLDS, f"{told}.")


def _score(arm: str, others: Sequence[str], scores: Mapping[str, ArmScores], limit: float) -> Guard:
    if told := _too_few_scores((arm, *others), scores):
        return Guard("score", arm, Held.NOT_KNOWN, told)
    best = max(others, key=lambda name: scores[name].mean)
    means = f"The mean score of {arm} is {scores[arm].mean:.1f}, of {best} {scores[best].mean:.1f}"
    broken = scores[best].mean - scores[arm].mean > limit
    return Guard("score", arm, Held.BROKEN if broken else Held.HOLDS, f"{means} (limit: {limit:g} lower).")


def _structure(arm: str, others: Sequence[str], scores: Mapping[str, ArmScores], limit: int) -> Guard:
    if told := _too_few_scores((arm, *others), scores):
        return Guard("structure", arm, Held.NOT_KNOWN, told)
    rates = {name: scores[name].structure_rate for name in (arm, *others)}
    best = min(others, key=rates.__getitem__)
    told = f"{arm} changes the structure in {rates[arm]:.0%} of its outputs, {best} in {rates[best]:.0%}"
    broken = 100 * (rates[arm] - rates[best]) > limit
    return Guard("structure", arm, Held.BROKEN if broken else Held.HOLDS, f"{told} (limit: {limit} points more).")


def _too_few_scores(arms: Sequence[str], scores: Mapping[str, ArmScores]) -> str:
    """Return which arms have too few scored outputs to say anything of; "" when none has."""
    few = [name for name in arms if name not in scores or scores[name].scored < LEAST_SCORED]
    return f"Too few scored outputs of {_and(few)} to say: each needs {LEAST_SCORED}." if few else ""


# ── the answer ──────────────────────────────────────────────────────────────────────────────


class Answer(StrEnum):
    """What the verdict comes to."""

    BEGIN = "begin"
    """Nobody has judged anything yet."""
    GO_ON = "go on"
    PREFERRED = "preferred"
    VETOED = "vetoed"
    """One is preferred, and breaks a guardrail."""
    EVEN = "even"
    LIMIT = "limit"
    """The limit is reached without either."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to stop, in one sentence."""

    answer: Answer
    sentence: str
    winner: str | None = None
    to_go: int | None = None
    """Decided units still to come; None when nobody can say, or when it is over."""

    @property
    def stop(self) -> bool:
        """True when there is nothing more to wait for."""
        return self.answer not in (Answer.BEGIN, Answer.GO_ON)


def verdict_of(pairs: Sequence[Pair], guards: Sequence[Guard], stop: StopRule, unit: Unit) -> Verdict:
    """Return whether to stop, with what was judged so far."""
    if not any(pair.votes for pair in pairs):
        told = "Nothing is judged yet: run all arms on the same rooms, then vote."
        return Verdict(Answer.BEGIN, told)
    beaten = {arm for pair in pairs if (arm := _loser(pair)) is not None}
    names = list(dict.fromkeys(arm for pair in pairs for arm in (pair.first, pair.second)))
    left = [name for name in names if name not in beaten]
    for name in left:
        mine = [pair for pair in pairs if name in (pair.first, pair.second)]
        if all(pair.winner == name for pair in mine):
            return _preferred(name, mine, guards)
    worth = stop.worth_points / 100
    between = [pair for pair in pairs if pair.first in left and pair.second in left]
    if between and all(pair.even(worth) for pair in between):
        among = "" if len(left) == len(names) else f" between {_and(left)}, and this panel likes {_and(beaten)} less"
        return Verdict(Answer.EVEN, f"Stop: no difference worth more than {stop.worth_points} points{among}.")
    undecided = [pair for pair in pairs if pair.winner is None and not pair.even(worth)]
    behind = min(undecided, key=lambda pair: len(pair.tosses), default=None)
    if behind is None or len(behind.tosses) >= stop.most_units:
        return Verdict(Answer.LIMIT, _limit(undecided or pairs, stop, unit))
    return _go_on(undecided, stop, unit)


def _loser(pair: Pair) -> str | None:
    if pair.winner is None:
        return None
    return pair.first if pair.winner == pair.second else pair.second


def _preferred(name: str, mine: Sequence[Pair], guards: Sequence[Guard]) -> Verdict:
    told = f"this panel prefers {name} ({e_equals(min(pair.evidence for pair in mine))})"
    broken = [guard.sentence for guard in guards if guard.arm == name and guard.held is Held.BROKEN]
    if broken:
        return Verdict(Answer.VETOED, f"Stop, but do not promote {name}: {told}, yet {_lower(' '.join(broken))}", name)
    return Verdict(Answer.PREFERRED, f"Stop: {told}.", name)


def _lower(sentence: str) -> str:
    """Return the sentence as it stands in the middle of one; an arm's name keeps its letters."""
    return sentence[0].lower() + sentence[1:] if sentence.startswith(("An ", "The ")) else sentence


def _limit(pairs: Sequence[Pair], stop: StopRule, unit: Unit) -> str:
    widest = max(pairs, key=lambda pair: pair.interval.high - pair.interval.low)
    low, high = widest.interval
    return (
        f"Stop: {stop.most_units} {unit}s are decided, the limit, and it is still open. Between {100 * low:.0f} and "
        f"{100 * high:.0f} % of {unit}s prefer {widest.second} to {widest.first}."
    )


def _go_on(undecided: Sequence[Pair], stop: StopRule, unit: Unit) -> Verdict:
    worth = stop.worth_points / 100
    room = [max(0, stop.most_units - len(pair.tosses)) for pair in undecided]
    decided = min(pair.units for pair in undecided)
    if decided < TOO_EARLY:
        told = f"{decided} {unit}{'' if decided == 1 else 's'} decided, too early to say how many more"
        return Verdict(Answer.GO_ON, f"Keep going: {told}.")
    wanted = [_with_ties(pair, units_to_go(pair.wins, pair.units, pair.alpha, worth)) for pair in undecided]
    if any(more is None or more > most for more, most in zip(wanted, room, strict=True)):
        told = f"{max(room)} more {unit}s reach the limit, most likely without a verdict"
        return Verdict(Answer.GO_ON, f"Keep going: {told}.", to_go=max(room))
    more = max(one for one in wanted if one is not None)
    return Verdict(Answer.GO_ON, f"Keep going: about {about(more)} more {unit}{'' if more == 1 else 's'}.", to_go=more)


def _with_ties(pair: Pair, more: int | None) -> int | None:
    """Return how many units that takes when as many of them prefer neither as did so far."""
    return None if more is None else math.ceil(more * len(pair.tosses) / max(1, pair.units))


def about(number: int) -> int:
    """Return the number as people say it: no more exact than it is."""
    if number < 10:
        return number
    step: int = 10 ** max(1, len(str(number)) - 2) if number >= 100 else 5
    return math.ceil(number / step) * step


def e_equals(value: float) -> str:
    """Return "e = 34", or "e > 1,000": beyond that nobody needs to know."""
    return f"e = {e_words(value)}" if value < MOST_E else f"e > {MOST_E:,}"


def e_words(value: float) -> str:
    """Return an e-value as people read it: "0.31", "34", "more than 1,000"."""
    if value >= MOST_E:
        return f"more than {MOST_E:,}"
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def _and(names: Iterable[str]) -> str:
    return " and ".join(sorted(names))
