"""Doors and windows of the original that nobody has outlined: upright pairs with a lintel, and a sill or the floor.

It errs towards finding too little: what is found here decides whether an output is called blocked.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from staging.quality.lines import lengths_of, longer
from staging.quality.pair import STRONG_EDGE, Floats, Mask, Pair
from staging.quality.report import Opening

MOST_LEAN = 0.16
"""Tangent: uprights lean no more, or the camera was tilted and nothing here holds."""
NARROWEST, WIDEST = 0.04, 0.33
"""Of the picture's width."""
SHORTEST, TALLEST = 0.13, 0.75
"""Of the picture's height."""
LOWEST_TOP = 0.55
STEEPEST_TOP, STEEPEST_BOTTOM = 0.8, 1.3
"""Tangents of a frame's top and bottom in a wall seen at a glancing angle."""
HORIZON = 0.3, 0.65
"""Of the picture's height: where it may be in a photo of a room."""
EYE_LEVEL = 0.12, 0.9
"""Of a frame's height, from its top: where eyes may be."""
LESS_SURE = 0.3
"""A frame in a wall at a glancing angle is less clear by this: one seen from the front mostly wins over it."""
CLEAR_SIDE, CLEAR_FRAME, CLEAR_CUT = 0.55, 0.70, 0.85
STEEP = 4.0
"""Grey levels a pixel: so steep a side is a frame also where the wall around is all edges."""
GLASS_SPREAD = 26
"""Standard deviation of grey inside, above which it is a view outside rather than a door's leaf or a wall."""
BURNT_OUT = 244
"""Grey, above which the inside is a view outside that the camera did not hold."""
_BESIDE, _MANY = (9.0, 75.0), 5
"""Pixels from a side within which this many lines like it make it one of a pattern."""
LEAST_EDGE = 0.5
"""Grey levels a pixel, across a side, after a mean along it."""


@dataclass(frozen=True)
class _Upright:
    """A nearly vertical line from `top` to `bottom`, in pixels."""

    x: float
    """At the middle of the picture's height."""
    lean: float
    top: float
    bottom: float

    def at(self, y: float, middle: float) -> float:
        return self.x + self.lean * (y - middle)


class _Edges:
    """How well straight lines between two points lie on an edge of the original."""

    def __init__(self, pair: Pair) -> None:
        gradient = pair.gradient
        self._height, self._width = gradient.strength.shape
        self._steep_across = np.asarray(cv2.dilate(np.abs(gradient.across), np.ones((1, 3))), np.float32)
        self._steep_down = np.asarray(cv2.dilate(np.abs(gradient.down), np.ones((3, 1))), np.float32)
        self._across = _ridges(np.asarray(cv2.blur(gradient.across, (1, 7)), np.float32), (5, 1), (3, 1))
        self._down = _ridges(np.asarray(cv2.blur(gradient.down, (5, 1)), np.float32), (1, 5), (1, 3))

    def supports(self, starts: Floats, ends: Floats, *, flat: bool) -> Floats:
        """Return for each line, (n, 2) and (n, 2), the share on an edge of its own direction; outside is none."""
        length = float(np.abs(ends - starts).max()) if len(starts) else 0.0
        along = ((np.arange(count := max(8, int(length / 4))) + 0.5) / count)[None, :, None]
        points = starts[:, None] + (ends - starts)[:, None] * along
        x, y = points[..., 0], points[..., 1]
        inside = (x >= 0) & (x < self._width - 0.5) & (y >= 0) & (y < self._height - 0.5)
        columns = np.clip(np.round(x), 0, self._width - 1).astype(int)
        rows = np.clip(np.round(y), 0, self._height - 1).astype(int)
        edge = (self._down if flat else self._across)[rows, columns]
        return np.asarray((edge & inside).mean(1), np.float32)

    def contrast(self, start: Floats, end: Floats, away: Floats, *, flat: bool) -> float:
        """Return how much more of an edge the line is than its parallels away from the opening: little for a joint
        among bricks, much for a frame among them."""
        steps = np.arange(12, 25, 2)[:, None] * away
        around = self.supports(start + steps, end + steps, flat=flat)
        alone = float(self.supports(start[None], end[None], flat=flat)[0] - np.percentile(around, 70))
        steep = self.steepness(start[None], end[None], flat=flat)[0]
        beside = float(np.percentile(self.steepness(start + steps, end + steps, flat=flat), 70))
        steeper = 1 - beside / max(float(steep), 1e-3)
        return max(alone, steeper) if steep > STEEP and steeper > 0.55 else alone

    def steepness(self, starts: Floats, ends: Floats, *, flat: bool) -> Floats:
        """Return the mean gradient across each line."""
        along = ((np.arange(24) + 0.5) / 24)[None, :, None]
        points = (starts[:, None] + (ends - starts)[:, None] * along).astype(np.float32)
        slope = self._steep_down if flat else self._steep_across
        return np.asarray(cv2.remap(slope, points[..., 0], points[..., 1], cv2.INTER_NEAREST).mean(1), np.float32)


