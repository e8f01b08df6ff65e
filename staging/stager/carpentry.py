"""Pieces simple enough to be built to measure: tables, benches, rugs, lamps, framed pictures."""

import itertools
import math
from dataclasses import replace

import cv2
import numpy as np

from staging.stager.camera import Floats, Pixels
from staging.stager.furniture import Colour, Part, Piece

TABLE_METRES = 0.42
RUG_METRES = 0.012
TEXTURE_PIXELS_A_METRE = 220
LAMP_METRES = 1.55
LINEN: Colour = (0.86, 0.83, 0.76)
BENCH_METRES = 0.46
GARDEN_TABLE_METRES = 0.73
FRAME_METRES = 0.03
PICTURE_PIXELS = 192
SIDES = 24
"""Of what is round."""


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


def long_bench(width: float, depth: float, wood: Colour, metal: Colour) -> Piece:
    """Return a low sideboard for a television: a closed body on a plinth, with two doors' joints."""

    def build() -> tuple[Part, ...]:
        across, along = width / 2, depth / 2
        plinth = _box((0.06 - across, 0.06 - along, 0.0), (across - 0.06, along, 0.09), metal)
        body = _box((-across, 0.02 - along, 0.09), (across, along, BENCH_METRES), wood)
        gap = 0.004
        doors = [
            _box(
                (-across + index * width / 3 + gap, -along, 0.1),
                (-across + (index + 1) * width / 3 - gap, 0.02 - along - 0.001, BENCH_METRES - 0.012),
                wood,
            )
            for index in range(3)
        ]
        return (body, plinth, *doors)

    return Piece("television bench", "television bench", width, depth, BENCH_METRES, build=build)


def garden_table(width: float, depth: float, wood: Colour, metal: Colour) -> Piece:
    """Return a table of boards on four legs."""

    def build() -> tuple[Part, ...]:
        leg, top, boards = 0.06, 0.035, 7
        across, along = width / 2, depth / 2
        legs = [
            _box((x, y, 0.0), (x + leg, y + leg, GARDEN_TABLE_METRES - top), metal)
            for x in (0.05 - across, across - leg - 0.05)
            for y in (0.05 - along, along - leg - 0.05)
        ]
        step = depth / boards
        tops = [
            _box(
                (-across, -along + index * step + (0.006 if index else 0), GARDEN_TABLE_METRES - top),
                (across, -along + (index + 1) * step, GARDEN_TABLE_METRES),
                wood,
            )
            for index in range(boards)
        ]
        return (*tops, *legs)

    return Piece("garden table", "garden table", width, depth, GARDEN_TABLE_METRES, build=build)


def floor_lamp(metal: Colour) -> Piece:
    """Return a standing lamp: a foot, a pole and a linen shade."""

    def build() -> tuple[Part, ...]:
        foot = _turned(np.array([(0.0, 0.0), (0.15, 0.0), (0.15, 0.018), (0.02, 0.025), (0.0, 0.025)]), metal)
        pole = _turned(
            np.array([(0.0, 0.02), (0.012, 0.02), (0.012, LAMP_METRES - 0.05), (0.0, LAMP_METRES - 0.05)]), metal
        )
        shade = _turned(np.array([(0.2, LAMP_METRES - 0.3), (0.15, LAMP_METRES), (0.0, LAMP_METRES)]), LINEN)
        return foot, pole, shade

    return Piece("floor lamp", "floor lamp", 0.4, 0.4, LAMP_METRES, build=build)


def framed_picture(width: float, height: float, colours: tuple[Colour, Colour, Colour], seed: int) -> Piece:
    """Return a framed abstract painting in these colours, to be hung; the seed paints it."""

    def build() -> tuple[Part, ...]:
        rim = 0.025
        frame = _box(
            (-width / 2, 0.003 - FRAME_METRES / 2, 0.0), (width / 2, FRAME_METRES / 2, height), (0.13, 0.11, 0.1)
        )
        front = -FRAME_METRES / 2
        corners = [
            (-width / 2 + rim, rim),
            (width / 2 - rim, rim),
            (width / 2 - rim, height - rim),
            (-width / 2 + rim, height - rim),
        ]
        sheet = Part(
            positions=np.array([(x, front, z) for x, z in corners], dtype=np.float32),
            normals=np.tile(np.array([0, -1, 0], dtype=np.float32), (4, 1)),
            coordinates=np.array([(0, 1), (1, 1), (1, 0), (0, 0)], dtype=np.float32),
            faces=np.array([(0, 1, 2), (0, 2, 3)], dtype=np.uint32),
            colour=colours[0],
            texture=_painting(width / height, colours, seed),
        )
        return frame, sheet

    return Piece("framed picture", "picture", width, FRAME_METRES, height, build=build)


def _painting(aspect: float, colours: tuple[Colour, Colour, Colour], seed: int) -> Pixels:
    """Return soft bands and a disc in three colours on a white mount."""
    random = np.random.default_rng(seed)
    rows, columns = PICTURE_PIXELS, max(16, round(PICTURE_PIXELS * aspect))
    drift = np.asarray(cv2.resize(random.normal(0, 1, (5, 4)), (columns, rows), interpolation=cv2.INTER_CUBIC))
    down = np.linspace(0, 1, rows)[:, None] + 0.09 * drift
    edges = np.sort(random.uniform(0.2, 0.8, 2))
    bands = (down > edges[0]).astype(int) + (down > edges[1])
    picture = np.array([colours[0], colours[1], colours[2]])[bands]
    y, x = np.mgrid[:rows, :columns] / rows
    middle, radius = random.uniform(0.3, 0.7, 2) * (1, aspect), random.uniform(0.09, 0.16)
    disc = (y - middle[0]) ** 2 + (x - middle[1]) ** 2 < radius**2
    picture[disc] = np.array(colours[int(random.integers(3))]) * 0.6 + 0.35
    mount = round(0.09 * rows)
    framed = np.full_like(picture, 0.9)
    framed[mount:-mount, mount:-mount] = picture[mount:-mount, mount:-mount]
    grain = 1 + random.normal(0, 0.02, (rows, columns, 1))
    return np.asarray(np.clip(framed * grain * 255, 0, 255), dtype=np.uint8)


def _turned(outline: Floats, colour: Colour) -> Part:
    """Return what a lathe makes of the outline: rows of radius and height, from the bottom up and outwards first."""
    angles = np.arange(SIDES + 1) * 2 * math.pi / SIDES
    around = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    positions: list[Floats] = []
    normals: list[Floats] = []
    faces: list[tuple[int, int, int]] = []
    for (r0, z0), (r1, z1) in itertools.pairwise(outline):
        slope = np.array([z1 - z0, r0 - r1]) / max(math.hypot(z1 - z0, r0 - r1), 1e-9)  # away from the axis, and up
        first = sum(len(ring) for ring in positions)
        for radius, height in ((r0, z0), (r1, z1)):
            positions.append(np.column_stack([around * radius, np.full(len(around), height)]))
            normals.append(np.column_stack([around * slope[0], np.full(len(around), slope[1])]))
        for side in range(SIDES):
            low, high = first + side, first + len(around) + side
            faces += [(low, low + 1, high + 1), (low, high + 1, high)]
    points = np.concatenate(positions).astype(np.float32)
    triangles = np.array(faces, dtype=np.uint32)
    a, b, c = (points[triangles[:, i]] for i in range(3))
    solid = np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-9  # at the axis a side has no width
    return Part(
        points,
        np.concatenate(normals).astype(np.float32),
        np.zeros((len(points), 2), np.float32),
        triangles[solid],
        colour,
    )


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
