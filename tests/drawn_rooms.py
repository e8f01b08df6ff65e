"""Rooms that were never photographed: drawn by casting rays into a furnished box, with every opening known.

They are other rooms than those the scorer's thresholds were chosen on: other walls, floors, light,
furniture and lenses, and furnishings that are right or wrong in one known way. Everything follows from a seed.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from staging.quality import Opening

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]
Colour = tuple[float, float, float]

FLOORS = ("planks", "tiles", "carpet", "concrete", "herringbone")
WALLS = ("paint", "paint", "paint", "brick", "wallpaper")
NEAR = 0.05


@dataclass(frozen=True)
class Hole:
    """A door or window in the wall "back", "left" or "right", in metres along it and above the floor."""

    kind: str
    wall: str
    start: float
    end: float
    sill: float
    top: float
    panes: tuple[int, int] = (2, 1)


@dataclass(frozen=True)
class Box:
    """A block that stands in the room: centre on the floor plan, its own axes turned by `turn` radians."""

    centre: tuple[float, float]
    size: tuple[float, float]
    low: float
    high: float
    turn: float
    colour: Colour
    texture: str = "plain"


@dataclass(frozen=True)
class Scene:
    """A room with all that is in it; metres, x to the right, y away from the camera, z up."""

    size: tuple[float, float, float]
    camera: tuple[float, float, float]
    yaw: float
    focal: float
    """Over the picture's width."""
    floor: str
    floor_colour: Colour
    wall: str
    wall_colour: Colour
    holes: tuple[Hole, ...]
    seed: int
    skirting: float = 0.09
    cornice: float = 0.0
    trim: Colour = (0.86, 0.86, 0.84)
    light: Colour = (1.0, 0.98, 0.95)
    sun: float = 0.3
    exposure: float = 1.0
    boxes: tuple[Box, ...] = field(default=())
    art: tuple[tuple[str, float, float, float, float, Colour], ...] = field(default=())
    """Pictures on walls: wall, start, end, low, high, colour."""


# ── textures, by metres on their surface ─────────────────────────────────────────────────────────


def noise(x: Floats, y: Floats, scale: float, seed: int) -> Floats:
    """Return smooth noise of mean 0, about -0.5 to 0.5, whose grains are `scale` metres wide."""
    grid = np.random.default_rng(seed).random((64, 64))
    u, v = x / scale, y / scale
    i, j = np.floor(u).astype(int), np.floor(v).astype(int)
    f, g = u - i, v - j
    f, g = f * f * (3 - 2 * f), g * g * (3 - 2 * g)
    a, b = grid[i % 64, j % 64], grid[(i + 1) % 64, j % 64]
    c, d = grid[i % 64, (j + 1) % 64], grid[(i + 1) % 64, (j + 1) % 64]
    return np.asarray((a * (1 - f) + b * f) * (1 - g) + (c * (1 - f) + d * f) * g - 0.5)


def chance(i: Floats, j: Floats, seed: int) -> Floats:
    """Return a number from 0 to 1 for each cell."""
    dice = np.sin(i * 127.1 + j * 311.7 + seed * 17.3) * 43758.5453
    return dice - np.floor(dice)


def planks(x: Floats, y: Floats, seed: int, wide: float = 0.16, long: float = 1.7) -> Floats:
    """Return brightness about 1 with dark joints."""
    row = np.floor(x / wide)
    along = y / long + chance(row, row * 0, seed)
    piece = np.floor(along)
    tone = 1 + 0.28 * (chance(row, piece, seed + 1) - 0.5)
    grain = 0.35 * noise(x + 7 * chance(row, piece, seed + 2), y / 14, 0.012, seed) + 0.2 * noise(
        x, y / 6, 0.05, seed + 3
    )
    joint = (np.abs(x / wide - row - 0.0) < 0.02) | (np.abs(along - piece) < 0.002)
    return tone * (1 + grain) * np.where(joint, 0.55, 1.0)


def tiles(x: Floats, y: Floats, seed: int, side: float = 0.5) -> Floats:
    """Return brightness about 1 with grout."""
    i, j = np.floor(x / side), np.floor(y / side)
    tone = 1 + 0.08 * (chance(i, j, seed) - 0.5) + 0.12 * noise(x, y, 0.09, seed)
    grout = np.minimum(x / side - i, y / side - j) < 0.012
    return tone * np.where(grout, 0.72, 1.0)


def herringbone(x: Floats, y: Floats, seed: int, wide: float = 0.09) -> Floats:
    """Return brightness about 1 of slanted pieces."""
    column = np.floor(x / (wide * 5))
    slant = np.where(column % 2 == 0, 1.0, -1.0)
    along = y + slant * x
    piece = np.floor(along / wide)
    tone = 1 + 0.3 * (chance(column, piece, seed) - 0.5) + 0.25 * noise(x, y, 0.015, seed)
    joint = (along / wide - piece < 0.06) | (x / (wide * 5) - column < 0.01)
    return tone * np.where(joint, 0.65, 1.0)