def _ridges(slope: Floats, beside: tuple[int, int], wide: tuple[int, int]) -> Mask:
    """Return where the slope is steepest among its neighbours, a pixel wider: shading has no such places."""
    steep = np.abs(slope)
    tops = (steep >= cv2.dilate(steep, np.ones(beside[::-1]))) & (steep > LEAST_EDGE)
    return np.asarray(cv2.dilate(tops.astype(np.uint8), np.ones(wide[::-1])) > 0)


def find_frames(pair: Pair) -> tuple[Opening, ...]:
    """Return the doors and windows that are surely seen in the original, the clearest first."""
    middle = pair.height / 2
    uprights = _uprights(pair)
    edges = _Edges(pair)
    judged: list[tuple[float, Opening, Floats]] = []
    for number, left in enumerate(uprights):
        for right in uprights[number + 1 :]:
            found = _judge(pair, edges, left, right, middle)
            if found is not None:
                judged.append(found)
        for at_left in (True, False):
            found = _judge_cut(pair, edges, left, at_left=at_left)
            if found is not None:
                judged.append(found)
    pattern = _Pattern(edges, uprights, middle)
    judged = [one for one in judged if not pattern.has(one[2], door=one[1].kind == "door")]
    views = [one for one in judged if _is_glass(pair, one[2])]
    glass, windows = [one[2] for one in views], [one[2] for one in _clearest(views)]
    walls = [one for one in judged if _is_between(one[2], glass) or _shares_a_side(one[2], windows)]
    walls = [one for one in walls if not _is_glass(pair, one[2])]
    kept = _clearest([one for one in judged if not any(one is wall for wall in walls)])
    return tuple(opening for _, opening, _ in kept[:8])


def _clearest(judged: list[tuple[float, Opening, Floats]]) -> list[tuple[float, Opening, Floats]]:
    """Return the clearest of those that overlap."""
    kept: list[tuple[float, Opening, Floats]] = []
    for one in sorted(judged, key=lambda item: -item[0]):
        if all(_overlap(one[2], other[2]) < 0.25 for other in kept):
            kept.append(one)
    return kept


def _uprights(pair: Pair) -> list[_Upright]:
    """Return the nearly vertical lines, pieces of one line joined, from left to right."""
    middle = pair.height / 2
    segments = longer(np.concatenate(pair.segments), 0.04 * pair.height)
    steep = np.abs(segments[:, 2] - segments[:, 0]) < MOST_LEAN * np.abs(segments[:, 3] - segments[:, 1])
    segments = segments[steep]
    lines: list[_Upright] = []
    for segment in segments[np.argsort(-lengths_of(segments), kind="stable")]:
        x0, y0, x1, y1 = (float(value) for value in segment)
        if y0 > y1:
            x0, y0, x1, y1 = x1, y1, x0, y0
        lean = (x1 - x0) / (y1 - y0)
        new = _Upright(x0 + lean * (middle - y0), lean, y0, y1)
        for index, line in enumerate(lines):
            gap = max(new.top - line.bottom, line.top - new.bottom)
            near = max(abs(line.at(y, middle) - new.at(y, middle)) for y in (y0, y1)) < 2.5
            if near and gap < 0.06 * pair.height:
                lines[index] = _Upright(line.x, line.lean, min(line.top, new.top), max(line.bottom, new.bottom))
                break
        else:
            lines.append(new)
    long = [line for line in lines if line.bottom - line.top > SHORTEST * pair.height]
    return sorted(long, key=lambda line: line.x)


