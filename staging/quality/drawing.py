"""The picture of why: what was kept, erased, hidden and added, and where structure moved."""

import cv2
import numpy as np

from staging.quality.pair import Pixels
from staging.quality.report import Opening
from staging.quality.scorer import Findings, examine, one_thread

KEPT, ERASED, HIDDEN, ADDED, MOVED = (
    (46, 184, 92, 255),
    (230, 57, 53, 255),
    (64, 132, 246, 255),
    (250, 204, 21, 255),
    (255, 255, 255, 255),
)
"""RGBA: green, red, blue, yellow, white."""
LONGEST_SIDE = 2048
"""Lines are drawn at most so fine, then enlarged: an overlay of 40 megapixels must not take seconds."""
_ARROWS_APART = 64
_LEAST_ARROW = 1.5
"""Working pixels; smaller moves are what regeneration does to every picture."""


def draw(original: Pixels, output: Pixels, outlined: tuple[Opening, ...] = ()) -> Pixels:
    """Return the overlay of a pair, RGBA, of the original's size; see `staging.quality.overlay`."""
    return draw_findings(examine(original, output, outlined))


def draw_findings(findings: Findings) -> Pixels:
    """Return the overlay of what was measured, of the original's size."""
    width, height = findings.pair.original_size
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    size = round(width * scale), round(height * scale)
    canvas = np.zeros((size[1], size[0], 4), np.uint8)
    to_canvas = np.array([size[0] / findings.pair.width, size[1] / findings.pair.height])
    with one_thread():
        _draw_lines(canvas, findings, to_canvas)
        _draw_arrows(canvas, findings, to_canvas)
        if scale < 1:
            canvas = np.asarray(cv2.resize(canvas, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    return canvas


def _draw_lines(canvas: Pixels, findings: Findings, to_canvas: np.ndarray) -> None:
    thick = max(1, round(max(canvas.shape) / 400))
    for segment in findings.added.segments:
        start, end = (segment[:2] * to_canvas, segment[2:] * to_canvas)
        cv2.line(canvas, _pixel(start), _pixel(end), ADDED, thick, cv2.LINE_AA)
    evidence = findings.evidence
    points, normals = evidence.samples.points, evidence.samples.normals
    along = np.stack([-normals[:, 1], normals[:, 0]], 1) * 2.0
    for chosen, colour in ((evidence.hidden, HIDDEN), (evidence.kept, KEPT), (evidence.erased, ERASED)):
        for point, step in zip(points[chosen], along[chosen], strict=True):
            start, end = ((point - step) * to_canvas, (point + step) * to_canvas)
            cv2.line(canvas, _pixel(start), _pixel(end), colour, thick, cv2.LINE_AA)


def _draw_arrows(canvas: Pixels, findings: Findings, to_canvas: np.ndarray) -> None:
    pair, drift = findings.pair, findings.evidence.drift
    if drift.affine is None:
        return
    thick = max(1, round(max(canvas.shape) / 600))
    for y in range(_ARROWS_APART // 2, pair.height, _ARROWS_APART):
        for x in range(_ARROWS_APART // 2, pair.width, _ARROWS_APART):
            start = np.array([x, y], float)
            end = drift.affine[:, :2].astype(float) @ start + drift.affine[:, 2]
            if np.hypot(*(end - start)) >= _LEAST_ARROW:
                places = _pixel(start * to_canvas), _pixel(end * to_canvas)
                cv2.arrowedLine(canvas, *places, MOVED, thick, cv2.LINE_AA, tipLength=0.3)


def _pixel(point: np.ndarray) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))
