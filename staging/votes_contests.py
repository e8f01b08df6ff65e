"""Which pairs there are: outputs of the same room, or of the same rooms, in the same style, by different models."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import combinations

from staging.store import Ballot, Contender, Side


class Unit(StrEnum):
    """What is judged at once."""

    PICTURE = "picture"
    ROOM = "room"
    """Several views of one room: the photos of a project that have its type."""
    PROJECT = "project"
    """All rooms of a project."""


LEAST_VIEWS = 2
"""A set of one view is a picture."""

Players = tuple[str, str]
"""Two models, or two arms of one experiment, in order."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one model, with one set of parameters, made of a contest's rooms: the newest output of each."""

    model: str
    arm: str | None
    outputs: Mapping[str, Contender]
    """By room."""


@dataclass(frozen=True)
class Match:
    """Two entries that can be set against each other, over the rooms that both have outputs of."""

    unit: str
    room_type: str
    style: str
    project: str
    first: Side
    second: Side
    players: Players

    @property
    def where(self) -> tuple[str, str]:
        """The unit and style."""
        return self.unit, self.style

    @cached_property
    def pair(self) -> str:
        """The key under which the ledger keeps a vote on it."""
        return Ballot.pair_of(self.first, self.second)


class Contests:
    """The matches of some contenders, by the two that meet."""

    def __init__(self, contenders: Iterable[Contender], unit: Unit) -> None:
        self.by_players: dict[Players, list[Match]] = defaultdict(list)
        self.twins: list[Match] = []
        """A/A: two outputs of one model with equal parameters, of one room. None of sets."""
        groups: dict[tuple[str, str, str, str], list[Contender]] = defaultdict(list)
        for contender in contenders:
            if (group := _group(contender, unit)) is not None:
                groups[group].append(contender)
        for group, members in groups.items():
            self._add(group, members, 1 if unit is Unit.PICTURE else LEAST_VIEWS)
            if unit is Unit.PICTURE:
                self.twins += _twins(group, members)

    def _add(self, group: tuple[str, str, str, str], members: list[Contender], least: int) -> None:
        for one, other in combinations(_entries(members), 2):
            players = _players(one, other)
            rooms = sorted(one.outputs.keys() & other.outputs.keys())
            if players is None or len(rooms) < least:
                continue
            if all(one.outputs[room].digest == other.outputs[room].digest for room in rooms):
                continue  # nobody can tell the same picture from itself
            self.by_players[players].append(_match(group, one, other, rooms, players))

    @cached_property
    def pairs(self) -> frozenset[str]:
        """The keys of all matches but the twins."""
        return frozenset(match.pair for matches in self.by_players.values() for match in matches)

    @cached_property
    def twin_pairs(self) -> frozenset[str]:
        """The keys of the twins."""
        return frozenset(match.pair for match in self.twins)


def _group(contender: Contender, unit: Unit) -> tuple[str, str, str, str] | None:
    """Return unit, room type, style and project of the contest that an output is in; None when in none."""
    style, kind, project = contender.style, contender.room_type, contender.project
    if unit is Unit.PICTURE:
        return contender.room, kind, style, project
    if not project:
        return None  # only a project says which photos belong together
    return (f"{project}: {kind}", kind, style, project) if unit is Unit.ROOM else (project, "", style, project)


def _entries(members: Iterable[Contender]) -> list[Entry]:
    """Return the entries; outside of experiments the newest output of a room stands for those before it."""
    newest: dict[tuple[str, str, str | None], dict[str, Contender]] = defaultdict(dict)
    for member in members:  # the oldest first
        newest[member.model, member.variant, member.arm][member.room] = member
    return [Entry(model, arm, outputs) for (model, _, arm), outputs in newest.items()]


def _players(one: Entry, other: Entry) -> Players | None:
    """Return who meets; None when they are one and the same."""
    first, second = one.model, other.model
    if first == second and one.arm and other.arm and _phase(one.arm) == _phase(other.arm):
        first, second = one.arm, other.arm
    if first == second:
        return None
    return (first, second) if first < second else (second, first)


def _phase(arm: str) -> str:
    """Return the experiment and its phase: an arm is called "<experiment>/<phase>/<name>"."""
    return "/".join(arm.split("/")[:2])


def _match(group: tuple[str, str, str, str], one: Entry, other: Entry, rooms: list[str], players: Players) -> Match:
    first, second = (
        Side(tuple(entry.outputs[room].prediction for room in rooms), entry.model, entry.arm) for entry in (one, other)
    )
    return Match(*group, first, second, players)


def _twins(group: tuple[str, str, str, str], members: Iterable[Contender]) -> list[Match]:
    """Return each model's last two outputs with equal parameters, where they are different pictures."""
    alike: dict[tuple[str, str], list[Contender]] = defaultdict(list)
    for member in members:
        others = alike[member.model, member.variant]
        if not others or others[-1].digest != member.digest:
            others.append(member)
    return [
        Match(
            *group,
            Side((found[-2].prediction,), model, found[-2].arm),
            Side((found[-1].prediction,), model, found[-1].arm),
            (model, model),
        )
        for (model, _), found in alike.items()
        if len(found) >= 2
    ]
