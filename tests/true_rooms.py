"""The sample rooms and what their renderer knows of them (the scenes of the room generator they were made with)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from staging.stager.camera import Pixels, find_camera, working_copy
from staging.stager.openings import find_openings
from staging.stager.room import Opening, Room, find_room

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "sample_rooms"


@dataclass(frozen=True, slots=True)
class TrueRoom:
    """Metres from the room's left near corner; the film is 36 mm wide, and the lens shifted down 6 % of its width."""

    size: tuple[float, float, float]
    camera: tuple[float, float, float]
    looks_at: tuple[float, float]
    lens_mm: float
    room_type: str
    door: tuple[float, float] | None = None
    """Along the back wall, without its casing of 9 cm."""

    @property
    def focal(self) -> float:
        """Over the photo's width."""
        return self.lens_mm / 36

    @property
    def yaw_degrees(self) -> float:
        across, ahead = self.looks_at[0] - self.camera[0], self.looks_at[1] - self.camera[1]
        return math.degrees(math.atan2(-across, ahead))

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, right, depth and ceiling in heights of the camera's eye: all that a photo can tell."""
        (width, depth, height), (x, y, eye) = self.size, self.camera
        return -x / eye, (width - x) / eye, (depth - y) / eye, height / eye


TRUE_ROOMS: Mapping[str, TrueRoom] = {
    "living": TrueRoom((5.2, 5.6, 2.6), (2.9, 0.35, 1.35), (2.35, 5.6), 20, "living", (3.7, 4.55)),
    "bedroom": TrueRoom((4.2, 4.6, 2.5), (1.2, 0.3, 1.3), (2.35, 4.6), 19, "bedroom"),
    "loft": TrueRoom((7.0, 6.5, 3.2), (5.2, 0.4, 1.5), (3.0, 6.5), 19, "living", (4.9, 5.8)),
    "office": TrueRoom((3.6, 4.2, 2.5), (2.5, 0.3, 1.35), (1.5, 4.2), 18, "office", (2.5, 3.3)),
    "salon": TrueRoom((6.0, 5.0, 2.9), (1.1, 0.3, 1.4), (3.4, 5.0), 18, "dining", (0.6, 1.5)),
}


@cache
def sample(name: str, width: int = 1536) -> Pixels:
    """The room's photo, at this width."""
    with Image.open(SAMPLES / f"{name}.jpg") as picture:
        small = picture.convert("RGB").resize((width, width * 3 // 4), Image.Resampling.LANCZOS)
        return np.array(small)


@cache
def measured(name: str) -> Room:
    """The room as the stager measures it, with its openings."""
    working = working_copy(sample(name))
    return find_openings(working, find_room(working, find_camera(working)))


def door_of(room: Room) -> Opening:
    (door,) = [opening for opening in room.openings if opening.kind == "door" and opening.wall == "back"]
    return door
