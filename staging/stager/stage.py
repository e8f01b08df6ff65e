"""A furnished picture of an empty room, from one photo and nothing else.

The room is measured, furniture is arranged in it by rules, rendered where it stands, and laid over
the photo: walls, windows, doors, floor and camera are kept by construction.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from staging.stager.bare import bare_guides, panes
from staging.stager.camera import Camera, Floats, Pixels
from staging.stager.colour import Light32, to_linear
from staging.stager.composite import Layers, find_exposure, flat_place, lay_over, make_layers
from staging.stager.debug import UNSEEN, Show, draw_found_light, draw_light, draw_plan, draw_room
from staging.stager.finish import read_finish
from staging.stager.frame import Crop, Guides, Views, back_wall_mask, fade_to_edges, fit_size, floor_mask, needed_part
from staging.stager.furniture import Catalogue
from staging.stager.groups import GROUPS
from staging.stager.layout import Layout, NoPlace, arrange
from staging.stager.light import RoomLight, read_light
from staging.stager.measure import CannotStage, Measured, Said, measure
from staging.stager.patches import Chosen
from staging.stager.presets import PRESETS, Preset, PresetName
from staging.stager.render import bring_back, denoise, silhouette, trace_empty, trace_guides, trace_light
from staging.stager.room import Room
from staging.stager.scene import Look, Solid, add_furniture, place_parts, room_scene, sensor

Progress = Callable[[float, str], None]
"""Told how far the staging is, 0 to 1, and what it does."""

FINEST_OUTLINE = 2048
"""The long side at which outlines are drawn, for photos that are larger."""
FADE_PIXELS = 24
RIM_PIXELS = 3
"""Beyond its outline furniture is rendered this far: what is laid over the photo is blurred a little there."""
NEAR_PIXELS = 12
"""Contact shadows, this near to furniture, are traced as well as the furniture."""
OUT_OF_REACH = {"bathroom": "a bathroom is all fixtures"}


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
    layers: Layers
    place: Floats
    """Where the layers lie; see `staging.stager.composite.flat_place`."""


def stage(
    photo: Pixels,
    *,
    room_type: str,
    style: str,
    seed: int,
    preset: PresetName = "standard",
    said: Said | None = None,
    progress: Progress,
    show: Show = UNSEEN,
) -> Staging:
    """Return the room furnished; the same arguments give the same picture on the same machine.

    `photo` is (rows, columns, RGB); room_type is a `staging.rooms.RoomType` value; `said` is what a
    person told of the room. CannotStage says why when the room cannot be measured, has no place, or
    is of a type there is no furniture for. `show` gets a picture of each step.
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
    measured = measure(photo, said or Said())
    room = measured.room
    show("1 room", lambda: draw_room(measured.photo, room))
    clock.lap("measure")
    progress(0.15, "Arranging furniture")
    layout = _arrange(room, catalogue, room_type, style, seed)
    show("2 plan", lambda: draw_plan(room, layout.placements))
    clock.lap("arrange")
    progress(0.2, "Building the scene")
    view = _View(measured, layout, catalogue, PRESETS[preset])
    show("3 light", lambda: draw_found_light(measured.photo, room, view.light))
    clock.lap("build")
    rendered = view.render(lambda share: progress(0.22 + 0.58 * share, "Rendering"))
    show("4 empty", lambda: draw_light(rendered.views.empty))
    show("5 furnished", lambda: draw_light(rendered.fine))
    clock.lap("render")
    progress(0.82, "Laying the furniture over the photo")
    layers = view.layers(rendered)
    show("6 cover", lambda: draw_light(layers.cover))
    show("7 shade", lambda: draw_light(layers.shade))
    finish = read_finish(photo)
    layers = replace(layers, furniture=finish.softened(layers.furniture, 1 / view.fineness))
    picture = lay_over(photo, layers, view.place, finish)
    show("8 staged", lambda: picture)
    clock.lap("composite")
    progress(1.0, "Done")
    notes = _notes(measured, catalogue, room_type, style)
    return Staging(picture, room.confidence, clock.seconds, notes, room, layout, layers, view.place)


@dataclass(frozen=True, slots=True)
class _Rendered:
    views: Views
    """Coarse: furnished and empty."""
    fine: Light32
    """The furnished view at full size; where no furniture is seen it is only enlarged."""
    cover: Light32
    """How much of each pixel furniture covers, as fine as outlines are drawn."""