def _judge(
    pair: Pair, edges: _Edges, left: _Upright, right: _Upright, middle: float
) -> tuple[float, Opening, Floats] | None:
    """Return the frame between two uprights with its clearness and corners; None when there is none."""
    wide = right.x - left.x
    if not NARROWEST * pair.width < wide < WIDEST * pair.width:
        return None
    shorter, longer = sorted((left.bottom - left.top, right.bottom - right.top))
    if shorter < 0.55 * longer or longer > TALLEST * pair.height:
        return None
    glancing = abs(left.top - right.top) > 0.4 * wide or abs(left.bottom - right.bottom) > 0.45 * wide
    if glancing and not _recedes(left, right, wide, pair.height):
        return None
    top, head = _level(edges, left, right, middle, (left.top, right.top))
    if head < CLEAR_SIDE or max(top) > LOWEST_TOP * pair.height or min(top) < 0.02 * pair.height:
        return None
    bottom, foot = _level(edges, left, right, middle, (left.bottom, right.bottom))
    is_door = min(bottom) > 0.55 * pair.height
    if foot < CLEAR_SIDE and not is_door:
        return None
    corners = np.array(
        [
            [left.at(top[0], middle), top[0]],
            [right.at(top[1], middle), top[1]],
            [right.at(bottom[1], middle), bottom[1]],
            [left.at(bottom[0], middle), bottom[0]],
        ],
        np.float32,
    )
    sides = edges.supports(corners[[0, 1]], corners[[3, 2]], flat=False)
    clear = (head + min(1.0, max(foot, 0.6 if is_door else 0.0)) + float(sides.sum())) / 4
    if sides.min() < CLEAR_SIDE or clear < CLEAR_FRAME or _is_a_corner(edges, corners, wide):
        return None
    ways = np.array([[0, -1], [-1, 0], [1, 0]], np.float32)
    contrasts = [
        edges.contrast(corners[a], corners[b], way, flat=a + b == 1)
        for (a, b), way in zip(((0, 1), (0, 3), (1, 2)), ways, strict=True)
    ]
    if np.mean(contrasts) < 0.35 or min(contrasts) < 0.1:
        return None
    opening = _opening(pair, corners, is_door=is_door)
    if opening is None:
        return None
    size = wide * longer / (pair.width * pair.height)
    surely = clear + float(np.mean(contrasts)) + min(0.3, 2 * size) - LESS_SURE * glancing
    return surely, opening, corners


def _recedes(left: _Upright, right: _Upright, wide: float, height: int) -> bool:
    """True when top and bottom run towards each other and meet at a height where a horizon may be: a frame in a wall
    that is seen at a glancing angle."""
    down, up = right.top - left.top, left.bottom - right.bottom
    if down * up <= 0 or abs(down) > STEEPEST_TOP * wide or abs(up) > STEEPEST_BOTTOM * wide:
        return False
    meets = (left.bottom * right.top - left.top * right.bottom) / (down + up)
    above = (meets - left.top) / (left.bottom - left.top)
    return HORIZON[0] * height < meets < HORIZON[1] * height and EYE_LEVEL[0] < above < EYE_LEVEL[1]