def brick(x: Floats, y: Floats, seed: int) -> Floats:
    """Return brightness about 1 with lighter mortar."""
    row = np.floor(y / 0.085)
    along = x / 0.25 + 0.5 * (row % 2)
    piece = np.floor(along)
    tone = 1 + 0.45 * (chance(row, piece, seed) - 0.5) + 0.3 * noise(x, y, 0.02, seed)
    mortar = (along - piece < 0.05) | (y / 0.085 - row < 0.13)
    return np.where(mortar, 1.45 + 0.1 * noise(x, y, 0.01, seed), tone)


def wallpaper(x: Floats, y: Floats, seed: int) -> Floats:
    """Return brightness about 1 in a faint pattern."""
    return 1 + 0.05 * np.sin(2 * np.pi * x / 0.24) * np.sin(2 * np.pi * y / 0.3) + 0.03 * noise(x, y, 0.3, seed)


SURFACES: Mapping[str, Callable[[Floats, Floats, int], Floats]] = {
    "planks": planks,
    "tiles": tiles,
    "herringbone": herringbone,
    "carpet": lambda x, y, seed: 1 + 0.4 * noise(x, y, 0.012, seed) + 0.2 * noise(x, y, 0.05, seed),
    "concrete": lambda x, y, seed: 1 + 0.22 * noise(x, y, 0.5, seed) + 0.12 * noise(x, y, 0.08, seed + 1),
    "brick": brick,
    "wallpaper": wallpaper,
    "stripes": lambda x, y, seed: np.where(np.floor(x / 0.08) % 2 == 0, 1.0, 0.84) + 0 * y,
    "paint": lambda x, y, seed: 1 + 0.02 * noise(x, y, 0.7, seed) + 0.02 * noise(x, y, 0.01, seed),
    "plain": lambda x, y, seed: 1 + 0.06 * noise(x, y, 0.03, seed),
    "weave": lambda x, y, seed: 1 + 0.25 * noise(x, y, 0.008, seed) + 0.1 * noise(x, y, 0.2, seed),
    "wood": lambda x, y, seed: 1 + 0.5 * noise(x, y / 8, 0.02, seed),
    "books": lambda x, y, seed: 0.4 + 1.2 * chance(np.floor(x / 0.035), np.floor(y / 0.32), seed) * (y % 0.32 > 0.03),
    "leaves": lambda x, y, seed: 0.5 + 1.6 * chance(np.floor(x / 0.05 + y / 0.09), np.floor(y / 0.06 - x / 0.1), seed),
}


# ── casting ──────────────────────────────────────────────────────────────────────────────────────


def draw(scene: Scene, size: tuple[int, int] = (768, 576), finer: int = 2) -> Pixels:
    """Return the scene's photo, (rows, columns, RGB), of this width and height; `finer` rays a pixel each way."""
    width, height = size[0] * finer, size[1] * finer
    rays = _Rays(scene, width, height)
    light = _cast_room(scene, rays)
    for box in scene.boxes:
        _cast_box(scene, rays, light, box)
    seen = np.clip(light * scene.exposure * np.array(scene.light), 0, None)
    shown = np.power(seen / (seen + 0.55) * 1.45, 1 / 1.9)  # a film's shoulder: highlights roll off
    fine = cv2.GaussianBlur(np.clip(shown * 255, 0, 255).astype(np.float32), (0, 0), 0.3 + 0.3 * finer)
    small = cv2.resize(fine, size, interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(small + 0.5, 0, 255), np.uint8)


def openings_of(scene: Scene, size: tuple[int, int] = (768, 576)) -> tuple[Opening, ...]:
    """Return where the scene's doors and windows are seen, as a person would outline them."""
    found = []
    for hole in scene.holes:
        corners = [
            _project(scene, _on_wall(scene, hole.wall, along, height), size)
            for along, height in (
                (hole.start, hole.sill),
                (hole.end, hole.sill),
                (hole.end, hole.top),
                (hole.start, hole.top),
            )
        ]
        if all(corner is not None for corner in corners):
            inside = np.clip(np.array(corners, float), 0, 1)
            x, y = inside.T
            if abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2 > 0.002:
                found.append(
                    Opening("door" if hole.kind == "door" else "window", tuple((a, b) for a, b in inside.tolist()))
                )
    return tuple(found)


def _axes(scene: Scene) -> tuple[Floats, Floats]:
    ahead = np.array([math.sin(scene.yaw), math.cos(scene.yaw), 0.0])
    return ahead, np.array([ahead[1], -ahead[0], 0.0])


def _project(scene: Scene, point: Floats, size: tuple[int, int]) -> tuple[float, float] | None:
    ahead, across = _axes(scene)
    away = point - np.array(scene.camera)
    depth = float(away @ ahead)
    if depth < NEAR:
        return None
    x = 0.5 + scene.focal * float(away @ across) / depth
    y = 0.46 - scene.focal * float(away[2]) / depth * size[0] / size[1]
    return x, y


def _on_wall(scene: Scene, wall: str, along: float, height: float) -> Floats:
    wide, deep, _ = scene.size
    return np.array(
        {"back": (along, deep, height), "left": (0, along, height), "right": (wide, along, height)}[wall], float
    )