class _View:
    """One staging as the renderer sees it."""

    def __init__(self, measured: Measured, layout: Layout, catalogue: Catalogue, preset: Preset) -> None:
        room, photo = measured.room, measured.level_photo
        self._known, self._room, self._layout, self._preset = room, room.as_lit(), layout, preset
        height, width = photo.shape[:2]
        self._size = fit_size(width, height, preset.long_side)
        self.fineness = self._size[0] / measured.pixels_across
        """Pixels of the render for one of the photo's."""
        self._camera = room.camera.scaled(*self._size)
        self._crop = _whole(needed_part(self._room, layout.placements, self._size), preset.empty_divisor)
        self._linear = to_linear(
            np.asarray(cv2.resize(photo, self._size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        )
        self.light: RoomLight = read_light(self._linear, room.scaled(*self._size))
        self._solids: list[Solid] = place_parts(layout.placements, catalogue, room.camera)
        self._outline_size = fit_size(*measured.finest, FINEST_OUTLINE)
        crop = self._crop
        shares = (crop.left, crop.top, crop.left + crop.width, crop.top + crop.height)
        to_render = np.diag([self._size[0] / width, self._size[1] / height, 1.0]) @ measured.to_level
        self.place = flat_place(*shares) @ to_render

    def render(self, progress: Callable[[float], None]) -> _Rendered:
        """Trace what is needed and bring it together."""
        crop, divisor, preset = self._crop, self._preset.divisor, self._preset
        cover = self._cover()
        covered = np.asarray(cv2.resize(cover, (crop.width, crop.height), interpolation=cv2.INTER_AREA)) > 0
        wanted = _spread(covered, RIM_PIXELS)

        def seen(part: Crop) -> dict[str, Any]:
            return sensor(self._camera, _covering(self._size, crop, 1), part, even=True)

        bare = bare_guides(self._room, self.light, self._camera, crop)
        guides = trace_guides(
            bare, crop, wanted, lambda look, part: self._scene(seen(part), look, True), seen, preset.guide_samples
        )
        progress(0.2)
        camera, small = _divided(self._camera, divisor), _part(crop, divisor)

        def coarsely_seen(part: Crop) -> dict[str, Any]:
            return sensor(camera, _covering(self._size, crop, divisor), part, even=True)

        coarse_guides = _shrunk_guides(guides, divisor)
        near = _spread(_shrunk(covered.astype(np.float32), (small.width, small.height)) > 0, NEAR_PIXELS // divisor)
        scene = self._scene(coarsely_seen(small), Look.LIGHT, True)
        light = trace_light(scene, small, near, coarsely_seen, preset, lambda share: progress(0.2 + 0.6 * share))
        furnished = denoise(light, coarse_guides)
        progress(0.88)
        fine = furnished if divisor == 1 else bring_back(furnished, coarse_guides, guides, wanted)
        empty = self._empty(small)
        progress(1.0)
        return _Rendered(Views(furnished, empty), fine, cover)

    def _cover(self) -> Light32:
        """Return how much of the crop's pixels furniture covers, as fine as outlines are drawn."""
        finer = self._outline_size[0] / self._size[0]
        camera = self._room.camera.scaled(self._size[0] * finer, self._size[1] * finer)
        return silhouette(self._solids, camera, self._crop, finer)

    def _scene(self, view: dict[str, Any], look: Look, furnished: bool) -> dict[str, Any]:
        empty = room_scene(self._room, self.light, view, look)
        return add_furniture(empty, self._solids, self._layout.fabric, look) if furnished else empty

    def _empty(self, small: Crop) -> Light32:
        """Return the empty room in the coarse crop; it is traced whole, so that the next layout can use it."""
        times, divisor = self._preset.empty_divisor, self._preset.divisor
        camera = _divided(self._camera, times)
        whole = Crop(0, 0, math.ceil(self._size[0] / times), math.ceil(self._size[1] / times))
        view = sensor(camera, (whole.width, whole.height), whole)
        key = b"".join((repr((self._room, self._size, self._preset)).encode(), self.light.key))
        share = times // divisor
        whole_coarse = Crop(0, 0, whole.width * share, whole.height * share)
        all_fine = bare_guides(self._room, self.light, _divided(self._camera, divisor), whole_coarse)
        known = _shrunk_guides(all_fine, share)
        light = trace_empty(key, lambda: self._scene(view, Look.LIGHT, False), known, self._preset.empty_samples)
        if times == divisor:
            return light[_window(small)]
        part = _part(small, share)
        fine = Guides(*(guide[_window(small)] for guide in all_fine))
        return bring_back(light[_window(part)], Guides(*(guide[_window(part)] for guide in known)), fine)

    def layers(self, rendered: _Rendered) -> Layers:
        """Return what is laid over the photo."""
        crop, room, size, views = self._crop, self._room, self._size, rendered.views
        coarse = (views.empty.shape[1], views.empty.shape[0])
        photo = _shrunk(self._linear[_window(crop)], coarse)
        bare = [
            _shrunk(floor_mask(self._known, size, crop, from_wall=0.2), coarse),
            _shrunk(back_wall_mask(self._known, size, crop), coarse),
        ]
        exposure = find_exposure(photo, views.empty[: photo.shape[0], : photo.shape[1]], bare)
        floor = _shrunk(floor_mask(room, size, crop, from_wall=0.0), coarse)
        scale = max(size) / 1024 / self._preset.divisor
        part, camera = _part(crop, self._preset.divisor), _divided(self._camera, self._preset.divisor)
        # Around a pane the empty room, traced coarser, is as dark as the pane for a pixel of its own.
        rim = self._preset.empty_divisor // self._preset.divisor
        shown = _spread(panes(room, self.light.windows, camera, part), rim).astype(np.float32)
        layers = make_layers(views, rendered.fine, rendered.cover, floor, exposure, scale, shown)
        # What is seen through a window lies in no shadow of the furniture.
        outside = panes(room, [one for one in room.openings if one.kind == "window"], camera, part)
        layers.shade[outside] = 1
        fade = max(2, FADE_PIXELS // self._preset.divisor)
        small_size = (size[0] // self._preset.divisor, size[1] // self._preset.divisor)
        return replace(layers, shade=fade_to_edges(layers.shade, part, small_size, fade))


def _spread(chosen: Chosen, pixels: int) -> Chosen:
    """Return what is chosen, and what is within so many pixels of it."""
    window = np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8)
    return np.asarray(cv2.dilate(chosen.astype(np.uint8), window) > 0)


def _part(crop: Crop, divisor: int) -> Crop:
    """Return the same part of a picture made smaller so many times, which its sides are multiples of."""
    return Crop(*(side // divisor for side in (crop.left, crop.top, crop.width, crop.height)))


def _window(crop: Crop) -> tuple[slice, slice]:
    return np.s_[crop.top : crop.top + crop.height, crop.left : crop.left + crop.width]


def _whole(crop: Crop, divisor: int) -> Crop:
    """Return the crop with sides on whole coarse pixels; it may go a little beyond the picture."""
    left, top = crop.left // divisor * divisor, crop.top // divisor * divisor
    right, bottom = (math.ceil(end / divisor) * divisor for end in (crop.left + crop.width, crop.top + crop.height))
    return Crop(left, top, right - left, bottom - top)


def _covering(size: tuple[int, int], crop: Crop, divisor: int) -> tuple[int, int]:
    """Return the film's size: the picture's, or the crop's end where it goes beyond."""
    ends = crop.left + crop.width, crop.top + crop.height
    return max(math.ceil(size[0] / divisor), ends[0] // divisor), max(math.ceil(size[1] / divisor), ends[1] // divisor)


def _divided(camera: Camera, divisor: int) -> Camera:
    """Return the camera for a picture so many times as small, whose pixels may end beyond its sides."""
    return replace(
        camera,
        focal=camera.focal / divisor,
        centre_x=camera.centre_x / divisor,
        horizon=camera.horizon / divisor,
    )


def _shrunk_guides(guides: Guides, divisor: int) -> Guides:
    if divisor == 1:
        return guides
    size = guides.albedo.shape[1] // divisor, guides.albedo.shape[0] // divisor
    return Guides(_shrunk(guides.albedo, size), _shrunk(guides.normal, size))


def _shrunk(picture: Light32, size: tuple[int, int]) -> Light32:
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _arrange(room: Room, catalogue: Catalogue, room_type: str, style: str, seed: int) -> Layout:
    try:
        return arrange(room, catalogue, room_type=room_type, style=style, seed=seed)
    except NoPlace:
        raise CannotStage(
            "No place was found for the furniture of this room type without blocking a door, a window or the way "
            "through. Choose another room type or another seed."
        ) from None


def _notes(measured: Measured, catalogue: Catalogue, room_type: str, style: str) -> tuple[str, ...]:
    notes = list(measured.notes)
    if room_type == "kitchen":
        notes.append("A kitchen gets a table or a breakfast bar: its units are fixtures, which are never added.")
    if room_type == "other":
        notes.append("A room of no stated type is furnished as a living room.")
    if style.strip().lower() not in catalogue.styles:
        notes.append(
            f"The style {style!r} is not known to the offline stager; {next(iter(catalogue.styles))} was used."
        )
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
