"""How well scores agree with people: accepted and rejected outputs against a number, without looking anything up.

An output is one observation, and the outputs of one room are alike, so what is uncertain is reckoned from
rooms. Where there is too little to say something, it is said how much more it takes.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

LEAST_OF_EACH = 20
"""Accepted and rejected outputs below which a ranking says next to nothing: its standard error is about 0.09."""
LEAST_ROOMS = 8
"""Rooms below which an interval from rooms is far too narrow."""
KEPT_SHARE = 0.97
"""A suggested threshold refuses no more than the rest of what people accepted."""
LEAST_FLAGGED = 10
"""Outputs that bear a flag, below which no threshold is suggested for it."""
LEAST_IN_BIN = 10
MOST_BINS = 8
_TWO_SIDED_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Labelled:
    """One output that a person accepted or rejected, and what a scorer said of it."""

    prediction_id: str
    room: str
    """The room's digest: outputs of one room are no independent observations."""
    accepted: bool
    score: float
    """0 to 100; the higher, the better the output is said to be."""
    at: datetime
    """When the person said so."""
    flags: Mapping[str, float] = field(default_factory=dict)
    """By code: the severity, 0 to 1, of what the scorer complained of."""
    reasons: tuple[str, ...] = ()
    model: str = ""


@dataclass(frozen=True, slots=True)
class Ranking:
    """How surely a score tells what people accept from what they reject."""

    auc: float | None
    """The share of pairs of an accepted and a rejected output of which the accepted one scores higher (a tie
    counts half); None when one of the two is missing."""
    low: float | None
    high: float | None
    """A 95 % interval, rooms being what varies; None when there are fewer than LEAST_ROOMS, or when no room
    differs from another: all pairs in order, or all scores the same."""
    accepted: int
    rejected: int
    rooms: int

    @property
    def missing(self) -> tuple[int, int]:
        """How many more accepted and rejected outputs it takes before the figure means something."""
        return max(0, LEAST_OF_EACH - self.accepted), max(0, LEAST_OF_EACH - self.rejected)

    @property
    def enough(self) -> bool:
        """True when the figure means something."""
        return self.missing == (0, 0)


@dataclass(frozen=True, slots=True)
class Bin:
    """Outputs of about the same score, and the share of them that people accepted."""

    low: float
    high: float
    mean: float
    """Of their scores."""
    share: float
    share_low: float
    share_high: float
    """A 95 % interval (Wilson), outputs being what varies."""
    count: int


@dataclass(frozen=True, slots=True)
class Threshold:
    """A cut, and what it would have done with the labelled outputs."""

    name: str
    """ "score", or a flag's code."""
    cut: float | None
    """Refuse below this score, or from this severity on; None when none can be suggested."""
    kept: float
    """The share of accepted outputs that stay."""
    refused: float
    """The share of rejected outputs that go."""
    flagged: int
    """Outputs that bear the flag; for the score, all of them."""
    missing: int = 0
    """How many more it takes before a cut can be suggested."""


@dataclass(frozen=True, slots=True)
class Period:
    """What was labelled within some days."""

    first: date
    ranking: Ranking
    mean_accepted: float | None
    mean_rejected: float | None


def ranking(labelled: Sequence[Labelled]) -> Ranking:
    """Return the AUC with its interval from rooms (Obuchowski, Biometrics 53, 1997), on the logit scale."""
    good = np.array([one.score for one in labelled if one.accepted])
    bad = np.array([one.score for one in labelled if not one.accepted])
    rooms = {one.room for one in labelled}
    if not len(good) or not len(bad):
        return Ranking(None, None, None, len(good), len(bad), len(rooms))
    above = _share_below(good, bad)  # of each accepted output: the share of rejected ones it beats
    below = 1 - _share_below(bad, good)  # of each rejected one: the share of accepted ones that beat it
    auc = float(above.mean())
    found = Ranking(auc, None, None, len(good), len(bad), len(rooms))
    if len(rooms) < LEAST_ROOMS:
        return found
    variance = _variance(labelled, above, below, auc)
    if variance == 0 or auc in (0.0, 1.0):
        return found  # nothing varies from room to room, which is no reason to be sure
    low, high = _interval(auc, variance)
    return Ranking(auc, low, high, len(good), len(bad), len(rooms))


