"""Where the furniture goes: arrangements are drawn by the seed, the best that keeps the rules is used."""

import math
from dataclasses import dataclass

import numpy as np

from staging.stager.furniture import Catalogue, Colour
from staging.stager.groups import GROUPS, Chooser, Group, Spot
from staging.stager.room import Room
from staging.stager.rules import Placement, Rules

TRIES = 600
CANDIDATES = 16
"""The best of so many arrangements that keep the rules: few enough that seeds differ."""
EXTRA_TRIES = 40
NEEDED_SEEN, EXTRA_SEEN = 0.7, 0.82
"""The share of a piece that must be in the picture."""


class NoPlace(Exception):
    """The room has no place for what its type needs."""


@dataclass(frozen=True, slots=True)
class Layout:
    """All furniture of one staging."""

    placements: tuple[Placement, ...]
    fabric: Colour
    """The colour of its textiles."""


def arrange(room: Room, catalogue: Catalogue, *, room_type: str, style: str, seed: int) -> Layout:
    """Return where what stands; the same arguments give the same layout. NoPlace when nothing fits."""
    random = np.random.default_rng(seed)
    rules = Rules(room)
    best: tuple[float, Layout] | None = None
    found = 0
    for _ in range(TRIES):
        choose = Chooser(catalogue, catalogue.style(style), random)
        placed = _try(rules, GROUPS[room_type](choose), random)
        if placed is None:
            continue
        found += 1
        score = rules.score(placed)
        if best is None or score > best[0]:
            best = (score, Layout(tuple(placed), choose.fabric))
        if found == CANDIDATES:
            break
    if best is None:
        raise NoPlace
    return best[1]


def _try(rules: Rules, groups: list[Group], random: np.random.Generator) -> list[Placement] | None:
    """Return one drawn arrangement, or None when a rule forbids what the room needs."""
    placed: list[Placement] = []
    for group in groups:
        for _ in range(1 if group.needed else EXTRA_TRIES):
            addition = _put(rules, group, placed, random)
            if addition is not None and rules.ways_are_free([*placed, *addition]):
                placed = [*placed, *addition]
                break
        else:
            if group.needed:
                return None
    return placed


def _put(rules: Rules, group: Group, placed: list[Placement], random: np.random.Generator) -> list[Placement] | None:
    """Return the group's pieces at a drawn place, less those that do not fit; None when a needed one does not."""
    if group.faces_first:
        place = rules.opposite(placed[0]) if placed else None
        if place is None:
            return None
        u, v, turn = place
    else:
        u, v, turn = rules.draw_place(group.against_wall, random)
    mirrored = -1.0 if random.random() < 0.5 and not any(spot.piece.nook[0] for spot in group.spots) else 1.0
    addition: list[Placement] = []
    for spot in group.spots:
        placement = _place(spot, u, v, turn, mirrored)
        seen = NEEDED_SEEN if spot.needed else EXTRA_SEEN
        # Within a group chairs go under their table; what stands on a piece needs that piece.
        if rules.allow(placement, [*placed, *addition] if spot.z else placed, seen):
            addition.append(placement)
        elif spot.needed or len(group.spots) == 1:
            return None
    return addition


def _place(spot: Spot, u: float, v: float, turn: float, mirrored: float) -> Placement:
    angle = math.radians(turn)
    x, y = spot.x * mirrored, spot.y
    return Placement(
        spot.piece,
        u + x * math.cos(angle) - y * math.sin(angle),
        v + x * math.sin(angle) + y * math.cos(angle),
        turn + spot.turn * mirrored,
        spot.needed,
        spot.z,
    )
