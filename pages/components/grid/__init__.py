"""The grid of a comparison: a row for each room, a column for each model and seed, filling as outputs arrive."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from pages.components.assets import component
from pages.components.picker import Badge, Picture

_GRID = component(Path(__file__).parent, '<div class="grid"></div>')

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
    can_retry: bool = False
    can_cancel: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One model, and which of its seeds."""

    name: str
    detail: str = ""
    badge: Badge | None = None


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


def grid(columns: Sequence[Column], rows: Sequence[Row], *, key: str) -> Act | None:
    """Draw the grid; return what was just asked for, once, or None."""
    result = _GRID(
        key=key,
        data={"columns": [asdict(column) for column in columns], "rows": [asdict(row) for row in rows]},
        on_act_change=lambda: None,
    )
    act = result.act
    if not isinstance(act, dict) or act.get("deed") not in ("open", "retry", "cancel"):
        return None
    return Act(act["deed"], str(act.get("id", "")))
