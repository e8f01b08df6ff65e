"""The offline stager's presets beside the sketch they grew from, in the same run, and how near each is to the truth.

The sketch lies beside the checkout (../shared/prototypes/stager); without it only ours is measured. Seconds are
a warm worker's, at 1024 pixels, and so is the processor's share of them; the truth is the same layout at 256
samples a pixel at full size, its empty room at half.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np

from staging.stager import stage as module
from staging.stager.camera import Pixels
from staging.stager.measure import Said, measure
from staging.stager.presets import PRESETS, Preset
from staging.stager.stage import Staging, stage
from tests.bench.figures import Figure
from tests.true_rooms import sample

SKETCH = Path(__file__).resolve().parents[3] / "shared" / "prototypes" / "stager"
GOALS = {"draft": "<= 3", "standard": "<= 8", "fine": ""}
_KINDS = {"living": "living", "office": "office", "salon": "dining"}
ROOMS = {name: _KINDS[name] for name in os.environ.get("STAGING_BENCH_ROOMS", "living,office,salon").split(",")}
SKETCH_LAYOUTS = {"living": "living", "office": "office", "salon": "salon"}
SAMPLES = int(os.environ.get("STAGING_BENCH_SAMPLES", "256"))
WIDTH = int(os.environ.get("STAGING_BENCH_WIDTH", "1024"))


def bench_stager() -> list[Figure]:
    """Stage three sample rooms by every preset."""
    photos = {name: sample(name, WIDTH) for name in ROOMS}
    _stage(sample("office", 320), "office", "draft")  # imports, and the first scene
    calibration = max(_seconds(lambda photo=photo: measure(photo, Said())) for photo in photos.values())
    figures = [Figure("stager_calibration", calibration, "s", "<= 1")]
    truth = {name: _truth(photos[name], kind) for name, kind in ROOMS.items()}
    sketch = _sketch()
    told = f"sketch, 768 px, 8 samples: {sketch:.1f}" if sketch else "the sketch is not here"
    for preset in PRESETS:
        took, worked, near = [], [], []
        for name, kind in ROOMS.items():
            began, spent = time.perf_counter(), time.process_time()
            staged = _stage(photos[name], kind, preset)
            took.append(time.perf_counter() - began)
            worked.append(time.process_time() - spent)
            near.append(_psnr(staged, truth[name], photos[name]))
        told_psnr = f"to {SAMPLES} samples; worst of {len(near)}"
        figures.append(Figure(f"stager_{preset}", float(np.median(took)), "s", GOALS[preset], told))
        figures.append(Figure(f"stager_{preset}_processor", float(np.median(worked)), "s of a core"))
        figures.append(Figure(f"stager_{preset}_psnr", min(near), "dB", "", told_psnr))
        if sketch:
            figures.append(Figure(f"stager_{preset}_of_sketch", float(np.median(took)) / sketch, "times its seconds"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [*figures, Figure("stager_memory", peak, "MB", "<= 1500", "with the bench's own pictures")]


def _stage(photo: Pixels, kind: str, preset: str) -> Staging:
    return stage(photo, room_type=kind, style="modern", seed=1, preset=preset, progress=lambda *_: None)  # type: ignore[arg-type]


def _truth(photo: Pixels, kind: str) -> Staging:
    whole = Preset(WIDTH, 1, SAMPLES, SAMPLES, 16, SAMPLES, 2)
    with patch.object(module, "PRESETS", {"fine": whole}):
        return _stage(photo, kind, "fine")


def _psnr(staged: Staging, truth: Staging, photo: Pixels) -> float:
    """Return how near the pixels are that either has changed."""
    changed = (staged.picture != photo).any(axis=2) | (truth.picture != photo).any(axis=2)
    gap = staged.picture[changed].astype(float) - truth.picture[changed].astype(float)
    return float(10 * np.log10(255**2 / max(float((gap**2).mean()), 1e-9)))


def _seconds(work: object) -> float:
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - began


def _sketch() -> float | None:
    """Return the sketch's median seconds on the same rooms at 768 pixels, warm; None when it is not here."""
    if not (SKETCH / "stager.py").exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(SKETCH, Path(folder, "stager"))
        Path(folder, "stager", "furniture").rename(Path(folder, "stager", "assets"))
        for name in {"office", *ROOMS}:
            cv2.imwrite(str(Path(folder, f"{name}.png")), cv2.cvtColor(sample(name, 768), cv2.COLOR_RGB2BGR))
        rooms = ", ".join(f"('{name}', '{layout}')" for name, layout in SKETCH_LAYOUTS.items() if name in ROOMS)
        script = (
            "import sys, time; sys.path.insert(0, 'stager')\n"
            "from stager import stage, LAY\n"
            f"for name, layout in [('office', 'office'), {rooms}]:\n"
            "    began = time.perf_counter()\n"
            "    lay = [one for one in LAY[layout] if __import__('os').path.exists(f'stager/assets/{one[0]}.json')]\n"
            "    stage(f'{name}.png', lay, f'out_{name}.png', spp=8)\n"
            "    print('TOOK', time.perf_counter() - began, flush=True)\n"
        )
        ran = subprocess.run(
            [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=900, check=False
        )
        took = [float(line.split()[1]) for line in ran.stdout.splitlines() if line.startswith("TOOK")][1:]
        if len(took) != len(ROOMS):
            print(ran.stderr[-600:], file=sys.stderr)
            return None
        return float(np.median(took))
