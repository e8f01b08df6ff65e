"""Pictures of materials, made of noise: rows × columns × 3, linear light from 0 to 1; no Blender."""

import numpy as np


def _noise(rows: int, columns: int, size: float, seed: int, stretch: float = 1.0) -> np.ndarray:
    """Return smooth noise from 0 to 1, its grains `size` pixels high."""
    random = np.random.default_rng(seed)
    grid = random.random((max(2, int(rows / size) + 2), max(2, int(columns / (size * stretch)) + 2)))
    y, x = np.linspace(0, grid.shape[0] - 1.001, rows), np.linspace(0, grid.shape[1] - 1.001, columns)
    top, left = y.astype(int), x.astype(int)
    down, across = (y - top)[:, None], (x - left)[None]
    down, across = down * down * (3 - 2 * down), across * across * (3 - 2 * across)
    upper = grid[top][:, left] * (1 - across) + grid[top][:, left + 1] * across
    lower = grid[top + 1][:, left] * (1 - across) + grid[top + 1][:, left + 1] * across
    return upper * (1 - down) + lower * down


def planks(base: list[float], vary: float = 0.15, width: float = 0.15, seed: int = 1) -> np.ndarray:
    """Return four metres of a wooden floor."""
    random, pixels, metres = np.random.default_rng(seed), 2048, 4.0
    picture = np.zeros((pixels, pixels, 3))
    count = round(metres / width)
    for row in range(count):
        top, bottom = row * pixels // count, (row + 1) * pixels // count
        grain = (_noise(bottom - top, pixels, 2.5, seed * 100 + row, 60) - 0.5) * 0.22
        grain += (_noise(bottom - top, pixels, 9, seed * 100 + row + 50, 25) - 0.5) * 0.25
        start = -random.random() * 1.6
        while start < metres:
            end = start + 1.6 * (0.6 + 0.7 * random.random())
            left, right = int(max(0.0, start) * pixels / metres), int(min(metres, end) * pixels / metres)
            shade = (1 + vary * (random.random() - 0.5) * 2) * (1 + 0.05 * (random.random(3) - 0.5))
            picture[top:bottom, left:right] = np.array(base) * shade * (1 + grain[:, left:right, None])
            picture[top:bottom, max(0, left - 1) : left + 1] *= 0.45
            start = end
        picture[top : top + 2] *= 0.5
    return np.clip(picture, 0, 1)


def tiles(base: list[float], width: float = 0.6, seed: int = 2) -> np.ndarray:
    """Return 3.6 metres of a tiled floor with grey joints."""
    random, pixels = np.random.default_rng(seed), 1800
    count = round(3.6 / width)
    side = pixels // count
    picture = np.zeros((pixels, pixels, 3))
    for row in range(count):
        for column in range(count):
            key = seed * 1000 + row * count + column
            shade = 1 + 0.05 * (random.random() - 0.5) * 2 + (_noise(side, side, 60, key) - 0.5) * 0.1
            shade = shade + (_noise(side, side, 12, key + 7) - 0.5) * 0.05
            picture[row * side : (row + 1) * side, column * side : (column + 1) * side] = (
                np.array(base) * shade[..., None]
            )
    for line in range(count + 1):
        at = min(pixels, line * side)
        picture[max(0, at - 2) : at + 2] = picture[:, max(0, at - 2) : at + 2] = np.array(base) * 0.75
    return np.clip(picture, 0, 1)


def speckle(base: list[float], strength: float, sizes: tuple[int, ...], seed: int = 3) -> np.ndarray:
    """Return carpet or concrete: noise of several sizes."""
    picture = sum((_noise(1024, 1024, size, seed + n) - 0.5) * strength for n, size in enumerate(sizes))
    return np.clip(np.array(base) * (1 + np.asarray(picture)[..., None]), 0, 1)


def bricks(seed: int = 5) -> np.ndarray:
    """Return 2.4 metres of a brick wall."""
    random, pixels = np.random.default_rng(seed), 1536
    scale = pixels / 2.4
    picture = np.ones((pixels, pixels, 3)) * (0.58, 0.55, 0.5)
    for row in range(30):
        for column in range(-1, 11):
            left, top = (column + 0.5 * (row % 2)) * 0.24 * scale, row * 0.08 * scale
            x0, x1 = int(max(0, left + 0.006 * scale)), int(min(pixels, left + 0.234 * scale))
            y0, y1 = int(top + 0.006 * scale), int(top + 0.074 * scale)
            if x1 > x0:
                shade = (1 + 0.5 * (random.random() - 0.5)) * (1 + 0.15 * (random.random(3) - 0.5))
                picture[y0:y1, x0:x1] = np.array((0.46, 0.22, 0.15)) * shade
    return np.clip(picture * (1 + (_noise(pixels, pixels, 8, seed)[..., None] - 0.5) * 0.35), 0, 1)
