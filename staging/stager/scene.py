"""The room and its furniture as scenes the path tracer can render.

Mitsuba is imported here and in `staging.stager.render` only, and these only in the worker process:
importing it takes a second and 200 MB. The scalar variant is the one that runs everywhere; the LLVM
ones crash with Debian's LLVM 14.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import mitsuba as mi
import numpy as np

from staging.stager.camera import Camera, Floats
from staging.stager.colour import colour_to_linear
from staging.stager.frame import Crop
from staging.stager.furniture import Catalogue, Colour, Part
from staging.stager.light import WINDOW_HALF_METRES, RoomLight
from staging.stager.room import Opening, Room
from staging.stager.rules import HUNG, Placement

mi.set_variant("scalar_rgb")
mi.set_log_level(mi.LogLevel.Error)  # a rounded normal a little below 0 is no news to a person

BEHIND_METRES = 1.2
"""The box goes on behind the camera, or it would be dark there."""
CEILING_GLOW, REAR_GLOW, WINDOW_GLOW = 0.3, 0.6, 1.6
"""Relative radiances. The five sample rooms and this box are then lit alike: floor and back wall within a factor
of 1.3 of each other in three, 1.7 in the two whose floor lies in the sun."""
LIFT_METRES = 0.003
"""Furniture stands a little above the floor, so that no two faces share a plane."""
DARKEST, LIGHTEST = 0.02, 0.85
LEAST_OPACITY = 0.15
CEILING_PAINT, WINDOW_PAINT = np.full(3, 0.8), np.full(3, 0.1)
OFF_WALL_METRES = 0.02
"""Windows are this far before their wall."""

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Solid:
    """One part of one placed piece, in room coordinates."""

    part: Part
    positions: Floats
    normals: Floats
    eye: Floats
    """Where the camera is."""


def place_parts(placements: Sequence[Placement], catalogue: Catalogue, camera: Camera) -> list[Solid]:
    """Return every part where it stands; furniture stands on the rug it is on."""
    eye = np.array([0.0, 0.0, camera.eye_height])
    solids = []
    for placement in placements:
        angle = math.radians(placement.turn)
        turned = np.array([[math.cos(angle), math.sin(angle), 0], [-math.sin(angle), math.cos(angle), 0], [0, 0, 1]])
        lift = LIFT_METRES + placement.z + (0.0 if placement.flat else _rug_below(placement, placements))
        moved = np.array([placement.u, placement.v, lift])
        for part in catalogue.parts(placement.piece):
            solids.append(Solid(part, part.positions @ turned + moved, part.normals @ turned, eye))
    return solids


def _rug_below(placement: Placement, placements: Sequence[Placement]) -> float:
    """Return how thick the rug under the middle of the piece is, 0 without one and for what hangs on a wall."""
    if placement.piece.role == HUNG:
        return 0.0
    for rug in placements:
        u0, v0, u1, v1 = rug.footprint
        if rug.flat and u0 < placement.u < u1 and v0 < placement.v < v1:
            return rug.piece.height
    return 0.0


class Look(StrEnum):
    """What a scene shows: light, or one of the guides that tell the denoiser where edges are."""

    LIGHT = "light"
    ALBEDO = "albedo"
    NORMAL = "normal"


def room_scene(room: Room, light: RoomLight, view: dict[str, Any], look: Look) -> dict[str, Any]:
    """Return the empty room, seen by this `sensor`.

    In a guide every surface glows with what the guide tells of it, and nothing is lit: tracing it
    takes one ray a sample. Mitsuba's own integrator for this is fifty times slower on meshes.
    """
    middle_u, half_u = (room.left + room.right) / 2, room.width / 2
    middle_v, half_v = (room.depth - BEHIND_METRES) / 2, (room.depth + BEHIND_METRES) / 2
    half_z = room.ceiling / 2
    up, ahead = (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)

    def wall(middle: Triple, sizes: tuple[float, float], facing: Triple, top: Triple, paint: Floats) -> dict[str, Any]:
        if look is Look.LIGHT:
            return _rectangle(middle, sizes, facing, top, _matt(paint))
        shown = paint if look is Look.ALBEDO else (np.array(facing) + 1) / 2
        return _rectangle(middle, sizes, facing, top, _BLACK, shown)

    scene: dict[str, Any] = {
        "type": "scene",
        "sensor": view,
        "floor": wall((middle_u, middle_v, 0), (half_u, half_v), (0, 0, 1), ahead, light.floor),
        "ceiling": wall((middle_u, middle_v, room.ceiling), (half_u, half_v), (0, 0, -1), ahead, CEILING_PAINT),
        "back": wall((middle_u, room.depth, half_z), (half_u, half_z), (0, -1, 0), up, light.walls),
        "rear": wall((middle_u, -BEHIND_METRES, half_z), (half_u, half_z), (0, 1, 0), up, light.walls),
        "left": wall((room.left, middle_v, half_z), (half_v, half_z), (1, 0, 0), up, light.walls),
        "right": wall((room.right, middle_v, half_z), (half_v, half_z), (-1, 0, 0), up, light.walls),
    }
    if look is Look.LIGHT:
        scene["ceiling"]["lamp"] = _lamp(CEILING_GLOW * light.warmth)
        scene["rear"]["lamp"] = _lamp(REAR_GLOW * light.warmth)
    whole = 4 * WINDOW_HALF_METRES[0] * WINDOW_HALF_METRES[1]
    area = sum((one.end - one.start) * (one.top - one.sill) for one in light.windows)
    glow = WINDOW_GLOW * whole / max(area, 0.1) * light.warmth  # together they shine as one of usual size does
    for index, window in enumerate(light.windows):
        place, facing = _on_wall(room, window)
        halves = (window.end - window.start) / 2, (window.top - window.sill) / 2
        pane = wall(place, halves, facing, up, WINDOW_PAINT)
        scene[f"window_{index}"] = pane | {"lamp": _lamp(glow)} if look is Look.LIGHT else pane
    return scene


def _on_wall(room: Room, window: Opening) -> tuple[Triple, Triple]:
    """Return a window's middle, a little before its wall, and which way it shines."""
    along, height, off = (window.start + window.end) / 2, (window.sill + window.top) / 2, OFF_WALL_METRES
    if window.wall == "back":
        return (along, room.depth - off, height), (0, -1, 0)
    if window.wall == "left":
        return (room.left + off, along, height), (1, 0, 0)
    return (room.right - off, along, height), (-1, 0, 0)


