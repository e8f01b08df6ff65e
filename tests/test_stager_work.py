"""How much a staging traces, at worst: a budget of rays, whatever the layout and however unquiet the light.

Seconds depend on who else is at the machine; rays do not. A standard staging of `salon` once took a
minute: every patch of its picture got the most samples, one small call of the renderer each.
"""

from typing import Any

import mitsuba as mi
import numpy as np
import pytest

from staging.stager import render
from staging.stager import stage as module
from staging.stager.furniture import Catalogue
from staging.stager.layout import arrange
from staging.stager.measure import Measured
from staging.stager.presets import PRESETS, PresetName
from tests.true_rooms import measured, sample


def traced(monkeypatch: pytest.MonkeyPatch, preset: PresetName, seed: int) -> tuple[float, float, int]:
    """Millions of samples of light, and of guides, and the renderer's calls, where no patch is ever quiet."""
    spent = {True: 0.0, False: 0.0}
    calls = 0
    random = np.random.default_rng(0)

    def noise(scene: dict[str, Any], bounces: int, samples: int, seed: int = 0, view: Any = None) -> np.ndarray:
        nonlocal calls
        film = (view or scene["sensor"])["film"]
        shape = film["crop_height"], film["crop_width"], 3
        spent[bounces > 1] += shape[0] * shape[1] * samples / 1e6
        calls += 1
        return random.exponential(0.3, shape).astype(np.float32)

    monkeypatch.setattr(render, "_trace", noise)
    monkeypatch.setattr(render, "mi_scene", lambda scene: scene)
    monkeypatch.setattr(mi, "load_dict", lambda told: told)
    monkeypatch.setattr(module, "add_furniture", lambda scene, *_: scene)
    monkeypatch.setattr(render, "denoise", lambda light, _: light)
    monkeypatch.setattr(module, "denoise", lambda light, _: light)
    render._EMPTY.clear()
    photo, room, catalogue = sample("salon", 1024), measured("salon"), Catalogue()
    layout = arrange(room, catalogue, room_type="dining", style="modern", seed=seed)
    view = module._View(Measured(room, photo, photo, np.eye(3)), layout, catalogue, PRESETS[preset])
    view.render(lambda _: None)
    render._EMPTY.clear()
    return spent[True], spent[False], calls


@pytest.mark.parametrize(
    ("preset", "seed", "light", "guides"),
    [("draft", 2, 0.65, 0.9), ("standard", 1, 2.6, 2.6), ("standard", 3, 2.6, 2.6)],
)
def test_no_staging_traces_more_than_its_budget(
    monkeypatch: pytest.MonkeyPatch, preset: PresetName, light: float, guides: float, seed: int
) -> None:
    spent_on_light, spent_on_guides, calls = traced(monkeypatch, preset, seed)
    assert 0.1 * light < spent_on_light < light
    assert spent_on_guides < guides
    assert calls < 60


def test_samples_fill_a_grid() -> None:
    assert [render._evenly(count) for count in (1, 2, 4, 8, 16, 32)] == [1, 2, 4, 8, 16, 35]
