"""What is taken away of a comparison: which outputs, of which rooms, under which titles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from staging.desk import ComparisonView
from staging.externals import model_name
from staging.predictions import Comparison, PredictionNow, Verdict
from staging.registry import Capability, ModelRegistry
from staging.rooms import Room
from staging.store import Quality


class Which(StrEnum):
    """Which outputs of a comparison are meant."""

    ALL = "all"
    ACCEPTED = "accepted"
    FAVOURITES = "favourites"


@dataclass(frozen=True, slots=True)
class Piece:
    """One cell: the newest try of a model on a room, with a picture or without."""

    room: Room
    title: str
    """The model as people call it, and which of its seeds when there are several."""
    column: int
    now: PredictionNow


@dataclass(frozen=True, slots=True)
class Selection:
    """What is taken away: only rooms and columns that something is taken of."""

    comparison: Comparison
    which: Which
    rooms: tuple[Room, ...]
    titles: tuple[str, ...]
    """Of the columns, in the grid's order."""
    pieces: tuple[Piece, ...]
    """By room, then column."""
    earlier: tuple[PredictionNow, ...]
    """Tries that another one stands in the place of; only when all is taken."""
    quality: Mapping[str, Quality] = field(default_factory=dict)
    """What the automatic scorer says, by prediction."""


def select(view: ComparisonView, rooms: Mapping[str, Room], registry: ModelRegistry, which: Which) -> Selection:
    """Return what is meant of the comparison, `rooms` by digest."""
    names = _titles(view, registry)
    chosen = [
        (digest, place, cell.prediction)
        for digest in view.rooms
        for place in view.columns
        for cell in [view.cells.get((digest, *place))]
        if cell is not None and _wanted(cell.prediction, which)
    ]
    columns = [place for place in view.columns if place in {place for _, place, _ in chosen}]
    taken = {now.prediction.id for _, _, now in chosen}
    return Selection(
        comparison=view.comparison,
        which=which,
        rooms=tuple(rooms[digest] for digest in dict.fromkeys(digest for digest, _, _ in chosen)),
        titles=tuple(names[place] for place in columns),
        pieces=tuple(Piece(rooms[digest], names[place], columns.index(place), now) for digest, place, now in chosen),
        earlier=tuple(now for now in view.tries if now.prediction.id not in taken) if which is Which.ALL else (),
        quality=view.quality,
    )


def _wanted(now: PredictionNow, which: Which) -> bool:
    match which:
        case Which.ALL:
            return True
        case Which.ACCEPTED:
            return bool(now.outputs) and now.verdict is Verdict.ACCEPTED
        case Which.FAVOURITES:
            return bool(now.outputs) and now.mark.favourite


def _titles(view: ComparisonView, registry: ModelRegistry) -> dict[tuple[str, int], str]:
    several = {model for model, seed in view.columns if seed > 0}
    parameters = {model: cell.prediction.prediction.parameters for (_, model, _), cell in view.cells.items()}
    titles = {}
    for model, seed in view.columns:
        seeded = registry.exists(model) and Capability.SEED in registry.get(model).capabilities
        detail = f", {'seed' if seeded else 'run'} {seed + 1}" if model in several else ""
        titles[model, seed] = model_name(model, registry, parameters.get(model)) + detail
    return titles