def _share_below(of: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, for each value, the share of the others that are less; a tie counts half."""
    ordered = np.sort(others)
    less, not_more = np.searchsorted(ordered, of, "left"), np.searchsorted(ordered, of, "right")
    return (less + not_more) / 2 / len(others)


def _variance(
    labelled: Sequence[Labelled], above: NDArray[np.float64], below: NDArray[np.float64], auc: float
) -> float:
    """Return the variance of the AUC when whole rooms are what is drawn."""
    goods, bads = iter(above), iter(below)
    of_room: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for one in labelled:
        if one.accepted:
            of_room[one.room][0] += (float(next(goods)) - auc) / len(above)
        else:
            of_room[one.room][1] += (float(next(bads)) - auc) / len(below)
    sums = np.array(list(of_room.values()))
    count = len(sums)
    return float(((sums.sum(axis=1)) ** 2).sum() * count / (count - 1))


def _interval(auc: float, variance: float) -> tuple[float, float]:
    centre = math.log(auc / (1 - auc))
    reach = _TWO_SIDED_95 * math.sqrt(variance) / (auc * (1 - auc))
    return _logistic(centre - reach), _logistic(centre + reach)


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value > -700 else 0.0


def reliability(labelled: Sequence[Labelled]) -> list[Bin]:
    """Return the outputs by score in bins of about equal count, from the lowest; none while there are too few."""
    ordered = sorted(labelled, key=lambda one: one.score)
    count = min(MOST_BINS, len(ordered) // LEAST_IN_BIN)
    if count < 2:
        return []
    bins = []
    for at in range(count):
        members = ordered[at * len(ordered) // count : (at + 1) * len(ordered) // count]
        accepted = sum(one.accepted for one in members)
        low, high = wilson(accepted, len(members))
        scores = [one.score for one in members]
        share = accepted / len(members)
        bins.append(Bin(scores[0], scores[-1], sum(scores) / len(scores), share, low, high, len(members)))
    return bins


def wilson(successes: int, count: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share; (0, 1) of nothing."""
    if count == 0:
        return 0.0, 1.0
    share, z2 = successes / count, _TWO_SIDED_95**2
    centre = (share + z2 / (2 * count)) / (1 + z2 / count)
    reach = _TWO_SIDED_95 * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2)) / (1 + z2 / count)
    return max(0.0, centre - reach), min(1.0, centre + reach)


def score_threshold(labelled: Sequence[Labelled]) -> Threshold:
    """Return the highest score below which no more than 3 % of the accepted outputs lie."""
    return _threshold("score", labelled, lambda one: -one.score, len(labelled), -1)


def flag_thresholds(labelled: Sequence[Labelled], codes: Iterable[str]) -> list[Threshold]:
    """Return, for each code that any output bears, the severity from which on to refuse; the most useful first.

    A flag whose severity would have to be above 1 to keep what people accept gets no cut.
    """
    borne = Counter(code for one in labelled for code in one.flags)
    found = [
        _threshold(code, labelled, lambda one, code=code: one.flags.get(code, 0.0), borne[code], 1)  # type: ignore[misc]
        for code in codes
        if borne[code]
    ]
    return sorted(found, key=lambda one: (one.cut is None, -one.refused, one.name))


def _threshold(
    name: str, labelled: Sequence[Labelled], harm: Callable[[Labelled], float], flagged: int, sign: int
) -> Threshold:
    """Return the least harm at which at most the allowed share of the accepted outputs is refused."""
    good = sorted((harm(one) for one in labelled if one.accepted), reverse=True)
    bad = [harm(one) for one in labelled if not one.accepted]
    missing = max(LEAST_FLAGGED - flagged if sign > 0 else 0, LEAST_OF_EACH - len(good), LEAST_OF_EACH - len(bad), 0)
    if missing:
        return Threshold(name, None, 1.0, 0.0, flagged, missing)
    allowed = math.floor((1 - KEPT_SHARE) * len(good) + 1e-9)
    spared = good[allowed]
    # Everything worse than the first accepted output that must stay; a cut is put where an output lies.
    worse = sorted({value for value in (*good, *bad) if value > spared and (sign < 0 or value > 0)})
    if not worse:
        return Threshold(name, None, 1.0, 0.0, flagged)
    cut = worse[0]
    kept = sum(value < cut for value in good) / len(good)
    refused = sum(value >= cut for value in bad) / len(bad)
    # For a score the cut is the least one that stays: "refuse below".
    shown = min(-value for value in (*good, *bad) if value < cut) if sign < 0 else cut
    return Threshold(name, shown, kept, refused, flagged)


def by_reason(labelled: Sequence[Labelled]) -> list[tuple[str, Ranking]]:
    """Return, for each reason of rejection, how surely the score tells those outputs from accepted ones.

    The most frequent reason first; an output that was rejected for two reasons counts with both.
    """
    counts = Counter(reason for one in labelled if not one.accepted for reason in one.reasons)
    return [
        (reason, ranking([one for one in labelled if one.accepted or reason in one.reasons]))
        for reason, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def drift(labelled: Sequence[Labelled], days: int = 28) -> list[Period]:
    """Return what was labelled in each stretch of so many days, the first first; empty stretches are left out."""
    stretches: dict[date, list[Labelled]] = defaultdict(list)
    for one in labelled:
        day = one.at.date()
        stretches[day - timedelta(days=day.toordinal() % days)].append(one)
    return [_period(first, stretches[first]) for first in sorted(stretches)]


def _period(first: date, members: Sequence[Labelled]) -> Period:
    def mean(accepted: bool) -> float | None:
        scores = [one.score for one in members if one.accepted is accepted]
        return sum(scores) / len(scores) if scores else None

    return Period(first, ranking(members), mean(True), mean(False))
