"""The grid of a comparison: a row for each room, a column for each model and seed, filling as outputs arrive."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from pages.components.assets import component
from pages.components.picker import Badge, Picture

_GRID = component(Path(__file__).parent, '<div class="grid"></div>')

LONGEST_LOOK = 500
Deed = Literal["open", "retry", "cancel"]
CellState = Literal["waiting", "running", "done", "failed", "cancelled", "unknown"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One prediction as it is shown now."""

    id: str
    state: CellState
    status: str
    """What is going on, in a word or two."""
    sentence: str = ""
    """Why there is no picture."""
    facts: str = ""
    """Seconds and cost."""
    hint: str = ""
    """How the cost was reckoned."""
    picture: Picture | None = None
    progress: float | None = None
    elapsed_seconds: float | None = None
    """Set while the clock runs; the page goes on counting by itself."""
    verdict: Badge | None = None
    score: Badge | None = None
    """What the automatic scorer says, briefly: on the picture."""
    structure_changed: bool = False
    can_retry: bool = False
    can_cancel: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One model, and which of its seeds."""

    id: str
    """Tells it from the others, whatever the order."""
    name: str
    detail: str = ""
    badge: Badge | None = None
    seconds: float | None = None
    """What its pictures took, on average so far; None without any."""
    cost: float | None = None
    """What it cost so far, in dollars; None when that is unknown."""
    accepted: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One room and its predictions: a cell for each column, None where nothing was asked for."""

    id: str
    name: str
    detail: str
    picture: Picture
    cells: tuple[Cell | None, ...]


class Act(NamedTuple):
    """What a person just asked for, and of which prediction."""

    deed: Deed
    prediction_id: str


def grid(columns: Sequence[Column], rows: Sequence[Row], *, key: str, look: str = "") -> tuple[Act | None, str]:
    """Draw the grid; return what was just asked for (once, or None) and how it is arranged now.

    `look` is the arrangement to begin with: order, filter, pinned columns, failures folded. It is
    the browser's own text, returned as it is after every change, and empty for the grid as asked.
    """
    result = _GRID(
        key=key,
        data={
            "columns": [asdict(column) for column in columns],
            "rows": [asdict(row) for row in rows],
            "look": look,
        },
        default={"look": look},
        on_act_change=lambda: None,
        on_look_change=lambda: None,
    )
    now = result.look if isinstance(result.look, str) and len(result.look) <= LONGEST_LOOK else look
    return _act(result.act), now


def _act(act: object) -> Act | None:
    if not isinstance(act, dict) or act.get("deed") not in ("open", "retry", "cancel"):
        return None
    return Act(act["deed"], str(act.get("id", "")))