class _Rays:
    def __init__(self, scene: Scene, width: int, height: int) -> None:
        ahead, across = _axes(scene)
        u = ((np.arange(width) + 0.5) / width - 0.5) / scene.focal
        v = (0.46 - (np.arange(height) + 0.5) / height) * height / width / scene.focal
        self.origin = np.array(scene.camera)
        self.width, self.height = width, height
        self.x = np.broadcast_to(ahead[0] + across[0] * u, (height, width))
        self.y = np.broadcast_to(ahead[1] + across[1] * u, (height, width))
        self.z = np.broadcast_to(v[:, None], (height, width))
        self.far = np.full((height, width), np.inf)


def _shade(distance_to_others: Floats) -> Floats:
    """Corners are darker: less of the room's light reaches them."""
    return 1 - 0.35 * np.exp(-distance_to_others / 0.25) - 0.15 * np.exp(-distance_to_others / 1.0)


def _cast_room(scene: Scene, rays: _Rays) -> Floats:
    wide, deep, high = scene.size
    ox, oy, oz = rays.origin
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = {
            "left": np.where(rays.x < 0, -ox / rays.x, np.inf),
            "right": np.where(rays.x > 0, (wide - ox) / rays.x, np.inf),
            "back": np.where(rays.y > 0, (deep - oy) / rays.y, np.inf),
            "floor": np.where(rays.z < 0, -oz / rays.z, np.inf),
            "ceiling": np.where(rays.z > 0, (high - oz) / rays.z, np.inf),
        }
    names = list(reach)
    stacked = np.stack([reach[name] for name in names])
    nearest = stacked.argmin(0)
    rays.far = stacked.min(0)
    light = np.zeros((rays.height, rays.width, 3))
    for index, name in enumerate(names):
        here = nearest == index
        if not here.any():
            continue
        far = rays.far[here]
        x, y, z = ox + rays.x[here] * far, oy + rays.y[here] * far, oz + rays.z[here] * far
        light[here] = _surface(scene, name, x, y, z)
    return light


def _daylight(scene: Scene, x: Floats, y: Floats, z: Floats) -> Floats:
    """Return how much light of the windows and lamps reaches the points."""
    total = np.full(x.shape, 0.42)
    for hole in scene.holes:
        if hole.kind == "window":
            middle = _on_wall(scene, hole.wall, (hole.start + hole.end) / 2, (hole.sill + hole.top) / 2)
            area = (hole.end - hole.start) * (hole.top - hole.sill)
            total = total + 0.32 * area / (1.0 + (x - middle[0]) ** 2 + (y - middle[1]) ** 2 + (z - middle[2]) ** 2)
    return total


def _contact(scene: Scene, x: Floats, y: Floats, z: Floats) -> Floats:
    """Return what furniture takes of the light beside it."""
    dim = np.ones(x.shape)
    for box in scene.boxes:
        a, b = _local(box, x, y)
        away = np.hypot(np.maximum(np.abs(a) - box.size[0] / 2, 0), np.maximum(np.abs(b) - box.size[1] / 2, 0))
        away = np.hypot(away, np.maximum(z - box.high, 0) + np.maximum(box.low - z, 0))
        strength = 0.45 * min(1.0, (box.high - box.low) / 0.4)
        dim = dim * (1 - strength * np.exp(-away / 0.18) - 0.12 * np.exp(-away / 0.6))
    return np.maximum(dim, 0.25)


def _surface(scene: Scene, name: str, x: Floats, y: Floats, z: Floats) -> Floats:
    wide, deep, high = scene.size
    ends = {
        "floor": np.minimum(np.minimum(x, wide - x), deep - y),
        "ceiling": np.minimum(np.minimum(x, wide - x), deep - y),
        "back": np.minimum(np.minimum(x, wide - x), np.minimum(z, high - z)),
        "left": np.minimum(deep - y, np.minimum(z, high - z)),
        "right": np.minimum(deep - y, np.minimum(z, high - z)),
    }[name]
    lit = _daylight(scene, x, y, z) * _shade(np.maximum(ends, 0)) * _contact(scene, x, y, z)
    if name == "floor":
        base = SURFACES[scene.floor](x, y, scene.seed)[:, None] * np.array(scene.floor_colour)
        return np.asarray(base * (lit * _sun_patch(scene, x, y))[:, None])
    if name == "ceiling":
        lamp = np.hypot(x - wide / 2, y - deep * 0.55) < 0.17
        base = np.where(lamp[:, None], 0.95, 0.80 * SURFACES["paint"](x, y, scene.seed)[:, None]) * np.ones(3)
        return base * (lit * 0.92)[:, None]
    along = x if name == "back" else y
    facing = {"back": 1.0, "left": 0.92, "right": 0.86}[name]
    base = SURFACES[scene.wall if name == "back" or scene.wall != "brick" else "paint"](along, z, scene.seed + 5)
    colour = base[:, None] * np.array(scene.wall_colour)
    for wall, start, end, low, top, paint in scene.art:
        if wall == name:
            inside = (along > start) & (along < end) & (z > low) & (z < top)
            edge = inside & ~((along > start + 0.04) & (along < end - 0.04) & (z > low + 0.04) & (z < top - 0.04))
            pattern = 1 + 1.4 * noise(along, z, 0.25, scene.seed + 9)
            colour[inside] = (np.array(paint) * pattern[:, None])[inside]
            colour[edge] = 0.06
    if scene.skirting:
        _band(colour, z, 0, scene.skirting, scene.trim)
    if scene.cornice:
        _band(colour, z, high - scene.cornice, high, scene.trim)
    socket = (np.abs(along - 0.62 * deep) < 0.045) & (np.abs(z - 0.33) < 0.045)
    colour[socket] = 0.85
    glow = np.zeros_like(colour)
    for hole in scene.holes:
        if hole.wall == name:
            _cut(scene, hole, colour, glow, along, z)
    return np.asarray(colour * (lit * facing)[:, None] + glow)


