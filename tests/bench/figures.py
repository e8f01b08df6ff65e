"""A measured figure, and how figures are shown and kept."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

_COMPARE: Mapping[str, Callable[[float, float], bool]] = {"<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value beside what it should be and what the naive way gave in the same run."""

    name: str
    value: float
    unit: str
    goal: str = ""
    """"<= 2.2" or ">= 25", in the figure's unit; empty where a figure is only told."""
    baseline: str = ""
    """The naive way and its value: "replicate.run: 14.1"."""

    def __post_init__(self) -> None:
        self.met()  # a goal that cannot be read is found before hours are measured

    def met(self) -> bool | None:
        """Return whether the goal was reached; None without a goal, ValueError when it cannot be read."""
        if not self.goal:
            return None
        sign, _, limit = self.goal.partition(" ")
        if sign not in _COMPARE:
            raise ValueError(f"{self.name}: the goal {self.goal!r} must read like '<= 2.2'")
        return _COMPARE[sign](self.value, float(limit))

    def as_record(self) -> dict[str, Any]:
        """Return it as bench.json keeps it."""
        return {**asdict(self), "met": self.met()}


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a Markdown table whose columns line up on a terminal too."""
    verdicts = {True: "yes", False: "**no**", None: ""}
    rows = [("figure", "value", "unit", "goal", "met", "baseline")]
    rows += [(f.name, f"{f.value:.4g}", f.unit, f.goal, verdicts[f.met()], f.baseline) for f in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
