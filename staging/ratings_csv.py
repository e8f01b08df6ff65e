"""Votes from a CSV file, read strictly, and ratings as text and as JSON for `python -m staging rate`."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from staging.errors import BallotsRefused
from staging.ratings import OUTCOMES, Ballots, Ratings

COLUMNS = ("room", "rater", "left", "right", "outcome")
MOST_BYTES = 200_000_000
_OUTCOMES = ", ".join(OUTCOMES)


def read_ballots(path: Path) -> Ballots:
    """Return the votes of a UTF-8 CSV file whose first line names `COLUMNS`, in any order; others are left unread.

    BallotsRefused names the file, and the line where there is one.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BallotsRefused(f"{path} is larger than {MOST_BYTES // 1_000_000} MB: rate it in parts.")
        with path.open(encoding="utf-8-sig", newline="") as file:
            return Ballots.of(_votes(path, csv.reader(file, strict=True)))
    except OSError as error:
        raise BallotsRefused(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BallotsRefused(f"{path} is not UTF-8 text: save it as CSV in UTF-8.") from None


def _votes(path: Path, lines: Any) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield the votes of a csv.reader; BallotsRefused for a line that is not one."""
    places: list[int] = []
    width = 0
    try:
        for cells in lines:
            if not cells:
                continue
            if not places:
                places, width = _places(path, cells), len(cells)
                continue
            if len(cells) != width:
                raise BallotsRefused(f"{path}, line {lines.line_num}: {len(cells)} cells, where line 1 has {width}.")
            room, rater, left, right, outcome = (cells[place].strip() for place in places)
            for name, value in zip(COLUMNS, (room, rater, left, right, outcome), strict=True):
                if not value:
                    raise BallotsRefused(f"{path}, line {lines.line_num}: the {name} is empty.")
                if not value.isprintable():
                    raise BallotsRefused(f"{path}, line {lines.line_num}: the {name} has a control character.")
            if left == right:
                raise BallotsRefused(f"{path}, line {lines.line_num}: {left} stands against itself.")
            if outcome not in OUTCOMES:
                raise BallotsRefused(
                    f"{path}, line {lines.line_num}: the outcome is {outcome!r}, not one of {_OUTCOMES}."
                )
            yield room, rater, left, right, outcome
    except csv.Error as error:
        raise BallotsRefused(f"{path}, line {lines.line_num}: this is not CSV ({error}).") from None
    if not places:
        raise BallotsRefused(f"{path} is empty: its first line must name the columns {', '.join(COLUMNS)}.")


def _places(path: Path, names: list[str]) -> list[int]:
    """Return where each of `COLUMNS` stands."""
    names = [name.strip() for name in names]
    for column in COLUMNS:
        if names.count(column) != 1:
            found = "twice" if column in names else "not there"
            raise BallotsRefused(
                f"{path}, line 1: the column {column} is {found}. The columns are {', '.join(COLUMNS)}."
            )
    return [names.index(column) for column in COLUMNS]


def as_json(ratings: Ratings) -> dict[str, Any]:
    """Return the ratings as `rate --json` prints them."""
    return {
        "votes": ratings.votes,
        "both_bad": ratings.both_bad,
        "rooms": ratings.rooms,
        "raters": ratings.raters,
        "ratings": [
            {
                "model": one.model,
                "rating": one.rating,
                "low": one.low,
                "high": one.high,
                "tier": one.tier,
                "votes": one.votes,
                "rooms": one.rooms,
                "raters": one.raters,
                "both_bad": one.both_bad,
                "both_bad_rate": one.both_bad_rate,
            }
            for one in ratings.models
        ],
        "unrated": [{"model": model, "both_bad": times} for model, times in ratings.unrated],
        "win_matrix": {
            "models": [one.model for one in ratings.models],
            "points": [list(row) for row in ratings.points],
        },
        "gaps": [
            {
                "better": gap.better,
                "worse": gap.worse,
                "gap": gap.gap,
                "low": gap.low,
                "high": gap.high,
                "chance": gap.chance,
                "sure": gap.sure,
            }
            for gap in ratings.gaps
        ],
        "verdicts": [{"better": gap.better, "worse": gap.worse} for gap in ratings.sure],
    }


def as_text(ratings: Ratings) -> str:
    """Return the ratings as a person reads them in a terminal."""
    width = max(len(one.model) for one in ratings.models)
    lines = [
        f"Decided votes: {ratings.votes:,} (rooms: {ratings.rooms:,}, raters: {ratings.raters:,}).",
        f"Votes for neither: {ratings.both_bad:,}.",
        "",
        f"tier  {'model':{width}}  rating  95 % interval   votes  rooms  raters  both bad",
    ]
    for one in ratings.models:
        span = "nobody can say" if one.low is None else f"{one.low:6.0f} to {one.high:5.0f}"
        lines.append(
            f"{one.tier:4}  {one.model:{width}}  {one.rating:6.0f}  {span}  {one.votes:6,}  {one.rooms:5,}  "
            f"{one.raters:6,}  {one.both_bad_rate:7.0%}"
        )
    lines += [f"   –  {model:{width}}  only votes for neither: {times:,}" for model, times in ratings.unrated]
    lines += ["", f"Points of row against column (ties half):\n{_matrix(ratings, width)}", ""]
    lines += [
        f"{gap.better} is surely better than {gap.worse}: wins {gap.chance:.0%} of decided votes."
        for gap in ratings.sure
    ]
    if not ratings.sure:
        lines.append("No model is surely better than another: more rooms, and more raters, would tell.")
    return "\n".join(lines)


def _matrix(ratings: Ratings, width: int) -> str:
    columns = range(len(ratings.models))
    head = " " * (width + 4) + "".join(f"{place + 1:>8}" for place in columns)
    rows = [
        f"{place + 1:2}  {one.model:{width}}"
        + "".join(f"{'·' if place == other else format(ratings.points[place][other], ',.10g'):>8}" for other in columns)
        for place, one in enumerate(ratings.models)
    ]
    return "\n".join([head, *rows])
