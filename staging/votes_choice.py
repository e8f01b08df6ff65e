"""Which match is judged next: the one that tells most about who is better, spread evenly over rooms.

The gap between two models is as uncertain as the votes leave it: few votes, or votes by ways round only,
leave much. What one more vote is worth is the information it is expected to add, so a pair that is
settled, or foregone, comes up seldom and a new model often. See docs/decisions/0043.
"""

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from staging.store import Meetings
from staging.votes_contests import Match, Players

FloatArray = NDArray[np.float64]

PRIOR_PRECISION = 0.5
"""One over the variance, in squared logits, of a model's strength before any vote: most lie within 1.4 logits."""
SHARPNESS = 3
"""How much more often the most telling pair is drawn: by this power of what it tells."""
_STEPS = 12
"""Newton's; from 0, with this prior, six are exact to nine digits."""


def gap_variances(games: FloatArray, won: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return, for each two models, the variance of their gap (squared logits) and how likely the first wins.

    `games[i, j]` is how often i and j met, `won[i, j]` how often i won, ties half. Bradley-Terry with a normal
    prior, so that models that never met have a variance too.
    """
    strength = np.zeros(len(games))
    for _ in range(_STEPS):
        likely = 1 / (1 + np.exp(strength[None, :] - strength[:, None]))
        gradient = (won - games * likely).sum(axis=1) - PRIOR_PRECISION * strength
        information = _information(games, likely)
        strength = strength + np.linalg.solve(information, gradient)
    covariance = np.linalg.inv(_information(games, 1 / (1 + np.exp(strength[None, :] - strength[:, None]))))
    own = np.diag(covariance)
    likely = 1 / (1 + np.exp(strength[None, :] - strength[:, None]))
    return own[:, None] + own[None, :] - 2 * covariance, likely


def _information(games: FloatArray, likely: FloatArray) -> FloatArray:
    weights = games * likely * (1 - likely)
    return np.diag(weights.sum(axis=1) + PRIOR_PRECISION) - weights


def gains(players: Sequence[str], meetings: Iterable[Meetings]) -> FloatArray:
    """Return what one more vote on each two of the players is expected to tell, in nats: a symmetric matrix."""
    places = {player: place for place, player in enumerate(players)}
    games, won = np.zeros((len(players), len(players))), np.zeros((len(players), len(players)))
    for met in meetings:
        if (one := places.get(met.players[0])) is not None and (other := places.get(met.players[1])) is not None:
            games[one, other] += met.votes
            games[other, one] += met.votes
            won[one, other] += met.won
            won[other, one] += met.votes - met.won
    variance, likely = gap_variances(games, won)
    told = np.log1p(likely * (1 - likely) * variance) / 2
    return (told + told.T) / 2  # the same either way round, to the last digit


def next_match(
    by_players: Mapping[Players, Sequence[Match]],
    meetings: Sequence[Meetings],
    taken: Callable[[Match], bool],
    resting: Collection[str],
    chance: random.Random,
) -> Match | None:
    """Return a match that is not taken: its pair drawn by what a vote tells, its room the least judged of all.

    Rooms that are `resting`, because the rater has just seen them, come last. None when all are taken.
    """
    players = sorted({player for pair in by_players for player in pair})
    told = gains(players, meetings)
    places = {player: place for place, player in enumerate(players)}
    of_pair, of_room = Counter[tuple[Players, str, str]](), Counter[tuple[str, str]]()
    for met in meetings:
        of_pair[met.players, met.unit, met.style] += met.votes
        of_room[met.unit, met.style] += met.votes

    weights = {pair: float(told[places[pair[0]], places[pair[1]]]) ** SHARPNESS for pair in sorted(by_players)}
    while weights:
        (pair,) = chance.choices(list(weights), list(weights.values()))
        del weights[pair]
        ways = [*by_players[pair]]
        chance.shuffle(ways)  # so that of equals none is always the first
        ways.sort(key=lambda match: (match.unit in resting, of_pair[pair, *match.where], of_room[match.where]))
        for match in ways:
            if not taken(match):
                return match
    return None