def add_furniture(scene: dict[str, Any], solids: Sequence[Solid], fabric: Colour, look: Look) -> dict[str, Any]:
    """Return the scene with the furniture in it."""
    return scene | {f"solid_{index}": _mesh(solid, fabric, look) for index, solid in enumerate(solids)}


def sensor(camera: Camera, size: tuple[int, int], crop: Crop, *, even: bool = False) -> dict[str, Any]:
    """Return the camera (scaled to the picture) with a film of this size (width, height), of which the crop is seen."""
    width, height = size
    forward = camera.forward
    return {
        "type": "perspective",
        "fov": math.degrees(2 * math.atan(width / 2 / camera.focal)),
        "fov_axis": "x",
        "principal_point_offset_x": (width / 2 - camera.centre_x) / width,
        "principal_point_offset_y": (height / 2 - camera.horizon) / height,
        "near_clip": 0.05,
        "to_world": mi.ScalarTransform4f().look_at(
            origin=[0, 0, camera.eye_height],
            target=[forward[0], forward[1], camera.eye_height],
            up=[0, 0, 1],
        ),
        "film": {
            "type": "hdrfilm",
            "width": width,
            "height": height,
            "crop_offset_x": crop.left,
            "crop_offset_y": crop.top,
            "crop_width": crop.width,
            "crop_height": crop.height,
            "pixel_format": "rgb",
            "rfilter": {"type": "box"},  # the denoiser fails on the correlated noise of any other
        },
        # Spread evenly over the pixel, few samples already draw smooth edges.
        "sampler": {"type": "multijitter" if even else "independent"},
    }


