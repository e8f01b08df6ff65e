"""Quality: how well good stagings are told from bad ones, by what is wrong with them, and how long a pair takes.

Beside it SSIM, PSNR, a perceptual hash and the recall of Canny edges on the same pictures. `python -m
tests.bench.bench_quality` prints the table by mode; the figures below are its summary.
"""

import importlib.util
import itertools
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from staging import quality
from staging.quality.pair import Pixels
from tests.bench.figures import Figure
from tests.bench.naive_quality import all_of_them
from tests.stagebench import FOLDER, GOOD, STRUCTURAL, Staging, drawn, stagebench

SEEDS = range(320, 325)
"""Rooms that no threshold was chosen on."""
OURS = "score"
SKETCH = FOLDER.parents[1] / "prototypes" / "scorer" / "stagescore.py"
"""What the scorer grew from: how quick this machine is, told by it."""
SKETCH_EVERY = 7


@dataclass(frozen=True)
class Judged:
    """One output with every measure of it."""

    room: str
    mode: str
    measures: dict[str, float]
    milliseconds: float


def auc(good: Iterable[float], bad: Iterable[float]) -> float:
    """Return how often a good one is above a bad one; half of the ties."""
    higher, lower = np.array(list(good))[:, None], np.array(list(bad))[None]
    return float(((higher > lower) + 0.5 * (higher == lower)).mean())


def judge(stagings: Iterable[Staging]) -> list[Judged]:
    """Measure all of them on one core."""
    cv2.setNumThreads(1)
    judged = []
    for staging in stagings:
        before = time.process_time()
        overall = quality.score(staging.original, staging.output).overall
        took = (time.process_time() - before) * 1e3
        measures = {OURS: overall, **all_of_them(staging.original, staging.output)}
        judged.append(Judged(staging.room, staging.mode, measures, took))
    return judged


def by_mode(judged: list[Judged]) -> dict[str, dict[str, float]]:
    """Return the AUC of every measure by mode, in the modes' order."""
    good = [one for one in judged if one.mode == GOOD]
    table = {}
    for mode in sorted({one.mode for one in judged} - {GOOD}):
        bad = [one for one in judged if one.mode == mode]
        table[mode] = {
            name: auc((one.measures[name] for one in good), (one.measures[name] for one in bad))
            for name in good[0].measures
        }
    return table


def kept_and_refused(judged: list[Judged]) -> tuple[float, float]:
    """Return the shares of good ones kept and of structurally bad ones refused, each room at a cut chosen without it.

    The cut lies midway between the worst good and the best bad but one in twenty of the other rooms.
    """
    kept, refused = [], []
    for room in sorted({one.room for one in judged}):
        others = [one for one in judged if one.room != room]
        good = [one.measures[OURS] for one in others if one.mode == GOOD]
        bad = [one.measures[OURS] for one in others if one.mode in STRUCTURAL]
        cut = (np.percentile(good, 1) + np.percentile(bad, 95)) / 2
        kept += [one.measures[OURS] >= cut for one in judged if one.room == room and one.mode == GOOD]
        refused += [one.measures[OURS] < cut for one in judged if one.room == room and one.mode in STRUCTURAL]
    return float(np.mean(kept)), float(np.mean(refused))


def as_table(table: dict[str, dict[str, float]]) -> str:
    """Return the AUCs as Markdown, with the mean of the modes."""
    names = list(next(iter(table.values())))
    lines = ["| mode | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for mode, row in table.items():
        lines.append(f"| {mode} | " + " | ".join(f"{row[name]:.3f}" for name in names) + " |")
    means = [float(np.mean([row[name] for row in table.values()])) for name in names]
    return "\n".join([*lines, "| **all modes** | " + " | ".join(f"**{mean:.3f}**" for mean in means) + " |"])


def bench_quality() -> list[Figure]:
    """Judge StageBench where it is there, and rooms drawn for this."""
    figures = []
    for name, stagings in (("stagebench", stagebench()), ("drawn", drawn(SEEDS))):
        judged = judge(stagings)
        if not judged:
            print("StageBench is not beside this checkout: not measured.", file=sys.stderr)
            continue
        table = by_mode(judged)
        print(f"\n{name}: AUC by what is wrong, {len(judged)} outputs\n{as_table(table)}", file=sys.stderr)
        figures += _figures(name, judged, table)
    return [*figures, _time_of_a_large_pair()]


def _sketchs_time(stagings: Iterable[Staging]) -> str:
    """Return the median of the sketch's processor time for some of the pairs, in words; "" where it is not here."""
    if not SKETCH.exists():
        return ""
    spec = importlib.util.spec_from_file_location("stagescore", SKETCH)
    assert spec is not None
    assert spec.loader is not None
    sketch = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sketch)
    took = []
    for staging in itertools.islice(stagings, 0, None, SKETCH_EVERY):
        pair = [np.ascontiguousarray(picture[..., ::-1]) for picture in (staging.original, staging.output)]
        before = time.process_time()
        sketch.score(*pair)
        took.append((time.process_time() - before) * 1e3)
    return f"the sketch: {np.median(took):.0f}" if took else ""


def _figures(name: str, judged: list[Judged], table: dict[str, dict[str, float]]) -> list[Figure]:
    def mean(measure: str) -> float:
        return float(np.mean([row[measure] for row in table.values()]))

    beside = ", ".join(f"{way} {mean(way):.3f}" for way in ("ssim", "psnr", "phash", "canny"))
    worst = min(table, key=lambda mode: table[mode][OURS])
    kept, refused = kept_and_refused(judged)
    sketch = _sketchs_time(stagebench() if name == "stagebench" else drawn(SEEDS))
    return [
        Figure(f"quality_auc_{name}", mean(OURS), "AUC, mean of modes", ">= 0.985", beside),
        Figure(f"quality_worst_mode_{name}", table[worst][OURS], "AUC", ">= 0.85", worst),
        Figure(f"quality_blocked_{name}", table["blocked"][OURS], "AUC", ">= 0.9"),
        Figure(f"quality_door_removed_{name}", table["door_removed"][OURS], "AUC", ">= 0.95"),
        Figure(f"quality_good_kept_{name}", kept, "share", ">= 0.97", "each room at the cut of the others"),
        Figure(f"quality_bad_refused_{name}", refused, "share", ">= 0.9", "structurally bad, at the same cuts"),
        Figure(f"quality_ms_{name}", float(np.median([one.milliseconds for one in judged])), "ms", "<= 500", sketch),
    ]


def _time_of_a_large_pair() -> Figure:
    small = next(iter(drawn([SEEDS[0]])))
    large: list[Pixels] = [
        np.asarray(cv2.resize(picture, (7680, 5120), interpolation=cv2.INTER_CUBIC), np.uint8)
        for picture in (small.original, small.output)
    ]
    took = []
    for _ in range(3):
        before = time.process_time()
        quality.score(large[0], large[1])
        took.append((time.process_time() - before) * 1e3)
    return Figure("quality_ms_39_megapixels", float(np.median(took)), "ms", "<= 500")


if __name__ == "__main__":
    for figure in bench_quality():
        print(figure)