def _band(colour: Floats, z: Floats, low: float, high: float, trim: Colour) -> None:
    inside = (z >= low) & (z < high)
    colour[inside] = trim
    colour[inside & (z > high - 0.012)] *= 0.75


def _sun_patch(scene: Scene, x: Floats, y: Floats) -> Floats:
    """Return 1 and more where the sun falls through a window onto the floor."""
    patch = np.ones(x.shape)
    for hole in scene.holes:
        if hole.kind == "window" and scene.sun:
            if hole.wall == "back":
                lies = (x + 0.3 > hole.start) & (x + 0.3 < hole.end) & (abs(scene.size[1] - y - 1.3) < 0.55)
            else:
                out = x if hole.wall == "left" else scene.size[0] - x
                lies = (y + 0.4 > hole.start) & (y + 0.4 < hole.end) & (np.abs(out - 1.3) < 0.55)
            patch = patch + scene.sun * lies
    return patch


def _cut(scene: Scene, hole: Hole, colour: Floats, glow: Floats, along: Floats, z: Floats) -> None:
    """Draw the door or window into the wall's colours."""
    casing = 0.07
    near = (along > hole.start - casing) & (along < hole.end + casing) & (z < hole.top + casing)
    near &= (z > hole.sill - casing) if hole.kind == "window" else True
    inside = (along > hole.start) & (along < hole.end) & (z > hole.sill) & (z < hole.top)
    colour[near] = scene.trim
    rim = near & (
        (np.abs(along - hole.start) < 0.01) | (np.abs(along - hole.end) < 0.01) | (np.abs(z - hole.top) < 0.01)
    )
    outer = near & (
        (along < hole.start - casing + 0.01) | (along > hole.end + casing - 0.01) | (z > hole.top + casing - 0.01)
    )
    a, b = (along - hole.start) / (hole.end - hole.start), (z - hole.sill) / (hole.top - hole.sill)
    if hole.kind == "door":
        leaf = np.array(scene.trim) * 0.93
        colour[inside] = leaf
        for low, high in ((0.08, 0.42), (0.5, 0.92)):
            panel = inside & (a > 0.16) & (a < 0.84) & (b > low) & (b < high)
            deep = panel & ~((a > 0.19) & (a < 0.81) & (b > low + 0.015) & (b < high - 0.015))
            colour[deep] = leaf * 0.72
        handle = inside & (np.abs(a - 0.9) < 0.045) & (np.abs(z - 1.0) < 0.025)
        colour[handle] = 0.3
    else:
        columns, rows = hole.panes
        bar = 0.022
        frame = (along - hole.start < 0.05) | (hole.end - along < 0.05) | (z - hole.sill < 0.05) | (hole.top - z < 0.05)
        for k in range(1, columns):
            frame |= np.abs(a - k / columns) * (hole.end - hole.start) < bar
        for k in range(1, rows):
            frame |= np.abs(b - k / rows) * (hole.top - hole.sill) < bar
        glass = inside & ~frame
        colour[inside & frame] = np.array(scene.trim) * 0.95
        sky = np.array([0.75, 0.86, 1.0]) * 1.25
        green = np.array([0.30, 0.38, 0.22]) * (1 + 0.9 * noise(along, z, 0.12, scene.seed + 3)[:, None])
        outside = np.where((b + 0.4 * noise(along, z * 0, 0.4, scene.seed) > 0.42)[:, None], sky, green)
        glow[glass] = outside[glass]
        colour[glass] = 0.02
    colour[rim | outer] *= 0.6