def _rectangle(
    middle: Triple,
    halves: tuple[float, float],
    facing: Triple,
    top: Triple,
    surface: dict[str, Any],
    glow: Floats | None = None,
) -> dict[str, Any]:
    """Return a rectangle of these half sizes; with a glow it is also a lamp."""
    target = [place + step for place, step in zip(middle, facing, strict=True)]
    stand = mi.ScalarTransform4f().look_at(origin=list(middle), target=target, up=list(top))
    stretch = mi.ScalarTransform4f().scale([halves[0], halves[1], 1])
    rectangle = {"type": "rectangle", "to_world": stand @ stretch, "surface": surface}
    return rectangle if glow is None else rectangle | {"lamp": _lamp(glow)}


def _lamp(glow: Floats) -> dict[str, Any]:
    return {"type": "area", "radiance": {"type": "rgb", "value": [float(channel) for channel in glow]}}


def _matt(reflectance: Floats) -> dict[str, Any]:
    value = [float(channel) for channel in np.clip(reflectance, DARKEST, LIGHTEST)]
    return {"type": "twosided", "paint": {"type": "diffuse", "reflectance": {"type": "rgb", "value": value}}}


_BLACK = {"type": "diffuse", "reflectance": {"type": "rgb", "value": 0.0}}


def _mesh(solid: Solid, fabric: Colour, look: Look) -> Any:
    """Return the part as a mesh that never touches a disk."""
    part, normals = solid.part, solid.normals
    own = _texture(part, fabric)
    properties = mi.Properties()
    if look is Look.LIGHT:
        surface: dict[str, Any] = {"type": "twosided", "paint": {"type": "diffuse", "reflectance": own}}
        if part.opacity < 1:
            surface = {"type": "mask", "opacity": max(LEAST_OPACITY, part.opacity), "behind": surface}
        properties["mesh_bsdf"] = mi.load_dict(surface)
    else:
        away = ((solid.eye - solid.positions) * normals).sum(axis=1) < 0
        normals = np.where(away[:, None], -normals, normals)  # lamps glow on one side: the one that is seen
        radiance = own if look is Look.ALBEDO else {"type": "mesh_attribute", "name": "vertex_facing"}
        properties["mesh_bsdf"] = mi.load_dict(_BLACK)
        properties["emitter"] = mi.load_dict({"type": "area", "radiance": radiance})
    mesh = mi.Mesh(
        "part",
        vertex_count=len(solid.positions),
        face_count=len(part.faces),
        has_vertex_normals=True,
        has_vertex_texcoords=True,
        props=properties,
    )
    if look is Look.NORMAL:
        mesh.add_attribute("vertex_facing", 3, [0.0] * normals.size)
    values = mi.traverse(mesh)
    values["vertex_positions"] = np.ascontiguousarray(solid.positions, dtype=np.float32).ravel()
    values["vertex_normals"] = np.ascontiguousarray(normals, dtype=np.float32).ravel()
    values["vertex_texcoords"] = np.ascontiguousarray(part.coordinates, dtype=np.float32).ravel()
    if look is Look.NORMAL:
        values["vertex_facing"] = ((normals + 1) / 2).astype(np.float32).ravel()
    values["faces"] = np.ascontiguousarray(part.faces, dtype=np.uint32).ravel()
    values.update()
    return mesh


def _texture(part: Part, fabric: Colour) -> dict[str, Any]:
    """Return the part's colour or picture, as Mitsuba takes it."""
    if part.texture is not None:
        return {"type": "bitmap", "bitmap": mi.Bitmap(part.texture.copy())}
    value = np.clip(colour_to_linear(fabric if part.fabric else part.colour), DARKEST, LIGHTEST)
    return {"type": "rgb", "value": [float(channel) for channel in value]}
