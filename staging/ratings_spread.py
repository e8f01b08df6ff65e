"""How far scores may be off when votes come from few raters and few rooms.

A rater's votes lean one way, and so do the votes on one room: the spread is reckoned from whole raters and
whole rooms, not from votes. Source of the two-way sandwich: Cameron, Gelbach and Miller, Robust Inference
With Multiway Clustering (2011). What was measured: docs/decisions/0040.
"""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from staging.ratings_fit import Fit, FloatArray, IntArray, Judged

LEVEL = 0.95


class Spread(NamedTuple):
    """The covariance of the scores, (K, K), and what can be said by it."""

    covariance: FloatArray
    """By room and rater; by the one of them that has two or more, where the other has not."""
    independent: FloatArray
    """What it would be if every vote were independent of all others: the least that is believed."""
    clusters: IntArray
    """How many rooms, or raters where those are fewer, judged each model; 1 where there is nothing to go by."""

    def of_scores(self) -> FloatArray:
        """Return half the width of each score's interval, (K,); infinite where nobody can say."""
        return _half_widths(self.covariance.diagonal(), self.independent.diagonal(), self.clusters)

    def of_gaps(self) -> FloatArray:
        """Return half the width of the interval of each two scores' gap, (K, K); infinite where nobody can say."""
        fewer = np.minimum(self.clusters[:, None], self.clusters[None, :])
        return _half_widths(_of_gaps(self.covariance), _of_gaps(self.independent), fewer)


def spread(votes: Judged, at: Fit) -> Spread:
    """Return how far the scores of `fit` may be off; every code of a room or rater below the highest occurs."""
    models = len(at.scores)
    independent: FloatArray = np.asarray(np.linalg.inv(at.information + 1 / models) - 1 / models, dtype=np.float64)
    ways = [(way, 1) for way in (votes.room, votes.rater) if way.any()]  # two or more of them
    if len(ways) == 2:
        new = (np.diff(votes.room, prepend=-1) != 0) | (np.diff(votes.rater, prepend=-1) != 0)
        ways.append((np.cumsum(new) - 1, -1))
    surprise = surprises(votes, at)
    covariance = np.zeros((models, models))
    for way, sign in ways:
        covariance += sign * clustered(votes, surprise, way, independent)
    many = [judged_by(votes, way, models) for way, sign in ways if sign > 0]
    clusters = np.min(many, axis=0) if many else np.ones(models, dtype=np.int64)
    return Spread(_without_negative(covariance), independent, clusters)


def surprises(votes: Judged, at: Fit) -> FloatArray:
    """Return how much more `low` scored in each line's votes than `fit` expects."""
    chance = 1 / (1 + np.exp(at.scores[votes.high] - at.scores[votes.low]))
    return np.asarray((votes.doubled / 2 - chance) * votes.times)


def clustered(votes: Judged, surprise: FloatArray, cluster: IntArray, bread: FloatArray) -> FloatArray:
    """Return the sandwich of one way of clustering, (K, K), times G / (G - 1) for its G clusters.

    `cluster` names each line's cluster, 0 to G - 1; `bread` is the inverse of the information.
    """
    models = len(bread)
    clusters = int(cluster.max()) + 1
    first = cluster * models
    slopes = np.bincount(first + votes.low, surprise, clusters * models)
    slopes -= np.bincount(first + votes.high, surprise, clusters * models)
    moved = slopes.reshape(clusters, models) @ bread
    return np.asarray(moved.T @ moved * (clusters / (clusters - 1)))


def judged_by(votes: Judged, cluster: IntArray, models: int) -> IntArray:
    """Return how many of the clusters (rooms or raters) judged each model, (K,)."""
    met = np.zeros((int(cluster.max()) + 1, models), dtype=bool)
    met[cluster, votes.low] = True
    met[cluster, votes.high] = True
    return np.asarray(met.sum(axis=0), dtype=np.int64)


def student(degrees: int, level: float = LEVEL) -> float:
    """Return what Student's t stays within, on both sides of 0, with this probability.

    Its distribution is a finite sum for whole degrees of freedom: Abramowitz and Stegun, 26.7.3 and 26.7.4.
    """
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, degrees) < level else (low, middle)
    return math.sqrt(degrees) * math.tan(low)


def _within(angle: float, degrees: int) -> float:
    """Return the chance that t stays within ± sqrt(degrees) · tan(angle)."""
    square = math.cos(angle) ** 2
    odd = degrees % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0
    for k in range(1 + odd, degrees, 2):
        total += term
        term *= square * k / (k + 1)
    total *= math.sin(angle)
    return (angle + total) * 2 / math.pi if odd else total


def _half_widths(variance: FloatArray, independent: FloatArray, clusters: IntArray) -> FloatArray:
    """Return t times the clusters' deviation, and at least what independent votes would give.

    Where all of few raters agree, the clusters' own deviation is next to nothing and would promise too much.
    """
    degrees = _degrees(clusters)
    reach = np.array([math.inf, *(student(many) for many in degrees)])
    place = np.where(clusters > 1, np.searchsorted(degrees, clusters - 1) + 1, 0)
    normal = NormalDist().inv_cdf((1 + LEVEL) / 2)
    # The smallest number keeps infinity times nothing from being no number: nobody can say stays so.
    widths = reach[place] * np.sqrt(np.maximum(variance, np.finfo(np.float64).tiny))
    return np.asarray(np.maximum(widths, normal * np.sqrt(np.maximum(independent, 0.0))))


def _degrees(clusters: IntArray) -> list[int]:
    return sorted({int(many) - 1 for many in clusters.flat if many > 1})


def _of_gaps(covariance: FloatArray) -> FloatArray:
    own = covariance.diagonal()
    gaps = own[:, None] + own[None, :] - 2 * covariance
    np.fill_diagonal(gaps, 0.0)
    return np.asarray(gaps)


def _without_negative(covariance: FloatArray) -> FloatArray:
    """Return the nearest matrix that is a covariance: the difference of sandwiches need not be one."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.clip(values, 0.0, None)) @ vectors.T)
