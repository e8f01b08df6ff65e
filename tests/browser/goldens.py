"""Pictures of the page held against those in tests/browser/goldens, with a tolerance.

STAGING_TEST_GOLDENS=write takes them anew: look at each before it is committed.
"""

import io
import os
import time
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Locator

FOLDER = Path(__file__).with_name("goldens")
SMALLER = 2
"""Goldens are kept at half size: small files, and the edge of a letter or a line weighs little."""
APART = 40
"""Of 255: a pixel that differs by more, in any of red, green and blue, differs."""
MOST_DIFFERING = 0.006
"""Of all pixels: less than a word in another font, or an edge drawn by another browser."""
PATIENCE_SECONDS = 20.0
"""What is still being drawn is looked at again for so long."""


def expect_like(what: Locator, name: str, seconds: float = PATIENCE_SECONDS) -> None:
    """What is shown comes to look like the golden in time; AssertionError says by how much it does not."""
    until = time.monotonic() + seconds
    while True:
        try:
            return _compare(what, name)
        except AssertionError:
            if time.monotonic() > until:
                raise
        what.page.wait_for_timeout(250)


def _compare(what: Locator, name: str) -> None:
    taken = Image.open(io.BytesIO(what.screenshot(animations="disabled"))).convert("RGB")
    small = taken.resize((taken.width // SMALLER, taken.height // SMALLER), Image.Resampling.BOX)
    path = FOLDER / f"{name}.png"
    if os.environ.get("STAGING_TEST_GOLDENS") == "write":
        FOLDER.mkdir(exist_ok=True)
        small.quantize(96).save(path, optimize=True)
        return
    golden = Image.open(path).convert("RGB")
    assert max(abs(golden.width - small.width), abs(golden.height - small.height)) <= 2, (golden.size, small.size)
    share = differing(golden, small.resize(golden.size))
    assert share <= MOST_DIFFERING, f"{name}: {share:.2%} of the pixels differ from the golden"


def differing(one: Image.Image, other: Image.Image) -> float:
    """Return which part of the pixels differs, 0 to 1."""
    apart = np.abs(np.asarray(one, dtype=np.int16) - np.asarray(other, dtype=np.int16)).max(axis=2)
    return float((apart > APART).mean())
