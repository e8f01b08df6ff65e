"""What fills a wall's openings: windows, doors, sliding doors of glass."""

from typing import Any

from lights import put_lamp
from materials import glass
from walls import Wall, put_mesh


def put_window(wall: Wall, told: dict[str, Any], frame: Any) -> None:
    """Put a window's frame, bars and sill, and a soft light where it is."""
    a, b = told["from"] + wall.before, told["to"] + wall.before
    c, d, rim = told.get("sill", 0.0), told["top"], 0.06
    for sides in (
        (a, b, c, c + rim),
        (a, b, d - rim, d),
        (a, a + rim, c + rim, d - rim),
        (b - rim, b, c + rim, d - rim),
    ):
        wall.box((sides[0], sides[1], -0.19, -0.12, sides[2], sides[3]), frame)
    for n in range(1, told.get("columns", 1)):
        u = a + (b - a) * n / told["columns"]
        wall.box((u - 0.045, u + 0.045, -0.19, -0.11, c + rim, d - rim), frame)
    for n in range(1, told.get("rows", 1)):
        z = c + (d - c) * n / told["rows"]
        wall.box((a + rim, b - rim, -0.18, -0.12, z - 0.025, z + 0.025), frame)
    if c > 0.1:
        wall.box((a - 0.06, b + 0.06, -0.12, 0.06, c - 0.035, c), frame)
    put_lamp(
        wall.at((a + b) / 2, -0.3, (c + d) / 2), wall.inwards, (b - a, d - c), 26 * (b - a) * (d - c), (0.93, 0.97, 1)
    )


def put_door(wall: Wall, told: dict[str, Any], leaf: Any, metal: Any) -> None:
    """Put a door with its casing, panels and handle."""
    a, b, top, casing = told["from"] + wall.before, told["to"] + wall.before, told["top"], 0.09
    wall.box((a, b, -0.01, 0.012, 0.008, top), leaf)
    for sides in ((a - casing, a, 0, top + casing), (b, b + casing, 0, top + casing), (a, b, top, top + casing)):
        wall.box((sides[0], sides[1], 0, 0.03, sides[2], sides[3]), leaf)
    for low, high in ((0.25, 0.95), (1.1, top - 0.15)):
        left, right, bar = a + 0.14, b - 0.14, 0.035
        for sides in ((left, right, low, low + bar), (left, right, high - bar, high)):
            wall.box((sides[0], sides[1], 0.01, 0.02, sides[2], sides[3]), leaf)
        low, high = low + bar, high - bar  # faces that lie in each other come out black
        for sides in ((left, left + bar, low, high), (right - bar, right, low, high)):
            wall.box((sides[0], sides[1], 0.01, 0.02, sides[2], sides[3]), leaf)
    wall.box((b - 0.085, b - 0.045, 0.012, 0.018, 0.92, 1.12), metal)
    wall.box((b - 0.18, b - 0.06, 0.045, 0.062, 1.02, 1.04), metal)


def put_glazed_door(wall: Wall, told: dict[str, Any], frame: Any, metal: Any) -> None:
    """Put a sliding door of glass: leaves beside each other, each framed, with a handle on the first."""
    a, b, top, rim = told["from"] + wall.before, told["to"] + wall.before, told["top"], 0.07
    for sides in ((a, b, top - rim, top), (a, a + rim, 0, top), (b - rim, b, 0, top), (a, b, 0, 0.04)):
        wall.box((sides[0], sides[1], -0.16, -0.06, sides[2], sides[3]), frame)
    leaves = told["glazed"]
    width = (b - a - 2 * rim) / leaves
    for n in range(leaves):
        left, right, deep = a + rim + n * width, a + rim + (n + 1) * width, -0.1 - 0.035 * (n % 2)
        for u0, u1, z0, z1 in (
            (left, left + 0.06, 0.04, top - rim),
            (right - 0.06, right, 0.04, top - rim),
            (left + 0.06, right - 0.06, 0.04, 0.13),
            (left + 0.06, right - 0.06, top - rim - 0.06, top - rim),
        ):
            wall.box((u0, u1, deep - 0.03, deep, z0, z1), frame)
        pane = [
            wall.at(u, deep - 0.015, z) for u, z in ((left, 0.1), (right, 0.1), (right, top - rim), (left, top - rim))
        ]
        put_mesh(pane, [(0, 1, 2, 3)], glass())
    wall.box((a + rim + width - 0.05, a + rim + width - 0.02, -0.1, -0.06, 0.95, 1.2), metal)
