"""How often an experiment stops at a difference that is not there, and how soon at one that is.

Votes are drawn for rooms that differ (sd 0.5 logits) and raters that differ (sd 0.4), with no preference
on the whole; somebody looks after every vote and stops at the first chance. Beside the product's rule, one
decision a room, stand the repeated z-test, the same e-process by votes, and the majority that goes on
changing as votes come in.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from staging.experiments_evidence import PRIOR, log_evidence
from tests.bench.figures import Figure

Ints = NDArray[np.int64]

RUNS = 2_000
ALPHA = 0.05
ROOM_SD, RATER_SD = 0.5, 0.4
FIRST_Z = 30
"""Votes before which nobody trusts a z-test."""


@dataclass(frozen=True)
class Panel:
    """Rooms, votes on each, how many of them decide a room, and raters (None: each vote another one's)."""

    rooms: int
    votes: int
    decide: int
    raters: int | None = None
    in_order: bool = False
    """Room after room, not shuffled."""


MANY = (Panel(60, 33, 33), Panel(60, 33, 3), Panel(60, 33, 33, in_order=True), Panel(400, 5, 3), Panel(1_000, 3, 3))
"""Many raters, whose votes are independent but for the room."""
FEW = (Panel(60, 33, 33, 12), Panel(60, 33, 3, 12), Panel(400, 5, 3, 12))
RULES = ("room", "changing", "vote", "z")


class Evidence:
    """The product's evidence for whole arrays of counts."""

    def __init__(self, most: int) -> None:
        self._one = np.array([math.lgamma(PRIOR + count) for count in range(most + 1)])
        self._both = np.array([math.lgamma(2 * PRIOR + count) for count in range(most + 1)])
        for wins in (0, 1, most // 3, most // 2):
            assert abs(float(self(np.array(wins), np.array(most))) - log_evidence(wins, most)) < 1e-6

    def __call__(self, wins: Ints, units: Ints) -> NDArray[np.float64]:
        begin = self._both[0] - 2 * self._one[0]
        return np.asarray(self._one[wins] + self._one[units - wins] - self._both[units] + begin + units * math.log(2))


def bench_experiments() -> list[Figure]:
    """Draw thousands of experiments, with and without a difference."""
    return [*false_stops(), *rooms_to_a_decision(), ties()]


def false_stops() -> list[Figure]:
    """Return how often each rule stops without a difference: the worst of the panels of many raters, and of few."""
    figures = []
    for name, panels, goal in (("many", MANY, "<= 0.05"), ("12", FEW, "")):
        rates = {panel: stops(panel) for panel in panels}
        worst = max(rates, key=lambda panel: rates[panel]["room"])
        beside = ", ".join(
            f"{told} {max(rate[rule] for rate in rates.values()):.3f}"
            for rule, told in (
                ("z", "repeated z-test:"),
                ("vote", "e-process by votes:"),
                ("changing", "majority that goes on changing:"),
            )
        )
        at = f"worst of {len(panels)} panels, at {worst.rooms} rooms × {worst.votes} votes; {beside}"
        figures.append(Figure(f"experiments_false_stops_{name}_raters", rates[worst]["room"], "share", goal, at))
    return figures


def stops(panel: Panel, runs: int = RUNS, seed: int = 7) -> Mapping[str, float]:
    """Return how often each rule stops at least once, looked at after every vote."""
    rng = np.random.default_rng([seed, panel.rooms, panel.votes, panel.raters or 0, panel.in_order])
    log_e = Evidence(panel.rooms * panel.votes)
    stopped = dict.fromkeys(RULES, 0)
    for _ in range(runs):
        room, won = draw(panel, rng)
        for rule, any_stop in looks(panel, room, won, log_e).items():
            stopped[rule] += any_stop
    return {rule: count / runs for rule, count in stopped.items()}


def draw(panel: Panel, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return the room of each vote and whether it prefers the second arm (1) or the first (0), in order."""
    room = np.repeat(np.arange(panel.rooms), panel.votes)
    if not panel.in_order:
        room = rng.permutation(room)
    taste = rng.normal(0, ROOM_SD, panel.rooms)[room]
    if panel.raters is None:
        taste = taste + rng.normal(0, RATER_SD, len(room))
    else:
        taste = taste + rng.normal(0, RATER_SD, panel.raters)[rng.integers(0, panel.raters, len(room))]
    return room, (rng.random(len(room)) < 1 / (1 + np.exp(-taste))).astype(np.int64)


def looks(panel: Panel, room: Ints, won: Ints, log_e: Evidence) -> dict[str, bool]:
    """Return by rule whether any look, one after every vote, says stop."""
    needed = -math.log(ALPHA)
    count = np.arange(1, len(won) + 1)
    wins = won.cumsum()
    z = np.abs(wins - count / 2) / np.sqrt(count / 4)
    lead, number = leads(panel, room, won)
    before = lead - (2 * won - 1)
    second = ((lead > 0).astype(np.int64) - (before > 0)).cumsum()
    first = ((lead < 0).astype(np.int64) - (before < 0)).cumsum()
    closing = number == panel.decide  # the vote that decides its room; what comes after it changes nothing
    taken = (closing & (lead > 0)).cumsum()
    units = (closing & (lead != 0)).cumsum()
    return {
        "room": bool((log_e(taken, units) >= needed).any()),
        "changing": bool((log_e(second, second + first) >= needed).any()),
        "vote": bool((log_e(wins, count) >= needed).any()),
        "z": bool((z[FIRST_Z - 1 :] > 1.96).any()),
    }


def leads(panel: Panel, room: Ints, won: Ints) -> tuple[Ints, Ints]:
    """Return the second arm's lead in its room after each vote, and which vote of the room it is, from 1."""
    order = np.argsort(room, kind="stable")
    steps = (2 * won - 1)[order].reshape(panel.rooms, panel.votes)
    lead, number = np.empty_like(won), np.empty_like(won)
    lead[order] = steps.cumsum(axis=1).ravel()
    number[order] = np.tile(np.arange(1, panel.votes + 1), panel.rooms)
    return lead, number


def rooms_to_a_decision() -> list[Figure]:
    """Return the median number of decided rooms at which a preference is told."""
    figures = []
    for percent, most, goal in ((70, 600, "<= 60"), (60, 2_000, "<= 230"), (55, 8_000, "<= 1070")):
        stopped = stopping_rooms(percent / 100, most)
        quick, slow = np.percentile(stopped, [10, 90])
        figures.append(
            Figure(
                f"experiments_rooms_at_{percent}_{100 - percent}",
                float(np.median(stopped)),
                "rooms",
                goal,
                f"a tenth below {quick:.0f}, a tenth above {slow:.0f}",
            )
        )
    return figures


def stopping_rooms(share: float, most: int, runs: int = RUNS, seed: int = 11) -> Ints:
    """Return for each run after how many decided rooms the evidence was enough; `most` when it never was."""
    rng = np.random.default_rng([seed, round(1_000 * share)])
    log_e = Evidence(most)
    units = np.arange(1, most + 1)
    found = []
    for _ in range(runs):
        enough = log_e((rng.random(most) < share).cumsum(), units) >= -math.log(ALPHA)
        found.append(int(enough.argmax()) + 1 if enough.any() else most)
    return np.array(found)


def ties(share: float = 0.6, tied: float = 0.4, votes: int = 3, most: int = 2_000, runs: int = RUNS) -> Figure:
    """Return after how many judged rooms a preference is told when many votes are ties.

    Rooms without a majority are left out; beside it, a fair coin says what they prefer.
    """
    rng = np.random.default_rng(13)
    log_e, needed = Evidence(most), -math.log(ALPHA)
    found: dict[str, list[int]] = {"left out": [], "coin": []}
    chances = [tied, (1 - tied) * share, (1 - tied) * (1 - share)]
    for _ in range(runs):
        lead = rng.choice([0, 1, -1], size=(most, votes), p=chances).sum(axis=1)
        coin = np.where(lead == 0, rng.choice([-1, 1], most), lead)
        for name, said in (("left out", lead), ("coin", coin)):
            enough = log_e((said > 0).cumsum(), (said != 0).cumsum()) >= needed
            found[name].append(int(enough.argmax()) + 1 if enough.any() else most)
    by_coin = f"a fair coin for rooms without a majority: {np.median(found['coin']):.0f}"
    return Figure("experiments_rooms_with_ties", float(np.median(found["left out"])), "rooms", "", by_coin)