def _local(box: Box, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    cos, sin = math.cos(box.turn), math.sin(box.turn)
    dx, dy = x - box.centre[0], y - box.centre[1]
    return cos * dx + sin * dy, -sin * dx + cos * dy


def _cast_box(scene: Scene, rays: _Rays, light: Floats, box: Box) -> None:
    cos, sin = math.cos(box.turn), math.sin(box.turn)
    window = _seen_part(scene, rays, box)
    if window is None:
        return
    rx, ry, rz = rays.x[window], rays.y[window], rays.z[window]
    dx, dy = cos * rx + sin * ry, -sin * rx + cos * ry
    a, b = _local(box, rays.origin[0:1], rays.origin[1:2])
    enter, leave = np.full(rx.shape, -np.inf), np.full(rx.shape, np.inf)
    side = np.zeros(rx.shape, int)
    with np.errstate(divide="ignore", invalid="ignore"):
        for axis, (start, step, low, high) in enumerate(
            (
                (float(a[0]), dx, -box.size[0] / 2, box.size[0] / 2),
                (float(b[0]), dy, -box.size[1] / 2, box.size[1] / 2),
                (float(rays.origin[2]), rz, box.low, box.high),
            )
        ):
            step = np.where(np.abs(step) < 1e-9, 1e-9, step)
            first, second = (low - start) / step, (high - start) / step
            close, away = np.minimum(first, second), np.maximum(first, second)
            side = np.where(close > enter, axis, side)
            enter, leave = np.maximum(enter, close), np.minimum(leave, away)
    hit = (enter < leave) & (enter > NEAR) & (enter < rays.far[window])
    if not hit.any():
        return
    far = enter[hit]
    x, y, z = (rays.origin[k] + component[hit] * far for k, component in enumerate((rx, ry, rz)))
    u, v = _local(box, x, y)
    which = side[hit]
    surface = SURFACES[box.texture](np.where(which == 0, v, u), np.where(which == 2, v, z), scene.seed + 31)
    facing = np.choose(which, [0.72, 0.86, 1.0])
    edge = np.minimum(
        np.abs(np.abs(u) - box.size[0] / 2) + 9 * (which == 0), np.abs(np.abs(v) - box.size[1] / 2) + 9 * (which == 1)
    )
    facing = facing * (1 - 0.18 * np.exp(-edge / 0.02)) * (0.75 + 0.25 * np.clip(z / 0.5, 0, 1))
    shown = light[window]
    shown[hit] = np.array(box.colour) * (surface * facing * _daylight(scene, x, y, z))[:, None]
    light[window] = shown
    depth = rays.far[window]
    depth[hit] = far
    rays.far[window] = depth


def _seen_part(scene: Scene, rays: _Rays, box: Box) -> tuple[slice, slice] | None:
    cos, sin = math.cos(box.turn), math.sin(box.turn)
    places = []
    for sx in (-0.5, 0.5):
        for sy in (-0.5, 0.5):
            px, py = sx * box.size[0], sy * box.size[1]
            x, y = box.centre[0] + cos * px - sin * py, box.centre[1] + sin * px + cos * py
            for z in (box.low, box.high):
                place = _project(scene, np.array([x, y, z]), (rays.width, rays.height))
                if place is None:
                    return slice(None), slice(None)
                places.append(place)
    corners = np.array(places) * [rays.width, rays.height]
    left, top = np.floor(corners.min(0)).astype(int) - 1
    right, bottom = np.ceil(corners.max(0)).astype(int) + 1
    left, top = max(left, 0), max(top, 0)
    right, bottom = min(right, rays.width), min(bottom, rays.height)
    return (slice(top, bottom), slice(left, right)) if left < right and top < bottom else None


# ── scenes ───────────────────────────────────────────────────────────────────────────────────────

PAINTS: tuple[Colour, ...] = (
    (0.78, 0.77, 0.74),
    (0.70, 0.68, 0.62),
    (0.62, 0.66, 0.68),
    (0.72, 0.62, 0.52),
    (0.52, 0.58, 0.50),
    (0.80, 0.80, 0.80),
    (0.36, 0.42, 0.46),
)
FLOOR_COLOURS: Mapping[str, tuple[Colour, ...]] = {
    "planks": ((0.46, 0.32, 0.19), (0.60, 0.50, 0.38), (0.20, 0.12, 0.08), (0.38, 0.36, 0.34)),
    "herringbone": ((0.44, 0.30, 0.18), (0.56, 0.45, 0.32)),
    "tiles": ((0.66, 0.64, 0.60), (0.45, 0.26, 0.18), (0.30, 0.31, 0.33)),
    "carpet": ((0.50, 0.46, 0.40), (0.34, 0.36, 0.40), (0.62, 0.60, 0.57)),
    "concrete": ((0.40, 0.40, 0.39), (0.55, 0.54, 0.52)),
}
FABRICS: tuple[Colour, ...] = (
    (0.42, 0.40, 0.38),
    (0.62, 0.56, 0.48),
    (0.16, 0.22, 0.30),
    (0.46, 0.22, 0.16),
    (0.74, 0.72, 0.68),
    (0.20, 0.30, 0.22),
    (0.10, 0.10, 0.11),
)


def make_room(seed: int) -> Scene:
    """Return the empty room of this seed: a door and one to three windows on the walls that are seen."""
    dice = np.random.default_rng(seed)
    wide, deep, high = dice.uniform(3.2, 6.8), dice.uniform(3.8, 6.4), dice.uniform(2.4, 3.2)
    x = dice.uniform(0.25, 0.75) * wide
    aim = dice.uniform(0.35, 0.65) * wide
    floor = FLOORS[dice.integers(len(FLOORS))]
    wall = WALLS[dice.integers(len(WALLS))]
    colours = FLOOR_COLOURS[floor]
    paint = PAINTS[dice.integers(len(PAINTS))] if wall != "brick" else (0.42, 0.24, 0.18)
    trim = (0.86, 0.86, 0.84) if dice.random() < 0.75 else (0.30, 0.22, 0.16)
    return Scene(
        size=(wide, deep, high),
        camera=(x, dice.uniform(0.2, 0.6), dice.uniform(1.2, 1.6)),
        yaw=math.atan2(aim - x, deep),
        focal=dice.uniform(0.48, 0.66),
        floor=floor,
        floor_colour=colours[dice.integers(len(colours))],
        wall=wall,
        wall_colour=paint,
        holes=_holes(dice, wide, deep, high),
        seed=seed,
        skirting=float(dice.choice([0.0, 0.07, 0.12], p=[0.15, 0.5, 0.35])),
        cornice=float(dice.choice([0.0, 0.10], p=[0.7, 0.3])),
        trim=trim,
        light=(1.0, float(dice.uniform(0.95, 1.0)), float(dice.uniform(0.82, 1.02))),
        sun=float(dice.choice([0.0, 0.5])),
        exposure=float(dice.uniform(0.55, 1.0)),
    )


def _holes(dice: np.random.Generator, wide: float, deep: float, high: float) -> tuple[Hole, ...]:
    holes = []
    top = min(high - 0.25, 2.05 + dice.uniform(-0.03, 0.1))
    sill = float(dice.choice([0.05, 0.5, 0.9]))
    panes = (int(dice.integers(1, 4)), int(dice.integers(1, 3)))
    door_on_back = dice.random() < 0.6
    if door_on_back:
        start = dice.uniform(0.3, wide - 1.2)
        holes.append(Hole("door", "back", start, start + 0.85, 0, top))
        free = [(0.35, start - 0.3), (start + 1.2, wide - 0.35)]
        low, end = max(free, key=lambda gap: gap[1] - gap[0])
        if end - low > 0.8:
            holes.append(Hole("window", "back", low, min(end, low + 1.8), sill, high - 0.35, panes))
    else:
        wall = "left" if dice.random() < 0.5 else "right"
        start = dice.uniform(0.5 * deep, deep - 1.1)
        holes.append(Hole("door", wall, start, start + 0.85, 0, top))
        start = dice.uniform(0.3, max(0.35, wide - 2.4))
        holes.append(
            Hole("window", "back", start, min(wide - 0.3, start + dice.uniform(1.0, 2.0)), sill, high - 0.35, panes)
        )
    if dice.random() < 0.5 or all(hole.kind == "door" for hole in holes):
        taken = {hole.wall for hole in holes}
        wall = "left" if "left" not in taken else "right"
        start = dice.uniform(0.45, 0.6) * deep
        holes.append(Hole("window", wall, start, min(deep - 0.3, start + 1.5), sill, high - 0.35, panes))
    return tuple(holes)


def furnish(scene: Scene, seed: int) -> Scene:
    """Return the room furnished so that nothing stands before a door or covers much of a window."""
    dice = np.random.default_rng(seed * 7919 + scene.seed)
    wide, deep, _ = scene.size
    kept: list[Box] = []
    taken: list[tuple[float, float, float]] = []
    art: list[tuple[str, float, float, float, float, Colour]] = []
    wanted = [_sofa, _table, _plant, _shelf, _armchair, _dresser, _rug, _lamp]
    for make in wanted[: int(dice.integers(4, 9))]:
        for _ in range(40):
            x, y = dice.uniform(0.4, wide - 0.4), dice.uniform(max(0.55 * deep, 2.4), deep - 0.3)
            turn = float(dice.choice([0, math.pi / 2, math.pi, dice.uniform(-0.5, 0.5)]))
            boxes = make(dice, x, y, turn)
            if _fits(scene, boxes, taken if make is not _rug else []):
                kept += boxes
                taken.append((x, y, max(max(box.size) for box in boxes) / 2))
                break
    for _ in range(20):
        start = dice.uniform(0.3, wide - 1.3)
        end = start + dice.uniform(0.5, 0.9)
        if all(hole.wall != "back" or end < hole.start - 0.2 or start > hole.end + 0.2 for hole in scene.holes):
            art.append(("back", start, end, 1.25, 1.85, FABRICS[dice.integers(len(FABRICS))]))
            break
    exposure = scene.exposure * float(dice.uniform(0.97, 1.04))
    return replace(scene, boxes=tuple(kept), art=tuple(art), exposure=exposure)


def _fits(scene: Scene, boxes: list[Box], taken: list[tuple[float, float, float]]) -> bool:
    wide, deep, _ = scene.size
    for box in boxes:
        reach_x, reach_y = _footprint(box)
        (x, y) = box.centre
        if not (reach_x + 0.02 < x < wide - reach_x - 0.02 and 0.9 + reach_y < y < deep - reach_y - 0.02):
            return False
        if any(_covers(scene, hole, box) for hole in scene.holes):
            return False
    middle = np.mean([box.centre for box in boxes], axis=0)
    size = max(max(box.size) for box in boxes) / 2
    return all(math.hypot(middle[0] - a, middle[1] - b) > size + r for a, b, r in taken)


def _footprint(box: Box) -> tuple[float, float]:
    cos, sin = abs(math.cos(box.turn)), abs(math.sin(box.turn))
    return (cos * box.size[0] + sin * box.size[1]) / 2, (sin * box.size[0] + cos * box.size[1]) / 2


def _covers(scene: Scene, hole: Hole, box: Box) -> bool:
    """True when the box hides more than an eighth of the hole from the camera."""
    reach_x, reach_y = _footprint(box)
    camera = np.array(scene.camera)
    across, up, far = (
        values.ravel() for values in np.meshgrid(*(np.linspace(0.05, 0.95, 8),) * 2, np.linspace(0.1, 0.99, 40))
    )
    along, height = hole.start + across * (hole.end - hole.start), hole.sill + up * (hole.top - hole.sill)
    wall = {
        "back": (along, 0 * along + scene.size[1]),
        "left": (0 * along, along),
        "right": (0 * along + scene.size[0], along),
    }
    points = np.stack([*wall[hole.wall], height], 1)
    place = camera + far[:, None] * (points - camera)
    inside = (np.abs(place[:, 0] - box.centre[0]) < reach_x) & (np.abs(place[:, 1] - box.centre[1]) < reach_y)
    inside &= (place[:, 2] >= box.low) & (place[:, 2] <= box.high)
    hidden = {(a, b) for a, b in zip(across[inside].tolist(), up[inside].tolist(), strict=True)}
    return len(hidden) > 8


def _place(x: float, y: float, turn: float, dx: float, dy: float) -> tuple[float, float]:
    cos, sin = math.cos(turn), math.sin(turn)
    return x + cos * dx - sin * dy, y + sin * dx + cos * dy


def _sofa(dice: np.random.Generator, x: float, y: float, turn: float) -> list[Box]:
    long, cloth = dice.uniform(1.6, 2.3), FABRICS[dice.integers(len(FABRICS))]
    return [
        Box((x, y), (long, 0.85), 0.12, 0.44, turn, cloth, "weave"),
        Box(_place(x, y, turn, 0, 0.33), (long, 0.2), 0.12, 0.84, turn, cloth, "weave"),
        Box(_place(x, y, turn, -long / 2 + 0.1, 0), (0.2, 0.85), 0.12, 0.62, turn, cloth, "weave"),
        Box(_place(x, y, turn, long / 2 - 0.1, 0), (0.2, 0.85), 0.12, 0.62, turn, cloth, "weave"),
        Box(
            _place(x, y, turn, -long / 4, 0.15), (0.4, 0.16), 0.45, 0.8, turn + 0.2, FABRICS[dice.integers(7)], "weave"
        ),
    ]


def _armchair(dice: np.random.Generator, x: float, y: float, turn: float) -> list[Box]:
    cloth = FABRICS[dice.integers(len(FABRICS))]
    return [
        Box((x, y), (0.75, 0.75), 0.15, 0.45, turn, cloth, "weave"),
        Box(_place(x, y, turn, 0, 0.3), (0.75, 0.15), 0.15, 0.9, turn, cloth, "weave"),
    ]


def _table(dice: np.random.Generator, x: float, y: float, turn: float) -> list[Box]:
    long, deep, high = dice.uniform(0.9, 1.7), dice.uniform(0.6, 0.9), float(dice.choice([0.42, 0.75]))
    wood: Colour = (0.42, 0.28, 0.17) if dice.random() < 0.6 else (0.7, 0.7, 0.68)
    legs = [
        Box(_place(x, y, turn, a * (long / 2 - 0.06), b * (deep / 2 - 0.06)), (0.06, 0.06), 0, high, turn, wood, "wood")
        for a in (-1, 1)
        for b in (-1, 1)
    ]
    return [Box((x, y), (long, deep), high - 0.04, high, turn, wood, "wood"), *legs]


def _shelf(dice: np.random.Generator, x: float, y: float, turn: float) -> list[Box]:
    high = dice.uniform(1.2, 2.0)
    return [Box((x, y), (dice.uniform(0.7, 1.2), 0.34), 0, high, turn, FABRICS[dice.integers(7)], "books")]


def _dresser(dice: np.random.Generator, x: float, y: float, turn: float) -> list[Box]:
    wood: Colour = (0.50, 0.36, 0.24) if dice.random() < 0.5 else (0.78, 0.77, 0.74)
    return [Box((x, y), (dice.uniform(0.9, 1.5), 0.45), 0.05, 0.8, turn, wood, "wood")]


def _plant(dice: np.random.Generator, x: float, y: float, turn: float) -> list[Box]:
    green: Colour = (0.14, 0.26, 0.10)
    leaves = [
        Box(
            (x + dice.uniform(-0.16, 0.16), y + dice.uniform(-0.16, 0.16)),
            (0.26, 0.26),
            low,
            low + 0.3,
            dice.uniform(0, 3),
            green,
            "leaves",
        )
        for low in dice.uniform(0.4, 1.0, 6)
    ]
    return [Box((x, y), (0.3, 0.3), 0, 0.35, turn, (0.6, 0.55, 0.5), "plain"), *leaves]


def _lamp(dice: np.random.Generator, x: float, y: float, turn: float) -> list[Box]:
    return [
        Box((x, y), (0.26, 0.26), 0, 0.03, turn, (0.12, 0.12, 0.12)),
        Box((x, y), (0.03, 0.03), 0, 1.35, turn, (0.12, 0.12, 0.12)),
        Box((x, y), (0.36, 0.36), 1.35, 1.65, turn, (1.2, 1.1, 0.9)),
    ]


def _rug(dice: np.random.Generator, x: float, y: float, turn: float) -> list[Box]:
    return [
        Box((x, y), (dice.uniform(1.4, 2.4), dice.uniform(1.0, 1.6)), 0, 0.012, 0, FABRICS[dice.integers(7)], "weave")
    ]


# ── what goes wrong ──────────────────────────────────────────────────────────────────────────────


def is_seen(scene: Scene, hole: Hole) -> bool:
    """True when at least a fiftieth of the picture shows the opening."""
    (found, *_) = (*openings_of(replace(scene, holes=(hole,))), None)
    if found is None:
        return False
    x, y = np.array(found.corners).T
    return bool(abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2 > 0.02)


def without(scene: Scene, kind: str) -> Scene | None:
    """Return the scene without its doors, or without its last window; None when none is seen."""
    its = [hole for hole in scene.holes if hole.kind == kind and is_seen(scene, hole)]
    if not its:
        return None
    gone = its if kind == "door" else its[-1:]
    return replace(scene, holes=tuple(hole for hole in scene.holes if hole not in gone))


def wall_moved(scene: Scene, by: float = 0.8) -> Scene:
    """Return the scene with its back wall this much nearer."""
    wide, deep, high = scene.size
    deep -= by
    holes = tuple(
        hole
        if hole.wall == "back"
        else replace(hole, start=min(hole.start, deep - 1.0), end=min(hole.end, deep - 0.15))
        for hole in scene.holes
    )
    boxes = tuple(
        replace(box, centre=(box.centre[0], min(box.centre[1], deep - _footprint(box)[1] - 0.02)))
        for box in scene.boxes
    )
    return replace(scene, size=(wide, deep, high), holes=holes, boxes=boxes)


def camera_moved(scene: Scene, dice: np.random.Generator) -> Scene:
    """Return the scene seen from half a metre beside."""
    x, y, z = scene.camera
    step = -0.4 if x > scene.size[0] / 2 else 0.4
    return replace(scene, camera=(x + step, y + 0.1, z + 0.08), yaw=scene.yaw - 0.1 * step + dice.uniform(-0.02, 0.02))


def recoloured(scene: Scene, dice: np.random.Generator) -> Scene:
    """Return the scene with its walls in another paint, at least as far as people notice."""
    far = ((0.32, 0.45, 0.40), (0.30, 0.36, 0.52), (0.48, 0.16, 0.14), (0.70, 0.56, 0.24), (0.2, 0.24, 0.3))
    noticed = [paint for paint in far if np.abs(np.array(paint) - scene.wall_colour).sum() > 0.35]
    return replace(scene, wall="paint", wall_colour=noticed[dice.integers(len(noticed))])


def floor_changed(scene: Scene, dice: np.random.Generator) -> Scene:
    """Return the scene with another floor."""
    other = [
        (floor, colour)
        for floor in FLOORS
        if floor != scene.floor
        for colour in FLOOR_COLOURS[floor]
        if np.abs(np.array(colour) - scene.floor_colour).sum() > 0.25
    ]
    floor, colour = other[dice.integers(len(other))]
    return replace(scene, floor=floor, floor_colour=colour)


def blocked(scene: Scene, dice: np.random.Generator) -> Scene | None:
    """Return the scene with a tall piece of furniture before a door or a window; None when none can be blocked."""
    for index in dice.permutation(len(scene.holes)):
        hole = scene.holes[int(index)]
        if not is_seen(scene, hole):
            continue
        middle = (hole.start + hole.end) / 2 + dice.uniform(-0.15, 0.15)
        wide, depth = min(1.6, max(0.9, 0.8 * (hole.end - hole.start))), 0.4
        x, y, _ = _on_wall(scene, hole.wall, middle, 0)
        turn = 0.0 if hole.wall == "back" else math.pi / 2
        x, y = (x, y - depth / 2 - 0.05) if hole.wall == "back" else (x + (0.25 if hole.wall == "left" else -0.25), y)
        high = dice.uniform(1.7, 2.05) if hole.kind == "window" else dice.uniform(1.2, 2.0)
        wood: Colour = FABRICS[dice.integers(7)] if dice.random() < 0.5 else (0.72, 0.70, 0.66)
        block = Box(
            (float(x), float(y)), (wide, depth), 0, high, turn, wood, str(dice.choice(["wood", "books", "plain"]))
        )
        return replace(scene, boxes=(*scene.boxes, block))
    return None


def relit(scene: Scene) -> Scene:
    """Return the scene in the light of an evening."""
    return replace(scene, light=(1.0, 0.72, 0.45), exposure=scene.exposure * 0.7, sun=0.0)


def wrong(scene: Scene, other: Scene, dice: np.random.Generator) -> dict[str, Scene]:
    """Return the furnished scene wrong in one way each, by StageBench's names; `other` furnishes it differently."""
    found = {
        "window_removed": without(scene, "window"),
        "door_removed": without(scene, "door"),
        "wall_moved": wall_moved(scene),
        "cam_shift": camera_moved(other, dice),
        "recolor": recoloured(scene, dice),
        "floor_changed": floor_changed(scene, dice),
        "blocked": blocked(scene, dice),
    }
    return {mode: wrong_scene for mode, wrong_scene in found.items() if wrong_scene is not None}
