"""A furnished picture of an empty room, from one photo and nothing else.

The room is measured, furniture is arranged in it by rules, rendered where it stands, and laid over
the photo: walls, windows, doors, floor and camera are kept by construction.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import cv2
import numpy as np

from staging.stager.camera import NoCamera, Pixels, find_camera, working_copy
from staging.stager.colour import to_linear
from staging.stager.composite import find_exposure, lay_over, make_layers
from staging.stager.frame import back_wall_mask, fade_to_edges, fit_size, floor_mask, needed_part
from staging.stager.furniture import Catalogue
from staging.stager.groups import GROUPS
from staging.stager.layout import Layout, NoPlace, arrange
from staging.stager.light import read_light
from staging.stager.openings import find_openings
from staging.stager.render import render_views, silhouette
from staging.stager.room import LEAST_CONFIDENCE, Room, find_room
from staging.stager.scene import Look, add_furniture, place_parts, room_scene

Quality = Literal["draft", "standard"]
Progress = Callable[[float, str], None]
"""Told how far the staging is, 0 to 1, and what it does."""

RENDER: Mapping[str, tuple[int, int]] = {"draft": (768, 4), "standard": (1024, 8)}
"""By quality: the long side of the render in pixels, and its samples a pixel."""
FINEST_OUTLINE = 2048
"""The long side at which outlines are drawn, for photos that are larger."""
FADE_PIXELS = 24
OUT_OF_REACH = {
    "bathroom": "a bathroom is all fixtures",
    "outdoor": "it needs walls to tell where the floor is",
}


class CannotStage(Exception):
    """The photo cannot be staged; the message is a sentence fit to show."""


@dataclass(frozen=True, slots=True)
class Staging:
    """A furnished room."""

    picture: Pixels
    """(rows, columns, RGB), as large as the photo."""
    confidence: float
    """Of the room's fit; see `staging.stager.room.LEAST_CONFIDENCE`."""
    seconds: Mapping[str, float]
    """By step: measure, arrange, build, render, composite."""
    notes: tuple[str, ...]
    """What a person should know about it."""
    room: Room
    layout: Layout


def stage(
    photo: Pixels, *, room_type: str, style: str, seed: int, quality: Quality = "standard", progress: Progress
) -> Staging:
    """Return the room furnished; the same arguments give the same picture on the same machine.

    `photo` is (rows, columns, RGB); room_type is a `staging.rooms.RoomType` value. CannotStage says
    why when the room cannot be measured, has no place, or is of a type there is no furniture for.
    """
    if room_type not in GROUPS:
        reason = OUT_OF_REACH.get(room_type, "there are no rules for it")
        raise CannotStage(
            f"The offline stager cannot furnish a room of type '{room_type}': {reason}. "
            "Choose another room type, or a model that runs with the provider."
        )
    clock = _Clock()
    catalogue = Catalogue()
    progress(0.02, "Measuring the room")
    room = _measure(photo)
    clock.lap("measure")
    progress(0.15, "Arranging furniture")
    layout = _arrange(room, catalogue, room_type, style, seed)
    clock.lap("arrange")
    progress(0.18, "Building the scene")
    height, width = photo.shape[:2]
    long_side, samples = RENDER[quality]
    size = fit_size(width, height, long_side)
    crop = needed_part(room, layout.placements, size)
    small = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    linear = to_linear(small)
    light = read_light(linear, room.scaled(*size))
    solids = place_parts(layout.placements, catalogue, room.camera)

    def scenes(look: Look, furnished: bool) -> dict[str, Any]:
        empty = room_scene(room, light, size, crop, look)
        return add_furniture(empty, solids, layout.fabric, look) if furnished else empty

    clock.lap("build")
    progress(0.25, "Rendering")
    views = render_views(scenes, samples, lambda share: progress(0.25 + 0.6 * share, "Rendering"))
    clock.lap("render")
    progress(0.85, "Laying the furniture over the photo")
    fine = fit_size(width, height, FINEST_OUTLINE)
    finer = fine[0] / size[0]
    cover = silhouette(solids, room.camera.scaled(*fine), crop, finer)
    window = np.s_[crop.top : crop.top + crop.height, crop.left : crop.left + crop.width]
    bare = floor_mask(room, size, crop, from_wall=0.2), back_wall_mask(room, size, crop)
    exposure = find_exposure(linear[window], views.empty, bare)
    floor = floor_mask(room, size, crop, from_wall=0.0)
    layers = make_layers(views, cover, floor, exposure, scale=max(size) / 1024)
    layers = replace(layers, shade=fade_to_edges(layers.shade, crop, size, FADE_PIXELS))
    across, down = width / size[0], height / size[1]
    place = crop.left * across, crop.top * down, (crop.left + crop.width) * across, (crop.top + crop.height) * down
    picture = lay_over(photo, layers, place)
    clock.lap("composite")
    progress(1.0, "Done")
    return Staging(picture, room.confidence, clock.seconds, _notes(room, catalogue, room_type, style), room, layout)


def _measure(photo: Pixels) -> Room:
    """Return the room; CannotStage when it was not found with enough certainty."""
    working = working_copy(photo)
    try:
        room = find_room(working, find_camera(working))
        confidence = room.confidence
    except NoCamera:
        confidence = 0.0
    if confidence < LEAST_CONFIDENCE:
        raise CannotStage(
            "The floor of this room could not be found with enough certainty "
            f"(confidence {confidence:.1f}, at least {LEAST_CONFIDENCE:.1f} is needed), so it was left unstaged. "
            "A level photo in landscape format that shows the back wall and both side walls works best."
        )
    return find_openings(working, room)


def _arrange(room: Room, catalogue: Catalogue, room_type: str, style: str, seed: int) -> Layout:
    try:
        return arrange(room, catalogue, room_type=room_type, style=style, seed=seed)
    except NoPlace:
        raise CannotStage(
            "No place was found for the furniture of this room type without blocking a door, a window or the way "
            "through. Choose another room type or another seed."
        ) from None


def _notes(room: Room, catalogue: Catalogue, room_type: str, style: str) -> tuple[str, ...]:
    notes = []
    if room_type == "kitchen":
        notes.append("A kitchen gets a dining table: the offline stager has no kitchen furniture.")
    if room_type == "other":
        notes.append("A room of no stated type is furnished as a living room.")
    if style.strip().lower() not in catalogue.styles:
        notes.append(
            f"The style {style!r} is not known to the offline stager; {next(iter(catalogue.styles))} was used."
        )
    if not room.camera.focal_measured:
        notes.append("The lens could not be measured; a usual one was assumed.")
    return tuple(notes)


class _Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.perf_counter()

    def lap(self, step: str) -> None:
        now = time.perf_counter()
        self.seconds[step] = round(now - self._since, 3)
        self._since = now
