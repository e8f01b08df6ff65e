"""What the empty box shows is known without rays: the same as with them."""

from dataclasses import replace

import numpy as np
import pytest

from staging.stager.bare import bare_guides
from staging.stager.colour import to_linear
from staging.stager.frame import Crop
from staging.stager.light import read_light
from staging.stager.render import _trace, mi_scene
from staging.stager.scene import Look, room_scene, sensor
from tests.true_rooms import measured, sample

SIZE = (120, 90)


@pytest.mark.parametrize("name", ["living", "office"])
@pytest.mark.parametrize("look", [Look.ALBEDO, Look.NORMAL])
def test_the_box_shows_what_rays_find(name: str, look: Look) -> None:
    room = measured(name)
    light = read_light(to_linear(sample(name, 320)), room.scaled(320, 240))
    light = replace(light, walls=np.array([0.7, 0.5, 0.4]), floor=np.array([0.2, 0.3, 0.1]))
    assert light.windows  # they are seen too: one in the back wall, one in the left
    camera, crop = room.camera.scaled(*SIZE), Crop(8, 4, SIZE[0] - 10, SIZE[1] - 6)
    found = bare_guides(room, light, camera, crop)
    traced = _trace(mi_scene(room_scene(room, light, sensor(camera, SIZE, crop, even=True), look)), 1, 4)
    known = found.albedo if look is Look.ALBEDO else (found.normal + 1) / 2
    apart = np.abs(known - traced).max(axis=2)
    assert (apart < 0.01).mean() > 0.93  # all but the pixels that show an edge
    assert apart[crop.height // 2].min() < 1e-3
