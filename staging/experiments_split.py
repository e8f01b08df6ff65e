"""Which arm a unit belongs to, and whether the units were split as they should have been."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ALERT_BELOW = 0.001
"""A split this unlikely is taken for a fault and not for chance."""
LEAST_EXPECTED = 5.0
"""Units of the smallest arm below which chi-square says nothing."""
_WHOLE = 2**64


def share_of(salt: str, unit: str) -> float:
    """Return where the unit falls, evenly in [0, 1): always the same for the same salt and unit."""
    key = hashlib.blake2b(unit.encode(), digest_size=8, key=hashlib.blake2b(salt.encode()).digest()).digest()
    # 53 bits: more would round up to 1.
    return (int.from_bytes(key, "big") >> 11) * 2048 / _WHOLE


def arm_of(salt: str, unit: str, weights: Mapping[str, int]) -> str:
    """Return the unit's arm: each arm has a stretch of [0, 1) as long as its weight, in the mapping's order.

    ValueError when no weight is above 0.
    """
    total = sum(weights.values())
    if total <= 0:
        raise ValueError("no arm has a weight")
    point, end = share_of(salt, unit) * total, 0
    for arm, weight in weights.items():
        end += weight
        if point < end:
            return arm
    raise AssertionError("a share is below 1")


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Whether as many units went to each arm as its weight asks for."""

    units: Mapping[str, int]
    expected: Mapping[str, float]
    chance: float | None
    """How often chance alone splits as unevenly; None while there are too few units to say."""

    @property
    def alert(self) -> bool:
        """True when it is not to be put down to chance."""
        return self.chance is not None and self.chance < ALERT_BELOW

    @property
    def words(self) -> str:
        """Say it in one sentence."""
        if not sum(self.units.values()):
            return "Nothing was assigned yet, so there is no split to check."
        split = ", ".join(f"{arm}: {count} (expected {self.expected[arm]:.0f})" for arm, count in self.units.items())
        if self.chance is None:
            return f"Too few units to check the split yet. {split}."
        if self.alert:
            return (
                f"The split is not as it was asked for, and chance does that less than once in 1,000 times: {split}. "
                "Find out what loses or adds units before you trust any figure here."
            )
        return f"The split is as asked for (p = {self.chance:.2f}). {split}."


def sample_ratio(units: Mapping[str, int], weights: Mapping[str, int]) -> SampleRatio:
    """Return how the units of each arm agree with the weights, by Pearson's chi-square."""
    total, whole = sum(units.get(arm, 0) for arm in weights), sum(weights.values())
    expected = {arm: total * weight / whole for arm, weight in weights.items()}
    counts = {arm: units.get(arm, 0) for arm in weights}
    chance = None
    if len(weights) > 1 and min(expected.values()) >= LEAST_EXPECTED:
        statistic = sum((counts[arm] - expected[arm]) ** 2 / expected[arm] for arm in weights)
        chance = chi_square_tail(statistic, len(weights) - 1)
    return SampleRatio(counts, expected, chance)


def chi_square_tail(statistic: float, freedom: int) -> float:
    """Return how often chi-square with so many degrees of freedom is at least this large.

    The closed forms for whole degrees: a Poisson sum for even ones, erfc and a like sum for odd ones.
    ValueError for a statistic below 0, or less than one degree.
    """
    if statistic < 0 or freedom < 1:
        raise ValueError("chi-square is not below 0 and has at least one degree of freedom")
    half = statistic / 2
    if half == 0:
        return 1.0
    steps: Sequence[float] = range(freedom // 2) if freedom % 2 == 0 else [i + 0.5 for i in range(freedom // 2)]
    begin = 0.0 if freedom % 2 == 0 else math.erfc(math.sqrt(half))
    # Through logarithms, so that neither the power nor the factorial overflows.
    return min(1.0, begin + sum(math.exp(step * math.log(half) - half - math.lgamma(step + 1)) for step in steps))
