"""What is fixed to a room's walls: the filled openings, skirting, cornice, a socket, kitchen units."""

from typing import Any

from materials import plain
from openings import put_door, put_glazed_door, put_window
from scenes import BEHIND
from walls import Wall


def put_details(scene: dict[str, Any], wall: Wall, openings: list[dict[str, Any]], white: Any, metal: Any) -> None:
    """Put what hangs on a wall: windows, doors, skirting, cornice, a socket."""
    height = scene["size"][2]
    gaps = []
    for one in openings:
        if "glazed" in one:
            put_glazed_door(wall, one, plain("frame", (0.035, 0.038, 0.042), 0.45), metal)
        elif one["kind"] == "window":
            put_window(wall, one, white)
        else:
            put_door(wall, one, white, metal)
        if one.get("sill", 0.0) < 0.1:
            gaps.append((one["from"] + wall.before - 0.09, one["to"] + wall.before + 0.09))
    if "parapet" in scene:  # no skirting, and no socket
        return
    at = 0.0
    for start, end in [*sorted(gaps), (wall.length, wall.length)]:
        if start > at:
            wall.box((at, start, 0, 0.016, 0, 0.1), white)
        at = max(at, end)
    if scene.get("cornice"):
        wall.box((0, wall.length, 0, 0.09, height - 0.05, height), white, 0.01)
    wall.box((wall.length * 0.62, wall.length * 0.62 + 0.085, 0, 0.009, 0.28, 0.365), white)


def put_units(wall: Wall, depth: float) -> None:
    """Put kitchen units along a wall: a row of cupboards under a worktop, a tall one, upper ones, a hood."""
    front, top, dark = (
        plain("unit", (0.74, 0.75, 0.74), 0.4),
        plain("worktop", (0.26, 0.22, 0.19), 0.35),
        plain("dark", (0.05, 0.05, 0.05), 0.3),
    )
    end = depth + BEHIND
    start = end - 3.6
    wall.box((start - 0.62, start - 0.02, 0, 0.62, 0, 2.2), front)
    wall.box((start, end, 0, 0.56, 0.1, 0.86), front)
    wall.box((start, end, 0, 0.5, 0, 0.1), dark)
    wall.box((start - 0.01, end, 0, 0.62, 0.86, 0.9), top)
    wall.box((start, end, 0, 0.012, 0.9, 1.4), plain("splash", (0.6, 0.63, 0.62), 0.2), 0.001)
    for n in range(6):
        u = start + n * 0.6
        wall.box((u + 0.004, u + 0.596, 0.56, 0.58, 0.12, 0.85), front)
        if n not in (2, 3):
            wall.box((u + 0.004, u + 0.596, 0, 0.36, 1.42, 2.2), front)
    wall.box((start + 1.21, start + 2.39, 0, 0.45, 1.5, 1.62), dark)
    wall.box((start + 1.5, start + 2.1, 0.05, 0.55, 0.9, 0.906), dark, 0.001)