def _judge_cut(pair: Pair, edges: _Edges, side: _Upright, *, at_left: bool) -> tuple[float, Opening, Floats] | None:
    """Return the frame between an upright and the picture's border, which cuts it; None when there is none."""
    middle = pair.height / 2
    border = 2.0 if at_left else pair.width - 3.0
    wide = abs(side.x - border)
    if not NARROWEST * pair.width < wide < 0.25 * pair.width or side.top > LOWEST_TOP * pair.height:
        return None
    if not SHORTEST * pair.height < side.bottom - side.top < TALLEST * pair.height:
        return None
    slopes = np.arange(-0.1, 0.75, 0.025)
    ends, supports = [], []
    for end, way in ((side.top, -1), (side.bottom, 1)):
        near = np.array([side.at(end, middle), end], np.float32)
        heights = np.repeat(end + np.arange(-4, 5, 2), len(slopes)) + 0.0
        fars = heights + way * wide * np.tile(slopes, 5)
        starts = np.stack([np.full(len(heights), near[0]), heights], 1).astype(np.float32)
        stops = np.stack([np.full(len(heights), border), fars], 1).astype(np.float32)
        found = edges.supports(starts, stops, flat=True)
        best = int(found.argmax())
        ends.append((starts[best], stops[best]))
        supports.append(float(found[best]))
    is_door = side.bottom > 0.55 * pair.height
    if supports[0] < CLEAR_CUT or (supports[1] < CLEAR_CUT and not is_door):
        return None
    (top, far_top), (bottom, far_bottom) = ends
    upright = float(edges.supports(top[None], bottom[None], flat=False)[0])
    inward = 1.0 if at_left else -1.0
    on = top + np.array([inward * 6, 0], np.float32)
    goes_on = np.array([[inward * 0.5 * wide, slope * 0.5 * wide] for slope in np.arange(-0.4, 0.45, 0.05)], np.float32)
    if upright < 0.8 or _goes_on(
        edges, on, on + goes_on, float(edges.steepness(top[None], far_top[None], flat=True)[0])
    ):
        return None
    contrasts = [
        edges.contrast(top, far_top, np.array([0, -1], np.float32), flat=True),
        edges.contrast(top, bottom, np.array([inward, 0], np.float32), flat=False),
    ]
    if np.mean(contrasts) < 0.4 or min(contrasts) < 0.2:
        return None
    corners = np.array([top, far_top, far_bottom, bottom], np.float32)
    opening = _opening(pair, corners, is_door=is_door)
    return None if opening is None else (upright + float(np.mean(contrasts)), opening, corners)


def _goes_on(edges: _Edges, start: Floats, ends: Floats, top: float) -> bool:
    """True when a line half as steep as the top leads from the start to an end: a ceiling's, not a shadow's."""
    starts = np.tile(start, (len(ends), 1))
    lines = edges.supports(starts, ends, flat=True) > 0.7
    return bool((lines & (edges.steepness(starts, ends, flat=True) > 0.5 * top)).any())


class _Pattern:
    """Which sides are one of many alike: a stripe of wallpaper, a joint of boards."""

    def __init__(self, edges: _Edges, uprights: list[_Upright], middle: float) -> None:
        self._edges = edges
        self._lines = np.array([[line.x, line.lean, line.top, line.bottom] for line in uprights]).reshape(-1, 4)
        x, lean, tops, bottoms = self._lines.T
        starts, ends = (np.stack([x + lean * (y - middle), y], 1).astype(np.float32) for y in (tops, bottoms))
        self._steep = edges.steepness(starts, ends, flat=False) if len(starts) else np.zeros(0, np.float32)
        self._middle = middle

    def has(self, corners: Floats, *, door: bool) -> bool:
        """True when a side of the frame is.

        Lines alike are counted beside the frame, and for a door inside it too, where a window has bars.
        """
        corners = corners if corners[0, 0] < corners[1, 0] else corners[[1, 0, 3, 2]]
        own = self._edges.steepness(corners[[0, 1]], corners[[3, 2]], flat=False)
        wide = float(corners[1, 0] - corners[0, 0])
        for side, way in ((0, -1.0), (1, 1.0)):
            top, bottom = corners[side], corners[3 - side]
            x, lean, tops, bottoms = self._lines.T
            away = way * (x + lean * ((top[1] + bottom[1]) / 2 - self._middle) - (top[0] + bottom[0]) / 2)
            near = (away > _BESIDE[0]) & (away < _BESIDE[1])
            if door:
                near |= (away < -_BESIDE[0]) & (away > max(-_BESIDE[1], _BESIDE[0] - wide))
            along = np.minimum(bottoms, bottom[1]) - np.maximum(tops, top[1])
            near &= along > 0.6 * (bottom[1] - top[1])
            if (near & (self._steep > 0.6 * own[side]) & (self._steep < own[side] / 0.6)).sum() >= _MANY:
                return True
        return False


_STEPS = np.array([(a, b) for a in range(-8, 9, 2) for b in range(-8, 9, 2)], np.float32)


