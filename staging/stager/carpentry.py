"""Pieces simple enough to be built to measure: low tables and rugs."""

from dataclasses import replace

import numpy as np

from staging.stager.camera import Pixels
from staging.stager.furniture import Colour, Part, Piece

TABLE_METRES = 0.42
RUG_METRES = 0.012
TEXTURE_PIXELS_A_METRE = 220


def low_table(width: float, depth: float, wood: Colour, metal: Colour) -> Piece:
    """Return a coffee table: a wooden top and shelf on four slim legs."""

    def build() -> tuple[Part, ...]:
        leg, top, inset = 0.035, 0.035, 0.03
        across, along = width / 2 - inset, depth / 2 - inset
        legs = [
            _box((x, y, 0.0), (x + leg, y + leg, TABLE_METRES - top), metal)
            for x in (-across, across - leg)
            for y in (-along, along - leg)
        ]
        board = _box((-width / 2, -depth / 2, TABLE_METRES - top), (width / 2, depth / 2, TABLE_METRES), wood)
        shelf = _box((leg - across, leg - along, 0.13), (across - leg, along - leg, 0.15), wood)
        return (board, shelf, *legs)

    return Piece("coffee table", "coffee table", width, depth, TABLE_METRES, build=build)


def rug(width: float, depth: float, ground: Colour, border: Colour, seed: int) -> Piece:
    """Return a woven rug with a plain border; the seed makes its threads."""

    def build() -> tuple[Part, ...]:
        part = _box((-width / 2, -depth / 2, 0.0), (width / 2, depth / 2, RUG_METRES), ground)
        coordinates = np.stack([part.positions[:, 0] / width + 0.5, 0.5 - part.positions[:, 1] / depth], axis=1)
        texture = _weave(width, depth, ground, border, seed)
        return (replace(part, coordinates=coordinates.astype(np.float32), texture=texture),)

    return Piece("rug", "rug", width, depth, RUG_METRES, build=build)


def _weave(width: float, depth: float, ground: Colour, border: Colour, seed: int) -> Pixels:
    """Return a rug's picture: threads of slightly different shades, and a border a hand wide."""
    rows, columns = round(depth * TEXTURE_PIXELS_A_METRE), round(width * TEXTURE_PIXELS_A_METRE)
    random = np.random.default_rng(seed)
    shade = 1 + random.normal(0, 0.035, (rows, columns)) + random.normal(0, 0.03, (rows, 1))
    from_edge = np.minimum.outer(
        np.minimum(np.arange(rows), rows - 1 - np.arange(rows)),
        np.minimum(np.arange(columns), columns - 1 - np.arange(columns)),
    )
    hand = 0.09 * TEXTURE_PIXELS_A_METRE
    bordered = (from_edge > hand) & (from_edge < 1.8 * hand)
    colour = np.where(bordered[..., None], np.array(border), np.array(ground))
    return np.asarray(np.clip(colour * shade[..., None] * 255, 0, 255), dtype=np.uint8)


def _box(low: tuple[float, float, float], high: tuple[float, float, float], colour: Colour) -> Part:
    """Return an upright box with sharp edges."""
    corners = np.array([low, high], dtype=np.float32)
    positions, normals = [], []
    for axis in range(3):
        first, second = (axis + 1) % 3, (axis + 2) % 3
        for side in (0, 1):
            around = ((0, 0), (1, 0), (1, 1), (0, 1))
            for pick in around if side else around[::-1]:  # counter-clockwise seen from outside
                point = np.empty(3, dtype=np.float32)
                point[axis] = corners[side, axis]
                point[first] = corners[pick[0], first]
                point[second] = corners[pick[1], second]
                positions.append(point)
                normals.append(np.eye(3, dtype=np.float32)[axis] * (1 if side else -1))
    quads = np.arange(24, dtype=np.uint32).reshape(6, 4)
    faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    return Part(np.array(positions), np.array(normals), np.zeros((24, 2), dtype=np.float32), faces, colour)