def _level(
    edges: _Edges, left: _Upright, right: _Upright, middle: float, ends: tuple[float, float]
) -> tuple[tuple[float, float], float]:
    """Return the best line across near both uprights' ends, as heights at left and right, and its support."""
    heights = np.array(ends, np.float32) + _STEPS
    starts = np.stack([left.x + left.lean * (heights[:, 0] - middle), heights[:, 0]], 1)
    stops = np.stack([right.x + right.lean * (heights[:, 1] - middle), heights[:, 1]], 1)
    supports = edges.supports(starts, stops, flat=True) - 0.004 * np.abs(_STEPS).sum(1)
    best = int(supports.argmax())
    return (float(heights[best, 0]), float(heights[best, 1])), float(supports[best])


def _is_a_corner(edges: _Edges, corners: Floats, wide: float) -> bool:
    """True when a line goes on from an upper corner outwards and upwards: where a side wall meets the ceiling.

    It is as steep as the top itself, or else a joint among bricks.
    """
    slopes = np.arange(0.15, 1.6, 0.08)
    top = float(edges.steepness(corners[[0]], corners[[1]], flat=True)[0])
    for corner, way in ((corners[0], -1), (corners[1], 1)):
        near, far = (
            np.array([corner + np.array([way * d, -slope * d]) for slope in slopes], np.float32)
            for d in (6.0, 6 + 0.4 * wide)
        )
        goes_on = edges.supports(near, far, flat=True) > 0.85
        if (goes_on & (edges.steepness(near, far, flat=True) > 0.5 * top)).any():
            return True
    return False


def _inside(pair: Pair, corners: Floats) -> Mask:
    """Return the pixels well inside the corners."""
    mask = np.zeros((pair.height, pair.width), np.uint8)
    centre = corners.mean(0)
    cv2.fillPoly(mask, [np.round(centre + 0.8 * (corners - centre)).astype(np.int32)], 1)
    return np.asarray(mask > 0)


def _is_glass(pair: Pair, corners: Floats) -> bool:
    """True when the inside varies as a view outside does, or is burnt out as no painted leaf is."""
    inside = _inside(pair, corners)
    if not inside.any():
        return False
    grey = pair.grey[inside]
    return float(grey.std()) > GLASS_SPREAD or float(np.median(grey)) >= BURNT_OUT


def _is_between(corners: Floats, glass: list[Floats]) -> bool:
    """True for the wall between two windows: each of its sides is the other side of one of them."""
    left, right = corners[:, 0].min(), corners[:, 0].max()
    at_left = any(abs(float(one[:, 0].max() - left)) < 16 for one in glass)
    at_right = any(abs(float(one[:, 0].min() - right)) < 16 for one in glass)
    return at_left and at_right


def _shares_a_side(corners: Floats, windows: list[Floats]) -> bool:
    """True for the wall between a window and a corner of the room: one of its sides is the window's own."""
    left, right = corners[:, 0].min(), corners[:, 0].max()
    return any(abs(float(one[:, 0].max() - left)) < 10 or abs(float(one[:, 0].min() - right)) < 10 for one in windows)


def _opening(pair: Pair, corners: Floats, *, is_door: bool) -> Opening | None:
    """Return the opening with these corners; None where the inside is neither a door's leaf nor glass."""
    inside = _inside(pair, corners)
    if not inside.any():
        return None
    glass = _is_glass(pair, corners)
    busy = float((pair.gradient.strength[inside] > STRONG_EDGE).mean())
    if is_door and not glass and busy > 0.4:
        return None
    fractions = np.clip(corners / [pair.width, pair.height], 0, 1)
    places = tuple((float(x), float(y)) for x, y in fractions)
    return Opening("door" if is_door and not glass else "window", places)


def _overlap(one: Floats, other: Floats) -> float:
    """Return the shared area of both frames' boxes over the smaller one's."""
    low = np.maximum(one.min(0), other.min(0))
    high = np.minimum(one.max(0), other.max(0))
    shared = float(np.prod(np.maximum(high - low, 0)))
    areas = [float(np.prod(corners.max(0) - corners.min(0))) for corners in (one, other)]
    return shared / max(min(areas), 1.0)
